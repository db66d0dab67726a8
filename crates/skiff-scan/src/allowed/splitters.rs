//! The splitters and criteria that decision trees had for parameters before scikit-learn 0.17.

use skiff_files::NdArray;
use skiff_pickle::Node;

use super::call::{Call, Called};
use super::kind::{Kind, Sort};
use super::made::{Made, State};

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    sort(module, name).is_some()
}

/// What objects of this class are.
pub(super) fn sort(module: &str, name: &str) -> Option<Sort> {
    match module {
        "sklearn.tree._splitter" => SPLITTERS.contains(&name).then_some(Sort::Splitter),
        "sklearn.tree._criterion" => CRITERIA.contains(&name).then_some(Sort::Criterion),
        // All of them lay in one module.
        "sklearn.tree._tree" if SPLITTERS.contains(&name) => Some(Sort::Splitter),
        "sklearn.tree._tree" if CRITERIA.contains(&name) => Some(Sort::Criterion),
        _ => None,
    }
}

/// `class(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    Some(match sort(call.module, call.name)? {
        Sort::Splitter => {
            let random = Kind::Or(&[Kind::None, Kind::Number, Kind::Of(&[Sort::Random])]);
            let parts = [Kind::Of(&[Sort::Criterion]), Kind::Int, Kind::Int, Kind::Number, random, Kind::Bool];
            call.makes(4, &parts, EMPTY)
        }
        _ if is_criterion(call) => Ok(Made::of(EMPTY)),
        _ => Err(""),
    })
}

/// Outputs, and classes of each or samples: scikit-learn allocates by them, and reads as many classes as outputs.
fn is_criterion(call: &Call<'_>) -> bool {
    let graph = call.graph();
    let &[outputs, second] = call.arguments else { return false };
    let (Node::Int(outputs), second_node) = (graph.node(outputs), graph.node(second)) else { return false };
    let Ok(outputs) = usize::try_from(*outputs) else { return false };
    let fits = match second_node {
        Node::Int(samples) => (0..1 << 32).contains(samples),
        _ => NdArray::read(graph, second).ok().flatten().is_some_and(|classes| {
            let counts = classes.to_f64().unwrap_or_default();
            classes.ndim() == 1
                && classes.len() == outputs
                && counts.iter().all(|count| (0.0..65_536.0).contains(count))
        }),
    };
    (1..=4_096).contains(&outputs) && fits
}

const EMPTY: State = State::Form(Kind::Keys(&[]));

const SPLITTERS: [&str; 5] =
    ["BestSparseSplitter", "BestSplitter", "PresortBestSplitter", "RandomSparseSplitter", "RandomSplitter"];

const CRITERIA: [&str; 6] = ["Entropy", "FriedmanMSE", "Gini", "MAE", "MSE", "Poisson"];
