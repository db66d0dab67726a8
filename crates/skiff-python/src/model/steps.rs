//! A pipeline as a sequence of steps, and slices of it.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySlice, PyString};

use super::Model;
use crate::attribute::{self, Hidden};

impl Model {
    /// A step by name or index, or a slice as a pipeline.
    pub(super) fn step<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(members) = self.members(py)? {
            return members.get_item(key);
        }
        if let Some(named) = self.named_members(key) {
            return named.map_err(|hidden| hidden.raise(py))?.get_item(key);
        }
        let steps = self.pipeline_steps(py, "is not subscriptable")?;
        if let Ok(slice) = key.cast::<PySlice>() {
            let within = slice.indices(index(steps.len()))?;
            if within.step != 1 {
                return Err(PyValueError::new_err("Pipeline slicing only supports a step of 1"));
            }
            let first = self.slice.map_or(0, |(first, _)| first);
            let place = |at: isize| first + usize::try_from(at).unwrap_or(0);
            let (start, end) = (place(within.start), place(within.stop.max(within.start)));
            let Some(part) = self.model.typed().pipeline_part(start..end) else {
                return Err(PyValueError::new_err("a pipeline without steps"));
            };
            let part = Self {
                model: Arc::new(self.file.part(part)),
                file: Arc::clone(&self.file),
                opened: Arc::clone(&self.opened),
                slice: Some((start, end)),
                content: OnceLock::new(),
            };
            return Ok(Bound::new(py, part)?.into_any());
        }
        let found = match key.cast::<PyString>() {
            Ok(name) => {
                let named = named(steps.as_any()).map_err(|hidden| hidden.raise(py))?;
                return named.get_item(name);
            }
            Err(_) => steps.as_any().get_item(key)?,
        };
        found.get_item(1)
    }

    /// `steps` of a pipeline, of which a slice has some.
    pub(super) fn steps<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Hidden> {
        let all = attribute::read(py, &self.file, &self.opened, self.model.typed(), "steps")?;
        match self.slice {
            Some((start, end)) => Ok(all.get_item(PySlice::new(py, index(start), index(end), 1))?),
            None => Ok(all),
        }
    }

    /// `estimators_` of the ensembles that are sequences in scikit-learn.
    pub(super) fn members<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if !ENSEMBLES.iter().any(|name| self.class().starts_with(name)) {
            return Ok(None);
        }
        let read = attribute::read(py, &self.file, &self.opened, self.model.typed(), "estimators_");
        read.map(Some).map_err(|hidden| hidden.raise(py))
    }

    /// The transformers of a `ColumnTransformer` or `FeatureUnion`, by name.
    fn named_members<'py>(&self, key: &Bound<'py, PyAny>) -> Option<Result<Bound<'py, PyAny>, Hidden>> {
        let name = match self.class() {
            "ColumnTransformer" => "transformers_",
            "FeatureUnion" => "transformer_list",
            _ => return None,
        };
        let all = attribute::read(key.py(), &self.file, &self.opened, self.model.typed(), name);
        Some(all.and_then(|all| named(&all)))
    }

    /// The entries of `steps`, with the error of Python's containers if there are none.
    pub(super) fn pipeline_steps<'py>(&self, py: Python<'py>, what: &str) -> PyResult<Bound<'py, PyList>> {
        if self.class() != "Pipeline" {
            return Err(PyTypeError::new_err(format!("'{}' object {what}", self.class())));
        }
        Ok(self.steps(py).map_err(|hidden| hidden.raise(py))?.cast_into()?)
    }
}

/// The prefixes of the names of scikit-learn's subclasses of `BaseEnsemble`.
const ENSEMBLES: [&str; 7] =
    ["AdaBoost", "Bagging", "ExtraTreesC", "ExtraTreesR", "GradientBoosting", "IsolationForest", "Random"];

/// An index into a list, negative from the end.
fn index(place: usize) -> isize {
    isize::try_from(place).unwrap_or(isize::MAX)
}

/// `[(name, estimator, …), …]` by name.
pub(super) fn named<'py>(pairs: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, Hidden> {
    let dict = PyDict::new(pairs.py());
    for pair in pairs.try_iter()? {
        let pair = pair?;
        dict.set_item(pair.get_item(0)?, pair.get_item(1)?)?;
    }
    crate::value::bunch(pairs.py(), &dict)
}
