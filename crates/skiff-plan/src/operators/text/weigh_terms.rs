//! `TfidfTransformer.transform`: the logarithm of counts, the weight of terms, the length of rows.

use std::sync::Arc;

use crate::operator::Operator;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};
use crate::{InputError, InputErrorKind};

/// Counts to weights.
#[derive(Debug)]
pub struct WeighTerms {
    /// `sublinear_tf`: 1 + ln(count).
    pub sublinear: bool,
    /// What each term's count is multiplied by.
    pub idf: Option<TermWeights>,
    /// `norm`: what each row is divided by.
    pub norm: Option<RowNorm>,
    /// Whether dense rows become `float64` (before scikit-learn 1.5).
    pub dense_is_double: bool,
    /// The estimator named in errors about rows that cannot be normalized.
    pub estimator: String,
}

/// `idf_`
#[derive(Clone, Debug)]
pub struct TermWeights {
    /// One for each column.
    pub values: Arc<[f64]>,
    /// Their dtype.
    pub precision: Precision,
    /// Whether they were a diagonal matrix (before scikit-learn 1.5): the product has the wider dtype, no zeros, and
    /// its elements in reverse order, which decides the last bit of the norm.
    pub is_matrix: bool,
}

/// `norm`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowNorm {
    /// The sum of absolute values.
    L1,
    /// The root of the sum of squares.
    L2,
}

impl WeighTerms {
    fn weigh(&self, rows: &Csr<'_>) -> Result<Csr<'static>, InputError> {
        let mut precision = match rows.dtype {
            NumberType::Float(precision) => precision,
            NumberType::Int(_) => Precision::Double,
        };
        let mut data = rows.data.to_vec();
        let mut indices = rows.indices.to_vec();
        let mut indptr = rows.indptr.to_vec();
        if self.sublinear {
            for value in &mut data {
                *value = match precision {
                    Precision::Double => value.ln() + 1.0,
                    #[expect(clippy::cast_possible_truncation, reason = "a float32 block holds such values only")]
                    Precision::Single => f64::from((*value as f32).ln() + 1.0),
                };
            }
        }
        let reversed = self.idf.as_ref().is_some_and(|idf| idf.is_matrix);
        if let Some(idf) = &self.idf {
            if idf.is_matrix {
                precision = precision.promote(idf.precision);
            }
            for (value, &column) in data.iter_mut().zip(&indices) {
                *value = precision.round(*value * idf.values[column as usize]);
            }
            if idf.is_matrix {
                drop_zeros(&mut indptr, &mut indices, &mut data);
            }
        }
        if let Some(norm) = self.norm {
            self.check_finite(&data, precision)?;
            for bounds in indptr.windows(2) {
                norm.divide(&mut data[bounds[0]..bounds[1]], precision, reversed);
            }
        }
        let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
        Ok(Csr { rows: rows.rows, cols: rows.cols, indptr, indices, data, dtype: NumberType::Float(precision) })
    }

    /// `normalize` validates the result of the logarithm and the weights again.
    fn check_finite(&self, data: &[f64], precision: Precision) -> Result<(), InputError> {
        let dtype = if precision == Precision::Single { "float32" } else { "float64" };
        let kind = if data.iter().any(|value| value.is_nan()) {
            InputErrorKind::ContainsNan
        } else if data.iter().any(|value| value.is_infinite()) {
            InputErrorKind::ContainsInfinity { dtype }
        } else {
            return Ok(());
        };
        Err(InputError::new(kind).by(&self.estimator))
    }
}

impl RowNorm {
    fn divide(self, row: &mut [f64], precision: Precision, reversed: bool) {
        // A float32 square is rounded before it is added to the float64 sum.
        let part = |value: &f64| match self {
            Self::L1 => value.abs(),
            Self::L2 => precision.round(value * value),
        };
        let sum: f64 = if reversed {
            row.iter().rev().map(part).fold(0.0, |sum, part| sum + part)
        } else {
            row.iter().map(part).fold(0.0, |sum, part| sum + part)
        };
        if sum == 0.0 {
            return;
        }
        let norm = if self == Self::L2 { sum.sqrt() } else { sum };
        for value in row {
            *value = precision.round(*value / norm);
        }
    }
}

fn drop_zeros(indptr: &mut [usize], indices: &mut Vec<u32>, data: &mut Vec<f64>) {
    if !data.contains(&0.0) {
        return;
    }
    let mut kept = 0;
    let mut start = 0;
    for bound in indptr.iter_mut().skip(1) {
        for at in start..*bound {
            if data[at] != 0.0 {
                (indices[kept], data[kept]) = (indices[at], data[at]);
                kept += 1;
            }
        }
        start = *bound;
        *bound = kept;
    }
    indices.truncate(kept);
    data.truncate(kept);
}

/// `csr_matrix(dense)`: what is not 0.
fn to_sparse(matrix: &Matrix<'_, f64>, dtype: NumberType) -> Csr<'static> {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for row in matrix.iter_rows() {
        for (column, &value) in (0_u32..).zip(row) {
            if value != 0.0 {
                indices.push(column);
                data.push(value);
            }
        }
        indptr.push(data.len());
    }
    let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
    Csr { rows: matrix.rows, cols: matrix.cols, indptr, indices, data, dtype }
}

impl Operator for WeighTerms {
    const NAME: &'static str = "weigh_terms";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = match inputs[0] {
            Value::Sparse(rows) => self.weigh(rows)?,
            Value::Floats(matrix, precision) => {
                let precision = if self.dense_is_double { Precision::Double } else { *precision };
                self.weigh(&to_sparse(matrix, NumberType::Float(precision)))?
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        Ok(Value::Sparse(rows))
    }

    fn describe(&self) -> String {
        let parts = [
            self.sublinear.then(|| "1 + ln(count)".to_owned()),
            self.idf.as_ref().map(|idf| format!("{} weights", idf.values.len())),
            self.norm.map(|norm| format!("norm {norm:?}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
