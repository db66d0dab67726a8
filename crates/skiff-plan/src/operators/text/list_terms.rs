//! `CountVectorizer.inverse_transform`: the terms whose counts are not 0.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::text::Terms;
use crate::value::{Matrix, TermLists, Value};

/// Rows of counts or weights to lists of terms, in the order of the columns.
#[derive(Debug)]
pub struct ListTerms {
    /// The term of each column.
    pub vocabulary: Arc<Terms>,
}

impl ListTerms {
    fn list(&self, rows: impl Iterator<Item = Vec<u32>>) -> Result<TermLists, InputError> {
        let (mut bounds, mut numbers) = (vec![0], Vec::new());
        for (row, terms) in rows.enumerate() {
            // scikit-learn does not compare the number of columns: only what is counted beyond them is an error.
            if let Some(column) = terms.iter().find(|&&column| column as usize >= self.vocabulary.len()) {
                let count = self.vocabulary.len();
                let what = format!("index {column} is out of bounds for a vocabulary of {count} terms");
                return Err(InputError::refused(what).in_row(row));
            }
            numbers.extend(terms);
            bounds.push(numbers.len());
        }
        Ok(TermLists { bounds, numbers, terms: Arc::clone(&self.vocabulary) })
    }
}

/// The columns of a row's numbers that are not 0.
fn counted<'m, T: Copy + PartialEq>(matrix: &'m Matrix<'_, T>, zero: T) -> impl Iterator<Item = Vec<u32>> + 'm {
    let columns =
        move |row: &[T]| (0..).zip(row).filter(|(_, value)| **value != zero).map(|(column, _)| column).collect();
    matrix.iter_rows().map(columns)
}

impl Operator for ListTerms {
    const NAME: &'static str = "list_terms";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let lists = match inputs[0] {
            Value::Floats(matrix, _) => self.list(counted(matrix, 0.0))?,
            Value::Ints(matrix, _) => self.list(counted(matrix, 0))?,
            Value::Sparse(csr) => self.list((0..csr.rows).map(|row| {
                let (indices, values) = csr.row(row);
                indices.iter().zip(values).filter(|(_, value)| **value != 0.0).map(|(&column, _)| column).collect()
            }))?,
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        Ok(Value::TermLists(lists))
    }

    fn describe(&self) -> String {
        format!("{} terms", self.vocabulary.len())
    }
}
