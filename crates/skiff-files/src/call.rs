//! A call in a pickle, as module, name, arguments and state.

use skiff_pickle::{Bytes, Graph, Make, Node, NodeId, Object};

use crate::text::latin1_bytes;

/// An object whose callable is a plain global.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'g> {
    pub module: &'g str,
    pub name: &'g str,
    pub arguments: &'g [NodeId],
    pub object: &'g Object,
}

impl<'g> Call<'g> {
    pub fn read(graph: &'g Graph, id: NodeId) -> Option<Self> {
        let object = graph.object(id)?;
        let (module, name) = graph.global(object.callable)?;
        Some(Self { module, name, arguments: graph.items(object.arguments)?, object })
    }

    pub fn argument(&self, index: usize) -> Option<NodeId> {
        self.arguments.get(index).copied()
    }

    /// Whether it is a function of numpy's C core: `numpy.core.multiarray` before numpy 2, `numpy._core.multiarray`
    /// since. Some picklers write the module that the function is defined in, `numpy.core._multiarray_umath`.
    pub fn is_numpy(&self, module: &str, name: &str) -> bool {
        self.name == name && self.object.make == Make::Reduce && is_numpy_module(self.module, module)
    }
}

/// Whether `found` is `module` of numpy's core, in any version of numpy. What `multiarray` exports is defined in the C
/// module `_multiarray_umath`.
pub fn is_numpy_module(found: &str, module: &str) -> bool {
    found
        .strip_prefix("numpy.core.")
        .or_else(|| found.strip_prefix("numpy._core."))
        .is_some_and(|found| found == module || (module == "multiarray" && found == "_multiarray_umath"))
}

/// Python's bytes, in each encoding of protocols and Python versions: not
/// copied if they are in the file unencoded.
pub fn python_bytes(graph: &Graph, id: NodeId) -> Option<Bytes> {
    match graph.node(id) {
        Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span) => Some(graph.shared_bytes(*span)),
        Node::Str(span) => latin1_bytes(graph.bytes(*span)).map(Bytes::from),
        Node::Object(_) => {
            let call = Call::read(graph, id)?;
            match (call.module, call.name) {
                // Protocols 0 to 2 have no bytes: `_codecs.encode(text, 'latin1')`.
                ("_codecs", "encode") => {
                    let encoding = graph.str_of(call.argument(1)?)?;
                    if !matches!(encoding, "latin1" | "latin-1" | "iso-8859-1") {
                        return None;
                    }
                    plain_bytes(graph, call.argument(0)?)
                }
                ("builtins" | "__builtin__", "bytes" | "bytearray") => match call.arguments {
                    [] => Some(Bytes::default()),
                    [argument] if graph.object(*argument).is_none() => plain_bytes(graph, *argument),
                    // One level of calls only: `bytearray(_codecs.encode(…))`.
                    [argument] => {
                        let inner = Call::read(graph, *argument)?;
                        if (inner.module, inner.name) != ("_codecs", "encode") {
                            return None;
                        }
                        plain_bytes(graph, inner.argument(0)?)
                    }
                    [text, _encoding] => plain_bytes(graph, *text),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a module of scikit-learn's builds its objects by a function of its own, `newObj(class)`: neighbours' trees and
/// distances, which are compiled.
pub fn has_new_obj(module: &str) -> bool {
    matches!(
        module,
        "sklearn.metrics._dist_metrics"
            | "sklearn.neighbors._ball_tree"
            | "sklearn.neighbors._dist_metrics"
            | "sklearn.neighbors._kd_tree"
            | "sklearn.neighbors.ball_tree"
            | "sklearn.neighbors.dist_metrics"
            | "sklearn.neighbors.kd_tree"
    )
}

fn plain_bytes(graph: &Graph, id: NodeId) -> Option<Bytes> {
    match graph.node(id) {
        Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span) => Some(graph.shared_bytes(*span)),
        Node::Str(span) => latin1_bytes(graph.bytes(*span)).map(Bytes::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_numpy_module;

    #[test]
    fn multiarray_goes_by_the_name_of_its_c_module_as_well() {
        for found in ["numpy.core.multiarray", "numpy._core.multiarray", "numpy.core._multiarray_umath"] {
            assert!(is_numpy_module(found, "multiarray"), "{found}");
        }
        for found in ["numpy.multiarray", "numpy.core.numeric", "_multiarray_umath", "numpy.core.x._multiarray_umath"] {
            assert!(!is_numpy_module(found, "multiarray"), "{found}");
        }
        assert!(!is_numpy_module("numpy.core._multiarray_umath", "numeric"));
    }
}
