//! Scalars of Python, numpy and pandas.

use std::fmt;
use std::sync::Arc;

use skiff_pickle::{Graph, Node, NodeId};

use crate::call::{Call, python_bytes};
use crate::numpy::{DType, NdArray, Order, TimeUnit};
use crate::text::decimal;
use crate::{ValueError, ValueErrorKind as Kind};

/// A scalar: a class label, a category, a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `None`.
    None,
    /// `True`, `False`, numpy's bools.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// Another integer, in decimal.
    BigInt(String),
    /// A float of any width.
    Float(f64),
    /// Text; Python 2's `str` too when it is UTF-8.
    Str(String),
    /// Bytes; Python 2's `str` too when it is not UTF-8.
    Bytes(Vec<u8>),
    /// A complex number.
    Complex(f64, f64),
    /// numpy's `datetime64`: steps since 1970; `i64::MIN` is not a time.
    DateTime(i64, TimeUnit),
    /// numpy's `timedelta64`.
    TimeDelta(i64, TimeUnit),
    /// pandas' missing value.
    Na,
    /// pandas' `Timestamp` without a time zone, as in `datetime64`.
    Timestamp(i64, TimeUnit),
    /// pandas' `Interval`.
    Interval(Arc<Interval>),
    /// A value of another class.
    Object(Arc<ForeignObject>),
    /// Something else, among elements that are scalars otherwise.
    Other(NodeId),
}

/// A value of a class that is not known, such as `decimal.Decimal`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignObject {
    /// What it is, in words.
    pub shown: String,
    /// What `float` makes of it, where it does.
    pub number: Option<f64>,
    /// Whether it equals that number in Python, as `Decimal('0.5')` does and `Decimal('0.1')` does not. It equals nothing
    /// else.
    pub equals_number: bool,
}

impl ForeignObject {
    /// A value of which nothing is known but what it is.
    pub fn new(shown: impl Into<String>) -> Self {
        Self { shown: shown.into(), number: None, equals_number: false }
    }
}

/// An interval of numbers or dates.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// The left end.
    pub left: Scalar,
    /// The right end.
    pub right: Scalar,
    /// The ends that are included.
    pub closed: Closed,
}

/// The ends of an interval that are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// The first.
    Left,
    /// The last.
    Right,
    /// Both.
    Both,
    /// None of them.
    Neither,
}

impl Closed {
    /// pandas' name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Both => "both",
            Self::Neither => "neither",
        }
    }

    /// The ends with this pandas name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Left, Self::Right, Self::Both, Self::Neither].into_iter().find(|closed| closed.name() == name)
    }

    /// The brackets around the ends.
    pub fn brackets(self) -> (char, char) {
        let opening = if matches!(self, Self::Left | Self::Both) { '[' } else { '(' };
        let closing = if matches!(self, Self::Right | Self::Both) { ']' } else { ')' };
        (opening, closing)
    }
}

impl Scalar {
    /// The scalar at `id`; `None` if the node is something else.
    ///
    /// # Errors
    /// A damaged numpy scalar, and an integer of more digits than Python prints.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        Ok(Some(match graph.node(id) {
            Node::None => Self::None,
            Node::Bool(value) => Self::Bool(*value),
            Node::Int(value) => Self::Int(*value),
            Node::BigInt(span) => {
                let digits = decimal(graph.bytes(*span)).ok_or(ValueError::new(Kind::IntegerTooLong, id))?;
                digits.parse().map_or_else(|_| Self::BigInt(digits), Self::Int)
            }
            Node::Float(value) => Self::Float(*value),
            Node::Str(span) => match graph.text(*span) {
                Some(text) => Self::Str(text.to_owned()),
                None => return Ok(None),
            },
            // Python 2's source files are UTF-8 mostly, and so are the texts in them.
            Node::ByteStr(span) => match graph.text(*span) {
                Some(text) => Self::Str(text.to_owned()),
                None => Self::Bytes(graph.bytes(*span).to_vec()),
            },
            Node::Bytes(span) | Node::ByteArray(span) => Self::Bytes(graph.bytes(*span).to_vec()),
            Node::Object(_) => return Self::read_called(graph, id),
            _ => return Ok(None),
        }))
    }

    /// As a number: bools, integers and floats.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(*value)),
            Self::Int(value) => Some(crate::numpy::to_f64(*value)),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// As an integer: bools and integers.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// As text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    fn read_called(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        let Some(call) = Call::read(graph, id) else { return Ok(None) };
        if call.is_numpy("multiarray", "scalar") {
            return Self::read_numpy(graph, id);
        }
        Ok(match (call.module, call.name) {
            ("builtins" | "__builtin__", "complex") => match *call.arguments {
                [re, im] => match (graph.node(re), graph.node(im)) {
                    (Node::Float(re), Node::Float(im)) => Some(Self::Complex(*re, *im)),
                    _ => None,
                },
                _ => None,
            },
            ("_codecs", "encode") | ("builtins" | "__builtin__", "bytes" | "bytearray") => {
                python_bytes(graph, id).map(|bytes| Self::Bytes(bytes.to_vec()))
            }
            ("pandas._libs.tslibs.timestamps" | "pandas", "_unpickle_timestamp" | "Timestamp") => {
                Self::read_timestamp(graph, &call)
            }
            ("pandas._libs.interval" | "pandas", "Interval") => return Self::read_interval(graph, &call),
            _ => None,
        })
    }

    /// `_unpickle_timestamp(value, freq, tz, reso)`; before pandas 2, when all were in nanoseconds, without the last. Timestamps
    /// with a time zone are not read.
    fn read_timestamp(graph: &Graph, call: &Call<'_>) -> Option<Self> {
        let (value, rest) = call.arguments.split_first()?;
        let Node::Int(steps) = graph.node(*value) else { return None };
        let is_none = |node: Option<&NodeId>| node.is_none_or(|&node| *graph.node(node) == Node::None);
        let name = match rest.get(2).map(|&reso| graph.node(reso)) {
            None | Some(Node::Int(10)) => "ns",
            Some(Node::Int(9)) => "us",
            Some(Node::Int(8)) => "ms",
            Some(Node::Int(7)) => "s",
            Some(_) => return None,
        };
        let unit = TimeUnit::new(name, 1)?;
        let is_plain = is_none(rest.first()) && is_none(rest.get(1)) && call.object.changes.is_empty();
        is_plain.then_some(Self::Timestamp(*steps, unit))
    }

    /// `Interval(left, right, closed)`, of numbers or of timestamps.
    fn read_interval(graph: &Graph, call: &Call<'_>) -> Result<Option<Self>, ValueError> {
        let &[left, right, closed] = call.arguments else { return Ok(None) };
        // The ends of intervals are not intervals: this is not nested deeper.
        let is_interval = |end| Call::read(graph, end).is_some_and(|call| call.name == "Interval");
        if is_interval(left) || is_interval(right) || !call.object.changes.is_empty() {
            return Ok(None);
        }
        let is_end = |end: &Self| matches!(end, Self::Int(_) | Self::Float(_) | Self::Timestamp(..));
        let end = |end| Ok::<_, ValueError>(Self::read(graph, end)?.filter(is_end));
        let closed = graph.str_of(closed).and_then(Closed::named);
        Ok(match (end(left)?, end(right)?, closed) {
            (Some(left), Some(right), Some(closed)) => Some(Self::Interval(Arc::new(Interval { left, right, closed }))),
            _ => None,
        })
    }

    fn read_numpy(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        // Records, and text that is not UTF-8 (lone surrogates), are not scalars.
        let array = scalar_array(graph, id)?;
        Ok(array.and_then(|array| array.column()?.to_scalars()).and_then(|mut scalars| scalars.pop()))
    }
}

/// numpy's scalar at `id` as an array without axes; `None` if the node is something else.
pub(crate) fn scalar_array(graph: &Graph, id: NodeId) -> Result<Option<NdArray>, ValueError> {
    let Some(call) = Call::read(graph, id).filter(|call| call.is_numpy("multiarray", "scalar")) else {
        return Ok(None);
    };
    let error = |kind| ValueError::new(kind, id);
    let &[dtype, bytes] = call.arguments else { return Err(error(Kind::ScalarData)) };
    let dtype = DType::read(graph, dtype)?.ok_or(error(Kind::DTypeState))?;
    let bytes = python_bytes(graph, bytes).ok_or(error(Kind::ScalarData))?;
    match NdArray::from_bytes(dtype, Vec::new(), Order::C, bytes, id) {
        Err(ValueError { kind: Kind::ArraySize { .. }, .. }) => Err(error(Kind::ScalarData)),
        array => array.map(Some),
    }
}

impl fmt::Display for Scalar {
    /// Approximately Python's `repr`, for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Bool(true) => write!(f, "True"),
            Self::Bool(false) => write!(f, "False"),
            Self::Int(value) => write!(f, "{value}"),
            Self::BigInt(digits) => write!(f, "{digits}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
            Self::Complex(re, im) => write!(f, "({re:?}{im:+?}j)"),
            Self::DateTime(steps, unit) => write!(f, "datetime64({steps} × {} {})", unit.count, unit.name),
            Self::TimeDelta(steps, unit) => write!(f, "timedelta64({steps} × {} {})", unit.count, unit.name),
            Self::Na => write!(f, "<NA>"),
            Self::Timestamp(steps, unit) => write!(f, "Timestamp({steps} × {} {})", unit.count, unit.name),
            Self::Interval(interval) => {
                let (opening, closing) = interval.closed.brackets();
                write!(f, "{opening}{}, {}{closing}", interval.left, interval.right)
            }
            Self::Object(object) => f.write_str(&object.shown),
            Self::Other(_) => write!(f, "an object"),
        }
    }
}
