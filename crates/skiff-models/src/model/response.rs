//! scikit-learn's helpers for responses of nested classifiers: `_get_response_values` and similar.

use skiff_plan::operators::{LabelNumbers, SelectColumns, Selection};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::{Model, Scoring};
use crate::lowering::{Lowering, Params, Refusal};

/// The first of `methods` that the estimator has, and its result.
///
/// # Errors
/// When it has none of them, or skiff does not support it.
pub(crate) fn first_response(
    model: &Model,
    methods: &[Method],
    x: ValueId,
    plan: &mut Lowering<'_>,
) -> Result<(Method, ValueId, Rank), Refusal> {
    for &method in methods {
        match plan.inner_if_any(model, method, x, &Params::default())? {
            Some(Output::One(value, rank)) => return Ok((method, value, rank)),
            Some(_) => return plan.unsupported(method, "an inner estimator with several outputs"),
            None => {}
        }
    }
    plan.no_method(methods.last().copied().unwrap_or(Method::Predict))
}

/// One column out of several.
pub(crate) fn column(value: ValueId, column: usize, plan: &mut Lowering<'_>) -> ValueId {
    plan.push(SelectColumns { by: Selection::Places(vec![column]), series: false }, &[value])
}

/// `_predict_binary`: the prediction of a regressor, or the score of the second class of a binary classifier.
///
/// # Errors
/// As the estimator's own.
pub(crate) fn binary_score(model: &Model, x: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
    if is_regressor(model) {
        return plan.inner_value(model, Method::Predict, x);
    }
    let (method, value, _) = first_response(model, &[Method::DecisionFunction, Method::PredictProba], x, plan)?;
    Ok(if method == Method::PredictProba { column(value, 1, plan) } else { value })
}

/// `_threshold_for_binary_predict`: what [`binary_score`] is compared with.
pub(crate) fn binary_threshold(model: &Model, x: ValueId, plan: &mut Lowering<'_>) -> f64 {
    if !is_regressor(model) && plan.has_method(model, Method::DecisionFunction, x) { 0.0 } else { 0.5 }
}

/// `is_regressor`
pub(crate) fn is_regressor(model: &Model) -> bool {
    model.estimator().scoring() == Some(Scoring::R2)
}

/// The prediction of an estimator, with labels as numbers.
///
/// # Errors
/// As the estimator's own.
pub(crate) fn predicted_numbers(model: &Model, x: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
    let predictions = plan.inner_value(model, Method::Predict, x)?;
    Ok(plan.push(LabelNumbers, &[predictions]))
}
