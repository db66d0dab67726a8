//! What the allow-list says of an object: what may be done to it once it is made.

use skiff_files::is_numpy_module;
use skiff_pickle::{Graph, Node, NodeId, python3_name};
use skiff_sklearn::Class;

use super::kind::Kind;

/// What may be done to an object once it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub state: State,
    pub items: Items,
}

/// Which states `BUILD` may set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// None at all.
    Nothing,
    /// A dict of attributes of an estimator of another package than scikit-learn.
    Estimator,
    /// A dict of the attributes that this class of scikit-learn can have.
    Class(&'static Class),
    /// What this compiled class of scikit-learn takes apart itself: a dict of its attributes, or a tuple of plain data.
    Compiled(&'static Class),
    /// Whatever is inert: the class takes it apart itself, in compiled code or in Python that calls nothing of it.
    Own,
    /// A value of this kind.
    Form(Kind),
    /// What joblib's array wrappers hold, and nothing else.
    Wrapper,
    /// What the blocks of pandas' tables were given before 1.3.
    Table,
    /// A distribution of scipy, which *executes the text* `_parse_arg_template` of its state.
    Distribution,
}

/// What may be put into an object opcode by opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    Nothing,
    List,
    Pairs,
    Set,
}

impl State {
    /// Whether it becomes attributes, and nothing in it is taken apart.
    pub fn is_of_attributes(self) -> bool {
        matches!(self, Self::Estimator | Self::Class(_) | Self::Distribution | Self::Wrapper)
    }
}

impl Made {
    pub(super) const fn of(state: State) -> Self {
        Self { state, items: Items::Nothing }
    }

    pub(super) const fn with(self, items: Items) -> Self {
        Self { items, ..self }
    }
}

/// Module and name as Python 3 knows them.
pub(crate) fn name_of(graph: &Graph, id: NodeId) -> Option<(&str, &str)> {
    let (module, name) = graph.global(id)?;
    Some(python3_name(module, name))
}

/// A number, a text, bytes, `None`, or a call of `_codecs.encode` that is judged on its own.
pub(super) fn is_plain(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) => true,
        Node::Bytes(_) | Node::ByteArray(_) | Node::Str(_) | Node::ByteStr(_) => true,
        Node::Object(object) => name_of(graph, object.callable).is_some_and(|(module, name)| {
            (is_numpy_module(module, "multiarray") && name == "scalar") || (module, name) == ("_codecs", "encode")
        }),
        _ => false,
    }
}
