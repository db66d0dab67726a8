//! `ClassifierChain` and `RegressorChain` of `sklearn.multioutput`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Concatenate, Dtype, Elementwise, Function, Layout, SparseRule, SumUp};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::response::{column, predicted_numbers};
use crate::model::{Class, Estimator, Model, Scoring, class};

pub(crate) const CLASSIFIER_CHAIN: Class = class! {
    /// A classifier for each output, which gets the results of earlier ones in the chain as columns.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers of two classes; `order_`; `chain_method_` determines the results that are passed on.
    /// # Predicts
    /// For each classifier the rows and the results so far; its labels, as floats, go to the column that `order_` names.
    /// `predict_proba` has the second class's probabilities there, `decision_function` the scores.
    /// # Not supported
    /// Classifiers of several classes for probabilities and scores, where scikit-learn raises.
    /// # Older versions
    /// `chain_method` is new in 1.5; before, labels were passed on. `predict_log_proba` is new in 1.4.
    paths: ["sklearn.multioutput.ClassifierChain"],
    training_only: ["base_estimator", "chain_method", "classes_", "cv", "estimator", "order", "random_state", "verbose"],
    read: |fields| Chain::read(fields, Kind::Classifier),
};

pub(crate) const REGRESSOR_CHAIN: Class = class! {
    /// A regressor for each output, which gets the predictions of those before it in the chain as columns.
    ///
    /// # Reads
    /// `estimators_`, any supported regressors; `order_`.
    /// # Predicts
    /// For each regressor the rows and the predictions so far; what it predicts goes to the column that `order_` names.
    /// # Older versions
    /// New in 0.20.
    paths: ["sklearn.multioutput.RegressorChain"],
    training_only: ["base_estimator", "cv", "estimator", "order", "random_state", "verbose"],
    read: |fields| Chain::read(fields, Kind::Regressor),
};

/// Estimators in a chain.
#[derive(Debug)]
struct Chain {
    /// `estimators_`
    models: Vec<Arc<Model>>,
    /// `order_`: the column of each one's result.
    order: Vec<usize>,
    /// `chain_method_`
    handed_on: Method,
    kind: Kind,
    n_features: Option<usize>,
    /// Since 1.4.
    has_logs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Classifier,
    Regressor,
}

impl Chain {
    fn read(fields: &Fields<'_, '_>, kind: Kind) -> Result<Self, ReadError> {
        let models = fields.models("estimators_")?;
        if models.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        let node = fields.required("order_")?;
        let path = fields.path_of("order_");
        let order: Vec<Option<i64>> = match fields.graph().items(node) {
            Some(items) => {
                items.iter().map(|&item| Ok(fields.scalar_at(item, &path)?.as_i64())).collect::<Result<_, _>>()?
            }
            None => fields.ints("order_")?.into_iter().map(Some).collect(),
        };
        let place = |place: Option<i64>| usize::try_from(place?).ok();
        let order: Option<Vec<usize>> = order.into_iter().map(place).collect();
        let order = order.ok_or_else(|| fields.unexpected("order_", "places"))?;
        fields.expect_len("order_", order.len(), models.len())?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if sorted.iter().enumerate().any(|(at, &place)| at != place) {
            return Err(fields.damaged("order_", "it does not have each output once"));
        }
        let handed_on = match fields.string_or_none("chain_method_")?.as_deref() {
            None | Some("predict") => Method::Predict,
            Some("predict_proba") => Method::PredictProba,
            Some("predict_log_proba") => Method::PredictLogProba,
            Some("decision_function") => Method::DecisionFunction,
            Some(other) => return Err(fields.unsupported("chain_method_", format!("`{other}`"))),
        };
        let n_features = fields.header().n_features_in;
        Ok(Self { models, order, handed_on, kind, n_features, has_logs: !fields.before(1, 4) })
    }

    /// The only column of the result of `method` of an estimator, or that of its second class.
    fn answer(&self, model: &Model, method: Method, x: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        if method == Method::Predict {
            return predicted_numbers(model, x, plan);
        }
        let output = plan.inner(model, method, x, &Params::default())?;
        match (&output, method) {
            (&Output::One(value, Rank::One), Method::DecisionFunction) => Ok(value),
            (&Output::One(value, _), Method::PredictProba | Method::PredictLogProba)
                if model.estimator().classes().first().is_none_or(|classes| classes.len() == 2) =>
            {
                Ok(column(value, 1, plan))
            }
            _ => plan.unsupported(method, "an inner estimator that does not have two classes"),
        }
    }

    /// The results of `method` of all estimators, (n_samples, n_outputs).
    fn answers(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        // Beside the columns of the chain, which are `float64`, dense rows become `float64` as well.
        let rule = ArrayRule::FLOATS.dtype(Dtype::Double).sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, self.n_features);
        let mut outputs = vec![x; self.models.len()];
        for (index, model) in self.models.iter().enumerate() {
            let answer = self.answer(model, method, x, plan)?;
            // `order` has each place once.
            let place = self.order.get(index).and_then(|&place| outputs.get_mut(place));
            place.into_iter().for_each(|output| *output = answer);
            if index + 1 < self.models.len() {
                let feature = match method == self.handed_on {
                    true => answer,
                    false => self.answer(model, self.handed_on, x, plan)?,
                };
                x = plan.push(Concatenate { layout: Layout::Any }, &[x, feature]);
            }
        }
        let all = plan.push(Concatenate { layout: Layout::Dense }, &outputs);
        Ok(plan.push(SumUp::as_double(), &[all]))
    }
}

impl Estimator for Chain {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.kind) {
            (Method::Predict, _) | (Method::PredictProba | Method::DecisionFunction, Kind::Classifier) => {
                Ok(Output::matrix(self.answers(method, input, plan)?))
            }
            (Method::PredictLogProba, Kind::Classifier) if self.has_logs => {
                let probabilities = self.answers(Method::PredictProba, input, plan)?;
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        if self.kind == Kind::Regressor {
            return Vec::new();
        }
        let of = |column| {
            let index = self.order.iter().position(|&place| place == column)?;
            self.models.get(index)?.estimator().classes().into_iter().next()
        };
        (0..self.models.len()).filter_map(of).collect()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.models.first()?.n_features_in()
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(match self.kind {
            Kind::Classifier => Scoring::Accuracy,
            Kind::Regressor => Scoring::R2,
        })
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.models.iter().enumerate();
        all.map(|(index, model)| (format!("estimators_[{index}]"), Arc::clone(model))).collect()
    }
}
