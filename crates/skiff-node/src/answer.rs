//! Answers as typed arrays, each of its dtype.

use napi::bindgen_prelude::{
    BigInt64Array, BigUint64Array, Either11, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array,
    Uint16Array, Uint32Array,
};
use napi_derive::napi;
use skiff::arrays::{Elements, NamedArray};
use skiff_embed::dtype;

/// The fields of `NdArray` in index.d.ts.
#[napi(object, object_from_js = false)]
pub struct JsArray {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<i64>,
    pub data: Data,
}

/// The elements: bools are bytes.
pub type Data = Either11<
    Float64Array,
    Float32Array,
    Int8Array,
    Int16Array,
    Int32Array,
    BigInt64Array,
    Uint8Array,
    Uint16Array,
    Uint32Array,
    BigUint64Array,
    Vec<String>,
>;

pub(crate) fn arrays(arrays: Vec<NamedArray>) -> Vec<JsArray> {
    arrays.into_iter().map(array).collect()
}

#[expect(clippy::cast_possible_wrap, reason = "no axis is longer than memory")]
fn array(array: NamedArray) -> JsArray {
    let dtype = dtype(&array.elements);
    let shape = array.shape.into_iter().map(|length| length as i64).collect();
    JsArray { name: array.name, dtype: dtype.to_owned(), shape, data: data(array.elements, dtype) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the elements have this dtype")]
fn data(elements: Elements, dtype: &str) -> Data {
    let all = match elements {
        Elements::F64(all) => return Data::A(all.into()),
        Elements::F32(all) => return Data::B(all.into()),
        Elements::Texts(all) => return Data::K(all),
        Elements::Ints(all, _) => all,
    };
    match dtype {
        "int8" => Data::C(all.iter().map(|&one| one as i8).collect::<Vec<_>>().into()),
        "int16" => Data::D(all.iter().map(|&one| one as i16).collect::<Vec<_>>().into()),
        "int32" => Data::E(all.iter().map(|&one| one as i32).collect::<Vec<_>>().into()),
        "bool" | "uint8" => Data::G(all.iter().map(|&one| one as u8).collect::<Vec<_>>().into()),
        "uint16" => Data::H(all.iter().map(|&one| one as u16).collect::<Vec<_>>().into()),
        "uint32" => Data::I(all.iter().map(|&one| one as u32).collect::<Vec<_>>().into()),
        "uint64" => Data::J(all.iter().map(|&one| one as u64).collect::<Vec<_>>().into()),
        _ => Data::F(all.into()),
    }
}
