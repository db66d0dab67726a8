//! Edits to an object graph that no scikit-learn would have written: malicious values in files of trusted classes.

use skiff_files::{ArrayData, DType, Endian, Graph, Instance, NdArray, Node, NodeId};
use skiff_models::addresses;
use skiff_pickle::{Change, Global, Make, Object, Payload};

use crate::damage::Noise;

/// The node at `path` below `root`: `steps[1][1].tree_.nodes`; `_tree#1` is the second item of what the object's
/// `__setstate__` takes, `tree_@0` the first argument of its constructor.
///
/// # Panics
/// When there is none.
pub fn at(graph: &Graph, root: NodeId, path: &str) -> NodeId {
    let (path, special) = match path.find(['#', '@']) {
        Some(end) => (&path[..end], Some(&path[end..])),
        None => (path, None),
    };
    let node = addresses::resolve(graph, root, path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let Some(special) = special else { return node };
    let index: usize = special[1..].parse().expect("a number behind `#` or `@`");
    let instance = Instance::read(graph, node).unwrap_or_else(|| panic!("{path} is no object"));
    let items = match special.starts_with('#') {
        true => instance.state().and_then(|state| graph.items(state)).unwrap_or_else(|| panic!("{path} has no state")),
        false => instance.arguments(),
    };
    items[index]
}

/// Replaces the node at `path` by `value`; everything that shares the node sees it.
///
/// # Panics
/// When there is no such node.
pub fn put(graph: &mut Graph, path: &str, value: Node) {
    let id = at(graph, graph.root(), path);
    *graph.node_mut(id) = value;
}

/// A new text.
pub fn text(graph: &mut Graph, text: &str) -> Node {
    Node::Str(graph.keep(text.as_bytes()))
}

/// Changes the bytes of the array at `path`; shape and dtype are kept.
///
/// # Panics
/// When there is no array of bytes.
pub fn change_array(graph: &mut Graph, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let id = at(graph, graph.root(), path);
    let array = array(graph, id).unwrap_or_else(|| panic!("{path} is no array of bytes"));
    let mut bytes = array.bytes().expect("it holds bytes").to_vec();
    change(&mut bytes);
    replace_array(graph, id, &array.shape, &bytes);
}

/// Writes one element, by its index in memory; a field of it if the elements are records.
///
/// # Panics
/// When there is no such element.
pub fn set_element(graph: &mut Graph, path: &str, index: usize, field: Option<&str>, value: f64) {
    let id = at(graph, graph.root(), path);
    let array = array(graph, id).unwrap_or_else(|| panic!("{path} is no array of bytes"));
    let mut bytes = array.bytes().expect("it holds bytes").to_vec();
    let size = array.dtype.itemsize().expect("a size");
    let (dtype, offset) = match (&array.dtype, field) {
        (DType::Struct { fields, .. }, Some(name)) => {
            let field = fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"));
            (field.dtype.clone(), field.offset)
        }
        (dtype, _) => (dtype.clone(), 0),
    };
    let encoded = encode(&dtype, value).unwrap_or_else(|| panic!("{path}: {dtype} takes no number"));
    let start = index * size + offset;
    bytes[start..start + encoded.len()].copy_from_slice(&encoded);
    replace_array(graph, id, &array.shape, &bytes);
}

/// Changes the shape of the array at `path`, and repeats its elements as needed.
///
/// # Panics
/// When there is no array, or it is empty.
pub fn reshape(graph: &mut Graph, path: &str, shape: &[usize]) {
    let id = at(graph, graph.root(), path);
    let array = array(graph, id).unwrap_or_else(|| panic!("{path} is no array of bytes"));
    let size = array.dtype.itemsize().expect("a size") * shape.iter().product::<usize>();
    let bytes: Vec<u8> = array.bytes().expect("it holds bytes").iter().copied().cycle().take(size).collect();
    assert_eq!(bytes.len(), size, "{path} has no elements to repeat");
    replace_array(graph, id, shape, &bytes);
}

/// The bytes of one number.
#[expect(clippy::cast_possible_truncation, reason = "hostile numbers are cut to what the dtype holds")]
fn encode(dtype: &DType, value: f64) -> Option<Vec<u8>> {
    let (mut bytes, endian) = match dtype {
        DType::Bool => (vec![value as u8], Endian::Little),
        DType::Float { size: 8, endian } => (value.to_le_bytes().to_vec(), *endian),
        DType::Float { size: 4, endian } => ((value as f32).to_le_bytes().to_vec(), *endian),
        DType::Int { size, endian } => ((value as i64).to_le_bytes()[..*size].to_vec(), *endian),
        DType::UInt { size, endian } => ((value as i64).to_le_bytes()[..*size].to_vec(), *endian),
        _ => return None,
    };
    if endian == Endian::Big {
        bytes.reverse();
    }
    Some(bytes)
}

/// The array of bytes at a node.
fn array(graph: &Graph, id: NodeId) -> Option<NdArray> {
    NdArray::read(graph, id).ok().flatten().filter(|array| matches!(array.data, ArrayData::Raw(_)))
}

/// The node of an array's dtype.
fn dtype_node(graph: &Graph, id: NodeId) -> Option<NodeId> {
    if let Node::Payload { object, .. } = graph.node(id) {
        return Instance::read(graph, *object)?.attribute("dtype");
    }
    let object = graph.object(id)?;
    match object.state().and_then(|state| graph.items(state)) {
        Some(&[_, _, dtype, _, _] | &[_, dtype, _, _]) => Some(dtype),
        // `_frombuffer(buffer, dtype, shape, order)`.
        _ => graph.items(object.arguments)?.get(1).copied(),
    }
}

/// Replaces the array at `id` by one of the same dtype.
fn replace_array(graph: &mut Graph, id: NodeId, shape: &[usize], bytes: &[u8]) {
    let dtype = dtype_node(graph, id).expect("an array has a dtype");
    let name = |graph: &mut Graph, module: &str, name: &str| {
        let global = Global { module: graph.keep(module.as_bytes()), name: graph.keep(name.as_bytes()) };
        graph.push(Node::Global(global))
    };
    let callable = name(graph, "numpy.core.multiarray", "_reconstruct");
    let class = name(graph, "numpy", "ndarray");
    let arguments = graph.push(Node::Tuple(Box::from([class])));
    let integer = |length: usize| Node::Int(i64::try_from(length).expect("a small length"));
    let version = graph.push(Node::Int(1));
    let lengths = shape.iter().map(|&length| graph.push(integer(length))).collect();
    let shape = graph.push(Node::Tuple(lengths));
    let fortran = graph.push(Node::Bool(false));
    let span = graph.keep(bytes);
    let elements = graph.push(Node::Bytes(span));
    let state = graph.push(Node::Tuple(Box::from([version, shape, dtype, fortran, elements])));
    let changes = vec![Change::Build(state)];
    *graph.node_mut(id) =
        Node::Object(Box::new(Object { make: Make::Reduce, callable, arguments, keywords: None, changes }));
}

/// Numbers that programs stumble over.
const HOSTILE: [f64; 14] = [
    -1.0,
    0.0,
    1.0,
    2.0,
    7.0,
    1e3,
    1e6,
    2_147_483_647.0,
    -2_147_483_648.0,
    4_294_967_296.0,
    1e15,
    9.3e18,
    f64::NAN,
    f64::INFINITY,
];

/// One random edit to the node `id`; what it was, in words.
pub fn edit(graph: &mut Graph, id: NodeId, noise: &mut Noise) -> &'static str {
    let hostile = HOSTILE[noise.below(HOSTILE.len())];
    if let Some(array) = array(graph, id)
        && noise.below(8) > 0
    {
        return edit_array(graph, id, &array, hostile, noise);
    }
    let other = graph.ids().nth(noise.below(graph.len())).unwrap_or(id);
    let choice = noise.below(6);
    if choice == 0 {
        *graph.node_mut(id) = Node::None;
        return "nothing";
    }
    if choice == 1 {
        *graph.node_mut(id) = graph.node(other).clone();
        return "another node";
    }
    #[expect(clippy::cast_possible_truncation, reason = "hostile numbers are cut to what an integer holds")]
    let integer = hostile as i64;
    let (what, node) = match graph.node(id).clone() {
        Node::Int(_) => ("integer", Node::Int(integer)),
        Node::Float(_) => ("float", Node::Float(hostile)),
        Node::Bool(value) => ("bool", Node::Bool(!value)),
        Node::Tuple(items) => ("tuple", Node::Tuple(edit_list(items.into_vec(), other, noise).into())),
        Node::List(items) => ("list", Node::List(edit_list(items, other, noise))),
        Node::Dict(mut pairs) => {
            let place = noise.below(pairs.len().max(1));
            match noise.below(3) {
                0 if !pairs.is_empty() => drop(pairs.remove(place)),
                1 if !pairs.is_empty() => pairs[place].1 = other,
                _ => pairs.reverse(),
            }
            ("dict", Node::Dict(pairs))
        }
        Node::Payload { object, content: Payload::Pickle(root) } => (
            "object array",
            Node::Payload { object: if choice == 2 { other } else { object }, content: Payload::Pickle(root) },
        ),
        Node::None => ("none", Node::Int(integer)),
        _ if choice == 2 => ("integer instead", Node::Int(integer)),
        _ => ("float instead", Node::Float(hostile)),
    };
    *graph.node_mut(id) = node;
    what
}

fn edit_list(mut items: Vec<NodeId>, other: NodeId, noise: &mut Noise) -> Vec<NodeId> {
    let place = noise.below(items.len().max(1));
    match noise.below(5) {
        0 => drop(items.pop()),
        1 if !items.is_empty() => items[place] = other,
        2 => items.extend(items.clone()),
        3 => items.reverse(),
        _ if !items.is_empty() => drop(items.remove(place)),
        _ => items.push(other),
    }
    items
}

fn edit_array(graph: &mut Graph, id: NodeId, array: &NdArray, hostile: f64, noise: &mut Noise) -> &'static str {
    let mut bytes = array.bytes().expect("it holds bytes").to_vec();
    let mut shape = array.shape.clone();
    let size = array.dtype.itemsize().unwrap_or(1).max(1);
    let what = match noise.below(4) {
        0 if !shape.is_empty() => {
            // Another length of one axis, and as many elements.
            let axis = noise.below(shape.len());
            let other = shape[noise.below(shape.len())];
            shape[axis] = [shape[axis] + 1, shape[axis].saturating_sub(1), 0, 1, other][noise.below(5)];
            let needed = size * shape.iter().product::<usize>();
            bytes = match bytes.is_empty() {
                true => vec![0; needed],
                false => bytes.iter().copied().cycle().take(needed).collect(),
            };
            "an array of another shape"
        }
        1 => {
            match noise.below(3) {
                0 => shape.push(1),
                1 => shape.insert(0, 1),
                _ => shape.reverse(),
            }
            "an array of other dimensions"
        }
        _ if bytes.is_empty() => "no change",
        _ => {
            let start = noise.below(bytes.len() / size) * size;
            let (dtype, offset) = match &array.dtype {
                DType::Struct { fields, .. } if !fields.is_empty() => {
                    let field = &fields[noise.below(fields.len())];
                    (field.dtype.clone(), field.offset)
                }
                dtype => (dtype.clone(), 0),
            };
            match encode(&dtype, hostile) {
                Some(encoded) => bytes[start + offset..start + offset + encoded.len()].copy_from_slice(&encoded),
                None => bytes[start] = noise.number().to_le_bytes()[5],
            }
            "an element"
        }
    };
    replace_array(graph, id, &shape, &bytes);
    what
}
