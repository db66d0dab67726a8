//! numpy's dtypes, from the state that `numpy.dtype.__setstate__` takes.

use std::fmt;

use skiff_pickle::{Graph, Node, NodeId};

use super::dtype_state;
use super::type_code::{self, Endian, TimeUnit};
use crate::ValueError;
use crate::call::{Call, is_numpy_module};

/// The type of the elements of an array.
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
    /// `datetime64`: steps since 1970.
    DateTime {
        /// The step.
        unit: TimeUnit,
        /// The order of the eight bytes.
        endian: Endian,
    },
    /// `timedelta64`.
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
        /// The type of the small arrays.
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
    /// Its type.
    pub dtype: DType,
    /// Its offset in the record; it ends within the record.
    pub offset: usize,
}

impl Field {
    /// The offset of the first byte behind it; `None` if it exceeds the address space.
    pub fn end(&self) -> Option<usize> {
        self.dtype.itemsize()?.checked_add(self.offset)
    }
}

impl DType {
    /// The dtype at `id`; `None` if the node is not a dtype object.
    ///
    /// # Errors
    /// When it is an inconsistent dtype: a field outside of its record, a state other than numpy writes for it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        dtype_state::read(graph, id)
    }

    /// Whether the dtype at `id` is numpy 2's `StringDType`, whose arrays are pickled as lists, like those of objects, and
    /// read so.
    pub(crate) fn is_string(graph: &Graph, id: NodeId) -> bool {
        let call = Call::read(graph, id);
        call.is_some_and(|call| {
            call.name == "_convert_to_stringdtype_kwargs" && is_numpy_module(call.module, "_internal")
        })
    }

    /// The dtype for a parameter like `dtype=`: a dtype object, a type (`numpy.float64`, `float`), a name (`'float64'`).
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

    /// numpy's `dtype.str`, as in `.npy` files: `<f8`, `|b1`.
    pub fn code(&self) -> String {
        type_code::code(self)
    }

    /// A dtype by its code.
    pub fn from_code(code: &str) -> Option<Self> {
        type_code::parse(code)
    }

    /// A dtype by its name, as it is displayed: `float64`, `<U3`, `datetime64[ns]`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match (name.strip_prefix("datetime64"), name.strip_prefix("timedelta64")) {
            (Some(unit), _) => type_code::parse(&format!("M8{unit}")),
            (_, Some(unit)) => type_code::parse(&format!("m8{unit}")),
            _ => type_code::parse_name(name),
        }
    }

    /// Bytes of one element; `None` if it exceeds the address space. Objects have none: they are nodes.
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

    /// Whether an element contains Python objects, itself or in a field.
    pub fn has_objects(&self) -> bool {
        match self {
            Self::Object => true,
            Self::Struct { fields, .. } => fields.iter().any(|field| field.dtype.has_objects()),
            Self::Sub { dtype, .. } => dtype.has_objects(),
            _ => false,
        }
    }

    /// Whether it is a number or a bool that `to_f64` can convert.
    pub fn is_real(&self) -> bool {
        matches!(self, Self::Bool | Self::Int { .. } | Self::UInt { .. } | Self::Float { .. })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&type_code::name(self))
    }
}

/// A tuple of lengths, or one length.
pub fn read_shape(graph: &Graph, id: NodeId) -> Option<Vec<usize>> {
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
