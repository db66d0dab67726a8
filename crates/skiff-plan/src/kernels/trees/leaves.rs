//! What trees add for the leaves that rows end in.

use std::borrow::Cow;

/// The values of leaves.
#[derive(Debug)]
pub struct Leaves {
    /// How many values a leaf has.
    pub width: usize,
    /// Leaves numbered below this have 1 for the class of that index and 0 for all others, and are not in `values`.
    pub pure: u32,
    /// Where each tree's values begin, counted in leaves.
    pub starts: Vec<u32>,
    /// `width` values for each leaf.
    pub values: Vec<f64>,
    /// How many columns the sums have: `width`, or one for each tree of a stage of boosting.
    pub columns: usize,
}

impl Leaves {
    /// The first value of a leaf.
    pub(super) fn first(&self, tree: usize, leaf: u32) -> f64 {
        match leaf.checked_sub(self.pure) {
            None => f64::from(u8::from(leaf == 0)),
            Some(leaf) => {
                self.values.get((self.starts[tree] + leaf) as usize * self.width).copied().unwrap_or_default()
            }
        }
    }

    /// All values of a leaf.
    pub(super) fn of(&self, tree: usize, leaf: u32) -> Cow<'_, [f64]> {
        match leaf.checked_sub(self.pure) {
            None => (0..self.width).map(|column| f64::from(u8::from(column == leaf as usize))).collect(),
            Some(leaf) => {
                let at = (self.starts[tree] + leaf) as usize * self.width;
                Cow::Borrowed(&self.values[at..at + self.width])
            }
        }
    }

    #[inline(always)]
    pub(super) fn add(&self, tree: usize, leaf: u32, sums: &mut [f64]) {
        if leaf < self.pure {
            // Adding the zeros would change nothing.
            sums[leaf as usize] += 1.0;
            return;
        }
        let at = (self.starts[tree] + (leaf - self.pure)) as usize * self.width;
        if self.columns == self.width {
            for (sum, value) in sums.iter_mut().zip(&self.values[at..at + self.width]) {
                *sum += value;
            }
        } else {
            // A division for each leaf is worth avoiding where there is one column.
            let column = if self.columns == 1 { 0 } else { tree % self.columns };
            sums[column] += self.values[at];
        }
    }
}
