//! Which arrays a prediction touches. They are stored together, apart from what only scikit-learn needs.

use crate::DType;

/// How likely it is that a prediction reads something. A wrong guess costs a page read, never a wrong result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heat {
    Hot,
    Cold,
}

/// The fields of nodes that determine a row's leaf and its value: of `sklearn.tree._tree.Tree`, and of the
/// predictors of histogram boosting, under all names of all versions.
const WALKED: [&str; 13] = [
    "bitset_idx",
    "feature",
    "feature_idx",
    "is_categorical",
    "is_leaf",
    "left",
    "left_child",
    "missing_go_to_left",
    "num_threshold",
    "right",
    "right_child",
    "threshold",
    "value",
];

/// Attributes from fitting that no prediction reads, anywhere on the path to an array.
const LEFT_BEHIND: [&str; 25] = [
    "Cs_",
    "_random_state",
    "_train_score_",
    "_validation_score_",
    "alphas_",
    "binned_left_cat_bitsets",
    "coefs_paths_",
    "cv_results_",
    "cv_values_",
    "dual_gaps_",
    "estimators_samples_",
    "labels_",
    "loss_curve_",
    "mse_path_",
    "oob_decision_function_",
    "oob_improvement_",
    "oob_prediction_",
    "oob_scores_",
    "path_residuals_",
    "random_state",
    "scores_",
    "train_score_",
    "train_scores_",
    "validation_score_",
    "validation_scores_",
];

impl Heat {
    /// Of a field of elements of this dtype.
    pub fn of_field(dtype: &DType, name: &str) -> Self {
        let DType::Struct { fields, .. } = dtype else { return Self::Hot };
        let is_node = fields.iter().any(|field| matches!(&*field.name, "left_child" | "feature_idx"));
        if is_node && !WALKED.contains(&name) { Self::Cold } else { Self::Hot }
    }

    /// Of an array by its path.
    pub fn of_path(path: &str) -> Self {
        if path.split('.').any(|step| LEFT_BEHIND.contains(&step)) { Self::Cold } else { Self::Hot }
    }
}
