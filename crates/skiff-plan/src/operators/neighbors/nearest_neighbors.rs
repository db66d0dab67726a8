//! `kneighbors`: the nearest points of the fit, and how far they are.

use std::sync::Arc;

use super::search::{Brute, Heap, Search, SearchRows, graph_row, refuse_negative};
use crate::InputError;
use crate::kernels::brute_force::{DistancesOf, Points};
use crate::kernels::metric::Metric;
use crate::kernels::neighbor_heap::{NeighborHeap, argpartition};
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// From rows to their nearest points: [`Value::Many`] of the distances and of the points' numbers, nearest first.
#[derive(Debug)]
pub struct NearestNeighbors {
    /// Where to look.
    pub search: Arc<Search>,
    /// How many neighbours.
    pub count: usize,
}

impl Operator for NearestNeighbors {
    const NAME: &'static str = "nearest_neighbors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        if let (Search::Precomputed(..), Value::Sparse(graph)) = (&*self.search, inputs[0]) {
            return self.of_graph(graph);
        }
        let SearchRows { rows, precision, sparse } = self.search.rows(inputs[0])?;
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
            Search::Precomputed(_, of_fit) => {
                found.precision = precision.map(|precision| precision.promote(*of_fit));
                let mut order = Vec::new();
                for distances in rows.iter_rows() {
                    refuse_negative(distances)?;
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
    /// `_kneighbors_from_graph`: the rows hold the distances to some of the points.
    fn of_graph(&self, graph: &Csr<'_>) -> Result<Value<'static>, InputError> {
        let NumberType::Float(precision) = graph.dtype else {
            return Err(InputError::refused("a sparse matrix of distances that are integers"));
        };
        // The columns of the graph itself, which scipy numbers in 32 bits.
        let indices = IntKind::Int { bytes: 4, signed: true };
        let mut found = Found { precision: Some(precision), kind: Some(indices), ..Found::default() };
        for row in 0..graph.rows {
            let (distances, points) = graph_row(graph, row)?;
            if distances.len() < self.count {
                let what = format!("{} neighbors per sample are required, found {}", self.count, distances.len());
                return Err(InputError::refused(what).in_row(row));
            }
            found.extend(distances[..self.count].iter().copied(), &points[..self.count]);
        }
        Ok(found.into_value(graph.rows, self.count))
    }

    fn brute(
        &self,
        points: &Points,
        brute: Brute,
        rows: &Matrix<'_, f64>,
        precision: Option<Precision>,
        sparse: bool,
        found: &mut Found,
    ) -> Result<(), InputError> {
        let heap = brute.heap_for(points, precision, sparse)?;
        if let Some(heap) = heap {
            self.by_heaps(points, heap, rows, sparse, found);
            return Ok(());
        }
        let single = brute.is_single(points, precision);
        let is_euclidean = points.metric == Metric::Euclidean;
        let (mut distances, mut order) = (Vec::new(), Vec::new());
        for x in rows.iter_rows() {
            points.distances(x, sparse, DistancesOf::Pairwise, &mut distances);
            for distance in &mut distances {
                // All but squares of Euclidean distances are compared as they are.
                if !is_euclidean {
                    *distance = brute.finish(points, *distance, single);
                }
                if single {
                    *distance = Precision::Single.round(*distance);
                }
            }
            argpartition(&distances, self.count, &mut order);
            let finish = |at: usize| match (is_euclidean, single) {
                (true, true) => Precision::Single.round(points.metric.finish(distances[at])),
                (true, false) => points.metric.finish(distances[at]),
                (false, _) => distances[at],
            };
            found.extend(order.iter().map(|&at| finish(at)), &order);
        }
        if single {
            found.precision = Some(Precision::Single);
        }
        Ok(())
    }
}

/// How many rows go together at most, and how many neighbours of them are kept meanwhile.
const ROWS: usize = 64;
const NEIGHBORS: usize = 1 << 12;

impl NearestNeighbors {
    /// As `ArgKmin` finds them.
    fn by_heaps(
        &self,
        points: &Points,
        Heap { sort, of }: Heap,
        rows: &Matrix<'_, f64>,
        sparse: bool,
        found: &mut Found,
    ) {
        let together = (NEIGHBORS / self.count.max(1)).clamp(1, ROWS).min(rows.rows.max(1));
        let mut heaps = vec![NeighborHeap::new(self.count, sort); together];
        let mut all = NeighborHeap::new(self.count, sort);
        let mut distances = Vec::new();
        for first in (0..rows.rows).step_by(together) {
            let rows = rows.slice_rows(first, together.min(rows.rows - first));
            heaps.iter_mut().for_each(NeighborHeap::clear);
            let pushed = !sparse && points.push_all(&rows, &mut heaps);
            for (x, heap) in rows.iter_rows().zip(&mut heaps) {
                if !pushed {
                    points.distances(x, sparse, of, &mut distances);
                    for (index, &distance) in distances.iter().enumerate() {
                        heap.push(distance, index);
                    }
                }
                all.clear();
                heap.push_into(&mut all);
                let (nearest, indices) = all.sort();
                found.extend(nearest.iter().map(|&reduced| of.finish(&points.metric, reduced)), indices);
            }
        }
    }
}

/// What was found, row after row.
#[derive(Debug, Default)]
struct Found {
    distances: Vec<f64>,
    indices: Vec<i64>,
    precision: Option<Precision>,
    /// The dtype of the indices, where it is not `int64`.
    kind: Option<IntKind>,
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
            Value::Ints(Matrix::new(rows, count, self.indices), self.kind.unwrap_or(IntKind::I64)),
        ])
    }
}
