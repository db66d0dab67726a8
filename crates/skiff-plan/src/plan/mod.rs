//! A plan: what one method of one model does, as a short list of typed operators over blocks of rows.
//!
//! Estimators are lowered to plans; the evaluator runs them block by block; exporters translate them one by one.
//! Invariant: every row-wise operator treats each row independently, so that a row has the same bits alone, in a batch and on
//! any number of threads. Operators that need the whole batch say so ([`crate::operator::Scope`]).

mod column_use;
mod method;
mod signature;

use std::fmt;
use std::sync::Arc;

use skiff_files::Limits;

pub use crate::kernels::categories::{Categories, Types as CategoryTypes};
pub use column_use::ColumnUse;
pub use method::{Method, UnknownMethod};
pub use signature::{OutputType, Signature};

use crate::operator::Scope;
use crate::operators::{AnyOperator, BoostingStart, Dtype};
use crate::value::Precision;

/// A value of a plan: the input, or the output of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(usize);

/// An operator and the values that it is applied to.
#[derive(Clone, Debug)]
pub struct PlanNode {
    /// The operator.
    pub operator: AnyOperator,
    /// Its inputs.
    pub inputs: Vec<ValueId>,
    /// The class of the estimator that it belongs to, after those of the estimators around it.
    pub estimator: Arc<str>,
}

/// What a method returns, in scikit-learn's shapes.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// One array, or one sparse matrix.
    One(ValueId, Rank),
    /// A list of arrays: a multi-output `predict_proba`, a `staged_predict`.
    List(Vec<Output>),
    /// A tuple of arrays: `kneighbors`.
    Tuple(Vec<Output>),
    /// An array of integers that belongs to the model and not to rows: where a forest's trees begin in `decision_path`.
    Constant(Vec<i64>),
}

/// How many dimensions an array has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// `()`: one number, of no row.
    Zero,
    /// `(n_samples,)`
    One,
    /// `(n_samples, n_columns)`
    Two,
    /// `(n_samples,)` where there is one column, else `(n_samples, n_columns)`: what user code predicts.
    OneOrTwo,
    /// `(n_samples, n_columns / depth, depth)`: `apply` of boosted trees.
    Three {
        /// The length of the last dimension; columns are in numpy's C order.
        depth: usize,
    },
}

/// The operators of one method of one model.
#[derive(Debug)]
pub struct Plan {
    nodes: Vec<PlanNode>,
    output: Output,
    most_bytes: u64,
}

impl ValueId {
    /// The caller's input.
    pub const INPUT: Self = Self(0);

    /// The value of node `node`, counted from 0.
    pub fn of_node(node: usize) -> Self {
        Self(node + 1)
    }

    /// Its number: 0 is the input, node `i` makes value `i + 1`.
    pub fn index(self) -> usize {
        self.0
    }
}

impl Plan {
    /// The plan that runs `nodes`, each on the input and the values of nodes before it, and returns `output`.
    pub fn new(nodes: Vec<PlanNode>, output: Output) -> Self {
        Self { nodes, output, most_bytes: Limits::default().answer }
    }

    /// The same, with a limit on the bytes of results: [`Limits::answer`].
    #[must_use]
    pub fn with_most_bytes(self, most_bytes: u64) -> Self {
        Self { most_bytes, ..self }
    }

    /// The same, where gradient boosting starts from probabilities of a first estimator that are `ulps` floats further;
    /// `None` for a plan without such a start.
    pub fn with_shifted_start(&self, ulps: i8) -> Option<Self> {
        let shifted = |node: &PlanNode| match &node.operator {
            AnyOperator::BoostingStart(start) => {
                let start = BoostingStart { ulps, ..**start };
                PlanNode { operator: start.into(), ..node.clone() }
            }
            _ => node.clone(),
        };
        let starts = |node: &PlanNode| matches!(node.operator, AnyOperator::BoostingStart(_));
        let nodes = self.nodes.iter().any(starts).then(|| self.nodes.iter().map(shifted).collect())?;
        Some(Self { nodes, output: self.output.clone(), most_bytes: self.most_bytes })
    }

    /// The limit on the bytes of a result.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// The operators, in the order in which they run.
    pub fn nodes(&self) -> &[PlanNode] {
        &self.nodes
    }

    /// What the method returns.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether anything but user code reads the caller's input, and not only counts its rows.
    pub fn reads_input(&self) -> bool {
        let mut returns_input = false;
        self.output.each(&mut |value| returns_input |= value == ValueId::INPUT);
        let reads = |node: &PlanNode| {
            !node.operator.is_custom() && !node.operator.counts_rows() && node.inputs.contains(&ValueId::INPUT)
        };
        returns_input || self.nodes.iter().any(reads)
    }

    /// Whether an operator needs the whole batch: then a row alone may have another result than in a batch.
    pub fn needs_batch(&self) -> bool {
        self.nodes.iter().any(|node| node.operator.scope() == Scope::Batch)
    }

    /// Whether it returns the caller's table as it is.
    pub fn is_identity(&self) -> bool {
        self.nodes.is_empty() && self.output.value() == Some(ValueId::INPUT)
    }

    /// Whether any input validation converts to floats, of either width.
    pub fn asks_for_floats(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| matches!(&node.operator, AnyOperator::Check(check) if check.dtype() == Dtype::Float))
    }

    /// What a table of `float16` is read as; `None` where some estimator computes in `float16`, or where several read it
    /// differently.
    pub fn half(&self) -> Option<Precision> {
        let mut returns_input = false;
        self.output.each(&mut |value| returns_input |= value == ValueId::INPUT);
        let readers = self.nodes.iter().filter(|node| node.inputs.contains(&ValueId::INPUT));
        let mut read = readers.map(|node| match &node.operator {
            AnyOperator::Check(check) => check.half(),
            _ => None,
        });
        let first = read.next().flatten().filter(|_| !returns_input);
        first.filter(|_| read.all(|other| other == first))
    }

    /// Whether all it does is numpy's functions of each number, of which pandas makes a DataFrame again.
    pub fn keeps_frame(&self) -> bool {
        self.output.value().is_some() && self.nodes.iter().all(|node| matches!(node.operator, AnyOperator::Ufunc(_)))
    }

    /// Whether the method's result comes from user code.
    pub fn ends_in_custom(&self) -> bool {
        let last = self.output.value().and_then(|value| value.0.checked_sub(1));
        last.and_then(|node| self.nodes.get(node)).is_some_and(|node| node.operator.is_custom())
    }

    /// For each value, the last node that takes it; `None` for what the method returns.
    pub(crate) fn last_uses(&self) -> Vec<Option<usize>> {
        let mut last = vec![None; self.nodes.len() + 1];
        for (node, PlanNode { inputs, .. }) in self.nodes.iter().enumerate() {
            for input in inputs {
                last[input.0] = Some(node);
            }
        }
        self.output.each(&mut |value| last[value.0] = None);
        last
    }
}

impl Output {
    /// A column: `(n_samples,)`.
    pub fn column(value: ValueId) -> Self {
        Self::One(value, Rank::One)
    }

    /// A matrix: `(n_samples, n_columns)`.
    pub fn matrix(value: ValueId) -> Self {
        Self::One(value, Rank::Two)
    }

    /// The one value of an [`Output::One`].
    pub fn value(&self) -> Option<ValueId> {
        match self {
            Self::One(value, _) => Some(*value),
            Self::List(_) | Self::Tuple(_) | Self::Constant(_) => None,
        }
    }

    pub(crate) fn each(&self, f: &mut impl FnMut(ValueId)) {
        match self {
            Self::One(value, _) => f(*value),
            Self::List(items) | Self::Tuple(items) => {
                for item in items {
                    item.each(f);
                }
            }
            Self::Constant(_) => {}
        }
    }
}

/// One line for each node: `%3 = affine(%2) 4 → 3`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, PlanNode { operator, inputs, .. }) in self.nodes.iter().enumerate() {
            let inputs: Vec<_> = inputs.iter().map(ToString::to_string).collect();
            writeln!(f, "%{} = {}({}) {}", index + 1, operator.name(), inputs.join(", "), operator.describe())?;
        }
        writeln!(f, "return {}", self.output)
    }
}

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::INPUT { f.write_str("input") } else { write!(f, "%{}", self.0) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, items, close) = match self {
            Self::One(value, Rank::One) => return write!(f, "{value} as a column"),
            Self::One(value, Rank::Zero | Rank::Two | Rank::OneOrTwo) => return write!(f, "{value}"),
            Self::One(value, Rank::Three { depth }) => return write!(f, "{value} in rows of {depth}"),
            Self::Constant(values) => return write!(f, "{} integers", values.len()),
            Self::List(items) => ("[", items, "]"),
            Self::Tuple(items) => ("(", items, ")"),
        };
        let items: Vec<_> = items.iter().map(ToString::to_string).collect();
        write!(f, "{open}{}{close}", items.join(", "))
    }
}
