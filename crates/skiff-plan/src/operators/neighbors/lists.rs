//! The neighbours of one row, of those within a radius.

use crate::InputError;
use crate::value::Value;

/// The neighbours of one row.
pub(super) struct List<'v> {
    /// Their numbers.
    pub(super) points: Vec<usize>,
    /// Their distances, where they are asked for.
    pub(super) distances: Option<&'v [f64]>,
}

impl<'v> List<'v> {
    /// Those of row `row`; `inputs` are all points and, where they count, their distances.
    pub(super) fn of(row: usize, inputs: &[&'v Value<'_>], by_distance: bool) -> Result<Self, InputError> {
        let Value::NumberLists(neighbors) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let distances = match (by_distance, inputs.get(1)) {
            (false, _) => None,
            (true, Some(Value::NumberLists(distances))) => Some(distances.row(row)),
            (true, _) => return Err(InputError::wrong_kind("distances", inputs[0])),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of points are counts")]
        let points = neighbors.row(row).iter().map(|&point| point as usize).collect();
        Ok(Self { points, distances })
    }
}

/// `_get_weights` of lists: 1 / distance; where some distance is 0, 1 for those and 0 for all others, and true is
/// returned, since scikit-learn's weights are bools then.
pub(super) fn weigh(distances: &[f64], weights: &mut Vec<f64>) -> bool {
    weights.clear();
    let is_exact = distances.contains(&0.0);
    match is_exact {
        true => weights.extend(distances.iter().map(|distance| f64::from(u8::from(*distance == 0.0)))),
        false => weights.extend(distances.iter().map(|distance| 1.0 / distance)),
    }
    is_exact
}
