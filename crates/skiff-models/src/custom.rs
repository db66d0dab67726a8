//! User code: functions and classes that a model names and that are not in the file.
//!
//! It is never searched, imported or guessed. The caller registers code under the name in the file;
//! without it, reading the model is an error with the name and path.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::{Graph, NodeId};

use skiff_plan::custom::{CustomCall, CustomError, CustomStep, Job};
use skiff_plan::value::Value;

/// User code, by the full name in the file: `mypkg.clean`, `__main__.Cleaner`.
///
/// ```
/// use skiff_models::custom::Custom;
/// use skiff_plan::custom::CustomError;
/// use skiff_plan::value::{Matrix, Precision, Value};
///
/// let custom = Custom::new().function("mypkg.twice", |input| match input {
///     Value::Floats(x, precision) => Ok(Value::Floats(x.map(|x| 2.0 * x), *precision)),
///     other => Err(CustomError::new(format!("expected numbers, found {}", other.kind()))),
/// });
/// assert!(custom.get("mypkg.twice").is_some());
/// ```
#[derive(Clone, Default)]
pub struct Custom {
    by_name: BTreeMap<String, Arc<dyn CustomCode>>,
}

/// The registered code for a function or a class.
pub trait CustomCode: Send + Sync {
    /// The code for one location in a model. Called once for each location, while the model is read.
    ///
    /// # Errors
    /// When it cannot be used there; the model is then not opened.
    fn at(&self, place: &CodeLocation<'_>) -> Result<Arc<dyn CustomStep>, CustomError>;
}

/// A location in a model that names user code.
#[derive(Clone, Copy, Debug)]
pub struct CodeLocation<'g> {
    /// The full name of the function or class: `mypkg.clean`.
    pub name: &'g str,
    /// The path in the model: `steps[0].func`.
    pub path: &'g str,
    /// The object graph of the file.
    pub graph: &'g Graph,
    /// The instance of the class, whose attributes [`Instance::read`] gives; `None` for a function, or for a class that
    /// is used as one.
    pub object: Option<NodeId>,
    /// The dict of keyword arguments that belong to a function here: `kw_args` of a `FunctionTransformer`.
    pub arguments: Option<NodeId>,
}

impl Custom {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with `code` for `name`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, code: Arc<dyn CustomCode>) -> Self {
        self.by_name.insert(name.into(), code);
        self
    }

    /// The same, with a function of whole tables for `name`: the `func` of a `FunctionTransformer`.
    #[must_use]
    pub fn function<F>(self, name: impl Into<String>, function: F) -> Self
    where
        F: Fn(&Value<'_>) -> Result<Value<'static>, CustomError> + Send + Sync + 'static,
    {
        self.with(name, Arc::new(Function(Arc::new(function))))
    }

    /// The code for `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn CustomCode>> {
        self.by_name.get(name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// A Rust closure.
struct Function<F>(Arc<F>);

impl<F> CustomCode for Function<F>
where
    F: Fn(&Value<'_>) -> Result<Value<'static>, CustomError> + Send + Sync + 'static,
{
    fn at(&self, _place: &CodeLocation<'_>) -> Result<Arc<dyn CustomStep>, CustomError> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

impl<F> CustomStep for Function<F>
where
    F: Fn(&Value<'_>) -> Result<Value<'static>, CustomError> + Send + Sync,
{
    fn has(&self, job: Job) -> bool {
        !matches!(job, Job::Method(_))
    }

    fn call(&self, _call: &CustomCall<'_>, input: &Value<'_>) -> Result<Value<'static>, CustomError> {
        (self.0)(input)
    }
}

/// The name of the function or class at `node`, and the object if it is an instance of the class.
pub(crate) fn name_of(graph: &Graph, node: NodeId) -> Option<(String, Option<NodeId>)> {
    if let Some((module, name)) = graph.global(node) {
        return Some((format!("{module}.{name}"), None));
    }
    if let Some(name) = method_name(graph, node) {
        return Some((name, None));
    }
    Instance::read(graph, node).map(|instance| (instance.class_path(), Some(node)))
}

/// A method of a class, which pickles as `getattr(class, name)`: `builtins.str.split`.
fn method_name(graph: &Graph, node: NodeId) -> Option<String> {
    let object = graph.object(node)?;
    let Some(("builtins" | "__builtin__", "getattr")) = graph.global(object.callable) else { return None };
    let &[class, method] = graph.items(object.arguments)? else { return None };
    let ((module, class), method) = (graph.global(class)?, graph.str_of(method)?);
    Some(format!("{module}.{class}.{method}"))
}
