//! The nearest of a few centres: `_k_means_lloyd`.

use std::sync::Arc;

use crate::InputError;
use crate::kernels::arch::vectorized;
use crate::kernels::panels::Panels;
use crate::kernels::row_square;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// The number of the nearest centre, the first of equals. What is compared is `c² - 2 x·c`, which orders the centres as
/// the distances do, rounded as scikit-learn's product of matrices rounds it.
#[derive(Debug)]
pub struct NearestCenter {
    /// (n_clusters, n_features).
    centers: Arc<Matrix<'static, f64>>,
    /// c² of each centre.
    squares: Vec<f64>,
    /// The centers again, in the layout for dense rows.
    panels: Panels,
    /// The dtype of the centres: scikit-learn's search takes rows of the same alone.
    precision: Precision,
    /// Centres and squares of `float32`, in which scikit-learn computes then.
    single: Option<(Vec<f32>, Vec<f32>)>,
    /// Whether dense rows may be of another dtype, as before 0.23.
    any_dense: bool,
}

impl NearestCenter {
    /// Among these centres, of that dtype.
    pub fn new(centers: &Arc<Matrix<'static, f64>>, precision: Precision, any_dense: bool) -> Self {
        let squares = centers.iter_rows().map(row_square::einsum).collect();
        let panels = Panels::new(centers);
        let single = (precision == Precision::Single && !any_dense).then(|| {
            let narrow: Vec<f32> = centers.data.iter().map(|&value| to_single(value)).collect();
            let squares = narrow.chunks(centers.cols.max(1)).map(row_square::einsum_single).collect();
            (narrow, squares)
        });
        Self { centers: Arc::clone(centers), squares, panels, precision, single, any_dense }
    }

    /// The centres, (n_clusters, n_features), and the square of each.
    pub fn centers(&self) -> (&Matrix<'static, f64>, &[f64]) {
        (&self.centers, &self.squares)
    }

    /// The least `c² - 2 x·c` of each row of `float32`, whose products are summed as BLAS sums them.
    fn of_single(&self, x: &Matrix<'_, f64>, centers: &[f32], squares: &[f32]) -> Vec<i64> {
        let mut row = Vec::with_capacity(x.cols);
        let mut nearest = |x: &[f64]| {
            row.clear();
            row.extend(x.iter().map(|&value| to_single(value)));
            let centers = centers.chunks(row.len().max(1));
            vectorized!(least(centers.zip(squares).map(
                #[inline(always)]
                |(center, square)| {
                    let product = row.iter().zip(center).fold(0.0, |sum: f32, (x, c)| x.mul_add(*c, sum));
                    f64::from(square - 2.0 * product)
                }
            )))
        };
        x.iter_rows().map(&mut nearest).collect()
    }
}

impl NearestCenter {
    /// The number of the nearest centre of each row.
    pub(super) fn numbers(&self, rows: &Value<'_>) -> Result<Vec<i64>, InputError> {
        let centers = || self.centers.iter_rows().zip(&self.squares);
        let same = match rows {
            Value::Floats(_, precision) => self.any_dense || *precision == self.precision,
            Value::Sparse(x) => x.dtype == NumberType::Float(self.precision),
            _ => true,
        };
        if !same {
            return Err(InputError::refused(
                "the rows and the cluster centers have different dtypes: float32 and float64",
            ));
        }
        Ok(match rows {
            Value::Floats(x, _) if let Some((centers, squares)) = &self.single => self.of_single(x, centers, squares),
            Value::Floats(x, _) => {
                let mut products = Vec::new();
                let mut nearest = |x: &[f64]| {
                    self.panels.products(x, &mut products);
                    least(products.iter().zip(&self.squares).map(|(product, square)| square - 2.0 * product))
                };
                x.iter_rows().map(&mut nearest).collect()
            }
            Value::Sparse(x) => (0..x.rows)
                .map(|row| {
                    let (columns, values) = x.row(row);
                    let pairs = || columns.iter().zip(values);
                    // In the dtype of both, which is the same.
                    let round = |value: f64| self.precision.round(value);
                    let dot =
                        |c: &[f64]| pairs().fold(0.0, |sum, (&column, x)| round(sum + round(c[column as usize] * x)));
                    let squares = self.single.as_ref().map(|(_, squares)| squares);
                    least(centers().enumerate().map(|(at, (c, square))| {
                        let square = squares.map_or(*square, |squares| f64::from(squares[at]));
                        round(square - 2.0 * dot(c))
                    }))
                })
                .collect(),
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }
}

impl Operator for NearestCenter {
    const NAME: &'static str = "nearest_center";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let numbers = self.numbers(inputs[0])?;
        Ok(Value::Ints(Matrix::new(numbers.len(), 1, numbers), IntKind::Int { bytes: 4, signed: true }))
    }

    fn describe(&self) -> String {
        format!("{} centres", self.centers.rows)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a `float32` block holds only what a `float32` can hold")]
fn to_single(value: f64) -> f32 {
    value as f32
}

/// The index of the smallest value, the first of equal ones.
fn least(values: impl Iterator<Item = f64>) -> i64 {
    let (mut best, mut at) = (f64::INFINITY, 0);
    for (index, value) in (0..).zip(values) {
        if index == 0 || value < best {
            (best, at) = (value, index);
        }
    }
    at
}
