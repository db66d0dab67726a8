//! `sklearn.preprocessing`.

mod binarizer;
mod encoders;
mod function_transformer;
mod label_encoder;
mod max_abs_scaler;
mod min_max_scaler;
mod normalizer;
mod one_hot_encoder;
mod one_hot_legacy;
mod ordinal_encoder;
mod polynomial_features;
mod robust_scaler;
mod scalers;
mod standard_scaler;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<binarizer::Binarizer>(),
    Entry::of::<function_transformer::FunctionTransformer>(),
    Entry::of::<label_encoder::LabelEncoder>(),
    Entry::of::<max_abs_scaler::MaxAbsScaler>(),
    Entry::of::<min_max_scaler::MinMaxScaler>(),
    Entry::of::<normalizer::Normalizer>(),
    Entry::of::<one_hot_encoder::OneHotEncoder>(),
    Entry::of::<ordinal_encoder::OrdinalEncoder>(),
    Entry::of::<polynomial_features::PolynomialFeatures>(),
    Entry::of::<robust_scaler::RobustScaler>(),
    Entry::of::<standard_scaler::StandardScaler>(),
];
