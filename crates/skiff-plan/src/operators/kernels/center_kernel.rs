//! `KernelCenterer`: a kernel as if the rows of the fit had no mean.

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// `K - K_fit_rows_ - mean of the row + K_fit_all_`. (n, n_fit) → (n, n_fit).
#[derive(Debug)]
pub struct CenterKernel {
    /// `K_fit_rows_`, (n_fit,).
    pub rows: Vec<f64>,
    /// `K_fit_all_`
    pub all: f64,
}

impl Operator for CenterKernel {
    const NAME: &'static str = "center_kernel";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
        let count = self.rows.len() as f64;
        let round = |value| precision.round(value);
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            let mean = round(pairwise_sum_in(row, *precision) / count);
            let centered = row
                .iter()
                .zip(&self.rows)
                .map(|(value, of_column)| round(round(round(value - of_column) - mean) + self.all));
            data.extend(centered);
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{} rows", self.rows.len())
    }
}
