//! The column specifications of `ColumnTransformer`.

use std::collections::HashMap;

use skiff_files::{Instance, NdArray, Scalar};
use skiff_pickle::{Node, NodeId};

use crate::fields::{Fields, ReadError, ReadErrorKind};

/// The third item of an entry of `transformers_`.
#[derive(Debug)]
pub(crate) enum ColumnSpec {
    /// One name or one index: the transformer gets a Series.
    One(Scalar),
    /// Names, indices, or a mask of bools.
    Many(Vec<Scalar>),
    /// `slice(start, stop, step)`, of indices or, including the stop, of names.
    Slice([Scalar; 3]),
}

impl ColumnSpec {
    pub(crate) fn read(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Self, ReadError> {
        let graph = fields.graph();
        let value_error = |error| ReadError::new(path.to_owned(), ReadErrorKind::Value(error));
        if let Some(object) = graph.object(node)
            && let Some(("builtins" | "__builtin__", "slice")) = graph.global(object.callable)
            && let Some(&[start, stop, step]) = graph.items(object.arguments)
        {
            let [start, stop, step] = [start, stop, step].map(|bound| fields.scalar_at(bound, path));
            return Ok(Self::Slice([start?, stop?, step?]));
        }
        if let Some(items) = graph.items(node) {
            return Ok(Self::Many(scalars(fields, items, path)?));
        }
        if let Some(array) = NdArray::read(graph, node).map_err(value_error)? {
            fields.spend(path, array.len().saturating_mul(size_of::<Scalar>()))?;
            return Ok(Self::Many(array.to_scalars(graph).map_err(value_error)?));
        }
        if let Some(scalar) = Scalar::read(graph, node).map_err(value_error)? {
            return Ok(Self::One(scalar));
        }
        if let Some(values) = skiff_files::pandas::values(graph, node).map_err(value_error)? {
            return Ok(Self::Many(values));
        }
        // `_RemainderColsList` of 1.5 and 1.6: a `UserList` around the list.
        if let Some(list) = Instance::read(graph, node)
            && list.name == "_RemainderColsList"
            && let Some(items) = list.attribute("data").and_then(|data| graph.items(data))
        {
            return Ok(Self::Many(scalars(fields, items, path)?));
        }
        Err(fields.unexpected_at(node, path, "columns"))
    }

    /// Whether the transformer gets a series instead of a table.
    pub(crate) fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// Whether it names columns.
    pub(crate) fn is_by_name(&self) -> bool {
        let is_name = |scalar: &Scalar| matches!(scalar, Scalar::Str(_));
        match self {
            Self::One(one) => is_name(one),
            Self::Many(many) => many.iter().any(is_name),
            Self::Slice(bounds) => bounds.iter().any(is_name),
        }
    }

    /// `_is_empty_column_selection`: the transformer was not even fitted.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Many(many) => many.iter().all(|item| *item == Scalar::Bool(false)),
            Self::One(Scalar::Str(name)) => name.is_empty(),
            Self::One(_) | Self::Slice(_) => false,
        }
    }

    /// The names, where it names columns; `known` are those of the fit, which a slice needs.
    pub(crate) fn names(&self, known: Option<&[String]>) -> Option<Vec<String>> {
        match self {
            Self::One(one) => Some(vec![one.as_str()?.to_owned()]),
            Self::Many(many) => many.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
            Self::Slice([start, stop, Scalar::None]) => {
                let known = known?;
                let place = |name: &Scalar, default: usize| match name {
                    Scalar::None => Some(default),
                    name => known.iter().position(|known| Some(known.as_str()) == name.as_str()),
                };
                let (start, last) = (place(start, 0)?, place(stop, known.len().checked_sub(1)?)?);
                Some(known.get(start..=last).unwrap_or_default().to_vec())
            }
            Self::Slice(_) => None,
        }
    }

    /// The maximum size in bytes of its indices or names, in a table of `width` columns.
    pub(crate) fn cost(&self, width: usize) -> usize {
        let columns = match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len(),
            Self::Slice(_) => width,
        };
        columns.saturating_mul(size_of::<Scalar>())
    }

    /// The indices of the columns in a table of `width` columns; `None` for names and indices out of range.
    ///
    /// A slice may cover far more columns than its file has bytes: callers charge [`ColumnSpec::cost`] first.
    pub(crate) fn places(&self, width: usize) -> Option<Vec<usize>> {
        let place = |scalar: &Scalar| match scalar {
            Scalar::Int(place) => wrap(*place, width).filter(|&place| place < width),
            _ => None,
        };
        match self {
            Self::One(one) => Some(vec![place(one)?]),
            Self::Many(many) if many.iter().all(|item| matches!(item, Scalar::Bool(_))) => {
                let taken = many.iter().enumerate().filter(|(_, taken)| **taken == Scalar::Bool(true));
                (many.len() == width || many.is_empty()).then(|| taken.map(|(place, _)| place).collect())
            }
            Self::Many(many) => many.iter().map(place).collect(),
            Self::Slice([start, stop, step]) => {
                let step = match step {
                    Scalar::None => 1,
                    Scalar::Int(step) => usize::try_from(*step).ok().filter(|&step| step > 0)?,
                    _ => return None,
                };
                let bound = |bound: &Scalar, default: usize| match bound {
                    Scalar::None => Some(default),
                    Scalar::Int(place) => Some(wrap(*place, width).unwrap_or(0).min(width)),
                    _ => None,
                };
                Some((bound(start, 0)?..bound(stop, width)?).step_by(step).collect())
            }
        }
    }
}

/// Python's negative index.
fn wrap(place: i64, width: usize) -> Option<usize> {
    match usize::try_from(place) {
        Ok(place) => Some(place),
        Err(_) => width.checked_sub(usize::try_from(place.unsigned_abs()).ok()?),
    }
}

fn scalars(fields: &Fields<'_, '_>, items: &[NodeId], path: &str) -> Result<Vec<Scalar>, ReadError> {
    fields.spend(path, items.len().saturating_mul(size_of::<Scalar>()))?;
    items.iter().map(|&item| fields.scalar_at(item, path)).collect()
}

/// `_transformer_to_input_indices`: the indices of the columns of each transformer, since 1.0.
pub(crate) fn read_input_indices(
    fields: &Fields<'_, '_>,
    name: &str,
) -> Result<Option<HashMap<String, Vec<usize>>>, ReadError> {
    let Some(node) = fields.optional(name) else { return Ok(None) };
    let Node::Dict(pairs) = fields.graph().node(node) else { return Err(fields.unexpected(name, "a dict")) };
    let mut all = HashMap::with_capacity(pairs.len());
    for &(key, value) in pairs {
        let Some(transformer) = fields.graph().str_of(key) else {
            return Err(fields.unexpected_at(key, &fields.path_of(name), "a name"));
        };
        let path = format!("{}[{transformer:?}]", fields.path_of(name));
        let spec = ColumnSpec::read(fields, value, &path)?;
        let width = fields.header().n_features_in.unwrap_or(0);
        fields.spend(&path, spec.cost(width))?;
        let places = spec.places(width);
        let places = places.ok_or_else(|| fields.unexpected_at(value, &path, "indices of columns"))?;
        all.insert(transformer.to_owned(), places);
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_as_python_finds_them() {
        let int = Scalar::Int;
        let none = || Scalar::None;
        for (spec, places) in [
            (ColumnSpec::One(int(-1)), Some(vec![4])),
            (ColumnSpec::One(int(5)), None),
            (ColumnSpec::One(int(-6)), None),
            (ColumnSpec::Many(vec![int(3), int(0), int(3)]), Some(vec![3, 0, 3])),
            (ColumnSpec::Many([true, false, false, true, false].map(Scalar::Bool).to_vec()), Some(vec![0, 3])),
            (ColumnSpec::Many(vec![Scalar::Bool(true)]), None),
            (ColumnSpec::Slice([int(-3), none(), none()]), Some(vec![2, 3, 4])),
            (ColumnSpec::Slice([none(), int(9), int(2)]), Some(vec![0, 2, 4])),
            (ColumnSpec::Slice([int(-9), int(1), none()]), Some(vec![0])),
        ] {
            assert_eq!(spec.places(5), places, "{spec:?}");
        }
        let known = ["a", "b", "c"].map(str::to_owned);
        let slice = ColumnSpec::Slice([none(), Scalar::Str("b".to_owned()), none()]);
        assert_eq!(slice.names(Some(&known)), Some(known[..2].to_vec()));
    }
}
