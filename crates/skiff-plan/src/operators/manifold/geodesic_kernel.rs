//! `Isomap.transform`: geodesic distances to the points of the fit, as a kernel.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// -d²/2 to each point, d being the least sum of the distance to a neighbour and the geodesic distance from there.
/// Inputs: the distances of the neighbours, their numbers, and the rows as they came, whose dtype counts. → (n, n_fit).
#[derive(Debug)]
pub struct GeodesicKernel {
    /// `dist_matrix_`, (n_fit, n_fit).
    pub distances: Matrix<'static, f64>,
    /// Its dtype.
    pub precision: Precision,
    /// Whether `float32` rows have a `float32` kernel.
    pub keeps_single: bool,
}

impl GeodesicKernel {
    /// The dtype of the kernel: a DataFrame and a list have no `dtype`.
    fn precision_for(&self, rows: &Value<'_>) -> Precision {
        let is_single = match rows {
            Value::Floats(_, precision) => *precision == Precision::Single,
            Value::Sparse(csr) => csr.dtype == NumberType::Float(Precision::Single),
            _ => false,
        };
        if is_single && self.keeps_single { Precision::Single } else { Precision::Double }
    }

    fn of_row(&self, neighbors: &[(usize, f64)], sum: Precision, out: Precision, kernel: &mut Vec<f64>) -> Option<()> {
        let start = kernel.len();
        for (at, &(point, distance)) in neighbors.iter().enumerate() {
            let beyond = (point < self.distances.rows).then(|| self.distances.row(point))?;
            let paths = beyond.iter().map(|beyond| sum.round(beyond + distance));
            if at == 0 {
                kernel.extend(paths);
                continue;
            }
            for (least, path) in kernel[start..].iter_mut().zip(paths) {
                // `np.min` keeps NaN.
                if path < *least || path.is_nan() {
                    *least = path;
                }
            }
        }
        for value in &mut kernel[start..] {
            let distance = out.round(*value);
            *value = out.round(out.round(distance * distance) * -0.5);
        }
        (!neighbors.is_empty()).then_some(())
    }
}

impl Operator for GeodesicKernel {
    const NAME: &'static str = "geodesic_kernel";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let out = self.precision_for(inputs[2]);
        let mut kernel = Vec::with_capacity(inputs[0].rows() * self.distances.cols);
        let mut neighbors = Vec::new();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of points are counts")]
        for row in 0..inputs[0].rows() {
            neighbors.clear();
            let found = match (inputs[0], inputs[1]) {
                (Value::Floats(distances, precision), Value::Ints(points, _)) => {
                    let points = points.row(row).iter().map(|&point| usize::try_from(point).unwrap_or(usize::MAX));
                    neighbors.extend(points.zip(distances.row(row).iter().copied()));
                    *precision
                }
                (Value::NumberLists(distances), Value::NumberLists(points)) => {
                    let points = points.row(row).iter().map(|&point| point as usize);
                    neighbors.extend(points.zip(distances.row(row).iter().copied()));
                    match distances.dtype {
                        NumberType::Float(precision) => precision,
                        NumberType::Int(_) => Precision::Double,
                    }
                }
                (_, other) => return Err(InputError::wrong_kind("neighbours", other)),
            };
            let whole = self.of_row(&neighbors, found.promote(self.precision), out, &mut kernel);
            whole.ok_or_else(|| InputError::refused("no neighbors within the radius").in_row(row))?;
        }
        Ok(Value::Floats(Matrix::new(inputs[0].rows(), self.distances.cols, kernel), out))
    }

    fn describe(&self) -> String {
        format!("{} points", self.distances.rows)
    }
}
