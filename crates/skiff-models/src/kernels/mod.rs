//! The hot loops. Each gives the same bits for a row whatever its company, on every processor.

pub(crate) mod binary_tree;
pub(crate) mod brute_force;
pub(crate) mod categories;
pub(crate) mod dot;
pub(crate) mod exp;
pub(crate) mod fused;
pub(crate) mod lu;
pub(crate) mod metric;
pub(crate) mod murmur3;
pub(crate) mod neighbor_heap;
pub(crate) mod pairwise_sum;
pub(crate) mod panels;
pub(crate) mod python_text;
pub(crate) mod row_square;
pub(crate) mod support;
pub(crate) mod times;
pub(crate) mod trees;
