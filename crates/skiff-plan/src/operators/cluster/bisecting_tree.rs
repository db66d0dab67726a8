//! `BisectingKMeans.predict`: from the root of a tree of clusters to a leaf.

use super::NearestCenter;
use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, Value};

/// The label of the leaf that each row comes to, which at each node goes to the nearer of two centres. → (n, 1).
#[derive(Debug)]
pub struct BisectingTree {
    /// The nodes, each before its children; without any, all rows are in one cluster.
    pub splits: Vec<Split>,
    /// The label of the root, where it is a leaf.
    pub label: i64,
}

/// A node with two children.
#[derive(Debug)]
pub struct Split {
    /// Their centres.
    pub centers: NearestCenter,
    /// What they are.
    pub children: [Branch; 2],
}

/// A child of a node.
#[derive(Clone, Copy, Debug)]
pub enum Branch {
    /// A node further down, by its place among [`BisectingTree::splits`].
    Split(usize),
    /// A cluster with this label.
    Leaf(i64),
}

impl Operator for BisectingTree {
    const NAME: &'static str = "bisecting_tree";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let mut labels = vec![self.label; rows];
        let mut at_node: Vec<Vec<usize>> = vec![Vec::new(); self.splits.len()];
        if let Some(root) = at_node.first_mut() {
            root.extend(0..rows);
        }
        for (node, split) in self.splits.iter().enumerate() {
            let here = std::mem::take(&mut at_node[node]);
            if here.is_empty() && node > 0 {
                continue;
            }
            let sides = split.centers.numbers(&select_rows(inputs[0], &here)?)?;
            for (row, side) in here.into_iter().zip(sides) {
                match split.children[usize::from(side != 0)] {
                    Branch::Split(child) => at_node[child].push(row),
                    Branch::Leaf(label) => labels[row] = label,
                }
            }
        }
        Ok(Value::Ints(Matrix::new(rows, 1, labels), IntKind::Int { bytes: 4, signed: true }))
    }

    fn describe(&self) -> String {
        format!("{} splits", self.splits.len())
    }
}

/// Some rows of a table of numbers.
fn select_rows(value: &Value<'_>, rows: &[usize]) -> Result<Value<'static>, InputError> {
    Ok(match value {
        Value::Floats(x, precision) => {
            let data: Vec<f64> = rows.iter().flat_map(|&row| x.row(row).iter().copied()).collect();
            Value::Floats(Matrix::new(rows.len(), x.cols, data), *precision)
        }
        Value::Sparse(x) => {
            let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
            for &row in rows {
                let (columns, values) = x.row(row);
                indices.extend_from_slice(columns);
                data.extend_from_slice(values);
                indptr.push(data.len());
            }
            let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
            Value::Sparse(Csr { rows: rows.len(), cols: x.cols, indptr, indices, data, dtype: x.dtype })
        }
        other => return Err(InputError::wrong_kind("numbers", other)),
    })
}
