//! `kneighbors`: the nearest points of the fit, and how far they are.

use std::sync::Arc;

use crate::InputError;
use crate::kernels::binary_tree::BinaryTree;
use crate::kernels::brute_force::Points;
use crate::kernels::metric::Metric;
use crate::kernels::neighbor_heap::{NeighborHeap, Sort, argpartition};
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// From rows to their nearest points: [`Value::Many`] of the distances and of the points' numbers, nearest first.
#[derive(Debug)]
pub struct NearestNeighbors {
    /// Where to look.
    pub search: Arc<Search>,
    /// How many neighbours.
    pub count: usize,
}

/// The points of a fit, as the fit arranged them.
#[derive(Debug)]
pub enum Search {
    /// `KDTree` or `BallTree`.
    Tree(BinaryTree, Sort),
    /// All points, one after the other.
    Brute(Points, Brute),
    /// `metric='precomputed'`: the rows hold the distances to this many points.
    Precomputed(usize),
}

/// How scikit-learn's brute force finds the nearest among all distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brute {
    /// The order of equals among neighbours found by `ArgKmin`, which versions before 1.1 have not.
    pub heap: Option<Sort>,
    /// The dtype of the points, where it is a float one; `ArgKmin` asks for rows of the same.
    pub precision: Option<Precision>,
    /// Whether `ArgKmin` takes pairs of sparse rows (1.2).
    pub sparse_heap: bool,
    /// Whether it takes them for Euclidean distances too, as until 1.3.
    pub sparse_euclidean: bool,
    /// Whether it takes a sparse and a dense side for Euclidean distances, as since 1.3.
    pub mixed_euclidean: bool,
}

impl Search {
    /// How many points there are.
    pub fn points(&self) -> usize {
        match self {
            Self::Tree(tree, _) => tree.points.rows,
            Self::Brute(points, _) => points.len(),
            Self::Precomputed(count) => *count,
        }
    }

    /// How many columns a row must have.
    pub fn width(&self) -> usize {
        match self {
            Self::Tree(tree, _) => tree.points.cols,
            Self::Brute(points, _) => points.width(),
            Self::Precomputed(count) => *count,
        }
    }
}

impl Operator for NearestNeighbors {
    const NAME: &'static str = "nearest_neighbors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, precision, sparse) = match inputs[0] {
            Value::Floats(x, precision) => (x.clone(), Some(*precision), false),
            #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
            Value::Ints(x, _) => (x.map(|&value| value as f64), None, false),
            Value::Sparse(_) if matches!(*self.search, Search::Tree(..)) => {
                return Err(InputError::refused(
                    "a k-d tree or ball tree does not work with sparse matrices: densify the data",
                ));
            }
            Value::Sparse(x) => {
                let precision = match x.dtype {
                    NumberType::Float(precision) => Some(precision),
                    NumberType::Int(_) => None,
                };
                (x.to_dense(), precision, true)
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let mut found = Found::default();
        match &*self.search {
            Search::Tree(tree, sort) => {
                let mut heap = NeighborHeap::new(self.count, *sort);
                let mut open = Vec::new();
                for x in rows.iter_rows() {
                    heap.clear();
                    tree.query(x, &mut heap, &mut open);
                    let (distances, indices) = heap.sort();
                    found.extend(distances.iter().map(|&reduced| tree.metric.finish(reduced)), indices);
                }
            }
            Search::Brute(points, brute) => self.brute(points, *brute, &rows, precision, sparse, &mut found)?,
            Search::Precomputed(_) => {
                let mut order = Vec::new();
                for distances in rows.iter_rows() {
                    if let Some(distance) = distances.iter().find(|distance| **distance < 0.0) {
                        return Err(InputError::refused(format!("negative values in data: {distance}")));
                    }
                    argpartition(distances, self.count, &mut order);
                    found.extend(order.iter().map(|&at| distances[at]), &order);
                }
            }
        }
        Ok(found.into_value(rows.rows, self.count))
    }

    fn describe(&self) -> String {
        format!("{} of {}", self.count, self.search.points())
    }
}

impl NearestNeighbors {
    fn brute(
        &self,
        points: &Points,
        brute: Brute,
        rows: &Matrix<'_, f64>,
        precision: Option<Precision>,
        sparse: bool,
        found: &mut Found,
    ) -> Result<(), InputError> {
        let heap = brute.heap_for(points, precision, sparse);
        if sparse && heap.is_none() && !points.metric.takes_sparse() {
            return Err(InputError::refused("the metric does not work with sparse matrices: densify the data"));
        }
        let mut heaps = heap.map(|sort| (NeighborHeap::new(self.count, sort), NeighborHeap::new(self.count, sort)));
        // `euclidean_distances` answers float32 for two tables of float32, computing in float64; so do cosines.
        let single = heaps.is_none()
            && (points.is_euclidean() || points.metric == Metric::Cosine)
            && precision == Some(Precision::Single)
            && brute.precision == Some(Precision::Single);
        let (mut distances, mut order) = (Vec::new(), Vec::new());
        for x in rows.iter_rows() {
            points.distances(x, sparse, heaps.is_some(), &mut distances);
            match &mut heaps {
                Some((thread, all)) => {
                    thread.clear();
                    all.clear();
                    for (index, &distance) in distances.iter().enumerate() {
                        thread.push(distance, index);
                    }
                    thread.push_into(all);
                    let (nearest, indices) = all.sort();
                    found.extend(nearest.iter().map(|&reduced| points.metric.finish(reduced)), indices);
                }
                None => {
                    for distance in &mut distances {
                        // All but squares of Euclidean distances are compared as they are.
                        if !points.is_euclidean() {
                            *distance = points.metric.finish(*distance);
                        }
                        if single {
                            *distance = Precision::Single.round(*distance);
                        }
                    }
                    argpartition(&distances, self.count, &mut order);
                    let finish = |at: usize| match (points.is_euclidean(), single) {
                        (true, true) => Precision::Single.round(points.metric.finish(distances[at])),
                        (true, false) => points.metric.finish(distances[at]),
                        (false, _) => distances[at],
                    };
                    found.extend(order.iter().map(|&at| finish(at)), &order);
                }
            }
        }
        if single {
            found.precision = Some(Precision::Single);
        }
        Ok(())
    }
}

impl Brute {
    /// `ArgKmin.is_usable_for`.
    fn heap_for(self, points: &Points, precision: Option<Precision>, sparse: bool) -> Option<Sort> {
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
            && (!(sparse || sparse_points) || self.sparse_heap)
            && !(both_sparse && points.is_euclidean() && !self.sparse_euclidean)
            && !(sparse != sparse_points && points.is_euclidean() && !self.mixed_euclidean);
        self.heap.filter(|_| usable)
    }
}

/// What was found, row after row.
#[derive(Debug, Default)]
struct Found {
    distances: Vec<f64>,
    indices: Vec<i64>,
    precision: Option<Precision>,
}

impl Found {
    fn extend(&mut self, distances: impl Iterator<Item = f64>, indices: &[usize]) {
        self.distances.extend(distances);
        self.indices.extend(indices.iter().map(|&index| i64::try_from(index).unwrap_or(i64::MAX)));
    }

    fn into_value(self, rows: usize, count: usize) -> Value<'static> {
        let precision = self.precision.unwrap_or(Precision::Double);
        Value::Many(vec![
            Value::Floats(Matrix::new(rows, count, self.distances), precision),
            Value::Ints(Matrix::new(rows, count, self.indices), IntKind::I64),
        ])
    }
}
