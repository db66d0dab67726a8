//! The methods of neighbors models, which default to the training rows.

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skiff::Method;

use super::Model;
use crate::{attribute, error};

impl Model {
    /// `kneighbors`.
    pub(super) fn nearest<'py>(
        &self,
        py: Python<'py>,
        x: Option<&Bound<'py, PyAny>>,
        n_neighbors: Option<Bound<'py, PyAny>>,
        return_distance: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        if x.is_none() {
            let (both, _) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            return if return_distance { Ok(both) } else { both.get_item(1) };
        }
        let return_distance = Some(return_distance.into_bound_py_any(py)?);
        let arguments = [("n_neighbors", n_neighbors), ("return_distance", return_distance)];
        self.neighbors(py, Method::Kneighbors, x, &arguments)
    }

    /// `kneighbors_graph`.
    pub(super) fn nearest_graph<'py>(
        &self,
        py: Python<'py>,
        x: Option<&Bound<'py, PyAny>>,
        n_neighbors: Option<Bound<'py, PyAny>>,
        mode: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        if x.is_none() {
            let (both, rows) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            let graph = py.import(intern!(py, "skiff._neighbors"))?.getattr("graph")?;
            return graph.call1((both.get_item(0)?, both.get_item(1)?, rows, mode));
        }
        let mode = Some(mode.into_bound_py_any(py)?);
        self.neighbors(py, Method::KneighborsGraph, x, &[("n_neighbors", n_neighbors), ("mode", mode)])
    }

    /// Like [`Model::call`], with arguments where `None` means the estimator's own.
    pub(super) fn neighbors<'py>(
        &self,
        py: Python<'py>,
        method: Method,
        x: Option<&Bound<'py, PyAny>>,
        arguments: &[(&str, Option<Bound<'py, PyAny>>)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(x) = x else {
            return Err(error::not_supported(
                py,
                "the neighbors within a radius among the training rows: X is required",
            ));
        };
        let params = PyDict::new(py);
        for (name, value) in arguments {
            if let Some(value) = value {
                params.set_item(name, value)?;
            }
        }
        self.call(method, x, Some(&params))
    }

    /// The distances and indices of the neighbors of the training rows, each without the row itself.
    fn neighbors_of_fit<'py>(
        &self,
        py: Python<'py>,
        n_neighbors: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, usize)> {
        let read = |name| {
            attribute::read(py, &self.file, &self.opened, self.model.typed(), name).map_err(|hidden| hidden.raise(py))
        };
        let rows = read("_fit_X")?;
        let count: usize = rows.getattr(intern!(py, "shape"))?.get_item(0)?.extract()?;
        let helper = py.import(intern!(py, "skiff._neighbors"))?;
        let wanted = helper.getattr("count")?.call1((read("n_neighbors")?, n_neighbors, count))?;
        let params = PyDict::new(py);
        params.set_item("n_neighbors", wanted)?;
        let both = self.call(Method::Kneighbors, &rows, Some(&params))?;
        Ok((helper.getattr("among_themselves")?.call1((both.get_item(0)?, both.get_item(1)?))?, count))
    }
}
