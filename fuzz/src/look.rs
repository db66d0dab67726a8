//! Reads all values of a graph.

use skiff_files::pandas::{self, DataFrame};
use skiff_files::{DType, Graph, Instance, MaskedArray, NdArray, NodeId, RandomState, Scalar, Sparse, describe};

/// How many nodes of a graph are read.
const MOST_NODES: usize = 2_000;

/// Reads each node as everything that it could be.
pub fn everywhere(graph: &Graph) {
    for id in graph.ids().take(MOST_NODES) {
        at(graph, id);
    }
}

fn at(graph: &Graph, id: NodeId) {
    let text = describe(graph, id);
    assert!(text.len() < 100_000, "a description of {} bytes", text.len());
    if let Ok(Some(array)) = NdArray::read(graph, id) {
        let _ = (array.to_f64(), array.to_f32(), array.to_i64(), array.to_bool(), array.to_strings(graph));
        let _ = (array.as_f64(), array.as_f32(), array.as_i64(), array.as_i32(), array.to_scalars(graph));
        if let DType::Struct { fields, .. } = &array.dtype {
            for field in fields {
                let _ = array.field(&field.name).map(|field| (field.to_f64(), field.to_scalars()));
            }
        }
    }
    if let Ok(Some(sparse)) = Sparse::read(graph, id) {
        let _ = (sparse.to_csr(), sparse.to_dense(1 << 16));
    }
    let _ = (Scalar::read(graph, id), MaskedArray::read(graph, id), Sparse::read_npz(graph, id));
    let _ = (pandas::values(graph, id), pandas::categories(graph, id), DataFrame::read(graph, id));
    let _ = RandomState::read(graph, id);
    if let Some(instance) = Instance::read(graph, id) {
        let _ = (instance.attributes().count(), instance.items().count());
    }
}
