//! How estimators are lowered to plans.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{AnyOperator, ArrayRule, Check};
use skiff_plan::{Method, Output, Plan, PlanNode, ValueId};

use crate::model::Model;

/// What every fitted estimator says of itself, and what input validation needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The class name, as scikit-learn's messages have it: `StandardScaler`.
    pub class: String,
    /// `n_features_in_`; readers of older versions take it from the shapes that they read.
    pub n_features_in: Option<usize>,
    /// `feature_names_in_`.
    pub feature_names_in: Option<Arc<[String]>>,
    /// `_sklearn_version`: absent from scikit-learn 0.17's files.
    pub version: Option<crate::fields::Version>,
    /// The container that `set_output` asked for: `pandas`, `polars`.
    pub set_output: Option<String>,
    /// Attributes that scikit-learn never sets, and that no answer depends on: those of tools.
    pub extra: Vec<String>,
}

/// How many operators a plan may have. Estimators that share inner estimators could ask for a number exponential in the
/// file's size; honest plans stay below a few thousand (one for each base estimator of a large ensemble).
const MAX_NODES: usize = 1 << 20;

/// Collects the operators of one method of a model.
#[derive(Debug)]
pub struct Lowering<'m> {
    nodes: Vec<PlanNode>,
    header: &'m Header,
    /// How often an inner estimator was asked: some push no operator at all.
    asked: usize,
}

impl<'m> Lowering<'m> {
    /// The plan of `method` of `model`.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or skiff does not answer it.
    pub fn plan(model: &Model, method: Method, params: &Params) -> Result<Plan, Refusal> {
        let mut lowering = Lowering { nodes: Vec::new(), header: model.header(), asked: 0 };
        let output = model.estimator().lower(method, ValueId::INPUT, &mut lowering, params)?;
        params.finish(model.header(), method)?;
        Ok(Plan::new(lowering.nodes, output))
    }

    /// What the estimator being lowered says of itself.
    pub fn header(&self) -> &'m Header {
        self.header
    }

    /// scikit-learn's input validation of the estimator being lowered: `check_array` by `rule`, the number of features
    /// and their names. Pushed first by every estimator that validates. `n_features` is what the model's own
    /// arrays need, so that later operators never meet a row of another width.
    pub fn check(&mut self, input: ValueId, rule: ArrayRule, n_features: impl Into<Option<usize>>) -> ValueId {
        let check = Check::new(
            &self.header.class,
            self.header.feature_names_in.as_ref(),
            rule,
            n_features.into().or(self.header.n_features_in),
        );
        self.push(check, &[input])
    }

    /// Adds an operator, and returns its value.
    pub fn push(&mut self, operator: impl Into<AnyOperator>, inputs: &[ValueId]) -> ValueId {
        self.nodes.push(PlanNode { operator: operator.into(), inputs: inputs.to_vec() });
        ValueId::of_node(self.nodes.len() - 1)
    }

    /// Adds the operators of an inner estimator's method.
    ///
    /// # Errors
    /// As [`Lowering::plan`].
    pub fn inner(&mut self, model: &Model, method: Method, input: ValueId, params: &Params) -> Result<Output, Refusal> {
        self.asked += 1;
        if self.nodes.len() > MAX_NODES || self.asked > MAX_NODES {
            return Err(Refusal::unsupported(
                model.header(),
                method,
                format!("more than {MAX_NODES} operators in one plan"),
            ));
        }
        let nodes = std::mem::take(&mut self.nodes);
        let mut lowering = Lowering { nodes, header: model.header(), asked: self.asked };
        let output = model.estimator().lower(method, input, &mut lowering, params);
        (self.nodes, self.asked) = (lowering.nodes, lowering.asked);
        output
    }

    /// As [`Lowering::inner`]; `None`, and no node, where scikit-learn's estimator has no such method.
    ///
    /// # Errors
    /// As [`Lowering::plan`], but for the method that is not there.
    pub fn inner_if_any(
        &mut self,
        model: &Model,
        method: Method,
        input: ValueId,
        params: &Params,
    ) -> Result<Option<Output>, Refusal> {
        let before = self.nodes.len();
        match self.inner(model, method, input, params) {
            Err(refusal) if refusal.is_no_method() => {
                self.nodes.truncate(before);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// As [`Lowering::inner`], for a method that returns one array.
    ///
    /// # Errors
    /// As [`Lowering::plan`], and when the method returns several arrays.
    pub fn inner_value(&mut self, model: &Model, method: Method, input: ValueId) -> Result<ValueId, Refusal> {
        let output = self.inner(model, method, input, &Params::default())?;
        output
            .value()
            .ok_or_else(|| Refusal::unsupported(self.header, method, "an inner estimator with several outputs"))
    }

    /// The error for a method that scikit-learn's estimator does not have.
    pub fn no_method<T>(&self, method: Method) -> Result<T, Refusal> {
        Err(Refusal { class: self.header.class.clone(), method, cause: Cause::NoMethod })
    }

    /// The error for what scikit-learn answers and skiff does not.
    pub fn unsupported<T>(&self, method: Method, what: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::unsupported(self.header, method, what))
    }
}

/// Keyword arguments of a method call: `n_neighbors=3`. What nobody reads is an error, never ignored, and so is a value
/// of another type than the argument has.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, Scalar>,
    /// The arguments that the method has, as far as it has asked for them.
    asked: RefCell<Vec<String>>,
    /// The first argument of a wrong type, and what was expected.
    wrong: RefCell<Option<(String, &'static str)>>,
}

impl Params {
    /// Arguments by name.
    pub fn new(values: impl IntoIterator<Item = (String, Scalar)>) -> Self {
        Self { values: values.into_iter().collect(), ..Self::default() }
    }

    /// The argument `name`, if the caller gave it.
    pub fn get(&self, name: &str) -> Option<&Scalar> {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == name) {
            asked.push(name.to_owned());
        }
        self.values.get(name)
    }

    /// All arguments, for user code, which sees to them itself.
    pub fn all(&self) -> Vec<(String, Scalar)> {
        self.asked.borrow_mut().extend(self.values.keys().cloned());
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The argument `name` as a truth value, or `default`.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some(Scalar::Bool(value)) => *value,
            Some(Scalar::Int(value @ (0 | 1))) => *value == 1,
            Some(_) => {
                self.wrong.borrow_mut().get_or_insert((name.to_owned(), "`True` or `False`"));
                default
            }
        }
    }

    /// The argument `name` as a number; `None` where the caller gave none, or `None`.
    pub fn float(&self, name: &str) -> Option<f64> {
        let value = self.get(name).filter(|value| **value != Scalar::None)?;
        let number = value.as_f64();
        if number.is_none() {
            self.wrong.borrow_mut().get_or_insert((name.to_owned(), "a number"));
        }
        number
    }

    /// The argument `name` as a count.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Some(Scalar::Int(value)) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    fn finish(&self, header: &Header, method: Method) -> Result<(), Refusal> {
        let refuse = |cause| Err(Refusal { class: header.class.clone(), method, cause });
        if let Some((name, expected)) = self.wrong.take() {
            let found = self.values.get(&name).map(ToString::to_string).unwrap_or_default();
            return refuse(Cause::WrongArgument { name, expected, found });
        }
        let asked = self.asked.borrow();
        match self.values.keys().find(|name| !asked.contains(name)) {
            None => Ok(()),
            Some(name) => refuse(Cause::UnknownArgument { name: name.clone(), known: asked.clone() }),
        }
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    class: String,
    method: Method,
    cause: Cause,
}

#[derive(Clone, Debug, PartialEq)]
enum Cause {
    NoMethod,
    Unsupported(String),
    /// An argument that the method does not have, and those that it has.
    UnknownArgument {
        name: String,
        known: Vec<String>,
    },
    /// An argument of a wrong type.
    WrongArgument {
        name: String,
        expected: &'static str,
        found: String,
    },
}

impl Refusal {
    /// scikit-learn answers; skiff does not, because of `what`.
    pub fn unsupported(header: &Header, method: Method, what: impl Into<String>) -> Self {
        Self { class: header.class.clone(), method, cause: Cause::Unsupported(what.into()) }
    }

    /// Whether scikit-learn's estimator itself has no such method.
    pub fn is_no_method(&self) -> bool {
        self.cause == Cause::NoMethod
    }

    /// Whether an argument is to blame, which the caller gave.
    pub fn is_argument(&self) -> bool {
        matches!(self.cause, Cause::UnknownArgument { .. } | Cause::WrongArgument { .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, method, cause } = self;
        match cause {
            Cause::NoMethod => write!(f, "`{class}` has no method `{method}`"),
            Cause::Unsupported(what) => write!(f, "`{class}.{method}` is not supported with {what}"),
            Cause::UnknownArgument { name, known } if known.is_empty() => {
                write!(f, "`{class}.{method}` has no argument `{name}`: it takes none")
            }
            Cause::UnknownArgument { name, known } => {
                write!(f, "`{class}.{method}` has no argument `{name}`: it takes `{}`", known.join("`, `"))
            }
            Cause::WrongArgument { name, expected, found } => {
                write!(f, "the argument `{name}` of `{class}.{method}`: expected {expected}, found `{found}`")
            }
        }
    }
}

impl std::error::Error for Refusal {}
