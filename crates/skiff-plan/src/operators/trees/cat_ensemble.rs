//! The trees of CatBoost: sums over leaves.

use std::ops::Range;
use std::sync::Arc;

use crate::InputError;
use crate::kernels::cat_trees::CatTrees;
use crate::operators::Operator;
use crate::value::{Matrix, Precision, Value};

/// `scale · (sum of one leaf of each tree) + bias`, in `float64`.
#[derive(Debug)]
pub struct CatEnsemble {
    /// All trees.
    pub trees: Arc<CatTrees>,
    /// How many columns rows have.
    pub width: usize,
    /// The trees that are asked.
    pub range: Range<usize>,
    /// What sums are multiplied by.
    pub scale: f64,
    /// What is added at last, to each column.
    pub bias: Vec<f64>,
}

impl Operator for CatEnsemble {
    const NAME: &'static str = "cat_ensemble";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else { return Err(InputError::wrong_kind("numbers", inputs[0])) };
        let columns = self.trees.columns;
        let mut sums = vec![0.0; x.rows * columns];
        if self.width > 0 {
            self.trees.add(&x.data, self.width, self.range.clone(), &mut sums);
        }
        for row in sums.chunks_exact_mut(columns) {
            for (sum, bias) in row.iter_mut().zip(&self.bias) {
                *sum = self.scale * *sum + bias;
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, columns, sums), Precision::Double))
    }

    fn describe(&self) -> String {
        let Range { start, end } = self.range;
        format!("trees {start} to {end} of {}, {} columns", self.trees.trees.len(), self.width)
    }

    fn block_rows(&self) -> Option<usize> {
        Some(1024)
    }
}
