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

/// A question to one feature. Forests have millions of them: it is kept small.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Split {
    pub test: Test,
    feature: u32,
    left: Place,
    right: Place,
    /// Whether NaN goes left.
    pub missing_left: bool,
}

impl Split {
    pub fn new(feature: usize, test: Test, missing_left: bool, [left, right]: [Step; 2]) -> Self {
        let feature = u32::try_from(feature).expect("readers number features by 32 bits");
        Self { test, feature, left: left.into(), right: right.into(), missing_left }
    }

    pub fn feature(&self) -> usize {
        self.feature as usize
    }

    pub fn left(&self) -> Step {
        self.left.into()
    }

    pub fn right(&self) -> Step {
        self.right.into()
    }
}

/// A step in a table: a number that is not negative is a split, and -1 - n is leaf n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place(pub i32);

impl From<Step> for Place {
    fn from(step: Step) -> Self {
        let small = |number: usize| i32::try_from(number).expect("readers number nodes by 32 bits, leaves included");
        Self(match step {
            Step::Split(split) => small(split),
            Step::Leaf(leaf) => !small(leaf),
        })
    }
}

impl From<Place> for Step {
    fn from(Place(place): Place) -> Self {
        let number = |place: i32| usize::try_from(place).expect("a number that was there");
        if place < 0 { Self::Leaf(number(!place)) } else { Self::Split(number(place)) }
    }
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
