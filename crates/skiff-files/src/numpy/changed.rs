//! An array with other elements, as a new node.

use skiff_pickle::{Bytes, Change, Graph, Node, NodeId, Payload};

use super::{NdArray, Order, count, nodes};
use crate::call::Call;

impl NdArray {
    /// An array like that at `id`, of `_reconstruct` and in C order, with another shape and elements: the dtype is shared.
    /// `None` if it is in another form, or the number of elements is another than the shape's.
    pub fn with_shape(graph: &mut Graph, id: NodeId, shape: &[usize], bytes: Vec<u8>) -> Option<NodeId> {
        let array = Self::read(graph, id).ok()??;
        let length = count(shape, array.dtype.itemsize()?, id).ok()?.checked_mul(array.dtype.itemsize()?)?;
        if bytes.len() != length || array.order != Order::C {
            return None;
        }
        let mut object = Box::new(graph.object(id)?.clone());
        let mut state = graph.items(object.state()?)?.to_vec();
        let buffer = graph.add_buffer(Bytes::from(bytes));
        let span = graph.span(buffer, 0, length)?;
        let [.., old_shape, _, _, elements] = state.as_mut_slice() else { return None };
        *old_shape = nodes::lengths(graph, shape);
        *elements = graph.push(Node::Bytes(span));
        let state = graph.push(Node::Tuple(state.into()));
        object.changes = vec![Change::Build(state)];
        Some(graph.push(Node::Object(object)))
    }

    /// The array at `id` with other elements, of the same dtype, shape and memory order, with which it shares everything else.
    /// `None` if it is not an array of raw elements, or their number is another.
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
    use crate::{DType, Endian};

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
        let elements = graph.keep(&[0; 8]);
        let template = nodes::array(&mut graph, &dtype, &[1], Order::C, elements);
        let longer = NdArray::with_shape(&mut graph, template, &[2, 1], vec![2; 16]).expect("as many bytes");
        let array = NdArray::read(&graph, longer).expect("an array").expect("one");
        assert_eq!((array.shape.as_slice(), array.bytes()), (&[2, 1][..], Some(&[2; 16][..])));
        assert_eq!(NdArray::with_shape(&mut graph, template, &[3], vec![2; 16]), None);
        assert_eq!(NdArray::with_shape(&mut graph, id, &[2], vec![2; 16]), None);
    }
}
