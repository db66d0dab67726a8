//! A fitted estimator of any class, read and checked.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::{self, Debug, Display};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use skiff_files::Instance;
use skiff_pickle::{Graph, NodeId};

use crate::answer::Answer;
use crate::computed::{Attributes, Computed};
use crate::custom::{self, Bound, Custom, CustomError, CustomEstimator, Place};
use crate::evaluate::evaluate;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::names;
use crate::pipeline::Pipeline;
use crate::plan::{Header, Lowering, Method, Output, Params, Plan, Refusal, ValueId};
use crate::registry;
use crate::steps::InputError;
use crate::table::Table;
use crate::value::Classes;

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

/// What each room gives: its methods as steps, and what users ask of it.
pub trait Estimator: Any + Debug + Send + Sync {
    /// Writes down the steps of `method`, applied to `input`.
    ///
    /// # Errors
    /// [`Lowering::no_method`] for what scikit-learn's estimator has not; [`Lowering::unsupported`] for what it has and
    /// skiff does not answer.
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal>;

    /// `classes_` of each output; empty for what is no classifier.
    fn classes(&self) -> Vec<Arc<Classes>> {
        Vec::new()
    }

    /// `get_feature_names_out(input_features)`, where `input` are the names of the columns that come in.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or the names do not fit.
    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let _ = input;
        Err(NamesError::no_method(header))
    }

    /// How many columns the estimator takes, for files of versions that did not record `n_features_in_`.
    fn n_features_in(&self) -> Option<usize> {
        None
    }

    /// The names of the columns that the estimator takes, where an estimator within knows them.
    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        None
    }

    /// Whether the estimator, or one within, selects columns by name.
    fn selects_by_name(&self) -> bool {
        false
    }

    /// What its methods take. A pipeline takes what its first step takes.
    fn takes(&self) -> Takes {
        Takes::Table
    }

    /// What `score` is; `None` for what has no such `score`.
    fn scoring(&self) -> Option<Scoring> {
        if self.classes().is_empty() { None } else { Some(Scoring::Accuracy) }
    }

    /// The attributes that scikit-learn computes when asked, each with what computes it from those in the file.
    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        Vec::new()
    }

    /// The estimators within, each with its path from here: `steps[0]`, `estimators_[3]`.
    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        Vec::new()
    }
}

/// The name of an attribute that scikit-learn computes when asked, and what computes it: `None` where it has none.
pub type ComputedAttribute<'e> = (&'static str, Box<dyn Fn(&Attributes<'_>) -> Option<Computed> + 'e>);

/// scikit-learn's default scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoring {
    /// The share of rows of which every label is right.
    Accuracy,
    /// R², the share of the variance that is explained, as a mean over the outputs.
    R2,
    /// The mean of `score_samples`, which looks at no `y`.
    MeanOfSamples,
}

/// What an estimator's methods take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Rows of numbers or of columns.
    Table,
    /// Documents.
    Texts,
    /// Mappings of feature names to values.
    Dicts,
}

/// A room: how one class of estimators is found and read.
pub trait Room: Estimator + Sized {
    /// All its class paths, the present one first, then those of older versions.
    const CLASSES: &'static [&'static str];
    /// The room's source text, whose doc comment is the estimator's page: `include_str!` of the file itself.
    const SOURCE: &'static str;
    /// Attributes without an underscore that are no parameters of the present class: its base classes set them.
    const NOT_PARAMETERS: &'static [&'static str] = &[];

    /// Reads and checks the attributes.
    ///
    /// # Errors
    /// When an attribute is missing, damaged, or unsupported.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError>;
}

impl Model {
    /// The estimator at `node`, which stands at `path` in the file.
    ///
    /// # Errors
    /// When it is no estimator, of no known class, damaged, or holds what skiff does not know.
    pub fn read(graph: &Graph, node: NodeId, path: &str) -> Result<Arc<Self>, ReadError> {
        Self::read_with(graph, node, path, &Custom::default(), None)
    }

    /// As [`Model::read`], with code of the user's for the functions and classes that have its names, and given up at
    /// `deadline`.
    ///
    /// # Errors
    /// As [`Model::read`]; when the code cannot stand where its name stands; [`ReadErrorKind::Late`] when the time is
    /// over.
    pub fn read_with(
        graph: &Graph,
        node: NodeId,
        path: &str,
        custom: &Custom,
        deadline: Option<Instant>,
    ) -> Result<Arc<Self>, ReadError> {
        Reading::of(graph, custom, deadline).model(node, path.to_owned())
    }

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

    /// The steps of `method`.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or skiff does not answer it.
    pub fn plan(&self, method: Method, params: &Params) -> Result<Plan, Refusal> {
        Lowering::plan(self, method, params)
    }

    /// Of a pipeline: the pipeline of the steps `part`, which must be one at least. It is of the same node.
    pub fn pipeline_part(&self, part: Range<usize>) -> Option<Arc<Self>> {
        let estimator = self.downcast::<Pipeline>()?.part(part)?;
        let (class, path, header) = (self.class.clone(), self.path.clone(), self.header.clone());
        let (node, size, cost) = (self.node, self.size, self.cost);
        Some(Arc::new(Self { class, node, path, header, estimator: Box::new(estimator), size, cost }))
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

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// There is no plan for the method.
    Refusal(Refusal),
    /// The table cannot be answered.
    Input(InputError),
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<InputError> for CallError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal) => Display::fmt(refusal, f),
            Self::Input(error) => Display::fmt(error, f),
        }
    }
}

impl std::error::Error for CallError {}

/// Why an estimator cannot name its output columns.
#[derive(Clone, Debug, PartialEq)]
pub enum NamesError {
    /// scikit-learn's estimator has no `get_feature_names_out`.
    NoMethod {
        /// The estimator's class.
        class: String,
    },
    /// The names that came do not fit, in scikit-learn's words.
    Input(String),
    /// Code of the user's went wrong.
    Custom(CustomError),
    /// The names would take more memory than any table's do.
    TooMany {
        /// The limit, in bytes.
        most: usize,
    },
}

impl NamesError {
    /// There is no `get_feature_names_out`.
    pub fn no_method(header: &Header) -> Self {
        Self::NoMethod { class: header.class.clone() }
    }
}

impl Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMethod { class } => write!(f, "`{class}` has no method `get_feature_names_out`"),
            Self::Input(what) => f.write_str(what),
            Self::Custom(error) => Display::fmt(error, f),
            Self::TooMany { most } => write!(f, "the names of the columns would take more than {most} bytes"),
        }
    }
}

impl std::error::Error for NamesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Custom(error) => Some(error.get()),
            _ => None,
        }
    }
}

/// How deep estimators may nest in estimators. Real models stay below ten; reading and planning recurse this deep.
const DEPTH: usize = 48;

/// How many estimators an estimator may consist of. Planning visits a shared one wherever it stands: without a limit, a
/// small file could ask for a number of visits that is exponential in its depth.
const MOST_ESTIMATORS: usize = 1 << 20;
/// How many times the file's size the values that rooms ask for may be, all together; bools and small integers become
/// numbers of eight bytes, and some are read twice.
const GROWTH: usize = 32;
/// What they may be whatever the file's size.
const FREE: usize = 128 << 20;

/// One reading of one file: an estimator that is met twice is read once.
#[derive(Debug)]
pub(crate) struct Reading<'g> {
    pub(crate) graph: &'g Graph,
    custom: &'g Custom,
    done: RefCell<HashMap<NodeId, Arc<Model>>>,
    /// The estimators being read, outermost first.
    open: RefCell<Vec<NodeId>>,
    /// Bytes that rooms may still ask for.
    left: Cell<usize>,
    /// Bytes that the estimator being read has asked for itself.
    own: Cell<usize>,
    /// Bytes that rooms may ask for in all.
    most: usize,
    /// When reading is given up.
    deadline: Option<Instant>,
    /// The models are thrown away, and nodes of trees were looked at elsewhere.
    checks_only: bool,
}

impl<'g> Reading<'g> {
    pub(crate) fn of(graph: &'g Graph, custom: &'g Custom, deadline: Option<Instant>) -> Self {
        let left = graph.size().saturating_mul(GROWTH).saturating_add(FREE);
        Self {
            graph,
            custom,
            done: RefCell::default(),
            open: RefCell::default(),
            left: Cell::new(left),
            own: Cell::new(0),
            most: left,
            deadline,
            checks_only: false,
        }
    }

    /// A reading that only says what is wrong.
    pub(crate) fn checking(graph: &'g Graph, custom: &'g Custom, deadline: Option<Instant>) -> Self {
        Self { checks_only: true, ..Self::of(graph, custom, deadline) }
    }

    /// Whether only what is wrong is asked for.
    pub(crate) fn checks_only(&self) -> bool {
        self.checks_only
    }

    /// Forgets what was read so far.
    pub(crate) fn forget(&self) {
        self.done.borrow_mut().clear();
    }

    /// Spends `bytes` of what rooms may ask for; an error when fewer are left.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), ReadErrorKind> {
        let left = self.left.get().checked_sub(bytes).ok_or(ReadErrorKind::TooLarge)?;
        self.on_time()?;
        self.left.set(left);
        self.own.set(self.own.get().saturating_add(bytes));
        Ok(())
    }

    /// An error when the time is over.
    pub(crate) fn on_time(&self) -> Result<(), ReadErrorKind> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(ReadErrorKind::Late);
        }
        Ok(())
    }

    pub(crate) fn model(&self, node: NodeId, path: String) -> Result<Arc<Model>, ReadError> {
        self.on_time().map_err(|kind| ReadError::new(path.clone(), kind))?;
        if let Some(model) = self.done.borrow().get(&node) {
            return Ok(Arc::clone(model));
        }
        if self.open.borrow().contains(&node) {
            return Err(ReadError::new(path, ReadErrorKind::Damaged("the estimator contains itself".to_owned())));
        }
        if self.open.borrow().len() >= DEPTH {
            return Err(ReadError::new(path, ReadErrorKind::TooDeep { limit: DEPTH }));
        }
        self.open.borrow_mut().push(node);
        let around = self.own.replace(0);
        let model = self.read(node, path);
        self.own.set(around);
        self.open.borrow_mut().pop();
        let model = Arc::new(model?);
        self.done.borrow_mut().insert(node, Arc::clone(&model));
        Ok(model)
    }

    /// The code that was handed in for the function or object at `node`.
    pub(crate) fn custom(
        &self,
        node: NodeId,
        path: &str,
        arguments: Option<NodeId>,
    ) -> Result<Option<Bound>, ReadError> {
        if self.custom.is_empty() {
            return Ok(None);
        }
        let Some((name, object)) = custom::name_of(self.graph, node) else { return Ok(None) };
        let Some(code) = self.custom.get(&name) else { return Ok(None) };
        match code.at(&Place { name: &name, path, graph: self.graph, object, arguments }) {
            Ok(step) => Ok(Some(Bound { name: name.into(), path: path.into(), step })),
            Err(error) => Err(ReadError::new(path.to_owned(), ReadErrorKind::Custom { name, error })),
        }
    }

    /// An estimator of a class of the user's. Its attributes are its own affair.
    fn custom_estimator(&self, code: Bound, instance: Instance<'_>, path: &str) -> (Box<dyn Estimator>, Header) {
        let class = instance.name.to_owned();
        let fields = Fields::new(self, instance, path.to_owned()).ok();
        let header = fields.as_ref().map(|fields| fields.header().clone());
        let header = header.unwrap_or_else(|| Header { class, ..Header::default() });
        (Box::new(CustomEstimator::new(code, fields.as_ref())), header)
    }

    fn read(&self, node: NodeId, path: String) -> Result<Model, ReadError> {
        let Some(instance) = Instance::read(self.graph, node) else {
            let found = skiff_files::describe(self.graph, node);
            return Err(ReadError::new(path, ReadErrorKind::NoEstimator { found }));
        };
        let class = instance.class_path();
        let (estimator, header) = match (self.custom(node, &path, None)?, registry::find(&class)) {
            (Some(code), _) => self.custom_estimator(code, instance, &path),
            (None, Some(entry)) => (entry.read)(Fields::new(self, instance, path.clone())?)?,
            (None, None) => return Err(ReadError::new(path, ReadErrorKind::UnknownClass { class })),
        };
        let size = estimator.inner().iter().fold(1_usize, |size, (_, model)| size.saturating_add(model.size));
        if size > MOST_ESTIMATORS {
            let what = format!("more than {MOST_ESTIMATORS} estimators, shared ones counted wherever they stand");
            return Err(ReadError::new(path, ReadErrorKind::Unsupported(what)));
        }
        // One that stands in many places was read once; each plan copies it into each of them.
        let cost = estimator.inner().iter().fold(self.own.get(), |cost, (_, model)| cost.saturating_add(model.cost));
        if cost > self.most {
            return Err(ReadError::new(path, ReadErrorKind::TooLarge));
        }
        Ok(Model { class, node, path, header, estimator, size, cost })
    }
}
