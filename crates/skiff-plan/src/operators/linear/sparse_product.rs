//! The product of sparse rows with a sparse matrix, which is sparse.

use std::sync::Arc;

use super::Affine;
use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, NumberType, Precision, Value};

/// `X · coefᵀ`: of sparse rows a sparse matrix, which stores a number wherever both have one at the same index. Of dense
/// rows as [`Affine`]. (n, n_features) → (n, n_outputs).
#[derive(Debug)]
pub struct SparseProduct {
    /// The matrix, without an intercept.
    pub affine: Arc<Affine>,
}

impl Operator for SparseProduct {
    const NAME: &'static str = "sparse_product";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Sparse(x) = inputs[0] else { return self.affine.run(inputs) };
        let coef = &self.affine.coef;
        let precision = match x.dtype {
            NumberType::Float(precision) => precision.promote(self.affine.precision),
            NumberType::Int(_) => Precision::Double,
        };
        let (mut indices, mut data, mut indptr) = (Vec::new(), Vec::new(), vec![0]);
        for row in 0..x.rows {
            let (columns, values) = x.row(row);
            for (output, weights) in (0_u32..).zip(coef.iter_rows()) {
                let terms = columns.iter().zip(values).map(|(&column, value)| (value, weights[column as usize]));
                let mut terms = terms.filter(|(_, weight)| *weight != 0.0).peekable();
                if terms.peek().is_some() {
                    indices.push(output);
                    data.push(precision.round(terms.fold(0.0, |sum, (value, weight)| sum + value * weight)));
                }
            }
            indptr.push(data.len());
        }
        Ok(Value::Sparse(Csr {
            rows: x.rows,
            cols: coef.rows,
            indptr: indptr.into(),
            indices: indices.into(),
            data: data.into(),
            dtype: NumberType::Float(precision),
        }))
    }

    fn describe(&self) -> String {
        self.affine.describe()
    }
}
