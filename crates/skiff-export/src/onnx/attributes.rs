//! The settings of operators.

use super::proto::{AttributeProto, TensorProto};

pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i: Some(value), r#type: 2, ..AttributeProto::default() }
}

pub(super) fn ints(name: &str, values: Vec<i64>) -> AttributeProto {
    AttributeProto { name: name.to_owned(), ints: values, r#type: 7, ..AttributeProto::default() }
}

pub(super) fn strings<'s>(name: &str, values: impl Iterator<Item = &'s str>) -> AttributeProto {
    let strings = values.map(|value| value.as_bytes().to_vec()).collect();
    AttributeProto { name: name.to_owned(), strings, r#type: 8, ..AttributeProto::default() }
}

pub(super) fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto { name: name.to_owned(), s: Some(value.as_bytes().to_vec()), r#type: 3, ..AttributeProto::default() }
}

pub(super) fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto { name: name.to_owned(), t: Some(value), r#type: 4, ..AttributeProto::default() }
}
