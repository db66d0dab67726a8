//! `KernelDensity.score_samples`.

use crate::InputError;
use crate::kernels::tree_density::{DensityScratch, TreeDensity};
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The logarithm of the density around each row of the points of a tree. (n, n_features) → (n, 1).
#[derive(Debug)]
pub struct KernelDensity {
    /// The points, and what a kernel makes of distances to them.
    pub density: TreeDensity,
}

impl Operator for KernelDensity {
    const NAME: &'static str = "kernel_density";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let mut scratch = DensityScratch::default();
        let scores: Vec<f64> = x.iter_rows().map(|row| self.density.log_density(row, &mut scratch)).collect();
        Ok(Value::Floats(Matrix::new(scores.len(), 1, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} points", self.density.points())
    }
}
