//! Why a graph cannot be written.

use std::fmt;
use std::io;

use crate::graph::NodeId;
use crate::limits::MOST_NESTED_PICKLES;

/// An error of writing a graph.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A protocol that is not supported.
    Protocol(u8),
    /// A plain pickle cannot hold the content of this object.
    Payload(NodeId),
    /// The object whose content is to follow is written elsewhere, or is not created by a `BUILD`: its content would not
    /// be found.
    PayloadOutOfPlace(NodeId),
    /// The protocol cannot represent this node.
    NotInProtocol {
        /// The node.
        node: NodeId,
        /// The requested protocol.
        protocol: u8,
        /// The type of the node.
        found: &'static str,
    },
    /// Longer than the protocol allows.
    TooLong(NodeId),
    /// The positional arguments of an instance are not a tuple.
    NotATuple(NodeId),
    /// A name that the protocol cannot represent, such as one with a newline.
    BadName(NodeId),
    /// Bytes of a damaged file that cannot be assembled.
    Damaged(NodeId),
    /// Values that refer to each other in too many ways, or in a way that Python could not build: an object that the
    /// arguments of its own constructor refer to.
    Entangled,
    /// Pickles are nested too deep in each other's content.
    Nested,
    /// The underlying writer failed.
    Io(io::Error),
    /// An error of [`Payloads`].
    Host(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(protocol) => write!(f, "expected a protocol from `2` to `5`, found `{protocol}`"),
            Self::Payload(_) => write!(f, "a plain pickle cannot hold content between its opcodes"),
            Self::PayloadOutOfPlace(_) => write!(f, "content must follow the only `BUILD` of its object"),
            Self::NotInProtocol { protocol, found, .. } => write!(f, "protocol {protocol} cannot represent {found}"),
            Self::TooLong(_) => write!(f, "a value is longer than the protocol allows"),
            Self::NotATuple(_) => write!(f, "expected the arguments of an instance to be a tuple"),
            Self::BadName(_) => write!(f, "a name cannot be written in this protocol"),
            Self::Damaged(_) => {
                write!(f, "the bytes of a value cannot be read: the file is damaged")
            }
            Self::Entangled => write!(f, "values refer to each other in ways that Python cannot build"),
            Self::Nested => {
                write!(f, "pickles are nested more than {MOST_NESTED_PICKLES} deep in each other's content")
            }
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
