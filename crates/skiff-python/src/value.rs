//! Values of the object graph as Python and numpy objects: numbers, strings, containers, arrays, nested models.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFrozenSet, PyList, PySet, PyTuple};
use skiff::File;
use skiff_files::{
    ArrayData, DType, Endian, Field, Graph, Instance, MaskedArray, NdArray, Node, NodeId, Order, Scalar, Sparse,
    SparseFormat,
};
use skiff_plan::operators::{NumpyFunction, Package};

use crate::attribute::Hidden;
use crate::model::{Model, Opened};
use crate::output;
use crate::stored::StoredObject;

/// How deep nested lists, dicts and tuples in an attribute are converted.
const DEPTH: usize = 32;
/// How many bytes are copied for an attribute of any file, and as a multiple of its size: lists that contain each
/// other, and arrays, may be shared so that copying them wherever they occur would never end.
const FREE_WORK: usize = 16 << 20;
const WORK: usize = 4;

/// Reads values of one file.
pub struct Reader<'f> {
    file: &'f Arc<File>,
    opened: &'f Arc<Opened>,
    graph: &'f Graph,
    typed: Option<&'f skiff_models::Model>,
    /// Whether arrays are writable.
    is_writable: bool,
    /// The nested estimators, by node; collected on first use.
    estimators: Option<HashMap<NodeId, Arc<skiff_models::Model>>>,
    /// The types of numpy scalars, by the node of their dtype: a vocabulary has many of one type.
    types: HashMap<NodeId, Py<PyAny>>,
    /// The remaining budget of values and bytes.
    left: usize,
}

impl<'f> Reader<'f> {
    /// For the file that `typed` was read from.
    pub fn new(file: &'f Arc<File>, opened: &'f Arc<Opened>, typed: Option<&'f skiff_models::Model>) -> Self {
        let graph = &file.contents().graph;
        let left = graph.size().saturating_mul(WORK).saturating_add(FREE_WORK);
        Self { file, opened, graph, typed, is_writable: false, estimators: None, types: HashMap::new(), left }
    }

    /// The same, with writable arrays.
    pub fn writable(self) -> Self {
        Self { is_writable: true, ..self }
    }

    /// The value at `node`.
    pub fn value<'py>(&mut self, py: Python<'py>, node: NodeId) -> Result<Bound<'py, PyAny>, Hidden> {
        self.value_at(py, node, DEPTH)
    }

    fn value_at<'py>(&mut self, py: Python<'py>, node: NodeId, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        let graph = self.graph;
        let opaque = || Hidden::Opaque(skiff_files::describe(graph, node));
        let deeper = depth.checked_sub(1).ok_or_else(opaque)?;
        self.left = self.left.checked_sub(1).ok_or_else(opaque)?;
        if let Some(scalar) = self.numpy_scalar(py, node)? {
            return Ok(scalar);
        }
        if let Ok(Some(scalar)) = Scalar::read(graph, node) {
            return Ok(output::scalar(py, &scalar)?);
        }
        if let Ok(Some(array)) = NdArray::read(graph, node) {
            let made = self.array(py, &array, deeper)?;
            return Ok(if NdArray::is_text(graph, node) { output::strings(made)? } else { made });
        }
        if let Ok(Some(masked)) = MaskedArray::read(graph, node) {
            return self.masked(py, &masked, deeper);
        }
        match Sparse::read(graph, node) {
            Ok(Some(sparse)) => return self.sparse(py, &sparse, deeper),
            Ok(None) => {}
            Err(_) => return self.object(py, node, deeper),
        }
        match graph.node(node) {
            Node::List(items) => Ok(PyList::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::Tuple(items) => Ok(PyTuple::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::Set(items) => Ok(PySet::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::FrozenSet(items) => Ok(PyFrozenSet::new(py, self.all(py, items, deeper)?)?.into_any()),
            Node::Dict(pairs) => self.dict(py, pairs, deeper),
            Node::Global(_) => match known_name(py, graph, node)? {
                Some(value) => Ok(value),
                None => self.part(py, node),
            },
            _ => self.object(py, node, deeper),
        }
    }

    fn object<'py>(&mut self, py: Python<'py>, node: NodeId, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        let graph = self.graph;
        if let Some(value) = self.called(py, node, depth)? {
            return Ok(value);
        }
        let Some(instance) = Instance::read(graph, node) else { return self.part(py, node) };
        if instance.is("sklearn.utils.Bunch") || instance.is("sklearn.utils._bunch.Bunch") {
            let pairs: Vec<_> = instance.items().collect();
            return bunch(py, self.dict(py, &pairs, depth)?.cast::<PyDict>().map_err(PyErr::from)?);
        }
        if instance.is("sklearn.tree._tree.Tree") {
            return self.tree(py, &instance, depth);
        }
        if skiff::addresses::is_estimator(&instance)
            && let Some(model) = self.estimator(node)
        {
            let (file, opened) = (Arc::clone(self.file), Arc::clone(self.opened));
            return Ok(Bound::new(py, Model::new(Arc::new(file.part(model)), file, opened))?.into_any());
        }
        self.part(py, node)
    }

    /// An object that is none of the above.
    fn part<'py>(&self, py: Python<'py>, node: NodeId) -> Result<Bound<'py, PyAny>, Hidden> {
        Ok(Bound::new(py, StoredObject::new(Arc::clone(self.file), Arc::clone(self.opened), node))?.into_any())
    }

    /// The results of a few functions, by name: sets of older pickles, slices.
    fn called<'py>(
        &mut self,
        py: Python<'py>,
        node: NodeId,
        depth: usize,
    ) -> Result<Option<Bound<'py, PyAny>>, Hidden> {
        let graph = self.graph;
        let Some(object) = graph.object(node) else { return Ok(None) };
        let Some((module, name)) = graph.global(object.callable) else { return Ok(None) };
        let arguments = graph.items(object.arguments).unwrap_or_default();
        match (module, name, arguments) {
            ("builtins" | "__builtin__", "set" | "frozenset" | "slice", _) if object.changes.is_empty() => {
                let arguments = PyTuple::new(py, self.all(py, arguments, depth)?)?;
                Ok(Some(py.import(intern!(py, "builtins"))?.getattr(name)?.call1(arguments)?))
            }
            _ => Ok(None),
        }
    }

    /// `numpy.ma.MaskedArray`, as in `cv_results_`.
    fn masked<'py>(
        &mut self,
        py: Python<'py>,
        masked: &MaskedArray,
        depth: usize,
    ) -> Result<Bound<'py, PyAny>, Hidden> {
        let data = self.array(py, &masked.data, depth)?;
        let arguments = PyDict::new(py);
        arguments.set_item("mask", self.array(py, &masked.mask, depth)?)?;
        if let Some(fill) = masked.fill_value {
            arguments.set_item("fill_value", self.value_at(py, fill, depth)?)?;
        }
        Ok(py.import("numpy.ma")?.getattr("MaskedArray")?.call((data,), Some(&arguments))?)
    }

    fn all<'py>(&mut self, py: Python<'py>, items: &[NodeId], depth: usize) -> Result<Vec<Bound<'py, PyAny>>, Hidden> {
        items.iter().map(|&item| self.value_at(py, item, depth)).collect()
    }

    fn dict<'py>(
        &mut self,
        py: Python<'py>,
        pairs: &[(NodeId, NodeId)],
        depth: usize,
    ) -> Result<Bound<'py, PyAny>, Hidden> {
        let dict = PyDict::new(py);
        for &(key, value) in pairs {
            dict.set_item(self.value_at(py, key, depth)?, self.value_at(py, value, depth)?)?;
        }
        Ok(dict.into_any())
    }

    /// A numpy scalar.
    fn numpy_scalar<'py>(&mut self, py: Python<'py>, node: NodeId) -> Result<Option<Bound<'py, PyAny>>, Hidden> {
        let graph = self.graph;
        let Some(object) = graph.object(node) else { return Ok(None) };
        let Some((module, "scalar")) = graph.global(object.callable) else { return Ok(None) };
        let Some(&[dtype, _]) = graph.items(object.arguments) else { return Ok(None) };
        if !matches!(module, "numpy._core.multiarray" | "numpy.core.multiarray") {
            return Ok(None);
        }
        let Ok(Some(
            scalar @ (Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::BigInt(_) | Scalar::Str(_)),
        )) = Scalar::read(graph, node)
        else {
            return Ok(None);
        };
        let class = match self.types.get(&dtype) {
            Some(class) => class.bind(py).clone(),
            None => {
                let Ok(Some(known)) = DType::read(graph, dtype) else { return Ok(None) };
                let Some(known) = self::dtype(py, &known)? else { return Ok(None) };
                let class = known.getattr(intern!(py, "type"))?;
                self.types.insert(dtype, class.clone().unbind());
                class
            }
        };
        Ok(Some(class.call1((output::scalar(py, &scalar)?,))?))
    }

    /// A nested estimator: the one that was read with the model, or else, for parameters that are fitted
    /// estimators and do not affect predictions, one read now.
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
                match self.is_writable {
                    true => Ok(shaped.call_method1(intern!(py, "copy"), ("K",))?),
                    false => Ok(shaped),
                }
            }
        }
    }

    fn sparse<'py>(&mut self, py: Python<'py>, sparse: &Sparse, depth: usize) -> Result<Bound<'py, PyAny>, Hidden> {
        // scipy sorts and sums duplicates in place, even in read-only operations.
        let is_writable = std::mem::replace(&mut self.is_writable, true);
        let mut part = |array| self.array(py, array, depth);
        let parts = (part(&sparse.data)?, part(&sparse.indices)?, part(&sparse.indptr)?);
        self.is_writable = is_writable;
        let class = if sparse.format == SparseFormat::Csc { "csc_matrix" } else { "csr_matrix" };
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "shape"), sparse.shape)?;
        Ok(py.import("scipy.sparse")?.getattr(class)?.call((parts,), Some(&arguments))?)
    }

    /// A decision tree's node table, as in scikit-learn's `Tree`.
    fn tree<'py>(
        &mut self,
        py: Python<'py>,
        instance: &Instance<'_>,
        depth: usize,
    ) -> Result<Bound<'py, PyAny>, Hidden> {
        let class = py.import(intern!(py, "skiff._tree"))?.getattr(intern!(py, "Tree"))?;
        let arguments = self.all(py, instance.arguments(), depth)?;
        let state = PyDict::new(py);
        for (name, node) in instance.attributes() {
            state.set_item(name, self.value_at(py, node, depth)?)?;
        }
        Ok(class.call1((PyTuple::new(py, arguments)?, state))?)
    }
}

/// A dict whose items are attributes too, like scikit-learn's `Bunch`.
pub fn bunch<'py>(py: Python<'py>, items: &Bound<'py, PyDict>) -> Result<Bound<'py, PyAny>, Hidden> {
    Ok(py.import(intern!(py, "skiff._bunch"))?.getattr(intern!(py, "Bunch"))?.call1((items,))?)
}

/// The few names of objects of numpy, Python and pandas: the types of `dtype=`, the functions that skiff
/// supports, pandas' missing value. The file cannot make anything else be imported.
fn known_name<'py>(py: Python<'py>, graph: &Graph, node: NodeId) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some((module, name)) = graph.global(node) else { return Ok(None) };
    match module {
        "numpy"
            if matches!(DType::like(graph, node), Ok(Some(_)))
                || NumpyFunction::named(Package::Numpy, name).is_some() =>
        {
            output::numpy(py)?.getattr_opt(name)
        }
        "builtins" | "__builtin__"
            if matches!(name, "bool" | "int" | "float" | "complex" | "str" | "bytes" | "object") =>
        {
            py.import(intern!(py, "builtins"))?.getattr_opt(name)
        }
        "pandas" if name == "NA" => match py.import("pandas") {
            Ok(pandas) => pandas.getattr_opt(name),
            Err(_) => Ok(None),
        },
        _ => Ok(None),
    }
}

/// numpy's dtype; `None` for dtypes that fitted attributes do not have.
fn dtype<'py>(py: Python<'py>, dtype: &DType) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let DType::Struct { fields, itemsize } = dtype {
        return record(py, fields, *itemsize);
    }
    let sign = |endian: Endian| if endian == Endian::Big { '>' } else { '<' };
    let code = match dtype {
        DType::Bool => "?".to_owned(),
        DType::Int { size, endian } => format!("{}i{size}", sign(*endian)),
        DType::UInt { size, endian } => format!("{}u{size}", sign(*endian)),
        DType::Float { size: size @ (2 | 4 | 8), endian } => format!("{}f{size}", sign(*endian)),
        DType::Complex { size: size @ (8 | 16), endian } => format!("{}c{size}", sign(*endian)),
        DType::Str { chars, endian } => format!("{}U{chars}", sign(*endian)),
        DType::Bytes { len } => format!("S{len}"),
        DType::DateTime { .. } | DType::TimeDelta { .. } => dtype.code(),
        _ => return Ok(None),
    };
    output::numpy(py)?.call_method1(intern!(py, "dtype"), (code,)).map(Some)
}

/// A structured dtype of plain fields: the nodes of trees.
fn record<'py>(py: Python<'py>, fields: &[Field], itemsize: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (names, formats, offsets) = (PyList::empty(py), PyList::empty(py), PyList::empty(py));
    for field in fields {
        let Some(format) = (match &field.dtype {
            DType::Struct { .. } => None,
            plain => dtype(py, plain)?,
        }) else {
            return Ok(None);
        };
        names.append(&field.name)?;
        formats.append(format)?;
        offsets.append(field.offset)?;
    }
    let all = PyDict::new(py);
    all.set_item("names", names)?;
    all.set_item("formats", formats)?;
    all.set_item("offsets", offsets)?;
    all.set_item("itemsize", itemsize)?;
    output::numpy(py)?.call_method1(intern!(py, "dtype"), (all,)).map(Some)
}
