//! The door for code of the user's: functions and classes that a model names and that no file holds.
//!
//! Nothing of it is ever looked for, imported or guessed. Whoever opens a model hands in, by the name that the file has
//! for it, what shall stand there; without that the model is refused, by name and place.

mod error;
mod estimator;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use skiff_files::{Instance, Scalar};
use skiff_pickle::{Graph, NodeId};

pub use error::CustomError;

pub(crate) use estimator::CustomEstimator;

use crate::plan::Method;
use crate::text::Terms;
use crate::value::{TermLists, Value};

/// Code of the user's, by the full name that the file has for it: `mypkg.clean`, `__main__.Cleaner`.
///
/// ```
/// use skiff_models::custom::{Custom, CustomError};
/// use skiff_models::value::{Matrix, Precision, Value};
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

/// What stands for a function or a class.
pub trait CustomCode: Send + Sync {
    /// What stands at one place of a model. Asked once for each place, while the model is read.
    ///
    /// # Errors
    /// When it cannot stand there; the model is then not opened.
    fn at(&self, place: &Place<'_>) -> Result<Arc<dyn CustomStep>, CustomError>;
}

/// A place in a model where code of the user's stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'g> {
    /// The full name of the function or class: `mypkg.clean`.
    pub name: &'g str,
    /// Where in the model: `steps[0].func`.
    pub path: &'g str,
    /// What the file says.
    pub graph: &'g Graph,
    /// The instance of the class, whose attributes [`Instance::read`] gives; `None` for a function, or for a class that
    /// is used as one.
    pub object: Option<NodeId>,
    /// The dict of keyword arguments that belong to a function here: `kw_args` of a `FunctionTransformer`.
    pub arguments: Option<NodeId>,
}

/// Code of the user's at one place of a model.
pub trait CustomStep: Send + Sync {
    /// Whether it can be asked for this.
    fn has(&self, job: Job) -> bool;

    /// Does it to the whole table at once: the rows of one call are never cut into blocks here, since nobody knows
    /// whether this code treats each row by itself.
    ///
    /// # Errors
    /// Whatever went wrong in it.
    fn call(&self, call: &CustomCall<'_>, input: &Value<'_>) -> Result<Value<'static>, CustomError>;

    /// `get_feature_names_out(input)`; `None` where it has no such method.
    ///
    /// # Errors
    /// Whatever went wrong in it.
    fn feature_names_out(&self, input: &[String]) -> Result<Option<Vec<String>>, CustomError> {
        let _ = input;
        Ok(None)
    }
}

/// What code of the user's is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Be called, with the whole table, and answer another of as many rows.
    Function,
    /// Be asked as an estimator is.
    Method(Method),
    /// Make a text of each text: `preprocessor`. The answer is a [`Value::Texts`].
    Preprocess,
    /// Make a list of words, or of terms, of each text: `tokenizer`, `analyzer`. The answer is a
    /// [`Value::TermLists`]: see [`TermLists::from_lists`].
    Split,
}

/// One call of a [`CustomStep`].
#[derive(Clone, Copy, Debug)]
pub struct CustomCall<'c> {
    /// What to do.
    pub job: Job,
    /// Keyword arguments of the method.
    pub params: &'c [(String, Scalar)],
    /// [`crate::EvaluateOptions::origin`]: what the caller made the table of.
    pub origin: Option<&'c (dyn Any + Send + Sync)>,
    /// Whether the input is the caller's table as it came, so that `origin` may be taken in its stead.
    pub is_origin: bool,
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

/// A function of Rust's.
struct Function<F>(Arc<F>);

impl<F> CustomCode for Function<F>
where
    F: Fn(&Value<'_>) -> Result<Value<'static>, CustomError> + Send + Sync + 'static,
{
    fn at(&self, _place: &Place<'_>) -> Result<Arc<dyn CustomStep>, CustomError> {
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

/// Code of the user's that was found for a place of a model.
#[derive(Clone)]
pub struct Bound {
    /// The full name of the function or class.
    pub name: Arc<str>,
    /// Where in the model.
    pub path: Arc<str>,
    /// What stands there.
    pub step: Arc<dyn CustomStep>,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.path)
    }
}

/// The name of the function or class at `node`, and the object where it is an instance of the class.
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

impl TermLists {
    /// A list of words for each row.
    ///
    /// # Errors
    /// When there are 2³² different words or more.
    pub fn from_lists<S: AsRef<str>>(lists: impl IntoIterator<Item = Vec<S>>) -> Result<Self, CustomError> {
        let mut numbers_of = std::collections::HashMap::<String, u32>::new();
        let (mut all, mut bounds, mut numbers) = (Vec::new(), vec![0], Vec::new());
        for list in lists {
            for word in &list {
                let word = word.as_ref();
                let number = match numbers_of.get(word) {
                    Some(&number) => number,
                    None => {
                        let number = u32::try_from(all.len()).map_err(|_| CustomError::new("too many words"))?;
                        all.push(word.to_owned());
                        numbers_of.insert(word.to_owned(), number);
                        number
                    }
                };
                numbers.push(number);
            }
            bounds.push(numbers.len());
        }
        let terms = Terms::new(all.iter().map(String::as_str)).map_err(|_| CustomError::new("too many words"))?;
        Ok(Self { bounds, numbers, terms: Arc::new(terms) })
    }
}
