//! Why a graph cannot be written.

use std::fmt;
use std::io;

use crate::graph::NodeId;
use crate::limits::MOST_NESTED_PICKLES;

/// Why a graph could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A protocol that is not written.
    Protocol(u8),
    /// A plain pickle has no room for the content of this object.
    Payload(NodeId),
    /// The object whose content is to follow is written elsewhere, or is not made by a `BUILD`: its content would not
    /// be found.
    PayloadOutOfPlace(NodeId),
    /// The protocol has no word for this node.
    NotInProtocol {
        /// The node.
        node: NodeId,
        /// The protocol that was asked for.
        protocol: u8,
        /// What the node is.
        found: &'static str,
    },
    /// Longer than the protocol can say.
    TooLong(NodeId),
    /// The positional arguments of an instance are no tuple.
    NotATuple(NodeId),
    /// A name that the protocol cannot write: it holds a newline, say.
    BadName(NodeId),
    /// Bytes that lie in a damaged file and cannot be put together.
    Damaged(NodeId),
    /// Values that hold each other in too many ways, or in a way that Python could not build: an object that the
    /// arguments of its own call lead back to.
    Entangled,
    /// Pickles lie too deep in each other's content.
    Nested,
    /// The writer below failed.
    Io(io::Error),
    /// What [`Payloads`] said.
    Host(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(protocol) => write!(f, "expected a protocol from `2` to `5`, found `{protocol}`"),
            Self::Payload(_) => write!(f, "a plain pickle has no room for content beside its opcodes"),
            Self::PayloadOutOfPlace(_) => write!(f, "content has to follow the only `BUILD` of its object"),
            Self::NotInProtocol { protocol, found, .. } => write!(f, "protocol {protocol} has no word for {found}"),
            Self::TooLong(_) => write!(f, "a value is longer than the protocol can say"),
            Self::NotATuple(_) => write!(f, "expected the arguments of an instance to be a tuple"),
            Self::BadName(_) => write!(f, "a name cannot be written in this protocol"),
            Self::Damaged(_) => {
                write!(f, "the bytes of a value cannot be put together: the file that they are in is damaged")
            }
            Self::Entangled => write!(f, "values hold each other in ways that Python could not build"),
            Self::Nested => write!(f, "pickles lie more than {MOST_NESTED_PICKLES} deep in each other's content"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Host(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Host(error) => Some(&**error),
            _ => None,
        }
    }
}
