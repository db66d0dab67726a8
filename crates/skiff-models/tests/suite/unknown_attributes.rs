//! An attribute that no version of scikit-learn has is an error in the helper objects of a model, too: what it would mean
//! is not known.

use std::collections::BTreeMap;

use skiff_files::Instance;
use skiff_models::Model;
use skiff_models::fields::ReadErrorKind;
use skiff_pickle::{Graph, Node, NodeId};
use skiff_testing::{Case, edit};

/// The helper objects that readers read, by the name of their class.
const HELPERS: [&str; 13] = [
    "BSpline",
    "ConstantKernel",
    "Matern",
    "Product",
    "RBF",
    "Sum",
    "TreePredictor",
    "_BinMapper",
    "_BisectingTree",
    "_CalibratedClassifier",
    "_ConstantPredictor",
    "_CurveScorer",
    "_SigmoidCalibration",
];

#[test]
fn helper_objects_have_no_unknown_attributes() {
    // For each class and version, whether one was refused: a `kernel` next to `kernel_` is not read.
    let mut refused = BTreeMap::new();
    for case in Case::all() {
        let Ok(file) = case.model.open() else { continue };
        let mut graph = file.graph;
        for (name, state) in helpers(&graph) {
            let helper = (name, case.sklearn.as_str());
            if refused.get(&helper) == Some(&true) || Model::read(&graph, graph.root(), "").is_err() {
                continue;
            }
            let key = edit::text(&mut graph, "never_heard_of");
            // Plain data may be a user's own, where the class is one of scikit-learn's estimators.
            let pair = (graph.push(key), graph.root());
            let Node::Dict(pairs) = graph.node_mut(state) else { continue };
            pairs.push(pair);
            if let Err(error) = Model::read(&graph, graph.root(), "") {
                assert!(matches!(error.kind(), ReadErrorKind::UnknownAttribute { .. }), "{}: {error}", case.name);
                assert!(error.path().ends_with(".never_heard_of"), "{}: {error}", case.name);
                refused.insert(helper, true);
            } else {
                refused.entry(helper).or_insert(false);
            }
            let Node::Dict(pairs) = graph.node_mut(state) else { continue };
            pairs.pop();
        }
    }
    // Before 0.24 there were no categories, for which alone the bins are read.
    let is_unread =
        |(name, version): &(_, &str)| *name == "_BinMapper" && ["0.21.3", "0.22.2.post1", "0.23.2"].contains(version);
    let accepted = refused.iter().filter(|(helper, is_refused)| !**is_refused && !is_unread(helper));
    let accepted: Vec<_> = accepted.map(|(helper, _)| helper).collect();
    assert!(accepted.is_empty(), "an unknown attribute is accepted in {accepted:?}");
    let missing: Vec<_> = HELPERS.iter().filter(|name| !refused.keys().any(|(found, _)| found == *name)).collect();
    // With `SKIFF_CASES`, only some are read.
    assert!(missing.is_empty() || std::env::var_os("SKIFF_CASES").is_some(), "no recorded model has {missing:?}");
}

/// The dict of attributes of each helper object in a graph.
fn helpers(graph: &Graph) -> Vec<(&'static str, NodeId)> {
    let found = graph.ids().filter_map(|id| {
        let instance = Instance::read(graph, id)?;
        let name = HELPERS.into_iter().find(|name| *name == instance.name)?;
        // A state of several parts has the attributes in its last dict, or in that of another object.
        let state = instance.state()?;
        matches!(graph.node(state), Node::Dict(_)).then_some((name, state))
    });
    found.collect()
}
