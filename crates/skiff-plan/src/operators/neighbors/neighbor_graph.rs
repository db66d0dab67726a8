//! `kneighbors_graph`: neighbours as a sparse matrix.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, NumberType, Precision, Value};

/// One row for each row, one column for each point of the fit; stored are the neighbours, with 1 or with their
/// distance, in the order in which they were found. Inputs: the neighbours' numbers and, for distances, those.
#[derive(Debug)]
pub struct NeighborGraph {
    /// How many points there are.
    pub points: usize,
}

impl Operator for NeighborGraph {
    const NAME: &'static str = "neighbor_graph";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (indptr, indices): (Vec<usize>, Vec<u32>) = match inputs[0] {
            Value::Ints(neighbors, _) => {
                let indptr = (0..=neighbors.rows).map(|row| row * neighbors.cols).collect();
                (indptr, neighbors.data.iter().map(|&point| u32::try_from(point).unwrap_or(0)).collect())
            }
            Value::NumberLists(neighbors) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns are numbered so")]
                let indices = neighbors.numbers.iter().map(|&point| point as u32).collect();
                (neighbors.bounds.clone(), indices)
            }
            other => return Err(InputError::wrong_kind("neighbours", other)),
        };
        let (data, dtype) = match inputs.get(1) {
            None => (vec![1.0; indices.len()], NumberType::Float(Precision::Double)),
            Some(Value::Floats(distances, precision)) => (distances.data.to_vec(), NumberType::Float(*precision)),
            Some(Value::NumberLists(distances)) => (distances.numbers.clone(), distances.dtype),
            Some(other) => return Err(InputError::wrong_kind("distances", other)),
        };
        if data.len() != indices.len() {
            return Err(InputError::refused("not as many distances as neighbours"));
        }
        let rows = indptr.len() - 1;
        Ok(Value::Sparse(Csr {
            rows,
            cols: self.points,
            indptr: indptr.into(),
            indices: indices.into(),
            data: data.into(),
            dtype,
        }))
    }

    fn describe(&self) -> String {
        format!("{} points", self.points)
    }
}
