//! Reading the estimators of a file: each once, within the limits of memory and time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use skiff_files::{Instance, Limits};
use skiff_pickle::{Graph, NodeId};
use skiff_plan::custom::Bound;

use super::custom_estimator::CustomEstimator;
use super::{Class, Estimator, Model};
use crate::custom::{self, CodeLocation, Custom};
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::header::Header;

/// One reading of one file: a shared estimator is read once.
#[derive(Debug)]
pub(crate) struct Reading<'g> {
    pub(crate) graph: &'g Graph,
    custom: &'g Custom,
    done: RefCell<HashMap<NodeId, Arc<Model>>>,
    /// The estimators being read, outermost first.
    open: RefCell<Vec<NodeId>>,
    /// The remaining memory budget in bytes.
    left: Cell<usize>,
    /// Bytes charged by the estimator being read itself.
    own: Cell<usize>,
    /// The total memory budget in bytes.
    most: usize,
    /// The end of the time limit.
    limits: Limits,
    /// The models are dropped, and nodes of trees were checked elsewhere.
    checks_only: bool,
    /// The class with a path.
    find: fn(&str) -> Option<&'static Class>,
    /// What selects features of an estimator that was written before 0.19.
    select: Select,
}

/// The estimator that selects features by the importances of another one, if that has such a `transform`.
pub(crate) type Select = fn(&Fields<'_, '_>, &Model) -> Result<Option<Box<dyn Estimator>>, ReadError>;

impl<'g> Reading<'g> {
    pub(crate) fn of(
        graph: &'g Graph,
        custom: &'g Custom,
        limits: &Limits,
        find: fn(&str) -> Option<&'static Class>,
        select: Select,
    ) -> Self {
        let left = graph.size().saturating_mul(GROWTH).saturating_add(FREE);
        Self {
            graph,
            custom,
            done: RefCell::default(),
            open: RefCell::default(),
            left: Cell::new(left),
            own: Cell::new(0),
            most: left,
            limits: limits.clone(),
            checks_only: false,
            find,
            select,
        }
    }

    /// A reading that only checks.
    pub(crate) fn checking(
        graph: &'g Graph,
        custom: &'g Custom,
        limits: &Limits,
        find: fn(&str) -> Option<&'static Class>,
        select: Select,
    ) -> Self {
        Self { checks_only: true, ..Self::of(graph, custom, limits, find, select) }
    }

    /// Whether it only checks.
    pub(crate) fn checks_only(&self) -> bool {
        self.checks_only
    }

    /// Forgets the models read so far.
    pub(crate) fn forget(&self) {
        self.done.borrow_mut().clear();
    }

    /// Charges `bytes` to the memory budget; an error if fewer are left.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), ReadErrorKind> {
        let left = self.left.get().checked_sub(bytes).ok_or(ReadErrorKind::TooLarge)?;
        self.on_time()?;
        self.left.set(left);
        self.own.set(self.own.get().saturating_add(bytes));
        Ok(())
    }

    /// An error when the time is over.
    pub(crate) fn on_time(&self) -> Result<(), ReadErrorKind> {
        if self.limits.is_late() { Err(ReadErrorKind::Late) } else { Ok(()) }
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

    /// The registered code for the function or object at `node`.
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
        match code.at(&CodeLocation { name: &name, path, graph: self.graph, object, arguments }) {
            Ok(step) => Ok(Some(Bound { name: name.into(), path: path.into(), step })),
            Err(error) => Err(ReadError::new(path.to_owned(), ReadErrorKind::Custom { name, error })),
        }
    }

    /// An estimator of a class of user code. Its attributes are not checked.
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
        let (estimator, header) = match (self.custom(node, &path, None)?, (self.find)(&class)) {
            (Some(code), _) => self.custom_estimator(code, instance, &path),
            (None, Some(known)) => {
                let fitted = is_fitted(&instance);
                let read = known.read(Fields::new(self, instance, path.clone())?);
                read.map_err(|error| match error.kind() {
                    ReadErrorKind::Missing if !fitted => {
                        ReadError::new(path.clone(), ReadErrorKind::NotFitted { class: class.clone() })
                    }
                    _ => error,
                })?
            }
            (None, None) => return Err(ReadError::new(path, ReadErrorKind::UnknownClass { class })),
        };
        let size = estimator.inner().iter().fold(1_usize, |size, (_, model)| size.saturating_add(model.size));
        if size > MOST_ESTIMATORS {
            let what = format!("more than {MOST_ESTIMATORS} estimators, shared ones counted at each occurrence");
            return Err(ReadError::new(path, ReadErrorKind::Unsupported(what)));
        }
        // A shared one was read once; each plan has a copy for each occurrence.
        let cost = estimator.inner().iter().fold(self.own.get(), |cost, (_, model)| cost.saturating_add(model.cost));
        if cost > self.most {
            return Err(ReadError::new(path, ReadErrorKind::TooLarge));
        }
        let mut model = Model { class, node, path, header, estimator, size, cost, selector: None };
        if model.header.before(0, 19)
            && let Some(instance) = Instance::read(self.graph, node)
        {
            model.selector = (self.select)(&Fields::new(self, instance, model.path.clone())?, &model)?;
        }
        Ok(model)
    }
}

/// `check_is_fitted`: whether there is an attribute whose name ends in an underscore.
fn is_fitted(instance: &Instance<'_>) -> bool {
    instance.attributes().any(|(name, _)| name.ends_with('_') && !name.starts_with("__"))
}

/// The nesting of estimators. Real models stay below ten; reading and planning recurse this deep.
const DEPTH: usize = 48;

/// The most estimators in an estimator. Planning visits a shared one at each occurrence: without a limit, a
/// small file could need a number of visits that is exponential in its depth.
const MOST_ESTIMATORS: usize = 1 << 20;
/// The memory budget as a multiple of the file's size; bools and small integers become
/// numbers of eight bytes, and some are read twice.
const GROWTH: usize = 32;
/// The memory budget of a file of any size.
const FREE: usize = 128 << 20;
