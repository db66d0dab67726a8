//! A fitted estimator and its predictions.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use skiff_models::Takes;
use skiff_models::lowering::{Header, Params};
use skiff_plan::table::Table;
use skiff_plan::value::Classes;
use skiff_plan::{Answer, EvaluateOptions, Method, Plan, Signature};

use crate::Error;

/// A fitted estimator. It keeps only what prediction needs, not the file; it may be shared between threads.
#[derive(Debug)]
pub struct Model {
    model: Arc<skiff_models::Model>,
    /// How many bytes one result may take.
    most_bytes: u64,
    /// The plans of calls without parameters, made on first use.
    plans: RwLock<HashMap<Method, Arc<Plan>>>,
}

/// Defines the methods that take only a table.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $method:ident,)*) => {
        impl Model {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// When the estimator has no such method, or scikit-learn would reject the table.
                pub fn $name(&self, table: &Table<'_>) -> Result<Answer, Error> {
                    self.call(Method::$method, table)
                }
            )*
        }
    };
}

methods! {
    /// Labels or values, (n_samples,) or (n_samples, n_outputs).
    predict = Predict,
    /// A probability for each class, (n_samples, n_classes).
    predict_proba = PredictProba,
    /// The logarithms of the probabilities, (n_samples, n_classes).
    predict_log_proba = PredictLogProba,
    /// Signed distances or raw scores, (n_samples,) or (n_samples, n_classes).
    decision_function = DecisionFunction,
    /// The transformed rows, (n_samples, n_columns).
    transform = Transform,
    /// The inverse transformation, (n_samples, n_features).
    inverse_transform = InverseTransform,
    /// A score for each row, (n_samples,).
    score_samples = ScoreSamples,
}

/// Evaluates a plan on a table; `options` set the number of threads and a progress callback.
///
/// # Errors
/// When scikit-learn would reject the table; when [`EvaluateOptions::watch`] cancelled it.
pub fn evaluate(plan: &Plan, table: &Table<'_>, options: &EvaluateOptions<'_>) -> Result<Answer, Error> {
    Ok(skiff_plan::evaluate_with(plan, table, options)?)
}

impl Model {
    pub(crate) fn new(model: Arc<skiff_models::Model>, most_bytes: u64) -> Self {
        Self { model, most_bytes, plans: RwLock::default() }
    }

    /// The result of `method` for `table`.
    ///
    /// # Errors
    /// When the estimator has no such method, or scikit-learn would reject the table.
    pub fn call(&self, method: Method, table: &Table<'_>) -> Result<Answer, Error> {
        evaluate(&*self.plan(method)?, table, &EvaluateOptions::default())
    }

    /// Like [`Model::call`], with keyword arguments.
    ///
    /// # Errors
    /// As [`Model::call`], and when an argument is unknown.
    pub fn call_with(&self, method: Method, params: &Params, table: &Table<'_>) -> Result<Answer, Error> {
        evaluate(&self.plan_with(method, params)?, table, &EvaluateOptions::default())
    }

    /// The plan of `method`.
    ///
    /// # Errors
    /// When the estimator has no such method, or skiff does not support it.
    pub fn plan(&self, method: Method) -> Result<Arc<Plan>, Error> {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&method) {
            return Ok(Arc::clone(plan));
        }
        drop(plans);
        let plan = Arc::new(self.plan_with(method, &Params::default())?);
        self.plans.write().unwrap_or_else(PoisonError::into_inner).insert(method, Arc::clone(&plan));
        Ok(plan)
    }

    /// The plan of `method` with keyword arguments, to be reused for many calls.
    ///
    /// # Errors
    /// As [`Model::call_with`].
    pub fn plan_with(&self, method: Method, params: &Params) -> Result<Plan, Error> {
        Ok(self.model.plan(method, params)?.with_most_bytes(self.most_bytes))
    }

    /// The dtypes, shapes and names of the input and output of `method`, without any rows.
    ///
    /// # Errors
    /// As [`Model::plan`].
    pub fn signature(&self, method: Method) -> Result<Signature, Error> {
        Ok(self.model.signature(method)?)
    }

    /// The methods that skiff supports.
    pub fn methods(&self) -> Vec<Method> {
        self.model.methods()
    }

    /// `classes_` of each output; empty if it is not a classifier.
    pub fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.estimator().classes()
    }

    /// The kind of input that its methods take: a table, documents, mappings.
    pub fn takes(&self) -> Takes {
        self.model.estimator().takes()
    }

    /// `n_features_in_`, if known.
    pub fn n_features_in(&self) -> Option<usize> {
        self.model.n_features_in()
    }

    /// `feature_names_in_`, if it was fitted on named columns.
    pub fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.model.feature_names_in()
    }

    /// Whether it selects columns by name, even if it recorded no names: column transformers before 1.0.
    pub fn selects_by_name(&self) -> bool {
        self.model.estimator().selects_by_name()
    }

    /// `get_feature_names_out(input)`.
    ///
    /// # Errors
    /// When the estimator has no such method, or the names do not match.
    pub fn feature_names_out(&self, input: Option<&[String]>) -> Result<Vec<String>, Error> {
        Ok(self.model.feature_names_out(input)?)
    }

    /// `get_feature_names(input)`, of scikit-learn before 1.2.
    ///
    /// # Errors
    /// When the estimator had no such method, or the names do not match.
    pub fn old_feature_names(&self, input: Option<&[String]>) -> Result<Vec<String>, Error> {
        Ok(self.model.old_feature_names(input)?)
    }

    /// The attributes that all estimators have.
    pub fn header(&self) -> &Header {
        self.model.header()
    }

    /// `feature_names_in_`, also from a nested estimator.
    pub fn feature_names_seen(&self) -> Option<Arc<[String]>> {
        self.model.feature_names_in()
    }

    /// The typed model.
    pub fn typed(&self) -> &Arc<skiff_models::Model> {
        &self.model
    }
}
