//! `sklearn.pipeline.FeatureUnion`.

use std::collections::HashSet;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_pickle::Node;
use skiff_plan::operators::{Concatenate, Layout, Multiply, RefuseSparse, SelectColumns, Selection};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Frame, Model, NamesError, Takes, class};

pub(crate) const FEATURE_UNION: Class = class! {
    /// Several transformers of the same rows, side by side.
    ///
    /// # Reads
    /// `transformer_list`, `transformer_weights`, `verbose_feature_names_out`.
    /// # Transforms
    /// The columns of all transformers, each times its weight; sparse where any of them is.
    /// # Older versions
    /// `None` was used for `'drop'` before 1.1; `'passthrough'` is new in 1.1, `verbose_feature_names_out` in 1.5.
    paths: ["sklearn.pipeline.FeatureUnion"],
    read: FeatureUnion::read,
};

/// A fitted `FeatureUnion`.
#[derive(Debug)]
pub struct FeatureUnion {
    /// `transformer_list`, without those that are dropped.
    transformers: Vec<Transformer>,
    /// `verbose_feature_names_out`.
    prefixed: bool,
}

#[derive(Debug)]
struct Transformer {
    name: String,
    /// Its index in `transformer_list`.
    index: usize,
    /// `None` for `'passthrough'`.
    model: Option<Arc<Model>>,
    /// Its entry in `transformer_weights`.
    weight: Option<Scalar>,
}

impl FeatureUnion {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let weights = read_weights(fields, "transformer_weights")?;
        let mut transformers = Vec::new();
        for (index, node) in fields.list("transformer_list")?.into_iter().enumerate() {
            let path = format!("{}[{index}]", fields.path_of("transformer_list"));
            let &[name, estimator] = fields.list_at(node, &path)?.as_slice() else {
                return Err(fields.unexpected_at(node, &path, "a pair of name and transformer"));
            };
            let name = fields.scalar_at(name, &path)?.as_str().unwrap_or_default().to_owned();
            let model = match (fields.graph().str_of(estimator), fields.graph().node(estimator)) {
                (Some("drop"), _) | (_, Node::None) => continue,
                (Some("passthrough"), _) => None,
                _ => Some(fields.model_at(estimator, path)?),
            };
            let weight = weights.iter().rev().find(|(key, _)| *key == name).map(|(_, weight)| weight.clone());
            transformers.push(Transformer { name, index, model, weight });
        }
        let prefixed = fields.bool_or("verbose_feature_names_out", true)?;
        fields.training_only(&["n_jobs", "verbose", "_transformers_feature_names_out"]);
        Ok(Self { transformers, prefixed })
    }
}

/// `transformer_weights`: a number for each name; empty if the attribute is `None`.
pub(crate) fn read_weights(fields: &Fields<'_, '_>, name: &str) -> Result<Vec<(String, Scalar)>, ReadError> {
    let Some(node) = fields.optional(name) else { return Ok(Vec::new()) };
    let Node::Dict(pairs) = fields.graph().node(node) else { return Err(fields.unexpected(name, "a dict")) };
    let path = fields.path_of(name);
    let mut weights = Vec::new();
    for &(key, value) in pairs {
        let Some(transformer) = fields.graph().str_of(key) else {
            return Err(fields.unexpected_at(key, &path, "a name"));
        };
        match fields.scalar_at(value, &format!("{path}[{transformer:?}]"))? {
            Scalar::None => {}
            weight @ (Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_)) => {
                weights.push((transformer.to_owned(), weight));
            }
            _ => return Err(fields.unexpected_at(value, &path, "a number")),
        }
    }
    Ok(weights)
}

/// The transformed rows times the transformer's weight, if it has one.
pub(crate) fn weigh(value: ValueId, weight: Option<&Scalar>, plan: &mut Lowering<'_>) -> ValueId {
    match weight.and_then(Scalar::as_f64) {
        Some(factor) => {
            let whole = !matches!(weight, Some(Scalar::Float(_)));
            plan.push(Multiply { factor, whole }, &[value])
        }
        None => value,
    }
}

/// `verbose_feature_names_out`: all names of all transformers, prefixed with the transformers' names or unique without.
pub(crate) fn join_names(parts: Vec<(String, Vec<String>)>, prefixed: bool) -> Result<Vec<String>, NamesError> {
    if prefixed {
        let each = parts.into_iter().flat_map(|(transformer, names)| {
            names.into_iter().map(move |name| format!("{transformer}__{name}")).collect::<Vec<_>>()
        });
        return Ok(each.collect());
    }
    let names: Vec<String> = parts.into_iter().flat_map(|(_, names)| names).collect();
    let mut seen = HashSet::new();
    let mut twice: Vec<&str> = names.iter().filter(|name| !seen.insert(*name)).map(String::as_str).collect();
    if twice.is_empty() {
        return Ok(names);
    }
    twice.sort_unstable();
    twice.dedup();
    twice.truncate(5);
    Err(NamesError::Input(format!(
        "Output feature names: {twice:?} are not unique. Please set verbose_feature_names_out=True to add prefixes to \
         feature names"
    )))
}

impl Estimator for FeatureUnion {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let mut parts = Vec::with_capacity(self.transformers.len());
        for Transformer { model, weight, .. } in &self.transformers {
            let value = match model {
                Some(model) => plan.inner_value(model, method, input)?,
                None => input,
            };
            parts.push(weigh(value, weight.as_ref(), plan));
        }
        if parts.is_empty() {
            let nothing = SelectColumns { by: Selection::Places(Vec::new()), series: false };
            parts.push(plan.push(nothing, &[input]));
        }
        if !plan.header().wraps_output() {
            return Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Any }, &parts)));
        }
        // `_hstack` asks for sparse blocks first.
        let message = "The transformer outputs a scipy sparse matrix.";
        let parts: Vec<_> = parts.into_iter().map(|part| plan.push(RefuseSparse { message }, &[part])).collect();
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Separate }, &parts)))
    }

    fn feature_names_out(&self, _header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let mut parts = Vec::new();
        for Transformer { name, model, .. } in &self.transformers {
            let names = match model {
                Some(model) => model.feature_names_out(Some(input))?,
                None => input.to_vec(),
            };
            parts.push((name.clone(), names));
        }
        join_names(parts, self.prefixed)
    }

    fn old_feature_names(&self, header: &Header) -> Result<Vec<String>, NamesError> {
        let mut parts = Vec::new();
        for Transformer { name, model, .. } in &self.transformers {
            let model = model.as_ref().ok_or_else(|| NamesError::no_method(header))?;
            parts.push((name.clone(), model.old_feature_names(None)?));
        }
        join_names(parts, true)
    }

    fn frame(&self, model: &Model, input: &Frame) -> Result<Frame, NamesError> {
        if !model.header().wraps_output() {
            return Ok(Frame::Array);
        }
        match model.feature_names_out(None) {
            Ok(names) => Ok(Frame::Named(names)),
            Err(NamesError::NoMethod { class }) => {
                let mut parts = Vec::with_capacity(self.transformers.len());
                for Transformer { name, model, .. } in &self.transformers {
                    let part = model.as_ref().map_or(Ok(input.clone()), |model| model.frame(input))?;
                    parts.push((name.clone(), part));
                }
                // Before 1.9 the columns kept the names that they had; since then an only nameless transformer has them.
                let is_old = model.header().before(1, 9);
                if !is_old && class != "FunctionTransformer" {
                    return Err(NamesError::NoMethod { class });
                }
                Frame::of_parts(model.header(), parts, |parts| match is_old {
                    true => Ok(parts.into_iter().flat_map(|(_, names)| names).collect()),
                    false => join_names(parts, self.prefixed),
                })
            }
            Err(error) => Err(error),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.transformers.iter().find_map(|transformer| transformer.model.as_ref()?.n_features_in())
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.transformers.iter().find_map(|transformer| transformer.model.as_ref()?.feature_names_in())
    }

    fn takes(&self) -> Takes {
        // All get the same input: `fit` has rejected what one of them does not support.
        let mut models = self.transformers.iter().filter_map(|transformer| transformer.model.as_ref());
        models.next().map_or(Takes::Table, |model| model.estimator().takes())
    }

    fn takes_series(&self) -> bool {
        let mut models = self.transformers.iter().filter_map(|transformer| transformer.model.as_ref());
        models.next().is_some_and(|model| model.estimator().takes_series())
    }

    fn selects_by_name(&self) -> bool {
        let mut models = self.transformers.iter().filter_map(|transformer| transformer.model.as_ref());
        models.any(|model| model.estimator().selects_by_name())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.transformers.iter();
        all.filter_map(|Transformer { index, model, .. }| Some((format!("transformer_list[{index}]"), model.clone()?)))
            .collect()
    }
}
