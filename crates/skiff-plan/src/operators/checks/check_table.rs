//! The validation of a table whose columns go different ways.

use std::collections::HashSet;

use crate::operator::Operator;
use crate::value::{Columns, Value};
use crate::{InputError, InputErrorKind};

/// `ColumnTransformer.transform`'s own checks: nothing is converted, only the number or the names of the columns are checked.
#[derive(Debug)]
pub struct CheckTable {
    /// The estimator's class.
    pub estimator: String,
    /// How many columns there must be, unless the names say which ones.
    pub n_features: Option<usize>,
    /// Whether no name may occur twice (since 1.9).
    pub unique: bool,
    /// Whether there may be more (before 0.24).
    pub more: bool,
    /// The requirement on the names, if the table has some.
    pub names: TableNames,
}

/// A requirement on the names of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableNames {
    /// Nothing.
    Any,
    /// These must be among them; others may be, in any order and number (since 1.0).
    Among(Vec<String>),
    /// They must be these, in this order (0.24).
    Equal(Vec<String>),
    /// The first of them must be these (0.20 to 0.23, with a remainder).
    First(Vec<String>),
}

impl CheckTable {
    fn check(&self, input: &Value<'_>) -> Result<(), InputError> {
        let names = match input {
            Value::Columns(Columns { names, .. }) => names.as_deref(),
            Value::Floats(..) | Value::Ints(..) | Value::Sparse(_) => None,
            other => return Err(InputError::wrong_kind("a table with columns", other)),
        };
        if self.unique
            && let Some(names) = names
            && let Some(twice) = twice(names)
        {
            return Err(InputError::refused(format!("expected unique names of columns, found `{twice}` twice")));
        }
        if let (Some(names), TableNames::Among(needed)) = (names, &self.names) {
            let missing: Vec<_> = needed.iter().filter(|name| !names.contains(name)).cloned().collect();
            return match missing.is_empty() {
                true => Ok(()),
                false => Err(InputError::refused(format!("columns are missing: {}", missing.join(", ")))),
            };
        }
        let found = input.cols();
        match self.n_features {
            Some(expected) if found < expected || (found > expected && !self.more) => {
                return Err(InputError::new(InputErrorKind::FeatureCount { expected, found }));
            }
            _ => {}
        }
        let agree = match (&self.names, names) {
            (TableNames::Equal(expected), Some(names)) => names == expected.as_slice(),
            (TableNames::First(expected), Some(names)) => names.starts_with(expected),
            _ => true,
        };
        match agree {
            true => Ok(()),
            false => Err(InputError::refused(
                "given feature/column names do not match the ones for the data given during fit",
            )),
        }
    }
}

/// A name that occurs twice.
fn twice(names: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    names.iter().find(|name| !seen.insert(*name))
}

impl Operator for CheckTable {
    const NAME: &'static str = "check_table";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        self.check(inputs[0]).map_err(|error| error.by(&self.estimator))?;
        Ok(inputs[0].clone())
    }

    fn describe(&self) -> String {
        let features = self.n_features.map_or(String::new(), |n| format!(" {n} features"));
        format!("for {}:{features}", self.estimator)
    }
}
