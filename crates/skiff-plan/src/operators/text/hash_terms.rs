//! The hashing trick: columns by MurmurHash3.

use std::sync::Arc;

use skiff_files::Scalar;

use crate::InputError;
use crate::kernels::murmur3;
use crate::operator::Operator;
use crate::table::DictValue;
use crate::text::{Analyzer, Scratch};
use crate::types::ValueType;
use crate::value::{Csr, NumberType, Value};

/// Documents, or mappings, to sums of signs and values by hashed column.
#[derive(Debug)]
pub struct HashTerms {
    /// What makes terms of a document; `None` for mappings.
    pub analyzer: Option<Arc<Analyzer>>,
    /// `n_features`, at least 1.
    pub n_features: u32,
    /// `alternate_sign`: whether half of the terms count negatively.
    pub alternate_sign: bool,
    /// `non_negative`: whether sums lose their sign.
    pub non_negative: bool,
    /// `binary`: whether every stored sum becomes 1.
    pub binary: bool,
    /// `dtype`.
    pub dtype: NumberType,
}

/// The rows made so far.
struct Rows {
    indptr: Vec<usize>,
    indices: Vec<u32>,
    data: Vec<f64>,
}

impl HashTerms {
    fn hash(&self, name: &str, value: f64) -> (u32, f64) {
        let hash = murmur3::hash_x86_32(name.as_bytes(), 0);
        // The hash is a signed number to scikit-learn.
        let signed = hash.cast_signed();
        let value = if self.alternate_sign && signed < 0 { -value } else { value };
        (signed.unsigned_abs() % self.n_features, self.dtype.round(value))
    }

    /// Ends a row: `sum_duplicates`, which keeps sums of 0.
    fn finish(&self, terms: &mut [(u32, f64)], rows: &mut Rows) {
        terms.sort_by_key(|&(column, _)| column);
        for same in terms.chunk_by(|a, b| a.0 == b.0) {
            let sum = same.iter().map(|&(_, value)| value).reduce(|sum, value| self.dtype.round(sum + value));
            let sum = sum.unwrap_or_default();
            let sum = if self.non_negative { sum.abs() } else { sum };
            rows.indices.push(same[0].0);
            rows.data.push(if self.binary { 1.0 } else { sum });
        }
        rows.indptr.push(rows.indices.len());
    }

    /// The terms of each row.
    fn hash_rows(&self, input: &Value<'_>) -> Result<Rows, InputError> {
        let mut rows = Rows { indptr: vec![0], indices: Vec::new(), data: Vec::new() };
        let mut terms: Vec<(u32, f64)> = Vec::new();
        match (&self.analyzer, input) {
            (Some(analyzer), documents) => {
                let mut scratch = Scratch::default();
                analyzer.each_row(documents, |row| {
                    terms.clear();
                    row.analyze(analyzer, &mut scratch, &mut |term| terms.push(self.hash(term, 1.0)))?;
                    self.finish(&mut terms, &mut rows);
                    Ok(())
                })?;
            }
            (None, Value::Dicts(dicts)) => {
                let mut name = String::new();
                for (row, dict) in dicts.rows.iter().enumerate() {
                    terms.clear();
                    for (key, value) in dict {
                        let (name, value) = match value {
                            DictValue::One(Scalar::Str(text)) => {
                                name.clear();
                                name.extend([key, "=", text]);
                                (name.as_str(), 1.0)
                            }
                            DictValue::One(value) => {
                                let number = value.as_f64();
                                let refused = || InputError::refused(format!("`{value}` is not a number")).in_row(row);
                                (key.as_str(), number.ok_or_else(refused)?)
                            }
                            DictValue::Many(_) => {
                                return Err(InputError::refused("a value is a list, not a number").in_row(row));
                            }
                        };
                        if value != 0.0 {
                            terms.push(self.hash(name, value));
                        }
                    }
                    self.finish(&mut terms, &mut rows);
                }
            }
            (None, other) => return Err(InputError::wrong_kind("mappings", other)),
        }
        Ok(rows)
    }
}

impl Operator for HashTerms {
    const NAME: &'static str = "hash_terms";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = self.hash_rows(inputs[0])?;
        let count = rows.indptr.len() - 1;
        if count == 0 {
            return Err(InputError::refused("Cannot vectorize empty sequence."));
        }
        let (indptr, indices, data) = (rows.indptr.into(), rows.indices.into(), rows.data.into());
        let cols = self.n_features as usize;
        Ok(Value::Sparse(Csr { rows: count, cols, indptr, indices, data, dtype: self.dtype }))
    }

    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        let Some(empty) = inputs[0].empty() else { return Ok(ValueType::Unknown) };
        self.hash_rows(&empty)?;
        Ok(ValueType::Sparse { dtype: self.dtype, cols: self.n_features as usize })
    }

    fn describe(&self) -> String {
        format!("{} columns", self.n_features)
    }
}
