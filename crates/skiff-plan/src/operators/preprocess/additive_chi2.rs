//! `AdditiveChi2Sampler`: features whose products approximate a kernel.

use std::f64::consts::PI;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Value};

/// The root of each number, and for each further step a cosine and a sine of its logarithm. (n, f) →
/// (n, f (2 steps - 1)), dense or sparse. Of integers come integers, cut: scikit-learn writes into an array like the rows.
#[derive(Debug)]
pub struct AdditiveChi2 {
    /// `sample_steps`, at least 1.
    pub steps: usize,
    /// `sample_interval`
    pub interval: f64,
}

impl AdditiveChi2 {
    /// The numbers of all blocks for one number that is not 0, and which is doubled in the dtype of the rows.
    fn values(&self, x: f64, dtype: NumberType) -> impl Iterator<Item = f64> + use<> {
        let (steps, interval) = (self.steps, self.interval);
        let doubled = match dtype {
            #[expect(clippy::cast_possible_truncation, reason = "an integer")]
            NumberType::Int(kind) if kind != IntKind::Bool => kind.to_f64((x as i64).wrapping_mul(2)),
            _ => 2.0 * x,
        };
        let (log_step, step) = (interval * x.ln(), doubled * interval);
        let waves = (1..steps).flat_map(move |j| {
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let j = j as f64;
            let factor = (step / (PI * j * interval).cosh()).sqrt();
            [factor * (j * log_step).cos(), factor * (j * log_step).sin()]
        });
        std::iter::once((x * interval).sqrt()).chain(waves)
    }

    /// The blocks of dense rows, row by row.
    fn dense(&self, x: &Matrix<'_, f64>, dtype: NumberType) -> Result<Vec<f64>, InputError> {
        let width = x.cols * (2 * self.steps - 1);
        let mut data = vec![0.0; x.rows * width];
        for (number, (row, out)) in x.iter_rows().zip(data.chunks_exact_mut(width.max(1))).enumerate() {
            for (column, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                if value < 0.0 {
                    return Err(negative().in_row(number));
                }
                for (block, value) in self.values(value, dtype).enumerate() {
                    out[block * x.cols + column] = dtype.round(value);
                }
            }
        }
        Ok(data)
    }
}

fn negative() -> InputError {
    InputError::refused("Negative values in data passed to X in AdditiveChi2Sampler.transform")
}

impl Operator for AdditiveChi2 {
    const NAME: &'static str = "additive_chi2";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let blocks = 2 * self.steps - 1;
        match inputs[0] {
            Value::Floats(x, precision) => {
                let data = self.dense(x, NumberType::Float(*precision))?;
                Ok(Value::Floats(Matrix::new(x.rows, x.cols * blocks, data), *precision))
            }
            Value::Ints(x, kind) => {
                check_size(*kind)?;
                let data = self.dense(&x.map(|&value| kind.to_f64(value)), NumberType::Int(*kind))?;
                let data: Vec<i64> = data.into_iter().map(|value| kind.cast(value)).collect();
                Ok(Value::Ints(Matrix::new(x.rows, x.cols * blocks, data), *kind))
            }
            Value::Sparse(x) => {
                if let NumberType::Int(kind) = x.dtype {
                    check_size(kind)?;
                }
                let (mut indices, mut data, mut indptr) = (Vec::new(), Vec::new(), vec![0]);
                let too_wide = || InputError::refused("a sparse matrix of more than 2³² columns");
                u32::try_from(x.cols.saturating_mul(blocks)).map_err(|_| too_wide())?;
                for row in 0..x.rows {
                    let (columns, values) = x.row(row);
                    if values.iter().any(|&value| value < 0.0) {
                        return Err(negative().in_row(row));
                    }
                    let all: Vec<Vec<f64>> =
                        values.iter().map(|&value| self.values(value, x.dtype).collect()).collect();
                    for block in 0..blocks {
                        let first = u32::try_from(block * x.cols).unwrap_or(u32::MAX);
                        indices.extend(columns.iter().map(|column| first + column));
                        data.extend(all.iter().map(|values| match x.dtype {
                            NumberType::Int(kind) => kind.to_f64(kind.cast(values[block])),
                            NumberType::Float(precision) => precision.round(values[block]),
                        }));
                    }
                    indptr.push(data.len());
                }
                let (rows, cols) = (x.rows, x.cols * blocks);
                Ok(Value::Sparse(Csr {
                    rows,
                    cols,
                    indptr: indptr.into(),
                    indices: indices.into(),
                    data: data.into(),
                    dtype: x.dtype,
                }))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{} steps of {}", self.steps, self.interval)
    }
}

/// numpy takes the logarithms of small integers as `float16` and `float32`.
fn check_size(kind: IntKind) -> Result<(), InputError> {
    match kind {
        IntKind::Int { bytes: 1 | 2, .. } => {
            Err(InputError::refused("integers of 8 or 16 bits, whose logarithms are rounded"))
        }
        _ => Ok(()),
    }
}
