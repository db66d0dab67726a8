//! Arrays: nested lists as the bytes of their elements.

use skiff_pickle::{Change, Global, Graph, Make, Node, NodeId};

use super::Reader;
use crate::json::{Id, Json};
use crate::numpy::{Field, Order, half, nodes};
use crate::{DType, Endian, Error};

/// An array whose elements are a node: bytes, or a list of objects.
pub(super) struct Array {
    dtype: DType,
    shape: Vec<usize>,
    order: Order,
    elements: NodeId,
}

impl Array {
    pub(super) fn node(&self, graph: &mut Graph) -> Node {
        let array = nodes::array_of(graph, &self.dtype, &self.shape, self.order, self.elements);
        graph.node(array).clone()
    }
}

/// The most axes that numpy has.
const MOST_AXES: usize = 64;
/// Deeper dtypes are no numpy's.
const MOST_DTYPES: usize = 16;

impl Reader<'_> {
    /// An `array` or `records`.
    pub(super) fn array(&mut self, value: Id) -> Result<Array, Error> {
        let dtype = self.required(value, "dtype")?;
        let shape = self.required(value, "shape")?;
        let lengths = self.lengths(shape)?;
        if lengths.len() > MOST_AXES {
            return Err(self.wrong(shape, format!("more than {MOST_AXES} axes")));
        }
        let dtype = self.dtype(dtype)?;
        let order = match self.document.get(value, "order") {
            None => Order::C,
            Some(order) => match self.document.text_of(order) {
                Some("C") => Order::C,
                Some("F") => Order::F,
                _ => return Err(self.wrong(order, "expected `C` or `F`")),
            },
        };
        self.budget.nodes(nodes::dtype_cost(&dtype).saturating_add(80), 0)?;
        let elements = match dtype {
            DType::Object => {
                let data = self.required(value, "data")?;
                let objects = self.flat(data, &lengths)?;
                let objects = self.places(&objects)?;
                Node::List(objects)
            }
            _ if dtype.has_objects() => return Err(self.wrong(value, "records of objects")),
            _ => {
                let bytes = self.elements(value, &dtype, &lengths)?;
                let size = dtype.itemsize().unwrap_or_default();
                let bytes = if order == Order::F { fortran(&bytes, &lengths, size) } else { bytes };
                self.budget.decoded(bytes.len(), 0)?;
                let len = bytes.len();
                let buffer = self.graph.add_buffer(bytes.into());
                Node::Bytes(self.graph.span(buffer, 0, len).ok_or_else(|| self.wrong(value, "too many bytes"))?)
            }
        };
        let elements = self.graph.push(elements);
        Ok(Array { dtype, shape: lengths, order, elements })
    }

    /// The bytes of all elements in C order: of the key `data`, or of records field by field in `columns`.
    fn elements(&mut self, value: Id, dtype: &DType, shape: &[usize]) -> Result<Vec<u8>, Error> {
        let DType::Struct { fields, itemsize } = dtype else {
            let data = match self.document.get(value, "data") {
                Some(data) => data,
                None => self.required(value, "value")?,
            };
            return self.column(data, dtype, shape);
        };
        let columns = match self.document.get(value, "columns") {
            Some(columns) => columns,
            None => self.required(value, "value")?,
        };
        let count = self.count(columns, shape, *itemsize)?;
        let mut bytes = vec![0; count.saturating_mul(*itemsize)];
        for field in fields {
            let column = self.required(columns, &field.name)?;
            let part = self.column(column, &field.dtype, shape)?;
            let size = field.dtype.itemsize().filter(|&size| size > 0);
            let size = size.ok_or_else(|| self.wrong(column, "elements without bytes"))?;
            for (record, part) in bytes.chunks_exact_mut((*itemsize).max(1)).zip(part.chunks_exact(size)) {
                let end = field.offset.saturating_add(size);
                let place = record.get_mut(field.offset..end);
                place.ok_or_else(|| self.wrong(column, "a field outside of its record"))?.copy_from_slice(part);
            }
        }
        Ok(bytes)
    }

    /// The number of elements, where their bytes are within the limits.
    fn count(&self, at: Id, shape: &[usize], size: usize) -> Result<usize, Error> {
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        let bytes = count.and_then(|count| u64::try_from(count.checked_mul(size)?).ok());
        let (Some(count), Some(bytes)) = (count, bytes) else {
            return Err(self.wrong(at, "an array that is too large"));
        };
        self.budget.array(bytes, 0)?;
        // Elements without a text of their own do not occur.
        if count > self.document.text.len() {
            return Err(self.wrong(at, "expected as many elements as the shape has"));
        }
        Ok(count)
    }

    /// The bytes of nested lists of elements, in C order.
    fn column(&mut self, data: Id, dtype: &DType, shape: &[usize]) -> Result<Vec<u8>, Error> {
        // A small array in each element is further axes.
        let (mut shape, mut dtype) = (shape.to_vec(), dtype);
        while let DType::Sub { dtype: inner, shape: further } = dtype {
            shape.extend(further);
            dtype = inner;
        }
        let size = dtype.itemsize().ok_or_else(|| self.wrong(data, "an array that is too large"))?;
        let count = self.count(data, &shape, size)?;
        let elements = self.flat(data, &shape)?;
        let mut bytes = Vec::with_capacity(count.saturating_mul(size));
        for element in elements {
            self.element(element, dtype, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The elements of nested lists, which have to be as long as the shape says.
    fn flat(&self, data: Id, shape: &[usize]) -> Result<Vec<Id>, Error> {
        let mut items = vec![data];
        for &length in shape {
            let mut inner = Vec::new();
            for item in items {
                let list = self.list(item)?;
                if list.len() != length {
                    return Err(self.wrong(item, format!("expected {length} elements, found {}", list.len())));
                }
                inner.extend_from_slice(list);
            }
            items = inner;
            if length == 0 {
                // As in numpy's `tolist`: the first empty axis ends the nesting.
                break;
            }
        }
        Ok(items)
    }

    /// Appends the bytes of one element.
    fn element(&self, value: Id, dtype: &DType, bytes: &mut Vec<u8>) -> Result<(), Error> {
        match *dtype {
            DType::Bool => match self.document.value(value) {
                Json::Bool(is_true) => bytes.push((*is_true).into()),
                _ => return Err(self.wrong(value, "expected `true` or `false`")),
            },
            DType::Int { size, endian } | DType::UInt { size, endian } => {
                let is_signed = matches!(dtype, DType::Int { .. });
                let number = self.integer(value)?;
                let bits = u32::try_from(size).unwrap_or(8).saturating_mul(8).min(64);
                let (least, most) = match is_signed {
                    true => (-(1_i128 << bits.saturating_sub(1)), (1_i128 << bits.saturating_sub(1)).saturating_sub(1)),
                    false => (0, (1_i128 << bits).saturating_sub(1)),
                };
                if !(least..=most).contains(&number) {
                    return Err(self.wrong(value, format!("expected a number between {least} and {most}")));
                }
                put(bytes, number.to_le_bytes().get(..size), endian);
            }
            DType::Float { size: size @ (2 | 4 | 8), endian } => {
                let number = self.float(value, size)?;
                put(bytes, number.get(..size), endian);
            }
            DType::Complex { size: size @ (8 | 16), endian } => {
                let &[real, imaginary] = self.list(value)? else {
                    return Err(self.wrong(value, "expected a real and an imaginary part"));
                };
                for part in [real, imaginary] {
                    self.element(part, &DType::Float { size: size.div_euclid(2), endian }, bytes)?;
                }
            }
            DType::Str { chars, endian } => {
                let text = self.document.text_of(value).ok_or_else(|| self.wrong(value, "expected a string"))?;
                let count = text.chars().count();
                if count > chars {
                    return Err(self.wrong(value, format!("expected at most {chars} characters, found {count}")));
                }
                for character in text.chars().chain(std::iter::repeat_n('\0', chars.saturating_sub(count))) {
                    put(bytes, Some(&u32::from(character).to_le_bytes()), endian);
                }
            }
            DType::DateTime { endian, .. } | DType::TimeDelta { endian, .. } => {
                let steps = match self.document.value(value) {
                    Json::Null => i64::MIN,
                    _ => i64::try_from(self.integer(value)?)
                        .map_err(|_| self.wrong(value, "a number of more than 64 bits"))?,
                };
                put(bytes, Some(&steps.to_le_bytes()), endian);
            }
            DType::Bytes { len } | DType::Void { len } => self.padded(value, len, bytes)?,
            // What JSON's numbers cannot represent.
            DType::Float { size, .. } | DType::Complex { size, .. } => self.padded(value, size, bytes)?,
            DType::Object | DType::Struct { .. } | DType::Sub { .. } => {
                return Err(self.wrong(value, "records in records"));
            }
        }
        Ok(())
    }

    /// Bytes in hexadecimal, with zeros behind them.
    fn padded(&self, value: Id, len: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let content = self.hexadecimal(value)?;
        if content.len() > len {
            return Err(self.wrong(value, format!("expected at most {len} bytes, found {}", content.len())));
        }
        bytes.extend_from_slice(&content);
        bytes.extend(std::iter::repeat_n(0, len.saturating_sub(content.len())));
        Ok(())
    }

    fn integer(&self, value: Id) -> Result<i128, Error> {
        let text = match self.document.value(value) {
            Json::Number(range) => self.document.number(range),
            _ => "",
        };
        text.parse().map_err(|_| self.wrong(value, "expected a whole number"))
    }

    /// The bytes, little-endian, of a float of `size` bytes.
    fn float(&self, value: Id, size: usize) -> Result<[u8; 8], Error> {
        let wrong = || self.wrong(value, "expected a number, or `NaN`, `Infinity` or `-Infinity` as a string");
        let text = match self.document.value(value) {
            Json::Number(range) => self.document.number(range),
            Json::Str(_) => {
                let text = self.document.text_of(value).filter(|text| not_finite(text).is_some()).ok_or_else(wrong)?;
                if text == "NaN" { "nan" } else { text }
            }
            _ => return Err(wrong()),
        };
        let mut bytes = [0; 8];
        let mut fill = |part: &[u8]| bytes.iter_mut().zip(part).for_each(|(byte, part)| *byte = *part);
        match size {
            8 => fill(&text.parse::<f64>().map_err(|_| wrong())?.to_le_bytes()),
            _ => {
                let number: f32 = text.parse().map_err(|_| wrong())?;
                match size {
                    4 => fill(&number.to_le_bytes()),
                    _ => {
                        let bits = half_bits(number);
                        fill(
                            &bits
                                .ok_or_else(|| self.wrong(value, "a number that `float16` does not have"))?
                                .to_le_bytes(),
                        );
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// A dtype: its name, or the names and dtypes of its fields.
    pub(super) fn dtype(&self, value: Id) -> Result<DType, Error> {
        self.dtype_within(value, MOST_DTYPES)
    }

    fn dtype_within(&self, value: Id, depth: usize) -> Result<DType, Error> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.wrong(value, "dtypes that are too deep"))?;
        match self.document.value(value) {
            Json::Str(_) => {
                let name = self.document.text_of(value).unwrap_or_default();
                let dtype = DType::from_name(name);
                dtype.ok_or_else(|| self.wrong(value, format!("expected a dtype of numpy, found `{name}`")))
            }
            Json::Array(fields) => {
                let mut offset = 0_usize;
                let fields = self.fields(fields, depth, |size| {
                    let begin = offset;
                    offset = offset.saturating_add(size);
                    Some(begin)
                })?;
                Ok(DType::Struct { fields, itemsize: offset })
            }
            Json::Object(_) if self.document.get(value, "of").is_some() => {
                let of = self.required(value, "of")?;
                let shape = self.required(value, "shape")?;
                let dtype = Box::new(self.dtype_within(of, depth)?);
                let dtype = DType::Sub { dtype, shape: self.lengths(shape)? };
                dtype.itemsize().ok_or_else(|| self.wrong(value, "a dtype that is too large"))?;
                Ok(dtype)
            }
            Json::Object(_) => {
                let fields = self.required(value, "fields")?;
                let offsets = self.required(value, "offsets")?;
                let itemsize = self.required(value, "itemsize")?;
                let size = self.number(itemsize)?.parse().ok().filter(|&size: &usize| size <= MOST_BYTES);
                let size = size.ok_or_else(|| self.wrong(itemsize, "records that are too large"))?;
                let mut places = self.lengths(offsets)?.into_iter();
                let fields = self.fields(self.list(fields)?, depth, |_| places.next())?;
                if places.next().is_some() {
                    return Err(self.wrong(offsets, "expected as many offsets as fields"));
                }
                if !fields.iter().all(|field| field.end().is_some_and(|end| end <= size)) {
                    return Err(self.wrong(itemsize, "a field outside of its record"));
                }
                Ok(DType::Struct { fields, itemsize: size })
            }
            _ => Err(self.wrong(value, "expected a dtype")),
        }
    }

    /// The fields of a record, whose offsets `place` gives by their sizes.
    fn fields(
        &self,
        fields: &[Id],
        depth: usize,
        mut place: impl FnMut(usize) -> Option<usize>,
    ) -> Result<Vec<Field>, Error> {
        let mut read: Vec<Field> = Vec::with_capacity(fields.len());
        for &field in fields {
            let &[name, dtype] = self.list(field)? else {
                return Err(self.wrong(field, "expected a name and a dtype"));
            };
            let text = self.document.text_of(name).filter(|name| read.iter().all(|field| field.name != *name));
            let text = text.ok_or_else(|| self.wrong(name, "expected a name that no other field has"))?;
            let dtype = self.dtype_within(dtype, depth)?;
            let size = dtype.itemsize().filter(|&size| size <= MOST_BYTES);
            let size = size.ok_or_else(|| self.wrong(field, "a field that is too large"))?;
            let offset = place(size).ok_or_else(|| self.wrong(field, "expected an offset for each field"))?;
            read.push(Field { name: text.to_owned(), dtype, offset });
        }
        Ok(read)
    }

    /// numpy's scalar: its dtype and its value.
    pub(super) fn numpy_scalar(&mut self, value: Id) -> Result<Node, Error> {
        let dtype = self.required(value, "dtype")?;
        let dtype = self.dtype(dtype)?;
        if dtype.has_objects() {
            return Err(self.wrong(value, "a scalar of objects"));
        }
        self.budget.nodes(nodes::dtype_cost(&dtype).saturating_add(8), 0)?;
        let bytes = self.elements(value, &dtype, &[])?;
        let element = Node::Bytes(self.keep(&bytes)?);
        let element = self.graph.push(element);
        let dtype = nodes::dtype(&mut self.graph, &dtype);
        let arguments = self.tuple(vec![dtype, element]);
        let scalar = self.made(Make::Reduce, ("numpy.core.multiarray", "scalar"), arguments);
        Ok(Node::Object(Box::new(scalar)))
    }

    /// A masked array, as numpy pickles it.
    pub(super) fn masked(&mut self, value: Id) -> Result<Node, Error> {
        let (data, mask) = (self.required(value, "data")?, self.required(value, "mask")?);
        let (data, mask) = (self.array(data)?, self.array(mask)?);
        if mask.dtype != DType::Bool || mask.shape != data.shape || mask.order != data.order {
            return Err(self.wrong(value, "expected a mask of bools of the shape and order of the data"));
        }
        let fill = match self.document.get(value, "fill_value") {
            Some(fill) => self.place(fill)?,
            None => self.graph.push(Node::None),
        };
        let graph = &mut self.graph;
        let version = graph.push(Node::Int(1));
        let shape = nodes::lengths(graph, &data.shape);
        let dtype = nodes::dtype(graph, &data.dtype);
        let is_fortran = graph.push(Node::Bool(data.order == Order::F));
        let state = [version, shape, dtype, is_fortran, data.elements, mask.elements, fill];
        let state = graph.push(Node::Tuple(state.into()));
        let class = |graph: &mut Graph, module: &str, name: &str| {
            let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
            graph.push(Node::Global(Global { module, name }))
        };
        let (own, base) = (class(graph, "numpy.ma", "MaskedArray"), class(graph, "numpy", "ndarray"));
        let (empty, code) = (nodes::lengths(graph, &[0]), nodes::text(graph, "b"));
        let arguments = self.tuple(vec![own, base, empty, code]);
        let mut object = self.made(Make::Reduce, ("numpy.ma.core", "_mareconstruct"), arguments);
        object.changes = vec![Change::Build(state)];
        Ok(Node::Object(Box::new(object)))
    }
}

/// A record of more bytes is no numpy's.
const MOST_BYTES: usize = 1 << 30;

/// The floats that JSON has no numbers for.
pub(super) fn not_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Appends bytes that are given from the least to the greatest.
fn put(bytes: &mut Vec<u8>, little: Option<&[u8]>, endian: Endian) {
    let little = little.unwrap_or_default();
    match endian {
        Endian::Little => bytes.extend_from_slice(little),
        Endian::Big => bytes.extend(little.iter().rev()),
    }
}

/// The bits of a `float16` with exactly this value.
fn half_bits(number: f32) -> Option<u16> {
    const NAN: u16 = 0x7e00;
    const INFINITY: u16 = 0x7c00;
    if number.is_nan() {
        return Some(NAN);
    }
    // Those that are not negative rise with their bits.
    let (mut least, mut most) = (0, INFINITY);
    while least < most {
        let middle = u16::midpoint(least, most);
        if half(middle) < number.abs() { least = middle.saturating_add(1) } else { most = middle }
    }
    let sign = if number.is_sign_negative() { 0x8000 } else { 0 };
    (half(least) == number.abs()).then_some(least | sign)
}

/// Elements in C order, in Fortran order.
fn fortran(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut strides = vec![size; shape.len()];
    for axis in (1..shape.len()).rev() {
        if let (Some(&inner), Some(&length)) = (strides.get(axis), shape.get(axis))
            && let Some(outer) = strides.get_mut(axis.saturating_sub(1))
        {
            *outer = inner.saturating_mul(length);
        }
    }
    let mut arranged = Vec::with_capacity(bytes.len());
    let mut place = vec![0_usize; shape.len()];
    let mut offset = 0_usize;
    while arranged.len() < bytes.len() {
        let Some(element) = bytes.get(offset..offset.saturating_add(size)) else { break };
        arranged.extend_from_slice(element);
        // The first axis runs fastest.
        for ((at, &length), &stride) in place.iter_mut().zip(shape).zip(&strides) {
            *at = at.saturating_add(1);
            offset = offset.saturating_add(stride);
            if *at < length {
                break;
            }
            offset = offset.saturating_sub(stride.saturating_mul(length));
            *at = 0;
        }
    }
    arranged
}
