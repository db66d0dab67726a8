//! Class labels as Arrow arrays of the type of `classes_`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, DurationMicrosecondArray, DurationMillisecondArray,
    DurationNanosecondArray, DurationSecondArray, PrimitiveArray, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_array::{Int8Array, downcast_integer};
use skiff::Scalar;
use skiff::value::{Classes, Labels, ValueKind};

use super::{floats, ints, text};

/// The labels of one output; what has no class is null.
pub fn column(labels: &Labels, column: usize) -> ArrayRef {
    let codes = labels.codes.iter().skip(column).step_by(labels.cols.max(1)).map(|&code| code as usize);
    of_codes(&labels.classes[column], codes)
}

fn of_codes(classes: &Classes, codes: impl Iterator<Item = usize> + Clone) -> ArrayRef {
    match classes {
        Classes::Ints(values, kind) => taken(&ints(values, *kind), codes),
        Classes::Floats(values, precision) => taken(&floats(values, *precision), codes),
        Classes::Strings(values) => {
            Arc::new(codes.map(|code| values.get(code).map(String::as_str)).collect::<StringArray>())
        }
        Classes::Objects(values) if values.iter().all(|value| matches!(value, Scalar::Bool(_))) => {
            let value = |code: usize| match values.get(code) {
                Some(Scalar::Bool(value)) => Some(*value),
                _ => None,
            };
            Arc::new(codes.map(value).collect::<BooleanArray>())
        }
        Classes::Values(values, kind) => of_kind(values, *kind, codes),
        Classes::Objects(values) => {
            Arc::new(codes.map(|code| values.get(code).and_then(text)).collect::<StringArray>())
        }
    }
}

/// The elements of a list of numbers with these codes.
fn taken(values: &ArrayRef, codes: impl Iterator<Item = usize>) -> ArrayRef {
    fn of<T: ArrowPrimitiveType>(values: &ArrayRef, codes: impl Iterator<Item = usize>) -> ArrayRef {
        let all = values.as_primitive::<T>().values();
        Arc::new(codes.map(|code| all.get(code).copied()).collect::<PrimitiveArray<T>>())
    }
    macro_rules! integers {
        ($type:ty) => {
            of::<$type>(values, codes)
        };
    }
    downcast_integer! {
        values.data_type() => (integers),
        arrow_schema::DataType::Float32 => of::<Float32Type>(values, codes),
        arrow_schema::DataType::Float64 => of::<Float64Type>(values, codes),
        arrow_schema::DataType::Boolean => {
            let all = values.as_boolean();
            Arc::new(codes.map(|code| (code < all.len()).then(|| all.value(code))).collect::<BooleanArray>())
        }
        // Numbers are of one of these types.
        _ => Arc::new(codes.map(|_| None).collect::<Int8Array>()),
    }
}

/// Bytes, dates and durations.
fn of_kind(values: &[Scalar], kind: ValueKind, codes: impl Iterator<Item = usize> + Clone) -> ArrayRef {
    let steps = |code: usize| match values.get(code) {
        Some(Scalar::DateTime(steps, _) | Scalar::TimeDelta(steps, _)) if *steps != i64::MIN => Some(*steps),
        _ => None,
    };
    let all = codes.clone().map(steps);
    match kind {
        ValueKind::Bytes(_) => {
            let bytes = |code: usize| match values.get(code) {
                Some(Scalar::Bytes(bytes)) => Some(&bytes[..]),
                _ => None,
            };
            Arc::new(codes.map(bytes).collect::<BinaryArray>())
        }
        ValueKind::DateTime(unit) if unit.count == 1 && unit.name == "s" => {
            Arc::new(all.collect::<TimestampSecondArray>())
        }
        ValueKind::DateTime(unit) if unit.count == 1 && unit.name == "ms" => {
            Arc::new(all.collect::<TimestampMillisecondArray>())
        }
        ValueKind::DateTime(unit) if unit.count == 1 && unit.name == "us" => {
            Arc::new(all.collect::<TimestampMicrosecondArray>())
        }
        ValueKind::DateTime(unit) if unit.count == 1 && unit.name == "ns" => {
            Arc::new(all.collect::<TimestampNanosecondArray>())
        }
        ValueKind::TimeDelta(unit) if unit.count == 1 && unit.name == "s" => {
            Arc::new(all.collect::<DurationSecondArray>())
        }
        ValueKind::TimeDelta(unit) if unit.count == 1 && unit.name == "ms" => {
            Arc::new(all.collect::<DurationMillisecondArray>())
        }
        ValueKind::TimeDelta(unit) if unit.count == 1 && unit.name == "us" => {
            Arc::new(all.collect::<DurationMicrosecondArray>())
        }
        ValueKind::TimeDelta(unit) if unit.count == 1 && unit.name == "ns" => {
            Arc::new(all.collect::<DurationNanosecondArray>())
        }
        // Units that Arrow does not have.
        _ => Arc::new(codes.map(|code| values.get(code).and_then(text)).collect::<StringArray>()),
    }
}
