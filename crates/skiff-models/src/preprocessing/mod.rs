//! `sklearn.preprocessing`.

mod binarizer;
mod encoders;
mod function_transformer;
mod k_bins_discretizer;
mod kernel_centerer;
mod known_function;
mod label_binarizer;
mod label_encoder;
mod max_abs_scaler;
mod min_max_scaler;
mod multi_label_binarizer;
mod normalizer;
mod one_hot_encoder;
mod one_hot_legacy;
mod ordinal_encoder;
mod polynomial_features;
mod power_transformer;
mod quantile_transformer;
mod robust_scaler;
mod scalers;
mod spline_transformer;
mod spline_view;
mod standard_scaler;
mod target_encoder;

use crate::model::Class;

pub(crate) use kernel_centerer::KernelCenterer;
pub(crate) use label_binarizer::{EncodedLabels, LabelBinarizer};
pub use spline_view::SplineView;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    binarizer::BINARIZER,
    function_transformer::FUNCTION_TRANSFORMER,
    k_bins_discretizer::K_BINS_DISCRETIZER,
    kernel_centerer::KERNEL_CENTERER,
    label_binarizer::LABEL_BINARIZER,
    label_encoder::LABEL_ENCODER,
    max_abs_scaler::MAX_ABS_SCALER,
    min_max_scaler::MIN_MAX_SCALER,
    multi_label_binarizer::MULTI_LABEL_BINARIZER,
    normalizer::NORMALIZER,
    one_hot_encoder::ONE_HOT_ENCODER,
    ordinal_encoder::ORDINAL_ENCODER,
    polynomial_features::POLYNOMIAL_FEATURES,
    power_transformer::POWER_TRANSFORMER,
    quantile_transformer::QUANTILE_TRANSFORMER,
    robust_scaler::ROBUST_SCALER,
    spline_transformer::SPLINE_TRANSFORMER,
    standard_scaler::STANDARD_SCALER,
    target_encoder::TARGET_ENCODER,
];
