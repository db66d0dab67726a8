//! Distances to a few centres.

use std::sync::Arc;

use crate::InputError;
use crate::kernels::brute_force::{DistancesOf, Points};
use crate::kernels::metric::Metric;
use crate::kernels::row_square;
use crate::operator::Operator;
use crate::operators::neighbors::Brute;
use crate::value::{Matrix, NumberType, Precision, Value};

/// The distance to each centre, Euclidean ones as `√max(x² - 2 x·c + c², 0)`. (n, n_features) → (n, n_clusters).
#[derive(Debug)]
pub struct CenterDistances {
    points: Arc<Points>,
    precision: Precision,
    /// How they are compared, where only the nearest is asked for.
    compared: Option<Brute>,
}

impl CenterDistances {
    /// To these centres, (n_clusters, n_features), of that dtype.
    pub fn new(centers: Matrix<'static, f64>, precision: Precision) -> Self {
        Self::with_metric(centers, precision, Metric::Euclidean)
    }

    /// The same by another metric.
    pub fn with_metric(centers: Matrix<'static, f64>, precision: Precision, metric: Metric) -> Self {
        Self::to_points(Points::dense(centers, metric, row_square::einsum), precision)
    }

    /// To points with their metric.
    pub fn to_points(points: Points, precision: Precision) -> Self {
        Self { points: Arc::new(points), precision, compared: None }
    }

    /// What `pairwise_distances_argmin` compares: squares instead of Euclidean distances, where it finds by `ArgKmin`.
    #[must_use]
    pub fn compared(&self, brute: Brute) -> Self {
        Self { points: Arc::clone(&self.points), precision: self.precision, compared: Some(brute) }
    }

    /// The centres, with their metric.
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Their dtype.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

impl Operator for CenterDistances {
    const NAME: &'static str = "center_distances";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let mut out = Vec::with_capacity(inputs[0].rows() * self.points.len());
        let mut distances = Vec::new();
        let precision = match inputs[0] {
            Value::Floats(_, precision) => *precision,
            Value::Sparse(x) => match x.dtype {
                NumberType::Float(precision) => precision,
                NumberType::Int(_) => Precision::Double,
            },
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        // Two tables of float32 are computed in float64, and the squares rounded before their roots are taken.
        let precision = precision.promote(self.precision);
        let heap = match self.compared {
            Some(brute) => {
                let brute = Brute { precision: Some(precision), ..brute };
                brute.heap_for(&self.points, Some(precision), matches!(inputs[0], Value::Sparse(_)))?
            }
            None => None,
        };
        let of = heap.map_or(DistancesOf::Pairwise, |heap| heap.of);
        let mut finish = |distances: &[f64]| match heap {
            Some(_) => out.extend(distances),
            None => {
                let finish = |square: &f64| precision.round(self.points.metric.finish(precision.round(*square)));
                out.extend(distances.iter().map(finish));
            }
        };
        match inputs[0] {
            Value::Floats(x, _) => {
                for x in x.iter_rows() {
                    self.points.distances(x, false, of, &mut distances);
                    finish(&distances);
                }
            }
            Value::Sparse(csr) => {
                let mut x = vec![0.0; csr.cols];
                for row in 0..csr.rows {
                    let (columns, values) = csr.row(row);
                    for (&column, value) in columns.iter().zip(values) {
                        x[column as usize] += value;
                    }
                    self.points.distances(&x, true, of, &mut distances);
                    finish(&distances);
                    for &column in columns {
                        x[column as usize] = 0.0;
                    }
                }
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        }
        let precision = if heap.is_some() { Precision::Double } else { precision };
        Ok(Value::Floats(Matrix::new(inputs[0].rows(), self.points.len(), out), precision))
    }

    fn describe(&self) -> String {
        format!("{} centres", self.points.len())
    }
}
