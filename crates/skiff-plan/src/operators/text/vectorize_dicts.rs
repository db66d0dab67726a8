//! `DictVectorizer`: mappings to columns and back.

use std::sync::Arc;

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::table::{DictValue, Dicts};
use crate::text::Terms;
use crate::types::ValueType;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// Mappings to rows.
#[derive(Debug)]
pub struct VectorizeDicts {
    /// `vocabulary_`: the feature of each column.
    pub vocabulary: Arc<Terms>,
    /// `separator`, between the name of a feature and its text.
    pub separator: String,
    /// `dtype`
    pub dtype: NumberType,
    /// Whether `None` is NaN: to numpy's float types it is, to Python's `float` it is an error.
    pub none_is_nan: bool,
    /// `sparse`, and the treatment of repeated features in dense rows.
    pub layout: DictLayout,
    /// Whether a value may be a list of texts (from scikit-learn 0.24).
    pub takes_lists: bool,
}

/// The output for mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DictLayout {
    /// A sparse matrix.
    Sparse,
    /// Dense rows, in which what is there twice is added.
    Dense,
    /// Dense rows, in which the later value counts (before scikit-learn 1.0).
    DenseLast,
}

impl VectorizeDicts {
    fn row(
        &self,
        dict: &[(String, DictValue)],
        name: &mut String,
        out: &mut Vec<(u32, f64)>,
    ) -> Result<(), InputError> {
        let mut add_text = |key: &str, text: &str, out: &mut Vec<(u32, f64)>| {
            name.clear();
            name.extend([key, &self.separator, text]);
            out.extend(self.vocabulary.find(name).map(|column| (column, 1.0)));
        };
        for (key, value) in dict {
            match value {
                DictValue::One(Scalar::Str(text)) => add_text(key, text, out),
                DictValue::One(value) => {
                    // Whatever it is, what the fit has not seen is passed over.
                    let column = self.vocabulary.find(key);
                    if value.as_f64().is_none() && *value != Scalar::None {
                        return Err(InputError::refused(format!("unsupported value for `{key}`: `{value}`")));
                    }
                    if let Some(column) = column {
                        out.push((column, self.number(key, value)?));
                    }
                }
                DictValue::Many(_) if !self.takes_lists => {
                    return Err(InputError::refused(format!("a list as the value for `{key}`")));
                }
                DictValue::Many(items) => {
                    for item in items {
                        let Scalar::Str(text) = item else {
                            let what = "Unsupported type in iterable value. Only iterables of string are supported.";
                            return Err(InputError::refused(what));
                        };
                        add_text(key, text, out);
                    }
                }
            }
        }
        Ok(())
    }

    /// `dtype(value)`
    fn number(&self, key: &str, value: &Scalar) -> Result<f64, InputError> {
        let refused = || InputError::refused(format!("the value for `{key}` is not a number: `{value}`"));
        match (self.dtype, value) {
            (NumberType::Float(_), Scalar::None) if self.none_is_nan => Ok(f64::NAN),
            (NumberType::Float(precision), _) => value.as_f64().map(|value| precision.round(value)).ok_or_else(refused),
            (NumberType::Int(kind), _) => {
                let number = value.as_f64().ok_or_else(refused)?;
                match kind {
                    IntKind::Bool => Ok(f64::from(number != 0.0)),
                    IntKind::Int { bytes, signed } => {
                        let bits = 8 * i32::from(bytes) - i32::from(signed);
                        // Every integer below 2⁵³ is a float64; larger ones cannot be distinguished here.
                        let bound = 2.0_f64.powi(bits.min(53));
                        let whole = number.trunc();
                        let least = if signed { -bound } else { 0.0 };
                        if (least..bound).contains(&whole) { Ok(whole) } else { Err(refused()) }
                    }
                }
            }
        }
    }
}

impl Operator for VectorizeDicts {
    const NAME: &'static str = "vectorize_dicts";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Dicts(dicts) = inputs[0] else { return Err(InputError::wrong_kind("mappings", inputs[0])) };
        if dicts.is_empty() && self.layout != DictLayout::DenseLast {
            return Err(InputError::refused("Sample sequence X is empty."));
        }
        let (rows, cols) = (dicts.len(), self.vocabulary.len());
        let (mut name, mut found) = (String::new(), Vec::new());
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        for (row, dict) in dicts.rows.iter().enumerate() {
            found.clear();
            self.row(dict, &mut name, &mut found).map_err(|error| error.in_row(row))?;
            found.sort_by_key(|&(column, _)| column);
            for &(column, value) in &found {
                match (self.layout, indices.last()) {
                    (DictLayout::DenseLast, Some(&last)) if last == column && indptr[row] < indices.len() => {
                        data.pop();
                    }
                    _ => indices.push(column),
                }
                data.push(value);
            }
            indptr.push(indices.len());
        }
        let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
        let csr = Csr { rows, cols, indptr, indices, data, dtype: self.dtype };
        if self.layout == DictLayout::Sparse {
            return Ok(Value::Sparse(csr));
        }
        let dense = csr.to_dense();
        Ok(match self.dtype {
            NumberType::Float(precision) => Value::Floats(dense.map(|&value| precision.round(value)), precision),
            NumberType::Int(kind) => {
                #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2⁵³, by `number`")]
                let ints = dense.map(|&value| value as i64);
                Value::Ints(ints, kind)
            }
        })
    }

    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        let cols = self.vocabulary.len();
        match (inputs[0].empty(), self.layout) {
            (None, _) => Ok(ValueType::Unknown),
            (Some(Value::Dicts(_)), DictLayout::Sparse) => Ok(ValueType::Sparse { dtype: self.dtype, cols }),
            (Some(Value::Dicts(_)), _) => Ok(ValueType::Dense { dtype: self.dtype, cols }),
            (Some(other), _) => Err(InputError::wrong_kind("mappings", &other)),
        }
    }

    fn describe(&self) -> String {
        format!("{} features, {:?}", self.vocabulary.len(), self.layout)
    }
}

/// Rows to mappings.
#[derive(Debug)]
pub struct UnvectorizeDicts {
    /// `feature_names_`
    pub names: Arc<Terms>,
}

impl UnvectorizeDicts {
    fn name(&self, column: usize) -> Result<String, InputError> {
        let name = self.names.get(column).map(str::to_owned);
        name.ok_or_else(|| InputError::refused(format!("there is no feature {column}: only {}", self.names.len())))
    }

    fn dense<T: Copy + Clone>(
        &self,
        matrix: &Matrix<'_, T>,
        scalar: impl Fn(T) -> Option<Scalar>,
    ) -> Result<Vec<Vec<(String, DictValue)>>, InputError> {
        let row = |row: &[T]| {
            let cells = row.iter().enumerate().filter_map(|(column, &value)| Some((column, scalar(value)?)));
            cells.map(|(column, value)| Ok((self.name(column)?, DictValue::One(value)))).collect()
        };
        matrix.iter_rows().map(row).collect()
    }
}

impl Operator for UnvectorizeDicts {
    const NAME: &'static str = "unvectorize_dicts";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let float = |value: f64| (value != 0.0).then_some(Scalar::Float(value));
        #[expect(clippy::cast_possible_truncation, reason = "sparse integers are whole numbers")]
        let int = |value: f64| (value != 0.0).then_some(Scalar::Int(value as i64));
        let rows = match inputs[0] {
            Value::Floats(matrix, _) => self.dense(matrix, float)?,
            Value::Ints(matrix, _) => self.dense(matrix, |value| (value != 0).then_some(Scalar::Int(value)))?,
            Value::Sparse(csr) => {
                let mut rows = Vec::with_capacity(csr.rows);
                for row in 0..csr.rows {
                    let (indices, values) = csr.row(row);
                    let mut dict: Vec<(String, DictValue)> = Vec::new();
                    let mut cells: Vec<(u32, f64)> = indices.iter().copied().zip(values.iter().copied()).collect();
                    cells.sort_by_key(|&(column, _)| column);
                    for same in cells.chunk_by(|a, b| a.0 == b.0) {
                        if same.iter().all(|&(_, value)| value == 0.0) {
                            continue;
                        }
                        let sum: f64 = same.iter().map(|&(_, value)| value).sum();
                        let value = match csr.dtype {
                            NumberType::Float(Precision::Single | Precision::Double) => Some(Scalar::Float(sum)),
                            NumberType::Int(_) => int(sum),
                        };
                        if let Some(value) = value {
                            dict.push((self.name(same[0].0 as usize)?, DictValue::One(value)));
                        }
                    }
                    rows.push(dict);
                }
                rows
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        Ok(Value::Dicts(Dicts { rows: rows.into() }))
    }

    fn describe(&self) -> String {
        format!("{} features", self.names.len())
    }
}
