//! What Python 2 and other versions of numpy and scipy wrote, by names that all of them know.

use skiff_files::{DType, Endian, Graph, NdArray, Node, NodeId, Order, Scalar};
use skiff_pickle::{Change, Global, python3_name};

use crate::values;

/// Has texts of Python 2 be texts, and the elements of arrays bytes; and names of numpy and scipy those that each of
/// their versions knows.
pub fn to_python3(mut graph: Graph) -> Graph {
    change(&mut graph);
    graph
}

fn change(graph: &mut Graph) {
    let ids: Vec<NodeId> = graph.ids().collect();
    // Python 3 has no opcode for a `str` of bytes.
    if ids.iter().any(|&id| matches!(graph.node(id), Node::ByteStr(_))) {
        for &id in &ids {
            if let Some((dtype, shape, bytes)) = texts(graph, id) {
                let array = values::array(graph, &dtype, &shape, Order::C, bytes);
                *graph.node_mut(id) = graph.node(array).clone();
            }
        }
    }
    let mut raw = Vec::new();
    for &id in &ids {
        raw.extend(elements(graph, id).filter(|&id| matches!(graph.node(id), Node::ByteStr(_))));
    }
    for id in raw {
        if let Node::ByteStr(span) = *graph.node(id) {
            *graph.node_mut(id) = Node::Bytes(span);
        }
    }
    for id in ids {
        match *graph.node(id) {
            Node::ByteStr(span) => {
                *graph.node_mut(id) = if graph.text(span).is_some() { Node::Str(span) } else { Node::Bytes(span) };
            }
            Node::Global(_) => {
                let named = graph.global(id).and_then(|(module, name)| everywhere(module, name));
                if let Some((module, name)) = named.map(|(module, name)| (module.to_owned(), name.to_owned())) {
                    name_it(graph, id, &module, &name);
                }
            }
            Node::Object(_) => {
                if let Some(name) = ufunc(graph, id).map(str::to_owned) {
                    name_it(graph, id, "numpy", &name);
                } else if let Some((class, arguments)) = compiled(graph, id) {
                    let made = values::call(graph, class, arguments);
                    let made = graph.node(made).clone();
                    *graph.node_mut(id) = made;
                }
            }
            _ => {}
        }
    }
}

fn name_it(graph: &mut Graph, id: NodeId, module: &str, name: &str) {
    let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
    *graph.node_mut(id) = Node::Global(Global { module, name });
}

/// An array of Python 2's texts, which are bytes to numpy, as one of texts; `None` if an element is not UTF-8.
fn texts(graph: &Graph, id: NodeId) -> Option<(DType, Vec<usize>, Vec<u8>)> {
    let array = NdArray::read(graph, id).ok()??;
    let DType::Bytes { .. } = array.dtype else { return None };
    let text = |scalar| match scalar {
        Scalar::Bytes(bytes) => String::from_utf8(bytes).ok(),
        Scalar::Str(text) => Some(text),
        _ => None,
    };
    let texts: Vec<String> = array.column()?.to_scalars()?.into_iter().map(text).collect::<Option<_>>()?;
    let chars = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let padded = |text: &String| -> Vec<u8> {
        let letters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(chars);
        letters.flat_map(u32::to_le_bytes).collect()
    };
    Some((DType::Str { chars, endian: Endian::Little }, array.shape.clone(), texts.iter().flat_map(padded).collect()))
}

/// The node that holds an array's or a number's elements.
fn elements(graph: &Graph, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
    let find = || {
        let object = graph.object(id)?;
        let (module, name) = graph.global(object.callable)?;
        let arguments = graph.items(object.arguments)?;
        if !module.starts_with("numpy.") {
            return None;
        }
        match name {
            "scalar" => arguments.get(1).copied(),
            "_reconstruct" => match object.changes.as_slice() {
                [Change::Build(state)] => graph.items(*state)?.last().copied(),
                _ => None,
            },
            _ => None,
        }
    };
    find().into_iter()
}

/// `numpy.core._ufunc_reconstruct('numpy.core.umath', 'log1p')`: numpy's ufuncs before 1.20.
fn ufunc(graph: &Graph, id: NodeId) -> Option<&str> {
    let object = graph.object(id)?;
    if graph.global(object.callable)? != ("numpy.core", "_ufunc_reconstruct") {
        return None;
    }
    let &[module, name] = graph.items(object.arguments)? else { return None };
    let is_numpy = matches!(
        graph.str_of(module)?,
        "numpy.core.umath"
            | "numpy.core._multiarray_umath"
            | "numpy.core.arrayprint"
            | "numpy.matlib"
            | "scipy.stats._discrete_distns"
    );
    graph.str_of(name).filter(|_| is_numpy)
}

/// `__pyx_unpickle_CyPinballLoss(class, checksum, (quantile,))`, by which scikit-learn 1.1 to 1.5 make a compiled loss:
/// its class, and what the class itself is called with, which each version takes.
fn compiled(graph: &Graph, id: NodeId) -> Option<(NodeId, Vec<NodeId>)> {
    let object = graph.object(id)?;
    let (module, name) = graph.global(object.callable)?;
    if !(matches!(module, "_loss" | "sklearn._loss._loss") && name.starts_with("__pyx_unpickle_Cy")) {
        return None;
    }
    let &[class, _, inner] = graph.items(object.arguments)? else { return None };
    let state = object.state().unwrap_or(inner);
    Some((class, graph.items(state)?.to_vec()))
}

/// The name that each version knows, where the one that is written is not that.
fn everywhere<'a>(module: &'a str, name: &'a str) -> Option<(&'a str, &'a str)> {
    let found = match (module, name) {
        (
            "numpy._core.multiarray" | "numpy.core._multiarray_umath" | "numpy._core._multiarray_umath",
            "_reconstruct" | "scalar",
        ) => ("numpy.core.multiarray", name),
        ("numpy._core.numeric", "_frombuffer") => ("numpy.core.numeric", name),
        (
            "numpy.core._multiarray_umath"
            | "numpy._core._multiarray_umath"
            | "numpy.core.umath"
            | "numpy._core.umath"
            | "numpy.core.fromnumeric"
            | "numpy._core.fromnumeric"
            | "numpy.lib.function_base"
            | "numpy.lib._function_base_impl",
            _,
        ) => ("numpy", if name == "round_" { "round" } else { name }),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "ndarray") => ("numpy", name),
        ("scipy.special._ufuncs" | "scipy.special._special_ufuncs", _) => ("scipy.special", name),
        // Older names of functions that numpy 2 has no more.
        ("numpy", "round_") => ("numpy", "round"),
        _ => {
            let is_sparse = module.strip_prefix("scipy.sparse.").is_some_and(|rest| {
                matches!(rest.trim_start_matches('_'), "bsr" | "coo" | "csc" | "csr" | "dia" | "dok" | "lil")
            });
            if is_sparse { ("scipy.sparse", name) } else { python3_name(module, name) }
        }
    };
    (found != (module, name)).then_some(found)
}

/// Has `RandomState`s be made as numpy made them before 1.17, which each of its versions still reads.
pub(crate) fn to_older_random_states(graph: &mut Graph) {
    let ids: Vec<NodeId> = graph.ids().collect();
    for id in ids {
        let Some([name, key, position, has_gauss, gauss]) = state_of_random_state(graph, id) else { continue };
        let class = values::global(graph, "numpy.random", "__RandomState_ctor");
        let made = values::call(graph, class, Vec::new());
        let state = values::tuple(graph, vec![name, key, position, has_gauss, gauss]);
        let mut made = graph.node(made).clone();
        if let Node::Object(object) = &mut made {
            object.changes = vec![Change::Build(state)];
        }
        *graph.node_mut(id) = made;
    }
}

/// The parts of the state of a `RandomState` of the Mersenne twister.
fn state_of_random_state(graph: &Graph, id: NodeId) -> Option<[NodeId; 5]> {
    let object = graph.object(id)?;
    let (module, name) = graph.global(object.callable)?;
    if !(module.starts_with("numpy.random") && name == "__randomstate_ctor") {
        return None;
    }
    let [Change::Build(state)] = object.changes.as_slice() else { return None };
    let within = |dict: NodeId, key: &str| {
        let Node::Dict(pairs) = graph.node(dict) else { return None };
        pairs.iter().find(|(known, _)| graph.str_of(*known) == Some(key)).map(|(_, value)| *value)
    };
    let name = within(*state, "bit_generator").filter(|name| graph.str_of(*name) == Some("MT19937"))?;
    let inner = within(*state, "state")?;
    let part = |key| within(*state, key);
    Some([name, within(inner, "key")?, within(inner, "pos")?, part("has_gauss")?, part("gauss")?])
}
