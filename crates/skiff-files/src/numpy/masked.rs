//! `numpy.ma.MaskedArray`.

use skiff_pickle::{Bytes, Graph, Node, NodeId};

use super::dtype::read_shape;
use super::{DType, NdArray, Order};
use crate::call::{Call, python_bytes};
use crate::{Scalar, ValueError, ValueErrorKind as Kind};

/// An array some of whose elements are marked as absent.
#[derive(Clone, Debug)]
pub struct MaskedArray {
    /// The elements, present or not.
    pub data: NdArray,
    /// Of `data`'s shape: true where an element is absent.
    pub mask: NdArray,
    /// The value that replaces masked elements, if the file has one.
    pub fill_value: Option<NodeId>,
}

impl MaskedArray {
    /// The masked array at `id`; `None` if the node is something else.
    ///
    /// # Errors
    /// When it is a damaged masked array.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        let error = |kind| ValueError::new(kind, id);
        let Some(call) = Call::read(graph, id) else { return Ok(None) };
        if (call.module, call.name) == ("numpy.ma", "MaskedArray") {
            return of_parts(graph, call.arguments, id).map(Some);
        }
        if !matches!(call.module, "numpy.ma.core" | "numpy.ma") || call.name != "_mareconstruct" {
            return Ok(None);
        }
        // `(version, shape, dtype, is_fortran, data, mask, fill_value)`; both parts are in the same order.
        let state = call.object.state().and_then(|state| graph.items(state));
        let Some(&[_, shape, dtype, is_fortran, data, mask, fill_value]) = state else {
            return Err(error(Kind::ArrayState));
        };
        let shape = read_shape(graph, shape).ok_or(error(Kind::ArrayShape))?;
        let dtype = DType::read(graph, dtype)?.ok_or(error(Kind::DTypeState))?;
        let order = if *graph.node(is_fortran) == Node::Bool(true) { Order::F } else { Order::C };
        let bytes = |id: NodeId| -> Result<Bytes, ValueError> { python_bytes(graph, id).ok_or(error(Kind::ArrayData)) };
        let mask = match &dtype {
            // Records are masked field by field.
            DType::Struct { .. } => return Err(error(Kind::ArrayData)),
            _ => NdArray::from_bytes(DType::Bool, shape.clone(), order, bytes(mask)?, id)?,
        };
        let data = match graph.node(data) {
            Node::List(objects) if dtype.has_objects() => NdArray::from_objects(dtype, shape, objects.clone(), id)?,
            _ => NdArray::from_bytes(dtype, shape, order, bytes(data)?, id)?,
        };
        Ok(Some(Self { data, mask, fill_value: Some(fill_value) }))
    }
}

/// `MaskedArray(data, mask)`, as skops stores it; the mask may be `False` for all elements.
fn of_parts(graph: &Graph, arguments: &[NodeId], id: NodeId) -> Result<MaskedArray, ValueError> {
    let error = |kind| ValueError::new(kind, id);
    let &[data, mask] = arguments else { return Err(error(Kind::ArrayState)) };
    let data = NdArray::read(graph, data)?.ok_or(error(Kind::ArrayData))?;
    let mask = match NdArray::read(graph, mask)? {
        Some(mask) if mask.dtype == DType::Bool && mask.shape == data.shape => mask,
        Some(_) => return Err(error(Kind::ArrayData)),
        None => match Scalar::read(graph, mask)? {
            Some(Scalar::Bool(absent)) => {
                let bytes = Bytes::from(vec![u8::from(absent); data.len()]);
                NdArray::from_bytes(DType::Bool, data.shape.clone(), Order::C, bytes, id)?
            }
            _ => return Err(error(Kind::ArrayData)),
        },
    };
    Ok(MaskedArray { data, mask, fill_value: None })
}
