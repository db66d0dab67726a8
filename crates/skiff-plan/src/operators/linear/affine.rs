//! `X · coefᵀ + intercept`.

use crate::InputError;
use crate::kernels::dot;
use crate::kernels::fused::{self, Arranged};
use crate::operator::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// The linear predictor: dense or sparse rows times the transpose of `coef`, plus `intercept`.
#[derive(Debug)]
pub struct Affine {
    /// (n_outputs, n_features).
    pub coef: Matrix<'static, f64>,
    /// One for each output; empty for none.
    pub intercept: Vec<f64>,
    /// The dtype of `coef` and `intercept`: the result is `float32` only if the rows are `float32` as well.
    pub precision: Precision,
    /// `coef`, as the kernel takes it.
    arranged: Arranged,
}

impl Affine {
    /// Of its parts, which are described at the fields.
    pub fn new(coef: Matrix<'static, f64>, intercept: Vec<f64>, precision: Precision) -> Self {
        Self { coef, intercept, precision, arranged: Arranged::default() }
    }

    /// Several scores are compared with each other, so equal ones must come out equal where BLAS's do; a single one is a
    /// product of a matrix and a vector, which BLAS sums in an order that differs from processor to processor.
    fn dense(&self, x: &Matrix<'_, f64>, precision: Precision) -> Vec<f64> {
        match self.coef.rows {
            0 | 1 => dot::matmul_transposed(x, &self.coef),
            _ => fused::matmul_transposed(x, &self.coef, Some(&self.arranged), precision.promote(self.precision)),
        }
    }
}

impl Operator for Affine {
    const NAME: &'static str = "affine";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let outputs = self.coef.rows;
        let (mut product, precision) = match inputs[0] {
            Value::Floats(x, precision) => (self.dense(x, *precision), *precision),
            Value::Ints(x, kind) => {
                #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
                let x = x.map(|&value| value as f64);
                (self.dense(&x, kind.to_float()), kind.to_float())
            }
            Value::Sparse(x) => {
                let precision = match x.dtype {
                    NumberType::Float(precision) => precision,
                    NumberType::Int(kind) => kind.to_float(),
                };
                (dot::sparse_matmul_transposed(x, &self.coef, precision.promote(self.precision)), precision)
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let precision = precision.promote(self.precision);
        if !self.intercept.is_empty() {
            for row in product.chunks_exact_mut(outputs) {
                for (value, intercept) in row.iter_mut().zip(&self.intercept) {
                    *value += intercept;
                }
            }
        }
        if precision == Precision::Single {
            for value in &mut product {
                *value = precision.round(*value);
            }
        }
        Ok(Value::Floats(Matrix::new(inputs[0].rows(), outputs, product), precision))
    }

    /// Every output is a sum with a product of every feature: of NaN it is NaN, of infinity infinite or NaN.
    fn shows_what_is_not_finite(&self) -> bool {
        (1..=self.coef.cols / 2).contains(&self.coef.rows)
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.coef.cols, self.coef.rows)
    }
}
