//! Graphs of tensor primitives: what operators expand into, and what targets translate.

mod builder;
mod constant;
mod forest;
mod normal;
mod primitive;

pub(crate) use builder::Builder;
pub(crate) use constant::{Bits, Constant, Elements};
pub(crate) use forest::{Forest, Leaf, Place, Split, Step, Test, Tree};
pub(crate) use primitive::{DType, Dim, Primitive, TensorType};

/// A tensor of a graph, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TensorId(usize);

impl TensorId {
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// A primitive and the tensors that it is applied to.
#[derive(Debug)]
pub(crate) struct Node {
    pub primitive: Primitive,
    pub inputs: Vec<TensorId>,
    pub outputs: Vec<TensorId>,
}

/// Primitives in the order in which they are computed.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    /// The type of each tensor, by its number.
    pub types: Vec<TensorType>,
    /// The tensors that the caller provides, with their names.
    pub inputs: Vec<(String, TensorId)>,
    /// The tensors that the caller gets, with their names.
    pub outputs: Vec<(String, TensorId)>,
}

impl Graph {
    pub(crate) fn type_of(&self, tensor: TensorId) -> &TensorType {
        &self.types[tensor.0]
    }

    /// Leaves out what no output depends on.
    pub(crate) fn prune(&mut self) {
        let mut needed = vec![false; self.types.len()];
        for (_, output) in &self.outputs {
            needed[output.0] = true;
        }
        let mut kept: Vec<Node> = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if node.outputs.iter().any(|output| needed[output.0]) {
                for input in &node.inputs {
                    needed[input.0] = true;
                }
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
    }
}
