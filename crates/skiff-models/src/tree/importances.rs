//! `feature_importances_`: how much the splits on each feature lowered the impurity.

use skiff_pickle::NodeId;
use skiff_plan::kernels::pairwise_sum::pairwise_sum;

use crate::computed::{Attributes, Computed};

/// `feature_importances_` of a single tree.
pub(crate) fn of_tree(tree: &Attributes<'_>, n_features: usize) -> Option<Computed> {
    of_tree_estimator(tree, n_features).map(Computed::vector)
}

/// The same, as numbers; `None` if it is not an estimator of one tree.
pub(crate) fn of_tree_estimator(tree: &Attributes<'_>, n_features: usize) -> Option<Vec<f64>> {
    let (mut importances, _) = decreases(&tree.inner("tree_")?, n_features)?;
    normalize(&mut importances);
    Some(importances)
}

/// `feature_importances_` of an ensemble whose `estimators_` are trees: the mean over those with at least one split.
/// `normalized` determines whether each of them is normalized to 1 first.
pub(crate) fn of_ensemble(ensemble: &Attributes<'_>, n_features: usize, normalized: bool) -> Option<Computed> {
    let (mut sums, mut count) = (vec![0.0; n_features], 0_u32);
    for node in ensemble.items("estimators_")? {
        let Some(mut importances) = of_member(ensemble, node, n_features)? else { continue };
        if normalized {
            normalize(&mut importances);
        }
        for (sum, importance) in sums.iter_mut().zip(importances) {
            *sum += importance;
        }
        count += 1;
    }
    if count == 0 {
        return Some(Computed::vector(sums));
    }
    let means: Vec<f64> = sums.into_iter().map(|sum| sum / f64::from(count)).collect();
    let all = pairwise_sum(&means);
    Some(Computed::vector(means.into_iter().map(|mean| mean / all).collect()))
}

/// The decreases of one tree; nothing for a tree that is a single leaf.
#[expect(clippy::option_option, reason = "damage is one thing, a tree that does not count another")]
fn of_member(ensemble: &Attributes<'_>, node: NodeId, n_features: usize) -> Option<Option<Vec<f64>>> {
    let member = Attributes::of(ensemble.graph(), node)?;
    let (importances, nodes) = decreases(&member.inner("tree_")?, n_features)?;
    Some((nodes > 1).then_some(importances))
}

/// The weighted decrease of impurity by feature, and the number of nodes.
fn decreases(tree: &Attributes<'_>, n_features: usize) -> Option<(Vec<f64>, usize)> {
    let nodes = tree.array("nodes")?;
    let left = nodes.field("left_child")?.to_i64()?;
    let right = nodes.field("right_child")?.to_i64()?;
    let features = nodes.field("feature")?.to_i64()?;
    let impurity = nodes.field("impurity")?.to_f64()?;
    let weight = nodes.field("weighted_n_node_samples")?.to_f64()?;
    let weighted = |node: i64| {
        let node = usize::try_from(node).ok()?;
        Some(weight.get(node)? * impurity.get(node)?)
    };
    let mut importances = vec![0.0; n_features];
    for (node, (&left, (&right, &feature))) in (0_i64..).zip(left.iter().zip(right.iter().zip(&features))) {
        if left != -1 {
            let importance = importances.get_mut(usize::try_from(feature).ok()?)?;
            *importance += weighted(node)? - weighted(left)? - weighted(right)?;
        }
    }
    let all = *weight.first()?;
    importances.iter_mut().for_each(|importance| *importance /= all);
    Some((importances, nodes.len()))
}

fn normalize(importances: &mut [f64]) {
    let sum = pairwise_sum(importances);
    if sum > 0.0 {
        importances.iter_mut().for_each(|importance| *importance /= sum);
    }
}
