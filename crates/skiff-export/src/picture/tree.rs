//! The nodes of one tree, as the file has them.

use skiff_files::{Graph, Instance, NdArray, NodeId};

/// A tree, whose nodes have the numbers that they have in the file. One that exists can be walked: each node but the
/// root has one parent.
#[derive(Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    /// What each node has for each output: as many values as there are classes, or one.
    pub(super) values: Vec<f64>,
    /// How many values of a node belong to one output.
    pub(super) width: usize,
    pub(super) n_classes: Vec<usize>,
    pub(super) counted: Counted,
    pub(super) kind: Kind,
    pub(super) names: Names,
}

/// What is known about a tree from the estimators around it.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The names of the features.
    pub features: Option<Vec<String>>,
    /// The classes of the only output.
    pub classes: Option<Vec<String>>,
    /// `criterion`, if it is a name.
    pub criterion: Option<String>,
    /// Whether the tree belongs to a classifier.
    pub is_classifier: bool,
    /// Whether it was written before scikit-learn 1.4, whose trees of classifiers count samples in their values; later
    /// ones have their fractions.
    pub before_fractions: bool,
}

/// What the values of a tree of a classifier are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// The samples of each class.
    Samples,
    /// Their fractions; or no classes at all.
    Fractions,
}

/// Which table of nodes it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `sklearn.tree._tree.Tree`
    Tree,
    /// A `TreePredictor` of histogram boosting.
    Predictor,
}

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    pub split: Option<Split>,
    /// The impurity; of histogram boosting the gain of the split.
    pub impurity: f64,
    pub samples: i64,
    /// The sum of the samples' weights.
    pub weight: f64,
}

/// What a node asks, and its children.
#[derive(Debug)]
pub(super) struct Split {
    pub feature: usize,
    pub test: Test,
    pub left: usize,
    pub right: usize,
}

/// Which rows go left.
#[derive(Debug)]
pub(super) enum Test {
    /// Those whose feature is at most this.
    AtMost(f64),
    /// Those whose feature is one of these categories.
    Among(Vec<u32>),
}

impl Tree {
    /// The tree in the attribute `tree_` of the estimator at `node`; `None` if there is none that can be walked.
    pub fn of_estimator(graph: &Graph, node: NodeId, names: Names) -> Option<Self> {
        let tree = Instance::read(graph, Instance::read(graph, node)?.attribute("tree_")?)?;
        let &[n_features, n_classes, _] = tree.arguments() else { return None };
        let n_features = usize::try_from(skiff_files::Scalar::read(graph, n_features).ok()??.as_i64()?).ok()?;
        let n_classes = NdArray::read(graph, n_classes).ok()??.to_i64()?;
        let n_classes: Vec<usize> = n_classes.into_iter().map(usize::try_from).collect::<Result<_, _>>().ok()?;
        let array = |name| NdArray::read(graph, tree.attribute(name)?).ok()?;
        let (nodes, values) = (array("nodes")?, array("values")?);
        let integers = |name| nodes.field(name)?.to_i64();
        let floats = |name| nodes.field(name)?.to_f64();
        let (lefts, rights, features) = (integers("left_child")?, integers("right_child")?, integers("feature")?);
        let (samples, thresholds) = (integers("n_node_samples")?, floats("threshold")?);
        let (impurities, weights) = (floats("impurity")?, floats("weighted_n_node_samples")?);
        let all = lefts.iter().zip(&rights).zip(&features).zip(&samples);
        let all = all.zip(thresholds).zip(impurities.iter().zip(&weights));
        let read = |(((((&left, &right), &feature), &samples), threshold), (&impurity, &weight))| {
            let split = match [left, right] {
                [-1, -1] => None,
                _ => Some(split(feature, n_features, Test::AtMost(threshold), left, right)?),
            };
            Some(Node { split, impurity, samples, weight })
        };
        let nodes = all.map(read).collect::<Option<Vec<_>>>()?;
        let counted = if names.is_classifier && names.before_fractions { Counted::Samples } else { Counted::Fractions };
        let width = n_classes.iter().copied().max()?;
        let values = values.to_f64()?;
        Self { nodes, values, width, n_classes, counted, kind: Kind::Tree, names: names.fitting(n_features) }.checked()
    }

    /// The tree of histogram boosting at `node`, a `TreePredictor`.
    pub fn of_predictor(graph: &Graph, node: NodeId, n_features: usize, names: Names) -> Option<Self> {
        let predictor = Instance::read(graph, node)?;
        let nodes = NdArray::read(graph, predictor.attribute("nodes")?).ok()??;
        let integers = |name| nodes.field(name)?.to_i64();
        let floats = |name| nodes.field(name)?.to_f64();
        let (lefts, rights, features) = (integers("left")?, integers("right")?, integers("feature_idx")?);
        let (samples, is_leaf) = (integers("count")?, integers("is_leaf")?);
        // Before 0.24 there were no categories, and the field had another name.
        let thresholds = floats("num_threshold").or_else(|| floats("threshold"))?;
        let is_categorical = integers("is_categorical").unwrap_or_else(|| vec![0; nodes.len()]);
        let bitsets = integers("bitset_idx").unwrap_or_else(|| vec![0; nodes.len()]);
        let sets = predictor.attribute("raw_left_cat_bitsets");
        let sets = sets.and_then(|sets| NdArray::read(graph, sets).ok()?).and_then(|sets| sets.to_i64());
        let sets = sets.unwrap_or_default();
        let categories = |at: i64| {
            let start = usize::try_from(at).ok()?.checked_mul(8)?;
            let words = sets.get(start..start.checked_add(8)?)?;
            let is_in = |category: &u32| words[(category / 32) as usize] >> (category % 32) & 1 == 1;
            Some(Test::Among((0..256).filter(is_in).collect()))
        };
        let (gains, values) = (floats("gain")?, floats("value")?);
        let read = |at: usize| {
            let split = match is_leaf[at] {
                0 => {
                    let test = match is_categorical[at] {
                        0 => Test::AtMost(thresholds[at]),
                        _ => categories(bitsets[at])?,
                    };
                    Some(split(features[at], n_features, test, lefts[at], rights[at])?)
                }
                _ => None,
            };
            #[expect(clippy::cast_precision_loss, reason = "a weight that is only shown")]
            Some(Node { split, impurity: gains[at], samples: samples[at], weight: samples[at] as f64 })
        };
        let nodes = (0..nodes.len()).map(read).collect::<Option<Vec<_>>>()?;
        let names = names.fitting(n_features);
        let (counted, kind) = (Counted::Fractions, Kind::Predictor);
        Self { nodes, values, width: 1, n_classes: vec![1], counted, kind, names }.checked()
    }

    /// The tree, if it can be walked.
    fn checked(self) -> Option<Self> {
        let outputs = self.n_classes.len();
        if self.width == 0 || self.values.len() != self.nodes.len().checked_mul(self.width)?.checked_mul(outputs)? {
            return None;
        }
        let mut is_child = vec![false; self.nodes.len()];
        // The root is nobody's child.
        *is_child.first_mut()? = true;
        for split in self.nodes.iter().filter_map(|node| node.split.as_ref()) {
            for child in [split.left, split.right] {
                if std::mem::replace(is_child.get_mut(child)?, true) {
                    return None;
                }
            }
        }
        Some(self)
    }

    /// The values of a node, those of each output next to each other.
    pub(super) fn values_of(&self, node: usize) -> &[f64] {
        let width = self.width * self.n_classes.len();
        &self.values[node * width..(node + 1) * width]
    }
}

fn split(feature: i64, n_features: usize, test: Test, left: i64, right: i64) -> Option<Split> {
    let feature = usize::try_from(feature).ok().filter(|&feature| feature < n_features)?;
    Some(Split { feature, test, left: usize::try_from(left).ok()?, right: usize::try_from(right).ok()? })
}

impl Names {
    /// Without names of other features.
    fn fitting(self, n_features: usize) -> Self {
        Self { features: self.features.filter(|names| names.len() == n_features), ..self }
    }
}
