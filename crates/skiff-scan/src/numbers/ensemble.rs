//! What an estimator says of the trees that it holds, where scikit-learn does not ask again: a tree of more features
//! than its estimator has reads beyond the rows that it is given.

use skiff_files::{Instance, NdArray, Sparse};
use skiff_pickle::{Graph, Node, NodeId};

use super::{count, count_of};

/// Estimators that hand rows to the trees of their estimators without a look at how many columns they have.
pub(super) const TRUSTING: [&str; 8] = [
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "IsolationForest",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
];

/// Looks at the estimator at `id`, whose class is `name`.
pub(super) fn check(graph: &Graph, id: NodeId, name: &str) -> Result<(), String> {
    let Some(instance) = Instance::read(graph, id) else { return Ok(()) };
    let n_features = n_features(graph, &instance);
    if let Some(own) = instance.attribute("tree_").and_then(|tree| tree_features(graph, tree))
        && n_features != Some(own)
    {
        return Err(format!("says that it has {} features and has a tree of {own}", shown(n_features)));
    }
    if TRUSTING.contains(&name) {
        check_trees(graph, &instance, n_features)?;
    }
    if name.starts_with("GradientBoosting") {
        check_beginning(graph, &instance)?;
    }
    check_points(graph, &instance, n_features)?;
    if name.starts_with("KNeighbors") || name.starts_with("RadiusNeighbors") {
        check_labels(graph, &instance)?;
    }
    if let Some(centers) = instance.attribute("cluster_centers_").and_then(|node| array(graph, node))
        && let (&[_, columns], Some(n_features)) = (&centers.shape[..], n_features)
        && columns != n_features
    {
        return Err(format!("says that it has {n_features} features and has centers of {columns}"));
    }
    Ok(())
}

fn check_trees(graph: &Graph, instance: &Instance<'_>, n_features: Option<usize>) -> Result<(), String> {
    let Some(estimators) = instance.attribute("estimators_") else { return Ok(()) };
    let subsets = instance.attribute("estimators_features_").map(|subsets| items(graph, subsets));
    let all = items(graph, estimators);
    if subsets.as_ref().is_some_and(|subsets| subsets.len() != all.len()) {
        return Err("has another number of trees than of features for them".to_owned());
    }
    for (place, &estimator) in all.iter().enumerate() {
        let Some(tree) = attribute(graph, estimator, "tree_") else { continue };
        // Compiled code takes None in its place, and reads its nodes all the same.
        let Some(own) = tree_features(graph, tree) else {
            return Err(format!("has an estimator {place} without a tree"));
        };
        if n_features.is_none_or(|n_features| own > n_features) {
            return Err(format!("says that it has {} features and has a tree of {own}", shown(n_features)));
        }
        let subset = subsets.as_ref().and_then(|subsets| subsets.get(place)).and_then(|&subset| array(graph, subset));
        if subset.is_some_and(|subset| subset.len() != own) {
            return Err(format!("gives estimator {place} another number of features than its tree has"));
        }
    }
    Ok(())
}

/// The rows of the fit, to which new rows are compared in compiled code.
fn check_points(graph: &Graph, instance: &Instance<'_>, n_features: Option<usize>) -> Result<(), String> {
    let Some(fit) = instance.attribute("_fit_X") else { return Ok(()) };
    let shape = match (array(graph, fit), Sparse::read(graph, fit)) {
        (Some(points), _) => points.shape,
        (None, Ok(Some(points))) => vec![points.shape.0, points.shape.1],
        _ => return Ok(()),
    };
    let &[rows, columns] = &*shape else { return Err(format!("has points of {} axes", shape.len())) };
    if n_features.is_some_and(|n_features| n_features != columns) {
        return Err(format!("says that it has {} features and has points of {columns}", shown(n_features)));
    }
    match instance.attribute("_y").and_then(|labels| array(graph, labels)) {
        Some(labels) if labels.shape.first() != Some(&rows) => {
            Err(format!("has {rows} points and the labels of {:?}", labels.shape.first().unwrap_or(&0)))
        }
        _ => Ok(()),
    }
}

/// The estimator that gradient boosting begins with makes the table to which trees add their scores: compiled code writes
/// a column for each tree of a stage, and does not ask how many there are.
fn check_beginning(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    let Some((module, name)) = instance.attribute("init_").and_then(|init| Instance::class(graph, init)) else {
        return Ok(());
    };
    // What it began with before 0.21 is told how many classes there are.
    if module.starts_with("sklearn.ensemble.") && name.ends_with("Estimator") {
        return Ok(());
    }
    let stages = instance.attribute("estimators_").and_then(|stages| array(graph, stages));
    let trees = stages.and_then(|stages| stages.shape.get(1).copied());
    let classes = instance
        .attribute("init_")
        .and_then(|init| classes_of(graph, init))
        .map(|classes| if classes.len() == 2 { 1 } else { classes.len() });
    match (trees, classes) {
        (Some(1), None) => Ok(()),
        (Some(trees), Some(classes)) if trees == classes => Ok(()),
        _ => Err(format!("begins with a {name} of other classes than its stages have trees")),
    }
}

/// `classes_` of an estimator, of the last step of a pipeline, or of what a search has found.
fn classes_of(graph: &Graph, estimator: NodeId) -> Option<NdArray> {
    let mut estimator = estimator;
    for _ in 0..MOST_WRAPPERS {
        if let Some(classes) = attribute(graph, estimator, "classes_") {
            return array(graph, classes);
        }
        let last_step = || {
            let steps = graph.items(attribute(graph, estimator, "steps")?)?;
            graph.items(*steps.last()?)?.get(1).copied()
        };
        estimator = attribute(graph, estimator, "best_estimator_").or_else(last_step)?;
    }
    None
}

/// How deep pipelines and searches may nest in each other for their classes to be found.
const MOST_WRAPPERS: usize = 16;

/// Labels of the neighbours count in a table of as many columns as there are classes.
fn check_labels(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    let labels = instance.attribute("_y").and_then(|labels| array(graph, labels));
    let classes = instance.attribute("classes_").and_then(|classes| array(graph, classes));
    let (Some(labels), Some(classes)) = (labels, classes) else { return Ok(()) };
    let Some(labels) = labels.to_i64() else { return Ok(()) };
    match labels.iter().find(|&&label| usize::try_from(label).is_ok_and(|label| label >= classes.len()) || label < 0) {
        Some(label) => Err(format!("has a neighbour of class {label} of {}", classes.len())),
        None => Ok(()),
    }
}

fn array(graph: &Graph, id: NodeId) -> Option<NdArray> {
    NdArray::read(graph, id).ok().flatten()
}

/// `n_features_in_`; `n_features_` before 0.24.
fn n_features(graph: &Graph, instance: &Instance<'_>) -> Option<usize> {
    let of = |name: &str| count_of(graph, instance, name);
    of("n_features_in_").or_else(|| of("n_features_")).or_else(|| of("_n_features")).or_else(|| of("n_features"))
}

fn shown(n_features: Option<usize>) -> String {
    n_features.map_or_else(|| "no number of".to_owned(), |n_features| n_features.to_string())
}

/// How many features the tree at `id` has.
fn tree_features(graph: &Graph, id: NodeId) -> Option<usize> {
    let (module, name) = super::class(graph, id)?;
    if (module, name) != ("sklearn.tree._tree", "Tree") {
        return None;
    }
    count(graph, *Instance::read(graph, id)?.arguments().first()?)
}

fn attribute(graph: &Graph, id: NodeId, name: &str) -> Option<NodeId> {
    Instance::read(graph, id)?.attribute(name)
}

/// What a list, a tuple or an array of objects holds.
fn items(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    match graph.node(id) {
        Node::List(items) => items.clone(),
        Node::Tuple(items) => items.to_vec(),
        _ => array(graph, id).and_then(|array| array.objects().map(<[NodeId]>::to_vec)).unwrap_or_default(),
    }
}
