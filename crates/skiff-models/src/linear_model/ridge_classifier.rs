//! `RidgeClassifier` and its cross-validated form.

use std::sync::Arc;

use skiff_plan::operators::{Concatenate, GreaterThan, Layout};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};
use crate::preprocessing::EncodedLabels;

pub(crate) const RIDGE_CLASSIFIER: Class = class! {
    /// Classification by ridge regression of the labels -1 and 1.
    ///
    /// # Reads
    /// `coef_`, `intercept_`; `classes_`, or those of `_label_binarizer`, whose `y_type_` determines whether it is multi-label.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0; of multi-label models a 1 for each score above 0.
    /// # Older versions
    /// Before 1.8, `classes_` were only those of `_label_binarizer`. Before 1.0, multi-label models returned the index of
    /// the greatest score. skiff predicts as the version that wrote the file.
    paths: ["sklearn.linear_model._ridge.RidgeClassifier", "sklearn.linear_model.ridge.RidgeClassifier"],
    training_only: ["alpha", "copy_X", "max_iter", "n_iter_", "positive", "random_state", "solver", "solver_", "tol"],
    read: RidgeClassifier::read,
};

pub(crate) const RIDGE_CLASSIFIER_CV: Class = class! {
    /// Ridge classification with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// As `RidgeClassifier`.
    /// # Predicts
    /// As `RidgeClassifier`.
    /// # Older versions
    /// As `RidgeClassifier`.
    paths: ["sklearn.linear_model._ridge.RidgeClassifierCV", "sklearn.linear_model.ridge.RidgeClassifierCV"],
    training_only: [
        "_store_cv_results", "alpha_", "alpha_per_target", "alphas", "best_score_", "cv", "cv_results_", "cv_values_",
        "gcv_mode", "scoring", "store_cv_results", "store_cv_values",
    ],
    read: RidgeClassifier::read,
};

/// The linear model, and the kind of its labels.
#[derive(Debug)]
struct RidgeClassifier {
    linear: LinearClassifier,
    labels: LabelKind,
}

/// The result of `predict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LabelKind {
    /// One class for each row.
    OneOf,
    /// 0 or 1 for each class.
    Indicator,
    /// The same in a sparse matrix.
    SparseIndicator,
}

impl RidgeClassifier {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&["class_weight", "fit_intercept", "normalize", "_normalize"]);
        let encoded = EncodedLabels::read(fields, "_label_binarizer")?;
        let classes = if fields.has("classes_") { fields.classes("classes_")? } else { encoded.classes };
        let labels = match encoded.y_type.starts_with("multilabel") {
            true if fields.before(1, 0) => LabelKind::OneOf,
            true if encoded.sparse_input => LabelKind::SparseIndicator,
            true => LabelKind::Indicator,
            false => LabelKind::OneOf,
        };
        let linear = LinearClassifier::with_classes(fields, classes)?;
        Ok(Self { linear, labels })
    }
}

impl Estimator for RidgeClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.labels) {
            (Method::Predict, LabelKind::OneOf) => Ok(self.linear.predict(input, plan)),
            (Method::Predict, LabelKind::Indicator) => {
                let scores = self.linear.scores(input, plan);
                Ok(Output::matrix(plan.push(GreaterThan { bound: 0.0 }, &[scores])))
            }
            (Method::Predict, LabelKind::SparseIndicator) => {
                let scores = self.linear.scores(input, plan);
                let labels = plan.push(GreaterThan { bound: 0.0 }, &[scores]);
                Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Sparse }, &[labels])))
            }
            (Method::DecisionFunction, _) => Ok(self.linear.decision_function(input, plan)),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.linear.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.n_features())
    }
}
