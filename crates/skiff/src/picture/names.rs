//! The names of features and classes that the estimators around a tree know.

use skiff_export::picture::Names;
use skiff_files::{Graph, Instance, NdArray, NodeId, Scalar};
use skiff_models::custom::Custom;

use super::Way;
use crate::File;

/// The classifiers that encode the labels before they fit what is in them.
const ENCODING: &[&str] =
    &["BaggingClassifier", "ExtraTreesClassifier", "RandomForestClassifier", "StackingClassifier", "VotingClassifier"];
/// The attributes whose estimators take the columns that the estimator around them takes.
const SAME_COLUMNS: &[&str] =
    &["best_estimator_", "estimator", "estimator_", "estimators_", "named_estimators_", "regressor_", "_predictors"];
/// The estimators for which this is not so: they select columns, or add some.
const OTHER_COLUMNS: &[&str] = &["ClassifierChain", "RFE", "RFECV", "RegressorChain"];

impl File {
    /// What the estimators on the way know about the features and the classes at its end.
    pub(super) fn names(&self, way: &Way<'_>) -> Names {
        let graph = &self.contents().graph;
        let (mut features, mut classes) = (None, None);
        for (at, &(node, address)) in way.nodes.iter().enumerate() {
            let Some(estimator) = Instance::read(graph, node) else { continue };
            if let Some(own) = estimator.attribute("feature_names_in_").and_then(|names| texts(graph, names)) {
                features = Some(own);
            }
            let own = estimator.attribute("classes_").and_then(|classes| texts(graph, classes));
            if at + 1 == way.nodes.len() {
                classes = classes.or(own);
                break;
            }
            if ENCODING.contains(&estimator.name) {
                classes = classes.or(own);
            }
            let step = way.address[address.len()..].trim_start_matches('.');
            let attribute = step.split(['.', '[']).next().unwrap_or_default();
            if estimator.name == "Pipeline" && attribute == "steps" {
                features = self.names_after(&estimator, (node, address), index(step), features);
            } else if !SAME_COLUMNS.contains(&attribute) || OTHER_COLUMNS.contains(&estimator.name) {
                features = None;
            } else if let Some(all) = estimator.attribute("estimators_features_") {
                features = features.and_then(|names| taken(graph, all, index(step)?, &names));
            } else if attribute == "_predictors"
                && estimator.attribute("_preprocessor").is_some_and(|node| !is_none(graph, node))
            {
                features = features.and_then(|names| reordered(graph, &estimator, names));
            }
        }
        Names { features, classes, ..Names::default() }
    }

    /// The names of the columns that step number `step` of a pipeline takes.
    fn names_after(
        &self,
        pipeline: &Instance<'_>,
        (node, address): (NodeId, &str),
        step: Option<i64>,
        features: Option<Vec<String>>,
    ) -> Option<Vec<String>> {
        let count = self.contents().graph.items(pipeline.attribute("steps")?)?.len();
        let step = step?;
        let step = if step < 0 { step.checked_add(i64::try_from(count).ok()?)? } else { step };
        let step = usize::try_from(step).ok()?;
        if step == 0 {
            return features;
        }
        let model = self.read_model(node, address, &Custom::default()).ok()?;
        model.typed().pipeline_part(0..step)?.feature_names_out(features.as_deref()).ok()
    }
}

/// The first number in brackets: `estimators_[3]`.
fn index(steps: &str) -> Option<i64> {
    let inner = steps.split('[').nth(1)?;
    inner.split_once(']')?.0.trim().parse().ok()
}

fn is_none(graph: &Graph, node: NodeId) -> bool {
    matches!(Scalar::read(graph, node), Ok(Some(Scalar::None)))
}

/// The names at the columns that estimator number `at` was fitted on.
fn taken(graph: &Graph, all: NodeId, at: i64, names: &[String]) -> Option<Vec<String>> {
    let all = graph.items(all)?;
    let at = if at < 0 { at.checked_add(i64::try_from(all.len()).ok()?)? } else { at };
    let columns = NdArray::read(graph, *all.get(usize::try_from(at).ok()?)?).ok()??.to_i64()?;
    columns.into_iter().map(|column| names.get(usize::try_from(column).ok()?).cloned()).collect()
}

/// The names in the order of histogram boosting, whose categories come first.
fn reordered(graph: &Graph, booster: &Instance<'_>, names: Vec<String>) -> Option<Vec<String>> {
    let flags = NdArray::read(graph, booster.attribute("is_categorical_")?).ok()??.to_i64()?;
    if flags.len() != names.len() {
        return None;
    }
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (name, flag) in names.into_iter().zip(flags) {
        if flag == 0 { last.push(name) } else { first.push(name) }
    }
    first.append(&mut last);
    Some(first)
}

/// The elements of an array as Python's `str` writes them; `None` if it is not an array of one dimension.
fn texts(graph: &Graph, node: NodeId) -> Option<Vec<String>> {
    let array = NdArray::read(graph, node).ok()??;
    if array.ndim() != 1 {
        return None;
    }
    let text = |scalar: &Scalar| match scalar {
        Scalar::Str(text) => text.clone(),
        // A `str` of Python 2.
        Scalar::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    };
    Some(array.to_scalars(graph).ok()?.iter().map(text).collect())
}
