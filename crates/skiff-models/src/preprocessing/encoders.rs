//! What the encoders of categories share.

use std::sync::Arc;

use skiff_files::{DType, Scalar};
use skiff_pickle::Node;
use skiff_plan::ValueId;
use skiff_plan::kernels::categories::Categories;
use skiff_plan::kernels::times;
use skiff_plan::operators::{ArrayRule, Dtype, Finite, TakeCategories, TakeNumbers};
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};

use crate::computed::{Attributes, Computed};
use crate::conversions::index;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::Header;

/// `categories_`, as values and as lookup tables.
#[derive(Debug)]
pub(crate) struct KnownCategories {
    pub(crate) classes: Vec<Arc<Classes>>,
    pub(crate) lookup: Vec<Arc<Categories>>,
}

impl KnownCategories {
    pub(crate) fn read(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        let classes = fields.classes_list(name)?;
        for (column, classes) in classes.iter().enumerate() {
            // Values that cannot be compared with anything would be unknown wherever they come.
            if let Some(node) = classes.others().next() {
                let found = skiff_files::describe(fields.graph(), node);
                return Err(fields.unsupported(name, format!("categories of column {column}: {found}")));
            }
        }
        let lookup = classes.iter().map(|classes| Categories::new(classes).map(Arc::new)).collect::<Option<_>>();
        let lookup = lookup.ok_or_else(|| fields.unsupported(name, "more than 2³² categories"))?;
        Ok(Self { classes, lookup })
    }

    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// The categories of column `column`, which must exist.
    #[expect(clippy::indexing_slicing, reason = "as said")]
    pub(crate) fn of(&self, column: usize) -> &Arc<Classes> {
        &self.classes[column]
    }

    /// The same as a lookup table.
    #[expect(clippy::indexing_slicing, reason = "as said")]
    pub(crate) fn lookup_of(&self, column: usize) -> &Arc<Categories> {
        &self.lookup[column]
    }
}

/// `infrequent_categories_`: for each column those of its categories that were grouped, or `None`.
pub(super) fn infrequent_categories(attributes: &Attributes<'_>) -> Option<Computed> {
    let all = attributes.items("categories_")?.into_iter().zip(attributes.items("_infrequent_indices")?);
    let is_none = |node| matches!(attributes.graph().node(node), Node::None);
    let taken = |(categories, places)| (!is_none(places)).then_some((categories, places));
    Some(Computed::Taken(all.map(taken).collect()))
}

/// Which categories were grouped as infrequent, since 1.1.
#[derive(Debug)]
pub(crate) struct Infrequent {
    /// `_default_to_infrequent_mappings`: for each column, the index of each category after the grouping.
    pub(crate) mappings: Vec<Option<Vec<usize>>>,
    /// `_infrequent_indices`: for each column, which categories were grouped.
    pub(crate) indices: Vec<Option<Vec<usize>>>,
}

impl Infrequent {
    /// `missing` is the index of each column's NaN, which `OrdinalEncoder` excludes from the grouping: it is last.
    pub(crate) fn read(
        fields: &Fields<'_, '_>,
        known: &KnownCategories,
        missing: &[Option<u32>],
    ) -> Result<Self, ReadError> {
        let nothing = || vec![None; known.len()];
        if !fields.bool_or("_infrequent_enabled", false)? {
            fields.training_only(&["_default_to_infrequent_mappings", "_infrequent_indices"]);
            return Ok(Self { mappings: nothing(), indices: nothing() });
        }
        let mappings = read_places(fields, "_default_to_infrequent_mappings")?;
        let indices = read_places(fields, "_infrequent_indices")?;
        fields.expect_len("_default_to_infrequent_mappings", mappings.len(), known.len())?;
        fields.expect_len("_infrequent_indices", indices.len(), known.len())?;
        for (column, ((mapping, indices), classes)) in mappings.iter().zip(&indices).zip(&known.classes).enumerate() {
            let classes = classes.len();
            let count = match (mapping, missing.get(column)) {
                (Some(mapping), Some(Some(last))) if mapping.len() == index(*last) && mapping.len() + 1 == classes => {
                    mapping.len()
                }
                _ => classes,
            };
            let groups = count + 1 - indices.as_ref().map_or(1, Vec::len).min(count + 1);
            let fits = match (mapping, indices) {
                (None, None) => true,
                (Some(mapping), Some(indices)) => {
                    let group = groups.checked_sub(1);
                    mapping.len() == count
                        && mapping.iter().all(|&place| place < groups)
                        && !indices.is_empty()
                        && are_distinct(indices)
                        && indices.iter().all(|&at| at < count)
                        && indices.iter().all(|&at| mapping.get(at).copied() == group)
                }
                _ => false,
            };
            if !fits {
                return Err(fields.damaged("_default_to_infrequent_mappings", "it is not a grouping of the categories"));
            }
        }
        Ok(Self { mappings, indices })
    }

    /// The index of category `code` of column `column` after the grouping.
    pub(crate) fn place(&self, column: usize, code: usize) -> usize {
        let mapping = self.mappings.get(column).and_then(Option::as_ref);
        mapping.and_then(|mapping| mapping.get(code)).map_or(code, |&place| place)
    }

    /// How many categories column `column` has after the grouping, of `count` before.
    pub(crate) fn count(&self, column: usize, count: usize) -> usize {
        self.indices_of(column).map_or(count, |indices| count - (indices.len() - 1))
    }

    /// Which categories of column `column` were grouped.
    pub(crate) fn indices_of(&self, column: usize) -> Option<&[usize]> {
        self.indices.get(column)?.as_deref()
    }

    /// The categories of column `column` after the grouping: `infrequent_sklearn` last.
    pub(crate) fn grouped(&self, column: usize, classes: &Classes) -> Vec<Scalar> {
        let all = (0..classes.len()).filter_map(|code| classes.get(code));
        match self.indices_of(column) {
            None => all.collect(),
            Some(indices) => {
                let frequent = all.enumerate().filter(|(code, _)| !indices.contains(code)).map(|(_, value)| value);
                frequent.chain([Scalar::Str("infrequent_sklearn".to_owned())]).collect()
            }
        }
    }
}

fn are_distinct(places: &[usize]) -> bool {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() == places.len()
}

/// A list of arrays of indices, or of `None`.
fn read_places(fields: &Fields<'_, '_>, name: &str) -> Result<Vec<Option<Vec<usize>>>, ReadError> {
    let path = fields.path_of(name);
    let read = |node| match fields.graph().node(node) {
        Node::None => Ok(None),
        _ => {
            let array = fields.array_at(node, &path)?;
            let places = array.to_i64().and_then(|all| all.into_iter().map(|at| usize::try_from(at).ok()).collect());
            places.map(Some).ok_or_else(|| fields.unexpected_at(node, &path, "an array of indices"))
        }
    };
    fields.list(name)?.into_iter().map(read).collect()
}

/// `dtype`: a type, a `numpy.dtype`, or a name.
pub(crate) fn read_dtype(fields: &Fields<'_, '_>, name: &str) -> Result<NumberType, ReadError> {
    let Some(node) = fields.optional(name) else { return Ok(NumberType::Float(Precision::Double)) };
    let error = |error| ReadError::new(fields.path_of(name), ReadErrorKind::Value(error));
    let int = |bytes, signed| NumberType::Int(IntKind::Int { bytes, signed });
    let spelled = fields.graph().global(node).map(|(_, name)| name).or_else(|| fields.graph().str_of(node));
    let dtype = match spelled {
        Some(spelled) => match spelled {
            "float" | "float64" | "float_" | "double" | "f8" => Some(NumberType::Float(Precision::Double)),
            "float32" | "single" | "f4" => Some(NumberType::Float(Precision::Single)),
            "bool" | "bool_" => Some(NumberType::Int(IntKind::Bool)),
            "int" | "int64" | "int_" | "intp" | "longlong" | "long" | "i8" => Some(int(8, true)),
            "int32" | "intc" | "i4" => Some(int(4, true)),
            "int16" | "short" => Some(int(2, true)),
            "int8" | "byte" => Some(int(1, true)),
            "uint64" | "uint" | "ulonglong" => Some(int(8, false)),
            "uint32" | "uintc" => Some(int(4, false)),
            "uint16" | "ushort" => Some(int(2, false)),
            "uint8" | "ubyte" => Some(int(1, false)),
            _ => None,
        },
        None => match DType::read(fields.graph(), node).map_err(error)? {
            Some(DType::Float { size: 8, .. }) => Some(NumberType::Float(Precision::Double)),
            Some(DType::Float { size: 4, .. }) => Some(NumberType::Float(Precision::Single)),
            Some(DType::Bool) => Some(NumberType::Int(IntKind::Bool)),
            Some(DType::Int { size, .. }) => u8::try_from(size).ok().map(|bytes| int(bytes, true)),
            Some(DType::UInt { size, .. }) => u8::try_from(size).ok().map(|bytes| int(bytes, false)),
            _ => None,
        },
    };
    dtype.ok_or_else(|| {
        let found = spelled.map_or_else(|| skiff_files::describe(fields.graph(), node), |name| format!("`{name}`"));
        fields.unsupported(name, found)
    })
}

/// The input validation of encoders: values are not converted. NaN is a category since `nan_since`.
pub(crate) fn rule(header: &Header, nan_since: (u32, u32)) -> ArrayRule {
    let since = crate::fields::Version::new(nan_since.0, nan_since.1);
    let old = header.version.is_none_or(|version| version < since);
    ArrayRule::FLOATS.dtype(Dtype::Any).half(Precision::Double).finite(if old { Finite::All } else { Finite::AllowNan })
}

/// Whether a DataFrame of different types was first converted to one object array: before 0.22, which takes columns
/// one by one.
pub(crate) fn mixed_is_object(header: &Header) -> bool {
    header.version.is_none_or(|version| version < crate::fields::Version::new(0, 22))
}

/// From codes back to values, in the common dtype of all columns.
#[derive(Debug)]
pub(crate) enum Decode {
    Numbers(Vec<Vec<f64>>, NumberType),
    Labels(Arc<[Arc<Classes>]>),
}

/// What values of another kind than the categories make of the dtype, such as the `None` for what is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// Objects, whether they occur or not.
    Object,
    /// Objects if they occur: a last `None` differs from the categories only by its index.
    ObjectIfAny,
}

impl Decode {
    /// `values` of each column: those of `classes`, unless some are replaced, and any that were added after them.
    /// Even if there are as many values as classes, they may differ: one infrequent category may have been replaced by a string.
    pub(crate) fn new(classes: &[Arc<Classes>], values: Vec<Vec<Scalar>>, others: Others) -> Self {
        // Integers that `f64` cannot represent are taken from the classes themselves.
        let is_exact = |value: &Scalar| match value {
            Scalar::Int(value) => value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS,
            Scalar::BigInt(_) => false,
            other => other.as_f64().is_some(),
        };
        let types = classes.iter().zip(&values).map(|(classes, values)| match &**classes {
            classes if !values.get(..classes.len()).is_some_and(|values| values.iter().all(is_exact)) => None,
            Classes::Ints(_, kind) => Some(NumberType::Int(*kind)),
            Classes::Floats(_, precision) => Some(NumberType::Float(*precision)),
            Classes::Strings(_) | Classes::Objects(_) | Classes::Values(..) => None,
        });
        let types: Option<Vec<NumberType>> = types.collect();
        let dtype = types.and_then(|types| types.into_iter().reduce(NumberType::promote));
        let has_others = || classes.iter().zip(&values).any(|(classes, values)| values.len() > classes.len());
        if let Some(dtype) = dtype.filter(|_| !has_others()) {
            let numbers = |column: &Vec<Scalar>| column.iter().filter_map(Scalar::as_f64).collect();
            return Self::Numbers(values.iter().map(numbers).collect(), dtype);
        }
        let labels = classes.iter().zip(values).map(|(classes, values)| {
            let (own, added) = values.split_at_checked(classes.len()).unwrap_or((&values, &[]));
            let is_typed = match added {
                [] => true,
                [Scalar::None] => others == Others::ObjectIfAny,
                _ => false,
            };
            match (dtype, &**classes) {
                (Some(dtype), _) if is_typed => Arc::new(numbers(own, dtype)),
                (Some(dtype), _) => {
                    let all = numbers(own, dtype);
                    let own = (0..all.len()).filter_map(|code| all.get(code));
                    Arc::new(Classes::Objects(own.chain(added.iter().cloned()).collect()))
                }
                (None, Classes::Strings(_) | Classes::Ints(..) | Classes::Values(..))
                    if is_typed && are_the_same(classes, own) =>
                {
                    Arc::clone(classes)
                }
                (None, _) => Arc::new(Classes::Objects(values)),
            }
        });
        Self::Labels(labels.collect())
    }

    pub(crate) fn push(&self, codes: ValueId, plan: &mut crate::lowering::Lowering<'_>) -> ValueId {
        match self {
            Self::Numbers(tables, dtype) => plan.push(TakeNumbers { tables: tables.clone(), dtype: *dtype }, &[codes]),
            Self::Labels(classes) => plan.push(TakeCategories { classes: Arc::clone(classes) }, &[codes]),
        }
    }
}

/// Numbers in this dtype.
fn numbers(values: &[Scalar], dtype: NumberType) -> Classes {
    match dtype {
        NumberType::Float(precision) => Classes::Floats(values.iter().filter_map(Scalar::as_f64).collect(), precision),
        NumberType::Int(kind) => Classes::Ints(values.iter().filter_map(Scalar::as_i64).collect(), kind),
    }
}

fn are_the_same(classes: &Classes, values: &[Scalar]) -> bool {
    (0..classes.len()).map(|code| classes.get(code)).eq(values.iter().cloned().map(Some))
}

/// Python's `str` of a category, for names of columns.
pub(crate) fn python_str(value: &Scalar, precision: Precision) -> String {
    match value {
        Scalar::Str(text) => text.clone(),
        Scalar::Float(value) => python_float(*value, precision),
        Scalar::Bytes(bytes) => python_bytes(bytes),
        Scalar::DateTime(steps, unit) => times::datetime_str(*steps, *unit),
        Scalar::TimeDelta(steps, unit) => times::timedelta_str(*steps, *unit),
        Scalar::Timestamp(steps, unit) => times::timestamp_str(*steps, *unit),
        Scalar::Interval(interval) => {
            let (opening, closing) = interval.closed.brackets();
            let end = |end| python_str(end, precision);
            format!("{opening}{}, {}{closing}", end(&interval.left), end(&interval.right))
        }
        other => other.to_string(),
    }
}

/// `repr` of bytes: in single quotes, unless there are such and no double ones within.
fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut text = format!("b{}", char::from(quote));
    for &byte in bytes {
        match byte {
            b'\'' | b'"' if byte != quote => text.push(char::from(byte)),
            _ => text.extend(byte.escape_ascii().map(char::from)),
        }
    }
    text.push(char::from(quote));
    text
}

/// The shortest digits that read back as the number, formatted as in Python.
fn python_float(value: f64, precision: Precision) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float32 that is held as f64")]
    let single = value as f32;
    let scientific = match precision {
        Precision::Double => format!("{value:e}"),
        Precision::Single => format!("{single:e}"),
    };
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = match precision {
        Precision::Double => format!("{value}"),
        Precision::Single => format!("{single}"),
    };
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_infrequent_category_leaves_as_many_values_but_others() {
        let decoded = |classes: Classes, values: &[Scalar]| match Decode::new(
            &[Arc::new(classes)],
            vec![values.to_vec()],
            Others::ObjectIfAny,
        ) {
            Decode::Labels(classes) => (0..2).map(|code| classes[0].get(code)).collect::<Vec<_>>(),
            Decode::Numbers(..) => panic!("strings are no numbers"),
        };
        let infrequent = Scalar::Str("infrequent_sklearn".to_owned());
        let bools = [Scalar::Bool(true), infrequent.clone()];
        assert_eq!(decoded(Classes::Ints(vec![0, 1], IntKind::Bool), &bools), bools.map(Some));
        let strings = [Scalar::Str("b".to_owned()), infrequent];
        assert_eq!(decoded(Classes::Strings(vec!["a".to_owned(), "b".to_owned()]), &strings), strings.map(Some));
    }

    #[test]
    fn what_is_unknown_leaves_the_dtype_alone_until_it_occurs() {
        let columns = [Classes::Ints(vec![1, 2], IntKind::I64), Classes::Floats(vec![0.5, 1.5], Precision::Double)];
        let columns = columns.map(Arc::new);
        let with_none = |classes: &Arc<Classes>| {
            (0..2).filter_map(|code| classes.get(code)).chain([Scalar::None]).collect::<Vec<_>>()
        };
        let values: Vec<_> = columns.iter().map(with_none).collect();
        let first = |others| match Decode::new(&columns, values.clone(), others) {
            Decode::Labels(classes) => (*classes[0]).clone(),
            Decode::Numbers(..) => panic!("`None` is no number"),
        };
        assert_eq!(first(Others::ObjectIfAny), Classes::Floats(vec![1.0, 2.0], Precision::Double));
        let objects = vec![Scalar::Float(1.0), Scalar::Float(2.0), Scalar::None];
        assert_eq!(first(Others::Object), Classes::Objects(objects));
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(python_float(value, Precision::Double), text);
        }
        assert_eq!(python_float(f64::from(0.1_f32), Precision::Single), "0.1");
    }
}
