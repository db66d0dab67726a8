//! `OrdinalEncoder.inverse_transform`.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Value};

/// From encoded values back to the numbers of categories.
#[derive(Debug)]
pub struct OrdinalInverse {
    /// One for each column.
    pub columns: Vec<OrdinalColumn>,
}

/// How the values of one column were encoded. Checked in the order of the fields.
#[derive(Debug)]
pub struct OrdinalColumn {
    /// The encoded missing value, and the index of the missing category.
    pub missing: Option<(f64, u32)>,
    /// The encoding of infrequent categories, and their code.
    pub infrequent: Option<(f64, u32)>,
    /// The encoding of unknown values, and their code.
    pub unknown: Option<(f64, u32)>,
    /// The index of the category of each code.
    pub codes: Vec<u32>,
}

impl OrdinalColumn {
    fn code(&self, value: f64) -> Option<u32> {
        let is = |value: f64, encoded: f64| value == encoded || (value.is_nan() && encoded.is_nan());
        // scikit-learn replaces it by the missing category's index, and continues.
        let value = match self.missing {
            Some((encoded, place)) if is(value, encoded) => f64::from(place),
            _ => value,
        };
        for (encoded, code) in [self.infrequent, self.unknown].into_iter().flatten() {
            if is(value, encoded) {
                return Some(code);
            }
        }
        if !value.is_finite() {
            return None;
        }
        // `astype('int64')`, then numpy's indexing, which counts negative indices from the end.
        #[expect(clippy::cast_possible_truncation, reason = "numpy's astype truncates as well")]
        let place = value as i64;
        let place = match usize::try_from(place) {
            Ok(place) => place,
            Err(_) => self.codes.len().checked_sub(usize::try_from(place.unsigned_abs()).ok()?)?,
        };
        self.codes.get(place).copied()
    }
}

impl Operator for OrdinalInverse {
    const NAME: &'static str = "ordinal_inverse";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let x = match inputs[0] {
            Value::Floats(x, _) => x.clone(),
            #[expect(clippy::cast_precision_loss, reason = "places of categories are small")]
            Value::Ints(x, _) => x.map(|&value| value as f64),
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let mut codes = Vec::with_capacity(x.data.len());
        for (row, values) in x.iter_rows().enumerate() {
            for (at, (&value, column)) in values.iter().zip(&self.columns).enumerate() {
                let code = column.code(value).ok_or_else(|| {
                    InputError::refused(format!("column {at} has no category with the number {value}")).in_row(row)
                })?;
                codes.push(i64::from(code));
            }
        }
        Ok(Value::Ints(Matrix::new(x.rows, self.columns.len(), codes), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("{} columns", self.columns.len())
    }
}
