//! Reads `numpy.dtype(code, False, True)` and the state that follows it, as `dtype.__reduce__` writes them.
//!
//! numpy takes sizes, alignments and flags from the state without checks, and joblib's reading depends on them. So each must
//! equal numpy's own value for the dtype.

use std::collections::{HashMap, HashSet};

use skiff_pickle::{Graph, Node, NodeId};

use super::dtype::read_shape;
use super::layout::{self, ALIGNED, Layout};
use super::type_code::{self, Endian, TimeUnit};
use super::{DType, Field};
use crate::call::{Call, python_bytes};
use crate::{ValueError, ValueErrorKind};

/// Records are nested a level or two in practice; a deeper one, or a cycle, is an error.
const DEEPEST: usize = 16;
/// Shared field dtypes could otherwise multiply without bound.
const MOST_FIELDS: usize = 4_096;
/// The largest size of an element: a C `int` in numpy 1.
const LARGEST: i64 = 0x7fff_ffff;

pub(super) fn read(graph: &Graph, id: NodeId) -> Result<Option<DType>, ValueError> {
    if let Some(dtype) = graph.remembered::<DType>(id) {
        return Ok(Some(dtype));
    }
    let read = Reader { graph, fields_left: MOST_FIELDS }.read(id, DEEPEST)?;
    let dtype = read.map(|(dtype, _)| dtype);
    if let Some(dtype) = dtype.as_ref().filter(|dtype| is_short(dtype)) {
        graph.remember(id, dtype.clone());
    }
    Ok(dtype)
}

/// Whether a dtype takes little memory. Thousands of others may share the fields of a long one.
fn is_short(dtype: &DType) -> bool {
    let is_plain = |dtype: &DType| !matches!(dtype, DType::Struct { .. } | DType::Sub { .. });
    match dtype {
        DType::Struct { fields, .. } => {
            fields.len() <= 16 && fields.iter().all(|field| is_plain(&field.dtype) && field.name.len() < 64)
        }
        DType::Sub { .. } => false,
        _ => true,
    }
}

struct Reader<'g> {
    graph: &'g Graph,
    fields_left: usize,
}

/// A dtype, with its alignment and flags.
type Read = (DType, Layout);

impl Reader<'_> {
    fn read(&mut self, id: NodeId, depth: usize) -> Result<Option<Read>, ValueError> {
        let damaged = || ValueError::new(ValueErrorKind::DTypeState, id);
        let graph = self.graph;
        let Some(call) = Call::read(graph, id) else { return Ok(None) };
        if DType::is_string(graph, id) {
            return match call.object.changes.as_slice() {
                [] => Ok(Some((DType::Object, Layout::of(&DType::Object)))),
                _ => Err(damaged()),
            };
        }
        if (call.module, call.name) != ("numpy", "dtype") {
            return Ok(None);
        }
        let code = code(graph, call.argument(0).ok_or_else(damaged)?, id)?;
        if !is_plain_call(graph, call.arguments) {
            return Err(damaged());
        }
        let named = match code {
            None => DType::Void { len: 0 },
            Some(code) => {
                type_code::parse(code).ok_or_else(|| ValueError::new(ValueErrorKind::DTypeName(code.to_owned()), id))?
            }
        };
        match call.object.changes.as_slice() {
            [] => {
                let layout = Layout::of(&named);
                Ok(Some((named, layout)))
            }
            [skiff_pickle::Change::Build(state)] => {
                let state = State::read(graph, *state).ok_or_else(damaged)?;
                // Before thousands of fields are read.
                if state.fields.is_some() && code.is_some_and(|code| code != format!("V{}", state.elsize)) {
                    return Err(damaged());
                }
                let read @ (dtype, _) = &self.finish(&named, &state, id, depth)?;
                // `numpy.record` has no size in its code.
                if code.is_some_and(|code| !is_code_of(code, dtype)) || !state.agrees(read) {
                    return Err(damaged());
                }
                Ok(Some(read.clone()))
            }
            _ => Err(damaged()),
        }
    }

    fn finish(&mut self, named: &DType, state: &State, id: NodeId, depth: usize) -> Result<Read, ValueError> {
        let damaged = || ValueError::new(ValueErrorKind::DTypeState, id);
        if let Some(subarray) = state.subarray {
            return if state.fields.is_none() { self.subarray(subarray, id, depth) } else { Err(damaged()) };
        }
        if let Some(fields) = state.fields {
            let itemsize = usize::try_from(state.elsize).map_err(|_| damaged())?;
            let names = state.names.ok_or_else(damaged)?;
            let is_aligned = state.flags & i64::from(ALIGNED) != 0;
            return self.record(names, fields, itemsize, is_aligned, id, depth);
        }
        let endian = state.endian;
        let elsize = || usize::try_from(state.elsize).map_err(|_| damaged());
        let dtype = match *named {
            DType::Str { .. } => match elsize()? {
                size if size % 4 == 0 => DType::Str { chars: size / 4, endian },
                _ => return Err(damaged()),
            },
            DType::Bytes { .. } => DType::Bytes { len: elsize()? },
            DType::Void { .. } => DType::Void { len: elsize()? },
            // A state without a unit removes the unit, and numpy accepts it.
            DType::DateTime { .. } => DType::DateTime { unit: state.unit.ok_or_else(damaged)?, endian },
            DType::TimeDelta { .. } => DType::TimeDelta { unit: state.unit.ok_or_else(damaged)?, endian },
            DType::Int { size, .. } => DType::Int { size, endian },
            DType::UInt { size, .. } => DType::UInt { size, endian },
            DType::Float { size, .. } => DType::Float { size, endian },
            DType::Complex { size, .. } => DType::Complex { size, endian },
            DType::Bool => DType::Bool,
            DType::Object => DType::Object,
            DType::Struct { .. } | DType::Sub { .. } => return Err(damaged()),
        };
        let layout = Layout::of(&dtype);
        Ok((dtype, layout))
    }

    fn subarray(&mut self, subarray: NodeId, id: NodeId, depth: usize) -> Result<Read, ValueError> {
        let error = || ValueError::new(ValueErrorKind::DTypeState, id);
        let &[dtype, shape] = tuple(self.graph, subarray).ok_or_else(error)? else { return Err(error()) };
        let depth = depth.checked_sub(1).ok_or_else(error)?;
        let (dtype, layout) = self.read(dtype, depth)?.ok_or_else(error)?;
        let shape = read_shape(self.graph, shape).ok_or_else(error)?;
        let dtype = DType::Sub { dtype: Box::new(dtype), shape };
        dtype.itemsize().ok_or_else(error)?;
        Ok((dtype, layout))
    }

    fn record(
        &mut self,
        names: NodeId,
        fields: NodeId,
        itemsize: usize,
        is_aligned: bool,
        id: NodeId,
        depth: usize,
    ) -> Result<Read, ValueError> {
        let graph = self.graph;
        let error = || ValueError::new(ValueErrorKind::DTypeState, id);
        let depth = depth.checked_sub(1).ok_or_else(error)?;
        let (Node::Dict(pairs), Node::Tuple(names)) = (graph.node(fields), graph.node(names)) else {
            return Err(error());
        };
        let by_name: HashMap<&str, NodeId> =
            pairs.iter().filter_map(|(key, value)| Some((graph.str_of(*key)?, *value))).collect();
        // Fields are found under their titles, too.
        let mut known = HashSet::new();
        let (mut read, mut layouts) = (Vec::new(), Vec::new());
        for &name in names {
            self.fields_left = self.fields_left.checked_sub(1).ok_or_else(error)?;
            let name = graph.str_of(name).ok_or_else(error)?;
            let wrong = || ValueError::new(ValueErrorKind::DTypeField(name.to_owned()), id);
            // `(dtype, offset)` or, with a title, `(dtype, offset, title)`.
            let (dtype, offset, title) = match tuple(graph, *by_name.get(name).ok_or_else(wrong)?) {
                Some(&[dtype, offset]) => (dtype, offset, None),
                Some(&[dtype, offset, title]) => (dtype, offset, Some(graph.str_of(title).ok_or_else(wrong)?)),
                _ => return Err(wrong()),
            };
            let Node::Int(offset) = *graph.node(offset) else { return Err(wrong()) };
            let offset = usize::try_from(offset).map_err(|_| wrong())?;
            let (dtype, layout) = self.read(dtype, depth)?.ok_or_else(wrong)?;
            let end = layout::memory(&dtype).and_then(|size| offset.checked_add(size)).ok_or_else(wrong)?;
            if end > itemsize || !known.insert(name) {
                return Err(wrong());
            }
            known.extend(title);
            layouts.push(layout);
            read.push(Field { name: name.to_owned(), dtype, offset });
        }
        if by_name.len() != pairs.len() || by_name.keys().any(|name| !known.contains(name)) || is_shared(&read) {
            return Err(error());
        }
        let layout = Layout::of_record(layouts.into_iter(), is_aligned);
        Ok((DType::Struct { fields: read, itemsize }, layout))
    }
}

/// The items of a tuple. numpy assumes without a check that the parts of a state are tuples, and crashes on a list.
fn tuple(graph: &Graph, id: NodeId) -> Option<&[NodeId]> {
    match graph.node(id) {
        Node::Tuple(items) => Some(items),
        _ => None,
    }
}

/// The code of a dtype; `None` for `numpy.record` and `numpy.void`, whose state has the
/// rest.
fn code(graph: &Graph, code: NodeId, id: NodeId) -> Result<Option<&str>, ValueError> {
    match graph.global(code) {
        Some(("numpy" | "numpy.rec" | "numpy.core.records", "record" | "void")) => Ok(None),
        Some((module, name)) => Err(ValueError::new(ValueErrorKind::DTypeName(format!("{module}.{name}")), id)),
        None => graph.str_of(code).map(Some).ok_or(ValueError::new(ValueErrorKind::DTypeState, id)),
    }
}

/// Whether an object overlaps another field: it would be reference-counted twice, or read as an address.
fn is_shared(fields: &[Field]) -> bool {
    if !fields.iter().any(|field| field.dtype.has_objects()) {
        return false;
    }
    let mut ranges: Vec<_> = fields
        .iter()
        .map(|field| (field.offset, field.offset.saturating_add(layout::memory(&field.dtype).unwrap_or(usize::MAX))))
        .collect();
    ranges.sort_unstable();
    ranges.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if start < end))
}

/// `(code, False, True)`, `(code, 0, 1)` before numpy 1.17, and the code alone.
fn is_plain_call(graph: &Graph, arguments: &[NodeId]) -> bool {
    match *arguments {
        [_] => true,
        [_, align, copy] => {
            matches!(graph.node(align), Node::Bool(false) | Node::Int(0))
                && matches!(graph.node(copy), Node::Bool(true) | Node::Int(1))
        }
        _ => false,
    }
}

/// Whether this is numpy's name of the dtype in pickles: without the byte order.
fn is_code_of(code: &str, dtype: &DType) -> bool {
    match dtype {
        // `O4` on 32-bit machines.
        DType::Object => matches!(code, "O8" | "O4"),
        DType::Bool => matches!(code, "b1" | "?"),
        DType::Sub { .. } => {
            layout::memory(dtype).is_some_and(|size| code.strip_prefix('V') == Some(size.to_string().as_str()))
        }
        DType::DateTime { .. } | DType::TimeDelta { .. } => {
            let own = dtype.code();
            let own = own.trim_start_matches(['<', '>']);
            code == own || own.get(..2) == Some(code)
        }
        _ => code == dtype.code().trim_start_matches(['<', '>', '|']),
    }
}

/// What `dtype.__setstate__` takes: eight items since numpy 1.0, and nine where there is metadata.
struct State {
    sign: u8,
    endian: Endian,
    subarray: Option<NodeId>,
    names: Option<NodeId>,
    fields: Option<NodeId>,
    elsize: i64,
    alignment: i64,
    flags: i64,
    unit: Option<TimeUnit>,
}

impl State {
    fn read(graph: &Graph, id: NodeId) -> Option<Self> {
        let Node::Tuple(items) = graph.node(id) else { return None };
        let ([version, sign, subarray, names, fields, elsize, alignment, flags], metadata) = match **items {
            [a, b, c, d, e, f, g, h] => ([a, b, c, d, e, f, g, h], None),
            [a, b, c, d, e, f, g, h, metadata] => ([a, b, c, d, e, f, g, h], Some(metadata)),
            _ => return None,
        };
        let given = |id: NodeId| (*graph.node(id) != Node::None).then_some(id);
        let int = |id: NodeId| match *graph.node(id) {
            Node::Int(value) => Some(value),
            _ => None,
        };
        let wanted = if metadata.is_some() { 4 } else { 3 };
        if int(version)? != wanted {
            return None;
        }
        let sign = python_bytes(graph, sign)?;
        let &[sign] = sign.as_slice() else { return None };
        Some(Self {
            sign,
            endian: if sign == b'>' { Endian::Big } else { Endian::Little },
            subarray: given(subarray),
            names: given(names),
            fields: given(fields),
            elsize: int(elsize)?,
            alignment: int(alignment)?,
            flags: int(flags)?,
            unit: match metadata.and_then(given) {
                Some(metadata) => read_unit(graph, metadata)?,
                None => None,
            },
        })
    }

    /// Whether the whole state is what numpy writes for the dtype.
    fn agrees(&self, (dtype, layout): &Read) -> bool {
        // The state has sizes only if the code alone does not determine them.
        let is_told = matches!(
            dtype,
            DType::Str { .. } | DType::Bytes { .. } | DType::Void { .. } | DType::Struct { .. } | DType::Sub { .. }
        );
        let size = layout::memory(dtype).and_then(|size| i64::try_from(size).ok()).filter(|&size| size <= LARGEST);
        let sizes = match size {
            Some(size) if is_told => (size, i64::try_from(layout.alignment).unwrap_or(i64::MAX)),
            Some(_) => (-1, -1),
            None => return false,
        };
        // Before numpy 2 they were a signed byte.
        let flags = [i64::from(layout.flags), i64::from(layout.flags.cast_signed())];
        let is_sign = match dtype.code().as_bytes().first() {
            Some(&own @ (b'<' | b'>')) => self.sign == own,
            _ => self.sign == b'|',
        };
        let has_names = self.names.is_some() == matches!(dtype, DType::Struct { .. });
        is_sign && has_names && (self.elsize, self.alignment) == sizes && flags.contains(&self.flags)
    }
}

/// `(metadata, (unit, count, denominator, event))`, or metadata alone.
fn read_unit(graph: &Graph, metadata: NodeId) -> Option<Option<TimeUnit>> {
    let Node::Tuple(parts) = graph.node(metadata) else {
        return matches!(graph.node(metadata), Node::Dict(_)).then_some(None);
    };
    let &[own, unit] = &**parts else { return None };
    if !matches!(graph.node(own), Node::None | Node::Dict(_)) {
        return None;
    }
    let &[name, count, denominator, event] = tuple(graph, unit)? else { return None };
    let Node::Int(count) = *graph.node(count) else { return None };
    if [denominator, event].iter().any(|&one| *graph.node(one) != Node::Int(1)) || count < 1 {
        return None;
    }
    let name = python_bytes(graph, name)?;
    Some(Some(TimeUnit::new(std::str::from_utf8(&name).ok()?, u32::try_from(count).ok()?)?))
}
