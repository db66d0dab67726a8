//! `sklearn.compose.ColumnTransformer`.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_files::{NdArray, Scalar};
use skiff_plan::operators::{CheckTable, Concatenate, Layout, SelectColumns, Selection, TableNames};
use skiff_plan::{Method, Output, ValueId};

use super::columns::{ColumnSpec, read_input_indices};
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Frame, Model, NamesError, class};
use crate::pipeline::{join_names, read_weights, weigh};

pub(crate) const COLUMN_TRANSFORMER: Class = class! {
    /// Different transformers for different columns, with their results side by side.
    ///
    /// # Reads
    /// `transformers_` with their columns, `_transformer_to_input_indices`, `transformer_weights`, `sparse_output_`,
    /// `verbose_feature_names_out`.
    /// # Transforms
    /// Each transformer gets its columns: by name if the training data and the table have names, so that the table may have them in any
    /// order, and other columns too; else by position.
    /// # Not supported
    /// A callable as `verbose_feature_names_out`.
    /// # Older versions
    /// Before 1.0 names were used only for columns that were given by name; 0.24 required the names of the training data in their
    /// order, and before 0.24 a table could have more columns than the training data.
    paths: ["sklearn.compose._column_transformer.ColumnTransformer"],
    read: ColumnTransformer::read,
};

/// A fitted `ColumnTransformer`.
#[derive(Debug)]
pub struct ColumnTransformer {
    /// `transformers_`, without those that are dropped or have no columns.
    transformers: Vec<Transformer>,
    /// `sparse_output_`.
    sparse: bool,
    /// How many columns the fit had.
    n_features: Option<usize>,
    /// The requirements on the names of a table.
    names: TableNames,
    /// `verbose_feature_names_out`; `None` before 1.0.
    naming: Option<Naming>,
    /// The names of the table that it was fitted on, before 1.0.
    fit_names: Option<Vec<String>>,
}

#[derive(Debug)]
struct Transformer {
    name: String,
    /// Its index in `transformers_`.
    index: usize,
    /// `None` for `'passthrough'`.
    model: Option<Arc<Model>>,
    columns: Selection,
    /// The indices of its columns in the training data, if known.
    places: Vec<usize>,
    /// Whether it gets a series.
    series: bool,
    /// Its entry in `transformer_weights`.
    weight: Option<Scalar>,
}

/// `verbose_feature_names_out`.
#[derive(Debug)]
enum Naming {
    Prefixed,
    Plain,
    /// A format string with `{transformer_name}` and `{feature_name}` (1.6).
    Format(String),
}

impl Naming {
    /// The names of the columns of all transformers, each with what it is called.
    fn name(&self, parts: Vec<(String, Vec<String>)>) -> Result<Vec<String>, NamesError> {
        let named = |transformer: &str, format: &str, names: Vec<String>| {
            let format = format.replace("{transformer_name}", transformer);
            names.into_iter().map(|feature| format.replace("{feature_name}", &feature)).collect::<Vec<_>>()
        };
        match self {
            Self::Prefixed => join_names(parts, true),
            Self::Plain => join_names(parts, false),
            Self::Format(format) => {
                Ok(parts.into_iter().flat_map(|(name, names)| named(&name, format, names)).collect())
            }
        }
    }
}

impl ColumnTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let n_features = match (fields.header().n_features_in, fields.has("_n_features")) {
            (Some(count), _) => Some(count),
            (None, true) => Some(fields.count("_n_features")?),
            (None, false) => None,
        };
        let fit_names = match &fields.header().feature_names_in {
            Some(names) => Some(names.to_vec()),
            None => read_old_names(fields)?,
        };
        let reader = Reader {
            fields,
            n_features,
            fit_names: fit_names.as_deref(),
            indices: read_input_indices(fields, "_transformer_to_input_indices")?,
            weights: read_weights(fields, "transformer_weights")?,
        };
        let mut transformers = Vec::new();
        let mut remainder = false;
        for (index, node) in fields.list("transformers_")?.into_iter().enumerate() {
            let path = format!("{}[{index}]", fields.path_of("transformers_"));
            let &[name, estimator, columns] = fields.list_at(node, &path)?.as_slice() else {
                return Err(fields.unexpected_at(node, &path, "a triple of name, transformer and columns"));
            };
            let name = fields.scalar_at(name, &path)?.as_str().unwrap_or_default().to_owned();
            remainder |= name == "remainder";
            transformers.extend(reader.transformer(name, index, estimator, columns, path)?);
        }
        let old_names = fit_names.clone().filter(|_| fields.before(1, 0));
        let names = match fit_names {
            None => TableNames::Any,
            Some(names) if fields.before(0, 24) => match remainder && fields.has("_df_columns") {
                true => TableNames::First(names),
                false => TableNames::Any,
            },
            Some(names) if fields.before(1, 0) => TableNames::Equal(names),
            Some(names) => {
                let mut needed: Vec<usize> = transformers.iter().flat_map(|one| one.places.clone()).collect();
                needed.sort_unstable();
                needed.dedup();
                TableNames::Among(needed.into_iter().filter_map(|place| names.get(place).cloned()).collect())
            }
        };
        // Absent where no transformer has any columns.
        let sparse = fields.bool_or("sparse_output_", false)?;
        let naming = read_naming(fields)?;
        fields.training_only(&[
            "_columns",
            "_df_columns",
            "_feature_names_in",
            "_has_str_cols",
            "_n_features",
            // The fitted identity transformers that 1.2 and 1.3 store for `'passthrough'`.
            "_name_to_fitted_passthrough",
            "_remainder",
            "_transformers_feature_names_out",
            "force_int_remainder_cols",
            "n_jobs",
            "output_indices_",
            "remainder",
            "sparse_threshold",
            "transformers",
            "verbose",
        ]);
        Ok(Self { transformers, sparse, n_features, names, naming, fit_names: old_names })
    }
}

/// The names that 0.20 to 0.24 kept of a table: `_feature_names_in`, or pandas' own `_df_columns`.
fn read_old_names(fields: &Fields<'_, '_>) -> Result<Option<Vec<String>>, ReadError> {
    let graph = fields.graph();
    for attribute in ["_feature_names_in", "_df_columns"] {
        let Some(node) = fields.optional(attribute) else { continue };
        let error = |error| ReadError::new(fields.path_of(attribute), ReadErrorKind::Value(error));
        let values = match NdArray::read(graph, node).map_err(error)? {
            Some(array) => Some(array.to_scalars(graph).map_err(error)?),
            None => skiff_files::pandas::values(graph, node).map_err(error)?,
        };
        let values = values.ok_or_else(|| fields.unexpected(attribute, "names"))?;
        // Columns of a frame may be named by numbers; those cannot be selected by name here.
        return Ok(values.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    }
    Ok(None)
}

fn read_naming(fields: &Fields<'_, '_>) -> Result<Option<Naming>, ReadError> {
    let Some(node) = fields.optional("verbose_feature_names_out") else { return Ok(None) };
    match Scalar::read(fields.graph(), node) {
        Ok(Some(Scalar::Bool(true))) => Ok(Some(Naming::Prefixed)),
        Ok(Some(Scalar::Bool(false))) => Ok(Some(Naming::Plain)),
        Ok(Some(Scalar::Str(format))) => Ok(Some(Naming::Format(format))),
        // It changes names alone, never numbers.
        _ => Ok(None),
    }
}

/// What all entries of `transformers_` are read with.
struct Reader<'f, 'r, 'g> {
    fields: &'f Fields<'r, 'g>,
    n_features: Option<usize>,
    fit_names: Option<&'f [String]>,
    indices: Option<HashMap<String, Vec<usize>>>,
    weights: Vec<(String, Scalar)>,
}

impl Reader<'_, '_, '_> {
    /// One entry; `None` for what is dropped.
    fn transformer(
        &self,
        name: String,
        index: usize,
        estimator: skiff_pickle::NodeId,
        columns: skiff_pickle::NodeId,
        path: String,
    ) -> Result<Option<Transformer>, ReadError> {
        let fields = self.fields;
        let text = fields.graph().str_of(estimator);
        if text == Some("drop") || matches!(fields.graph().node(columns), skiff_pickle::Node::None) {
            return Ok(None);
        }
        let spec = ColumnSpec::read(fields, columns, &path)?;
        // What has no columns was not even fitted.
        if spec.is_empty() {
            return Ok(None);
        }
        // Indices are stored twice, and names in addition.
        let width = match &self.indices {
            Some(indices) => indices.get(&name).map_or(0, Vec::len),
            None => self.n_features.unwrap_or(0),
        };
        fields.spend(&path, spec.cost(width).max(width.saturating_mul(size_of::<Scalar>())).saturating_mul(2))?;
        if spec.is_by_name() || self.indices.is_some() {
            let known = self.fit_names.unwrap_or_default();
            fields.spend(&path, known.iter().fold(0, |sum: usize, name| sum.saturating_add(name.len())))?;
        }
        let (columns, places) = self.selection(&spec, &name).ok_or_else(|| {
            fields.damaged("transformers_", format!("the columns of `{name}` differ from those of the fit"))
        })?;
        let model = if text == Some("passthrough") { None } else { Some(fields.model_at(estimator, path)?) };
        let weight = self.weights.iter().rev().find(|(key, _)| *key == name).map(|(_, weight)| weight.clone());
        // A transformer that takes tables would have rejected a Series in `fit`.
        let series = spec.is_one() && model.as_ref().is_some_and(|model| model.estimator().takes_series());
        Ok(Some(Transformer { name, index, model, columns, places, series, weight }))
    }

    fn selection(&self, spec: &ColumnSpec, name: &str) -> Option<(Selection, Vec<usize>)> {
        if let Some(indices) = &self.indices {
            let places = indices.get(name)?.clone();
            let names = match self.fit_names {
                Some(names) => Some(places.iter().map(|&at| names.get(at).cloned()).collect::<Option<Vec<_>>>()?),
                None => None,
            };
            let by = match names {
                Some(names) if spec.is_by_name() => Selection::Names(names),
                Some(names) => Selection::NamesOrPlaces(names, places.clone()),
                None => Selection::Places(places.clone()),
            };
            return Some((by, places));
        }
        if spec.is_by_name() {
            return Some((Selection::Names(spec.names(self.fit_names)?), Vec::new()));
        }
        let places = spec.places(self.n_features?)?;
        Some((Selection::Places(places.clone()), places))
    }
}

impl Estimator for ColumnTransformer {
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
        let old = plan.header().version.is_none_or(|version| version < crate::fields::Version::new(0, 24));
        let check = CheckTable {
            estimator: plan.header().class.clone(),
            n_features: self.n_features,
            unique: plan.header().version.is_some_and(|version| version >= crate::fields::Version::new(1, 9)),
            more: old,
            names: self.names.clone(),
        };
        let table = plan.push(check, &[input]);
        let mut parts = Vec::with_capacity(self.transformers.len());
        for Transformer { model, columns, series, weight, .. } in &self.transformers {
            let mut value = plan.push(SelectColumns { by: columns.clone(), series: *series }, &[table]);
            if let Some(model) = model {
                plan.is_in(value, plan.container(input));
                value = plan.inner_value(model, method, value)?;
            }
            parts.push(weigh(value, weight.as_ref(), plan));
        }
        if parts.is_empty() {
            let nothing = SelectColumns { by: Selection::Places(Vec::new()), series: false };
            parts.push(plan.push(nothing, &[table]));
        }
        let layout = match &plan.header().set_output {
            _ if self.sparse => Layout::Sparse,
            Some(container) if container != "default" => Layout::Separate,
            _ => Layout::Dense,
        };
        Ok(Output::matrix(plan.push(Concatenate { layout }, &parts)))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let Some(naming) = &self.naming else { return Err(NamesError::no_method(header)) };
        crate::names::check(header, input)?;
        let mut parts = Vec::new();
        for Transformer { name, model, places, .. } in &self.transformers {
            let mut names: Vec<String> = places.iter().filter_map(|&place| input.get(place).cloned()).collect();
            if let Some(model) = model {
                names = model.feature_names_out(Some(&names))?;
            }
            parts.push((name.clone(), names));
        }
        naming.name(parts)
    }

    fn old_feature_names(&self, header: &Header) -> Result<Vec<String>, NamesError> {
        let fitted = header.feature_names_in.as_deref().or(self.fit_names.as_deref());
        let mut names = Vec::new();
        for Transformer { name, model, places, .. } in &self.transformers {
            match model {
                Some(model) => names.extend(join_names(vec![(name.clone(), model.old_feature_names(None)?)], true)?),
                None if header.before(0, 23) => return Err(NamesError::no_method(header)),
                None => names.extend(places.iter().map(|&place| match fitted.and_then(|names| names.get(place)) {
                    Some(name) => name.clone(),
                    None => format!("x{place}"),
                })),
            }
        }
        Ok(names)
    }

    fn frame(&self, model: &Model, input: &Frame) -> Result<Frame, NamesError> {
        let Some(naming) = self.naming.as_ref().filter(|_| model.header().wraps_output()) else {
            return Ok(Frame::Array);
        };
        match model.feature_names_out(None) {
            Ok(names) => Ok(Frame::Named(names)),
            Err(NamesError::NoMethod { class }) => {
                // Since 1.9 a pipeline with a nameless transformer makes columns without meaning.
                let is_function = |one: &Transformer| {
                    one.model.as_ref().is_none_or(|model| {
                        model.header().class == "FunctionTransformer" || model.feature_names_out(None).is_ok()
                    })
                };
                if !model.header().before(1, 9) && !self.transformers.iter().all(is_function) {
                    return Err(NamesError::NoMethod { class });
                }
                let fitted = model.header().feature_names_in.as_ref();
                let table = match (input, fitted) {
                    (Frame::Named(_), Some(names)) => Frame::Named(names.to_vec()),
                    _ => input.clone(),
                };
                let mut parts = Vec::with_capacity(self.transformers.len());
                for Transformer { name, model, places, .. } in &self.transformers {
                    let part = table.select(places);
                    let part = model.as_ref().map_or(Ok(part.clone()), |model| model.frame(&part))?;
                    parts.push((name.clone(), part));
                }
                Frame::of_parts(model.header(), parts, |parts| naming.name(parts))
            }
            Err(error) => Err(error),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.n_features
    }

    fn selects_by_name(&self) -> bool {
        self.names != TableNames::Any || self.transformers.iter().any(|one| matches!(one.columns, Selection::Names(_)))
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.transformers.iter();
        all.filter_map(|Transformer { index, model, .. }| Some((format!("transformers_[{index}][1]"), model.clone()?)))
            .collect()
    }
}
