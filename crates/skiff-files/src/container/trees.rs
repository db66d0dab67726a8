//! What follows from the leaves of decision trees: right children from left ones, sums over the leaves below a node, and
//! the impurity of its classes. `docs/format.md` has the rules; everything is restored bit for bit, or not derived.

use super::columns::{Field, Of};
use super::encode::{low, narrowest};
use super::kind::Kind;

/// How a column follows from the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derivation {
    /// The right children of nodes in depth-first order.
    Right,
    /// The sum over the leaves below a node, whose own numbers are stored.
    Sum,
    /// The sum of the counts of all classes.
    Count,
    /// The Gini impurity of the counts.
    Gini,
}

/// Each derivation, and its name in the list of arrays.
const DERIVATIONS: [(Derivation, &str); 4] =
    [(Derivation::Right, "right"), (Derivation::Sum, "sum"), (Derivation::Count, "count"), (Derivation::Gini, "gini")];

impl Derivation {
    pub fn name(self) -> &'static str {
        DERIVATIONS.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }

    pub fn parse(name: &str) -> Option<Self> {
        DERIVATIONS.iter().find(|(_, known)| *known == name).map(|(one, _)| *one)
    }
}

/// The children of the nodes of a tree: both of a node come after it, or it has none and is a leaf.
#[derive(Debug)]
pub(super) struct Children(Vec<[u32; 2]>);

/// The children of leaves.
const NONE: [u32; 2] = [u32::MAX; 2];

impl Children {
    /// From the children as they are stored, −1 for those of leaves; `None` if they are no tree of this form.
    pub fn new(left: &[i64], right: &[i64]) -> Option<Self> {
        if left.len() != right.len() {
            return None;
        }
        let after = |child: i64, node: usize| {
            let is_after = usize::try_from(child).is_ok_and(|child| child > node && child < left.len());
            u32::try_from(child).ok().filter(|_| is_after)
        };
        let nodes = left.iter().zip(right).enumerate().map(|(node, (&left, &right))| match (left, right) {
            (-1, -1) => Some(NONE),
            _ => Some([after(left, node)?, after(right, node)?]),
        });
        nodes.collect::<Option<Vec<_>>>().map(Self)
    }

    /// The number of leaves.
    pub fn leaves(&self) -> usize {
        self.0.iter().filter(|children| **children == NONE).count()
    }

    /// `width` numbers for each node: those of the leaves in their order, and the sums of the children's for all others.
    /// `None` for a wrong number of them.
    pub fn sums<T: Copy + Default>(&self, leaves: &[T], width: usize, add: impl Fn(T, T) -> T) -> Option<Vec<T>> {
        if width == 0 || leaves.len() != self.leaves().checked_mul(width)? {
            return None;
        }
        let mut sums = vec![T::default(); self.0.len().checked_mul(width)?];
        let mut last = leaves.len();
        for (node, children) in self.0.iter().enumerate().rev() {
            let start = node.checked_mul(width)?;
            let (before, after) = sums.split_at_mut_checked(start.checked_add(width)?)?;
            let own = before.get_mut(start..)?;
            match children {
                &NONE => {
                    let first = last.checked_sub(width)?;
                    own.copy_from_slice(leaves.get(first..last)?);
                    last = first;
                }
                children => {
                    let numbers = |child: u32| {
                        let start =
                            usize::try_from(child).ok()?.checked_sub(node)?.checked_sub(1)?.checked_mul(width)?;
                        after.get(start..start.checked_add(width)?)
                    };
                    let [left, right] = children.map(numbers);
                    for (sum, (&left, &right)) in own.iter_mut().zip(left?.iter().zip(right?)) {
                        *sum = add(left, right);
                    }
                }
            }
        }
        Some(sums)
    }

    /// The values of all nodes as bytes: sums of `width` counts of each leaf, divided by weights if there are some. All in the
    /// memory that is returned, since memory costs more than sums.
    pub fn values(&self, leaves: &[u8], kind: Kind, width: usize, weights: &Weights) -> Option<Vec<u8>> {
        match kind {
            Kind::U8 => self.values_of::<1>(leaves, width, weights, |[byte]| byte.into()),
            Kind::U16 => self.values_of::<2>(leaves, width, weights, |bytes| u16::from_le_bytes(bytes).into()),
            Kind::U32 => self.values_of::<4>(leaves, width, weights, |bytes| u32::from_le_bytes(bytes).into()),
            _ => None,
        }
    }

    fn values_of<const N: usize>(
        &self,
        leaves: &[u8],
        width: usize,
        weights: &Weights,
        widen: impl Fn([u8; N]) -> f64,
    ) -> Option<Vec<u8>> {
        let mut left = leaves.as_chunks::<N>().0;
        if width == 0 || left.len() != self.leaves().checked_mul(width)? {
            return None;
        }
        let mut bytes = vec![0; self.0.len().checked_mul(width)?.checked_mul(8)?];
        let numbers = bytes.as_chunks_mut::<8>().0;
        for (node, children) in self.0.iter().enumerate().rev() {
            let start = node.checked_mul(width)?;
            let (before, after) = numbers.split_at_mut_checked(start.checked_add(width)?)?;
            let own = before.get_mut(start..)?;
            if *children == NONE {
                let (rest, counts) = left.split_at_checked(left.len().checked_sub(width)?)?;
                left = rest;
                for (number, count) in own.iter_mut().zip(counts) {
                    *number = widen(*count).to_le_bytes();
                }
                continue;
            }
            let counts = |child: u32| {
                let start = usize::try_from(child).ok()?.checked_sub(node)?.checked_sub(1)?.checked_mul(width)?;
                after.get(start..start.checked_add(width)?)
            };
            let [left, right] = children.map(counts);
            for (sum, (left, right)) in own.iter_mut().zip(left?.iter().zip(right?)) {
                *sum = (f64::from_le_bytes(*left) + f64::from_le_bytes(*right)).to_le_bytes();
            }
        }
        for (node, numbers) in numbers.chunks_exact_mut(width).enumerate() {
            let weight = match weights {
                Weights::None => break,
                Weights::Counts(classes) => {
                    numbers.iter().take(*classes).fold(0.0, |sum, count| sum + f64::from_le_bytes(*count))
                }
                Weights::Column(weights) => *weights.get(node)?,
            };
            for number in numbers {
                *number = (f64::from_le_bytes(*number) / weight).to_le_bytes();
            }
        }
        Some(bytes)
    }

    /// The numbers of the leaves alone.
    fn of_leaves<'a, T>(&'a self, numbers: &'a [T], width: usize) -> impl Iterator<Item = &'a T> {
        let leaves = self.0.iter().zip(numbers.chunks_exact(width.max(1)));
        leaves.filter(|(children, _)| **children == NONE).flat_map(|(_, numbers)| numbers)
    }
}

/// What counts are divided by.
pub(super) enum Weights {
    None,
    /// The sums of so many counts: those of the first output.
    Counts(usize),
    Column(Vec<f64>),
}

/// The right children of nodes in depth-first order, where a left child follows its node, and a right child what is below the
/// left one. `None` if the left children are in no such order.
pub(super) fn right_children(left: &[i64]) -> Option<Vec<i64>> {
    let mut right = vec![-1; left.len()];
    // Nodes whose right child is still to come.
    let mut waiting: Vec<usize> = Vec::new();
    for (node, &left) in left.iter().enumerate() {
        let next = i64::try_from(node.checked_add(1)?).ok()?;
        if left == next {
            waiting.push(node);
        } else if left == -1 {
            if let Some(parent) = waiting.pop() {
                *right.get_mut(parent)? = next;
            }
        } else {
            return None;
        }
    }
    // The last leaf has no successor, so that its predecessor would have a child that does not exist.
    let len = i64::try_from(left.len()).ok()?;
    (waiting.is_empty() && right.iter().all(|&child| child < len)).then_some(right)
}

/// The Gini impurity of each node, as scikit-learn computes it from the counts of `width` classes of all outputs.
pub(super) fn gini(counts: &[f64], width: usize, outputs: usize, weights: &[f64]) -> Option<Vec<f64>> {
    let classes = width.checked_div(outputs)?.max(1);
    let number = f64::from(u32::try_from(outputs).ok()?);
    let nodes = counts.chunks_exact(width.max(1)).zip(weights).map(|(counts, weight)| {
        let each = counts.chunks_exact(classes).map(|counts| {
            let squares = counts.iter().fold(0.0, |sum, count| sum + count * count);
            1.0 - squares / (weight * weight)
        });
        each.fold(0.0, |sum, gini| sum + gini) / number
    });
    Some(nodes.collect())
}

/// The sum of the counts of the first output's classes, for each node.
pub(super) fn totals(counts: &[f64], width: usize, outputs: usize) -> Option<Vec<f64>> {
    let classes = width.checked_div(outputs)?;
    let total = |counts: &[f64]| counts.iter().take(classes).fold(0.0, |sum, count| sum + count);
    Some(counts.chunks_exact(width.max(1)).map(total).collect())
}

/// What of the arrays of a group follows from their trees.
#[derive(Debug, Default)]
pub(super) struct Derived {
    /// The offsets of the children.
    pub left: usize,
    pub right: usize,
    /// The number of leaves of each array.
    pub leaves: Vec<usize>,
    pub columns: Vec<DerivedColumn>,
    /// The values of all nodes, as counts of the leaves.
    pub counts: Option<Counts>,
}

/// A column that follows from the tree.
#[derive(Debug)]
pub(super) struct DerivedColumn {
    /// Its offset.
    pub at: usize,
    pub how: Derivation,
    /// The numbers of leaves, for sums.
    pub leaves: Option<(Kind, Vec<u8>)>,
}

/// The counts of classes in leaves.
#[derive(Debug)]
pub(super) struct Counts {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    /// How many numbers a node has, and for how many outputs.
    pub width: usize,
    pub outputs: usize,
    /// The offset of the column with the weights of nodes.
    pub weight: usize,
    /// Whether the values are counts divided by the weight, or counts.
    pub fractions: bool,
}

/// The values of the nodes of some arrays.
pub(super) struct Values<'a> {
    pub arrays: Vec<&'a [u8]>,
    pub width: usize,
    pub outputs: usize,
}

/// The numbers of one column, by array.
type Numbers = Vec<Vec<u64>>;

/// What follows from the trees of some arrays of nodes; nothing if they are no nodes of trees. `values` are those of the
/// same trees, if they have some.
pub(super) fn derive(arrays: &[&[u8]], size: usize, fields: &[Field], values: Option<&Values<'_>>) -> Option<Derived> {
    let derived = follow(arrays, size, fields, values)?;
    (!derived.columns.is_empty() || derived.counts.is_some()).then_some(derived)
}

fn follow(arrays: &[&[u8]], size: usize, fields: &[Field], values: Option<&Values<'_>>) -> Option<Derived> {
    let field = |name: &str, kinds: &[Kind]| {
        let field = fields.iter().find(|field| field.name == name)?;
        let Of::Kind(kind) = field.of else { return None };
        kinds.contains(&kind).then_some((field.at, kind))
    };
    let numbers = |(at, kind): (usize, Kind)| -> Numbers {
        let each =
            arrays.iter().map(|array| array.chunks_exact(size.max(1)).map(|node| bits(node, at, kind)).collect());
        each.collect()
    };
    let signed = |(at, kind): (usize, Kind)| -> Vec<Vec<i64>> {
        let each = numbers((at, kind)).into_iter();
        each.map(|bits| bits.into_iter().map(|bits| kind.signed(bits)).collect()).collect()
    };
    let integers = [Kind::I64, Kind::I32];
    let (left, right) = (field("left_child", &integers)?, field("right_child", &integers)?);
    let (lefts, rights) = (signed(left), signed(right));
    let trees: Vec<Children> =
        lefts.iter().zip(&rights).map(|(left, right)| Children::new(left, right)).collect::<Option<_>>()?;
    let mut columns = Vec::new();
    let mut derive = |at, how, leaves| columns.push(DerivedColumn { at, how, leaves });
    let mut derived = Derived {
        left: left.0,
        right: right.0,
        leaves: trees.iter().map(Children::leaves).collect(),
        columns: Vec::new(),
        counts: None,
    };
    if lefts.iter().zip(&rights).all(|(left, right)| right_children(left).as_ref() == Some(right)) {
        derive(right.0, Derivation::Right, None);
    }
    if let Some(samples) = field("n_node_samples", &integers) {
        let (numbers, kind) = (numbers(samples), samples.1);
        let add = |left: u64, right: u64| kind.cut(kind.signed(left).wrapping_add(kind.signed(right)));
        if let Some(leaves) = sum(&trees, &numbers, kind, add) {
            derive(samples.0, Derivation::Sum, Some(leaves));
        }
    }
    let Some(weight) = field("weighted_n_node_samples", &[Kind::F64]) else {
        return Some(Derived { columns, ..derived });
    };
    let bits_of_weights = numbers(weight);
    let weights: Vec<Vec<f64>> = bits_of_weights.iter().map(|bits| floats(bits)).collect();
    let counts = values.and_then(|values| counts(&trees, &weights, values, weight.0));
    let Some((stored, counts)) = counts else {
        let add = |left: u64, right: u64| (f64::from_bits(left) + f64::from_bits(right)).to_bits();
        if let Some(leaves) = sum(&trees, &bits_of_weights, Kind::F64, add) {
            derive(weight.0, Derivation::Sum, Some(leaves));
        }
        return Some(Derived { columns, ..derived });
    };
    let (width, outputs) = (stored.width, stored.outputs);
    if are(&bits_of_weights, counts.iter().map(|counts| totals(counts, width, outputs))) {
        derive(weight.0, Derivation::Count, None);
    }
    let ginis = counts.iter().zip(&weights).map(|(counts, weights)| gini(counts, width, outputs, weights));
    if let Some(impurity) = field("impurity", &[Kind::F64])
        && are(&numbers(impurity), ginis)
    {
        derive(impurity.0, Derivation::Gini, None);
    }
    derived.counts = Some(stored);
    Some(Derived { columns, ..derived })
}

/// Whether numbers were found for each tree, and are the expected ones, bit for bit.
fn are(expected: &Numbers, found: impl Iterator<Item = Option<Vec<f64>>>) -> bool {
    let is_one = |(expected, found): (&Vec<u64>, Option<Vec<f64>>)| {
        found.is_some_and(|found| found.iter().map(|number| number.to_bits()).eq(expected.iter().copied()))
    };
    expected.iter().zip(found).all(is_one)
}

/// The numbers of leaves, if all others are their sums.
fn sum(trees: &[Children], numbers: &Numbers, kind: Kind, add: impl Fn(u64, u64) -> u64) -> Option<(Kind, Vec<u8>)> {
    let mut leaves = Vec::new();
    for (tree, numbers) in trees.iter().zip(numbers) {
        let own: Vec<u64> = tree.of_leaves(numbers, 1).copied().collect();
        if tree.sums(&own, 1, &add).as_ref() != Some(numbers) {
            return None;
        }
        leaves.extend(own);
    }
    let narrow = narrowest(kind, &leaves);
    if narrow != kind {
        leaves.iter_mut().for_each(|bits| *bits = kind.narrow(*bits, narrow));
    }
    Some((narrow, low(&leaves, narrow.size())))
}

/// The counts of leaves, and those of all nodes of each tree, if the values of all nodes follow from them.
fn counts(
    trees: &[Children],
    weights: &[Vec<f64>],
    values: &Values<'_>,
    weight: usize,
) -> Option<(Counts, Vec<Vec<f64>>)> {
    let Values { arrays, width, outputs } = values;
    let values: Vec<Vec<f64>> = arrays.iter().map(|array| floats(&numbers_of(array))).collect();
    [true, false].into_iter().find_map(|fractions| {
        let (mut leaves, mut all) = (Vec::new(), Vec::new());
        for (tree, (values, weights)) in trees.iter().zip(values.iter().zip(weights)) {
            if values.len() != weights.len().checked_mul(*width)? {
                return None;
            }
            let whole: Vec<f64> = match fractions {
                true => {
                    let nodes = values.chunks_exact((*width).max(1)).zip(weights);
                    nodes
                        .flat_map(|(values, weight)| values.iter().map(move |value| (value * weight).round()))
                        .collect()
                }
                false => values.clone(),
            };
            let own: Vec<f64> = tree.of_leaves(&whole, *width).copied().collect();
            if !own.iter().all(|count| (0.0..=MOST_COUNT).contains(count) && count.fract() == 0.0) {
                return None;
            }
            let counts = tree.sums(&own, *width, |left, right| left + right)?;
            let again = restored(&counts, *width, fractions.then_some(weights.as_slice()));
            if !again.zip(values).all(|(again, value)| again.to_bits() == value.to_bits()) {
                return None;
            }
            leaves.extend(own.iter().map(|count| count.to_bits()));
            all.push(counts);
        }
        let kind = [Kind::U8, Kind::U16, Kind::U32].into_iter().find(|kind| {
            leaves.iter().all(|&bits| kind.widen(Kind::F64.narrow(bits, *kind), Kind::F64) == Some(bits))
        })?;
        let narrow: Vec<u64> = leaves.iter().map(|&bits| Kind::F64.narrow(bits, kind)).collect();
        let bytes = low(&narrow, kind.size());
        Some((Counts { kind, bytes, width: *width, outputs: *outputs, weight, fractions }, all))
    })
}

/// The greatest number of samples in a leaf: sums of as many nodes as there may be are exact.
const MOST_COUNT: f64 = 4_294_967_295.0;

/// The values of nodes from their counts: divided by their weights, if there are some.
fn restored<'a>(counts: &'a [f64], width: usize, weights: Option<&'a [f64]>) -> impl Iterator<Item = f64> + 'a {
    counts.iter().enumerate().map(move |(place, count)| match weights {
        Some(weights) => count / weights.get(place / width.max(1)).copied().unwrap_or(f64::NAN),
        None => *count,
    })
}

/// The bits of a number of a node.
fn bits(node: &[u8], at: usize, kind: Kind) -> u64 {
    let mut eight = [0; 8];
    if let (Some(cell), Some(eight)) =
        (node.get(at..).and_then(|rest| rest.get(..kind.size())), eight.get_mut(..kind.size()))
    {
        eight.copy_from_slice(cell);
    }
    u64::from_le_bytes(eight)
}

fn numbers_of(array: &[u8]) -> Vec<u64> {
    array.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
}

fn floats(bits: &[u64]) -> Vec<f64> {
    bits.iter().map(|&bits| f64::from_bits(bits)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_children_follow_from_left_ones() {
        assert_eq!(right_children(&[1, 2, -1, -1, 5, -1, -1]), Some(vec![4, 3, -1, -1, 6, -1, -1]));
        assert_eq!(right_children(&[-1]), Some(vec![-1]));
        assert_eq!(right_children(&[]), Some(vec![]));
        // A node whose left child does not follow it, one without a right child, and none at all.
        for left in [&[2, -1, -1][..], &[1, -1], &[1], &[-2], &[1, 2, -1, -1], &[0], &[i64::MAX]] {
            assert_eq!(right_children(left), None, "{left:?}");
        }
    }

    #[test]
    fn sums_are_those_of_the_leaves_below() {
        let tree = Children::new(&[1, -1, 3, -1, -1], &[2, -1, 4, -1, -1]).unwrap();
        assert_eq!(tree.sums(&[1, 10, 2, 20, 4, 40], 2, |a, b| a + b), Some(vec![7, 70, 1, 10, 6, 60, 2, 20, 4, 40]));
        assert_eq!(tree.sums(&[1, 2], 1, |a, b| a + b), None);
        assert_eq!(tree.sums(&[0; 0], 0, |a: i32, b| a + b), None);
        for (left, right) in
            [(&[0, -1][..], &[1, -1][..]), (&[1, -1], &[2, -1]), (&[1, -1], &[-1, -1]), (&[1, 0], &[1, 0])]
        {
            assert!(Children::new(left, right).is_none(), "{left:?} {right:?}");
        }
    }

    #[test]
    fn impurities_are_scikit_learns() {
        // Two outputs of two classes.
        assert_eq!(gini(&[1.0, 3.0, 4.0, 0.0], 4, 2, &[4.0]), Some(vec![0.1875]));
        assert_eq!(totals(&[1.0, 3.0, 4.0, 0.0], 4, 2), Some(vec![4.0]));
        assert_eq!(gini(&[], 0, 0, &[]), None);
    }
}
