//! Rows onto components: principal component analysis.

use std::sync::Arc;

use crate::InputError;
use crate::kernels::dot;
use crate::kernels::fused::{self, Arranged};
use crate::operator::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// `(X - mean) · componentsᵀ / scale`, with the dtype of numpy's promotion.
#[derive(Debug)]
pub struct Project {
    /// `components_`, (n_components, n_features).
    pub components: Arc<Matrix<'static, f64>>,
    /// `mean_`, and when it is subtracted.
    pub center: Center,
    /// One divisor for each component; empty for none.
    pub scale: Vec<f64>,
    /// The dtype of `components_` and `mean_`.
    pub precision: Precision,
    /// `components`, as the kernel takes them.
    arranged: Arranged,
}

/// When the mean is subtracted.
#[derive(Clone, Debug, PartialEq)]
pub enum Center {
    /// From the rows: `X - mean_`. Sparse rows are an error.
    Rows(Vec<f64>),
    /// From the products: `X · componentsᵀ - mean_ · componentsᵀ`.
    Products(Vec<f64>),
}

impl Project {
    /// Of its parts, which are described at the fields.
    pub fn new(components: Arc<Matrix<'static, f64>>, center: Center, scale: Vec<f64>, precision: Precision) -> Self {
        Self { components, center, scale, precision, arranged: Arranged::default() }
    }

    fn products(&self, x: &Matrix<'_, f64>, precision: Precision) -> Vec<f64> {
        fused::matmul_transposed(x, &self.components, Some(&self.arranged), precision)
    }
}

impl Operator for Project {
    const NAME: &'static str = "project";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let floats;
        let input = match inputs[0] {
            Value::Ints(x, kind) => {
                #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
                let x = x.map(|&value| value as f64);
                floats = Value::Floats(x, kind.to_float());
                &floats
            }
            input => input,
        };
        let (mut products, precision) = match (input, &self.center) {
            (Value::Floats(x, precision), Center::Products(_)) => {
                let precision = precision.promote(self.precision);
                (self.products(x, precision), precision)
            }
            (Value::Floats(x, precision), Center::Rows(mean)) => {
                let precision = precision.promote(self.precision);
                let pairs = x.iter_rows().flat_map(|row| row.iter().zip(mean));
                let centered: Vec<f64> = pairs.map(|(x, mean)| precision.round(x - mean)).collect();
                (self.products(&Matrix::new(x.rows, x.cols, centered), precision), precision)
            }
            (Value::Sparse(x), Center::Products(_)) => {
                let precision = match x.dtype {
                    NumberType::Float(precision) => precision,
                    NumberType::Int(_) => Precision::Double,
                };
                let precision = precision.promote(self.precision);
                (dot::sparse_matmul_transposed(x, &self.components, precision), precision)
            }
            (other, _) => return Err(InputError::wrong_kind("a dense table of numbers", other)),
        };
        let offset = match &self.center {
            // The rows may be float64 with float32 components: the mean's product is float32 all the same.
            Center::Products(mean) if self.precision == Precision::Single => {
                self.components.iter_rows().map(|component| single_dot(mean, component)).collect()
            }
            Center::Products(mean) => {
                dot::matmul_transposed(&Matrix::new(1, mean.len(), mean.as_slice()), &self.components)
            }
            Center::Rows(_) => Vec::new(),
        };
        for row in products.chunks_exact_mut(self.components.rows.max(1)) {
            for (value, offset) in row.iter_mut().zip(&offset) {
                *value = precision.round(*value) - precision.round(*offset);
            }
            for (value, scale) in row.iter_mut().zip(&self.scale) {
                *value = precision.round(*value) / scale;
            }
            for value in row {
                *value = precision.round(*value);
            }
        }
        Ok(Value::Floats(Matrix::new(rows, self.components.rows, products), precision))
    }

    /// As [`Affine`](super::Affine).
    fn shows_what_is_not_finite(&self) -> bool {
        (1..=self.components.cols / 2).contains(&self.components.rows)
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.components.cols, self.components.rows)
    }
}

/// Σxy of float32 numbers, whose products are exact in `f64`, rounded once: in the middle of the results of BLAS's orders.
fn single_dot(x: &[f64], y: &[f64]) -> f64 {
    Precision::Single.round(x.iter().zip(y).map(|(x, y)| x * y).sum())
}
