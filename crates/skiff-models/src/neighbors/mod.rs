//! `sklearn.neighbors`.

mod binary_tree;
mod class_outputs;
mod k_neighbors_classifier;
mod k_neighbors_regressor;
mod k_neighbors_transformer;
mod kernel_density;
mod local_outlier_factor;
mod metric_view;
mod nearest_centroid;
mod nearest_neighbors;
mod neighborhood_components_analysis;
mod neighbors_base;
mod point_tree_view;
mod radius_neighbors_classifier;
mod radius_neighbors_regressor;
mod radius_neighbors_transformer;

use crate::model::Class;

pub use metric_view::MetricView;
pub(crate) use nearest_neighbors::NearestNeighbors;
pub(crate) use neighbors_base::{NearestPoint, Weights, compared_by, read_weights};
pub use point_tree_view::PointTreeView;

pub(crate) use k_neighbors_classifier::K_NEIGHBORS_CLASSIFIER;
pub(crate) use k_neighbors_regressor::K_NEIGHBORS_REGRESSOR;
pub(crate) use local_outlier_factor::LOCAL_OUTLIER_FACTOR;
pub(crate) use nearest_neighbors::NEAREST_NEIGHBORS;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    K_NEIGHBORS_CLASSIFIER,
    K_NEIGHBORS_REGRESSOR,
    k_neighbors_transformer::K_NEIGHBORS_TRANSFORMER,
    kernel_density::KERNEL_DENSITY,
    LOCAL_OUTLIER_FACTOR,
    nearest_centroid::NEAREST_CENTROID,
    NEAREST_NEIGHBORS,
    neighborhood_components_analysis::NEIGHBORHOOD_COMPONENTS_ANALYSIS,
    radius_neighbors_classifier::RADIUS_NEIGHBORS_CLASSIFIER,
    radius_neighbors_regressor::RADIUS_NEIGHBORS_REGRESSOR,
    radius_neighbors_transformer::RADIUS_NEIGHBORS_TRANSFORMER,
];
