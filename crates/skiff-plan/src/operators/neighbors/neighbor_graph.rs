//! `kneighbors_graph`: neighbours as a sparse matrix.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, NumberType, Precision, Value};

/// One row for each row, one column for each point of the fit; stored are the neighbours, with 1 or with their
/// distance. Inputs: the neighbours' numbers and, for distances, those. Columns ascend.
#[derive(Debug)]
pub struct NeighborGraph {
    /// How many points there are.
    pub points: usize,
}

impl Operator for NeighborGraph {
    const NAME: &'static str = "neighbor_graph";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(neighbors, _) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let (distances, precision) = match inputs.get(1) {
            None => (None, Precision::Double),
            Some(Value::Floats(distances, precision)) => (Some(distances), *precision),
            Some(other) => return Err(InputError::wrong_kind("distances", other)),
        };
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        let mut row_entries = Vec::with_capacity(neighbors.cols);
        for (row, points) in neighbors.iter_rows().enumerate() {
            row_entries.clear();
            row_entries.extend(points.iter().enumerate().map(|(at, &point)| {
                let value = distances.map_or(1.0, |distances| distances.row(row)[at]);
                (u32::try_from(point).unwrap_or(0), value)
            }));
            row_entries.sort_by_key(|entry: &(u32, f64)| entry.0);
            indices.extend(row_entries.iter().map(|entry| entry.0));
            data.extend(row_entries.iter().map(|entry| entry.1));
            indptr.push(data.len());
        }
        Ok(Value::Sparse(Csr {
            rows: neighbors.rows,
            cols: self.points,
            indptr: indptr.into(),
            indices: indices.into(),
            data: data.into(),
            dtype: NumberType::Float(precision),
        }))
    }

    fn describe(&self) -> String {
        format!("{} points", self.points)
    }
}
