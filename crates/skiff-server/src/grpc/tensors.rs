//! Tensors of gRPC's messages: read from raw bytes or from typed contents, and written as the request had them.

use skiff::value::IntKind;

use super::messages::{InferInputTensor, InferOutputTensor, InferTensorContents};
use crate::error::ApiError;
use crate::infer;
use crate::tensor::{Data, Tensor};

/// The inputs of a request. All are raw, in the order of the tensors, or all are typed.
pub(super) fn read(inputs: Vec<InferInputTensor>, raw: &[Vec<u8>]) -> Result<Vec<Tensor>, ApiError> {
    if !raw.is_empty() && raw.len() != inputs.len() {
        let what = format!("expected `raw_input_contents` for {} inputs, found {}", inputs.len(), raw.len());
        return Err(ApiError::bad_request(what));
    }
    let mut tensors = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.into_iter().enumerate() {
        let InferInputTensor { name, datatype, shape, parameters, contents } = input;
        let wrong = |what: String| ApiError::bad_request(format!("input `{name}`: {what}"));
        if parameters.contains_key(infer::SHARED_MEMORY) {
            return Err(wrong(infer::NO_SHARED_MEMORY.to_owned()));
        }
        let lengths = shape.iter().map(|&length| usize::try_from(length)).collect::<Result<Vec<_>, _>>();
        let lengths = lengths.map_err(|_| wrong(format!("the shape {shape:?} has a negative length")))?;
        let data = match (raw.get(index), contents) {
            (Some(_), Some(_)) => return Err(wrong("expected either `raw_input_contents` or `contents`".to_owned())),
            (Some(bytes), None) => {
                let count = lengths.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
                let count = count.ok_or_else(|| wrong(format!("the shape {shape:?} is too large")))?;
                Data::from_bytes(&datatype, count, bytes)
            }
            (None, contents) => of_contents(&datatype, contents.unwrap_or_default()),
        };
        let data = data.map_err(wrong)?;
        tensors.push(Tensor::new(name, lengths, data)?);
    }
    Ok(tensors)
}

/// The elements in the field of a datatype; other fields must be empty.
fn of_contents(datatype: &str, contents: InferTensorContents) -> Result<Data, String> {
    let InferTensorContents { bools, ints, int64s, uints, uint64s, fp32s, fp64s, bytes } = contents;
    let filled = [
        ("bool_contents", bools.len()),
        ("int_contents", ints.len()),
        ("int64_contents", int64s.len()),
        ("uint_contents", uints.len()),
        ("uint64_contents", uint64s.len()),
        ("fp32_contents", fp32s.len()),
        ("fp64_contents", fp64s.len()),
        ("bytes_contents", bytes.len()),
    ];
    let (field, data) = match datatype {
        "BOOL" => (0, Data::Ints(bools.into_iter().map(i64::from).collect(), IntKind::Bool)),
        "INT8" | "INT16" | "INT32" => (1, Data::of_ints(datatype, ints.into_iter().map(i64::from).collect())?),
        "INT64" => (2, Data::Ints(int64s, IntKind::I64)),
        "UINT8" | "UINT16" | "UINT32" => (3, Data::of_ints(datatype, uints.into_iter().map(i64::from).collect())?),
        "UINT64" => (4, Data::of_unsigned(uint64s)),
        "FP32" => (5, Data::F32(fp32s)),
        "FP64" => (6, Data::F64(fp64s)),
        "BYTES" => {
            let texts = bytes.into_iter().map(String::from_utf8).collect::<Result<_, _>>();
            (7, Data::Texts(texts.map_err(|_| "expected BYTES of UTF-8".to_owned())?))
        }
        _ => return Err(format!("the datatype `{datatype}` is not supported")),
    };
    let other = filled.iter().enumerate().find(|(index, (_, length))| *index != field && *length > 0);
    match other {
        Some((_, (found, _))) => {
            Err(format!("expected the elements of {datatype} in `{}`, found `{found}`", filled[field].0))
        }
        None => Ok(data),
    }
}

/// An output, and its elements as raw bytes where these are wanted.
pub(super) fn write(tensor: Tensor, is_raw: bool) -> (InferOutputTensor, Option<Vec<u8>>) {
    let Tensor { name, shape, data } = tensor;
    let output = InferOutputTensor {
        name,
        datatype: data.datatype().to_owned(),
        shape: shape.into_iter().map(|length| i64::try_from(length).unwrap_or(i64::MAX)).collect(),
        contents: None,
    };
    match is_raw {
        true => (output, Some(data.to_bytes())),
        false => (InferOutputTensor { contents: Some(contents(data)), ..output }, None),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the elements fit their datatype")]
fn contents(data: Data) -> InferTensorContents {
    let mut contents = InferTensorContents::default();
    match data {
        Data::F64(all) => contents.fp64s = all,
        Data::F32(all) => contents.fp32s = all,
        Data::Texts(all) => contents.bytes = all.into_iter().map(String::into_bytes).collect(),
        Data::Ints(all, kind) => match kind {
            IntKind::Bool => contents.bools = all.into_iter().map(|value| value != 0).collect(),
            IntKind::Int { bytes: 8, signed: true } => contents.int64s = all,
            IntKind::Int { bytes: 8, signed: false } => {
                contents.uint64s = all.into_iter().map(i64::cast_unsigned).collect();
            }
            IntKind::Int { signed: true, .. } => contents.ints = all.into_iter().map(|value| value as i32).collect(),
            IntKind::Int { signed: false, .. } => contents.uints = all.into_iter().map(|value| value as u32).collect(),
        },
    }
    contents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Vec<Data> {
        vec![
            Data::F64(vec![1.5, f64::NAN.abs()]),
            Data::F32(vec![-0.0, 3.25]),
            Data::Texts(vec!["a".to_owned(), "é".to_owned()]),
            Data::Ints(vec![0, 1], IntKind::Bool),
            Data::Ints(vec![-128, 127], IntKind::Int { bytes: 1, signed: true }),
            Data::Ints(vec![i64::from(i32::MIN), 7], IntKind::Int { bytes: 4, signed: true }),
            Data::Ints(vec![i64::MIN, i64::MAX], IntKind::I64),
            Data::Ints(vec![0, 65_535], IntKind::Int { bytes: 2, signed: false }),
            Data::Ints(vec![-1, 1], IntKind::Int { bytes: 8, signed: false }),
        ]
    }

    #[test]
    fn typed_and_raw_contents_come_back() {
        for data in every_kind() {
            for is_raw in [true, false] {
                let tensor = Tensor::new("t".to_owned(), vec![2], data.clone()).unwrap();
                let (output, raw) = write(tensor, is_raw);
                assert_eq!((raw.is_some(), output.contents.is_some()), (is_raw, !is_raw));
                let input = InferInputTensor {
                    name: output.name,
                    datatype: output.datatype,
                    shape: output.shape,
                    contents: output.contents,
                    ..InferInputTensor::default()
                };
                let back = read(vec![input], &raw.into_iter().collect::<Vec<_>>()).unwrap();
                assert_eq!(back[0].data.to_bytes(), data.to_bytes(), "{data:?}");
            }
        }
    }

    #[test]
    fn contents_of_another_datatype_are_refused() {
        let contents = InferTensorContents { fp32s: vec![1.0], ..InferTensorContents::default() };
        let error = of_contents("FP64", contents).unwrap_err();
        assert!(error.contains("`fp64_contents`") && error.contains("`fp32_contents`"), "{error}");
        let contents = InferTensorContents { ints: vec![300], ..InferTensorContents::default() };
        assert!(of_contents("INT8", contents).unwrap_err().contains("300"));
    }

    #[test]
    fn shapes_must_match() {
        let input = |shape: &[i64]| InferInputTensor {
            name: "X".to_owned(),
            datatype: "FP64".to_owned(),
            shape: shape.to_vec(),
            ..InferInputTensor::default()
        };
        assert!(read(vec![input(&[1, -4])], &[vec![0; 32]]).is_err());
        assert!(read(vec![input(&[i64::MAX, i64::MAX])], &[vec![0; 32]]).is_err());
        assert!(read(vec![input(&[1, 3])], &[vec![0; 32]]).is_err());
        assert!(read(vec![input(&[1, 4])], &[vec![0; 32], Vec::new()]).is_err());
        assert!(read(vec![input(&[1, 4])], &[]).is_err());
        assert_eq!(read(vec![input(&[1, 4])], &[vec![0; 32]]).unwrap()[0].data, Data::F64(vec![0.0; 4]));
    }
}
