//! numpy's dtypes, from the state that `numpy.dtype.__setstate__` takes.

use std::fmt;

use skiff_pickle::{Graph, Node, NodeId};

use super::type_code::{self, Endian, TimeUnit};
use crate::call::{Call, bytes_of, is_numpy_module};
use crate::{ValueError, ValueErrorKind};

/// What the elements of an array are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DType {
    /// One byte each, 0 or not.
    Bool,
    /// Signed integers.
    Int {
        /// Bytes: 1, 2, 4 or 8.
        size: usize,
        /// Their order.
        endian: Endian,
    },
    /// Unsigned integers.
    UInt {
        /// Bytes: 1, 2, 4 or 8.
        size: usize,
        /// Their order.
        endian: Endian,
    },
    /// Floating point: IEEE's for 2, 4 and 8 bytes, x87's ten bytes with padding for 10, 12 and 16.
    Float {
        /// Bytes: 2, 4, 8, 10, 12 or 16.
        size: usize,
        /// Their order.
        endian: Endian,
    },
    /// Two floats.
    Complex {
        /// Bytes of both together.
        size: usize,
        /// Their order.
        endian: Endian,
    },
    /// UTF-32, padded with zeros.
    Str {
        /// Characters, of four bytes each.
        chars: usize,
        /// The order of each character's bytes.
        endian: Endian,
    },
    /// Bytes, padded with zeros.
    Bytes {
        /// How many.
        len: usize,
    },
    /// Bytes without a meaning.
    Void {
        /// How many.
        len: usize,
    },
    /// Python objects.
    Object,
    /// Moments: steps since 1970.
    DateTime {
        /// The step.
        unit: TimeUnit,
        /// The order of the eight bytes.
        endian: Endian,
    },
    /// Spans of time.
    TimeDelta {
        /// The step.
        unit: TimeUnit,
        /// The order of the eight bytes.
        endian: Endian,
    },
    /// Records with named fields.
    Struct {
        /// The fields, in numpy's order.
        fields: Vec<Field>,
        /// Bytes of a record, padding included.
        itemsize: usize,
    },
    /// A small array in each element.
    Sub {
        /// What the small arrays hold.
        dtype: Box<DType>,
        /// Their shape.
        shape: Vec<usize>,
    },
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub dtype: DType,
    /// Where in the record it begins; it ends within.
    pub offset: usize,
}

impl DType {
    /// The dtype at `id`; `None` when the node is no dtype object.
    ///
    /// # Errors
    /// When it is one and contradicts itself: a field outside of its record, a state that numpy does not write.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        // Records nest a level or two in practice; what is deeper, or a cycle, is no dtype.
        Reader { graph, fields_left: 4_096 }.read(id, 16)
    }

    /// What a parameter like `dtype=` means: a dtype object, a type (`numpy.float64`, `float`), a name (`'float64'`).
    ///
    /// # Errors
    /// As [`DType::read`].
    pub fn like(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        if let Some((module, name)) = graph.global(id) {
            return Ok(match module {
                "numpy" | "builtins" | "__builtin__" => type_code::parse_name(name),
                _ => None,
            });
        }
        match graph.str_of(id) {
            Some(name) => Ok(type_code::parse_name(name)),
            None => Self::read(graph, id),
        }
    }

    /// numpy's `dtype.str`, as `.npy` files spell it: `<f8`, `|b1`.
    pub fn code(&self) -> String {
        type_code::code(self)
    }

    /// A dtype by its code.
    pub fn from_code(code: &str) -> Option<Self> {
        type_code::parse(code)
    }

    /// Bytes of one element; `None` past what a machine can address. Objects take none: they are nodes.
    pub fn itemsize(&self) -> Option<usize> {
        Some(match self {
            Self::Bool => 1,
            Self::Int { size, .. }
            | Self::UInt { size, .. }
            | Self::Float { size, .. }
            | Self::Complex { size, .. } => *size,
            Self::Str { chars, .. } => chars.checked_mul(4)?,
            Self::Bytes { len } | Self::Void { len } => *len,
            Self::Object => 0,
            Self::DateTime { .. } | Self::TimeDelta { .. } => 8,
            Self::Struct { itemsize, .. } => *itemsize,
            Self::Sub { dtype, shape } => {
                shape.iter().try_fold(dtype.itemsize()?, |size, &length| size.checked_mul(length))?
            }
        })
    }

    /// Whether an element holds Python objects, wholly or in a field.
    pub fn has_objects(&self) -> bool {
        match self {
            Self::Object => true,
            Self::Struct { fields, .. } => fields.iter().any(|field| field.dtype.has_objects()),
            Self::Sub { dtype, .. } => dtype.has_objects(),
            _ => false,
        }
    }

    /// Whether it is a number or a bool that `to_f64` can give.
    pub fn is_real(&self) -> bool {
        matches!(self, Self::Bool | Self::Int { .. } | Self::UInt { .. } | Self::Float { .. })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&type_code::name(self))
    }
}

struct Reader<'g> {
    graph: &'g Graph,
    /// Shared field dtypes could otherwise multiply without end.
    fields_left: usize,
}

impl Reader<'_> {
    fn read(&mut self, id: NodeId, depth: usize) -> Result<Option<DType>, ValueError> {
        let error = |kind| ValueError::new(kind, id);
        let Some(call) = Call::read(self.graph, id) else { return Ok(None) };
        // numpy 2's variable-length text: arrays of it are pickled as lists, like objects.
        if call.name == "_convert_to_stringdtype_kwargs" && is_numpy_module(call.module, "_internal") {
            return Ok(Some(DType::Object));
        }
        if (call.module, call.name) != ("numpy", "dtype") {
            return Ok(None);
        }
        let code = call.argument(0).ok_or(error(ValueErrorKind::DTypeState))?;
        let code = match self.graph.global(code) {
            // `numpy.record` and other subclasses of `numpy.void` name themselves; the state says the rest.
            Some(("numpy" | "numpy.rec" | "numpy.core.records", "record" | "void")) => "V",
            Some((module, name)) => return Err(error(ValueErrorKind::DTypeName(format!("{module}.{name}")))),
            None => self.graph.str_of(code).ok_or(error(ValueErrorKind::DTypeState))?,
        };
        let named = type_code::parse(code).ok_or_else(|| error(ValueErrorKind::DTypeName(code.to_owned())))?;
        let Some(state) = call.object.state() else { return Ok(Some(named)) };
        let state = State::read(self.graph, state).ok_or(error(ValueErrorKind::DTypeState))?;
        self.finish(&named, &state, id, depth).map(Some)
    }

    fn finish(&mut self, named: &DType, state: &State, id: NodeId, depth: usize) -> Result<DType, ValueError> {
        let error = |kind| ValueError::new(kind, id);
        let elsize = usize::try_from(state.elsize).ok();
        if let Some(subarray) = state.subarray {
            return self.subarray(subarray, id, depth);
        }
        if let Some(fields) = state.fields {
            let itemsize = elsize.ok_or(error(ValueErrorKind::DTypeState))?;
            let fields = self.fields(state.names, fields, itemsize, id, depth)?;
            return Ok(DType::Struct { fields, itemsize });
        }
        let endian = state.endian;
        let is_size = |size: usize| elsize.is_none_or(|elsize| elsize == size);
        let damaged = Err(error(ValueErrorKind::DTypeState));
        Ok(match *named {
            DType::Str { chars, .. } => match elsize {
                Some(size) if size % 4 == 0 => DType::Str { chars: size / 4, endian },
                Some(_) => return damaged,
                None => DType::Str { chars, endian },
            },
            DType::Bytes { len } => DType::Bytes { len: elsize.unwrap_or(len) },
            DType::Void { len } => DType::Void { len: elsize.unwrap_or(len) },
            DType::DateTime { unit, .. } => DType::DateTime { unit: state.unit.unwrap_or(unit), endian },
            DType::TimeDelta { unit, .. } => DType::TimeDelta { unit: state.unit.unwrap_or(unit), endian },
            DType::Int { size, .. } if is_size(size) => DType::Int { size, endian },
            DType::UInt { size, .. } if is_size(size) => DType::UInt { size, endian },
            DType::Float { size, .. } if is_size(size) => DType::Float { size, endian },
            DType::Complex { size, .. } if is_size(size) => DType::Complex { size, endian },
            DType::Bool if is_size(1) => DType::Bool,
            DType::Object => DType::Object,
            _ => return damaged,
        })
    }

    fn subarray(&mut self, subarray: NodeId, id: NodeId, depth: usize) -> Result<DType, ValueError> {
        let error = || ValueError::new(ValueErrorKind::DTypeState, id);
        let &[dtype, shape] = self.graph.items(subarray).ok_or_else(error)? else { return Err(error()) };
        let depth = depth.checked_sub(1).ok_or_else(error)?;
        let dtype = self.read(dtype, depth)?.ok_or_else(error)?;
        let shape = read_shape(self.graph, shape).ok_or_else(error)?;
        let dtype = DType::Sub { dtype: Box::new(dtype), shape };
        dtype.itemsize().ok_or_else(error)?;
        Ok(dtype)
    }

    fn fields(
        &mut self,
        names: Option<NodeId>,
        fields: NodeId,
        itemsize: usize,
        id: NodeId,
        depth: usize,
    ) -> Result<Vec<Field>, ValueError> {
        let graph = self.graph;
        let error = || ValueError::new(ValueErrorKind::DTypeState, id);
        let depth = depth.checked_sub(1).ok_or_else(error)?;
        let Node::Dict(pairs) = graph.node(fields) else { return Err(error()) };
        // Before numpy 1.0 the names stood in the fields, under the key -1.
        let old_names = || pairs.iter().find(|(key, _)| *graph.node(*key) == Node::Int(-1)).map(|(_, names)| *names);
        let names = graph.items(names.or_else(old_names).ok_or_else(error)?).ok_or_else(error)?;
        let by_name: std::collections::HashMap<&str, NodeId> =
            pairs.iter().filter_map(|(key, value)| Some((graph.str_of(*key)?, *value))).collect();
        let mut read = Vec::new();
        for &name in names {
            self.fields_left = self.fields_left.checked_sub(1).ok_or_else(error)?;
            let name = graph.str_of(name).ok_or_else(error)?;
            let wrong = || ValueError::new(ValueErrorKind::DTypeField(name.to_owned()), id);
            // `(dtype, offset)` or, with a title, `(dtype, offset, title)`.
            let (dtype, offset) = match graph.items(*by_name.get(name).ok_or_else(wrong)?) {
                Some(&[dtype, offset] | &[dtype, offset, _]) => (dtype, offset),
                _ => return Err(wrong()),
            };
            let Node::Int(offset) = *graph.node(offset) else { return Err(wrong()) };
            let offset = usize::try_from(offset).map_err(|_| wrong())?;
            let dtype = self.read(dtype, depth)?.ok_or_else(wrong)?;
            let size = if dtype.has_objects() { Some(0) } else { dtype.itemsize() };
            let end = size.and_then(|size| offset.checked_add(size)).ok_or_else(wrong)?;
            if end > itemsize || read.iter().any(|field: &Field| field.name == name) {
                return Err(wrong());
            }
            read.push(Field { name: name.to_owned(), dtype, offset });
        }
        Ok(read)
    }
}

/// What `dtype.__setstate__` takes, in the five lengths that numpy has written (`arraydescr_setstate`).
struct State {
    endian: Endian,
    subarray: Option<NodeId>,
    names: Option<NodeId>,
    fields: Option<NodeId>,
    elsize: i64,
    unit: Option<TimeUnit>,
}

impl State {
    fn read(graph: &Graph, id: NodeId) -> Option<Self> {
        let (endian, subarray, names, fields, elsize, metadata) = match *graph.items(id)? {
            [_, endian, subarray, names, fields, elsize, _, _, metadata] => {
                (endian, subarray, Some(names), fields, elsize, Some(metadata))
            }
            [_, endian, subarray, names, fields, elsize, _, _] | [_, endian, subarray, names, fields, elsize, _] => {
                (endian, subarray, Some(names), fields, elsize, None)
            }
            [_, endian, subarray, fields, elsize, _] | [endian, subarray, fields, elsize, _] => {
                (endian, subarray, None, fields, elsize, None)
            }
            _ => return None,
        };
        let given = |id: NodeId| (*graph.node(id) != Node::None).then_some(id);
        let Node::Int(elsize) = *graph.node(elsize) else { return None };
        let endian = bytes_of(graph, endian)?;
        Some(Self {
            endian: Endian::from_sign(std::str::from_utf8(&endian).ok()?)?,
            subarray: given(subarray),
            names: names.and_then(given),
            fields: given(fields),
            elsize,
            unit: match metadata.and_then(given) {
                Some(metadata) => read_unit(graph, metadata)?,
                None => None,
            },
        })
    }
}

/// `(metadata, (unit, count, denominator, event))`, or metadata alone.
fn read_unit(graph: &Graph, metadata: NodeId) -> Option<Option<TimeUnit>> {
    let Some(&[_, unit]) = graph.items(metadata) else { return Some(None) };
    let parts = graph.items(unit)?;
    let (&name, &count) = (parts.first()?, parts.get(1)?);
    let Node::Int(count) = *graph.node(count) else { return None };
    let name = bytes_of(graph, name)?;
    Some(Some(TimeUnit::new(std::str::from_utf8(&name).ok()?, u32::try_from(count).ok()?)?))
}

/// A tuple of lengths, or one length alone.
pub(crate) fn read_shape(graph: &Graph, id: NodeId) -> Option<Vec<usize>> {
    let length = |id: NodeId| match *graph.node(id) {
        Node::Int(length) => usize::try_from(length).ok(),
        _ => None,
    };
    match graph.items(id) {
        Some(lengths) if lengths.len() > 64 => None,
        Some(lengths) => lengths.iter().map(|&id| length(id)).collect(),
        None => Some(vec![length(id)?]),
    }
}
