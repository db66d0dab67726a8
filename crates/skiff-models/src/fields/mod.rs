//! The attributes of one fitted estimator, or of a helper object in it, for their reader.
//!
//! `Fields` tracks which attributes were read. When a reader is done, an attribute that was neither read nor listed as
//! [`Fields::training_only`] is an error: an unknown attribute might change the predictions, and a wrong prediction is the
//! worst bug. Plain data under a name that no version of scikit-learn uses is from a user or a tool, and
//! is ignored and reported.

mod arrays;
mod extra;
mod numbers;
pub(crate) mod parts;
mod read_error;
mod scalars;
mod version;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use skiff_files::{Instance, Scalar};
use skiff_pickle::{Graph, Node, NodeId};

pub use extra::{ExtraAttribute, extra_attributes};
use extra::{is_extra, version_of};
pub use numbers::Numbers;
pub use read_error::{ReadError, ReadErrorKind};
pub use version::Version;

use crate::custom;
use crate::lowering::Header;
use crate::model::{Model, Reading};
use skiff_plan::custom::Bound;

/// The attributes of one object.
#[derive(Debug)]
pub struct Fields<'r, 'g> {
    reading: &'r Reading<'g>,
    instance: Instance<'g>,
    path: String,
    header: Header,
    seen: RefCell<HashSet<&'g str>>,
    /// Names under which another package keeps attributes of scikit-learn, after scikit-learn's.
    renamed: Cell<&'static [(&'static str, &'static str)]>,
    /// Attributes of helper objects that scikit-learn never sets, by their relative paths.
    extra: RefCell<Vec<String>>,
}

/// Attributes that every estimator may have, and no prediction depends on.
const EVERYWHERE: &[&str] = &["_metadata_request", "_repr_html_", "_estimator_type", "_doc_link_module"];

impl<'r, 'g> Fields<'r, 'g> {
    /// The attributes of `instance`, at `path` in the file.
    pub(crate) fn new(reading: &'r Reading<'g>, instance: Instance<'g>, path: String) -> Result<Self, ReadError> {
        let mut fields = Self::of(reading, instance, path, Header::default());
        if fields.instance.has_foreign_state() {
            return Err(fields.error(ReadErrorKind::Damaged("its state is not a dict of attributes".to_owned())));
        }
        // Attributes may be shared as well: each reading of them is charged.
        fields.spend(&fields.path, fields.instance.entries().saturating_mul(64))?;
        fields.training_only(EVERYWHERE);
        fields.header = fields.read_header()?;
        Ok(fields)
    }

    fn of(reading: &'r Reading<'g>, instance: Instance<'g>, path: String, header: Header) -> Self {
        let (seen, extra) = (RefCell::default(), RefCell::default());
        Self { reading, instance, path, header, seen, renamed: Cell::default(), extra }
    }

    /// Whether the estimator is only checked, and then dropped.
    pub(crate) fn checks_only(&self) -> bool {
        self.reading.checks_only()
    }

    /// The attributes that all estimators have.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The scikit-learn that wrote the estimator; `None` for 0.17 and earlier, which did not record it.
    pub fn version(&self) -> Option<Version> {
        self.header.version
    }

    /// Whether it was written before scikit-learn `major.minor`.
    pub fn before(&self, major: u32, minor: u32) -> bool {
        self.header.before(major, minor)
    }

    /// Whether the estimator is of the class with this path.
    pub fn is_class(&self, path: &str) -> bool {
        self.instance.class_path() == path
    }

    /// Whether the estimator is of scikit-learn-intelex, whose computations are oneDAL's.
    pub fn is_patched(&self) -> bool {
        ["sklearnex.", "daal4py.sklearn."].iter().any(|package| self.instance.module.starts_with(package))
    }

    /// The object graph of the attributes.
    pub fn graph(&self) -> &'g Graph {
        self.reading.graph
    }

    /// The path of an attribute: `steps[1].coef_`.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Reads attributes of scikit-learn under the names that another package gives them, where it has those: pairs of
    /// scikit-learn's name and the other.
    pub(crate) fn rename(&self, names: &'static [(&'static str, &'static str)]) {
        self.renamed.set(names);
    }

    /// The name under which the attribute is kept.
    fn kept_name<'n>(&self, name: &'n str) -> &'n str {
        let mut others = self.renamed.get().iter().filter(|(own, _)| *own == name);
        others.find_map(|(_, other)| self.instance.attribute(other).map(|_| *other)).unwrap_or(name)
    }

    /// The attribute `name`, which counts as read; `None` if it is missing. A Python `None` is a node.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        let name = self.kept_name(name);
        let node = self.instance.attribute(name)?;
        let name = self.instance.attributes().find(|(attribute, _)| *attribute == name).map(|(name, _)| name)?;
        self.seen.borrow_mut().insert(name);
        Some(node)
    }

    /// The attribute `name`; `None` if it is missing or Python's `None`.
    pub fn optional(&self, name: &str) -> Option<NodeId> {
        self.node(name).filter(|&node| !matches!(self.graph().node(node), Node::None))
    }

    /// The attribute `name`.
    ///
    /// # Errors
    /// When there is none, or it is `None`.
    pub fn required(&self, name: &str) -> Result<NodeId, ReadError> {
        self.optional(name).ok_or_else(|| self.error_at(name, ReadErrorKind::Missing))
    }

    /// The first of `names` that exists, for an attribute that was renamed.
    pub fn first_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.optional(name).is_some())
    }

    /// Whether the attribute `name` exists and is not `None`.
    pub fn has(&self, name: &str) -> bool {
        self.optional(name).is_some()
    }

    /// Attributes that matter for fitting only.
    pub fn training_only(&self, names: &[&str]) {
        for name in names {
            self.node(name);
        }
    }

    /// Reads the helper object at a node, which is not an estimator (a kernel, a spline, a calibrator): `read` reads its
    /// attributes, and an attribute that it does not read is an error, as in an estimator. `expected` describes the object that `is`
    /// accepts.
    ///
    /// # Errors
    /// When it is another object, when `read` fails, and when it has an attribute that `read` did not read.
    pub fn object<T>(
        &self,
        (node, path): (NodeId, &str),
        expected: &'static str,
        is: impl FnOnce(&Instance<'g>) -> bool,
        read: impl FnOnce(&Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let instance = self.instance_at(node, path)?.filter(is);
        let instance = instance.ok_or_else(|| self.unexpected_at(node, path, expected))?;
        if instance.has_foreign_state() {
            let what = "its state is not a dict of attributes".to_owned();
            return Err(ReadError::new(path.to_owned(), ReadErrorKind::Damaged(what)));
        }
        let header = Header { class: instance.name.to_owned(), version: self.version(), ..Header::default() };
        let fields = Self::of(self.reading, instance, path.to_owned(), header);
        fields.training_only(EVERYWHERE);
        fields.training_only(&["_sklearn_version"]);
        let done = read(&fields)?;
        let from_here = path.strip_prefix(&*self.path).unwrap_or(path).trim_start_matches('.');
        let extra = fields.finish()?.extra;
        self.extra.borrow_mut().extend(extra.into_iter().map(|name| format!("{from_here}.{name}")));
        Ok(done)
    }

    /// As [`Fields::object`], of an attribute.
    ///
    /// # Errors
    /// As [`Fields::object`], and when there is no such attribute.
    pub fn object_in<T>(
        &self,
        name: &str,
        expected: &'static str,
        is: impl FnOnce(&Instance<'g>) -> bool,
        read: impl FnOnce(&Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.object((self.required(name)?, &self.path_of(name)), expected, is, read)
    }

    /// The object at a node, for helpers that are not estimators; `None` if it is not an object of a class.
    ///
    /// # Errors
    /// When the same large state has been read too often.
    pub fn instance_at(&self, node: NodeId, path: &str) -> Result<Option<Instance<'g>>, ReadError> {
        let instance = Instance::read(self.graph(), node);
        let entries = instance.as_ref().map_or(0, Instance::entries);
        self.spend(path, entries.saturating_mul(size_of::<(&str, NodeId)>()))?;
        Ok(instance)
    }

    /// The items of a list, a tuple, or an object array in C order.
    ///
    /// # Errors
    /// When there is no such attribute, or it is something else.
    pub fn list(&self, name: &str) -> Result<Vec<NodeId>, ReadError> {
        self.list_at(self.required(name)?, &self.path_of(name))
    }

    /// The items of the list, tuple or object array at a node.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list_at(&self, node: NodeId, path: &str) -> Result<Vec<NodeId>, ReadError> {
        if let Some(items) = self.graph().items(node) {
            self.spend(path, items.len().saturating_mul(size_of::<Scalar>()))?;
            return Ok(items.to_vec());
        }
        let array = self.array_at(node, path)?;
        array.objects().map(<[NodeId]>::to_vec).ok_or_else(|| self.unexpected_at(node, path, "a list"))
    }

    /// An inner estimator.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn model(&self, name: &str) -> Result<Arc<Model>, ReadError> {
        self.model_at(self.required(name)?, self.path_of(name))
    }

    /// The estimator at a node, for estimators within lists and dicts.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn model_at(&self, node: NodeId, path: String) -> Result<Arc<Model>, ReadError> {
        self.reading.model(node, path)
    }

    /// A list, tuple or object array of inner estimators.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn models(&self, name: &str) -> Result<Vec<Arc<Model>>, ReadError> {
        let path = self.path_of(name);
        let each = self.list(name)?.into_iter().enumerate();
        each.map(|(index, node)| self.model_at(node, format!("{path}[{index}]"))).collect()
    }

    /// The registered code for the function or object at a node; `None` if none is registered.
    ///
    /// # Errors
    /// When the code cannot be used there.
    pub fn custom(&self, node: NodeId, path: &str, arguments: Option<NodeId>) -> Result<Option<Bound>, ReadError> {
        self.reading.custom(node, path, arguments)
    }

    /// The registered code for an attribute that is a function or an object of a class.
    ///
    /// # Errors
    /// When the code cannot be used there, and when none is registered.
    pub fn custom_code(&self, name: &str, node: NodeId, arguments: Option<NodeId>) -> Result<Bound, ReadError> {
        let path = self.path_of(name);
        match (self.custom(node, &path, arguments)?, custom::name_of(self.graph(), node)) {
            (Some(code), _) => Ok(code),
            (None, Some((name, _))) => Err(ReadError::new(path, ReadErrorKind::CustomCode { name })),
            (None, None) => {
                let found = skiff_files::describe(self.graph(), node);
                Err(self.unsupported(name, format!("code: {found}")))
            }
        }
    }

    /// The error for an attribute with a valid value that skiff does not support.
    pub fn unsupported(&self, name: &str, what: impl Into<String>) -> ReadError {
        self.error_at(name, ReadErrorKind::Unsupported(what.into()))
    }

    /// The error for an inconsistent attribute.
    pub fn damaged(&self, name: &str, what: impl Into<String>) -> ReadError {
        self.error_at(name, ReadErrorKind::Damaged(what.into()))
    }

    /// The error for an attribute of another type than `expected`.
    pub fn unexpected(&self, name: &str, expected: &'static str) -> ReadError {
        match self.instance.attribute(name) {
            Some(node) => self.unexpected_at(node, &self.path_of(name), expected),
            None => self.error_at(name, ReadErrorKind::Missing),
        }
    }

    /// As [`Fields::unexpected`], for a value within a list or dict.
    pub fn unexpected_at(&self, node: NodeId, path: &str, expected: &'static str) -> ReadError {
        let found = skiff_files::describe(self.graph(), node);
        ReadError::new(path.to_owned(), ReadErrorKind::Unexpected { expected, found })
    }

    /// Charges `bytes` to the memory budget of the model, which depends on the file's size. [`Fields`] charges what it returns; readers charge what
    /// they allocate because of single numbers (a range, a count) and of what they read without [`Fields`].
    ///
    /// # Errors
    /// When the model would be far larger than its file.
    pub fn spend(&self, path: &str, bytes: usize) -> Result<(), ReadError> {
        self.reading.spend(bytes).map_err(|kind| ReadError::new(path.to_owned(), kind))
    }

    /// An error unless `found` is `expected`.
    ///
    /// # Errors
    /// When it is not.
    pub fn expect_len(&self, name: &str, found: usize, expected: usize) -> Result<(), ReadError> {
        if found == expected {
            return Ok(());
        }
        Err(self.error_at(name, ReadErrorKind::Length { expected, found }))
    }

    /// An error unless the attribute's width is `n_features_in_`, if the estimator has one.
    ///
    /// # Errors
    /// When they differ.
    pub fn expect_n_features(&self, name: &str, width: usize) -> Result<(), ReadError> {
        self.header.n_features_in.map_or(Ok(()), |expected| self.expect_len(name, width, expected))
    }

    /// Whether an attribute of an object within the estimator is one that scikit-learn never sets, and is kept.
    fn is_extra(&self, instance: &Instance<'_>, name: &str, value: NodeId) -> bool {
        // Helpers do not say their version; their header has that of the estimator.
        let version = version_of(self.graph(), &self.instance)
            .or_else(|| skiff_sklearn::Version::parse(&self.version()?.to_string()));
        is_extra(self.graph(), instance, version, name, value)
    }

    /// An error for an attribute of an object within, at `path`, that is not `known` and may be scikit-learn's.
    ///
    /// # Errors
    /// When there is one.
    pub(crate) fn refuse_unknown(
        &self,
        instance: &Instance<'_>,
        path: &str,
        known: impl Fn(&str) -> bool,
    ) -> Result<(), ReadError> {
        let mut others = instance.attributes().filter(|(name, _)| !known(name));
        match others.find(|(name, value)| !self.is_extra(instance, name, *value)) {
            None => Ok(()),
            Some((name, _)) => {
                let class = instance.class_path();
                Err(ReadError::new(format!("{path}.{name}"), ReadErrorKind::UnknownAttribute { class }))
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When there are attributes that were not read, and that may be scikit-learn's.
    pub(crate) fn finish(self) -> Result<Header, ReadError> {
        let seen = self.seen.borrow();
        let mut header = self.header.clone();
        header.extra.append(&mut self.extra.borrow_mut());
        for (name, value) in self.instance.attributes().filter(|(name, _)| !seen.contains(name)) {
            if !self.is_extra(&self.instance, name, value) {
                let class = self.instance.class_path();
                return Err(self.error_at(name, ReadErrorKind::UnknownAttribute { class }));
            }
            header.extra.push(name.to_owned());
        }
        Ok(header)
    }

    fn read_header(&self) -> Result<Header, ReadError> {
        let version = match self.string_or_none("_sklearn_version")? {
            Some(text) => Some(Version::parse(&text).ok_or_else(|| self.unexpected("_sklearn_version", "a version"))?),
            // Classes of scikit-learn-intelex record none, and are taken to be of the newest.
            None if self.is_patched() => Some(Version::of_patched()),
            None => None,
        };
        let n_features_in = match self.int_or_none("n_features_in_")? {
            Some(count) => Some(usize::try_from(count).map_err(|_| self.unexpected("n_features_in_", "a count"))?),
            None => None,
        };
        let feature_names_in = match self.optional("feature_names_in_") {
            Some(_) => {
                let names = self.array("feature_names_in_")?.to_strings(self.graph());
                Some(Arc::from(names.ok_or_else(|| self.unexpected("feature_names_in_", "an array of strings"))?))
            }
            None => None,
        };
        let set_output = match self.optional("_sklearn_output_config") {
            Some(node) => self.dict_entry(node, "transform")?.filter(|container| container != "default"),
            // sklearn-pandas has a parameter for it.
            None if self.instance.name == "DataFrameMapper" && self.bool_or("df_out", false)? => {
                Some("pandas".to_owned())
            }
            None => None,
        };
        let class = self.instance.name.to_owned();
        Ok(Header { class, n_features_in, feature_names_in, version, set_output, extra: Vec::new() })
    }

    /// The string under `key` of the dict at `node`.
    fn dict_entry(&self, node: NodeId, key: &str) -> Result<Option<String>, ReadError> {
        let Node::Dict(pairs) = self.graph().node(node) else {
            return Err(self.unexpected_at(node, &self.path, "a dict"));
        };
        let value = pairs.iter().rev().find(|(name, _)| self.graph().str_of(*name) == Some(key));
        Ok(value.and_then(|(_, value)| self.graph().str_of(*value)).map(str::to_owned))
    }

    fn error_at(&self, name: &str, kind: ReadErrorKind) -> ReadError {
        ReadError::new(self.path_of(name), kind)
    }

    fn error(&self, kind: ReadErrorKind) -> ReadError {
        ReadError::new(self.path.clone(), kind)
    }
}
