//! The nodes of trees, and the numbers that they compare.

use std::borrow::Cow;
use std::fmt::Debug;

/// The number type that rows are compared in: `f32` for scikit-learn's own trees, `f64` for histogram-based ones.
pub trait Threshold: Copy + PartialOrd + Debug + Default + Into<f64> + Send + Sync {
    /// How many leaves a tree may have: what a NaN's spare bits can number.
    const MAX_LEAVES: usize;

    /// The threshold that makes a node a leaf.
    fn of_leaf(leaf: u32) -> Self;

    /// The leaf's number, for the threshold of a leaf.
    fn leaf(self) -> u32;

    /// The greatest number of this type that is not above `threshold`: comparing with it is comparing with `threshold`.
    fn at_most(threshold: f64) -> Self;

    /// Whether it is NaN.
    fn is_nan(self) -> bool;

    /// The category to which scikit-learn's `<uint8_t>value` converts a number that is not negative.
    fn category(self) -> usize;

    /// The value of this type nearest to `value`.
    fn from_f64(value: f64) -> Self;

    /// All of `values`, without a copy where they are of this type.
    fn all(values: &[f64]) -> Cow<'_, [Self]>;

    /// The index that [`Node::categorical`] stored.
    fn place(self) -> usize;
}

impl Threshold for f32 {
    const MAX_LEAVES: usize = 1 << 22;

    fn of_leaf(leaf: u32) -> Self {
        Self::from_bits(0x7fc0_0000 | leaf)
    }

    fn leaf(self) -> u32 {
        self.to_bits() & 0x003f_ffff
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding to float32, then down, is the purpose")]
    fn at_most(threshold: f64) -> Self {
        let nearest = threshold as Self;
        if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }
    }

    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn category(self) -> usize {
        f64::from(self).category()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the rows were rounded to float32 before")]
    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn all(values: &[f64]) -> Cow<'_, [Self]> {
        values.iter().map(|&value| Self::from_f64(value)).collect()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a `u32` before")]
    fn place(self) -> usize {
        self as usize
    }
}

impl Threshold for f64 {
    const MAX_LEAVES: usize = u32::MAX as usize;

    fn of_leaf(leaf: u32) -> Self {
        Self::from_bits(0x7ff8_0000_0000_0000 | u64::from(leaf))
    }

    #[expect(clippy::cast_possible_truncation, reason = "leaves are numbered in 32 bits")]
    fn leaf(self) -> u32 {
        self.to_bits() as u32
    }

    fn at_most(threshold: f64) -> Self {
        threshold
    }

    fn is_nan(self) -> bool {
        self.is_nan()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "x86's conversion, bit for bit")]
    fn category(self) -> usize {
        // Processors convert to 32 bits, of which the lowest eight are kept; larger numbers become 2³¹.
        if self < 2_147_483_648.0 { (self as i32 & 0xff) as usize } else { 0 }
    }

    fn from_f64(value: f64) -> Self {
        value
    }

    fn all(values: &[f64]) -> Cow<'_, [Self]> {
        Cow::Borrowed(values)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a `u32` before")]
    fn place(self) -> usize {
        self as usize
    }
}

/// A split or a leaf.
#[derive(Clone, Copy, Debug, Default)]
pub struct Node<T> {
    /// The left child follows if the row's feature is at most this; a NaN marks a leaf and contains its number. The index in
    /// [`Trees::categories`], for a split by categories.
    pub(super) threshold: T,
    /// The feature's number, and two flags.
    pub(super) feature: u32,
    /// The left child; the right one follows it. A leaf has the index before itself, since it always goes right.
    pub(super) child: u32,
}

/// What a node is, for those who translate trees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeView {
    /// A leaf.
    Leaf {
        /// Its number within its tree.
        number: u32,
    },
    /// A split of numbers.
    Split {
        /// Which feature is asked.
        feature: usize,
        /// Rows of at most this go left.
        threshold: f64,
        /// Whether rows without a value do.
        missing_left: bool,
        /// The place of the left child; the right one follows.
        left: usize,
    },
    /// A split of categories.
    Categories {
        /// Which feature is asked.
        feature: usize,
        /// The number of the set of those that go left.
        set: usize,
        /// Whether rows without a value do.
        missing_left: bool,
        /// The place of the left child; the right one follows.
        left: usize,
    },
}

/// Rows without a value go left.
pub(super) const MISSING_LEFT: u32 = 1 << 31;
/// The split is by categories.
pub(super) const CATEGORICAL: u32 = 1 << 30;
pub(super) const FEATURE: u32 = CATEGORICAL - 1;

/// The largest number of features.
pub const MAX_FEATURES: usize = FEATURE as usize;

impl<T: Threshold> Node<T> {
    /// A split of numbers, at most `threshold` to the left.
    pub fn split(feature: u32, threshold: f64, missing_left: bool, left: u32) -> Self {
        let missing = if missing_left { MISSING_LEFT } else { 0 };
        Self { threshold: T::at_most(threshold), feature: feature | missing, child: left }
    }

    /// A split of categories, those of set number `set` to the left.
    pub fn categorical(feature: u32, set: u32, missing_left: bool, left: u32) -> Self {
        let missing = if missing_left { MISSING_LEFT } else { 0 };
        Self { threshold: T::from_f64(f64::from(set)), feature: feature | missing | CATEGORICAL, child: left }
    }

    /// Leaf number `leaf` of its tree, at index `place` of the table.
    pub fn leaf(leaf: u32, place: u32) -> Self {
        Self { threshold: T::of_leaf(leaf), feature: 0, child: place.wrapping_sub(1) }
    }

    /// What it is.
    pub fn view(self) -> NodeView {
        let feature = (self.feature & FEATURE) as usize;
        let (missing_left, left) = (self.feature & MISSING_LEFT != 0, self.child as usize);
        if self.threshold.is_nan() {
            NodeView::Leaf { number: self.threshold.leaf() }
        } else if self.feature & CATEGORICAL != 0 {
            NodeView::Categories { feature, set: self.threshold.place(), missing_left, left }
        } else {
            NodeView::Split { feature, threshold: self.threshold.into(), missing_left, left }
        }
    }

    /// The same node at index `place` of the table, with its left child at `left`; a leaf has none.
    pub fn standing_at(self, place: u32, left: Option<u32>) -> Self {
        Self { child: left.unwrap_or(place.wrapping_sub(1)), ..self }
    }
}
