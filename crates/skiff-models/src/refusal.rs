//! Keyword arguments of a method call, and errors of planning a call.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use skiff_files::Scalar;
use skiff_plan::Method;

use crate::header::Header;

/// Keyword arguments of a method call: `n_neighbors=3`. An argument that is not read is an error, never ignored, and so is a value
/// of the wrong type.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, Scalar>,
    /// The arguments that the method has read.
    asked: RefCell<Vec<String>>,
    /// The first argument of a wrong type, and what was expected.
    wrong: RefCell<Option<(String, &'static str)>>,
}

impl Params {
    /// Arguments by name.
    pub fn new(values: impl IntoIterator<Item = (String, Scalar)>) -> Self {
        Self { values: values.into_iter().collect(), ..Self::default() }
    }

    /// Whether the caller gave none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The argument `name`, if the caller gave it.
    pub fn get(&self, name: &str) -> Option<&Scalar> {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == name) {
            asked.push(name.to_owned());
        }
        self.values.get(name)
    }

    /// All arguments, for user code, which checks them itself.
    pub fn all(&self) -> Vec<(String, Scalar)> {
        self.asked.borrow_mut().extend(self.values.keys().cloned());
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The argument `name` as a bool, or `default`.
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

    /// The argument `name` as a number; `None` if the caller gave none, or `None`.
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

    pub(crate) fn finish(&self, header: &Header, method: Method) -> Result<(), Refusal> {
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

/// The reason why there is no plan.
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
    /// Arguments that scikit-learn refuses as well.
    Invalid(String),
    /// An argument of a wrong type.
    WrongArgument {
        name: String,
        expected: &'static str,
        found: String,
    },
}

impl Refusal {
    /// scikit-learn's estimator has no such method.
    pub fn no_method(header: &Header, method: Method) -> Self {
        Self { class: header.class.clone(), method, cause: Cause::NoMethod }
    }

    /// scikit-learn supports it; skiff does not, because of `what`.
    pub fn unsupported(header: &Header, method: Method, what: impl Into<String>) -> Self {
        Self { class: header.class.clone(), method, cause: Cause::Unsupported(what.into()) }
    }

    /// scikit-learn refuses such arguments as well, because of `what`.
    pub fn invalid(header: &Header, method: Method, what: impl Into<String>) -> Self {
        Self { class: header.class.clone(), method, cause: Cause::Invalid(what.into()) }
    }

    /// Whether scikit-learn's estimator itself has no such method.
    pub fn is_no_method(&self) -> bool {
        self.cause == Cause::NoMethod
    }

    /// Whether an argument of the caller is wrong.
    pub fn is_argument(&self) -> bool {
        matches!(self.cause, Cause::Invalid(_) | Cause::UnknownArgument { .. } | Cause::WrongArgument { .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, method, cause } = self;
        match cause {
            Cause::NoMethod => write!(f, "`{class}` has no method `{method}`"),
            Cause::Unsupported(what) => write!(f, "`{class}.{method}` is not supported with {what}"),
            Cause::Invalid(what) => write!(f, "`{class}.{method}`: {what}"),
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
