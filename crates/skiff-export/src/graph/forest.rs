//! Trees, in the form that targets translate.

use super::Bits;

/// The trees of an ensemble. For each row there is one number from each tree: nothing is added up here, so that whoever
/// adds does so in the order of the trees.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Forest {
    /// How many features a row has.
    pub n_features: usize,
    pub trees: Vec<Tree>,
    /// The splits of all trees, those of one tree next to each other, parents before their children.
    pub splits: Vec<Split>,
    /// The leaves of all trees, those of one tree next to each other.
    pub leaves: Vec<Leaf>,
    /// The sets of categories that go left.
    pub sets: Vec<Vec<u32>>,
}

/// One tree.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tree {
    pub root: Step,
}

/// What follows in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The split of this number.
    Split(usize),
    /// The leaf of this number.
    Leaf(usize),
}

/// A question to one feature.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Split {
    pub feature: usize,
    pub test: Test,
    /// Whether NaN goes left.
    pub missing_left: bool,
    pub left: Step,
    pub right: Step,
}

/// Which rows go left.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Test {
    /// Those whose number is at most this.
    AtMost(Bits),
    /// Those whose number is in the set of this number.
    Among(usize),
}

/// What a tree has for the rows that end here.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaf {
    pub value: Bits,
}
