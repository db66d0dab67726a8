//! dtypes spelled anew from what was read of them, so that numpy takes no size, alignment or flag out of the file.

use skiff_pickle::{Change, Graph, Node, NodeId, Object};

use crate::DType;
use crate::call::Call;
use crate::numpy::nodes;

/// Puts skiff's own spelling in the place of each dtype that it says the whole of. Left as they are, after they were
/// found to be as numpy writes them: aligned records, titles, metadata, and numpy's class `record`.
pub(super) fn respell(graph: &mut Graph) {
    let ids: Vec<NodeId> = graph.ids().collect();
    for id in ids {
        let Some(dtype) = whole(graph, id) else { continue };
        let own = nodes::dtype(graph, &dtype);
        if let Node::Object(own) = graph.node(own) {
            *graph.node_mut(id) = Node::Object(own.clone());
        }
    }
}

/// The dtype at `id`, if there is no more to it than skiff knows.
fn whole(graph: &Graph, id: NodeId) -> Option<DType> {
    let call = Call::read(graph, id).filter(|call| (call.module, call.name) == ("numpy", "dtype"))?;
    graph.str_of(call.argument(0)?)?;
    let state = state(call.object)?;
    let items = graph.items(state)?;
    let dtype = DType::read(graph, id).ok()??;
    // Variable-length text is read as objects, and called otherwise.
    let is_plain = match (&dtype, items) {
        (DType::DateTime { .. } | DType::TimeDelta { .. }, [.., metadata]) if items.len() == 9 => {
            graph.items(*metadata).is_some_and(|parts| match parts.first().map(|own| graph.node(*own)) {
                Some(Node::None) => true,
                Some(Node::Dict(own)) => own.is_empty(),
                _ => false,
            })
        }
        // Records, and small arrays of them, are left: nothing but what is inside them could be spelled otherwise.
        (DType::Struct { .. } | DType::Sub { .. }, _) => false,
        _ => items.len() == 8,
    };
    is_plain.then_some(dtype)
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
    use crate::Endian;

    #[test]
    fn dtypes_are_spelled_anew() {
        for dtype in [
            DType::Bool,
            DType::Object,
            DType::Int { size: 4, endian: Endian::Big },
            DType::Str { chars: 3, endian: Endian::Little },
            DType::Bytes { len: 0 },
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
