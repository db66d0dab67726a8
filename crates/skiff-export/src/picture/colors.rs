//! The colors of nodes: one hue for each class, as strong as the class is frequent; for values as strong as they are
//! great. As scikit-learn's `_color_brew` and `get_fill_color`.

use super::labels::arg_max;
use super::tree::{Counted, Tree};

/// The color of nodes that stand for what is left out.
pub(super) const CUT: &str = "#C0C0C0";

/// The colors of one tree.
pub(super) struct Colors<'a> {
    tree: &'a Tree,
    hues: Vec<[f64; 3]>,
    /// The least and the greatest value, unless colors are those of classes.
    bounds: Option<[f64; 2]>,
}

impl<'a> Colors<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], value| [least.min(value), most.max(value)])
        };
        let bounds = match tree.n_classes[..] {
            [1] => Some(range(&mut tree.values.iter().copied())).filter(|[least, most]| least != most),
            [_] => None,
            _ => Some(range(&mut tree.nodes.iter().map(|node| -node.impurity))),
        };
        Self { tree, hues: hues(tree.n_classes[0]), bounds }
    }

    /// The color of a node, `#RRGGBB`.
    pub(super) fn node(&self, at: usize) -> String {
        let values = self.tree.values_of(at);
        let (hue, alpha) = match self.bounds {
            None => (self.hues[arg_max(values).min(self.hues.len() - 1)], self.majority(values)),
            Some([least, most]) => {
                let is_one = self.tree.n_classes.len() == 1;
                let value = if is_one { values[0] } else { -self.tree.nodes[at].impurity };
                (self.hues[0], (value - least) / (most - least))
            }
        };
        // No sample of a node may have a weight.
        let alpha = if alpha.is_finite() { alpha } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let mixed = hue.map(|part| (alpha * part + (1.0 - alpha) * 255.0).round_ties_even().clamp(0.0, 255.0) as u8);
        let [red, green, blue] = mixed;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// How much more frequent the first class is than the second one.
    fn majority(&self, values: &[f64]) -> f64 {
        let sum: f64 = values.iter().sum();
        let fraction = |value: f64| if self.tree.counted == Counted::Samples { value / sum } else { value };
        let mut sorted: Vec<f64> = values.iter().map(|&value| fraction(value)).collect();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        match sorted[..] {
            [first, second, ..] => (first - second) / (1.0 - second),
            _ => 0.0,
        }
    }
}

/// Hues at equal distances, each as red, green and blue.
fn hues(count: usize) -> Vec<[f64; 3]> {
    const SATURATION: f64 = 0.75;
    const VALUE: f64 = 0.9;
    let chroma = SATURATION * VALUE;
    let shift = VALUE - chroma;
    const FIRST: f64 = 25.0;
    // The steps of `numpy.arange` are what rounding leaves between its first two elements.
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ classes")]
    let angles = (0..count).map(|at| (FIRST + at as f64 * ((FIRST + 360.0 / count as f64) - FIRST)).trunc());
    let hue = |angle: f64| {
        let sector = angle / 60.0;
        let second = chroma * (1.0 - (sector % 2.0 - 1.0).abs());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an angle below 385 has a sector below 7"
        )]
        let parts = match sector as u8 {
            0 | 6 => [chroma, second, 0.0],
            1 => [second, chroma, 0.0],
            2 => [0.0, chroma, second],
            3 => [0.0, second, chroma],
            4 => [second, 0.0, chroma],
            _ => [chroma, 0.0, second],
        };
        parts.map(|part| (255.0 * (part + shift)).trunc())
    };
    angles.map(hue).collect()
}
