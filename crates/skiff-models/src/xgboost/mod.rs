//! `xgboost`: the wrappers for scikit-learn, and what they wrap.

mod booster;
mod model_bytes;
mod ubjson;
mod wrapper;
mod xgb_classifier;
mod xgb_regressor;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    booster::BOOSTER,
    xgb_classifier::XGB_CLASSIFIER,
    xgb_classifier::XGB_RF_CLASSIFIER,
    xgb_regressor::XGB_MODEL,
    xgb_regressor::XGB_RANKER,
    xgb_regressor::XGB_REGRESSOR,
    xgb_regressor::XGB_RF_REGRESSOR,
];
