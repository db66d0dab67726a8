//! The keys of a dict, which are strings in JSON, and their types, with which skops restores them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use skiff_pickle::{Graph, Node, NodeId};

use super::made::{Name, Refusal};
use super::numpy::scalar_class;
use crate::Scalar;
use crate::numpy::DType;
use crate::scalar::scalar_array;
use crate::write::json_text::{float, integer};

/// A pair of a dict.
pub(super) struct Pair<'g> {
    /// The key as JSON's text.
    pub text: Cow<'g, [u8]>,
    /// The key's type.
    pub class: Name<'static>,
    pub value: NodeId,
}

/// The pairs of the dict at `dict` with each key once: at its first position, with its last value.
pub(super) fn pairs<'g>(
    graph: &'g Graph,
    dict: NodeId,
    pairs: &[(NodeId, NodeId)],
    numpy2: bool,
) -> Result<Vec<Pair<'g>>, Refusal> {
    let mut read: Vec<Pair<'g>> = Vec::with_capacity(pairs.len());
    let mut places: HashMap<Cow<'g, [u8]>, usize> = HashMap::with_capacity(pairs.len());
    for &(key, value) in pairs {
        let (text, class) = text(graph, dict, key, numpy2)?;
        match places.entry(text) {
            Entry::Vacant(place) => {
                let text = place.key().clone();
                place.insert(read.len());
                read.push(Pair { text, class, value });
            }
            Entry::Occupied(place) => match read.get_mut(*place.get()) {
                Some(known) if known.class == class => known.value = value,
                _ => {
                    let text = String::from_utf8_lossy(place.key()).into_owned();
                    return Err(Refusal::new(dict, format!("two keys of its dict would both be {text:?}")));
                }
            },
        }
    }
    Ok(read)
}

fn text<'g>(
    graph: &'g Graph,
    dict: NodeId,
    key: NodeId,
    numpy2: bool,
) -> Result<(Cow<'g, [u8]>, Name<'static>), Refusal> {
    let refuse = |what: &str| Err(Refusal::new(dict, format!("it cannot represent a dict with {what} as a key")));
    let owned = |text: String| Cow::Owned(text.into_bytes());
    if !graph.changes(key).is_empty() {
        return refuse("a value that was changed");
    }
    Ok(match graph.node(key) {
        Node::Str(span) => (Cow::Borrowed(graph.bytes(*span)), ("builtins", "str")),
        Node::ByteStr(span) if graph.bytes(*span).is_ascii() => {
            (Cow::Borrowed(graph.bytes(*span)), ("builtins", "str"))
        }
        Node::Int(value) => (owned(value.to_string()), ("builtins", "int")),
        Node::BigInt(span) => match integer(graph.bytes(*span)) {
            Some(digits) => (owned(digits), ("builtins", "int")),
            None => return refuse("an integer of more than 4,300 digits"),
        },
        Node::Float(value) => (owned(float(*value)), ("builtins", "float")),
        // skops converts the text to a bool, and each nonempty text is true.
        Node::Bool(true) => (owned("true".to_owned()), ("builtins", "bool")),
        Node::Bool(false) => return refuse("`False`"),
        Node::None => return refuse("`None`"),
        Node::Object(_) => return numpy_scalar(graph, dict, key, numpy2),
        node => return refuse(node.kind()),
    })
}

fn numpy_scalar<'g>(
    graph: &'g Graph,
    dict: NodeId,
    key: NodeId,
    numpy2: bool,
) -> Result<(Cow<'g, [u8]>, Name<'static>), Refusal> {
    let refuse = || Refusal::new(dict, "it cannot represent a dict with an object as a key");
    let array = scalar_array(graph, key).ok().flatten().ok_or_else(refuse)?;
    let class = scalar_class(&array.dtype, numpy2).ok_or_else(refuse)?;
    let scalar = array.column().and_then(|column| column.to_scalars()).and_then(|mut all| all.pop());
    let text = match (&array.dtype, scalar) {
        (DType::Bool, Some(Scalar::Bool(true))) => "true".to_owned(),
        (DType::Int { .. } | DType::UInt { .. }, Some(Scalar::Int(value))) => value.to_string(),
        (DType::UInt { .. }, Some(Scalar::BigInt(digits))) => digits,
        (DType::Float { size: 2 | 4 | 8, .. }, Some(Scalar::Float(value))) => float(value),
        (DType::Str { .. }, Some(Scalar::Str(text))) => text,
        _ => return Err(refuse()),
    };
    Ok((Cow::Owned(text.into_bytes()), class))
}
