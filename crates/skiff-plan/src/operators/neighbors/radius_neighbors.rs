//! `radius_neighbors`: all points of the fit within a radius, and how far they are.

use std::sync::Arc;

use super::search::{Search, SearchRows, graph_row, refuse_negative};
use crate::InputError;
use crate::kernels::brute_force::DistancesOf;
use crate::kernels::metric::Metric;
use crate::kernels::neighbor_heap::stable_sort;
use crate::operator::{BLOCK_BYTES, Operator};
use crate::value::{IntKind, NumberLists, NumberType, Precision, Value};

/// From rows to the points within a radius: [`Value::Many`] of the distances and of the points' numbers, in the order in
/// which scikit-learn finds them, or nearest first.
#[derive(Debug)]
pub struct RadiusNeighbors {
    /// Where to look.
    pub search: Arc<Search>,
    /// The greatest distance, which itself counts.
    pub radius: f64,
    /// Whether the nearest comes first.
    pub sorted: bool,
}

impl Operator for RadiusNeighbors {
    const NAME: &'static str = "radius_neighbors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        if let (Search::Precomputed(..), Value::Sparse(graph)) = (&*self.search, inputs[0]) {
            let mut found = Found::new(graph.dtype);
            let limit = Limit::of(self.radius, graph.dtype == NumberType::Float(Precision::Single));
            for row in 0..graph.rows {
                let (distances, points) = graph_row(graph, row)?;
                let near = distances.iter().take_while(|distance| limit.holds(**distance)).count();
                found.push(&distances[..near], &points[..near]);
            }
            return Ok(found.into_value());
        }
        let SearchRows { rows, precision, sparse } = self.search.rows(inputs[0])?;
        match &*self.search {
            Search::Tree(tree, sort) => {
                let mut found = Found::new(NumberType::Float(Precision::Double));
                let (mut near, mut open) = ((Vec::new(), Vec::new()), Vec::new());
                for x in rows.iter_rows() {
                    near.0.clear();
                    near.1.clear();
                    tree.query_radius(x, self.radius, &mut near, &mut open);
                    if self.sorted {
                        sort.sort(&mut near.0, &mut near.1);
                    }
                    found.push(&near.0, &near.1);
                }
                Ok(found.into_value())
            }
            Search::Brute(points, brute) => {
                let heap = brute.heap_for(points, precision, sparse)?;
                let single = heap.is_none() && brute.is_single(points, precision);
                let mut found =
                    Found::new(NumberType::Float(if single { Precision::Single } else { Precision::Double }));
                let limit = match heap {
                    Some(heap) => Limit::of(heap.of.reduce(&points.metric, self.radius), false),
                    // That of `sqeuclidean` is a limit of squares already.
                    None if points.metric == Metric::Euclidean => Limit::of(self.radius * self.radius, single),
                    None => Limit::of(self.radius, single),
                };
                let of = heap.map_or(DistancesOf::Pairwise, |heap| heap.of);
                let mut reduced = Vec::new();
                for x in rows.iter_rows() {
                    points.distances(x, sparse, of, &mut reduced);
                    let (mut near, mut indices) = (Vec::new(), Vec::new());
                    for (index, &reduced) in reduced.iter().enumerate() {
                        // All but squares of Euclidean distances are compared as they are.
                        let finishes_first = heap.is_none() && points.metric != Metric::Euclidean;
                        let finishes_last = heap.is_none() && points.metric == Metric::Euclidean;
                        let compared = if finishes_first { brute.finish(points, reduced, single) } else { reduced };
                        let compared = if single { Precision::Single.round(compared) } else { compared };
                        if limit.holds(compared) {
                            near.push(if finishes_last { points.metric.finish(compared) } else { compared });
                            indices.push(index);
                        }
                    }
                    if single {
                        near.iter_mut().for_each(|distance| *distance = Precision::Single.round(*distance));
                    }
                    match heap {
                        Some(heap) if self.sorted => heap.sort.sort(&mut near, &mut indices),
                        None if self.sorted => stable_sort(&mut near, &mut indices),
                        _ => {}
                    }
                    if heap.is_some() {
                        near.iter_mut().for_each(|distance| *distance = of.finish(&points.metric, *distance));
                    }
                    found.push(&near, &indices);
                }
                Ok(found.into_value())
            }
            Search::Precomputed(_, of_fit) => {
                let precision = precision.map_or(Precision::Double, |precision| precision.promote(*of_fit));
                let limit = Limit::of(self.radius, precision == Precision::Single);
                let mut found = Found::new(NumberType::Float(precision));
                for distances in rows.iter_rows() {
                    refuse_negative(distances)?;
                    let near = distances.iter().copied().zip(0..).filter(|(distance, _)| limit.holds(*distance));
                    let (mut near, mut points): (Vec<f64>, Vec<usize>) = near.unzip();
                    if self.sorted {
                        stable_sort(&mut near, &mut points);
                    }
                    found.push(&near, &points);
                }
                Ok(found.into_value())
            }
        }
    }

    fn describe(&self) -> String {
        format!(
            "within {} of {} points{}",
            self.radius,
            self.search.points(),
            if self.sorted { ", sorted" } else { "" }
        )
    }

    fn most_rows(&self) -> Option<usize> {
        let most = self.search.points().saturating_mul(2 * size_of::<f64>()).max(1);
        Some((BLOCK_BYTES / most).max(1))
    }
}

/// The greatest number that counts.
#[derive(Clone, Copy)]
struct Limit(f64);

impl Limit {
    /// numpy compares arrays of `float32` with a Python float in `float32`.
    fn of(radius: f64, single: bool) -> Self {
        Self(if single { Precision::Single.round(radius) } else { radius })
    }

    fn holds(self, distance: f64) -> bool {
        distance <= self.0
    }
}

/// What was found, row after row.
struct Found {
    distances: NumberLists,
    points: NumberLists,
}

impl Found {
    /// Distances of that dtype.
    fn new(dtype: NumberType) -> Self {
        Self { distances: NumberLists::new(dtype), points: NumberLists::new(NumberType::Int(IntKind::I64)) }
    }

    fn push(&mut self, distances: &[f64], points: &[usize]) {
        self.distances.push(distances.iter().copied());
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ points")]
        self.points.push(points.iter().map(|&point| point as f64));
    }

    fn into_value(self) -> Value<'static> {
        Value::Many(vec![Value::NumberLists(self.distances), Value::NumberLists(self.points)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::brute_force::Points;
    use crate::operators::neighbors::search::Brute;
    use crate::value::Matrix;

    /// As scikit-learn 0.18.2 to 1.9.1, for `float32` rows as for `float64`.
    #[test]
    fn a_radius_of_squared_distances_is_not_squared_again() {
        let points = || Matrix::new(4, 2, vec![0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 3.0, 1.0]);
        let within = |metric: Metric, precision: Precision| {
            let brute = Brute {
                heap: None,
                single_heap: false,
                precision: Some(Precision::Double),
                sparse_heap: false,
                sparse_euclidean: false,
                mixed_euclidean: false,
                rounds_single: true,
                heap_only: false,
            };
            let points = Points::dense(points(), metric, |row| row.iter().map(|x| x * x).sum());
            let step = RadiusNeighbors { search: Arc::new(Search::Brute(points, brute)), radius: 1.5, sorted: false };
            let rows = Value::Floats(Matrix::new(2, 2, vec![0.0, 0.0, 1.0, 0.0]), precision);
            let Ok(Value::Many(both)) = step.run(&[&rows]) else { panic!("two lists") };
            let [Value::NumberLists(distances), Value::NumberLists(points)] = &both[..] else { panic!("two lists") };
            (distances.numbers.clone(), points.numbers.clone())
        };
        for precision in [Precision::Single, Precision::Double] {
            let squares = within(Metric::SquaredEuclidean, precision);
            assert_eq!(squares, (vec![0.0, 1.0, 1.0, 1.0], vec![0.0, 0.0, 1.0, 2.0]));
            let (distances, points) = within(Metric::Euclidean, precision);
            assert_eq!(points, [0.0, 1.0, 0.0, 1.0, 2.0]);
            assert!((distances[1] - 2.0_f64.sqrt()).abs() < 1e-6);
        }
    }
}
