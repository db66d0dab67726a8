//! `_BaseStacking`: a final estimator on the results of others.

use std::sync::Arc;

use skiff_plan::operators::{Concatenate, LabelNumbers, Layout, RefuseSparse, SelectColumns, Selection};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::heterogeneous::Heterogeneous;
use crate::fields::{Fields, ReadError, Version};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Model, NamesError};
use crate::names;

/// The common part of the classifier and the regressor.
#[derive(Debug)]
pub(crate) struct Stacking {
    pub(crate) estimators: Heterogeneous,
    /// `stack_method_`, one for each of `estimators_`.
    methods: Vec<Method>,
    final_estimator: Arc<Model>,
    /// Whether the final estimator gets the rows themselves as well.
    passthrough: bool,
    /// `_n_feature_outs`: the number of columns of each result.
    widths: Option<Vec<usize>>,
}

impl Stacking {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let estimators = Heterogeneous::read(fields)?;
        let final_estimator = fields.model("final_estimator_")?;
        let path = fields.path_of("stack_method_");
        let method = |node| match fields.scalar_at(node, &path)?.as_str() {
            Some("predict_proba") => Ok(Method::PredictProba),
            Some("decision_function") => Ok(Method::DecisionFunction),
            Some("predict") => Ok(Method::Predict),
            _ => Err(fields.unexpected_at(node, &path, "the name of a method")),
        };
        let methods = fields.list("stack_method_")?.into_iter().map(method).collect::<Result<Vec<_>, _>>()?;
        fields.expect_len("stack_method_", methods.len(), estimators.models.len())?;
        let widths = match fields.has("_n_feature_outs") {
            true => {
                let path = fields.path_of("_n_feature_outs");
                let width = |node| {
                    let width = fields.scalar_at(node, &path)?.as_i64().and_then(|width| usize::try_from(width).ok());
                    width.ok_or_else(|| fields.unexpected_at(node, &path, "a count"))
                };
                Some(fields.list("_n_feature_outs")?.into_iter().map(width).collect::<Result<Vec<_>, _>>()?)
            }
            false => None,
        };
        let passthrough = fields.bool_or("passthrough", false)?;
        fields.training_only(&["cv", "final_estimator", "stack_method"]);
        Ok(Self { estimators, methods, final_estimator, passthrough, widths })
    }

    /// The input of the final estimator: `_concatenate_predictions`. `two` means that `classes_` has two items, so that the
    /// first of two probabilities is left out.
    pub(crate) fn transform(&self, two: bool, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let mut parts = Vec::with_capacity(self.methods.len() + 1);
        let but_first = |value, plan: &mut Lowering<'_>| {
            plan.push(SelectColumns { by: Selection::Others(vec![0]), series: false }, &[value])
        };
        let widths = self.widths.iter().flatten().map(Some).chain(std::iter::repeat(None));
        for ((model, &method), width) in self.estimators.models.iter().zip(&self.methods).zip(widths) {
            match plan.inner(model, method, input, &Params::default())? {
                Output::List(outputs) => {
                    // Of two labels scikit-learn counts one column.
                    if plan.header().wraps_output() && width.is_some_and(|&width| width < outputs.len()) {
                        let what = "`set_output` with fewer names than columns: a ValueError in scikit-learn";
                        return plan.unsupported(method, what);
                    }
                    for output in outputs {
                        let Some(value) = output.value() else {
                            return plan.unsupported(method, "an inner estimator that returns lists of lists");
                        };
                        parts.push(but_first(value, plan));
                    }
                }
                Output::One(value, rank) if method == Method::PredictProba && two && rank != Rank::One => {
                    parts.push(but_first(value, plan));
                }
                Output::One(value, _) if method == Method::Predict => parts.push(plan.push(LabelNumbers, &[value])),
                Output::One(value, _) => parts.push(value),
                Output::Tuple(_) | Output::Constant(_) => {
                    return plan.unsupported(method, "an inner estimator that returns a tuple");
                }
            }
        }
        if self.passthrough {
            parts.push(input);
        }
        let x = plan.push(Concatenate { layout: Layout::Any }, &parts);
        // `predict` asks `transform`, which wraps what it returns.
        if plan.header().wraps_output() {
            return Ok(plan.push(RefuseSparse { message: "The transformer outputs a scipy sparse matrix." }, &[x]));
        }
        Ok(x)
    }

    /// The result of `method` of the final estimator.
    ///
    /// # Errors
    /// As the estimators' own.
    pub(crate) fn finish(
        &self,
        method: Method,
        two: bool,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        let x = self.transform(two, input, plan)?;
        plan.inner(&self.final_estimator, method, x, params)
    }

    /// `get_feature_names_out`, with the name of the class in small letters before each.
    ///
    /// # Errors
    /// As scikit-learn's; before 1.1 there was no such method.
    pub(crate) fn feature_names_out(
        &self,
        header: &Header,
        input: &[String],
        prefix: &str,
    ) -> Result<Vec<String>, NamesError> {
        let Some(widths) = self.widths.as_ref().filter(|_| header.version >= Some(Version::new(1, 1))) else {
            return Err(NamesError::no_method(header));
        };
        self.estimators.check_names(header, input)?;
        let mut all = Vec::new();
        for (name, &width) in self.estimators.names.iter().zip(widths) {
            match width {
                1 => all.push(format!("{prefix}_{name}")),
                _ => {
                    names::check_count(width)?;
                    all.extend(names::collect((0..width).map(|column| format!("{prefix}_{name}{column}")))?);
                }
            }
        }
        if self.passthrough {
            all.extend_from_slice(input);
        }
        Ok(all)
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let mut all = self.estimators.inner();
        all.push(("final_estimator_".to_owned(), Arc::clone(&self.final_estimator)));
        all
    }
}
