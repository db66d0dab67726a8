//! Counts the terms of a vocabulary in each document.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::text::{Analyzer, Scratch, Terms};
use crate::value::{Csr, IntKind, NumberType, Value};

/// Documents to counts.
#[derive(Debug)]
pub struct CountTerms {
    /// What makes terms of a document.
    pub analyzer: Arc<Analyzer>,
    /// The terms that are counted, by column.
    pub vocabulary: Arc<Terms>,
    /// Whether every count is 1.
    pub binary: bool,
    /// `dtype`.
    pub dtype: NumberType,
}

impl Operator for CountTerms {
    const NAME: &'static str = "count_terms";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let mut scratch = Scratch::default();
        let mut found: Vec<u32> = Vec::new();
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        self.analyzer.each_row(inputs[0], |row| {
            found.clear();
            row.analyze(&self.analyzer, &mut scratch, &mut |term| found.extend(self.vocabulary.find(term)))?;
            found.sort_unstable();
            for same in found.chunk_by(|a, b| a == b) {
                indices.push(same[0]);
                data.push(if self.binary { 1.0 } else { count(same.len(), self.dtype) });
            }
            indptr.push(indices.len());
            Ok(())
        })?;
        let (rows, cols) = (indptr.len() - 1, self.vocabulary.len());
        let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
        Ok(Value::Sparse(Csr { rows, cols, indptr, indices, data, dtype: self.dtype }))
    }

    fn describe(&self) -> String {
        format!("{} terms", self.vocabulary.len())
    }
}

/// A count in the dtype: narrow integers wrap around, as numpy's cast has it.
fn count(count: usize, dtype: NumberType) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no document has 2⁵³ terms")]
    let all = count as f64;
    match dtype {
        NumberType::Float(precision) => precision.round(all),
        NumberType::Int(IntKind::Bool) => 1.0,
        NumberType::Int(IntKind::Int { bytes, signed }) if bytes < 4 => {
            let range = f64::from(1_u32 << (8 * u32::from(bytes)));
            let wrapped = all % range;
            if signed && wrapped >= range / 2.0 { wrapped - range } else { wrapped }
        }
        NumberType::Int(_) => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Precision;

    #[test]
    fn counts_wrap_as_numpy_casts_them() {
        let int = |bytes, signed| NumberType::Int(IntKind::Int { bytes, signed });
        for (dtype, expected) in [
            (int(1, false), 44.0),
            (int(1, true), 44.0),
            (int(2, true), 300.0),
            (NumberType::Int(IntKind::Bool), 1.0),
            (NumberType::Float(Precision::Single), 300.0),
        ] {
            assert_eq!(count(300, dtype), expected);
        }
        assert_eq!(count(200, int(1, true)), -56.0);
    }
}
