//! `sklearn_pandas.DataFrameMapper`.

use std::sync::Arc;

use skiff_pickle::{Node, NodeId};
use skiff_plan::operators::{Concatenate, Layout, SelectColumns, Selection};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, Takes, class};

pub(crate) const DATA_FRAME_MAPPER: Class = class! {
    /// Transformers of columns of a DataFrame, side by side.
    ///
    /// # Reads
    /// `built_features` (`features` in older versions), `built_default`, `drop_cols`, `sparse`, `df_out` and
    /// `transformed_names_`. Lists of transformers were made a `TransformerPipeline`, which is read as a `Pipeline`.
    /// # Transforms
    /// The columns of all transformers in the order of the features; those without a transformer as they are. `default`
    /// leaves the other columns out (`False`), keeps them (`None`), or transforms them together. With `sparse` the answer
    /// is sparse where any of them is; with `df_out` it is a DataFrame.
    /// # Not supported
    /// Columns that are not named by text; a `df_out` without the names that a first `transform` or `fit_transform` keeps.
    /// # Older versions
    /// Attributes that a version has not stand for its defaults, as in `__setstate__`.
    paths: ["sklearn_pandas.dataframe_mapper.DataFrameMapper"],
    training_only: ["features", "build_features", "built_features", "default", "df_out", "input_df"],
    read: DataFrameMapper::read,
};

/// A fitted `DataFrameMapper`.
#[derive(Debug)]
pub struct DataFrameMapper {
    features: Vec<Feature>,
    /// `built_default`, for the columns that no feature names; `None` for `False`.
    rest: Option<(Selection, Option<Arc<Model>>)>,
    sparse: bool,
    /// The names of the columns of a DataFrame, where one is returned.
    frame_names: Option<Vec<String>>,
}

/// One of `built_features`.
#[derive(Debug)]
struct Feature {
    names: Vec<String>,
    /// Whether a single name selects a series.
    is_series: bool,
    /// `None` keeps the columns as they are.
    model: Option<Arc<Model>>,
    /// Where the model is.
    place: String,
}

impl DataFrameMapper {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let given = |name: &&&str| fields.optional(name).is_some();
        let list = ["built_features", "build_features", "features"].iter().find(given).copied().unwrap_or("features");
        let mut features = Vec::new();
        for (index, node) in fields.list(list)?.into_iter().enumerate() {
            features.push(Feature::read(fields, node, &format!("{list}[{index}]"))?);
        }
        let default = if fields.has("built_default") { "built_default" } else { "default" };
        let rest = match fields.node(default).map(|node| (node, fields.graph().node(node))) {
            None | Some((_, Node::Bool(false))) => None,
            Some((_, Node::None)) => Some(None),
            Some((node, _)) => Some(Some(fields.model_at(node, fields.path_of(default))?)),
        };
        let mut named: Vec<String> = features.iter().flat_map(|feature| feature.names.iter().cloned()).collect();
        if fields.optional("drop_cols").is_some() {
            for node in fields.list("drop_cols")? {
                named.push(text(fields, node, "drop_cols")?);
            }
        }
        let rest = rest.map(|model| (Selection::OtherNames(named), model));
        let names = match fields.optional("transformed_names_") {
            Some(_) => fields.list("transformed_names_")?,
            None => Vec::new(),
        };
        let frame_names = match fields.header().set_output.is_some() {
            false => None,
            true if names.is_empty() => return Err(fields.unsupported("df_out", "a DataFrame without known names")),
            true => {
                let names = names.into_iter().map(|node| text(fields, node, "transformed_names_"));
                Some(names.collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { features, rest, sparse: fields.bool_or("sparse", false)?, frame_names })
    }
}

fn text(fields: &Fields<'_, '_>, node: NodeId, name: &str) -> Result<String, ReadError> {
    let text = fields.graph().str_of(node).map(str::to_owned);
    text.ok_or_else(|| fields.unsupported(name, "a column that is not named by text"))
}

impl Feature {
    /// `(columns, transformer, options)`
    fn read(fields: &Fields<'_, '_>, node: NodeId, place: &str) -> Result<Self, ReadError> {
        let path = fields.path_of(place);
        let parts = fields.list_at(node, &path)?;
        let (Some(&columns), Some(&transformer)) = (parts.first(), parts.get(1)) else {
            return Err(fields.unexpected_at(node, &path, "columns and a transformer"));
        };
        let place = format!("{place}[1]");
        let (names, is_series) = match fields.graph().str_of(columns) {
            Some(name) => (vec![name.to_owned()], true),
            None => {
                let names = fields.list_at(columns, &format!("{path}[0]"))?;
                let names = names.into_iter().map(|name| text(fields, name, &place));
                (names.collect::<Result<_, _>>()?, false)
            }
        };
        let model = match fields.graph().node(transformer) {
            Node::None => None,
            _ => Some(fields.model_at(transformer, fields.path_of(&place))?),
        };
        Ok(Self { names, is_series, model, place })
    }
}

impl Estimator for DataFrameMapper {
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
        let mut parts = Vec::with_capacity(self.features.len() + 1);
        for Feature { names, is_series, model, .. } in &self.features {
            // Labels may come as a column or as a series.
            let is_text = model.as_ref().is_some_and(|model| model.estimator().takes() == Takes::Texts);
            let by = Selection::Names(names.clone());
            let mut value = plan.push(SelectColumns { by, series: *is_series && is_text }, &[input]);
            if let Some(model) = model {
                value = plan.inner_value(model, method, value)?;
            }
            parts.push(value);
        }
        if let Some((by, model)) = &self.rest {
            let mut value = plan.push(SelectColumns { by: by.clone(), series: false }, &[input]);
            if let Some(model) = model {
                value = plan.inner_value(model, method, value)?;
            }
            parts.push(value);
        }
        let layout = match &self.frame_names {
            Some(_) => Layout::Separate,
            None if self.sparse => Layout::Any,
            None => Layout::Dense,
        };
        Ok(Output::matrix(plan.push(Concatenate { layout }, &parts)))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        self.frame_names.clone().ok_or_else(|| NamesError::no_method(header))
    }

    fn selects_by_name(&self) -> bool {
        true
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let features = self.features.iter();
        let inner = features.filter_map(|feature| Some((feature.place.clone(), feature.model.clone()?)));
        let rest = self.rest.iter().filter_map(|(_, model)| Some(("built_default".to_owned(), model.clone()?)));
        inner.chain(rest).collect()
    }
}
