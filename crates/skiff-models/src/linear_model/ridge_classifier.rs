//! `RidgeClassifier` and its cross-validated form.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::GreaterThan;
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const RIDGE_CLASSIFIER: Class = class! {
    /// Ridge regression of labels that were made -1 and 1.
    ///
    /// # Reads
    /// `coef_`, `intercept_`; `classes_`, or those of `_label_binarizer`, whose `y_type_` tells of several labels for one row.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0; of multi-label models a 1 for each score above 0.
    /// # Not supported
    /// `predict` of multi-label models that were fitted on sparse labels, which would answer in kind.
    /// # Older versions
    /// Before 1.8, `classes_` were only those of `_label_binarizer`. Before 1.0, multi-label models answered the number of
    /// the greatest score. skiff answers as the version that wrote the file.
    paths: ["sklearn.linear_model._ridge.RidgeClassifier", "sklearn.linear_model.ridge.RidgeClassifier"],
    training_only: ["alpha", "copy_X", "max_iter", "n_iter_", "positive", "random_state", "solver", "solver_", "tol"],
    read: RidgeClassifier::read,
};

pub(crate) const RIDGE_CLASSIFIER_CV: Class = class! {
    /// Ridge classification whose penalty was found by cross-validation.
    ///
    /// # Reads
    /// What `RidgeClassifier` reads.
    /// # Predicts
    /// As `RidgeClassifier`.
    /// # Not supported
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

/// The linear model, and what its labels are.
#[derive(Debug)]
struct RidgeClassifier {
    linear: LinearClassifier,
    labels: LabelKind,
}

/// What `predict` answers.
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
        let binarizer = Binarizer::read(fields)?;
        let classes = if fields.has("classes_") {
            fields.classes("classes_")?
        } else {
            fields.classes_at(binarizer.attribute(fields, "classes_")?, &Binarizer::path(fields, "classes_"))?
        };
        let labels = if fields.before(1, 0) || !binarizer.is_multilabel(fields)? {
            LabelKind::OneOf
        } else if binarizer.has_sparse_input(fields)? {
            LabelKind::SparseIndicator
        } else {
            LabelKind::Indicator
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
                plan.unsupported(method, "several labels for one row, fitted on a sparse matrix")
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

/// `_label_binarizer`, a `LabelBinarizer`.
struct Binarizer<'g>(Instance<'g>);

impl<'g> Binarizer<'g> {
    fn read(fields: &Fields<'_, 'g>) -> Result<Self, ReadError> {
        let node = fields.required("_label_binarizer")?;
        match Instance::read(fields.graph(), node) {
            Some(instance) if instance.name == "LabelBinarizer" => Ok(Self(instance)),
            _ => Err(fields.unexpected("_label_binarizer", "a LabelBinarizer")),
        }
    }

    fn path(fields: &Fields<'_, 'g>, name: &str) -> String {
        format!("{}.{name}", fields.path_of("_label_binarizer"))
    }

    fn attribute(&self, fields: &Fields<'_, 'g>, name: &str) -> Result<NodeId, ReadError> {
        let missing = || fields.damaged("_label_binarizer", format!("it has no `{name}`"));
        self.0.attribute(name).ok_or_else(missing)
    }

    fn is_multilabel(&self, fields: &Fields<'_, 'g>) -> Result<bool, ReadError> {
        let scalar = fields.scalar_at(self.attribute(fields, "y_type_")?, &Self::path(fields, "y_type_"))?;
        let kind = scalar.as_str().ok_or_else(|| fields.damaged("_label_binarizer", "`y_type_` is no string"))?;
        Ok(kind.starts_with("multilabel"))
    }

    fn has_sparse_input(&self, fields: &Fields<'_, 'g>) -> Result<bool, ReadError> {
        let scalar =
            fields.scalar_at(self.attribute(fields, "sparse_input_")?, &Self::path(fields, "sparse_input_"))?;
        scalar
            .as_i64()
            .map(|value| value != 0)
            .ok_or_else(|| fields.damaged("_label_binarizer", "`sparse_input_` is no truth value"))
    }
}
