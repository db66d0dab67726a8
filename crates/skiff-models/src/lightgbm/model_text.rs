//! LightGBM's own text of a model: what `Booster.model_to_string` writes, and pickles hold.
//!
//! Lines of `key=value`, then a block of such lines for each tree, at the places that `tree_sizes` says.

use std::str::FromStr;

use skiff_plan::kernels::boosted_trees::{
    BoostedMissing, BoostedSplit, BoostedTest, BoostedTree, BoostedTrees, Branch, CategorySet, LinearLeaves,
    NEARLY_ZERO, SmallBoosted,
};
use skiff_plan::operators::BoostedLink;

use crate::conversions::index;
use crate::fields::ReadErrorKind;

/// A model, checked: no walk through its trees can leave them or go round in circles.
#[derive(Debug)]
pub(super) struct ModelText {
    pub(super) trees: BoostedTrees,
    /// What the objective makes of raw scores; `None` leaves them as they are.
    pub(super) link: Option<BoostedLink>,
    /// The features that are categories.
    pub(super) categorical: Vec<usize>,
    /// Whether sums are divided by the number of iterations: random forests.
    pub(super) average: bool,
    /// 3 for LightGBM 2.3 to 3.3, 4 since then.
    pub(super) version: u32,
    /// For each split of the trees, in their order, what it gained.
    pub(super) gains: Vec<f32>,
    /// Where each tree's splits begin.
    pub(super) starts: Vec<usize>,
}

type Result<T> = std::result::Result<T, ReadErrorKind>;

impl ModelText {
    pub(super) fn read(text: &str) -> Result<Self> {
        let (header, trees_text) = match text.find("\nTree=") {
            Some(place) => text.split_at(place + 1),
            None => (text, ""),
        };
        let header = Lines::read(header.split("\nend of trees").next().unwrap_or_default());
        if !header.has("tree") {
            return Err(damaged("not a model of trees"));
        }
        let version = header.get("version")?;
        let version = version.strip_prefix('v').and_then(|version| version.parse().ok());
        let version = version.filter(|version| (2..=4).contains(version));
        let version = version.ok_or_else(|| unsupported("a version of the format other than v2, v3 and v4"))?;
        let columns: usize = header.number("num_tree_per_iteration")?;
        let n_features = header.number::<usize>("max_feature_idx")?.saturating_add(1);
        let names = header.get("feature_names")?.split(' ').count();
        if names != n_features {
            return Err(damaged(format!("{names} names of {n_features} features")));
        }
        let link = match header.find("objective") {
            Some(objective) => read_objective(objective, columns)?,
            None => None,
        };
        // Ranges of numbers are in brackets, and features without a split are `none`.
        let infos = header.find("feature_infos").unwrap_or_default().split(' ').enumerate();
        let categorical = infos.filter(|(_, info)| !info.starts_with('[') && !info.is_empty() && *info != "none");
        let categorical = categorical.map(|(place, _)| place).filter(|&place| place < n_features).collect();
        let average = header.has("average_output");
        let sizes: Vec<usize> = match header.find("tree_sizes") {
            Some(sizes) => numbers(sizes, "tree_sizes", None)?,
            None => return Err(unsupported("a text without `tree_sizes`")),
        };
        if columns == 0 || !sizes.len().is_multiple_of(columns) {
            return Err(damaged(format!("{} trees, {columns} in an iteration", sizes.len())));
        }
        let trees = BoostedTrees {
            n_features,
            columns,
            splits: Vec::new(),
            trees: Vec::with_capacity(sizes.len()),
            leaves: Vec::new(),
            numbers: Vec::new(),
            words: Vec::new(),
            linear: None,
            small: SmallBoosted::default(),
        };
        let (gains, starts) = (Vec::new(), Vec::with_capacity(sizes.len()));
        let mut model = Self { trees, link, categorical, average, version, gains, starts };
        let mut start = 0_usize;
        for (index, size) in sizes.into_iter().enumerate() {
            let end = start.checked_add(size);
            let block = end.and_then(|end| trees_text.get(start..end));
            let block = block.and_then(|block| block.strip_prefix(&format!("Tree={index}\n")));
            let block =
                block.ok_or_else(|| damaged(format!("tree {index} is not at the offset given by `tree_sizes`")))?;
            let block = block.split("\n\n").next().unwrap_or_default();
            model.add_tree(index % columns, &Lines::read(block)).map_err(|error| in_tree(index, error))?;
            start = start.saturating_add(size);
        }
        // A text that was cut would be a model of fewer trees.
        let behind =
            if start == 0 { text.split_once("\n\n").map(|(_, behind)| behind) } else { trees_text.get(start..) };
        let behind = behind.unwrap_or_default().trim_start();
        match ["end of trees", "feature importances"].iter().any(|end| behind.starts_with(end)) {
            true => Ok(model),
            false => Err(damaged("trailing text after the trees")),
        }
    }

    /// How many iterations there are.
    pub(super) fn iterations(&self) -> usize {
        self.trees.trees.len() / self.trees.columns
    }

    /// For each feature, how many splits of the first `iterations` ask for it, and what they gained.
    pub(super) fn importances(&self, iterations: usize) -> (Vec<i64>, Vec<f64>) {
        let (mut counts, mut gains) = (vec![0; self.trees.n_features], vec![0.0; self.trees.n_features]);
        let end = self.starts.get(iterations.saturating_mul(self.trees.columns)).copied();
        let splits = self.trees.splits.iter().take(end.unwrap_or(usize::MAX));
        for (split, &gain) in splits.zip(&self.gains).filter(|(_, gain)| **gain > 0.0) {
            // It was found to be one of them as the tree was read.
            let feature = index(split.feature);
            if let (Some(count), Some(sum)) = (counts.get_mut(feature), gains.get_mut(feature)) {
                *count += 1;
                *sum += f64::from(gain);
            }
        }
        (counts, gains)
    }

    fn add_tree(&mut self, column: usize, lines: &Lines<'_>) -> Result<()> {
        let leaves: usize = lines.number("num_leaves")?;
        let values: Vec<f64> = lines.numbers("leaf_value", leaves)?;
        let (first_split, first_leaf) = (self.trees.splits.len(), self.trees.leaves.len());
        self.starts.push(first_split);
        if leaves == 0 || first_leaf.saturating_add(leaves) >= Branch::MOST {
            return Err(damaged(format!("{leaves} leaves")));
        }
        let place = |place: usize| u32::try_from(place).map_err(|_| unsupported("more than 4 billion nodes"));
        let root = if leaves == 1 { Branch::leaf(place(first_leaf)?) } else { Branch::split(place(first_split)?) };
        let count = leaves - 1;
        if count > 0 {
            let sets = self.read_sets(lines)?;
            let features: Vec<u32> = lines.numbers("split_feature", count)?;
            let thresholds: Vec<f64> = lines.numbers("threshold", count)?;
            let decisions: Vec<u8> = match lines.find("decision_type") {
                Some(decisions) => numbers(decisions, "decision_type", Some(count))?,
                None => vec![0; count],
            };
            self.gains.extend(match lines.find("split_gain") {
                Some(gains) => numbers(gains, "split_gain", Some(count))?,
                None => vec![0.0; count],
            });
            let left: Vec<i64> = lines.numbers("left_child", count)?;
            let right: Vec<i64> = lines.numbers("right_child", count)?;
            let mut reached = Reached { splits: vec![false; count], leaves: vec![false; leaves] };
            let tests = decisions.into_iter().zip(thresholds);
            let splits = features.into_iter().zip(tests).zip(left.into_iter().zip(right)).enumerate();
            for (number, ((feature, (decision, threshold)), (left, right))) in splits {
                if index(feature) >= self.trees.n_features {
                    return Err(damaged(format!("feature {feature} of {}", self.trees.n_features)));
                }
                let mut branch = |child: i64| {
                    let (is_leaf, to) = reached.follow(number, child)?;
                    let first = if is_leaf { first_leaf } else { first_split };
                    Ok(if is_leaf { Branch::leaf(place(first + to)?) } else { Branch::split(place(first + to)?) })
                };
                let (left, right) = (branch(left)?, branch(right)?);
                let (test, missing) = read_test(decision, threshold, &sets)?;
                self.trees.splits.push(BoostedSplit { feature, test, missing, left, right });
            }
        }
        self.add_linear(lines, &values)?;
        self.trees.leaves.extend(values);
        self.trees.numbers.extend(0..place(leaves)?);
        let column = u32::try_from(column).map_err(|_| unsupported("more than 4 billion columns"))?;
        self.trees.trees.push(BoostedTree { root, column, weight: 1.0 });
        Ok(())
    }

    /// The linear models of a tree's leaves, which have `values`: of trees without any the values themselves.
    fn add_linear(&mut self, lines: &Lines<'_>, values: &[f64]) -> Result<()> {
        let is_linear = lines.find("is_linear").is_some_and(|linear| linear != "0");
        if !is_linear && self.trees.linear.is_none() {
            return Ok(());
        }
        let (before, n_features) = (&self.trees.leaves, self.trees.n_features);
        let linear = self.trees.linear.get_or_insert_with(|| LinearLeaves {
            constants: before.clone(),
            starts: vec![0; before.len() + 1],
            terms: Vec::new(),
        });
        if !is_linear {
            linear.constants.extend(values);
            linear.starts.resize(linear.starts.len() + values.len(), linear.terms.len());
            return Ok(());
        }
        linear.constants.extend(lines.numbers::<f64>("leaf_const", values.len())?);
        let counts: Vec<usize> = lines.numbers("num_features", values.len())?;
        let total = counts.iter().fold(0_usize, |sum, &count| sum.saturating_add(count));
        let features: Vec<u32> = lines.numbers("leaf_features", total)?;
        let coefficients: Vec<f64> = lines.numbers("leaf_coeff", total)?;
        if let Some(feature) = features.iter().find(|&&feature| index(feature) >= n_features) {
            return Err(damaged(format!("feature {feature} of {n_features}")));
        }
        let mut end = linear.terms.len();
        linear.terms.extend(features.into_iter().zip(coefficients));
        linear.starts.extend(counts.iter().map(|count| {
            end += count;
            end
        }));
        Ok(())
    }

    /// `cat_threshold`, and where each set begins and ends: `cat_boundaries`.
    fn read_sets(&mut self, lines: &Lines<'_>) -> Result<Vec<CategorySet>> {
        let count: usize = lines.number("num_cat")?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let bounds: Vec<usize> = lines.numbers("cat_boundaries", count.saturating_add(1))?;
        let total = bounds.last().copied().unwrap_or(0);
        let words: Vec<u32> = lines.numbers("cat_threshold", total)?;
        let first = self.trees.words.len();
        let set = |(&begin, &end): (&usize, &usize)| {
            let count = end.checked_sub(begin).filter(|_| end <= total);
            let count = count.ok_or_else(|| damaged(format!("`cat_boundaries` of {total} words")))?;
            let (first, count) = (u32::try_from(first + begin), u32::try_from(count));
            match (first, count) {
                (Ok(first), Ok(count)) => Ok(CategorySet { first, count }),
                _ => Err(unsupported("more than 4 billion words of categories")),
            }
        };
        let sets = bounds.iter().zip(bounds.iter().skip(1)).map(set).collect::<Result<_>>()?;
        self.trees.words.extend(words);
        Ok(sets)
    }
}

/// Which nodes of a tree have a way to them: each has one, from a node before it, or the tree is none.
struct Reached {
    splits: Vec<bool>,
    leaves: Vec<bool>,
}

impl Reached {
    /// Whether `child` of split number `from` is a leaf, and its number.
    fn follow(&mut self, from: usize, child: i64) -> Result<(bool, usize)> {
        let is_leaf = child < 0;
        let number = usize::try_from(if is_leaf { !child } else { child }).unwrap_or(usize::MAX);
        let reached = if is_leaf { self.leaves.get_mut(number) } else { self.splits.get_mut(number) };
        match reached {
            Some(reached @ false) if is_leaf || number > from => *reached = true,
            _ => return Err(damaged(format!("split {from} leads to {child}"))),
        }
        Ok((is_leaf, number))
    }
}

/// `decision_type`: bit 0 for categories, bit 1 for missing values to the left, then the kind of missing values.
fn read_test(decision: u8, threshold: f64, sets: &[CategorySet]) -> Result<(BoostedTest, BoostedMissing)> {
    let (is_categorical, is_left) = (decision & 1 != 0, decision & 2 != 0);
    let missing = match (decision >> 2, is_left) {
        (0..=2, _) if is_categorical => BoostedMissing::Right,
        (0, _) => BoostedMissing::AsZero,
        (1, true) => BoostedMissing::LeftWithZero,
        (1, false) => BoostedMissing::RightWithZero,
        (2, true) => BoostedMissing::Left,
        (2, false) => BoostedMissing::Right,
        _ => return Err(damaged(format!("`decision_type` {decision}"))),
    };
    if !is_categorical {
        return Ok((BoostedTest::AtMost(without_tiny(threshold)), missing));
    }
    #[expect(clippy::as_conversions, reason = "LightGBM's conversion, then checked")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above")]
    let set = sets.get(threshold as usize).filter(|_| threshold >= 0.0);
    let set = set.ok_or_else(|| damaged(format!("set {threshold} of {} sets of categories", sets.len())))?;
    Ok((BoostedTest::Among(*set), missing))
}

/// The threshold that compares with each number as `threshold` does with 0 in place of those near 0: LightGBM drops these
/// before it walks.
fn without_tiny(threshold: f64) -> f64 {
    if (0.0..NEARLY_ZERO).contains(&threshold) {
        NEARLY_ZERO
    } else if (-NEARLY_ZERO..0.0).contains(&threshold) {
        (-NEARLY_ZERO).next_down()
    } else {
        threshold
    }
}

fn read_objective(objective: &str, columns: usize) -> Result<Option<BoostedLink>> {
    let mut words = objective.split(' ');
    let name = words.next().unwrap_or_default();
    let (mut classes, mut sigmoid, mut is_sqrt) = (None, None, false);
    for word in words.filter(|word| !word.is_empty()) {
        match word.split_once(':') {
            Some(("num_class", count)) => classes = count.parse().ok(),
            Some(("sigmoid", scale)) => sigmoid = scale.parse().ok(),
            None if word == "sqrt" => is_sqrt = true,
            _ => return Err(unsupported(format!("the objective `{objective}`"))),
        }
    }
    let logistic = || sigmoid.map(|scale| BoostedLink::Logistic { scale });
    let link = match name {
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" if is_sqrt => {
            Some(BoostedLink::SignedSquare)
        }
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg"
        | "custom" => None,
        "poisson" | "gamma" | "tweedie" => Some(BoostedLink::Exp),
        "binary" => Some(logistic().ok_or_else(|| damaged(format!("the objective `{objective}`")))?),
        "multiclass" => Some(BoostedLink::Softmax),
        "multiclassova" => Some(logistic().ok_or_else(|| damaged(format!("the objective `{objective}`")))?),
        "cross_entropy" => Some(BoostedLink::Logistic { scale: 1.0 }),
        "cross_entropy_lambda" => Some(BoostedLink::LogOnePlusExp),
        _ => return Err(unsupported(format!("the objective `{objective}`"))),
    };
    let expected = match name {
        "multiclass" | "multiclassova" => classes,
        "custom" => Some(columns),
        _ => Some(1),
    };
    if expected != Some(columns) {
        return Err(damaged(format!("the objective `{objective}` with {columns} trees in an iteration")));
    }
    Ok(link)
}

/// Lines of `key=value`; of two of one key the later one.
struct Lines<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Lines<'t> {
    /// The first lines of a text; no model has as many as there may be.
    fn read(text: &'t str) -> Self {
        const MOST: usize = 64;
        let lines = text.lines().filter(|line| !line.is_empty()).take(MOST);
        Self(lines.map(|line| line.split_once('=').unwrap_or((line, ""))).collect())
    }

    fn find(&self, key: &str) -> Option<&'t str> {
        self.0.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn get(&self, key: &'static str) -> Result<&'t str> {
        self.find(key).ok_or_else(|| damaged(format!("no `{key}`")))
    }

    fn number<T: FromStr>(&self, key: &'static str) -> Result<T> {
        self.get(key)?.trim().parse().map_err(|_| damaged(format!("`{key}` is not a valid number")))
    }

    fn numbers<T: FromStr>(&self, key: &'static str, count: usize) -> Result<Vec<T>> {
        numbers(self.get(key)?, key, Some(count))
    }
}

/// The numbers in a line, of which there must be `count`.
fn numbers<T: FromStr>(text: &str, key: &'static str, count: Option<usize>) -> Result<Vec<T>> {
    let each = text.split_ascii_whitespace().map(str::parse);
    let numbers: std::result::Result<Vec<T>, _> = each.collect();
    let numbers = numbers.map_err(|_| damaged(format!("`{key}` are not valid numbers")))?;
    match count {
        Some(expected) if expected != numbers.len() => {
            Err(damaged(format!("expected {expected} numbers of `{key}`, found {}", numbers.len())))
        }
        _ => Ok(numbers),
    }
}

fn damaged(what: impl Into<String>) -> ReadErrorKind {
    ReadErrorKind::Damaged(what.into())
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

    const TREES: [&str; 3] = [
        "Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=4 2\nthreshold=1.5 0\ndecision_type=10 1\n\
         left_child=1 -1\nright_child=-3 -2\nleaf_value=1 2 4\ncat_boundaries=0 1\ncat_threshold=6\nis_linear=0\n\
         shrinkage=1\n\n\n",
        "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.5\nis_linear=0\nshrinkage=1\n\n\n",
        "Tree=2\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=1\nthreshold=2.5\ndecision_type=2\nleft_child=-1\n\
         right_child=-2\nleaf_value=0 64\nis_linear=1\nleaf_const=0 8\nnum_features=0 2\nleaf_features= 0 1 \n\
         leaf_coeff= 2 -1 \nshrinkage=1\n\n\n",
    ];

    fn text() -> String {
        let sizes = TREES.map(|tree| tree.len().to_string()).join(" ");
        format!(
            "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
             objective=regression\nfeature_names=a b\nfeature_infos=[0:1] 0:1:2\ntree_sizes={sizes}\n\n{}end of trees\n",
            TREES.concat()
        )
    }

    fn sum(model: &ModelText, row: [f64; 2]) -> f64 {
        let mut sums = [0.0];
        let row = TreeRows { numbers: &row, precision: Precision::Double };
        model.trees.add(row, 0..model.trees.trees.len(), Precision::Double, &mut sums);
        sums[0]
    }

    #[test]
    fn trees_and_importances_are_read() {
        let model = ModelText::read(&text()).unwrap();
        for (row, expected) in [([1.0, 1.0], 1.5), ([1.5, 0.0], 2.5), ([2.0, 1.0], 4.5), ([f64::NAN, f64::NAN], 2.5)] {
            assert_eq!(sum(&model, row), expected, "{row:?}");
        }
        // Coefficients of the last tree, and the leaf's value where a number is missing.
        for (row, expected) in [([3.0, 0.0], 4.5 + 14.0), ([3.0, f64::NAN], 4.5 + 64.0), ([3.0, 1e-36], 4.5 + 14.0)] {
            assert_eq!(sum(&model, row), expected, "{row:?}");
        }
        assert_eq!(model.importances(1), (vec![1, 1], vec![4.0, 2.0]));
        assert_eq!(model.importances(0), (vec![0, 0], vec![0.0, 0.0]));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let changes = [
            ("left_child=1", "left_child=0", "leads to 0"),
            ("right_child=-3", "right_child=-1", "leads to -1"),
            ("right_child=-3", "right_child=-9", "leads to -9"),
            ("split_feature=0", "split_feature=2", "feature 2 of 2"),
            ("cat_boundaries=0 1", "cat_boundaries=1 0", "cat_"),
            ("num_leaves=3", "num_leaves=4", "expected 4 numbers"),
            ("threshold=1.5 0", "threshold=1.5 1", "set 1 of 1"),
            ("is_linear=0", "is_linear=1", "no `leaf_const`"),
            ("leaf_features= 0 1", "leaf_features= 0 2", "feature 2 of 2"),
            ("leaf_coeff= 2 -1", "leaf_coeff= 2", "expected 2 numbers of `leaf_coeff`, found 1"),
            ("num_features=0 2", "num_features=0 9", "expected 9 numbers of `leaf_features`, found 2"),
            ("objective=regression", "objective=mystery66", "the objective `mystery66`"),
            ("objective=regression", "objective=multiclass", "trees in an iteration"),
            ("max_feature_idx=1", "max_feature_idx=9", "names of 10 features"),
            ("version=v4", "version=v5", "a version of the format other than"),
        ];
        for (from, to, expected) in changes {
            let changed = text().replacen(from, to, 1);
            // A line of another length would move all that follows.
            let of = |trees: &[String]| trees.iter().map(|tree| tree.len().to_string()).collect::<Vec<_>>().join(" ");
            let mut trees = TREES.map(str::to_owned);
            let sizes = of(&trees);
            if let Some(tree) = trees.iter_mut().find(|tree| tree.contains(from)) {
                *tree = tree.replacen(from, to, 1);
            }
            let changed = changed.replacen(&format!("tree_sizes={sizes}"), &format!("tree_sizes={}", of(&trees)), 1);
            let error = ModelText::read(&changed).expect_err(to).to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn no_damage_makes_it_panic() {
        let whole = text();
        let rows = [[f64::NAN, 1.0], [-1e300, 1e300], [0.0, -0.5]];
        for end in 0..whole.len() {
            assert!(end > whole.len() - 20 || ModelText::read(&whole[..end]).is_err(), "the first {end} bytes");
        }
        for place in 0..whole.len() {
            for byte in [b'0', b'9', b'-', b' ', b'\n', b'='] {
                let mut bytes = whole.clone().into_bytes();
                bytes[place] = byte;
                let Ok(model) = ModelText::read(std::str::from_utf8(&bytes).unwrap()) else { continue };
                for row in rows {
                    let row: Vec<f64> = row.into_iter().cycle().take(model.trees.n_features).collect();
                    let mut sums = vec![0.0; model.trees.columns];
                    let row = TreeRows { numbers: &row, precision: Precision::Double };
                    model.trees.add(row, 0..model.trees.trees.len(), Precision::Double, &mut sums);
                }
                model.importances(1);
            }
        }
    }

    #[test]
    fn tiny_numbers_are_zero() {
        for (threshold, value, left) in
            [(0.0, 1e-36, true), (1e-40, -1e-36, true), (-1e-40, -1e-36, false), (-NEARLY_ZERO, -NEARLY_ZERO, false)]
        {
            assert_eq!(value <= without_tiny(threshold), left, "{value} at {threshold}");
        }
    }
}
