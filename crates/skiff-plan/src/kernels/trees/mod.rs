//! Walking many rows through many trees.
//!
//! The trees of an ensemble are in one table of small nodes, with adjacent siblings, so that a node stores only one child
//! and a step down is an addition: the left child's index, and one more for the right. A leaf is a node that leads to
//! itself: its threshold is NaN, to which no number compares, and the NaN's spare bits number the leaf's values. So a
//! walk has no branches that a processor could guess wrong: some rows (or, for a single row, some trees) take their
//! steps side by side until none of them moves any more.

mod join;
mod leaves;
mod many_rows;
mod node;

pub use leaves::Leaves;
pub use many_rows::ManyRows;
use node::{CATEGORICAL, FEATURE, MISSING_LEFT};
pub use node::{MAX_FEATURES, Node, NodeView, Threshold};

/// How many walks are interleaved: enough to hide the memory's latency.
const LANES: usize = 32;

/// How many walks through the lower parts of trees are interleaved: these are short, and all go on until the last one ends.
const FEWER_LANES: usize = 16;

/// Where rows without a value go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingSide {
    /// To the side recorded in the node.
    ByNode,
    /// To the right at every node: scikit-learn compares the numbers of sparse rows without a check for NaN.
    Right,
}

/// All trees of an ensemble. Whoever makes it promises: children come after their parents, in the same tree; features
/// are below `n_features`; each leaf's number has values. (A violation panics later, and never returns a wrong result.)
#[derive(Debug)]
pub struct Trees<T> {
    /// How many features a row has.
    pub n_features: usize,
    /// The trees' nodes, concatenated.
    pub nodes: Vec<Node<T>>,
    /// Each tree's first node.
    pub roots: Vec<u32>,
    /// How many nodes each tree has.
    pub counts: Vec<u32>,
    /// What each node is called in scikit-learn's tree.
    pub numbers: Vec<u32>,
    /// The sets of categories that go left.
    pub categories: Vec<[u64; 4]>,
    /// Whether a missing value can go left anywhere.
    pub missing: bool,
    /// The values of the leaves.
    pub leaves: Leaves,
    /// The same trees for many rows at once.
    pub many_rows: ManyRows<T>,
}

impl<T: Threshold> Trees<T> {
    /// How many trees there are.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds to each row of `sums` what the trees `from..to` have for the row, tree by tree in their order.
    /// `x` holds rows of `n_features`, `sums` as many rows of `columns`.
    pub fn add(&self, x: &[T], missing: MissingSide, sums: &mut [f64], from: usize, to: usize) {
        let columns = self.leaves.columns;
        if let Some(small) = self.small_for(x, to - from) {
            small.walk(x, self.n_features, missing, from..to, |rows, tree, places| {
                let sums = &mut sums[rows.start * columns..rows.end * columns];
                if columns == 1 {
                    for (sum, &place) in sums.iter_mut().zip(places) {
                        *sum += small.values[place as usize];
                    }
                    return;
                }
                for (sums, &place) in sums.chunks_exact_mut(columns).zip(places) {
                    if self.leaves.width == 1 {
                        sums[tree % columns] += small.values[place as usize];
                    } else {
                        let leaf = small.leaves[place as usize];
                        self.leaves.add(tree, self.nodes[leaf as usize].threshold.leaf(), sums);
                    }
                }
            });
            return;
        }
        self.walk(x, missing, from..to, |row, tree, leaf| {
            let sums = &mut sums[row * columns..(row + 1) * columns];
            self.leaves.add(tree, self.nodes[leaf as usize].threshold.leaf(), sums);
        });
    }

    /// The number of the leaf that each row ends in, `x`'s rows by trees, as scikit-learn's `apply` counts nodes.
    pub fn apply(&self, x: &[T], missing: MissingSide) -> Vec<i64> {
        let trees = self.len();
        let mut places = vec![0; x.len() / self.n_features * trees];
        if let Some(small) = self.small_for(x, trees) {
            small.walk(x, self.n_features, missing, 0..trees, |rows, tree, found| {
                for (row, &place) in rows.zip(found) {
                    let leaf = small.leaves[place as usize];
                    places[row * trees + tree] = i64::from(self.numbers[leaf as usize]);
                }
            });
            return places;
        }
        self.walk(x, missing, 0..trees, |row, tree, leaf| {
            places[row * trees + tree] = i64::from(self.numbers[leaf as usize]);
        });
        places
    }

    /// Makes each split test `feature(tree, feature)` of rows of `n_features`, and each leaf, which has one value, have
    /// `leaf(tree, number)`, where `number` is the node's in scikit-learn's tree. `None`, and what was made is of no use,
    /// if one of the two returns `None` or two trees are shared.
    pub fn relabel(
        &mut self,
        n_features: usize,
        feature: impl Fn(usize, usize) -> Option<u32>,
        leaf: impl Fn(usize, usize) -> Option<f64>,
    ) -> Option<()> {
        let mut roots = self.roots.clone();
        roots.sort_unstable();
        if roots.windows(2).any(|pair| pair[0] == pair[1]) || self.leaves.width != 1 {
            return None;
        }
        for tree in 0..self.len() {
            let (root, count) = (self.roots[tree] as usize, self.counts[tree] as usize);
            for place in root..root + count {
                let node = &mut self.nodes[place];
                if node.threshold.is_nan() {
                    let at = (self.leaves.starts[tree] + node.threshold.leaf()) as usize;
                    *self.leaves.values.get_mut(at)? = leaf(tree, self.numbers[place] as usize)?;
                } else {
                    let own = (node.feature & FEATURE) as usize;
                    let new = feature(tree, own).filter(|&new| (new as usize) < n_features.min(MAX_FEATURES))?;
                    node.feature = (node.feature & !FEATURE) | new;
                }
            }
        }
        self.n_features = n_features;
        self.many_rows = ManyRows::default();
        Some(())
    }

    /// The nodes that one row passes in one tree, root and leaf included; missing values take the side that the node
    /// says, or else the right one.
    pub fn path(&self, row: &[T], tree: usize, missing_by_node: bool, mut visit: impl FnMut(u32)) {
        let mut at = self.roots[tree];
        loop {
            visit(self.numbers[at as usize]);
            let next = match missing_by_node {
                true => self.next::<true, true>(row, 0, at),
                false => self.next::<false, true>(row, 0, at),
            };
            if next == at {
                return;
            }
            at = next;
        }
    }

    /// Calls `visit(row, tree, leaf)` for each row and tree; for any one row in the order of the trees.
    fn walk(&self, x: &[T], missing: MissingSide, trees: std::ops::Range<usize>, visit: impl FnMut(usize, usize, u32)) {
        // scikit-learn gives missing values a side at nearly every split; rows without any are walked without this check.
        if !self.categories.is_empty() {
            self.walk_by::<true, true>(x, trees, visit);
        } else if self.missing && missing == MissingSide::ByNode && x.iter().any(|value| value.is_nan()) {
            self.walk_by::<true, false>(x, trees, visit);
        } else {
            self.walk_by::<false, false>(x, trees, visit);
        }
    }

    fn walk_by<const MISSING: bool, const CATEGORIES: bool>(
        &self,
        x: &[T],
        trees: std::ops::Range<usize>,
        mut visit: impl FnMut(usize, usize, u32),
    ) {
        let rows = x.len() / self.n_features;
        if let Some(upper) = self.upper_for(x, trees.len()) {
            let missing = if MISSING { MissingSide::ByNode } else { MissingSide::Right };
            upper.walk_by_tree(x, self.n_features, missing, trees, |rows, tree, places| {
                for (rows, places) in rows.step_by(FEWER_LANES).zip(places.chunks(FEWER_LANES)) {
                    // Past the last row the last one is walked again.
                    let last = places.len() - 1;
                    let starts: [_; FEWER_LANES] =
                        std::array::from_fn(|lane| (rows + lane.min(last)) * self.n_features);
                    let mut at = std::array::from_fn(|lane| upper.leaves[places[lane.min(last)] as usize]);
                    self.descend::<MISSING, CATEGORIES, _>(x, &starts, &mut at);
                    for (row, leaf) in (rows..).zip(&at[..places.len()]) {
                        visit(row, tree, *leaf);
                    }
                }
            });
            return;
        }
        if rows < LANES / 2 {
            // Few rows: trees side by side.
            for row in 0..rows {
                let starts = [row * self.n_features; LANES];
                let mut first = trees.start;
                while first < trees.end {
                    let mut at = [0; LANES];
                    let count = LANES.min(trees.end - first);
                    at[..count].copy_from_slice(&self.roots[first..first + count]);
                    let idle = at[0];
                    at[count..].fill(idle);
                    self.descend::<MISSING, CATEGORIES, _>(x, &starts, &mut at);
                    for (tree, leaf) in (first..).zip(&at[..count]) {
                        visit(row, tree, *leaf);
                    }
                    first += count;
                }
            }
            return;
        }
        for tree in trees {
            let mut first = 0;
            while first < rows {
                let count = LANES.min(rows - first);
                let starts = std::array::from_fn(|lane| (first + lane.min(count - 1)) * self.n_features);
                let mut at = [self.roots[tree]; LANES];
                self.descend::<MISSING, CATEGORIES, _>(x, &starts, &mut at);
                for (row, leaf) in (first..).zip(&at[..count]) {
                    visit(row, tree, *leaf);
                }
                first += count;
            }
        }
    }

    /// Moves every lane down to its leaf.
    #[inline(always)]
    fn descend<const MISSING: bool, const CATEGORIES: bool, const N: usize>(
        &self,
        x: &[T],
        starts: &[usize; N],
        at: &mut [u32; N],
    ) {
        loop {
            let mut moved = 0;
            for lane in 0..N {
                let next = self.next::<MISSING, CATEGORIES>(x, starts[lane], at[lane]);
                moved |= next ^ at[lane];
                at[lane] = next;
            }
            if moved == 0 {
                return;
            }
        }
    }

    #[inline(always)]
    fn next<const MISSING: bool, const CATEGORIES: bool>(&self, x: &[T], start: usize, at: u32) -> u32 {
        let node = self.nodes[at as usize];
        let value = x[start + (node.feature & FEATURE) as usize];
        let mut left = value <= node.threshold;
        if MISSING {
            left |= value.is_nan() & (node.feature & MISSING_LEFT != 0);
        }
        if CATEGORIES && node.feature & CATEGORICAL != 0 {
            left = self.category_goes_left(&node, value);
        }
        node.child.wrapping_add(u32::from(!left))
    }

    fn category_goes_left(&self, node: &Node<T>, value: T) -> bool {
        if value.is_nan() || value < T::default() {
            return node.feature & MISSING_LEFT != 0;
        }
        let set = &self.categories[node.threshold.place()];
        let category = value.category();
        set[category / 64] >> (category % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trees as deep as `depth`, with some shorter branches, and some categories if asked for.
    fn trees(depth: u32, has_categories: bool) -> Trees<f32> {
        let (mut nodes, mut roots, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let mut leaves = 0;
        for tree in 0..3_u32 {
            let root = nodes.len();
            roots.push(u32::try_from(root).unwrap());
            // Level by level; a node's children are added when it is its turn.
            let mut levels = vec![0];
            nodes.push(Node::default());
            let (mut at, mut own_leaves) = (root, 0);
            while at < nodes.len() {
                let (level, place) = (levels[at - root], u32::try_from(at).unwrap());
                let seed = place * 7919 + tree * 13;
                nodes[at] = if level == depth || level > 2 && seed % 5 == 0 {
                    own_leaves += 1;
                    Node::leaf(own_leaves - 1, place)
                } else {
                    let left = u32::try_from(nodes.len()).unwrap();
                    nodes.extend([Node::default(); 2]);
                    levels.extend([level + 1; 2]);
                    match has_categories && seed % 7 == 0 {
                        true => Node::categorical(4, seed % 2, seed % 3 == 0, left),
                        false => Node::split(seed % 4, f64::from(seed % 101) / 101.0, seed % 3 == 0, left),
                    }
                };
                at += 1;
            }
            counts.push(u32::try_from(nodes.len() - root).unwrap());
            leaves += own_leaves;
        }
        let starts = counts.iter().scan(0, |start, count| Some(std::mem::replace(start, *start + count.div_ceil(2))));
        Trees {
            n_features: 5,
            numbers: (0..u32::try_from(nodes.len()).unwrap()).collect(),
            roots,
            categories: vec![[0b1010_0110, 0, 0, 1], [0b1, 1, 1, 1]],
            missing: true,
            leaves: Leaves {
                width: 1,
                pure: 0,
                starts: starts.collect(),
                values: (0..leaves).map(|leaf| f64::from(leaf) * 0.37 - 5.0).collect(),
                columns: 1,
            },
            nodes,
            counts,
            many_rows: ManyRows::default(),
        }
        .without_unused_categories(has_categories)
    }

    impl Trees<f32> {
        fn without_unused_categories(mut self, has_categories: bool) -> Self {
            if !has_categories {
                self.categories.clear();
            }
            self
        }
    }

    #[test]
    fn rows_of_a_batch_end_in_the_leaves_that_rows_alone_end_in() {
        let number = |at: usize| match at * 7919 % 1009 {
            0..60 => f32::NAN,
            found if at % 5 == 4 => (found % 9) as f32 - 1.0,
            found => found as f32 / 1009.0,
        };
        for (depth, has_categories) in [(2, false), (5, false), (5, true), (11, false), (11, true)] {
            let trees = trees(depth, has_categories);
            let x: Vec<f32> = (0..300 * 5).map(number).collect();
            for missing in [MissingSide::ByNode, MissingSide::Right] {
                let (mut alone, mut batch) = (vec![0.0; 300], vec![0.0; 300]);
                for (x, sum) in x.chunks_exact(5).zip(alone.chunks_exact_mut(1)) {
                    trees.add(x, missing, sum, 0, 3);
                }
                trees.add(&x, missing, &mut batch, 0, 3);
                assert_eq!(alone, batch, "{depth} levels");
                let applied: Vec<i64> = x.chunks_exact(5).flat_map(|x| trees.apply(x, missing)).collect();
                assert_eq!(applied, trees.apply(&x, missing));
            }
            assert_eq!(trees.many_rows.small.get().is_some_and(Option::is_some), depth < 6 && !has_categories);
            assert_eq!(trees.many_rows.upper.get().is_some_and(Option::is_some), depth > 6 || has_categories);
        }
    }
}
