//! numpy's arrays, in each encoding of pickle and joblib.

use std::borrow::Cow;

use skiff_pickle::{Bytes, Graph, Node, NodeId, Owner, Payload};

use super::dtype::read_shape;
use super::{Column, DType, Endian};
use crate::call::{Call, is_numpy_module, python_bytes};
use crate::container::{Coded, Packed, TreeValues};
use crate::instance::Instance;
use crate::{Scalar, ValueError, ValueErrorKind as Kind};

/// An array whose dtype, shape and number of elements agree.
#[derive(Clone, Debug)]
pub struct NdArray {
    /// The type of the elements.
    pub dtype: DType,
    /// The lengths of the axes; empty for a scalar.
    pub shape: Vec<usize>,
    /// The memory order of [`NdArray::data`].
    pub order: Order,
    /// The elements.
    pub data: ArrayData,
}

/// The axis that varies fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last one.
    C,
    /// The first one.
    F,
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub enum ArrayData {
    /// Their bytes, shared with the file if they are unencoded there.
    Raw(Bytes),
    /// Python objects, always in C order.
    Objects(Vec<NodeId>),
}

impl NdArray {
    /// The array at `id`; `None` if the node is not an array.
    ///
    /// Subclasses of numpy's own (`memmap`, `matrix`, `recarray`, `chararray`) are read as arrays; a
    /// masked array is a [`super::MaskedArray`].
    ///
    /// # Errors
    /// When it is a damaged array: sizes that disagree, an inconsistent dtype, objects from bytes.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        match graph.node(id) {
            Node::Payload { object, content } => match content {
                Payload::Raw(span) => read_wrapped(graph, *object, graph.shared_bytes(*span), id),
                // The content is a nested pickle of an array, which has no such content itself.
                Payload::Pickle(root) => read_called(graph, *root),
            },
            _ => read_called(graph, id),
        }
    }

    /// Whether the array at `id` has numpy 2's `StringDType` without a missing value, which is read as an array of
    /// objects.
    pub fn is_text(graph: &Graph, id: NodeId) -> bool {
        let id = match graph.node(id) {
            Node::Payload { content: Payload::Pickle(root), .. } => *root,
            _ => id,
        };
        let state = Call::read(graph, id).and_then(|call| call.object.state()).and_then(|state| graph.items(state));
        let (Some(&[_, _, dtype, _, _]) | Some(&[_, dtype, _, _])) = state else { return false };
        // `(coerce,)`, and a missing value after it.
        let is_plain = || Call::read(graph, dtype).is_some_and(|call| call.arguments.len() <= 1);
        DType::is_string(graph, dtype) && is_plain()
    }

    /// An array of bytes.
    ///
    /// # Errors
    /// When their number does not match dtype and shape, or the dtype contains objects.
    pub fn from_bytes(
        dtype: DType,
        shape: Vec<usize>,
        order: Order,
        bytes: Bytes,
        node: NodeId,
    ) -> Result<Self, ValueError> {
        let error = |kind| ValueError::new(kind, node);
        if dtype.has_objects() {
            return Err(error(Kind::ObjectsFromBytes));
        }
        let itemsize = dtype.itemsize().ok_or(error(Kind::ArrayShape))?;
        let count = count(&shape, itemsize, node)?;
        let expected = count.checked_mul(itemsize).ok_or(error(Kind::ArrayShape))?;
        if bytes.len() != expected {
            return Err(error(Kind::ArraySize { expected, found: bytes.len() }));
        }
        Ok(Self { dtype, shape, order, data: ArrayData::Raw(bytes) })
    }

    /// An array of Python objects, in C order.
    ///
    /// # Errors
    /// When their number does not match the shape.
    pub fn from_objects(
        dtype: DType,
        shape: Vec<usize>,
        objects: Vec<NodeId>,
        node: NodeId,
    ) -> Result<Self, ValueError> {
        let expected = count(&shape, 1, node)?;
        if objects.len() != expected {
            return Err(ValueError::new(Kind::ArraySize { expected, found: objects.len() }, node));
        }
        Ok(Self { dtype, shape, order: Order::C, data: ArrayData::Objects(objects) })
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        // Checked when it was read.
        self.shape.iter().product()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The elements as a view; `None` for objects.
    pub fn column(&self) -> Option<Column<'_>> {
        let ArrayData::Raw(bytes) = &self.data else { return None };
        let stride = self.dtype.itemsize()?;
        let elements = match (bytes.owner::<Packed>(), bytes.owner::<Coded>(), bytes.owner::<TreeValues>()) {
            (Some(packed), ..) => packed.cells(0, stride)?,
            (_, Some(coded), _) => coded.assemble().map_or_else(|| Cow::Borrowed(bytes.as_slice()), Cow::Owned),
            (_, _, Some(values)) => values.assemble().map_or_else(|| Cow::Borrowed(bytes.as_slice()), Cow::Owned),
            (None, None, None) => Cow::Borrowed(bytes.as_slice()),
        };
        (elements.len() == bytes.len()).then(|| self.view(&self.dtype, elements, stride, 0))
    }

    /// One field of an array of records, as a view; `None` if there is no such field, or it has no fields.
    ///
    /// From a `.skiff` file only the field's own column is read, without assembling records.
    pub fn field(&self, name: &str) -> Option<Column<'_>> {
        let (DType::Struct { fields, itemsize }, ArrayData::Raw(bytes)) = (&self.dtype, &self.data) else {
            return None;
        };
        let field = fields.iter().find(|field| field.name == name)?;
        if let Some(packed) = bytes.owner::<Packed>() {
            let size = field.dtype.itemsize()?;
            return Some(self.view(&field.dtype, packed.cells(field.offset, size)?, size, 0));
        }
        let elements = Cow::Borrowed(self.bytes()?);
        Some(self.view(&field.dtype, elements, *itemsize, field.offset))
    }

    fn view<'a>(&'a self, dtype: &'a DType, bytes: Cow<'a, [u8]>, stride: usize, offset: usize) -> Column<'a> {
        Column { dtype, shape: &self.shape, order: self.order, bytes, stride, offset, count: self.len() }
    }

    /// Numbers and bools of any width and byte order as f64, in C order; `None` for other dtypes.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        match self.as_f64().filter(|_| self.is_c_order()) {
            Some(values) => Some(values.to_vec()),
            None => self.column()?.to_f64(),
        }
    }

    /// Numbers and bools as f32, in C order.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        match self.as_f32().filter(|_| self.is_c_order()) {
            Some(values) => Some(values.to_vec()),
            None => self.column()?.to_f32(),
        }
    }

    /// Integers and bools, in C order, if each of them fits.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        self.column()?.to_i64()
    }

    /// Bools only, in C order.
    pub fn to_bool(&self) -> Option<Vec<bool>> {
        self.column()?.to_bool()
    }

    /// Text in C order: of `U`, of `S` that is UTF-8, of objects that are all text.
    pub fn to_strings(&self, graph: &Graph) -> Option<Vec<String>> {
        match &self.data {
            ArrayData::Raw(_) => self.column()?.to_strings(),
            ArrayData::Objects(objects) => {
                let mut left = most_text(graph);
                objects
                    .iter()
                    .map(|&object| match Scalar::read(graph, object) {
                        Ok(Some(Scalar::Str(text))) => {
                            left = left.checked_sub(text.len())?;
                            Some(text)
                        }
                        _ => None,
                    })
                    .collect()
            }
        }
    }

    /// Each element as a scalar, in C order; other objects as [`Scalar::Other`].
    ///
    /// # Errors
    /// Records and opaque bytes, and damaged scalars among objects.
    pub fn to_scalars(&self, graph: &Graph) -> Result<Vec<Scalar>, ValueError> {
        match &self.data {
            ArrayData::Raw(_) => self.column().and_then(|column| column.to_scalars()).ok_or_else(|| {
                let kind = Kind::ElementKind { expected: "single values", found: self.dtype.to_string() };
                ValueError::new(kind, graph.root())
            }),
            ArrayData::Objects(objects) => {
                let mut left = most_text(graph);
                let mut read = |object: NodeId| {
                    let scalar = Scalar::read(graph, object)?.unwrap_or(Scalar::Other(object));
                    if let Scalar::Str(text) = &scalar {
                        left = left.checked_sub(text.len()).ok_or(ValueError::new(Kind::TextTooLong, object))?;
                    }
                    Ok(scalar)
                };
                objects.iter().map(|&object| read(object)).collect()
            }
        }
    }

    /// The objects of an object array, in C order.
    pub fn objects(&self) -> Option<&[NodeId]> {
        match &self.data {
            ArrayData::Raw(_) => None,
            ArrayData::Objects(objects) => Some(objects),
        }
    }

    /// The raw bytes; `None` for objects, and if the file is damaged.
    ///
    /// Those of records in a `.skiff` file are assembled for this, and kept: use [`NdArray::bytes_once`]
    /// for a single read, and [`NdArray::field`] for one field.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.data {
            ArrayData::Raw(bytes) => Some(bytes.as_slice()).filter(|all| all.len() == bytes.len()),
            ArrayData::Objects(_) => None,
        }
    }

    /// Like [`NdArray::bytes`], for a single read: what had to be assembled is not kept.
    pub fn bytes_once(&self) -> Option<Bytes> {
        match &self.data {
            ArrayData::Raw(bytes) => Some(bytes.at_hand()).filter(|all| all.len() == bytes.len()),
            ArrayData::Objects(_) => None,
        }
    }

    /// The raw bytes in place; `None` also if they would have to be assembled.
    pub fn bytes_in_place(&self) -> Option<&[u8]> {
        match &self.data {
            ArrayData::Raw(bytes)
                if bytes.owner::<Packed>().is_none()
                    && bytes.owner::<Coded>().is_none()
                    && bytes.owner::<TreeValues>().is_none() =>
            {
                self.bytes()
            }
            _ => None,
        }
    }

    /// The size of the elements in bytes; `None` for objects.
    pub fn size(&self) -> Option<usize> {
        match &self.data {
            ArrayData::Raw(bytes) => Some(bytes.len()),
            ArrayData::Objects(_) => None,
        }
    }

    /// An identity of the elements that differs from that of all other live arrays, without reading them.
    pub fn identity(&self) -> (usize, usize) {
        match &self.data {
            ArrayData::Raw(bytes) => bytes.identity(),
            ArrayData::Objects(objects) => (objects.as_ptr().addr(), 0),
        }
    }

    /// Releases the pages of a mapped file, whose elements will probably not be used again.
    pub fn release(&self) {
        if let ArrayData::Raw(bytes) = &self.data {
            bytes.release();
        }
    }

    /// The elements in place, in the order of [`NdArray::order`]; `None` unless they have exactly this type, in
    /// this machine's byte order, at an aligned address, and need not be assembled.
    pub fn as_f64(&self) -> Option<&[f64]> {
        self.borrow(&DType::Float { size: 8, endian: Endian::NATIVE })
    }

    /// As [`NdArray::as_f64`].
    pub fn as_f32(&self) -> Option<&[f32]> {
        self.borrow(&DType::Float { size: 4, endian: Endian::NATIVE })
    }

    /// As [`NdArray::as_f64`].
    pub fn as_i64(&self) -> Option<&[i64]> {
        self.borrow(&DType::Int { size: 8, endian: Endian::NATIVE })
    }

    /// As [`NdArray::as_f64`].
    pub fn as_i32(&self) -> Option<&[i32]> {
        self.borrow(&DType::Int { size: 4, endian: Endian::NATIVE })
    }

    /// Unsigned bytes.
    pub fn as_u8(&self) -> Option<&[u8]> {
        match self.dtype {
            DType::UInt { size: 1, .. } => self.bytes(),
            _ => None,
        }
    }

    /// Whether the elements lie in C order: arrays of fewer than two axes are, whatever the flag.
    pub fn is_c_order(&self) -> bool {
        self.order == Order::C || self.ndim() < 2
    }

    /// `numpy.ndarray float64 (3, 4)`.
    pub fn describe(&self) -> String {
        let lengths: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        format!("numpy.ndarray {} ({}{comma})", self.dtype, lengths.join(", "))
    }

    fn borrow<T: bytemuck::AnyBitPattern>(&self, dtype: &DType) -> Option<&[T]> {
        bytemuck::try_cast_slice(self.bytes_in_place().filter(|_| self.dtype == *dtype)?).ok()
    }
}

/// The limit of the bytes of the strings of an array of objects: they may all be one string, which is copied for each.
fn most_text(graph: &Graph) -> usize {
    graph.size().saturating_mul(2).saturating_add(32 << 20)
}

/// The number of elements of a shape, if it fits into the address space.
pub(crate) fn count(shape: &[usize], itemsize: usize, node: NodeId) -> Result<usize, ValueError> {
    let error = |kind| ValueError::new(kind, node);
    if shape.len() > 64 {
        return Err(error(Kind::ArrayDimensions(shape.len())));
    }
    // Zeros are ignored, as in numpy: an empty array with absurd other lengths is an error too.
    let lengths = shape.iter().filter(|&&length| length != 0);
    let whole = lengths.clone().try_fold(itemsize.max(1), |size, &length| size.checked_mul(length));
    let whole = whole.filter(|&size| isize::try_from(size).is_ok()).ok_or(error(Kind::ArrayShape))?;
    let count: usize = shape.iter().product();
    // Elements without bytes cost the file nothing and the reader a lot.
    if itemsize == 0 && whole > 1 << 20 {
        return Err(error(Kind::ArrayShape));
    }
    Ok(count)
}

fn read_called(graph: &Graph, id: NodeId) -> Result<Option<NdArray>, ValueError> {
    let Some(call) = Call::read(graph, id) else { return Ok(None) };
    if call.is_numpy("multiarray", "_reconstruct") {
        let class = call.argument(0).and_then(|class| graph.global(class));
        if !class.is_some_and(|(module, name)| is_array_class(module, name)) {
            return Ok(None);
        }
        let state = call.object.state().ok_or(ValueError::new(Kind::ArrayState, id))?;
        return read_state(graph, state, id).map(Some);
    }
    if call.is_numpy("numeric", "_frombuffer") {
        return read_buffer(graph, call.arguments, id).map(Some);
    }
    Ok(None)
}

/// numpy's own array classes, with their names in all versions.
pub fn is_array_class(module: &str, name: &str) -> bool {
    match name {
        "ndarray" => module == "numpy",
        "memmap" => module == "numpy" || is_numpy_module(module, "memmap"),
        "matrix" => matches!(module, "numpy" | "numpy.matrixlib.defmatrix"),
        "recarray" => matches!(module, "numpy" | "numpy.rec"),
        "chararray" => matches!(module, "numpy" | "numpy.char" | "numpy.core.defchararray"),
        _ => false,
    }
}

/// `ndarray.__setstate__`: `(version, shape, dtype, is_fortran, elements)`, and without the version before numpy 1.0.
pub(crate) fn read_state(graph: &Graph, state: NodeId, id: NodeId) -> Result<NdArray, ValueError> {
    let error = |kind| ValueError::new(kind, id);
    let (shape, dtype, is_fortran, elements) = match graph.items(state) {
        Some(&[_, shape, dtype, is_fortran, elements] | &[shape, dtype, is_fortran, elements]) => {
            (shape, dtype, is_fortran, elements)
        }
        _ => return Err(error(Kind::ArrayState)),
    };
    let order = match *graph.node(is_fortran) {
        Node::Bool(false) | Node::Int(0) => Order::C,
        Node::Bool(true) | Node::Int(_) => Order::F,
        _ => return Err(error(Kind::ArrayState)),
    };
    let shape = read_shape(graph, shape).ok_or(error(Kind::ArrayShape))?;
    let dtype = DType::read(graph, dtype)?.ok_or(error(Kind::DTypeState))?;
    if dtype.has_objects() {
        // The list is in C order, whatever the flag.
        let Node::List(objects) = graph.node(elements) else {
            let is_bytes = python_bytes(graph, elements).is_some();
            return Err(error(if is_bytes { Kind::ObjectsFromBytes } else { Kind::ArrayData }));
        };
        return NdArray::from_objects(dtype, shape, objects.clone(), id);
    }
    let bytes = python_bytes(graph, elements).ok_or(error(Kind::ArrayData))?;
    NdArray::from_bytes(dtype, shape, order, bytes, id)
}

/// Protocol 5's `_frombuffer(buffer, dtype, shape, order[, axes])`.
fn read_buffer(graph: &Graph, arguments: &[NodeId], id: NodeId) -> Result<NdArray, ValueError> {
    let error = |kind| ValueError::new(kind, id);
    let (buffer, dtype, shape, order, axes) = match *arguments {
        [buffer, dtype, shape, order] => (buffer, dtype, shape, order, None),
        [buffer, dtype, shape, order, axes] => (buffer, dtype, shape, order, Some(axes)),
        _ => return Err(error(Kind::ArrayState)),
    };
    let bytes = python_bytes(graph, buffer).ok_or(error(Kind::ArrayData))?;
    let dtype = DType::read(graph, dtype)?.ok_or(error(Kind::DTypeState))?;
    let shape = read_shape(graph, shape).ok_or(error(Kind::ArrayShape))?;
    let axes = axes.filter(|&axes| *graph.node(axes) != Node::None);
    match (graph.str_of(order), axes) {
        (Some("C" | "K"), None) => NdArray::from_bytes(dtype, shape, Order::C, bytes, id),
        (Some("F"), None) => NdArray::from_bytes(dtype, shape, Order::F, bytes, id),
        // `frombuffer(…).reshape(shape, order='C').transpose(axes)`, since numpy 2.
        (Some("K"), Some(axes)) => {
            let axes = read_shape(graph, axes).ok_or(error(Kind::ArrayOrder))?;
            let array = NdArray::from_bytes(dtype, shape, Order::C, bytes, id)?;
            transposed(&array, &axes, id)
        }
        _ => Err(error(Kind::ArrayOrder)),
    }
}

/// The array with its axes permuted: by another memory order if possible, or by rearranging the bytes.
fn transposed(array: &NdArray, axes: &[usize], id: NodeId) -> Result<NdArray, ValueError> {
    let error = || ValueError::new(Kind::ArrayOrder, id);
    let mut seen = vec![false; array.ndim()];
    for &axis in axes {
        let seen = seen.get_mut(axis).filter(|seen| !**seen).ok_or_else(error)?;
        *seen = true;
    }
    if axes.len() != array.ndim() {
        return Err(error());
    }
    let shape: Option<Vec<usize>> = axes.iter().map(|&axis| array.shape.get(axis).copied()).collect();
    let shape = shape.ok_or_else(error)?;
    let order = if axes.is_sorted() {
        Order::C
    } else if axes.is_sorted_by(|a, b| a >= b) {
        Order::F
    } else {
        let bytes = permuted(array, axes, &shape).ok_or_else(error)?;
        return NdArray::from_bytes(array.dtype.clone(), shape, Order::C, Bytes::from(bytes), id);
    };
    Ok(NdArray { shape, order, ..array.clone() })
}

/// The elements of a C-ordered array, in C order of its permuted shape.
fn permuted(array: &NdArray, axes: &[usize], shape: &[usize]) -> Option<Vec<u8>> {
    let size = array.dtype.itemsize()?;
    let mut steps = vec![0; array.ndim()];
    let mut step = 1_usize;
    for (place, &length) in steps.iter_mut().zip(&array.shape).rev() {
        *place = step;
        step = step.checked_mul(length)?;
    }
    let steps: Vec<usize> = axes.iter().map(|&axis| steps.get(axis).copied()).collect::<Option<_>>()?;
    let bytes = array.bytes()?;
    let mut out = Vec::new();
    let mut index = vec![0_usize; shape.len()];
    for _ in 0..array.len() {
        let place: usize = index.iter().zip(&steps).map(|(index, step)| index * step).sum();
        let start = place.checked_mul(size)?;
        out.extend_from_slice(bytes.get(start..start.checked_add(size)?)?);
        for (index, &length) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < length {
                break;
            }
            *index = 0;
        }
    }
    Some(out)
}

/// joblib's wrapper and the bytes that follow it.
fn read_wrapped(graph: &Graph, wrapper: NodeId, bytes: Bytes, id: NodeId) -> Result<Option<NdArray>, ValueError> {
    let error = |kind| ValueError::new(kind, id);
    let Some(instance) = Instance::read(graph, wrapper) else { return Ok(None) };
    if let Some(state) = instance.attribute("state") {
        // `ZNDArrayWrapper`, before joblib 0.10: the state of `ndarray.__setstate__` without its elements.
        let Some(&[_, shape, dtype, is_fortran]) = graph.items(state) else { return Err(error(Kind::ArrayState)) };
        let order = if *graph.node(is_fortran) == Node::Bool(true) { Order::F } else { Order::C };
        let shape = read_shape(graph, shape).ok_or(error(Kind::ArrayShape))?;
        let dtype = DType::read(graph, dtype)?.ok_or(error(Kind::DTypeState))?;
        return NdArray::from_bytes(dtype, shape, order, bytes, id).map(Some);
    }
    let attribute = |name| instance.attribute(name).ok_or(error(Kind::ArrayState));
    let shape = read_shape(graph, attribute("shape")?).ok_or(error(Kind::ArrayShape))?;
    let dtype = DType::read(graph, attribute("dtype")?)?.ok_or(error(Kind::DTypeState))?;
    let order = match graph.str_of(attribute("order")?) {
        Some("C") => Order::C,
        Some("F") => Order::F,
        _ => return Err(error(Kind::ArrayOrder)),
    };
    NdArray::from_bytes(dtype, shape, order, bytes, id).map(Some)
}
