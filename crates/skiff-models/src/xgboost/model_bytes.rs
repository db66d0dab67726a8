//! XGBoost's own bytes of a model: what a `Booster` pickles as its `handle`.

use skiff_plan::kernels::boosted_trees::{
    BoostedMissing, BoostedSplit, BoostedTest, BoostedTree, BoostedTrees, Branch, CategorySet, SmallBoosted,
};
use skiff_plan::operators::{BoostedLink, SingleAffine};
use skiff_plan::value::Matrix;

use super::ubjson::{Json, damaged};
use crate::fields::ReadErrorKind;

/// A model, checked: no walk through its trees can leave them or go round in circles.
#[derive(Debug)]
pub(super) struct ModelBytes {
    pub(super) trees: BoostedTrees,
    /// In place of trees.
    pub(super) linear: Option<SingleAffine>,
    pub(super) objective: String,
    /// What the objective makes of raw scores; `None` leaves them as they are.
    pub(super) link: Option<BoostedLink>,
    /// What is there before the first tree, one for each column.
    pub(super) start: Vec<f64>,
    /// Where each iteration's trees begin, and where the last one's end.
    pub(super) iterations: Vec<usize>,
    pub(super) feature_names: Vec<String>,
    /// `best_iteration` of the attributes.
    pub(super) best_iteration: Option<usize>,
    /// Major and minor.
    pub(super) version: (i64, i64),
}

type Result<T> = std::result::Result<T, ReadErrorKind>;

impl ModelBytes {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.first() != Some(&b'{') || bytes.get(1) != Some(&b'L') {
            return Err(unsupported("a model in the format of XGBoost before 1.6"));
        }
        let file = Json::read(bytes)?;
        let model = file.get(&["Model"])?;
        let version = match model.ints(&["version"])?[..] {
            [major, minor, _] if (1..=3).contains(&major) => (major, minor),
            _ => return Err(unsupported("a model of a version other than XGBoost 1, 2 and 3")),
        };
        let learner = model.get(&["learner"])?;
        let (trees_of, weights) = match learner.str(&["gradient_booster", "name"])? {
            "gbtree" => (&["gradient_booster", "model"][..], None),
            // Trees that were dropped for a while have less weight.
            "dart" => {
                let weights = learner.numbers(&["gradient_booster", "weight_drop"])?;
                (&["gradient_booster", "gbtree", "model"][..], Some(weights))
            }
            // It has no trees.
            "gblinear" => (&["gradient_booster", "model"][..], None),
            other => return Err(unsupported(format!("the booster `{other}`"))),
        };
        let param = |name: &'static str| learner.count(&["learner_model_param", name]);
        let (n_features, n_classes) = (param("num_feature")?, param("num_class")?);
        let n_targets = match learner.find("learner_model_param").and_then(|param| param.find("num_target")) {
            Some(_) => param("num_target")?,
            None => 1,
        };
        let columns = n_classes.max(n_targets).max(1);
        if n_features == 0 || u32::try_from(n_features).is_err() || columns > MOST_COLUMNS {
            return Err(damaged(format!("{n_features} features, {columns} columns")));
        }
        let objective = learner.str(&["objective", "name"])?.to_owned();
        let (link, to_margin) = read_objective(&objective)?;
        let base = read_base_score(learner.str(&["learner_model_param", "base_score"])?)?;
        let start = match base[..] {
            [base] => vec![base; columns],
            _ if base.len() == columns => base,
            _ => return Err(damaged(format!("{} base scores of {columns} columns", base.len()))),
        };
        let start: Vec<f64> = start.into_iter().map(|base| f64::from(to_margin.of(base, version))).collect();
        let gbtree = learner.get(trees_of)?;
        if gbtree.get(&["cats"]).and_then(|cats| cats.items(&["enc"])).is_ok_and(|categories| !categories.is_empty()) {
            return Err(unsupported("categories of a DataFrame"));
        }
        let feature_names = strings(learner, "feature_names")?;
        let has_categories = strings(learner, "feature_types")?.iter().any(|kind| kind == "c");
        if has_categories && !feature_names.is_empty() {
            return Err(unsupported("categories of a DataFrame"));
        }
        if !feature_names.is_empty() && feature_names.len() != n_features {
            return Err(damaged(format!("{} names of {n_features} features", feature_names.len())));
        }
        let is_linear = learner.str(&["gradient_booster", "name"])? == "gblinear";
        let linear = is_linear.then(|| read_linear(gbtree, n_features, &start)).transpose()?;
        let (groups, parts) = match is_linear {
            true => (Vec::new(), &[][..]),
            false => (gbtree.ints(&["tree_info"])?, gbtree.items(&["trees"])?),
        };
        if groups.len() != parts.len() {
            return Err(damaged(format!("{} trees, {} columns for them", parts.len(), groups.len())));
        }
        if weights.as_ref().is_some_and(|weights| weights.len() != parts.len()) {
            return Err(damaged(format!("weights of other trees than {}", parts.len())));
        }
        let iterations = if is_linear {
            let Json::Int(rounds) = gbtree.get(&["boosted_rounds"])? else {
                return Err(damaged("`boosted_rounds` is not an integer"));
            };
            vec![0; usize::try_from(*rounds).unwrap_or(0).min(MOST_ROUNDS) + 1]
        } else {
            let parallel = gbtree.count(&["gbtree_model_param", "num_parallel_tree"])?.max(1);
            read_iterations(gbtree, parts.len(), parallel.saturating_mul(columns))?
        };
        let trees = BoostedTrees {
            n_features,
            columns,
            splits: Vec::new(),
            trees: Vec::with_capacity(parts.len()),
            leaves: Vec::new(),
            numbers: Vec::new(),
            words: Vec::new(),
            linear: None,
            small: SmallBoosted::default(),
        };
        let mut most_words = bytes.len().saturating_mul(WORDS_PER_BYTE);
        let best_iteration = match learner.find("attributes").and_then(|all| all.find("best_iteration")) {
            Some(Json::Str(best)) => Some(best.parse().map_err(|_| damaged("`best_iteration` is not a count"))?),
            _ => None,
        };
        let mut read =
            Self { trees, linear, objective, link, start, iterations, feature_names, best_iteration, version };
        for (index, (tree, group)) in parts.iter().zip(groups).enumerate() {
            let is_column = usize::try_from(group).is_ok_and(|column| column < columns);
            let column = u32::try_from(group).ok().filter(|_| is_column);
            let column = column.ok_or_else(|| damaged(format!("tree {index} has the invalid column {group}")))?;
            let weight = weights.as_ref().map_or(Some(1.0), |weights| weights.get(index).copied().map(single));
            let weight = weight.ok_or_else(|| damaged(format!("tree {index} has no weight")))?;
            read.add_tree(tree, (column, weight), &mut most_words).map_err(|error| in_tree(index, error))?;
        }
        Ok(read)
    }

    fn add_tree(&mut self, tree: &Json<'_>, (column, weight): (u32, f32), most_words: &mut usize) -> Result<()> {
        let count = tree.count(&["tree_param", "num_nodes"])?;
        if tree.count(&["tree_param", "size_leaf_vector"])? > 1 {
            return Err(unsupported("leaves of several values"));
        }
        let first_leaf = self.trees.leaves.len();
        if count == 0 || self.trees.splits.len().max(first_leaf).saturating_add(count) >= Branch::MOST {
            return Err(damaged(format!("{count} nodes")));
        }
        let of_nodes = |len: usize| if len == count { Ok(()) } else { Err(damaged(format!("{len} of {count} nodes"))) };
        let (left, right) = (tree.ints(&["left_children"])?, tree.ints(&["right_children"])?);
        let features = tree.ints(&["split_indices"])?;
        let (values, default_left) = (tree.numbers(&["split_conditions"])?, tree.ints(&["default_left"])?);
        for len in [left.len(), right.len(), features.len(), values.len(), default_left.len()] {
            of_nodes(len)?;
        }
        let sets = self.read_sets(tree, count, most_words)?;
        let node_of = |node: usize| {
            let (children, feature) = ((*left.get(node)?, *right.get(node)?), *features.get(node)?);
            Some((children, feature, *values.get(node)?, *default_left.get(node)? != 0))
        };
        // Parents come before their children, and each node is met once.
        let mut met = vec![false; count];
        let mut open = vec![(0_usize, None::<(usize, bool)>)];
        let mut root = Branch::leaf(0);
        while let Some((node, parent)) = open.pop() {
            let Some((((left, right), feature, value, goes_left), met)) = node_of(node).zip(met.get_mut(node)) else {
                return Err(damaged(format!("no node {node} of {count}")));
            };
            if std::mem::replace(met, true) {
                return Err(damaged(format!("node {node} has two parents")));
            }
            let number = u32::try_from(node).map_err(|_| damaged("more than 4 billion nodes"))?;
            let place = |place: usize| u32::try_from(place).map_err(|_| damaged("more than 4 billion nodes"));
            let branch = if left == -1 {
                let leaf = Branch::leaf(place(self.trees.leaves.len())?);
                self.trees.leaves.push(value);
                self.trees.numbers.push(number);
                leaf
            } else {
                let child = usize::try_from(left).ok().filter(|&child| child < count);
                // XGBoost finds the right child behind the left one.
                let child = child.filter(|&child| child + 1 < count && right == left + 1);
                let child = child.ok_or_else(|| damaged(format!("node {node} has the invalid child {left}")))?;
                let is_feature = usize::try_from(feature).is_ok_and(|feature| feature < self.trees.n_features);
                let feature = u32::try_from(feature)
                    .ok()
                    .filter(|_| is_feature)
                    .ok_or_else(|| damaged(format!("node {node} has the invalid feature {feature}")))?;
                let split = self.trees.splits.len();
                let missing = if goes_left { BoostedMissing::Left } else { BoostedMissing::Right };
                let test = match sets.get(node).copied().flatten() {
                    Some(set) => BoostedTest::NotAmong(set),
                    None => BoostedTest::AtMost(below(value)),
                };
                // The children come later.
                let unknown = Branch::leaf(0);
                self.trees.splits.push(BoostedSplit { feature, test, missing, left: unknown, right: unknown });
                open.push((child + 1, Some((split, false))));
                open.push((child, Some((split, true))));
                Branch::split(place(split)?)
            };
            let Some((split, is_left)) = parent else {
                root = branch;
                continue;
            };
            // It was pushed before its children were asked for.
            if let Some(split) = self.trees.splits.get_mut(split) {
                *(if is_left { &mut split.left } else { &mut split.right }) = branch;
            }
        }
        self.trees.trees.push(BoostedTree { root, column, weight });
        Ok(())
    }

    /// The sets of categories, for the nodes that have some: each node's places in one list of categories.
    fn read_sets(&mut self, tree: &Json<'_>, count: usize, most_words: &mut usize) -> Result<Vec<Option<CategorySet>>> {
        let Some(_) = tree.find("split_type") else { return Ok(Vec::new()) };
        let kinds = tree.ints(&["split_type"])?;
        if kinds.len() != count {
            return Err(damaged(format!("{} types of {count} nodes", kinds.len())));
        }
        let mut sets = vec![None; count];
        let (nodes, categories) = (tree.ints(&["categories_nodes"])?, tree.ints(&["categories"])?);
        let (first, sizes) = (tree.ints(&["categories_segments"])?, tree.ints(&["categories_sizes"])?);
        if first.len() != nodes.len() || sizes.len() != nodes.len() {
            return Err(damaged(format!("{} sets for {} nodes", first.len(), nodes.len())));
        }
        for ((&node, &first), &size) in nodes.iter().zip(&first).zip(&sizes) {
            let range = usize::try_from(first).ok().zip(usize::try_from(size).ok());
            let own = range.and_then(|(first, size)| categories.get(first..first.checked_add(size)?));
            let place = usize::try_from(node).ok().filter(|&node| kinds.get(node) == Some(&1));
            let (Some(own), Some(set)) = (own, place.and_then(|place| sets.get_mut(place))) else {
                return Err(damaged(format!("a set of categories for node {node}")));
            };
            let greatest = own.iter().copied().max().unwrap_or(0);
            if own.iter().any(|category| !(0..MOST_CATEGORIES).contains(category)) {
                return Err(damaged(format!("a category outside of 0 to {MOST_CATEGORIES}")));
            }
            let words = usize::try_from(greatest / 32).unwrap_or(usize::MAX).saturating_add(1);
            *most_words = most_words.checked_sub(words).ok_or(ReadErrorKind::TooLarge)?;
            let start = self.trees.words.len();
            self.trees.words.resize(start + words, 0);
            for &category in own {
                // Its word is one of those that the greatest category asks for.
                let word = usize::try_from(category / 32).ok().and_then(|word| self.trees.words.get_mut(start + word));
                if let Some(word) = word {
                    *word |= 1 << (category % 32);
                }
            }
            let (first, count) = (u32::try_from(start), u32::try_from(words));
            let (Ok(first), Ok(count)) = (first, count) else { return Err(ReadErrorKind::TooLarge) };
            *set = Some(CategorySet { first, count });
        }
        for (node, (kind, set)) in kinds.iter().zip(&sets).enumerate() {
            if !(0..=1).contains(kind) || (*kind == 1) != set.is_some() {
                return Err(damaged(format!("node {node} has the unknown type {kind}")));
            }
        }
        Ok(sets)
    }
}

/// How many columns scores may have, whatever a file says: there is a base score for each.
const MOST_COLUMNS: usize = 1 << 20;
/// How many rounds are counted of a model without trees.
const MOST_ROUNDS: usize = 1 << 20;
/// XGBoost's own limit: what a `float32` counts exactly.
const MOST_CATEGORIES: i64 = 16_777_216;
/// How many words of categories a file may ask for by each of its bytes: a set is as long as its greatest category is
/// large.
const WORDS_PER_BYTE: usize = 4;

/// The weights of the booster `gblinear`: a row for each feature, one of intercepts behind them, a column for each class.
fn read_linear(model: &Json<'_>, n_features: usize, start: &[f64]) -> Result<SingleAffine> {
    let columns = start.len();
    let mut weights = model.numbers(&["weights"])?;
    let count = n_features.saturating_add(1).saturating_mul(columns);
    if weights.len() != count {
        return Err(damaged(format!("{} weights of {n_features} features and {columns} columns", weights.len())));
    }
    let bias = weights.split_off(n_features * columns);
    // Every column has the first one's base score: `GBLinear::PredictBatchInternal`.
    let start = start.first().copied().unwrap_or(0.0);
    let intercept = bias.iter().map(|&bias| single(bias) + single(start)).collect();
    Ok(SingleAffine { coef: Matrix::new(n_features, columns, weights), intercept })
}

/// Where the trees of iterations begin: `iteration_indptr`, or as many for each.
fn read_iterations(gbtree: &Json<'_>, trees: usize, each: usize) -> Result<Vec<usize>> {
    if gbtree.find("iteration_indptr").is_none() {
        if !trees.is_multiple_of(each) {
            return Err(damaged(format!("{trees} trees, {each} in an iteration")));
        }
        return Ok((0..=trees / each).map(|iteration| iteration * each).collect());
    }
    let starts = gbtree.ints(&["iteration_indptr"])?;
    let starts: Option<Vec<usize>> = starts.into_iter().map(|start| usize::try_from(start).ok()).collect();
    let starts =
        starts.filter(|starts| starts.first() == Some(&0) && starts.last() == Some(&trees) && starts.is_sorted());
    starts.ok_or_else(|| damaged("`iteration_indptr` does not match the number of trees"))
}

/// `5E-1`, or since 3.1 `[5E-1,2E-1]`: one number for each column.
fn read_base_score(text: &str) -> Result<Vec<f32>> {
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let numbers = list.split(',').map(|number| number.trim().parse());
    numbers.collect::<std::result::Result<_, _>>().map_err(|_| damaged(format!("the base score `{text}`")))
}

#[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "it is the value of a `float32`")]
fn single(value: f64) -> f32 {
    value as f32
}

/// The greatest number that is below `threshold` as XGBoost compares: in `float32`.
fn below(threshold: f64) -> f64 {
    let threshold = single(threshold);
    // Nothing is below these two.
    if threshold.is_nan() || threshold == f32::NEG_INFINITY { f64::NAN } else { threshold.next_down().into() }
}

/// From base scores to raw ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToMargin {
    Identity,
    Logit,
    Log,
}

impl ToMargin {
    fn of(self, base: f32, version: (i64, i64)) -> f32 {
        // Since 3.1 all labels may be the same.
        let clipped = if version >= (3, 1) { base.clamp(1e-6, 1.0 - 1e-6) } else { base };
        match self {
            Self::Identity => base,
            Self::Logit => -(1.0 / clipped - 1.0).ln(),
            Self::Log => base.ln(),
        }
    }
}

fn read_objective(name: &str) -> Result<(Option<BoostedLink>, ToMargin)> {
    let logistic = Some(BoostedLink::Logistic { scale: 1.0 });
    Ok(match name {
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:absoluteerror"
        | "reg:pseudohubererror"
        | "reg:quantileerror"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map"
        | "binary:logitraw" => (None, ToMargin::Identity),
        "binary:logistic" | "reg:logistic" => (logistic, ToMargin::Logit),
        "count:poisson" | "reg:gamma" | "reg:tweedie" => (Some(BoostedLink::Exp), ToMargin::Log),
        "binary:hinge" => (Some(BoostedLink::Step), ToMargin::Identity),
        "multi:softmax" => (Some(BoostedLink::Greatest), ToMargin::Identity),
        "multi:softprob" => (Some(BoostedLink::Softmax), ToMargin::Identity),
        _ => return Err(unsupported(format!("the objective `{name}`"))),
    })
}

fn strings(learner: &Json<'_>, key: &str) -> Result<Vec<String>> {
    let Some(Json::Array(items)) = learner.find(key) else { return Ok(Vec::new()) };
    let text = |item: &Json<'_>| match item {
        Json::Str(text) => Ok((*text).to_owned()),
        _ => Err(damaged(format!("`{key}` are not strings"))),
    };
    items.iter().map(text).collect()
}

fn unsupported(what: impl Into<String>) -> ReadErrorKind {
    ReadErrorKind::Unsupported(what.into())
}

fn in_tree(index: usize, error: ReadErrorKind) -> ReadErrorKind {
    match error {
        ReadErrorKind::Damaged(what) => damaged(format!("tree {index}: {what}")),
        ReadErrorKind::Unsupported(what) => unsupported(format!("tree {index}: {what}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use skiff_plan::kernels::boosted_trees::TreeRows;
    use skiff_plan::value::Precision;

    use super::*;
    use crate::conversions::index;

    /// The `handle` in the pickle of a small regressor's booster: bytes with their length before them.
    fn handle() -> Vec<u8> {
        let pickle = include_bytes!("../../../../fixtures/boosting/xgboost-3.2.0-booster.pkl");
        let start =
            pickle.windows(16).position(|bytes| bytes.starts_with(b"{L") && bytes.ends_with(b"Config")).unwrap();
        let length = u32::from_le_bytes(pickle[start - 4..start].try_into().unwrap());
        pickle[start..start + index(length)].to_vec()
    }

    fn sums(model: &ModelBytes, value: f64) -> Vec<f64> {
        let mut sums = model.start.clone();
        let row = vec![value; model.trees.n_features];
        let row = TreeRows { numbers: &row, precision: Precision::Double };
        model.trees.add(row, 0..model.trees.trees.len(), Precision::Single, &mut sums);
        sums
    }

    fn replaced(from: &str, to: &str) -> Vec<u8> {
        assert_eq!(from.len(), to.len(), "lengths precede texts");
        let mut bytes = handle();
        let places: Vec<usize> =
            (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty(), "{from}");
        for at in places {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        bytes
    }

    #[test]
    fn a_model_is_read() {
        let model = ModelBytes::read(&handle()).unwrap();
        assert_eq!((model.version, model.trees.n_features, model.trees.columns), ((3, 2), 3, 1));
        assert_eq!(model.iterations, [0, 1, 2]);
        let answers: Vec<_> = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0].map(|value| sums(&model, value)[0]).into();
        assert!(answers.iter().any(|answer| *answer != answers[0]), "{answers:?}");
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        let cases = [
            ("reg:squarederror", "reg:mysteryerror", "the objective `reg:mysteryerror`"),
            ("gbtree", "linear", "the booster `linear`"),
            ("{L", "{l", "before 1.6"),
            ("learner_model_param", "learner_model_quark", "no `learner_model_param.num_feature`"),
            ("left_children", "left_childrex", "no `left_children`"),
        ];
        for (from, to, expected) in cases {
            let bytes = if from == "{L" { b"binf".to_vec() } else { replaced(from, to) };
            let error = ModelBytes::read(&bytes).expect_err(to).to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn no_damage_makes_it_panic() {
        let whole = handle();
        for end in (0..whole.len()).step_by(7) {
            assert!(ModelBytes::read(&whole[..end]).is_err(), "the first {end} bytes");
        }
        let mut bytes = whole.clone();
        for place in 0..whole.len() {
            for byte in [whole[place] ^ 1, 0xff, b'9'] {
                bytes[place] = byte;
                if let Ok(model) = ModelBytes::read(&bytes) {
                    for value in [f64::NAN, -1e30, 0.0, 1e30] {
                        sums(&model, value);
                    }
                }
            }
            bytes[place] = whole[place];
        }
    }

    #[test]
    fn thresholds_are_compared_as_single_numbers() {
        let single = |value: f32| f64::from(value);
        for (threshold, value, left) in [
            (0.1_f32, 0.1_f32, false),
            (0.1, 0.1_f32.next_down(), true),
            (0.0, -0.0, false),
            (f32::NEG_INFINITY, f32::NEG_INFINITY, false),
            (f32::INFINITY, f32::MAX, true),
            (f32::NAN, 0.0, false),
        ] {
            assert_eq!(single(value) <= below(single(threshold)), left, "{value} below {threshold}");
        }
    }
}
