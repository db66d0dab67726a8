//! Thresholds of trees as `float32`. scikit-learn rounds rows to `float32` before it compares them, so the greatest
//! `float32` that is not above a threshold sends every row the same way.

use std::collections::HashMap;

use skiff_files::{DType, Endian, Graph, Instance, NdArray, NodeId};

use super::objects::reachable;
use super::state;

/// Narrows the thresholds of all trees, and returns how many trees have others.
pub(super) fn narrow(graph: &mut Graph) -> usize {
    let mut count = 0;
    let mut known: HashMap<NodeId, NodeId> = HashMap::new();
    for (id, _) in graph.ids().zip(reachable(graph)).filter(|(_, is_reached)| *is_reached) {
        let is_tree = Instance::class(graph, id) == Some(("sklearn.tree._tree", "Tree"));
        if !is_tree {
            continue;
        }
        let is_changed = state::change(graph, id, |graph, name, value| match name {
            // Trees may share an array.
            "nodes" => Some(*known.entry(value).or_insert_with(|| narrowed(graph, value).unwrap_or(value))),
            _ => Some(value),
        });
        count += usize::from(is_changed);
    }
    count
}

/// The table of nodes at `id` with narrower thresholds; `None` if it has them already, or is no such table.
fn narrowed(graph: &mut Graph, id: NodeId) -> Option<NodeId> {
    let array = NdArray::read(graph, id).ok()??;
    let DType::Struct { fields, itemsize } = &array.dtype else { return None };
    let field = fields.iter().find(|field| field.name == "threshold")?;
    let DType::Float { size: 8, endian } = field.dtype else { return None };
    let mut bytes = array.bytes_once()?.as_slice().to_vec();
    let mut is_changed = false;
    for node in bytes.chunks_exact_mut(*itemsize) {
        let cell: &mut [u8; 8] = node.get_mut(field.offset..)?.first_chunk_mut()?;
        let threshold = match endian {
            Endian::Little => f64::from_le_bytes(*cell),
            Endian::Big => f64::from_be_bytes(*cell),
        };
        let narrow = f64::from(below(threshold));
        // An infinite one would be a threshold that no file has.
        if narrow.is_finite() && narrow.to_bits() != threshold.to_bits() {
            is_changed = true;
            *cell = match endian {
                Endian::Little => narrow.to_le_bytes(),
                Endian::Big => narrow.to_be_bytes(),
            };
        }
    }
    if !is_changed {
        return None;
    }
    NdArray::with_bytes(graph, id, bytes)
}

/// The greatest `float32` that is not above a number.
#[expect(clippy::as_conversions, reason = "rounds, and is corrected")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn below(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value { near.next_down() } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_the_same_way() {
        for threshold in [0.1, -0.1, 0.5, 1e-50, -1e-50, 1e300, 16_777_217.0, 2.450_000_047_683_716, -2.0] {
            let narrow = below(threshold);
            for row in [narrow, narrow.next_up(), narrow.next_down(), 0.0, f32::MAX, f32::MIN] {
                assert_eq!(f64::from(row) <= threshold, row <= narrow, "{row} at {threshold}");
            }
        }
    }
}
