//! The objects that skops' loaders build.

use std::fmt;

use skiff_pickle::{Bytes, NodeId};

use crate::{DType, MaskedArray, NdArray};

/// A module and a name in it.
pub(super) type Name<'g> = (&'g str, &'g str);

/// The skops node of a node of the graph.
pub(super) enum Made<'g> {
    /// `JsonNode`: `None`, a bool, a number, a text.
    Json,
    /// `ListNode`, of this class.
    List(Name<'g>, &'g [NodeId]),
    /// `TupleNode`.
    Tuple(&'g [NodeId]),
    /// `SetNode`, of this class.
    Set(Name<'g>, &'g [NodeId]),
    /// `DictNode`, of this class.
    Dict(Name<'g>, Vec<(NodeId, NodeId)>),
    /// `DefaultDictNode`: the default factory, and the pairs.
    DefaultDict(NodeId, Vec<(NodeId, NodeId)>),
    /// `BytesNode`.
    Bytes(Bytes),
    /// `BytearrayNode`.
    ByteArray(Bytes),
    /// `TypeNode`: a class.
    Type(Name<'g>),
    /// `FunctionNode`.
    Function(Name<'g>),
    /// `ObjectNode`: `__new__` without arguments, then the state.
    Object(Name<'g>, Option<NodeId>),
    /// `ConstructorFromReduceNode`: a class called with arguments.
    Call(Name<'g>, Arguments<'g>),
    /// `TreeNode`, `LossNode`, `QuantileForestNode`: a class called with arguments, then the state.
    Reduce { loader: &'static str, class: Name<'g>, arguments: Arguments<'g>, state: Option<NodeId> },
    /// `PartialNode`: function, arguments, keywords, attributes.
    Partial([NodeId; 4]),
    /// `SliceNode`: start, stop, step.
    Slice([NodeId; 3]),
    /// `MethodNode`: an object, and the method's name.
    Method(NodeId, &'g str),
    /// `OperatorFuncNode`.
    Operator(&'g str, &'g [NodeId]),
    /// `NdArrayNode`, of this class: an array, or a scalar as an array without axes.
    Array(Name<'g>, NdArray),
    /// `DTypeNode`.
    DType(DType),
    /// `MaskedArrayNode`.
    Masked(Name<'g>, Box<MaskedArray>),
    /// `SparseMatrixNode`: the names and arrays of scipy's `.npz`.
    Sparse(Name<'g>, Vec<(&'static str, NdArray)>),
    /// `RandomStateNode`: the state.
    RandomState(NodeId),
    /// `RandomGeneratorNode`: the bit generator's state, and its seed's parts.
    Generator { bits: NodeId, seed: [NodeId; 4] },
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) enum Arguments<'g> {
    /// Nodes of the graph.
    These(&'g [NodeId]),
    /// One list of them.
    List(&'g [NodeId]),
}

impl<'g> Made<'g> {
    /// The loader, module and class that a node names.
    pub fn names(&self) -> (&'static str, Name<'g>) {
        match self {
            Self::Json => ("JsonNode", ("builtins", "str")),
            Self::List(class, _) => ("ListNode", *class),
            Self::Tuple(_) => ("TupleNode", ("builtins", "tuple")),
            Self::Set(class, _) => ("SetNode", *class),
            Self::Dict(class, _) => ("DictNode", *class),
            Self::DefaultDict(..) => ("DefaultDictNode", ("collections", "defaultdict")),
            Self::Bytes(_) => ("BytesNode", ("builtins", "bytes")),
            Self::ByteArray(_) => ("BytearrayNode", ("builtins", "bytearray")),
            Self::Type(name) => ("TypeNode", *name),
            Self::Function(name) => ("FunctionNode", *name),
            Self::Object(class, _) => ("ObjectNode", *class),
            Self::Call(class, _) => ("ConstructorFromReduceNode", *class),
            Self::Reduce { loader, class, .. } => (loader, *class),
            Self::Partial(_) => ("PartialNode", ("functools", "partial")),
            Self::Slice(_) => ("SliceNode", ("builtins", "slice")),
            // The owner's names, which the schema writes.
            Self::Method(..) => ("MethodNode", ("", "")),
            Self::Operator(name, _) => ("OperatorFuncNode", ("operator", name)),
            Self::Array(class, _) => ("NdArrayNode", *class),
            Self::DType(_) => ("DTypeNode", ("numpy", "dtype")),
            Self::Masked(class, _) => ("MaskedArrayNode", *class),
            Self::Sparse(class, _) => ("SparseMatrixNode", *class),
            Self::RandomState(_) => ("RandomStateNode", ("numpy.random.mtrand", "RandomState")),
            Self::Generator { .. } => ("RandomGeneratorNode", ("numpy.random._generator", "Generator")),
        }
    }
}

/// Why skops cannot represent a node.
#[derive(Debug)]
pub(super) struct Refusal {
    pub node: NodeId,
    pub what: String,
}

impl Refusal {
    pub fn new(node: NodeId, what: impl fmt::Display) -> Self {
        Self { node, what: what.to_string() }
    }
}
