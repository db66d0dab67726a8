//! Trees: sums over leaves, the leaves themselves, the ways to them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::InputError;
use crate::kernels::trees::{MissingSide, Threshold, Trees};
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// Asks all trees of an ensemble for each row.
#[derive(Debug)]
pub struct TreeEnsemble {
    /// The trees.
    pub trees: TreeTables,
    /// The kind of result.
    pub question: Question,
}

/// The trees of an ensemble, by the number type that they compare.
#[derive(Clone, Debug)]
pub enum TreeTables {
    /// scikit-learn's own trees: rows are rounded to `float32` first.
    Single(Arc<Trees<f32>>),
    /// Histogram-based ones.
    Double(Arc<Trees<f64>>),
}

/// The kind of result of trees.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The sum over the trees in their order, from `start` on, over `divisor`.
    Sum {
        /// What is there before the first tree.
        start: Start,
        /// What the sum is divided by at last; 1 leaves it as it is.
        divisor: f64,
    },
    /// The sums after each stage of so many trees: several values.
    Stages {
        /// What is there before the first tree.
        start: Start,
        /// How many trees a stage has.
        trees: usize,
    },
    /// The number of the leaf in each tree.
    Leaves {
        /// Whether the numbers are floats, as those of boosting are.
        floats: bool,
    },
    /// The nodes on the way to the leaf of each tree: ones in a sparse matrix of all trees' nodes side by side.
    Paths {
        /// Whether missing values go to the side recorded in the node, or to the right.
        missing_by_node: bool,
    },
}

/// What sums begin with.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// These, for every row.
    Values(Vec<f64>),
    /// The step's second input, row by row.
    Input,
}

/// How many numbers of sparse rows are made dense at a time.
const DENSE_NUMBERS: usize = 1 << 20;

impl Operator for TreeEnsemble {
    const NAME: &'static str = "tree_ensemble";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match &self.trees {
            TreeTables::Single(trees) => self.ask(trees, inputs),
            TreeTables::Double(trees) => self.ask(trees, inputs),
        }
    }

    fn describe(&self) -> String {
        let (trees, nodes, features) = match &self.trees {
            TreeTables::Single(trees) => (trees.len(), trees.nodes.len(), trees.n_features),
            TreeTables::Double(trees) => (trees.len(), trees.nodes.len(), trees.n_features),
        };
        let question = match &self.question {
            Question::Sum { divisor, .. } if *divisor == 1.0 => "sum".to_owned(),
            Question::Sum { divisor, .. } => format!("sum / {divisor}"),
            Question::Stages { trees, .. } => format!("sums after every {trees} trees"),
            Question::Leaves { .. } => "leaves".to_owned(),
            Question::Paths { .. } => "paths".to_owned(),
        };
        format!("{question}: {trees} trees, {nodes} nodes, {features} features")
    }

    /// Large trees are walked by many rows before the next one replaces them in the cache.
    fn block_rows(&self) -> Option<usize> {
        let (trees, nodes, features) = match &self.trees {
            TreeTables::Single(trees) => (trees.len(), trees.nodes.len(), trees.n_features),
            TreeTables::Double(trees) => (trees.len(), trees.nodes.len(), trees.n_features),
        };
        let wanted = nodes / trees.max(1);
        let fits = DENSE_NUMBERS / features.max(1);
        Some(wanted.min(fits).clamp(1, 8192))
    }
}

impl TreeEnsemble {
    fn ask<'a, T: Threshold>(&self, trees: &Trees<T>, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = Rows::<T>::of(inputs[0], trees.n_features)?;
        let missing = rows.missing_side();
        match &self.question {
            Question::Sum { start, divisor } => {
                let mut sums = start.values(trees.leaves.columns, inputs)?;
                rows.each(|x, from, to| {
                    let columns = trees.leaves.columns;
                    trees.add(x, missing, &mut sums[from * columns..to * columns], 0, trees.len());
                });
                if *divisor != 1.0 {
                    for sum in &mut sums {
                        *sum /= divisor;
                    }
                }
                Ok(floats(rows.count(), trees.leaves.columns, sums))
            }
            Question::Stages { start, trees: step } => {
                let columns = trees.leaves.columns;
                let first = start.values(columns, inputs)?;
                let mut stages = Vec::with_capacity(trees.len() / step);
                for stage in 0..trees.len() / step {
                    let mut sums = stages.last().unwrap_or(&first).clone();
                    rows.each(|x, from, to| {
                        trees.add(
                            x,
                            missing,
                            &mut sums[from * columns..to * columns],
                            stage * step,
                            (stage + 1) * step,
                        );
                    });
                    stages.push(sums);
                }
                let count = rows.count();
                Ok(Value::Many(stages.into_iter().map(|sums| floats(count, columns, sums)).collect()))
            }
            Question::Leaves { floats: as_floats } => {
                let mut leaves = Vec::with_capacity(rows.count() * trees.len());
                rows.each(|x, _, _| leaves.extend(trees.apply(x, missing)));
                let leaves = Matrix::new(rows.count(), trees.len(), leaves);
                #[expect(clippy::cast_precision_loss, reason = "a node's number has 32 bits")]
                let floats = |leaves: &Matrix<'_, i64>| leaves.map(|&leaf| leaf as f64);
                Ok(if *as_floats {
                    Value::Floats(floats(&leaves), Precision::Double)
                } else {
                    Value::Ints(leaves, IntKind::I64)
                })
            }
            Question::Paths { missing_by_node } => paths(trees, &rows, *missing_by_node),
        }
    }
}

fn floats(rows: usize, columns: usize, sums: Vec<f64>) -> Value<'static> {
    Value::Floats(Matrix::new(rows, columns, sums), Precision::Double)
}

fn paths<'a, T: Threshold>(
    trees: &Trees<T>,
    rows: &Rows<'_, T>,
    missing_by_node: bool,
) -> Result<Value<'a>, InputError> {
    let total: usize = trees.counts.iter().map(|&count| count as usize).sum();
    if u32::try_from(total).is_err() {
        return Err(InputError::refused("paths through more than 4 billion nodes"));
    }
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    rows.each(|x, _, _| {
        for row in x.chunks_exact(trees.n_features) {
            let mut before = 0;
            for (tree, count) in trees.counts.iter().enumerate() {
                trees.path(row, tree, missing_by_node, |node| indices.push(before + node));
                before += count;
            }
            indptr.push(indices.len());
        }
    });
    let data = vec![1.0; indices.len()];
    Ok(Value::Sparse(Csr {
        rows: rows.count(),
        cols: total,
        indptr: indptr.into(),
        indices: indices.into(),
        data: data.into(),
        dtype: NumberType::Int(IntKind::I64),
    }))
}

impl Start {
    fn values(&self, columns: usize, inputs: &[&Value<'_>]) -> Result<Vec<f64>, InputError> {
        let rows = inputs[0].rows();
        match (self, inputs) {
            (Self::Values(values), _) => Ok(values.repeat(rows)),
            (Self::Input, [_, Value::Floats(start, _)]) if start.cols == columns && start.rows == rows => {
                Ok(start.data.to_vec())
            }
            (Self::Input, _) => {
                Err(InputError::refused("the result of the `init` estimator of the boosting has another shape"))
            }
        }
    }
}

/// Rows of the input in the type that trees compare, some at a time.
enum Rows<'v, T: Clone> {
    Dense(Cow<'v, [T]>, usize),
    Sparse(&'v Csr<'v>),
}

impl<'v, T: Threshold> Rows<'v, T> {
    fn of(value: &'v Value<'_>, n_features: usize) -> Result<Self, InputError> {
        let wrong_width = |cols| {
            let kind = crate::InputErrorKind::FeatureCount { expected: n_features, found: cols };
            Err(InputError::new(kind))
        };
        match value {
            Value::Floats(x, _) if x.cols != n_features => wrong_width(x.cols),
            Value::Sparse(x) if x.cols != n_features => wrong_width(x.cols),
            Value::Floats(x, _) => Ok(Self::Dense(T::all(&x.data), n_features)),
            Value::Sparse(x) => Ok(Self::Sparse(x)),
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn missing_side(&self) -> MissingSide {
        match self {
            Self::Dense(..) => MissingSide::ByNode,
            Self::Sparse(_) => MissingSide::Right,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Dense(x, n_features) => x.len() / n_features,
            Self::Sparse(x) => x.rows,
        }
    }

    /// Calls `f(rows, from, to)` for parts of the rows, one after the other.
    fn each(&self, mut f: impl FnMut(&[T], usize, usize)) {
        let csr = match self {
            Self::Dense(x, n_features) => return f(x, 0, x.len() / n_features),
            Self::Sparse(csr) => csr,
        };
        let at_a_time = (DENSE_NUMBERS / csr.cols).clamp(1, csr.rows.max(1));
        let mut dense = vec![T::default(); at_a_time * csr.cols];
        let mut from = 0;
        while from < csr.rows {
            let to = (from + at_a_time).min(csr.rows);
            let part = &mut dense[..(to - from) * csr.cols];
            part.fill(T::default());
            for (row, part) in (from..to).zip(part.chunks_exact_mut(csr.cols)) {
                let (columns, values) = csr.row(row);
                // Of two values at one index the later one counts: scikit-learn's trees do not add them.
                for (&column, &value) in columns.iter().zip(values) {
                    part[column as usize] = T::from_f64(value);
                }
            }
            f(part, from, to);
            from = to;
        }
    }
}
