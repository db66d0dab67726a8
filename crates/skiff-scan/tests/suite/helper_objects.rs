//! Helper objects in models of trusted classes, with numbers that no fit makes: each is a finding, whatever estimator
//! holds it, and names the part. The tests of `skiff-models` spoil the same parts for the readers.

use skiff_files::{Graph, Limits, Node};
use skiff_scan::{Trusted, findings};
use skiff_testing::{RecordedModel, edit};

/// An edit of a valid model.
type Edit = fn(&mut Graph);

/// A recorded case, what is done to it, the path of the object, and part of the sentence.
const SPOILED: &[(&str, Edit, &str, &str)] = &[
    (TREE, |graph| field(graph, "tree_.nodes", 0, "left_child", 1e6), "tree_", "`nodes[0].left_child`"),
    (TREE, |graph| field(graph, "tree_.nodes", 0, "right_child", 1.0), "tree_", "`nodes[0].right_child`"),
    (TREE, |graph| field(graph, "tree_.nodes", 0, "feature", 4.0), "tree_", "`nodes[0].feature`"),
    (TREE, |graph| field(graph, "tree_.nodes", 0, "threshold", f64::NAN), "tree_", "`nodes[0].threshold`"),
    (TREE, |graph| int(graph, "tree_.node_count", 1 << 40), "tree_", "`nodes`"),
    (TREE, |graph| int(graph, "tree_.max_depth", 0), "tree_", "`max_depth`"),
    (TREE, |graph| int(graph, "tree_@0", 0), "tree_", "0 features"),
    (TREE, |graph| edit::reshape(graph, "tree_.values", &[3, 1, 2]), "tree_", "`values`"),
    (TREE, |graph| edit::put(graph, "tree_.nodes", Node::None), "tree_", "as its `nodes`"),
    (HIST, |graph| field(graph, "_predictors[0][0].nodes", 0, "left", 1e9), "_predictors[0][0]", "`nodes[0].left`"),
    (HIST, |graph| field(graph, "_predictors[0][0].nodes", 0, "feature_idx", -1.0), "_predictors[0][0]", "feature_idx"),
    (
        HIST,
        |graph| field(graph, "_predictors[0][0].nodes", 0, "is_categorical", 1.0),
        "_predictors[0][0]",
        "`nodes[0].bitset_idx`",
    ),
    (KD_TREE, |graph| edit::set_element(graph, "_tree#1", 0, None, 1e6), "_tree", "`idx_array`"),
    (KD_TREE, |graph| field(graph, "_tree#2", 0, "idx_end", 1e6), "_tree", "`node_data`"),
    (KD_TREE, |graph| field(graph, "_tree#2", 0, "idx_start", -5.0), "_tree", "`node_data`"),
    (KD_TREE, |graph| field(graph, "_tree#2", 1, "idx_start", 5.0), "_tree", "`node_data`"),
    (KD_TREE, |graph| edit::reshape(graph, "_tree#3", &[2, 1, 3]), "_tree", "`node_bounds`"),
    (KD_TREE, |graph| int(graph, "_tree#4", 0), "_tree", "`leaf_size`"),
    (KD_TREE, |graph| int(graph, "_tree#6", 1), "_tree", "`n_nodes`"),
    (KD_TREE, |graph| edit::put(graph, "_tree#11", Node::None), "_tree", "`dist_metric`"),
    (DENSITY, |graph| edit::reshape(graph, "tree_#12", &[3]), "tree_", "`sample_weight`"),
    (SPLINE, |graph| edit::set_element(graph, "bsplines_[0].t", 0, None, 1e9), "bsplines_[0]", "knots"),
    (SPLINE, |graph| int(graph, "bsplines_[0].k", 1 << 40), "bsplines_[0]", "knots"),
];

const TREE: &str = "1.9.1/tree/decision_tree_classifier";
const HIST: &str = "1.9.1/ensemble/hist_binary";
const KD_TREE: &str = "1.9.1/neighbors/knn_kd_tree";
const DENSITY: &str = "1.9.1/neighbors/density_gaussian_weights";
const SPLINE: &str = "1.5.2/preprocessing/spline";

fn field(graph: &mut Graph, path: &str, index: usize, field: &str, value: f64) {
    edit::set_element(graph, path, index, Some(field), value);
}

fn int(graph: &mut Graph, path: &str, value: i64) {
    edit::put(graph, path, Node::Int(value));
}

/// The findings of a graph, each as its path and its sentence.
fn found(graph: &Graph) -> Vec<(String, String)> {
    let found = findings(graph, &[graph.root()], false, &Limits::default(), &Trusted::default());
    found.into_iter().map(|finding| (finding.path.unwrap_or_default(), finding.sentence)).collect()
}

#[test]
fn spoiled_helper_objects_are_findings() {
    let mut failures = Vec::new();
    for (number, (case, spoil, path, expected)) in SPOILED.iter().enumerate() {
        let file = RecordedModel::named(case).open().expect("a recorded model");
        let mut graph = file.graph;
        let honest = found(&graph);
        spoil(&mut graph);
        let spoiled = found(&graph);
        let is_expected = |(at, sentence): &(String, String)| at == path && sentence.contains(expected);
        if !honest.is_empty() || !spoiled.iter().any(is_expected) {
            failures.push(format!("{number}, {case}: {honest:?} before, {spoiled:?}, not {expected} at {path}"));
        }
    }
    assert!(failures.is_empty(), "{}\n{} of {}", failures.join("\n"), failures.len(), SPOILED.len());
}
