//! Answers, which are [named arrays](skiff::arrays::NamedArray).

use skiff::arrays::Elements;
use skiff::value::IntKind;

/// The dtype of an array, as numpy names it; "str" for text.
pub fn dtype(elements: &Elements) -> &'static str {
    match elements {
        Elements::F64(_) => "float64",
        Elements::F32(_) => "float32",
        Elements::Texts(_) => "str",
        Elements::Ints(_, kind) => match kind {
            IntKind::Bool => "bool",
            IntKind::Int { bytes: 1, signed: true } => "int8",
            IntKind::Int { bytes: 2, signed: true } => "int16",
            IntKind::Int { bytes: 4, signed: true } => "int32",
            IntKind::Int { bytes: 1, signed: false } => "uint8",
            IntKind::Int { bytes: 2, signed: false } => "uint16",
            IntKind::Int { bytes: 4, signed: false } => "uint32",
            IntKind::Int { signed: false, .. } => "uint64",
            IntKind::Int { .. } => "int64",
        },
    }
}
