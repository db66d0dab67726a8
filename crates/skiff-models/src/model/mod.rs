//! A fitted estimator of any class, read and checked.

mod class;
mod custom_estimator;
mod delegate;
mod error;
mod estimator;
mod frame;
mod reading;
pub(crate) mod response;

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use skiff_pickle::{Graph, NodeId};
use skiff_plan::table::Table;
use skiff_plan::types::{ColumnType, ValueType};
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Answer, ColumnUse, Method, Output, OutputType, Plan, Signature, ValueId, evaluate};

use crate::computed::{Attributes, Computed};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::names;

pub use crate::names::NamesError;
pub use class::Class;
pub(crate) use class::class;
pub(crate) use delegate::delegates_rows;
pub use error::CallError;
pub use estimator::{ComputedAttribute, Estimator, Scoring, Takes};
pub use frame::Frame;
pub(crate) use reading::Reading;

/// Up to how many columns without names have separate types in signatures.
const MOST_COLUMN_TYPES: usize = 1 << 16;

/// A fitted estimator. All of its values were checked when it was read: no prediction can index out of bounds.
#[derive(Debug)]
pub struct Model {
    class: String,
    node: NodeId,
    path: String,
    header: Header,
    estimator: Box<dyn Estimator>,
    /// The number of estimators in it, including itself; shared ones are counted at each occurrence.
    size: usize,
    /// The number of bytes read for it, with nested estimators counted at each occurrence: plans have copies.
    cost: usize,
    /// What `transform` selects of estimators that were written before 0.19 and select features by their importances.
    selector: Option<Box<dyn Estimator>>,
}

impl Model {
    /// The class's path, as in the file.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The node of the graph that it was read from.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Its path in the file: empty for the only object in it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The attributes that all estimators have.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The number of columns that it takes, if known.
    pub fn n_features_in(&self) -> Option<usize> {
        self.header.n_features_in.or_else(|| self.estimator.n_features_in())
    }

    /// The names of the columns that it was fitted on, if it was fitted on a table with names.
    pub fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.header.feature_names_in.clone().or_else(|| self.estimator.feature_names_in())
    }

    /// The names of the columns of the result of `transform`. Without `input`, they are derived from the names of the
    /// fit, or of `x0`, `x1`, …
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or the names do not match.
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

    /// `get_feature_names(input)`, which few classes had until 1.1, and which is of no names that were seen in the fit.
    ///
    /// # Errors
    /// When scikit-learn's estimator had no such method, or the names do not match.
    pub fn old_feature_names(&self, input: Option<&[String]>) -> Result<Vec<String>, NamesError> {
        if !self.header.before(1, 2) {
            return Err(NamesError::no_method(&self.header));
        }
        names::within_budget(|| {
            let names = match self.header.class.as_str() {
                "ColumnTransformer" | "FeatureUnion" => self.estimator.old_feature_names(&self.header),
                "CountVectorizer" | "DictVectorizer" | "OneHotEncoder" | "PolynomialFeatures" | "SplineTransformer"
                | "TfidfVectorizer" => {
                    let header = Header { feature_names_in: None, ..self.header.clone() };
                    let numbered = names::numbered(self.n_features_in().unwrap_or(0))?;
                    self.estimator.feature_names_out(&header, input.unwrap_or(&numbered))
                }
                _ => Err(NamesError::no_method(&self.header)),
            }?;
            names::spend_all(&names)?;
            Ok(names)
        })
    }

    /// The default names of the input columns: those of the fit, or `x0`, `x1`, …
    fn names_in(&self) -> Result<Arc<[String]>, NamesError> {
        if let Some(names) = self.feature_names_in() {
            return Ok(names);
        }
        names::numbered(self.n_features_in().unwrap_or(0)).map(Arc::from)
    }

    /// The dtypes, shapes and names of the input and output of `method`, without any rows. The input is like the table that
    /// the estimator was fitted on, as far as known from its file: `float64`, except for columns in which text is looked up.
    ///
    /// # Errors
    /// As [`Model::plan`].
    pub fn signature(&self, method: Method) -> Result<Signature, CallError> {
        let plan = self.plan(method, &Params::default())?;
        Ok(plan.signature(&self.input_type(method, &plan))?)
    }

    fn input_type(&self, method: Method, plan: &Plan) -> ValueType {
        match self.estimator.takes() {
            // The output of `transform`.
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
        // A file may declare any number of columns, and the use of each takes memory.
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

    /// The typed estimator of its class.
    pub fn estimator(&self) -> &dyn Estimator {
        &*self.estimator
    }

    /// The typed estimator, if it is of this type.
    pub fn downcast<E: Estimator>(&self) -> Option<&E> {
        let any: &dyn Any = &*self.estimator;
        any.downcast_ref()
    }

    /// The methods that scikit-learn's estimator has, with its parameters, and that skiff supports.
    pub fn methods(&self) -> Vec<Method> {
        let answers = |method: &Method| self.plan(*method, &Params::default()).is_ok();
        Method::ALL.iter().copied().filter(answers).collect()
    }

    /// The operators of `method`, added to `plan`.
    pub(crate) fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match &self.selector {
            Some(selector) if method == Method::Transform => selector.lower(method, input, plan, params),
            _ => self.estimator.lower(method, input, plan, params),
        }
    }

    /// The plan of `method`.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or skiff does not support it.
    pub fn plan(&self, method: Method, params: &Params) -> Result<Plan, Refusal> {
        Lowering::plan(self, method, params)
    }

    /// The pipeline of the steps `part` of a pipeline, at least one. It has the same node.
    pub fn pipeline_part(&self, part: Range<usize>) -> Option<Arc<Self>> {
        let estimator = self.estimator.part(part)?;
        let (class, path, header) = (self.class.clone(), self.path.clone(), self.header.clone());
        let (node, size, cost) = (self.node, self.size, self.cost);
        Some(Arc::new(Self { class, node, path, header, estimator, size, cost, selector: None }))
    }

    /// The attribute `name`, if scikit-learn computes it on access, such as `feature_importances_`. `graph` is
    /// the graph that the model was read from.
    pub fn computed(&self, graph: &Graph, name: &str) -> Option<Computed> {
        let all = self.estimator.computed();
        let (_, compute) = all.iter().find(|(known, _)| *known == name)?;
        compute(&Attributes::of(graph, self.node)?)
    }

    /// The names for [`Model::computed`].
    pub fn computed_names(&self) -> Vec<&'static str> {
        self.estimator.computed().into_iter().map(|(name, _)| name).collect()
    }

    /// The result of `method` for `table`. For repeated calls, create the plan once and [`evaluate`] it.
    ///
    /// # Errors
    /// When there is no plan, or scikit-learn would reject the table.
    pub fn call(&self, method: Method, table: &Table<'_>) -> Result<Answer, CallError> {
        Ok(evaluate(&self.plan(method, &Params::default())?, table)?)
    }
}
