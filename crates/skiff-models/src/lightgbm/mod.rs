//! `lightgbm`: the wrappers for scikit-learn, and what they wrap.

mod booster;
mod lgbm_classifier;
mod lgbm_regressor;
mod model_text;
mod wrapper;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    booster::BOOSTER,
    lgbm_classifier::LGBM_CLASSIFIER,
    lgbm_regressor::LGBM_MODEL,
    lgbm_regressor::LGBM_RANKER,
    lgbm_regressor::LGBM_REGRESSOR,
];
