//! User code in a plan: what the caller registers for functions and classes that no file contains.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use skiff_files::Scalar;

use crate::Method;
use crate::text::Terms;
use crate::value::{TermLists, Value};

/// User code at one location of a model.
pub trait CustomStep: Send + Sync {
    /// Whether it supports this job.
    fn has(&self, job: Job) -> bool;

    /// Runs on the whole table at once: the rows of one call are never split into blocks here, since it is unknown
    /// whether this code is row-wise.
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

/// A job of user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Called with the whole table, returns another with as many rows.
    Function,
    /// Called as a method of an estimator.
    Method(Method),
    /// Converts each text to a text: `preprocessor`. The result is a [`Value::Texts`].
    Preprocess,
    /// Splits each text into words or terms: `tokenizer`, `analyzer`. The result is a
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
    /// Whether the input is the caller's unchanged table, so that `origin` may be used instead.
    pub is_origin: bool,
}

/// The user code for a location of a model.
#[derive(Clone)]
pub struct Bound {
    /// The full name of the function or class.
    pub name: Arc<str>,
    /// Where in the model.
    pub path: Arc<str>,
    /// The code.
    pub step: Arc<dyn CustomStep>,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.path)
    }
}

/// An error of the user's own code, kept as it is. Two are equal when they are one and the same.
#[derive(Clone, Debug)]
pub struct CustomError(Arc<dyn Error + Send + Sync>);

impl CustomError {
    /// An error of any kind, or a message.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The error.
    pub fn get(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CustomError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl PartialEq for CustomError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for CustomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
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
