//! Where neighbours are searched, and how scikit-learn of the time does it.

use crate::InputError;
use crate::kernels::binary_tree::BinaryTree;
use crate::kernels::brute_force::{DistancesOf, Points};
use crate::kernels::metric::Metric;
use crate::kernels::neighbor_heap::{Sort, stable_sort};
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// The points of a fit, as the fit arranged them.
#[derive(Debug)]
pub enum Search {
    /// `KDTree` or `BallTree`.
    Tree(BinaryTree, Sort),
    /// All points, one after the other.
    Brute(Points, Brute),
    /// `metric='precomputed'`: the rows hold the distances to this many points; their dtype is that of both, those of the
    /// fit being of this one.
    Precomputed(usize, Precision),
}

/// How scikit-learn's brute force finds the nearest among all distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brute {
    /// The order of equals among neighbours found by `ArgKmin`, which versions before 1.1 have not.
    pub heap: Option<Sort>,
    /// Whether `ArgKmin` takes rows of `float32` (1.2).
    pub single_heap: bool,
    /// The dtype of the points, where it is a float one; `ArgKmin` asks for rows of the same.
    pub precision: Option<Precision>,
    /// Whether `ArgKmin` takes pairs of sparse rows (1.2).
    pub sparse_heap: bool,
    /// Whether it takes them for Euclidean distances too, as until 1.3.
    pub sparse_euclidean: bool,
    /// Whether it takes a sparse and a dense side for Euclidean distances, as since 1.3.
    pub mixed_euclidean: bool,
    /// Whether distances between rows of `float32` are rounded to `float32`, as since 1.4.
    pub rounds_single: bool,
    /// Whether the metric goes by a name that only `ArgKmin` and `RadiusNeighbors` know: `infinity` and `p`.
    pub heap_only: bool,
}

/// What `ArgKmin` and `RadiusNeighbors` compare, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::operators) struct Heap {
    /// The order of equals.
    pub(in crate::operators) sort: Sort,
    /// Their distances.
    pub(in crate::operators) of: DistancesOf,
}

/// Rows to search for, as numbers.
#[derive(Debug)]
pub(super) struct SearchRows<'a> {
    pub(super) rows: Matrix<'a, f64>,
    /// Their dtype, where it is a float one.
    pub(super) precision: Option<Precision>,
    /// Whether they were sparse.
    pub(super) sparse: bool,
}

impl Search {
    /// The rows to search for.
    pub(super) fn rows<'a>(&self, value: &Value<'a>) -> Result<SearchRows<'a>, InputError> {
        Ok(match value {
            Value::Floats(x, precision) => SearchRows { rows: x.clone(), precision: Some(*precision), sparse: false },
            #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
            Value::Ints(x, _) => SearchRows { rows: x.map(|&value| value as f64), precision: None, sparse: false },
            Value::Sparse(_) if matches!(self, Self::Tree(..)) => {
                return Err(InputError::refused(
                    "a k-d tree or ball tree does not work with sparse matrices: densify the data",
                ));
            }
            Value::Sparse(x) => {
                let precision = match x.dtype {
                    NumberType::Float(precision) => Some(precision),
                    NumberType::Int(_) => None,
                };
                SearchRows { rows: x.to_dense(), precision, sparse: true }
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }

    /// How many points there are.
    pub fn points(&self) -> usize {
        match self {
            Self::Tree(tree, _) => tree.points.rows,
            Self::Brute(points, _) => points.len(),
            Self::Precomputed(count, _) => *count,
        }
    }

    /// How many columns a row must have.
    pub fn width(&self) -> usize {
        match self {
            Self::Tree(tree, _) => tree.points.cols,
            Self::Brute(points, _) => points.width(),
            Self::Precomputed(count, _) => *count,
        }
    }
}

impl Brute {
    /// How rows are compared where `ArgKmin` or `RadiusNeighbors` is used: `is_usable_for`. What else compares rows takes
    /// sparse ones for a few metrics only.
    pub(in crate::operators) fn heap_for(
        self,
        points: &Points,
        precision: Option<Precision>,
        sparse: bool,
    ) -> Result<Option<Heap>, InputError> {
        let excluded = matches!(
            points.metric,
            Metric::Mahalanobis(_)
                | Metric::Hamming
                | Metric::Boolean(_)
                | Metric::Cosine
                | Metric::Correlation
                | Metric::NanEuclidean
        );
        let sparse_points = points.is_sparse();
        let both_sparse = sparse && sparse_points;
        let usable = !excluded
            && precision.is_some()
            && precision == self.precision
            && (precision == Some(Precision::Double) || self.single_heap)
            && (!(sparse || sparse_points) || self.sparse_heap)
            && !(both_sparse && points.is_euclidean() && !self.sparse_euclidean)
            && !(sparse != sparse_points && points.is_euclidean() && !self.mixed_euclidean);
        match self.heap.filter(|_| usable) {
            None if self.heap_only => Err(InputError::refused(
                "scikit-learn knows the metrics `infinity` and `p` only for rows of the dtype of the fit",
            )),
            None if sparse && !points.metric.takes_sparse() => {
                Err(InputError::refused("the metric does not work with sparse matrices: densify the data"))
            }
            heap => {
                let of = match precision {
                    Some(Precision::Single) => DistancesOf::ArgKmin32 { rounds: self.rounds_single },
                    _ => DistancesOf::ArgKmin,
                };
                Ok(heap.map(|sort| Heap { sort, of }))
            }
        }
    }

    /// Whether distances are `float32`, where no heap is used: `euclidean_distances` answers `float32` for two tables of
    /// `float32`, computing in `float64`; so do cosines and `nan_euclidean_distances`.
    pub(super) fn is_single(self, points: &Points, precision: Option<Precision>) -> bool {
        matches!(points.metric, Metric::Euclidean | Metric::Cosine | Metric::NanEuclidean)
            && precision == Some(Precision::Single)
            && self.precision == Some(Precision::Single)
    }

    /// The distance of what the kernel compares. The squares of `nan_euclidean_distances` are an array, of `float32` if `single`.
    pub(super) fn finish(self, points: &Points, reduced: f64, single: bool) -> f64 {
        let is_rounded = single && points.metric == Metric::NanEuclidean;
        points.metric.finish(if is_rounded { Precision::Single.round(reduced) } else { reduced })
    }
}

/// `check_non_negative`, of precomputed distances.
pub(super) fn refuse_negative(distances: &[f64]) -> Result<(), InputError> {
    match distances.iter().find(|distance| **distance < 0.0) {
        Some(distance) => Err(InputError::refused(format!("negative values in data: {distance}"))),
        None => Ok(()),
    }
}

/// The distances in a row of a graph and the points that they lead to, nearest first: `sort_graph_by_row_values`.
pub(super) fn graph_row(graph: &Csr<'_>, row: usize) -> Result<(Vec<f64>, Vec<usize>), InputError> {
    let (columns, distances) = graph.row(row);
    refuse_negative(distances).map_err(|error| error.in_row(row))?;
    let (mut distances, mut points) = (distances.to_vec(), columns.iter().map(|&column| column as usize).collect());
    stable_sort(&mut distances, Vec::as_mut_slice(&mut points));
    Ok((distances, points))
}
