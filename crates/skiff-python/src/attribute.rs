//! Attributes of fitted estimators, read from the object graph when someone asks: `coef_`, `steps`, `C`.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use skiff::File;
use skiff_files::{
    ArrayData, DType, Endian, Graph, Instance, NdArray, Node, NodeId, Order, Scalar, Sparse, SparseFormat,
};

use crate::model::Model;
use crate::output;

/// How deep lists, dicts and tuples in an attribute are followed.
const DEPTH: usize = 32;
/// How much is copied for an attribute whatever the file's size, and how many times its size: lists that hold each
/// other, and arrays, may be shared so that copying them wherever they stand would never end.
const FREE_WORK: usize = 16 << 20;
const WORK: usize = 4;

/// Why an attribute is not shown.
#[derive(Debug)]
pub enum Hidden {
    /// It is not in the file.
    Absent,
    /// It is, and holds something that has no value here.
    Opaque(String),
    /// Python could not build it.
    Python(PyErr),
}

impl Hidden {
    /// As an exception.
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Absent => crate::error::wrong_input(py, "no such attribute"),
            Self::Opaque(found) => crate::error::not_supported(py, &format!("{found} is more than can be shown")),
            Self::Python(error) => error,
        }
    }
}

impl From<PyErr> for Hidden {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// The attribute `name` of the estimator, as Python's value.
pub fn read<'py>(
    py: Python<'py>,
    file: &Arc<File>,
    typed: &skiff_models::Model,
    name: &str,
) -> Result<Bound<'py, PyAny>, Hidden> {
    let graph = &file.contents().graph;
    let node =
        Instance::read(graph, typed.node()).and_then(|instance| instance.attribute(name)).ok_or(Hidden::Absent)?;
    let mut reader = Reader::new(file, Some(typed));
    let value = reader.value(py, node, DEPTH)?;
    if let Ok(flags) = value.getattr(intern!(py, "setflags")) {
        // A copy: writing into it would change nothing, so that it must not seem to.
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "write"), false)?;
        flags.call((), Some(&arguments))?;
    }
    Ok(value)
}

/// The value at `node` for code of the user's: arrays that may be written into, and objects of unknown classes as what
/// they are described to be.
pub fn inert<'py>(py: Python<'py>, file: &Arc<File>, node: NodeId) -> PyResult<Bound<'py, PyAny>> {
    Reader { is_inert: true, ..Reader::new(file, None) }.value(py, node, DEPTH).map_err(|hidden| hidden.raise(py))
}

/// The attributes of an object, as [`inert`] has them.
pub fn state<'py>(py: Python<'py>, file: &Arc<File>, instance: &Instance<'_>) -> PyResult<Bound<'py, PyDict>> {
    let mut reader = Reader { is_inert: true, ..Reader::new(file, None) };
    let state = PyDict::new(py);
    for (name, node) in instance.attributes() {
        state.set_item(name, reader.value(py, node, DEPTH).map_err(|hidden| hidden.raise(py))?)?;
    }
    Ok(state)
}

/// The names that [`read`] knows, private ones left out.
pub fn names(file: &File, typed: &skiff_models::Model) -> Vec<String> {
    let instance = Instance::read(&file.contents().graph, typed.node());
    let names = instance.iter().flat_map(Instance::attributes).map(|(name, _)| name);
    names.filter(|name| !name.starts_with('_')).map(str::to_owned).collect()
}

struct Reader<'f> {
    file: &'f Arc<File>,
    graph: &'f Graph,
    typed: Option<&'f skiff_models::Model>,
    /// Whether arrays may be written into, and what has no value here is described.
    is_inert: bool,
    /// The estimators within, by node; collected when the first is met.
    estimators: Option<HashMap<NodeId, Arc<skiff_models::Model>>>,
    /// Values and bytes that may still be copied.
    left: usize,
}

impl<'f> Reader<'f> {
    fn new(file: &'f Arc<File>, typed: Option<&'f skiff_models::Model>) -> Self {
        let graph = &file.contents().graph;
        let left = graph.size().saturating_mul(WORK).saturating_add(FREE_WORK);
        Self { file, graph, typed, is_inert: false, estimators: None, left }
    }

    fn value<'py>(&mut self, py: Python<'py>, node: NodeId, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        match self.known_value(py, node, depth) {
            Err(Hidden::Opaque(found)) if self.is_inert && depth > 0 && self.left > 0 => {
                Ok(py.import("skiff._opaque")?.getattr("Opaque")?.call1((found,))?)
            }
            value => value,
        }
    }

    fn known_value<'py>(&mut self, py: Python<'py>, node: NodeId, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        let graph = self.graph;
        let opaque = || Hidden::Opaque(skiff_files::describe(graph, node));
        let deeper = depth.checked_sub(1).ok_or_else(opaque)?;
        self.left = self.left.checked_sub(1).ok_or_else(opaque)?;
        if let Ok(Some(scalar)) = Scalar::read(graph, node) {
            return Ok(output::scalar(py, &scalar)?);
        }
        if let Ok(Some(array)) = NdArray::read(graph, node) {
            return self.array(py, &array, deeper);
        }
        match Sparse::read(graph, node) {
            Ok(Some(sparse)) => return self.sparse(py, &sparse, deeper),
            Ok(None) => {}
            Err(_) => return Err(opaque()),
        }
        match graph.node(node) {
            Node::List(items) => Ok(PyList::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::Tuple(items) => Ok(PyTuple::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::Dict(pairs) => self.dict(py, pairs, deeper),
            _ => {
                let instance = Instance::read(graph, node).ok_or_else(opaque)?;
                if instance.is("sklearn.utils.Bunch") || instance.is("sklearn.utils._bunch.Bunch") {
                    let pairs: Vec<_> = instance.items().collect();
                    return bunch(py, self.dict(py, &pairs, deeper)?.cast::<PyDict>().map_err(PyErr::from)?);
                }
                if !skiff::addresses::is_estimator(&instance) {
                    return Err(opaque());
                }
                let model = self.estimator(node).ok_or_else(opaque)?;
                Ok(Bound::new(py, Model::new(Arc::new(model.into()), Arc::clone(self.file)))?.into_any())
            }
        }
    }

    fn all<'py>(&mut self, py: Python<'py>, items: &[NodeId], depth: usize) -> Result<Vec<Bound<'py, PyAny>>, Hidden> {
        items.iter().map(|&item| self.value(py, item, depth)).collect()
    }

    fn dict<'py>(
        &mut self,
        py: Python<'py>,
        pairs: &[(NodeId, NodeId)],
        depth: usize,
    ) -> Result<Bound<'py, PyAny>, Hidden> {
        let dict = PyDict::new(py);
        for &(key, value) in pairs {
            dict.set_item(self.value(py, key, depth)?, self.value(py, value, depth)?)?;
        }
        Ok(dict.into_any())
    }

    /// An estimator within: the one that was read along with the model, or else, for parameters that are fitted
    /// estimators and take no part in its answers, one read now.
    fn estimator(&mut self, node: NodeId) -> Option<Arc<skiff_models::Model>> {
        let typed = self.typed;
        let known = self.estimators.get_or_insert_with(|| {
            let mut known = HashMap::new();
            let mut open = typed.map_or_else(Vec::new, |typed| typed.estimator().inner());
            while let Some((_, model)) = open.pop() {
                if known.insert(model.node(), Arc::clone(&model)).is_none() {
                    open.extend(model.estimator().inner());
                }
            }
            known
        });
        match known.get(&node) {
            Some(model) => Some(Arc::clone(model)),
            None => skiff_models::Model::read(self.graph, node, self.typed.map_or("", |typed| typed.path())).ok(),
        }
    }

    fn array<'py>(&mut self, py: Python<'py>, array: &NdArray, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        match &array.data {
            ArrayData::Objects(items) => {
                let items = self.all(py, items, depth)?;
                Ok(output::object_array(py, items.into_iter().map(Ok), &array.shape)?)
            }
            ArrayData::Raw(bytes) => {
                let dtype = dtype(py, &array.dtype)?.ok_or_else(|| Hidden::Opaque(array.describe()))?;
                self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| Hidden::Opaque(array.describe()))?;
                let numpy = output::numpy(py)?;
                let arguments = PyDict::new(py);
                let order = if array.order == Order::F { "F" } else { "C" };
                arguments.set_item(intern!(py, "order"), order)?;
                if array.is_empty() {
                    let shape = PyTuple::new(py, &array.shape)?;
                    return Ok(numpy.call_method(intern!(py, "empty"), (shape, dtype), Some(&arguments))?);
                }
                let flat = numpy.call_method1(intern!(py, "frombuffer"), (PyBytes::new(py, bytes), dtype))?;
                let shape = PyTuple::new(py, &array.shape)?;
                let shaped = flat.call_method(intern!(py, "reshape"), (shape,), Some(&arguments))?;
                match self.is_inert {
                    true => Ok(shaped.call_method1(intern!(py, "copy"), ("K",))?),
                    false => Ok(shaped),
                }
            }
        }
    }

    fn sparse<'py>(&mut self, py: Python<'py>, sparse: &Sparse, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        let parts = (
            self.array(py, &sparse.data, depth)?,
            self.array(py, &sparse.indices, depth)?,
            self.array(py, &sparse.indptr, depth)?,
        );
        let class = if sparse.format == SparseFormat::Csc { "csc_matrix" } else { "csr_matrix" };
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "shape"), sparse.shape)?;
        Ok(py.import("scipy.sparse")?.getattr(class)?.call((parts,), Some(&arguments))?)
    }
}

/// A dict whose items are attributes too, as scikit-learn's `Bunch`.
pub fn bunch<'py>(py: Python<'py>, items: &Bound<'py, PyDict>) -> Result<Bound<'py, PyAny>, Hidden> {
    Ok(py.import(intern!(py, "skiff._bunch"))?.getattr(intern!(py, "Bunch"))?.call1((items,))?)
}

/// numpy's dtype; `None` for what no fitted attribute is made of.
fn dtype<'py>(py: Python<'py>, dtype: &DType) -> PyResult<Option<Bound<'py, PyAny>>> {
    let sign = |endian: Endian| if endian == Endian::Big { '>' } else { '<' };
    let code = match dtype {
        DType::Bool => "?".to_owned(),
        DType::Int { size, endian } => format!("{}i{size}", sign(*endian)),
        DType::UInt { size, endian } => format!("{}u{size}", sign(*endian)),
        DType::Float { size: size @ (2 | 4 | 8), endian } => format!("{}f{size}", sign(*endian)),
        DType::Complex { size: size @ (8 | 16), endian } => format!("{}c{size}", sign(*endian)),
        DType::Str { chars, endian } => format!("{}U{chars}", sign(*endian)),
        DType::Bytes { len } => format!("S{len}"),
        _ => return Ok(None),
    };
    output::numpy(py)?.call_method1(intern!(py, "dtype"), (code,)).map(Some)
}
