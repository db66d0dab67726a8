//! The trees of LightGBM and XGBoost: sums over leaves, and the leaves themselves.

use std::ops::Range;
use std::sync::Arc;

use crate::kernels::boosted_trees::{BoostedTrees, TreeRows};
use crate::operators::Operator;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};
use crate::{InputError, InputErrorKind};

/// Asks some of the trees of a boosting for each row.
#[derive(Debug)]
pub struct BoostedEnsemble {
    /// All trees.
    pub trees: Arc<BoostedTrees>,
    /// The trees that are evaluated.
    pub range: Range<usize>,
    /// The value of missing entries of sparse rows.
    pub absent: f64,
    /// The kind of result.
    pub question: BoostedQuestion,
}

/// The kind of result of boosted trees.
#[derive(Clone, Debug, PartialEq)]
pub enum BoostedQuestion {
    /// The sum over the trees in their order, from `start` on, over `divisor`; every step is rounded to `precision`.
    Sum {
        /// What is there before the first tree, one number for each column.
        start: Vec<f64>,
        /// The dtype of the sums.
        precision: Precision,
        /// What the sum is divided by at last; 1 leaves it as it is.
        divisor: f64,
    },
    /// The number of the leaf in each tree, as an array of this dtype.
    Leaves(NumberType),
}

/// How many numbers of sparse rows are made dense at a time.
const DENSE_NUMBERS: usize = 1 << 20;

impl Operator for BoostedEnsemble {
    const NAME: &'static str = "boosted_ensemble";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let n_features = self.trees.n_features;
        let rows = inputs[0].rows();
        let found = inputs[0].cols();
        if found != n_features {
            return Err(InputError::new(InputErrorKind::FeatureCount { expected: n_features, found }));
        }
        match &self.question {
            BoostedQuestion::Sum { start, precision, divisor } => {
                let columns = self.trees.columns;
                let mut sums = start.repeat(rows);
                self.each(inputs[0], |x, rows| {
                    let sums = &mut sums[rows.start * columns..rows.end * columns];
                    self.trees.add(x, self.range.clone(), *precision, sums);
                })?;
                if *divisor != 1.0 {
                    for sum in &mut sums {
                        *sum /= divisor;
                    }
                }
                Ok(Value::Floats(Matrix::new(rows, columns, sums), *precision))
            }
            BoostedQuestion::Leaves(dtype) => {
                let mut leaves = Vec::with_capacity(rows * self.range.len());
                self.each(inputs[0], |x, _| leaves.extend(self.trees.apply(x, self.range.clone())))?;
                let leaves = Matrix::new(rows, self.range.len(), leaves);
                #[expect(clippy::cast_precision_loss, reason = "both libraries number leaves in 32 bits")]
                let floats =
                    |leaves: &Matrix<'_, i64>, precision: Precision| leaves.map(|&leaf| precision.round(leaf as f64));
                Ok(match *dtype {
                    NumberType::Int(kind) => Value::Ints(leaves, kind),
                    NumberType::Float(precision) => Value::Floats(floats(&leaves, precision), precision),
                })
            }
        }
    }

    fn describe(&self) -> String {
        let question = match &self.question {
            BoostedQuestion::Sum { divisor, .. } if *divisor == 1.0 => "sum".to_owned(),
            BoostedQuestion::Sum { divisor, .. } => format!("sum / {divisor}"),
            BoostedQuestion::Leaves(_) => "leaves".to_owned(),
        };
        let BoostedTrees { trees, splits, n_features, .. } = &*self.trees;
        let Range { start, end } = self.range;
        format!("{question}: trees {start} to {end} of {}, {} splits, {n_features} features", trees.len(), splits.len())
    }

    /// Large trees are walked by many rows before the next one replaces them in the cache.
    fn block_rows(&self) -> Option<usize> {
        let wanted = self.trees.splits.len() / self.trees.trees.len().max(1);
        let fits = DENSE_NUMBERS / self.trees.n_features.max(1);
        Some(wanted.min(fits).clamp(64, 8192))
    }
}

impl BoostedEnsemble {
    /// Calls `f(x, rows)` for parts of the rows, one after the other.
    fn each(&self, rows: &Value<'_>, mut f: impl FnMut(TreeRows<'_>, Range<usize>)) -> Result<(), InputError> {
        match rows {
            Value::Floats(x, precision) => f(TreeRows { numbers: &x.data, precision: *precision }, 0..x.rows),
            Value::Sparse(csr) => self.each_sparse(csr, f),
            other => return Err(InputError::wrong_kind("numbers", other)),
        }
        Ok(())
    }

    fn each_sparse(&self, csr: &Csr<'_>, mut f: impl FnMut(TreeRows<'_>, Range<usize>)) {
        let precision = match csr.dtype {
            NumberType::Float(precision) => precision,
            NumberType::Int(_) => Precision::Double,
        };
        let cols = csr.cols.max(1);
        let at_a_time = (DENSE_NUMBERS / cols).clamp(1, csr.rows.max(1));
        let mut dense = vec![self.absent; at_a_time * cols];
        for from in (0..csr.rows).step_by(at_a_time) {
            let to = (from + at_a_time).min(csr.rows);
            let part = &mut dense[..(to - from) * cols];
            part.fill(self.absent);
            for (row, part) in (from..to).zip(part.chunks_exact_mut(cols)) {
                let (columns, values) = csr.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    part[column as usize] = value;
                }
            }
            f(TreeRows { numbers: part, precision }, from..to);
        }
    }
}
