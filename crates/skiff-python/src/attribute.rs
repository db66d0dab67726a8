//! Attributes of fitted estimators, read from the object graph on access: `coef_`, `steps`, `C`.

use std::sync::Arc;

use numpy::PyUntypedArray;
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::File;
use skiff_files::{Graph, Instance, NodeId};
use skiff_models::Computed;
use skiff_plan::value::Precision;

use crate::model::Opened;
use crate::output;
use crate::value::Reader;

/// Why an attribute is not available.
#[derive(Debug)]
pub enum Hidden {
    /// It is not in the file.
    Absent,
    /// It is, but cannot be converted.
    Opaque(String),
    /// Python raised an error.
    Python(PyErr),
}

impl Hidden {
    /// As an exception.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Absent => crate::error::wrong_input(py, "no such attribute"),
            Self::Opaque(found) => crate::error::not_supported(py, &format!("{found} cannot be converted to Python")),
            Self::Python(error) => error,
        }
    }
}

impl From<PyErr> for Hidden {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// The attribute `name` of the estimator, as a Python value: from the file, or computed as in scikit-learn.
pub fn read<'py>(
    py: Python<'py>,
    file: &Arc<File>,
    opened: &Arc<Opened>,
    typed: &skiff_models::Model,
    name: &str,
) -> Result<Bound<'py, PyAny>, Hidden> {
    let graph = &file.contents().graph;
    let mut reader = Reader::new(file, opened, Some(typed));
    let value = match node(graph, typed.node(), name) {
        Some(node) => reader.value(py, node)?,
        None => match py.detach(|| typed.computed(graph, name)).ok_or(Hidden::Absent)? {
            Computed::Array(answer) => output::answer(py, answer)?,
            Computed::Count(count) => count.into_bound_py_any(py)?,
            Computed::Number(number, Precision::Double) => number.into_bound_py_any(py)?,
            Computed::Number(number, Precision::Single) => {
                py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "float32"), (number,))?
            }
            Computed::At(node) => reader.value(py, node)?,
            Computed::Taken(all) => {
                let list = PyList::empty(py);
                for one in all {
                    list.append(match one {
                        Some((array, places)) => reader.value(py, array)?.get_item(reader.value(py, places)?)?,
                        None => py.None().into_bound(py),
                    })?;
                }
                list.into_any()
            }
        },
    };
    freeze(&value)?;
    Ok(value)
}

/// Makes an array read-only: it is a copy, so writing to it would have no effect.
fn freeze(value: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = value.py();
    if value.is_instance_of::<PyUntypedArray>() {
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "write"), false)?;
        value.call_method(intern!(py, "setflags"), (), Some(&arguments))?;
    }
    Ok(())
}

/// The attribute `name` of the object at `object`.
pub fn node(graph: &Graph, object: NodeId, name: &str) -> Option<NodeId> {
    Instance::read(graph, object)?.attribute(name)
}

/// What a tree of points, whose state is a tuple, shows of it.
pub const PARTS_OF_POINTS: [(&str, usize); 2] = [("data", 0), ("sample_weight", 12)];

/// One of [`PARTS_OF_POINTS`] of the tree of points at `object`.
pub fn part_of_points(graph: &Graph, object: NodeId, name: &str) -> Option<NodeId> {
    let (_, part) = PARTS_OF_POINTS.into_iter().find(|(known, _)| *known == name)?;
    let instance = Instance::read(graph, object)?;
    let is_tree = ["KDTree", "BallTree", "BinaryTree"].iter().any(|class| instance.name.starts_with(class));
    let state = instance.state().filter(|_| is_tree && instance.module.starts_with("sklearn.neighbors."))?;
    graph.items(state)?.get(part).copied()
}

/// The value at `node` for user code, with writable arrays.
pub fn inert<'py>(
    py: Python<'py>,
    file: &Arc<File>,
    opened: &Arc<Opened>,
    node: NodeId,
) -> PyResult<Bound<'py, PyAny>> {
    Reader::new(file, opened, None).writable().value(py, node).map_err(|hidden| hidden.raise(py))
}

/// The attributes of an object, as by [`inert`].
pub fn state<'py>(
    py: Python<'py>,
    file: &Arc<File>,
    opened: &Arc<Opened>,
    instance: &Instance<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut reader = Reader::new(file, opened, None).writable();
    let state = PyDict::new(py);
    for (name, node) in instance.attributes() {
        state.set_item(name, reader.value(py, node).map_err(|hidden| hidden.raise(py))?)?;
    }
    Ok(state)
}

/// The hyperparameters of the object at `node`, by name, as in `get_params(deep=False)`.
pub fn parameters(graph: &Graph, node: NodeId) -> Vec<(&str, NodeId)> {
    let Some(instance) = Instance::read(graph, node) else { return Vec::new() };
    let class = skiff_sklearn::class(instance.module, instance.name);
    let version = instance.attribute("_sklearn_version").and_then(|version| graph.str_of(version));
    let version = version.and_then(skiff_sklearn::Version::parse);
    let is_parameter = |name: &str| match class {
        // `OneClassSVM` had a `random_state` until 0.21, and has an attribute of this name since.
        Some(class) => class
            .parameter(name)
            .is_some_and(|parameter| version.is_none_or(|version| parameter.versions.contains(version))),
        None => !name.starts_with('_') && !name.ends_with('_'),
    };
    let mut all: Vec<_> = instance.attributes().filter(|(name, _)| is_parameter(name)).collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all
}

/// The public names of the object at `node` in the file.
pub fn names(graph: &Graph, node: NodeId) -> Vec<String> {
    let instance = Instance::read(graph, node);
    let names = instance.iter().flat_map(Instance::attributes).map(|(name, _)| name);
    names.filter(|name| !name.starts_with('_')).map(str::to_owned).collect()
}
