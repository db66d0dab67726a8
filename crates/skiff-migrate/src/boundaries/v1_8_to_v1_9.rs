//! From scikit-learn 1.8 to 1.9.

use skiff_files::{DType, Instance, Node, NodeId};
use skiff_pickle::{Change, Object};

use super::v1_3_to_v1_4::votes_by_number;
use crate::classes::{BOOSTED, SVMS};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[],
    values: &[(REGRESSION_TREES, "criterion", "friedman_mse", "squared_error")],
    rules: &[
        Rule { classes: SVMS, up: effective_probability, down: probability },
        Rule { classes: LOSSES, up: arrays_of_any_kind, down: nothing },
        Rule { classes: BOOSTED, up: no_criterion, down: criterion },
        Rule { classes: &["RadiusNeighborsClassifier"], up: outliers, down: outliers },
        Rule { classes: &["SplineTransformer"], up: splines_within, down: splines_alone },
        Rule { classes: &["LabelBinarizer"], up: nothing, down: no_bools },
        Rule { classes: NEIGHBORS, up: equal_distances, down: equal_distances },
    ],
};

const NEIGHBORS: &[&str] =
    &["KNeighborsClassifier", "KNeighborsRegressor", "KNeighborsTransformer", "LocalOutlierFactor", "NearestNeighbors"];

/// Losses that the catalog gives no family of their own.
const LOSSES: &[&str] = &[
    "AbsoluteError",
    "ExponentialLoss",
    "HalfBinomialLoss",
    "HalfGammaLoss",
    "HalfMultinomialLoss",
    "HalfPoissonLoss",
    "HalfSquaredError",
    "HalfTweedieLoss",
    "HalfTweedieLossIdentity",
    "HuberLoss",
    "PinballLoss",
];

const REGRESSION_TREES: &[&str] =
    &["DecisionTreeRegressor", "ExtraTreeRegressor", "ExtraTreesRegressor", "RandomForestRegressor"];

fn equal_distances(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("_fit_X") {
        step.note("which of several neighbors at the same distance counts may be another one");
    }
    Ok(())
}

fn no_bools(step: &mut Step<'_>) -> Result<(), Refused> {
    match step.array("classes_").is_some_and(|classes| classes.dtype == DType::Bool) {
        true => Err(step.would_answer_otherwise("labels that are bools are told apart in another way")),
        false => Ok(()),
    }
}

/// There is but one criterion: the two that there were chose the same splits.
fn no_criterion(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("criterion", "friedman_mse") || step.is("criterion", "squared_error") {
        step.set_text("criterion", "deprecated");
    }
    Ok(())
}

fn criterion(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("criterion", "deprecated") {
        step.set_text("criterion", "friedman_mse");
    }
    Ok(())
}

/// scipy 1.18, which comes with it, keeps a spline within another object.
fn splines_within(step: &mut Step<'_>) -> Result<(), Refused> {
    for spline in step.items("bsplines_").unwrap_or_default() {
        let graph = step.graph();
        let Some(parts) = Instance::read(graph, spline).filter(|spline| !spline.has_foreign_state()) else { continue };
        let parts: Vec<(String, NodeId)> =
            parts.attributes().map(|(name, value)| (name.trim_start_matches('_').to_owned(), value)).collect();
        let kept = ["k", "c", "t", "extrapolate", "axis"];
        let parts: Vec<(&str, NodeId)> = kept
            .iter()
            .filter_map(|kept| parts.iter().find(|(name, _)| name == kept).map(|(_, value)| (*kept, *value)))
            .collect();
        let inner = values::instance(graph, "scipy.interpolate._bsplines._BSpline", &parts);
        let empty = values::f64_array(graph, &[0], &[]);
        let state = values::tuple(graph, vec![inner, empty]);
        set_state(step, spline, state);
    }
    Ok(())
}

fn splines_alone(step: &mut Step<'_>) -> Result<(), Refused> {
    for spline in step.items("bsplines_").unwrap_or_default() {
        let graph = step.graph();
        let inner = graph.object(spline).and_then(Object::state).and_then(|state| graph.items(state)?.first().copied());
        let state = inner.and_then(|inner| graph.object(inner)?.state());
        if let Some(state) = state {
            set_state(step, spline, state);
        }
    }
    Ok(())
}

fn set_state(step: &mut Step<'_>, id: NodeId, state: NodeId) {
    if let Node::Object(object) = step.graph().node_mut(id) {
        object.changes = vec![Change::Build(state)];
    }
}

/// `probability` may be `'deprecated'`; what it stands for is an attribute.
fn effective_probability(step: &mut Step<'_>) -> Result<(), Refused> {
    let probability = step.flag("probability");
    step.set_bool("_effective_probability", probability);
    Ok(())
}

fn probability(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("probability", "deprecated") {
        step.set_bool("probability", false);
    }
    Ok(())
}

/// Losses took up the array API: `xp` and `device` are `None` for numpy.
fn arrays_of_any_kind(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_none("xp");
    step.set_none("device");
    if step.class() == "HalfMultinomialLoss" {
        for name in ["class_indexing_offsets", "y_true_int", "y_true_one_hot"] {
            step.set_none(name);
        }
    }
    Ok(())
}

/// The label of outliers is taken for the number of a class, where it was a class.
fn outliers(step: &mut Step<'_>) -> Result<(), Refused> {
    if !votes_by_number(step) {
        return Ok(());
    }
    let Some(label) = step.float("outlier_label") else { return Ok(()) };
    let classes = step.array("classes_").and_then(|classes| classes.to_f64()).unwrap_or_default();
    let by_class = classes.iter().rposition(|class| class.trunc() == label);
    let by_number = (0..).zip(&classes).map(|(number, _)| f64::from(number)).position(|number: f64| number == label);
    if by_class != by_number {
        return Err(step.would_answer_otherwise("the label of outliers is taken for the number of a class"));
    }
    Ok(())
}
