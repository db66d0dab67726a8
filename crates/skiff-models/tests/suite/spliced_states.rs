//! Attributes in each other's places: a file of trusted classes may hold any value under any name. Whatever comes of it
//! must be an answer or a named error, never a panic.

use rayon::prelude::*;
use skiff_files::Instance;
use skiff_models::Model;
use skiff_models::lowering::Params;
use skiff_pickle::{Graph, Node, NodeId};
use skiff_plan::{Method, evaluate};
use skiff_testing::Case;

/// The beginnings of the names of the cases whose models are spliced.
const SPLICED: &[&str] = &[
    "1.9.1/linear_model/logistic",
    "1.9.1/linear_model/ridge",
    "1.9.1/linear_model/sgd",
    "1.9.1/naive_bayes/",
    "1.9.1/dummy/",
    "1.9.1/preprocessing/",
    "0.20.4/preprocessing/one_hot",
    "1.9.1/impute/",
    "1.9.1/compose/",
    "0.20.4/compose/",
];

#[test]
fn attributes_in_each_others_places_never_panic() {
    let cases = Case::all();
    let honest = |case: &&Case| SPLICED.iter().any(|start| case.name.starts_with(start));
    let (read, refused) =
        cases.par_iter().filter(honest).map(splice).reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
    // Parameters of the fit may be anything; what predictions need may not.
    assert!((read > 0) == (refused > 0), "{read} read, {refused} refused");
}

#[test]
fn contradicting_shapes_are_refused_where_they_lie() {
    let splices = [
        ("1.9.1/linear_model/logistic_regression_multinomial", "classes_", "n_iter_", "coef_"),
        ("1.9.1/linear_model/logistic_regression_multinomial", "coef_", "intercept_", "coef_"),
        ("1.9.1/linear_model/ridge_multi_output", "intercept_", "coef_", "intercept_"),
        ("1.9.1/naive_bayes/gaussian", "var_", "class_prior_", "var_"),
        ("1.9.1/naive_bayes/multinomial", "class_log_prior_", "feature_log_prob_", "class_log_prior_"),
        ("1.9.1/dummy/dummy_default", "class_prior_", "n_classes_", "class_prior_"),
    ];
    let cases = Case::all();
    for (name, to, from, path) in splices {
        let Some(case) = cases.iter().find(|case| case.name == name) else { continue };
        let (mut graph, state) = open(case).expect("an estimator");
        let value = attribute(&graph, state, from).expect("the attribute");
        put(&mut graph, state, to, value);
        let error = Model::read(&graph, graph.root(), "").expect_err(name);
        assert_eq!(error.path(), path, "{name}: {error}");
    }
}

/// How many splices of a case are still read, and how many are refused.
fn splice(case: &Case) -> (usize, usize) {
    let Some((graph, state)) = open(case) else { return (0, 0) };
    let names: Vec<String> = match graph.node(state) {
        Node::Dict(pairs) => pairs.iter().filter_map(|(name, _)| graph.str_of(*name).map(str::to_owned)).collect(),
        _ => return (0, 0),
    };
    let (mut graph, mut read, mut refused) = (graph, 0, 0);
    for to in &names {
        let own = attribute(&graph, state, to).expect("the attribute");
        for from in &names {
            let value = attribute(&graph, state, from).expect("the attribute");
            put(&mut graph, state, to, value);
            match Model::read(&graph, graph.root(), "") {
                Ok(model) => {
                    read += 1;
                    ask(case, &model);
                }
                Err(_) => refused += 1,
            }
            put(&mut graph, state, to, own);
        }
    }
    (read, refused)
}

fn ask(case: &Case, model: &Model) {
    let Some(input) = case.calls.iter().find_map(|call| call.input.as_deref()) else { return };
    let Ok(table) = case.table(input) else { return };
    for &method in Method::ALL {
        if let Ok(plan) = model.plan(method, &Params::default()) {
            let _ = evaluate(&plan, &table);
        }
    }
}

/// The graph of a case whose root is an estimator, and the node of its attributes.
fn open(case: &Case) -> Option<(Graph, NodeId)> {
    let file = case.model.open().ok()?;
    let state = Instance::read(&file.graph, file.graph.root())?.state()?;
    Some((file.graph, state))
}

fn attribute(graph: &Graph, state: NodeId, name: &str) -> Option<NodeId> {
    let Node::Dict(pairs) = graph.node(state) else { return None };
    pairs.iter().find(|(key, _)| graph.str_of(*key) == Some(name)).map(|(_, value)| *value)
}

fn put(graph: &mut Graph, state: NodeId, name: &str, value: NodeId) {
    let Node::Dict(pairs) = graph.node(state) else { return };
    let place = pairs.iter().position(|(key, _)| graph.str_of(*key) == Some(name));
    if let (Some(place), Node::Dict(pairs)) = (place, graph.node_mut(state)) {
        pairs[place].1 = value;
    }
}
