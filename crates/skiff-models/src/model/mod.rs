//! A fitted estimator of any class, read and checked.

mod class;
mod custom_estimator;
mod delegate;
mod error;
mod estimator;
mod reading;
pub(crate) mod response;

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use skiff_pickle::{Graph, NodeId};
use skiff_plan::table::Table;
use skiff_plan::types::{ColumnType, ValueType};
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Answer, ColumnUse, Method, OutputType, Plan, Signature, evaluate};

use crate::computed::{Attributes, Computed};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::names;

pub use crate::names::NamesError;
pub use class::Class;
pub(crate) use class::class;
pub(crate) use delegate::delegates_rows;
pub use error::CallError;
pub use estimator::{ComputedAttribute, Estimator, Scoring, Takes};
pub(crate) use reading::Reading;

/// Of how many columns without names the types are told apart.
const MOST_COLUMN_TYPES: usize = 1 << 16;

/// A fitted estimator. Whatever it holds was checked when it was read: no prediction can index out of bounds.
#[derive(Debug)]
pub struct Model {
    class: String,
    node: NodeId,
    path: String,
    header: Header,
    estimator: Box<dyn Estimator>,
    /// How many estimators there are within and below, itself included; shared ones count wherever they stand.
    size: usize,
    /// How many bytes were read for it, those of estimators within counted wherever they stand: plans hold copies.
    cost: usize,
}

impl Model {
    /// The class's path, as the file has it.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The node of the graph that it was read from.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Where it stands in the file: empty for the only thing in it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What every estimator says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many columns it takes, where that is known.
    pub fn n_features_in(&self) -> Option<usize> {
        self.header.n_features_in.or_else(|| self.estimator.n_features_in())
    }

    /// The names of the columns that it was fitted on, where it was fitted on a table with names.
    pub fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.header.feature_names_in.clone().or_else(|| self.estimator.feature_names_in())
    }

    /// The names of the columns of what `transform` answers. Without `input`, they are made of the names seen in the
    /// fit, or of `x0`, `x1`, …
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or the names do not fit.
    pub fn feature_names_out(&self, input: Option<&[String]>) -> Result<Vec<String>, NamesError> {
        names::within_budget(|| {
            let names = match input {
                Some(names) => self.estimator.feature_names_out(&self.header, names),
                None => self.estimator.feature_names_out(&self.header, &self.names_in()?),
            }?;
            names::spend_all(&names)?;
            Ok(names)
        })
    }

    /// The names of the columns that come in when nobody says: those of the fit, or `x0`, `x1`, …
    fn names_in(&self) -> Result<Arc<[String]>, NamesError> {
        if let Some(names) = self.feature_names_in() {
            return Ok(names);
        }
        let count = self.n_features_in().unwrap_or(0);
        names::check_count(count)?;
        names::collect((0..count).map(|index| format!("x{index}"))).map(Arc::from)
    }

    /// What `method` takes and returns: the dtypes, shapes and names, before there are any rows. The table is the one that
    /// the estimator was fitted on, as far as its file tells: `float64`, but for columns in which text is looked up.
    ///
    /// # Errors
    /// As [`Model::plan`].
    pub fn signature(&self, method: Method) -> Result<Signature, CallError> {
        let plan = self.plan(method, &Params::default())?;
        Ok(plan.signature(&self.input_type(method, &plan))?)
    }

    fn input_type(&self, method: Method, plan: &Plan) -> ValueType {
        match self.estimator.takes() {
            // What `transform` has made.
            _ if method == Method::InverseTransform => match self.signature(Method::Transform) {
                Ok(Signature { output: OutputType::One(value, _), .. }) => value,
                _ => ValueType::Unknown,
            },
            Takes::Texts => ValueType::Texts,
            Takes::Dicts => ValueType::Dicts,
            Takes::Table => self.table_type(plan),
        }
    }

    fn table_type(&self, plan: &Plan) -> ValueType {
        let names = self.feature_names_in();
        let Some(cols) = names.as_ref().map(|names| names.len()).or(self.n_features_in()) else {
            return ValueType::Unknown;
        };
        let dtype = NumberType::Float(Precision::Double);
        // A file may claim any number of columns, and what each is used for takes memory.
        if names.is_none() && cols > MOST_COLUMN_TYPES {
            return ValueType::Dense { dtype, cols };
        }
        let uses = plan.column_uses(cols, names.as_deref());
        let columns: Vec<ColumnType> = uses.iter().map(ColumnUse::column_type).collect();
        match columns.iter().all(|column| *column == ColumnType::Numbers(dtype)) && names.is_none() {
            true => ValueType::Dense { dtype, cols },
            false => ValueType::Columns { names, columns },
        }
    }

    /// What only estimators of its class have.
    pub fn estimator(&self) -> &dyn Estimator {
        &*self.estimator
    }

    /// The typed estimator, if it is of this type.
    pub fn downcast<E: Estimator>(&self) -> Option<&E> {
        let any: &dyn Any = &*self.estimator;
        any.downcast_ref()
    }

    /// The methods that scikit-learn's estimator has, with its parameters, and that skiff answers.
    pub fn methods(&self) -> Vec<Method> {
        let answers = |method: &Method| self.plan(*method, &Params::default()).is_ok();
        Method::ALL.iter().copied().filter(answers).collect()
    }

    /// The plan of `method`.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or skiff does not answer it.
    pub fn plan(&self, method: Method, params: &Params) -> Result<Plan, Refusal> {
        Lowering::plan(self, method, params)
    }

    /// Of a pipeline: the pipeline of the steps `part`, which must be one at least. It is of the same node.
    pub fn pipeline_part(&self, part: Range<usize>) -> Option<Arc<Self>> {
        let estimator = self.estimator.part(part)?;
        let (class, path, header) = (self.class.clone(), self.path.clone(), self.header.clone());
        let (node, size, cost) = (self.node, self.size, self.cost);
        Some(Arc::new(Self { class, node, path, header, estimator, size, cost }))
    }

    /// The attribute `name`, if it is one that scikit-learn computes when asked: `feature_importances_`. `graph` is
    /// what the model was read from.
    pub fn computed(&self, graph: &Graph, name: &str) -> Option<Computed> {
        let all = self.estimator.computed();
        let (_, compute) = all.iter().find(|(known, _)| *known == name)?;
        compute(&Attributes::of(graph, self.node)?)
    }

    /// The names that [`Model::computed`] knows.
    pub fn computed_names(&self) -> Vec<&'static str> {
        self.estimator.computed().into_iter().map(|(name, _)| name).collect()
    }

    /// What `method` answers for `table`. To ask often, make the plan once and [`evaluate`] it.
    ///
    /// # Errors
    /// When there is no plan, or the table is not such that scikit-learn would answer.
    pub fn call(&self, method: Method, table: &Table<'_>) -> Result<Answer, CallError> {
        Ok(evaluate(&self.plan(method, &Params::default())?, table)?)
    }
}
