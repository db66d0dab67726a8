//! Arrays and dtypes as the nodes of their pickle, for arrays from other formats.

use skiff_pickle::{Change, Global, Graph, Make, Node, NodeId, Object, Span};

use super::layout::{self, Layout};
use super::{DType, Order};

/// An array whose elements are the bytes of `elements`.
pub fn array(graph: &mut Graph, dtype: &DType, shape: &[usize], order: Order, elements: Span) -> NodeId {
    let elements = graph.push(Node::Bytes(elements));
    array_of(graph, dtype, shape, order, elements)
}

/// An array whose elements are a node: bytes, or a list of objects.
pub fn array_of(graph: &mut Graph, dtype: &DType, shape: &[usize], order: Order, elements: NodeId) -> NodeId {
    let class = global(graph, "numpy", "ndarray");
    let zero = graph.push(Node::Int(0));
    let empty = tuple(graph, vec![zero]);
    let code = bytes(graph, b"b");
    let arguments = tuple(graph, vec![class, empty, code]);
    let version = graph.push(Node::Int(1));
    let shape = lengths(graph, shape);
    let dtype = self::dtype(graph, dtype);
    let is_fortran = graph.push(Node::Bool(order == Order::F));
    let state = tuple(graph, vec![version, shape, dtype, is_fortran, elements]);
    call(graph, ("numpy.core.multiarray", "_reconstruct"), arguments, state)
}

/// The most nodes that [`dtype`] adds, for the budget.
pub(crate) fn dtype_cost(dtype: &DType) -> u64 {
    match dtype {
        DType::Struct { fields, .. } => fields.iter().fold(24, |sum, field| sum + 4 + dtype_cost(&field.dtype)),
        DType::Sub { dtype, .. } => 96 + dtype_cost(dtype),
        _ => 24,
    }
}

/// A dtype: `numpy.dtype(code, False, True)` and the eight or nine items of its state.
pub fn dtype(graph: &mut Graph, dtype: &DType) -> NodeId {
    let none = graph.push(Node::None);
    let (mut subarray, mut names, mut fields) = (none, none, none);
    // Only what numpy cannot derive from the code.
    let (mut elsize, mut alignment) = (-1, -1);
    let layout = Layout::of(dtype);
    match dtype {
        DType::Struct { fields: parts, itemsize } => {
            let mut pairs = Vec::new();
            for part in parts {
                let name = text(graph, &part.name);
                let inner = self::dtype(graph, &part.dtype);
                let offset = integer(graph, part.offset);
                pairs.push((name, tuple(graph, vec![inner, offset])));
            }
            names = tuple(graph, pairs.iter().map(|(name, _)| *name).collect());
            fields = graph.push(Node::Dict(pairs));
            (elsize, alignment) = (signed(*itemsize), signed(layout.alignment));
        }
        DType::Sub { dtype: inner, shape } => {
            let inner = self::dtype(graph, inner);
            let shape = lengths(graph, shape);
            subarray = tuple(graph, vec![inner, shape]);
            (elsize, alignment) = (signed(layout::memory(dtype).unwrap_or_default()), signed(layout.alignment));
        }
        DType::Str { .. } | DType::Bytes { .. } | DType::Void { .. } => {
            (elsize, alignment) = (signed(dtype.itemsize().unwrap_or_default()), signed(layout.alignment));
        }
        _ => {}
    }
    let sign = dtype.code();
    let sign = sign.get(..1).unwrap_or("|");
    let endian = text(graph, sign);
    let flags = graph.push(Node::Int(layout.flags.into()));
    let version =
        graph.push(Node::Int(if matches!(dtype, DType::DateTime { .. } | DType::TimeDelta { .. }) { 4 } else { 3 }));
    let (elsize, alignment) = (graph.push(Node::Int(elsize)), graph.push(Node::Int(alignment)));
    let mut state = vec![version, endian, subarray, names, fields, elsize, alignment, flags];
    let mut code = match (dtype, layout::memory(dtype)) {
        (DType::Sub { .. }, Some(size)) => format!("V{size}"),
        _ => dtype.code().trim_start_matches(['<', '>', '|']).to_owned(),
    };
    if let DType::DateTime { unit, .. } | DType::TimeDelta { unit, .. } = dtype {
        code.truncate(2);
        let name = bytes(graph, unit.name.as_bytes());
        let count = graph.push(Node::Int(unit.count.into()));
        let (one, also_one) = (graph.push(Node::Int(1)), graph.push(Node::Int(1)));
        let unit = tuple(graph, vec![name, count, one, also_one]);
        state.push(tuple(graph, vec![none, unit]));
    }
    if *dtype == DType::Object {
        code.push('8');
    }
    let (code, no, yes) = (text(graph, &code), graph.push(Node::Bool(false)), graph.push(Node::Bool(true)));
    let arguments = tuple(graph, vec![code, no, yes]);
    let state = tuple(graph, state);
    call(graph, ("numpy", "dtype"), arguments, state)
}

/// A string.
pub fn text(graph: &mut Graph, text: &str) -> NodeId {
    let span = graph.keep(text.as_bytes());
    graph.push(Node::Str(span))
}

fn bytes(graph: &mut Graph, bytes: &[u8]) -> NodeId {
    let span = graph.keep(bytes);
    graph.push(Node::Bytes(span))
}

fn tuple(graph: &mut Graph, items: Vec<NodeId>) -> NodeId {
    graph.push(Node::Tuple(items.into()))
}

/// A tuple of lengths.
pub fn lengths(graph: &mut Graph, lengths: &[usize]) -> NodeId {
    let lengths = lengths.iter().map(|&length| integer(graph, length)).collect();
    tuple(graph, lengths)
}

fn integer(graph: &mut Graph, value: usize) -> NodeId {
    graph.push(Node::Int(signed(value)))
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn global(graph: &mut Graph, module: &str, name: &str) -> NodeId {
    let module = graph.keep(module.as_bytes());
    let name = graph.keep(name.as_bytes());
    graph.push(Node::Global(Global { module, name }))
}

fn call(graph: &mut Graph, (module, name): (&str, &str), arguments: NodeId, state: NodeId) -> NodeId {
    let callable = global(graph, module, name);
    let changes = vec![Change::Build(state)];
    let object = Object { make: Make::Reduce, callable, arguments, keywords: None, changes };
    graph.push(Node::Object(Box::new(object)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Endian, Field, TimeUnit};

    #[test]
    fn dtypes_come_back() {
        let endian = Endian::Big;
        let record = DType::Struct {
            fields: vec![
                Field { name: "a".into(), dtype: DType::Float { size: 8, endian }, offset: 0 },
                Field {
                    name: "ü".into(),
                    dtype: DType::Sub { dtype: Box::new(DType::Bool), shape: vec![2, 3] },
                    offset: 9,
                },
            ],
            itemsize: 16,
        };
        let unit = TimeUnit { name: "ms", count: 25 };
        for dtype in [
            DType::Bool,
            DType::Object,
            DType::Int { size: 2, endian },
            DType::Str { chars: 3, endian },
            DType::Bytes { len: 7 },
            DType::Void { len: 5 },
            DType::DateTime { unit, endian },
            DType::TimeDelta { unit: TimeUnit::GENERIC, endian: Endian::Little },
            record,
        ] {
            let mut graph = Graph::new();
            let before = graph.len();
            let id = super::dtype(&mut graph, &dtype);
            assert!(u64::try_from(graph.len() - before).unwrap() <= dtype_cost(&dtype));
            assert_eq!(DType::read(&graph, id), Ok(Some(dtype)));
        }
    }
}
