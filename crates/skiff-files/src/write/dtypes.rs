//! Rewrites dtypes from what was read, so that numpy takes no size, alignment or flag from the file.

use skiff_pickle::{Change, Graph, Node, NodeId, Object};

use crate::DType;
use crate::call::Call;
use crate::numpy::nodes;

/// Replaces each dtype that skiff can represent completely by skiff's own encoding. Unchanged, after they were
/// checked to be as numpy writes them, are: titles, metadata, aligned records, and numpy's class `record`.
pub(super) fn respell(graph: &mut Graph) {
    let ids: Vec<NodeId> = graph.ids().collect();
    // Thousands of records may share their fields, which are nodes of each of them here.
    let mut budget = u64::try_from(ids.len()).unwrap_or(u64::MAX).saturating_mul(nodes::dtype_cost(&DType::Bool));
    for id in ids {
        let Some(dtype) = whole(graph, id) else { continue };
        let Some(left) = budget.checked_sub(nodes::dtype_cost(&dtype)) else { continue };
        budget = left;
        let own = nodes::dtype(graph, &dtype);
        if matches!(dtype, DType::Struct { .. } | DType::Sub { .. }) && !is_laid_out_alike(graph, id, own) {
            continue;
        }
        if let Node::Object(own) = graph.node(own) {
            *graph.node_mut(id) = Node::Object(own.clone());
        }
    }
}

/// The dtype at `id`, if skiff can represent it completely.
fn whole(graph: &Graph, id: NodeId) -> Option<DType> {
    let call = Call::read(graph, id).filter(|call| (call.module, call.name) == ("numpy", "dtype"))?;
    graph.str_of(call.argument(0)?)?;
    let state = state(call.object)?;
    let items = graph.items(state)?;
    let dtype = DType::read(graph, id).ok()??;
    // Variable-length text is read as objects, but has another name.
    let is_plain = match (&dtype, items) {
        (DType::DateTime { .. } | DType::TimeDelta { .. }, [.., metadata]) if items.len() == 9 => {
            graph.items(*metadata).is_some_and(|parts| match parts.first().map(|own| graph.node(*own)) {
                Some(Node::None) => true,
                Some(Node::Dict(own)) => own.is_empty(),
                _ => false,
            })
        }
        (DType::Struct { .. }, [_, _, _, _, fields, ..]) => items.len() == 8 && has_no_titles(graph, *fields),
        _ => items.len() == 8,
    };
    is_plain.then_some(dtype)
}

/// Whether each field is a dtype and an offset; a third item would be its title.
fn has_no_titles(graph: &Graph, fields: NodeId) -> bool {
    match graph.node(fields) {
        Node::Dict(pairs) => pairs.iter().all(|&(_, field)| graph.items(field).is_some_and(|field| field.len() == 2)),
        _ => false,
    }
}

/// Whether size, alignment and flags are the same: an aligned record has a flag that a plain one of the same fields has
/// not.
fn is_laid_out_alike(graph: &Graph, theirs: NodeId, own: NodeId) -> bool {
    let layout = |id| graph.object(id).and_then(state).and_then(|state| graph.items(state)?.get(5..8));
    match (layout(theirs), layout(own)) {
        (Some(theirs), Some(own)) => theirs.iter().zip(own).all(|(a, b)| graph.node(*a) == graph.node(*b)),
        _ => false,
    }
}

fn state(object: &Object) -> Option<NodeId> {
    match object.changes.as_slice() {
        [Change::Build(state)] => Some(*state),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Endian, Field};

    #[test]
    fn dtypes_are_spelled_anew() {
        for dtype in [
            DType::Bool,
            DType::Object,
            DType::Int { size: 4, endian: Endian::Big },
            DType::Str { chars: 3, endian: Endian::Little },
            DType::Bytes { len: 0 },
            DType::Struct {
                fields: vec![Field {
                    name: "a".into(),
                    dtype: DType::Float { size: 8, endian: Endian::Little },
                    offset: 0,
                }],
                itemsize: 8,
            },
        ] {
            let mut graph = Graph::new();
            let id = nodes::dtype(&mut graph, &dtype);
            let before = graph.object(id).and_then(Object::state);
            respell(&mut graph);
            assert_eq!(DType::read(&graph, id), Ok(Some(dtype)));
            assert_ne!(graph.object(id).and_then(Object::state), before);
        }
    }
}
