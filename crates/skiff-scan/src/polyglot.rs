//! Bytes of arrays taken for opcodes, as a loader takes them that knows nothing of the arrays.
//!
//! Most such bytes break off after an opcode or two, and whatever those do to the values around them is chance. What
//! they name, and what they call, is none: Python would import and call it.

use std::collections::HashSet;
use std::ops::Range;

use skiff_files::{Instance, is_numpy_module};
use skiff_pickle::{Change, Graph, Make, Node, NodeId};

use crate::allowed::name_of;
use crate::judge::{AS_VALUE, GIVEN, OTHER_STATE};
use crate::standard_library;
use crate::verdict::{Finding, MORE_THAN_ONCE, Rating};
use crate::{dangers, wrappers};

/// Whether a finding counts in such a reading. `reached` is what the object that came out holds, if one did.
pub(crate) fn is_told(graph: &Graph, id: NodeId, finding: &Finding, reached: &HashSet<NodeId>) -> bool {
    if is_misread_array(graph, id, finding) || is_misread_wrapper(graph, id, finding) {
        return false;
    }
    if reached.contains(&id) {
        return true;
    }
    match &finding.name {
        Some(name) if is_importable(name) => {
            // Numbers by chance give things to what lies on the stack, or leave a constructor there that is not called.
            let is_chance = GIVEN.contains(&&*finding.sentence)
                || finding.sentence == MORE_THAN_ONCE
                || finding.sentence == AS_VALUE;
            graph.global(id).is_some() || finding.rating == Rating::Dangerous || !is_chance
        }
        Some(_) => false,
        // A call of what another call made, or a name that is none.
        None => match graph.node(id) {
            Node::Global(_) => true,
            Node::Object(object) => {
                name_of(graph, object.callable).is_none() && may_be_callable(graph, object.callable)
            }
            _ => false,
        },
    }
}

/// The first name `dtype` of no module in the pickles of arrays of objects (`inner`), which have a memo of their own: a
/// plain load takes the module out of the memo of the pickle around it, where a key or a class's name lies in its place
/// (`StandardScaler.dtype`). There is no such module, so it ends there.
pub(crate) fn end_of_plain_load(graph: &Graph, inner: &[Range<usize>]) -> Option<NodeId> {
    let is_end = |id: NodeId| {
        let Node::Global(global) = graph.node(id) else { return false };
        let is_inner = inner.iter().any(|inner| inner.contains(&global.name.start)) && global.name.buffer > 0;
        match graph.global(id) {
            Some((module, "dtype")) if is_inner => {
                let may_exist = module.contains('.') || HAVE_DTYPES.contains(&module);
                !may_exist && dangers::sentence(module, "dtype").is_none()
            }
            _ => false,
        }
    };
    if inner.is_empty() { None } else { graph.ids().find(|&id| is_end(id)) }
}

/// Modules at the top level that have a `dtype`.
const HAVE_DTYPES: [&str; 8] = ["autograd", "cupy", "jax", "mxnet", "numpy", "pylab", "scipy", "torch"];

/// Where joblib pickles an array of objects, that pickle has a memo of its own. Whoever reads it as a part of the one around
/// it takes another text for the name of numpy's module: a key or a class's name, which is no module. Python stops there,
/// as there is nothing to import. A module that there may be is no misreading.
fn is_misread_array(graph: &Graph, id: NodeId, finding: &Finding) -> bool {
    match graph.global(id) {
        Some((module, "dtype")) => {
            let is_no_module = is_importable(module) && !module.contains('.') && !standard_library::has(module);
            is_no_module && finding.rating == Rating::Unknown
        }
        Some(_) => false,
        // numpy itself takes nothing but a dtype for one.
        None => graph.object(id).is_some_and(|object| {
            let is_array = graph.global(object.callable).is_some_and(|(_, name)| name == "_reconstruct");
            is_array && finding.sentence == OTHER_STATE
        }),
    }
}

/// The first number behind a wrapper of joblib may be opcodes that give the wrapper a text or a number as its state. That
/// is no state in Python, which stops there.
fn is_misread_wrapper(graph: &Graph, id: NodeId, finding: &Finding) -> bool {
    let Some((_, name)) = Instance::class(graph, id) else { return false };
    let is_plain = |state: NodeId| {
        let node = graph.node(state);
        matches!(node, Node::Bytes(_) | Node::ByteStr(_) | Node::Str(_) | Node::Int(_) | Node::Float(_))
    };
    finding.sentence == wrappers::NOT_WRITTEN
        && graph.changes(id).iter().all(|change| match change {
            Change::Build(state) => is_plain(*state) || wrappers::check(graph, name, *state).is_ok(),
            _ => false,
        })
}

/// Whether Python may be able to call a value. Where it cannot, it stops there.
fn may_be_callable(graph: &Graph, id: NodeId) -> bool {
    let object = match graph.node(id) {
        Node::Object(object) => object,
        Node::Global(_) | Node::Payload { .. } => return true,
        // An extension nobody registered, a persistent id, and a buffer end the load before.
        _ => return false,
    };
    let Some((module, name)) = name_of(graph, object.callable) else { return true };
    let class = match (module, name) {
        ("copyreg", "_reconstructor" | "__newobj__") => {
            graph.items(object.arguments).and_then(|arguments| name_of(graph, *arguments.first()?))
        }
        _ if matches!(object.make, Make::NewObj | Make::NewObjEx) => Some((module, name)),
        ("numpy", "dtype") => return false,
        _ if is_numpy_module(module, "multiarray") && matches!(name, "_reconstruct" | "scalar") => return false,
        _ => None,
    };
    !class.is_some_and(|(_, name)| matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper"))
}

/// `os.system`: names with dots between, as Python could import them.
fn is_importable(name: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part.chars().all(|char| char.is_alphanumeric() || char == '_')
    };
    name.split('.').all(is_name)
}
