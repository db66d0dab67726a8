//! `AdditiveChi2Sampler`: features whose products approximate a kernel.

use std::f64::consts::PI;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

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
    /// The numbers of all blocks for one number that is not 0.
    fn values(&self, x: f64) -> impl Iterator<Item = f64> + use<> {
        let (steps, interval) = (self.steps, self.interval);
        let (log_step, step) = (interval * x.ln(), 2.0 * x * interval);
        let waves = (1..steps).flat_map(move |j| {
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let j = j as f64;
            let factor = (step / (PI * j * interval).cosh()).sqrt();
            [factor * (j * log_step).cos(), factor * (j * log_step).sin()]
        });
        std::iter::once((x * interval).sqrt()).chain(waves)
    }
}

impl Operator for AdditiveChi2 {
    const NAME: &'static str = "additive_chi2";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let negative = || InputError::refused("Negative values in data passed to X in AdditiveChi2Sampler.transform");
        let blocks = 2 * self.steps - 1;
        match inputs[0] {
            Value::Floats(x, precision) => {
                let width = x.cols * blocks;
                let mut data = vec![0.0; x.rows * width];
                for (number, (row, out)) in x.iter_rows().zip(data.chunks_exact_mut(width.max(1))).enumerate() {
                    for (column, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                        if value < 0.0 {
                            return Err(negative().in_row(number));
                        }
                        for (block, value) in self.values(value).enumerate() {
                            out[block * x.cols + column] = precision.round(value);
                        }
                    }
                }
                Ok(Value::Floats(Matrix::new(x.rows, width, data), *precision))
            }
            Value::Ints(x, kind) => {
                check_size(*kind)?;
                #[expect(clippy::cast_precision_loss, reason = "as numpy casts")]
                let floats = Value::Floats(x.map(|&value| value as f64), Precision::Double);
                let Value::Floats(found, _) = self.run(&[&floats])? else {
                    return Err(InputError::wrong_kind("numbers", inputs[0]));
                };
                Ok(Value::Ints(found.map(|&value| cut(value, *kind)), *kind))
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
                    let all: Vec<Vec<f64>> = values.iter().map(|&value| self.values(value).collect()).collect();
                    for block in 0..blocks {
                        let first = u32::try_from(block * x.cols).unwrap_or(u32::MAX);
                        indices.extend(columns.iter().map(|column| first + column));
                        data.extend(all.iter().map(|values| match x.dtype {
                            #[expect(clippy::cast_precision_loss, reason = "whole numbers that were floats")]
                            NumberType::Int(kind) => cut(values[block], kind) as f64,
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

/// A float as an element of an array of integers.
#[expect(clippy::cast_possible_truncation, reason = "to cut is the purpose")]
fn cut(value: f64, kind: IntKind) -> i64 {
    match kind {
        IntKind::Bool => i64::from(value != 0.0),
        _ => kind.wrap(value as i64),
    }
}
