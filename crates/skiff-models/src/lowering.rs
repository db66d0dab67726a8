//! Lowering of estimators to plans.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_pickle::NodeId;
use skiff_plan::operators::{AnyOperator, ArrayRule, Check};
use skiff_plan::{Method, Output, Plan, PlanNode, ValueId};

use crate::fields::Version;
pub use crate::header::Header;
use crate::model::Model;
pub use crate::refusal::{Params, Refusal};

/// How many operators a plan may have. Estimators that share inner estimators could need a number exponential in the
/// file's size; real plans stay below a few thousand (one for each base estimator of a large ensemble).
const MAX_NODES: usize = 1 << 20;

/// In what container scikit-learn has a value that skiff has as a table of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// A DataFrame if the rows are one.
    AsGiven,
    /// A pandas DataFrame: of a transformer with `set_output(transform="pandas")`.
    Frame,
    /// An array.
    Array,
}

/// Collects the operators of one method of a model.
#[derive(Debug)]
pub struct Lowering<'m> {
    nodes: Vec<PlanNode>,
    header: &'m Header,
    /// Its class, after those of the estimators around it: `Pipeline › SVC`.
    estimator: Arc<str>,
    /// The number of lowered inner estimators: some add no operator.
    asked: usize,
    /// The `RandomState`s in the file that operators draw from.
    drawn_from: Vec<NodeId>,
    /// Of each value, the last check of it: the estimators of an ensemble mostly validate the same rows in the same way.
    checked: HashMap<ValueId, ValueId>,
    /// The containers of values that go from one estimator to another.
    containers: HashMap<ValueId, Container>,
}

impl<'m> Lowering<'m> {
    /// The plan of `method` of `model`.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or skiff does not support it.
    pub fn plan(model: &Model, method: Method, params: &Params) -> Result<Plan, Refusal> {
        let header = model.header();
        let mut lowering = Lowering {
            nodes: Vec::new(),
            header,
            estimator: header.class.as_str().into(),
            asked: 0,
            drawn_from: Vec::new(),
            checked: HashMap::new(),
            containers: HashMap::from([(ValueId::INPUT, Container::AsGiven)]),
        };
        let output = model.lower(method, ValueId::INPUT, &mut lowering, params)?;
        params.finish(header, method)?;
        Ok(Plan::new(lowering.nodes, output))
    }

    /// The header of the estimator being lowered.
    pub fn header(&self) -> &'m Header {
        self.header
    }

    /// scikit-learn's input validation of the estimator being lowered: `check_array` by `rule`, the number of features
    /// and their names. Pushed first by every estimator that validates. `n_features` is the number that the model's own
    /// arrays need, so that later operators never get a row of another width.
    pub fn check(&mut self, input: ValueId, rule: ArrayRule, n_features: impl Into<Option<usize>>) -> ValueId {
        // 1.0 and 1.1 only warned of other names, and went by the places.
        let is_strict = self.header.version.is_none_or(|version| version >= Version::new(1, 2));
        let check = Check::new(
            &self.header.class,
            self.header.feature_names_in.as_ref().filter(|_| is_strict),
            rule,
            n_features.into().or(self.header.n_features_in),
        )
        .with_unique_names(!self.header.before(1, 9));
        // A check that was taken back is not there any more, or another operator is.
        if let Some(&same) = self.checked.get(&input)
            && let Some(node) = self.nodes.get(same.index() - 1)
            && matches!(&node.operator, AnyOperator::Check(known) if **known == check)
            && (&node.inputs[..], &node.estimator) == (&[input], &self.estimator)
        {
            return same;
        }
        let checked = self.push(check, &[input]);
        self.checked.insert(input, checked);
        checked
    }

    /// Adds an operator, and returns its value.
    pub fn push(&mut self, operator: impl Into<AnyOperator>, inputs: &[ValueId]) -> ValueId {
        let estimator = Arc::clone(&self.estimator);
        self.nodes.push(PlanNode { operator: operator.into(), inputs: inputs.to_vec(), estimator });
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
        let (nodes, drawn_from) = (std::mem::take(&mut self.nodes), std::mem::take(&mut self.drawn_from));
        let estimator = format!("{} › {}", self.estimator, model.header().class).into();
        let (checked, containers) = (std::mem::take(&mut self.checked), std::mem::take(&mut self.containers));
        let mut lowering =
            Lowering { nodes, header: model.header(), estimator, asked: self.asked, drawn_from, checked, containers };
        let output = model.lower(method, input, &mut lowering, params);
        if let Ok(Output::One(value, _)) = output {
            let wraps = lowering.header.set_output.as_deref() == Some("pandas") && method == Method::Transform;
            let own = if wraps { Container::Frame } else { Container::Array };
            // An estimator that returns what an inner one does has it in the same container.
            lowering.containers.entry(value).or_insert(own);
        }
        let Lowering { nodes, asked, drawn_from, checked, containers, .. } = lowering;
        (self.nodes, self.asked, self.drawn_from) = (nodes, asked, drawn_from);
        (self.checked, self.containers) = (checked, containers);
        output
    }

    /// In what container scikit-learn has a value.
    pub(crate) fn container(&self, value: ValueId) -> Container {
        self.containers.get(&value).copied().unwrap_or(Container::Array)
    }

    /// Says in what container scikit-learn has a value that another estimator is given.
    pub(crate) fn is_in(&mut self, value: ValueId, container: Container) {
        self.containers.insert(value, container);
    }

    /// Like [`Lowering::inner`]; `None`, without adding operators, if scikit-learn's estimator has no such method.
    ///
    /// # Errors
    /// Those of [`Lowering::plan`], except a missing method.
    pub fn inner_if_any(
        &mut self,
        model: &Model,
        method: Method,
        input: ValueId,
        params: &Params,
    ) -> Result<Option<Output>, Refusal> {
        let before = (self.nodes.len(), self.drawn_from.len());
        match self.inner(model, method, input, params) {
            Err(refusal) if refusal.is_no_method() => {
                self.take_back(before);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// `hasattr(estimator, method)`, for `input`. No operator is added.
    pub fn has_method(&mut self, model: &Model, method: Method, input: ValueId) -> bool {
        let before = (self.nodes.len(), self.drawn_from.len());
        let outcome = self.inner(model, method, input, &Params::default());
        self.take_back(before);
        !outcome.is_err_and(|refusal| refusal.is_no_method())
    }

    /// The operators that are there.
    pub(crate) fn nodes(&self) -> &[PlanNode] {
        &self.nodes
    }

    /// Removes all but the first `count` operators, whose values nothing is computed from.
    pub(crate) fn keep(&mut self, count: usize) {
        self.nodes.truncate(count);
        let end = ValueId::of_node(count);
        self.containers.retain(|value, _| value.index() < end.index());
    }

    /// Removes all but the first operators and the first `RandomState`s.
    fn take_back(&mut self, (nodes, drawn_from): (usize, usize)) {
        self.keep(nodes);
        self.drawn_from.truncate(drawn_from);
    }

    /// Takes note of an operator that draws from the `RandomState` at `node`; `false` where another one does already.
    pub(crate) fn draws_from(&mut self, node: NodeId) -> bool {
        let is_first = !self.drawn_from.contains(&node);
        if is_first {
            self.drawn_from.push(node);
        }
        is_first
    }

    /// Like [`Lowering::inner`], for a method that returns one array.
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
        Err(Refusal::no_method(self.header, method))
    }

    /// The error for arguments that scikit-learn refuses as well.
    pub fn invalid<T>(&self, method: Method, what: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::invalid(self.header, method, what))
    }

    /// The error for what scikit-learn supports and skiff does not.
    pub fn unsupported<T>(&self, method: Method, what: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::unsupported(self.header, method, what))
    }
}
