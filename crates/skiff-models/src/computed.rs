//! Attributes that scikit-learn computes on access: `feature_importances_` of a forest, `coef_` of a linear SVC.
//!
//! Predictions do not need them, so models do not keep their inputs: these are read again from the file
//! on access.

use skiff_files::{Instance, NdArray, Sparse};
use skiff_pickle::{Graph, NodeId};
use skiff_plan::value::{IntKind, Matrix, Precision, Value};
use skiff_plan::{Answer, Rank};

/// A computed attribute.
#[derive(Clone, Debug)]
pub enum Computed {
    /// An array.
    Array(Answer),
    /// A Python `int`.
    Count(usize),
    /// A Python `float`, or a `numpy.float32`.
    Number(f64, Precision),
    /// An attribute of the file with another name.
    At(NodeId),
    /// For each column some elements of one array: the array, and the array of their indices; or `None`.
    Taken(Vec<Option<(NodeId, NodeId)>>),
}

impl Computed {
    /// A vector of `float64`.
    pub(crate) fn vector(values: Vec<f64>) -> Self {
        Self::Array(Answer::One(Value::Floats(Matrix::new(values.len(), 1, values), Precision::Double), Rank::One))
    }

    /// A vector of integers.
    pub(crate) fn integers(values: Vec<i64>, kind: IntKind) -> Self {
        Self::Array(Answer::One(Value::Ints(Matrix::new(values.len(), 1, values), kind), Rank::One))
    }

    /// A matrix, dense or sparse.
    pub(crate) fn matrix(value: Value<'static>) -> Self {
        Self::Array(Answer::One(value, Rank::Two))
    }
}

/// The attributes of one object of the file, to compute others from.
#[derive(Clone, Debug)]
pub struct Attributes<'g> {
    graph: &'g Graph,
    instance: Instance<'g>,
}

impl<'g> Attributes<'g> {
    /// Those of the object at `node`.
    pub(crate) fn of(graph: &'g Graph, node: NodeId) -> Option<Self> {
        Some(Self { graph, instance: Instance::read(graph, node)? })
    }

    /// The value of one.
    pub(crate) fn node(&self, name: &str) -> Option<NodeId> {
        self.instance.attribute(name)
    }

    /// The object that is the value of one.
    pub(crate) fn inner(&self, name: &str) -> Option<Self> {
        Self::of(self.graph, self.node(name)?)
    }

    /// One that is an array.
    pub(crate) fn array(&self, name: &str) -> Option<NdArray> {
        NdArray::read(self.graph, self.node(name)?).ok()?
    }

    /// One that is a matrix of numbers, dense.
    pub(crate) fn matrix(&self, name: &str) -> Option<Matrix<'static, f64>> {
        let array = self.array(name)?;
        let (rows, cols) = match array.shape[..] {
            [cols] => (1, cols),
            [rows, cols] => (rows, cols),
            _ => return None,
        };
        Some(Matrix::new(rows, cols, array.to_f64()?))
    }

    /// One that is a sparse matrix.
    pub(crate) fn sparse(&self, name: &str) -> Option<Sparse> {
        Sparse::read(self.graph, self.node(name)?).ok()?
    }

    /// The objects in a list, a tuple or an array of objects.
    pub(crate) fn items(&self, name: &str) -> Option<Vec<NodeId>> {
        let node = self.node(name)?;
        match self.graph.items(node) {
            Some(items) => Some(items.to_vec()),
            None => Some(NdArray::read(self.graph, node).ok()??.objects()?.to_vec()),
        }
    }

    /// Their graph.
    pub(crate) fn graph(&self) -> &'g Graph {
        self.graph
    }
}
