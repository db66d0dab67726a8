//! The content of a model file, from the object graph: unsupported estimators are shown as well.

#[cfg(feature = "json")]
mod json;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};

use skiff_files::{ArrayData, Instance, NdArray, Scalar, Sparse};
use skiff_models::addresses;
use skiff_models::custom::Custom;
use skiff_models::fields::{ExtraAttribute, Version};
use skiff_pickle::{Graph, Node, NodeId};
use skiff_plan::Method;
use skiff_sklearn::Class;

use crate::conversions::Conversion;
use crate::mlflow::MlflowModel;
use crate::{File, Model, Passport, PlainLoading};

/// What is in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The format of the file, from the outside in: `zlib`, `joblib, pickle protocol 4`.
    pub format: Vec<String>,
    /// Bytes of the file.
    pub size: u64,
    /// The libraries that wrote it, as far as known: `scikit-learn 1.9.1`, `numpy 2`, `Python 2`.
    pub written_by: Vec<String>,
    /// The estimators that are not part of another one.
    pub estimators: Vec<EstimatorView>,
    /// What `MLmodel` says, if it was opened from a folder of MLflow's.
    pub mlflow: Option<MlflowModel>,
    /// The passport, if there is one.
    pub passport: Option<Passport>,
    /// The conversions that the model went through, the first one first: [`File::history`].
    pub history: Vec<Conversion>,
    /// What regular models do not have: trailing bytes, code of other packages, several pickles.
    pub unusual: Vec<String>,
    /// What a version of scikit-learn makes of the file as it is, if that was asked: [`File::plain_loading`].
    pub plain_loading: Option<PlainLoading>,
}

/// An estimator as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimatorView {
    /// Its address from the file's root.
    pub address: String,
    /// Its name in its container: `steps[0]`, `scaler`.
    pub label: String,
    /// The class's path.
    pub class: String,
    /// Hyperparameters, by name, as Python's `repr` writes them.
    pub parameters: Vec<(String, String)>,
    /// The names of those that do not have the default of the scikit-learn that wrote the estimator: what its own `repr` shows.
    /// All of them where the catalog does not know the class.
    pub changed_parameters: Vec<String>,
    /// Fitted attributes, by name, described.
    pub attributes: Vec<(String, String)>,
    /// `classes_`, if there is one list of them.
    pub classes: Option<Vec<String>>,
    /// `feature_names_in_`.
    pub feature_names_in: Option<Vec<String>>,
    /// `n_features_in_`.
    pub n_features_in: Option<u64>,
    /// Bytes of its arrays, inner estimators left out.
    pub array_bytes: u64,
    /// The methods that skiff supports, or why it supports none.
    pub methods: Result<Vec<Method>, String>,
    /// The nested estimators.
    pub inner: Vec<EstimatorView>,
    /// The members of ensembles, which are of one class: attribute, class, count.
    pub members: Vec<(String, String, usize)>,
}

/// The attributes that scikit-learn never sets, of a model and of nested objects, each as a sentence.
fn extra_attributes(model: &skiff_models::Model, graph: &Graph) -> Vec<String> {
    let found = skiff_models::fields::extra_attributes(graph, model.node(), model.path());
    let described = found.iter().map(|ExtraAttribute { class, name, path }| {
        let place = if path.is_empty() { String::new() } else { format!(" at {path}") };
        let class = class_name(class);
        format!("attribute `{name}` of {class}{place}, which scikit-learn does not set: no prediction depends on it")
    });
    described.collect()
}

/// The name of a class without its module.
pub fn class_name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// If an attribute has more inner estimators of one class, they are counted, not shown.
const MEMBERS: usize = 3;
/// How deep nested estimators are shown.
const DEPTH: usize = 16;
/// For how many of several estimators the methods are listed: each must be read completely for that.
const ASKED: usize = 64;
/// How long a text of a file is shown, in bytes.
pub(crate) const SHOWN: usize = 1_000;
/// How many bytes are visited for a file of any size, and how many times its size: objects may be shared so that
/// showing them wherever they occur would never end.
const FREE_WORK: usize = 16 << 20;
const WORK: usize = 4;

/// What is left of the work of one inspection.
pub(crate) struct Left(Cell<usize>);

impl Left {
    pub(crate) fn of(graph: &Graph) -> Self {
        Self(Cell::new(graph.size().saturating_mul(WORK).saturating_add(FREE_WORK)))
    }

    /// Spends `work`; false when less is left.
    pub(crate) fn spend(&self, work: usize) -> bool {
        let left = self.0.get().checked_sub(work);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

impl File {
    /// What is in the file.
    pub fn inspect(&self) -> Inspection {
        let contents = self.contents();
        let graph = &contents.graph;
        let left = Left::of(graph);
        let found = self.estimators();
        // This visits the whole file, so it is done once for all of them.
        let harmless = if found.is_empty() { Ok(()) } else { self.refuse_dangerous() };
        let harmless = harmless.map_err(|error| error.to_string());
        let mut extra = Vec::new();
        let mut methods = |found: &addresses::EstimatorAddress| {
            harmless.clone()?;
            let model = self.read_model(found.node, &found.address, &Custom::default());
            let model = model.map_err(|error| error.to_string())?;
            extra.extend(extra_attributes(model.typed(), graph));
            Ok(model.methods())
        };
        let view = |(index, found): (usize, addresses::EstimatorAddress)| {
            let mut view = estimator(graph, found.node, &found.address, String::new(), DEPTH, &left);
            view.methods = match index < ASKED {
                true => methods(&found),
                false => Err(format!("only the first {ASKED} estimators of a file are listed with their methods")),
            };
            view
        };
        let estimators = found.into_iter().enumerate().map(view).collect();
        let mut unusual = unusual(self);
        unusual.extend(extra);
        if left.0.get() == 0 {
            unusual.push("objects that are shared so often that not all of them are shown".to_owned());
        }
        let passport = self.passport().unwrap_or_else(|error| {
            unusual.push(format!("a passport that cannot be read: {error}"));
            None
        });
        let history = self.history().unwrap_or_else(|error| {
            unusual.push(format!("a history of its versions that cannot be read: {error}"));
            Vec::new()
        });
        Inspection {
            format: contents.format.describe(),
            size: contents.size,
            written_by: written_by(graph),
            estimators,
            mlflow: self.mlflow().cloned(),
            passport,
            history,
            unusual,
            plain_loading: None,
        }
    }

    /// The content of `model`, which was read from this file; without its methods.
    pub fn view(&self, model: &Model) -> EstimatorView {
        let (graph, typed) = (&self.contents().graph, model.typed());
        estimator(graph, typed.node(), typed.path(), String::new(), DEPTH, &Left::of(graph))
    }

    /// The content of the object at `node` of this file's graph.
    pub fn view_at(&self, node: NodeId) -> EstimatorView {
        let graph = &self.contents().graph;
        estimator(graph, node, "", String::new(), DEPTH, &Left::of(graph))
    }
}

fn estimator(graph: &Graph, node: NodeId, address: &str, label: String, depth: usize, left: &Left) -> EstimatorView {
    let mut view = EstimatorView {
        address: address.to_owned(),
        label,
        class: skiff_files::class_path(graph, node).unwrap_or_default(),
        parameters: Vec::new(),
        changed_parameters: Vec::new(),
        attributes: Vec::new(),
        classes: None,
        feature_names_in: None,
        n_features_in: None,
        array_bytes: 0,
        methods: Ok(Vec::new()),
        inner: Vec::new(),
        members: Vec::new(),
    };
    let Some(instance) = Instance::read(graph, node) else { return view };
    left.spend(instance.entries());
    let defaults = Defaults::of(graph, &instance);
    let mut shown = HashSet::new();
    for (name, value) in instance.attributes() {
        // The length of what is shown is bounded; the time to compute it depends on the attribute's items.
        let items = graph.items(value).map_or(0, <[NodeId]>::len);
        if name.len() > SHOWN || !left.spend(SHOWN.saturating_add(items)) {
            continue;
        }
        match name {
            "classes_" => view.classes = strings(graph, value, left),
            "feature_names_in_" => view.feature_names_in = strings(graph, value, left),
            "n_features_in_" => view.n_features_in = count(graph, value),
            _ if name.starts_with('_') => view.array_bytes += array_bytes(graph, value),
            _ if name.ends_with('_') => {
                view.array_bytes += array_bytes(graph, value);
                view.attributes.push((name.to_owned(), attribute(graph, value)));
            }
            _ => {
                let text = parameter(graph, value, 3);
                if !defaults.has(name, &text) {
                    view.changed_parameters.push(name.to_owned());
                }
                view.parameters.push((name.to_owned(), text));
            }
        }
        if depth > 0 && holds_inner(&instance, name) {
            let mut found = Vec::new();
            collect_inner(graph, value, name, &mut found, left);
            found.retain(|(.., inner)| shown.insert(*inner));
            let class = found.first().and_then(|(.., inner)| skiff_files::class_path(graph, *inner));
            let alike = |(.., inner): &(String, String, NodeId)| skiff_files::class_path(graph, *inner) == class;
            match class {
                Some(class) if found.len() > MEMBERS && found.iter().all(alike) => {
                    view.members.push((name.to_owned(), class, found.len()));
                }
                _ => view.inner.extend(found.into_iter().map(|(label, path, inner)| {
                    let address = if address.is_empty() { path } else { format!("{address}.{path}") };
                    estimator(graph, inner, &address, label, depth - 1, left)
                })),
            }
        }
    }
    view
}

impl EstimatorView {
    /// The hyperparameters that do not have scikit-learn's default, as its `repr` shows them.
    pub fn changed(&self) -> impl Iterator<Item = &(String, String)> {
        self.parameters.iter().filter(|(name, _)| self.changed_parameters.contains(name))
    }
}

/// The defaults of a class's hyperparameters, in the scikit-learn that wrote the object.
struct Defaults {
    class: Option<&'static Class>,
    version: skiff_sklearn::Version,
}

impl Defaults {
    fn of(graph: &Graph, instance: &Instance<'_>) -> Self {
        let stamp = instance.attribute("_sklearn_version").and_then(|node| graph.str_of(node));
        // Before 0.18 there was none.
        let (oldest, newest) = (skiff_sklearn::Version::OLDEST, skiff_sklearn::Version::NEWEST);
        let version = stamp.map_or(oldest, |stamp| skiff_sklearn::Version::parse(stamp).unwrap_or(newest));
        Self { class: skiff_sklearn::class(instance.module, instance.name), version }
    }

    fn has(&self, name: &str, text: &str) -> bool {
        let Some(class) = self.class else { return false };
        // Other attributes are not in a `repr`.
        let Some(parameter) = class.parameter(name).filter(|known| known.versions.contains(self.version)) else {
            return true;
        };
        let mut of_version = parameter.defaults.iter().filter(|(versions, _)| versions.contains(self.version));
        let float = |text: &str| text.parse::<f64>().ok().filter(|_| text.contains(['.', 'e']));
        let is_same = |default: &str| {
            let number = default.strip_prefix("np.float64(").and_then(|rest| rest.strip_suffix(')'));
            let default = number.unwrap_or(default);
            default == text || (float(default).is_some() && float(default) == float(text))
        };
        of_version.any(|(_, default)| default.is_some_and(is_same))
    }
}

/// Whether an attribute contains fitted estimators: `steps` of a pipeline, names that end in `_` elsewhere.
fn holds_inner(instance: &Instance<'_>, name: &str) -> bool {
    let fitted = name.ends_with('_') && !name.starts_with("cv_results");
    match instance.name {
        "Pipeline" => name == "steps",
        "FeatureUnion" => name == "transformer_list",
        // The unfitted template of an ensemble's members.
        _ if matches!(name, "estimator_" | "base_estimator_") => instance.attribute("estimators_").is_none(),
        _ => fitted,
    }
}

/// The estimators in an attribute: itself, or the items of its lists, tuples, arrays and dicts, up to two levels deep.
fn collect_inner(graph: &Graph, node: NodeId, name: &str, found: &mut Vec<(String, String, NodeId)>, left: &Left) {
    let mut open = vec![(name.to_owned(), name.to_owned(), node, 0)];
    while let Some((label, path, node, depth)) = open.pop() {
        if !left.spend(1 + label.len() + path.len()) {
            return;
        }
        if let Some(instance) = Instance::read(graph, node) {
            left.spend(instance.entries());
            if addresses::is_estimator(&instance) {
                found.push((label, path, node));
            }
            continue;
        }
        if depth >= 3 {
            continue;
        }
        let array = NdArray::read(graph, node).ok().flatten();
        let items = graph.items(node).or_else(|| array.as_ref().and_then(NdArray::objects));
        if let Some(items) = items {
            if !left.spend(items.len()) {
                return;
            }
            // `("scaler", StandardScaler(), …)` names what follows.
            let named = items.first().and_then(|&first| graph.str_of(first)).filter(|name| name.len() <= SHOWN);
            for (index, &item) in items.iter().enumerate().rev() {
                let path = format!("{path}[{index}]");
                let label = named.map_or_else(|| path.clone(), str::to_owned);
                open.push((label, path, item, depth + 1));
            }
        } else if let Node::Dict(pairs) = graph.node(node) {
            for (key, value) in pairs.iter().rev() {
                if let Some(key) = graph.str_of(*key).filter(|key| key.len() <= SHOWN) {
                    open.push((key.to_owned(), format!("{path}['{key}']"), *value, depth + 1));
                }
            }
        }
    }
}

/// A hyperparameter as Python would write it, shortened.
pub(crate) fn parameter(graph: &Graph, node: NodeId, depth: usize) -> String {
    if let Ok(Some(scalar)) = Scalar::read(graph, node) {
        return match scalar {
            Scalar::Str(text) => quoted(&shortened(&text)),
            Scalar::Bool(value) => if value { "True" } else { "False" }.to_owned(),
            Scalar::Float(value) if value.is_nan() => "nan".to_owned(),
            Scalar::Float(value) => format!("{value:?}"),
            other => shortened(&other.to_string()).into_owned(),
        };
    }
    let all = |items: &[NodeId]| -> String {
        let shown: Vec<_> = items.iter().take(6).map(|&item| parameter(graph, item, depth - 1)).collect();
        let rest = if items.len() > 6 { ", …" } else { "" };
        format!("{}{rest}", shown.join(", "))
    };
    match graph.node(node) {
        Node::List(items) if depth > 0 => format!("[{}]", all(items)),
        Node::Tuple(items) if depth > 0 && items.len() == 1 => format!("({},)", all(items)),
        Node::Tuple(items) if depth > 0 => format!("({})", all(items)),
        Node::Global(_) => graph
            .global(node)
            .map_or_else(String::new, |(module, name)| shortened(&format!("{module}.{name}")).into_owned()),
        _ => match Instance::read(graph, node) {
            Some(instance) => format!("{}(…)", shortened(instance.name)),
            None => shortened(&skiff_files::describe(graph, node)).into_owned(),
        },
    }
}

/// A string as Python's `repr` writes it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == '\\' || character == quote => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}

pub(crate) fn attribute(graph: &Graph, node: NodeId) -> String {
    match Sparse::read(graph, node) {
        Ok(Some(sparse)) => format!("sparse matrix {:?} with {} stored", sparse.shape, sparse.stored()),
        _ => match Scalar::read(graph, node) {
            Ok(Some(_)) => parameter(graph, node, 0),
            _ => shortened(&skiff_files::describe(graph, node)).into_owned(),
        },
    }
}

/// A string of the file, or its beginning.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return Cow::Borrowed(text);
    }
    let end = (0..=SHOWN).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

fn strings(graph: &Graph, node: NodeId, left: &Left) -> Option<Vec<String>> {
    let array = NdArray::read(graph, node).ok()??;
    let bytes = array.objects().into_iter().flatten().fold(0, |sum: usize, &object| match graph.node(object) {
        Node::Str(span) | Node::ByteStr(span) | Node::Bytes(span) => sum.saturating_add(span.len),
        _ => sum,
    });
    let cost = array.len().saturating_mul(array.dtype.itemsize().unwrap_or(0).max(size_of::<Scalar>()));
    if !left.spend(cost.saturating_add(bytes)) {
        return None;
    }
    let scalars = array.to_scalars(graph).ok()?;
    let text = |scalar: &Scalar| match scalar {
        Scalar::Str(text) => text.clone(),
        // A `str` of Python 2.
        Scalar::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    };
    Some(scalars.iter().map(text).collect())
}

fn count(graph: &Graph, node: NodeId) -> Option<u64> {
    Scalar::read(graph, node).ok()??.as_i64().and_then(|count| u64::try_from(count).ok())
}

fn array_bytes(graph: &Graph, node: NodeId) -> u64 {
    let length = |array: &NdArray| match &array.data {
        ArrayData::Raw(bytes) => bytes.len() as u64,
        ArrayData::Objects(items) => items.len() as u64 * 8,
    };
    if let Ok(Some(array)) = NdArray::read(graph, node) {
        return length(&array);
    }
    match Sparse::read(graph, node) {
        Ok(Some(sparse)) => [&sparse.data, &sparse.indices, &sparse.indptr].map(length).iter().sum(),
        _ => 0,
    }
}

/// The libraries that wrote the file, from the names in it.
pub(crate) fn written_by(graph: &Graph) -> Vec<String> {
    let mut versions = BTreeSet::new();
    let (mut numpy, mut python2, mut sklearn) = (None, false, false);
    for id in graph.ids() {
        match graph.node(id) {
            Node::Global(_) => {
                let Some((module, _)) = graph.global(id) else { continue };
                sklearn |= module.starts_with("sklearn.");
                if module.starts_with("numpy._core") {
                    numpy = Some("numpy 2");
                } else if module.starts_with("numpy.core") {
                    numpy.get_or_insert("numpy 1");
                }
            }
            Node::ByteStr(_) => python2 = true,
            Node::Dict(pairs) => {
                let version = pairs.iter().find(|(key, _)| graph.str_of(*key) == Some("_sklearn_version"));
                if let Some(version) = version.and_then(|(_, value)| graph.str_of(*value)) {
                    versions.insert(version.to_owned());
                }
            }
            _ => {}
        }
    }
    let mut by: Vec<String> = versions.into_iter().map(|version| format!("scikit-learn {version}")).collect();
    if by.is_empty() && sklearn {
        by.push("scikit-learn 0.17 or earlier".to_owned());
    }
    by.extend(numpy.map(str::to_owned));
    if python2 {
        by.push("Python 2".to_owned());
    }
    by
}

fn unusual(file: &File) -> Vec<String> {
    let contents = file.contents();
    let graph = &contents.graph;
    let mut unusual = Vec::new();
    let further = file.further_pickles();
    if further > 0 {
        unusual.push(format!("{} pickles in one file; Python's loaders read the first", further.saturating_add(1)));
    }
    let trailing = contents.trailing.compressed + contents.trailing.content;
    if trailing > 0 {
        unusual.push(format!("{trailing} bytes after the model"));
    }
    // A malicious file may have any number of these: each is listed once, up to a limit.
    let mut others = BTreeSet::new();
    let mut foreign = BTreeSet::new();
    for id in graph.ids() {
        if foreign.len() >= SHOWN || others.len() >= SHOWN {
            unusual.push("more names and codes than are listed here".to_owned());
            break;
        }
        match graph.node(id) {
            Node::Global(_) => match graph.global(id) {
                Some((module, _)) if is_known_package(module) => {}
                Some((module, name)) => {
                    foreign.insert(format!("{}.{}", shortened(module), shortened(name)));
                }
                None => {
                    others.insert("a global whose name is not a string".to_owned());
                }
            },
            Node::Extension(code) => {
                others.insert(format!("the extension code {code}"));
            }
            Node::Persistent(_) => {
                others.insert("a persistent id, which only the program that wrote the file can resolve".to_owned());
            }
            _ => {}
        }
    }
    unusual.extend(others);
    unusual
        .extend(foreign.into_iter().map(|name| format!("`{name}`, which is not part of scikit-learn, numpy or scipy")));
    let changed = graph.changed().take(SHOWN);
    unusual.extend(changed.map(|id| format!("a change to {}", shortened(&skiff_files::describe(graph, id)))));
    unusual
}

/// The newest scikit-learn that wrote an estimator of the graph, if known.
pub(crate) fn written_with(graph: &Graph) -> Option<String> {
    let mut versions = Vec::new();
    for id in graph.ids() {
        if let Node::Dict(pairs) = graph.node(id)
            && let Some((_, version)) = pairs.iter().find(|(key, _)| graph.str_of(*key) == Some("_sklearn_version"))
            && let Some(text) = graph.str_of(*version)
        {
            versions.push((Version::parse(text), text.to_owned()));
        }
    }
    versions.into_iter().max().map(|(_, text)| text)
}

/// The packages whose objects fitted estimators contain.
fn is_known_package(module: &str) -> bool {
    const KNOWN: [&str; 9] =
        ["sklearn", "numpy", "scipy", "pandas", "joblib", "copyreg", "copy_reg", "_codecs", "collections"];
    const BUILT_IN: [&str; 3] = ["builtins", "__builtin__", "_loss"];
    let package = module.split('.').next().unwrap_or(module);
    KNOWN.contains(&package) || BUILT_IN.contains(&module) || module == "functools"
}
