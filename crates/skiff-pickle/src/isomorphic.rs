//! Compares two graphs.

use crate::graph::{Change, Graph, Make, Node, NodeId, Payload};

/// Whether the values at the roots of two graphs are the same, with the same sharing and the same cycles.
///
/// Whether two numbers (of 64 bits), bools or `None`s are one object is ignored, since programs do not depend on it; so is whether two
/// empty tuples are, and which of the two opcodes for instances was used. Floats are equal if their bits are.
/// Nothing recurses.
pub fn isomorphic(a: &Graph, b: &Graph) -> bool {
    isomorphic_at(a, a.root(), b, b.root())
}

/// Like [`isomorphic`], for the nodes at `a_root` and `b_root`.
#[expect(clippy::indexing_slicing, reason = "both tables have a place for each node of their graph")]
pub fn isomorphic_at(a: &Graph, a_root: NodeId, b: &Graph, b_root: NodeId) -> bool {
    let mut a_to_b = vec![None; a.len()];
    let mut b_to_a = vec![None; b.len()];
    let mut todo = vec![(a_root, b_root)];
    let (mut a_children, mut b_children) = (Vec::new(), Vec::new());
    while let Some((a_id, b_id)) = todo.pop() {
        if has_identity(a, a_id) && has_identity(b, b_id) {
            match (a_to_b[a_id.index()], b_to_a[b_id.index()]) {
                (Some(known), Some(back)) if known == b_id && back == a_id => continue,
                (None, None) => {}
                _ => return false,
            }
            a_to_b[a_id.index()] = Some(b_id);
            b_to_a[b_id.index()] = Some(a_id);
        }
        if !same_but_children(a, a_id, b, b_id) {
            return false;
        }
        a_children.clear();
        b_children.clear();
        a.each_child(a_id, |child| a_children.push(child));
        b.each_child(b_id, |child| b_children.push(child));
        if a_children.len() != b_children.len() {
            return false;
        }
        todo.extend(a_children.iter().copied().zip(b_children.iter().copied()));
    }
    true
}

/// Whether Python can distinguish this object from another one of the same value.
pub(crate) fn has_identity(graph: &Graph, id: NodeId) -> bool {
    let plain = match graph.node(id) {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) => true,
        Node::Tuple(items) => items.is_empty(),
        _ => false,
    };
    !plain || !graph.changes(id).is_empty()
}

fn same_but_children(a: &Graph, a_id: NodeId, b: &Graph, b_id: NodeId) -> bool {
    let same_bytes = |x, y| a.bytes(x) == b.bytes(y);
    let same = match (a.node(a_id), b.node(b_id)) {
        (Node::None, Node::None) => true,
        (Node::Bool(x), Node::Bool(y)) => x == y,
        (Node::Int(x), Node::Int(y)) => x == y,
        (Node::Float(x), Node::Float(y)) => x.to_bits() == y.to_bits(),
        (Node::BigInt(x), Node::BigInt(y)) => same_bytes(*x, *y),
        (Node::Bytes(x), Node::Bytes(y)) => same_bytes(*x, *y),
        (Node::ByteArray(x), Node::ByteArray(y)) => same_bytes(*x, *y),
        (Node::Str(x), Node::Str(y)) => same_bytes(*x, *y),
        (Node::ByteStr(x), Node::ByteStr(y)) => same_bytes(*x, *y),
        (Node::Tuple(x), Node::Tuple(y)) => x.len() == y.len(),
        (Node::FrozenSet(x), Node::FrozenSet(y)) => x.len() == y.len(),
        (Node::List(x), Node::List(y)) => x.len() == y.len(),
        (Node::Set(x), Node::Set(y)) => x.len() == y.len(),
        (Node::Dict(x), Node::Dict(y)) => x.len() == y.len(),
        (Node::Global(x), Node::Global(y)) => same_bytes(x.module, y.module) && same_bytes(x.name, y.name),
        (Node::Extension(x), Node::Extension(y)) => x == y,
        (Node::Persistent(_), Node::Persistent(_)) => true,
        (Node::Buffer { index: x, readonly: p }, Node::Buffer { index: y, readonly: q }) => x == y && p == q,
        (Node::Object(x), Node::Object(y)) => {
            same_make(x.make, y.make)
                && x.keywords.is_some() == y.keywords.is_some()
                && same_changes(&x.changes, &y.changes)
        }
        (Node::Payload { content: x, .. }, Node::Payload { content: y, .. }) => match (x, y) {
            (Payload::Raw(x), Payload::Raw(y)) => same_bytes(*x, *y),
            (Payload::Pickle(_), Payload::Pickle(_)) => true,
            _ => false,
        },
        _ => false,
    };
    same && same_changes(a.changes(a_id), b.changes(b_id))
}

fn same_make(a: Make, b: Make) -> bool {
    let instance = |make| matches!(make, Make::Inst | Make::Obj);
    a == b || (instance(a) && instance(b))
}

/// Whether two nodes have the same kind and value, without their children.
fn same_changes(a: &[Change], b: &[Change]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|changes| match changes {
            (Change::Build(_), Change::Build(_)) => true,
            (Change::Append(x), Change::Append(y)) | (Change::Add(x), Change::Add(y)) => x.len() == y.len(),
            (Change::SetItems(x), Change::SetItems(y)) => x.len() == y.len(),
            _ => false,
        })
}
