//! An array with other elements, as a new node.

use skiff_pickle::{Bytes, Change, Graph, Node, NodeId, Payload};

use super::NdArray;
use crate::call::Call;

impl NdArray {
    /// The array at `id` with other elements, of the same dtype, shape and memory order, with which it shares everything else.
    /// `None` if it is no array of raw elements, or their number is another.
    pub fn with_bytes(graph: &mut Graph, id: NodeId, bytes: Vec<u8>) -> Option<NodeId> {
        let length = Self::read(graph, id).ok()??.size()?;
        if bytes.len() != length {
            return None;
        }
        let buffer = graph.add_buffer(Bytes::from(bytes));
        let span = graph.span(buffer, 0, length)?;
        if let Node::Payload { object, content: Payload::Raw(_) } = *graph.node(id) {
            return Some(graph.push(Node::Payload { object, content: Payload::Raw(span) }));
        }
        let is_buffer = Call::read(graph, id)?.is_numpy("numeric", "_frombuffer");
        let mut object = Box::new(graph.object(id)?.clone());
        if is_buffer {
            let mut arguments = graph.items(object.arguments)?.to_vec();
            let elements = match graph.node(*arguments.first()?) {
                Node::ByteArray(_) => Node::ByteArray(span),
                _ => Node::Bytes(span),
            };
            *arguments.first_mut()? = graph.push(elements);
            object.arguments = graph.push(Node::Tuple(arguments.into()));
        } else {
            let mut state = graph.items(object.state()?)?.to_vec();
            *state.last_mut()? = graph.push(Node::Bytes(span));
            let state = graph.push(Node::Tuple(state.into()));
            object.changes = vec![Change::Build(state)];
        }
        Some(graph.push(Node::Object(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numpy::nodes;
    use crate::{DType, Endian, Order};

    #[test]
    fn dtype_and_shape_are_shared() {
        let mut graph = Graph::new();
        let elements = graph.keep(&[0; 48]);
        let dtype = DType::Float { size: 8, endian: Endian::Little };
        let id = nodes::array(&mut graph, &dtype, &[2, 3], Order::F, elements);
        let before = graph.len();
        let changed = NdArray::with_bytes(&mut graph, id, vec![1; 48]).expect("as many bytes");
        assert_eq!(graph.len() - before, 3);
        let array = NdArray::read(&graph, changed).expect("an array").expect("one");
        assert_eq!((array.shape.as_slice(), array.order, array.bytes()), (&[2, 3][..], Order::F, Some(&[1; 48][..])));
        assert_eq!(NdArray::with_bytes(&mut graph, id, vec![1; 47]), None);
    }
}
