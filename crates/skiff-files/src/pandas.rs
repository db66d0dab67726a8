//! pandas objects in fitted estimators: indexes, series, categoricals, the columns of frames.

use skiff_pickle::{Graph, Node, NodeId};

use crate::call::Call;
use crate::numpy::{DType, NdArray, is_array_class, read_state};
use crate::pyarrow;
use crate::{Instance, Scalar, ValueError, ValueErrorKind as Kind};

/// The values of a one-dimensional pandas object (an index, a series, a categorical, an extension array), or of a
/// one-dimensional array; `None` if the node is something else.
///
/// # Errors
/// When it is one and damaged, or has an unknown layout.
pub fn values(graph: &Graph, id: NodeId) -> Result<Option<Vec<Scalar>>, ValueError> {
    // A series contains an index, an index an array, a categorical an index: no regular object is deeper.
    values_within(graph, id, 6)
}

/// A data frame: its columns' names and values.
#[derive(Clone, Debug)]
pub struct DataFrame {
    /// The names of the columns.
    pub columns: Vec<Scalar>,
    /// The names of the rows.
    pub index: Vec<Scalar>,
}

impl DataFrame {
    /// The names in the frame at `id`; `None` if the node is not a frame.
    ///
    /// # Errors
    /// When it is one with an unknown layout.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        let error = || ValueError::new(Kind::PandasLayout("a DataFrame"), id);
        let Some(instance) = Instance::read(graph, id).filter(|instance| is_pandas(instance.module)) else {
            return Ok(None);
        };
        if instance.name != "DataFrame" {
            return Ok(None);
        }
        let manager = instance.attribute("_mgr").or_else(|| instance.attribute("_data")).ok_or_else(error)?;
        let &[columns, index] = axes(graph, manager).ok_or_else(error)? else { return Err(error()) };
        let names = |id| values(graph, id)?.ok_or_else(error);
        Ok(Some(Self { columns: names(columns)?, index: names(index)? }))
    }
}

fn is_pandas(module: &str) -> bool {
    module.strip_prefix("pandas").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The axes of a block manager: the first item of its state, or, since pandas 1.3, its second argument.
fn axes(graph: &Graph, manager: NodeId) -> Option<&[NodeId]> {
    let manager = Instance::read(graph, manager).filter(|manager| is_pandas(manager.module))?;
    match manager.state() {
        Some(state) => graph.items(*graph.items(state)?.first()?),
        None => graph.items(*manager.arguments().get(1)?),
    }
}

fn values_within(graph: &Graph, id: NodeId, depth: u32) -> Result<Option<Vec<Scalar>>, ValueError> {
    let error = |what| ValueError::new(Kind::PandasLayout(what), id);
    let depth = depth.checked_sub(1).ok_or(error("a pandas object that contains itself"))?;
    if let Some(array) = NdArray::read(graph, id)? {
        // Records and tables are not lists of values.
        let is_list = array.ndim() == 1 && !matches!(array.dtype, DType::Struct { .. } | DType::Void { .. });
        return is_list.then(|| array.to_scalars(graph)).transpose();
    }
    let Some(call) = Call::read(graph, id) else { return Ok(None) };
    if call.is_numpy("multiarray", "_reconstruct") {
        return old_index(graph, &call, id);
    }
    if call.name == "_new_Index" && is_pandas(call.module) {
        return index(graph, &call, id, depth).map(Some);
    }
    let Some(instance) = Instance::read(graph, id).filter(|instance| is_pandas(instance.module)) else {
        return Ok(None);
    };
    match instance.name {
        "Series" => {
            let manager = instance.attribute("_mgr").or_else(|| instance.attribute("_data"));
            let block = manager.and_then(|manager| series_block(graph, manager)).ok_or(error("a Series"))?;
            values_within(graph, block, depth)?.ok_or(error("a Series")).map(Some)
        }
        "Categorical" => categorical(graph, &instance, id, depth).map(Some),
        // `NDArrayBacked.__setstate__((dtype, values))`, or an attribute before pandas 1.3.
        "StringArray" | "PandasArray" | "NumpyExtensionArray" => {
            let state = instance.state().and_then(|state| graph.items(state)).and_then(|state| state.get(1)).copied();
            let array = state.or_else(|| instance.attribute("_ndarray")).ok_or(error("an extension array"))?;
            values_within(graph, array, depth)?.ok_or(error("an extension array")).map(Some)
        }
        "ArrowStringArray" | "ArrowStringArrayNumpySemantics" => {
            let array = instance.attribute("_pa_array").or_else(|| instance.attribute("_data"));
            let texts = array.map(|array| pyarrow::texts(graph, array)).transpose()?.flatten();
            let texts = texts.ok_or(error("an array of pyarrow"))?;
            let scalar = |text: Option<String>| text.map_or(Scalar::Float(f64::NAN), Scalar::Str);
            Ok(Some(texts.into_iter().map(scalar).collect()))
        }
        "CategoricalDtype" | "DataFrame" | "StringDtype" => Ok(None),
        _ => Err(error("a pandas object")),
    }
}

/// The categories of a `CategoricalDtype`; `None` if the node is something else.
///
/// # Errors
/// As [`values`].
pub fn categories(graph: &Graph, id: NodeId) -> Result<Option<Vec<Scalar>>, ValueError> {
    let Some(instance) = Instance::read(graph, id).filter(|instance| is_pandas(instance.module)) else {
        return Ok(None);
    };
    match instance.attribute("categories").filter(|_| instance.name == "CategoricalDtype") {
        Some(categories) => values(graph, categories),
        None => Ok(None),
    }
}

/// `_new_Index(class, {'data': …, 'name': …})`.
fn index(graph: &Graph, call: &Call<'_>, id: NodeId, depth: u32) -> Result<Vec<Scalar>, ValueError> {
    let error = |what| ValueError::new(Kind::PandasLayout(what), id);
    let &[class, fields] = call.arguments else { return Err(error("an Index")) };
    let (_, class) = graph.global(class).ok_or(error("an Index"))?;
    let Node::Dict(pairs) = graph.node(fields) else { return Err(error("an Index")) };
    let field = |name| pairs.iter().rev().find(|(key, _)| graph.str_of(*key) == Some(name)).map(|(_, value)| *value);
    match class {
        "RangeIndex" => {
            let bound = |name| match field(name).map(|id| graph.node(id)) {
                Some(Node::Int(value)) => Ok(*value),
                _ => Err(error("a RangeIndex")),
            };
            range(bound("start")?, bound("stop")?, bound("step")?).ok_or(error("a RangeIndex"))
        }
        "MultiIndex" => Err(error("a MultiIndex")),
        _ => {
            let data = field("data").ok_or(error("an Index"))?;
            values_within(graph, data, depth)?.ok_or(error("an Index"))
        }
    }
}

/// Python's `range`, unless it is longer than any table, since its length costs nothing in the file.
fn range(start: i64, stop: i64, step: i64) -> Option<Vec<Scalar>> {
    let mut values = Vec::new();
    let mut value = start;
    while if step > 0 { value < stop } else { value > stop } {
        if step == 0 || values.len() >= 1 << 24 {
            return None;
        }
        values.push(Scalar::Int(value));
        let Some(next) = value.checked_add(step) else { break };
        value = next;
    }
    Some(values)
}

/// Before pandas 0.15 an index was a subclass of array, with a state of `(array's, own)`.
fn old_index(graph: &Graph, call: &Call<'_>, id: NodeId) -> Result<Option<Vec<Scalar>>, ValueError> {
    let Some((module, name)) = call.argument(0).and_then(|class| graph.global(class)) else { return Ok(None) };
    if is_array_class(module, name) || !is_pandas(module) {
        return Ok(None);
    }
    let state = call.object.state().and_then(|state| graph.items(state));
    let Some(&[array, _own]) = state else { return Err(ValueError::new(Kind::PandasLayout("an Index"), id)) };
    read_state(graph, array, id)?.to_scalars(graph).map(Some)
}

/// The one block of a series: `(axes, [values], [items], …)`.
fn series_block(graph: &Graph, manager: NodeId) -> Option<NodeId> {
    let manager = Instance::read(graph, manager).filter(|manager| is_pandas(manager.module))?;
    let state = manager.state()?;
    let blocks = graph.items(*graph.items(state)?.get(1)?)?;
    blocks.first().copied().filter(|_| blocks.len() == 1)
}

fn categorical(graph: &Graph, instance: &Instance<'_>, id: NodeId, depth: u32) -> Result<Vec<Scalar>, ValueError> {
    let error = || ValueError::new(Kind::PandasLayout("a Categorical"), id);
    // Since pandas 1.3 `(dtype, codes)`; before, attributes; the categories in the dtype since pandas 0.21.
    let state = instance.state().and_then(|state| graph.items(state));
    let (dtype, codes) = match state {
        Some(&[dtype, codes] | &[dtype, codes, _]) => (Some(dtype), Some(codes)),
        _ => (instance.attribute("_dtype"), instance.attribute("_codes")),
    };
    let from_dtype =
        dtype.and_then(|dtype| Instance::read(graph, dtype)).and_then(|dtype| dtype.attribute("categories"));
    let categories = from_dtype.or_else(|| instance.attribute("_categories")).ok_or_else(error)?;
    let categories = values_within(graph, categories, depth)?.ok_or_else(error)?;
    let codes = NdArray::read(graph, codes.ok_or_else(error)?)?.and_then(|codes| codes.to_i64()).ok_or_else(error)?;
    codes
        .into_iter()
        .map(|code| match usize::try_from(code) {
            Ok(code) => categories.get(code).cloned().ok_or_else(error),
            // -1 is a missing value.
            Err(_) if code == -1 => Ok(Scalar::Float(f64::NAN)),
            Err(_) => Err(error()),
        })
        .collect()
}
