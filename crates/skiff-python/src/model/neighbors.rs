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
        let Some(x) = x else {
            let (both, _) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            return if return_distance { Ok(both) } else { both.get_item(1) };
        };
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
        let Some(x) = x else {
            let (both, rows) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            let graph = py.import(intern!(py, "skiff._neighbors"))?.getattr("graph")?;
            return graph.call1((both.get_item(0)?, both.get_item(1)?, rows, mode));
        };
        let mode = Some(mode.into_bound_py_any(py)?);
        self.neighbors(py, Method::KneighborsGraph, x, &[("n_neighbors", n_neighbors), ("mode", mode)])
    }

    /// `radius_neighbors`.
    pub(super) fn within_radius<'py>(
        &self,
        py: Python<'py>,
        x: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        return_distance: bool,
        sort_results: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(x) = x else {
            if sort_results && !return_distance {
                return Err(error::wrong_input(py, "return_distance must be True if sort_results is True"));
            }
            let (both, _) = self.neighbors_of_fit_within(py, radius, sort_results)?;
            return if return_distance { Ok(both) } else { both.get_item(1) };
        };
        let (return_distance, sort_results) =
            (return_distance.into_bound_py_any(py)?, sort_results.into_bound_py_any(py)?);
        let arguments =
            [("radius", radius), ("return_distance", Some(return_distance)), ("sort_results", Some(sort_results))];
        self.neighbors(py, Method::RadiusNeighbors, x, &arguments)
    }

    /// `radius_neighbors_graph`.
    pub(super) fn graph_within_radius<'py>(
        &self,
        py: Python<'py>,
        x: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        mode: String,
        sort_results: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(x) = x else {
            // Without distances there is nothing to sort by.
            let (both, rows) = self.neighbors_of_fit_within(py, radius, sort_results && mode == "distance")?;
            let graph = py.import(intern!(py, "skiff._neighbors"))?.getattr("graph_of_lists")?;
            return graph.call1((both.get_item(0)?, both.get_item(1)?, rows, mode));
        };
        let (mode, sort_results) = (mode.into_bound_py_any(py)?, sort_results.into_bound_py_any(py)?);
        let arguments = [("radius", radius), ("mode", Some(mode)), ("sort_results", Some(sort_results))];
        self.neighbors(py, Method::RadiusNeighborsGraph, x, &arguments)
    }

    /// Like [`Model::call`], with arguments where `None` means the estimator's own.
    fn neighbors<'py>(
        &self,
        py: Python<'py>,
        method: Method,
        x: &Bound<'py, PyAny>,
        arguments: &[(&str, Option<Bound<'py, PyAny>>)],
    ) -> PyResult<Bound<'py, PyAny>> {
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
        let (rows, count) = self.rows_of_fit(py)?;
        let own = self.in_file(py, "n_neighbors")?;
        let helper = py.import(intern!(py, "skiff._neighbors"))?;
        let wanted = helper.getattr("count")?.call1((own, n_neighbors, count))?;
        let params = PyDict::new(py);
        params.set_item("n_neighbors", wanted)?;
        let both = self.call(Method::Kneighbors, &rows, Some(&params))?;
        Ok((helper.getattr("among_themselves")?.call1((both.get_item(0)?, both.get_item(1)?))?, count))
    }

    /// The same of the neighbours within a radius.
    fn neighbors_of_fit_within<'py>(
        &self,
        py: Python<'py>,
        radius: Option<Bound<'py, PyAny>>,
        sort_results: bool,
    ) -> PyResult<(Bound<'py, PyAny>, usize)> {
        let (rows, count) = self.rows_of_fit(py)?;
        let both = self.within_radius(py, Some(&rows), radius, true, sort_results)?;
        let others = py.import(intern!(py, "skiff._neighbors"))?.getattr("without_themselves")?;
        Ok((others.call1((both.get_item(0)?, both.get_item(1)?))?, count))
    }

    /// `_fit_X`, and how many rows it has.
    fn rows_of_fit<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, usize)> {
        let rows = self.in_file(py, "_fit_X")?;
        let count = rows.getattr(intern!(py, "shape"))?.get_item(0)?.extract()?;
        Ok((rows, count))
    }

    /// An attribute of the estimator.
    fn in_file<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        attribute::read(py, &self.file, &self.opened, self.model.typed(), name).map_err(|hidden| hidden.raise(py))
    }
}
