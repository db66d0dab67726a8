//! Linear models with fewer features.

use skiff_files::{DType, Endian, Graph, NdArray, NodeId, Order};

use super::objects::{Place, does_not_apply, objects};
use super::state;
use crate::Error;

/// Sets the coefficients of linear models to zero but those of the `count` features with the greatest ones, and returns whose.
pub(super) fn keep(graph: &mut Graph, count: usize) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    let mut is_wide_enough = true;
    for (id, class) in objects(graph) {
        let is_linear =
            class.path().starts_with("sklearn.linear_model.") || matches!(class.name(), "LinearSVC" | "LinearSVR");
        if !is_linear {
            continue;
        }
        let is_changed = state::change(graph, id, |graph, name, value| match name {
            "coef_" => {
                let new = greatest(graph, value, count);
                is_wide_enough = new.is_some();
                Some(new.unwrap_or(value))
            }
            _ => Some(value),
        });
        if is_changed {
            places.push((class.name(), "coef_"));
        }
    }
    match places.is_empty() {
        false => Ok(places),
        true if !is_wide_enough => {
            Err(Error::reduction(format!("`--top-features`: no linear model has more than {count} features")))
        }
        true => Err(does_not_apply(graph, "--top-features", "linear models")),
    }
}

/// The coefficients of the features with the greatest ones, of any target, and zeros; `None` if there are not more features.
fn greatest(graph: &mut Graph, id: NodeId, count: usize) -> Option<NodeId> {
    let array = NdArray::read(graph, id).ok()??;
    let DType::Float { size: size @ (4 | 8), endian } = array.dtype else { return None };
    let (rows, features) = match array.shape[..] {
        [features] => (1, features),
        [rows, features] => (rows, features),
        _ => return None,
    };
    if features <= count || rows == 0 {
        return None;
    }
    let numbers = array.to_f64()?;
    let mut weights = vec![0.0_f64; features];
    for row in numbers.chunks_exact(features) {
        for (weight, number) in weights.iter_mut().zip(row) {
            *weight = weight.max(number.abs());
        }
    }
    let mut order: Vec<usize> = (0..features).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    let mut is_kept = vec![false; features];
    order.iter().take(count).for_each(|&feature| is_kept[feature] = true);
    let mut bytes = array.bytes_once()?.as_slice().to_vec();
    let zero: &[u8] = match (size, endian) {
        (8, Endian::Little | Endian::Big) => &[0; 8],
        _ => &[0; 4],
    };
    for (place, cell) in bytes.chunks_exact_mut(size).enumerate() {
        let feature = match array.order {
            Order::C => place % features,
            Order::F => place / rows,
        };
        if !is_kept[feature] {
            cell.copy_from_slice(zero);
        }
    }
    NdArray::with_bytes(graph, id, bytes)
}
