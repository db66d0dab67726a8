//! `SparsePCA.transform`: rows as combinations of components, by ridge regression.

use crate::InputError;
use crate::kernels::dot;
use crate::operator::{Operator, Scope};
use crate::value::{Matrix, NumberType, Precision, Value};

/// `ridge_regression(components_.T, (X - mean).T, alpha, solver='cholesky')`. (n, n_features) → (n, n_components).
#[derive(Debug)]
pub struct RidgeCode {
    /// `components_`, (n_components, n_features).
    components: Matrix<'static, f64>,
    /// Empty where rows are not centered.
    mean: Vec<f64>,
    /// The dtype of `mean`.
    mean_precision: Precision,
    /// The dtype of the components, and of what is returned.
    precision: Precision,
    /// The Cholesky factor, row by row: of the components' products where they are fewer than features, of the features'
    /// otherwise.
    factor: Matrix<'static, f64>,
    /// The components as columns.
    turned: Matrix<'static, f64>,
}

impl RidgeCode {
    /// `None` where the components depend on each other, so that scikit-learn leaves the Cholesky factor.
    pub fn new(
        components: Matrix<'static, f64>,
        precision: Precision,
        mean: Vec<f64>,
        mean_precision: Precision,
        alpha: f64,
    ) -> Option<Self> {
        let turned = components.transposed();
        let regressors = if components.rows > components.cols { &turned } else { &components };
        let size = regressors.rows;
        let mut products = dot::matmul_transposed(regressors, regressors);
        for at in 0..size {
            products[at * size + at] += alpha;
        }
        products.iter_mut().for_each(|value| *value = precision.round(*value));
        let factor = cholesky(Matrix::new(size, size, products))?;
        Some(Self { components, mean, mean_precision, precision, factor, turned })
    }

    /// How many columns rows have.
    pub fn n_features(&self) -> usize {
        self.components.cols
    }

    /// How many components there are.
    pub fn n_components(&self) -> usize {
        self.components.rows
    }

    /// What is subtracted from each feature; empty where rows are not centered.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The dtypes of the mean, and of the components and the codes.
    pub fn precisions(&self) -> (Precision, Precision) {
        (self.mean_precision, self.precision)
    }

    /// The code of each feature alone, (n_features, n_components): a row's code is its product with this matrix.
    pub fn codes_of_features(&self) -> Matrix<'static, f64> {
        let codes = (0..self.n_features()).flat_map(|feature| {
            let mut row = vec![0.0; self.n_features()];
            row[feature] = 1.0;
            self.code(&row)
        });
        Matrix::new(self.n_features(), self.n_components(), codes.collect::<Vec<_>>())
    }

    /// The code of a centered row.
    fn code(&self, row: &[f64]) -> Vec<f64> {
        let row = Matrix::new(1, row.len(), row);
        if self.components.rows > self.components.cols {
            let mut dual = row.data.to_vec();
            self.solve(&mut dual);
            let dual = Matrix::new(1, dual.len(), dual);
            return dot::matmul_transposed(&dual, &self.components);
        }
        let mut products = dot::matmul_transposed(&row, &self.components);
        self.solve(&mut products);
        products
    }

    /// `L·Lᵀ·x = values`, in place.
    fn solve(&self, values: &mut [f64]) {
        let n = values.len();
        for at in 0..n {
            let row = self.factor.row(at);
            let sum = (0..at).fold(values[at], |sum, before| sum - row[before] * values[before]);
            values[at] = sum / row[at];
        }
        for at in (0..n).rev() {
            let sum = (at + 1..n).fold(values[at], |sum, after| sum - self.factor.row(after)[at] * values[after]);
            values[at] = sum / self.factor.row(at)[at];
        }
    }
}

/// The lower factor of a symmetric matrix; `None` when it is not positive definite.
fn cholesky(mut matrix: Matrix<'static, f64>) -> Option<Matrix<'static, f64>> {
    let n = matrix.rows;
    let data = matrix.data.to_mut();
    for row in 0..n {
        for column in 0..=row {
            let sum = (0..column).fold(data[row * n + column], |sum, k| sum - data[row * n + k] * data[column * n + k]);
            if row == column {
                if !(sum > 0.0 && sum.is_finite()) {
                    return None;
                }
                data[row * n + row] = sum.sqrt();
            } else {
                data[row * n + column] = sum / data[column * n + column];
            }
        }
    }
    Some(matrix)
}

impl Operator for RidgeCode {
    const NAME: &'static str = "ridge_code";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("floats", inputs[0]));
        };
        let centered_precision = precision.promote(self.mean_precision);
        let mut x = x.clone().into_owned();
        if self.n_features() > 0 {
            for row in x.data.to_mut().chunks_exact_mut(self.n_features()) {
                for (value, mean) in row.iter_mut().zip(&self.mean) {
                    *value = centered_precision.round(*value - mean);
                }
                row.iter_mut().for_each(|value| *value = self.precision.round(*value));
            }
        }
        let mut codes = Vec::with_capacity(x.rows * self.n_components());
        for row in x.iter_rows() {
            codes.extend(self.code(row));
        }
        codes.iter_mut().for_each(|value| *value = self.precision.round(*value));
        Ok(Value::Floats(Matrix::new(x.rows, self.n_components(), codes), self.precision))
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.turned.rows, self.turned.cols)
    }
}

/// Each column by the root of its sum of squares over all rows of the call, as `SparsePCA` had it before 0.22 with
/// `normalize_components=False`.
#[derive(Debug)]
pub struct ScaleCodes;

impl Operator for ScaleCodes {
    const NAME: &'static str = "scale_codes";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(codes, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("floats", inputs[0]));
        };
        let mut squares = vec![0.0; codes.cols];
        for row in codes.iter_rows() {
            for (sum, value) in squares.iter_mut().zip(row) {
                *sum = precision.round(*sum + precision.round(value * value));
            }
        }
        let scales: Vec<f64> =
            squares.into_iter().map(|sum| if sum == 0.0 { 1.0 } else { precision.round(sum.sqrt()) }).collect();
        let rows = codes
            .iter_rows()
            .flat_map(|row| row.iter().zip(&scales).map(|(value, scale)| precision.round(value / scale)));
        Ok(Value::Floats(Matrix::new(codes.rows, codes.cols, rows.collect::<Vec<_>>()), *precision))
    }

    fn output_type(&self, inputs: &[&crate::types::ValueType]) -> Result<crate::types::ValueType, InputError> {
        let [crate::types::ValueType::Dense { dtype: NumberType::Float(_), .. }] = inputs else {
            return Ok(crate::types::ValueType::Unknown);
        };
        Ok(inputs[0].clone())
    }

    /// The sums are over all rows.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
