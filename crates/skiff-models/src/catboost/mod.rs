//! `catboost`: its estimators, read from the bytes in the format that CatBoost calls `cbm`.

mod cat_boost;
mod flat_buffer;
mod model_bytes;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    cat_boost::CAT_BOOST,
    cat_boost::CAT_BOOST_CLASSIFIER,
    cat_boost::CAT_BOOST_RANKER,
    cat_boost::CAT_BOOST_REGRESSOR,
];
