//! The hot loops. Each computes the same bits for a row alone and in any batch, on every processor.

pub mod binary_tree;
pub mod boosted_trees;
pub mod brute_force;
pub mod categories;
pub mod digamma;
pub(crate) mod dot;
pub(crate) mod exp;
pub(crate) mod fused;
pub mod interpolate;
pub mod ln_gamma;
pub mod lu;
pub mod metric;
pub(crate) mod murmur3;
pub mod neighbor_heap;
pub mod normal;
pub mod pairwise_sum;
pub(crate) mod panels;
pub(crate) mod python_text;
pub mod random;
pub mod row_square;
pub mod sparse_coding;
pub(crate) mod support;
pub mod symmetric_eigen;
pub mod times;
pub mod tree_density;
pub mod trees;
