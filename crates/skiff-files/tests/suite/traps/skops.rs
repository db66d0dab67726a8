//! skops' schema, and the zips around it.

use serde_json::json;
use skiff_files::{Content, DType, Error, Layer, ModelFile, Node, Scalar};

use super::{item, load, try_read};

#[test]
fn trap_31_skops_keeps_what_is_shared() {
    let file = load("py313-numpy2.5/skops_arrays.skops");
    assert_eq!(file.format.content, Content::Skops);
    let twice = file.graph.items(item(&file, "twice")).unwrap().to_vec();
    assert_eq!(twice[1], twice[2]);
    assert_eq!((twice[0], twice[1]), (item(&file, "frozen"), item(&file, "C")));
}

/// A zip with one stored file in it.
fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    let common = |version: &[u8]| {
        let size = (content.len() as u32).to_le_bytes();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        [version, &[0; 8], &checksum.sum().to_le_bytes(), &size, &size, &lengths].concat()
    };
    let local = [b"PK\x03\x04", &common(&[20, 0])[..], name.as_bytes(), content].concat();
    let record = [b"PK\x01\x02", &common(&[20, 0, 20, 0])[..], &[0; 14], name.as_bytes()].concat();
    let (start, size) = ((local.len() as u32).to_le_bytes(), (record.len() as u32).to_le_bytes());
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &size, &start, &[0, 0]].concat();
    [local, record, end].concat()
}

fn skops(schema: &str) -> Result<ModelFile, Error> {
    try_read(&zip_of("schema.json", schema.as_bytes()))
}

#[test]
fn trap_32_skops_values_that_are_python_s_json() {
    let value = |content: &str| {
        let file = skops(&format!(
            r#"{{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": {content}, "protocol": 2}}"#
        ));
        file.map(|file| Scalar::read(&file.graph, file.graph.root()).unwrap())
    };
    assert!(matches!(value(r#""NaN""#).unwrap(), Some(Scalar::Float(value)) if value.is_nan()));
    assert_eq!(value(r#""-Infinity""#).unwrap(), Some(Scalar::Float(f64::NEG_INFINITY)));
    assert_eq!(value(&format!("\"{}\"", "7".repeat(400))).unwrap(), Some(Scalar::BigInt("7".repeat(400))));
    assert_eq!(value(r#""\"a\\u00fc\"""#).unwrap(), Some(Scalar::Str("aü".into())));
    // A surrogate alone is no Rust text, but it is read.
    assert_eq!(value(r#""\"\\ud800\"""#).unwrap(), None);
    assert!(value(r#""[1]""#).is_err());
    assert!(value(&format!("\"{}\"", "7".repeat(4_400))).is_err());
}

#[test]
fn trap_33_skops_keys_that_json_makes_alike() {
    let node = |class: &str, loader: &str, content: &str| {
        format!(
            r#"{{"__class__": "{class}", "__module__": "builtins", "__loader__": "{loader}", "content": {content}}}"#
        )
    };
    let kind =
        |class: &str| format!(r#"{{"__class__": "{class}", "__module__": "builtins", "__loader__": "TypeNode"}}"#);
    let value = |content: &str| node("str", "JsonNode", &format!("\"{content}\""));
    let types =
        node("list", "ListNode", &format!("[{}, {}, {}, {}]", kind("int"), kind("str"), kind("bool"), kind("bool")));
    let (a, b, c, d) = (value("10"), value("11"), value("12"), value("13"));
    let dict = |second: &str| {
        skops(&format!(
            r#"{{"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "protocol": 2, "key_types": {types},
                "content": {{"1": {a}, "{second}": {b}, "false": {c}, "true": {d}}}}}"#
        ))
    };
    let file = dict("2").unwrap();
    let said = json!({ "dict": [
        [["bool", "False"], ["int", "12"]], [["bool", "True"], ["int", "13"]],
        [["int", "1"], ["int", "10"]], [["str", "2"], ["int", "11"]],
    ] });
    assert_eq!(crate::say::say(&file.graph, file.graph.root()), said);
    // Of these skops would read one, and give the next key its type.
    assert!(dict("1").unwrap_err().to_string().contains("a duplicate key"));
}

/// skops writes a dtype as an empty array of it, and arrays of objects as JSON: `SimpleImputer` of strings has one.
#[test]
fn skops_dtype_of_objects_is_in_no_file_of_its_own() {
    let shape = r#"{"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [
        {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "0", "is_json": true}]}"#;
    let file = skops(&format!(
        r#"{{"__class__": "dtype[object_]", "__module__": "numpy", "__loader__": "DTypeNode", "protocol": 2, "content":
            {{"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "content": [], "type": "json",
            "shape": {shape}}}}}"#
    ))
    .unwrap();
    assert_eq!(DType::read(&file.graph, file.graph.root()), Ok(Some(DType::Object)));
}

/// skops 0.6 has a loader of its own for the losses of `SGDClassifier`.
#[test]
fn skops_losses_of_old_are_calls_like_those_of_today() {
    for loader in ["SGDNode", "LossNode"] {
        let content = r#"{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "1.0"}"#;
        let arguments = format!(
            r#"{{"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [{content}]}}"#
        );
        let file = skops(&format!(
            r#"{{"__class__": "Hinge", "__module__": "sklearn.linear_model._sgd_fast", "__loader__": "{loader}",
                "protocol": 0, "__reduce__": {{"args": {arguments}}}, "content": {content}}}"#
        ))
        .unwrap();
        assert!(matches!(file.graph.node(file.graph.root()), Node::Object(_)), "{loader}");
    }
}

#[test]
fn trap_34_zips_that_say_two_things() {
    let honest = zip_of("model.pkl", b"\x80\x02K\x07.");
    let file = try_read(&honest).unwrap();
    assert_eq!(file.format.layers, [Layer::Zip("model.pkl".into())]);
    assert_eq!(Scalar::read(&file.graph, file.graph.root()), Ok(Some(Scalar::Int(7))));

    let record = honest.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let damage = |at: usize, byte: u8| {
        let mut bytes = honest.clone();
        bytes[at] = byte;
        try_read(&bytes).unwrap_err().to_string()
    };
    assert!(damage(30, b'x').contains("local header differs"), "another name");
    assert!(damage(8, 8).contains("local header differs"), "another method");
    for flag in [0x01, 0x20, 0x40] {
        assert!(damage(record + 8, flag).contains("encrypted or patched"));
    }
    assert!(damage(record + 16, 1).contains("local header differs"), "another checksum");
    assert!(damage(record + 24, 9).contains("local header differs"), "another size");
    let mut twice = honest.clone();
    (twice[14], twice[record + 16]) = (1, 1);
    assert!(try_read(&twice).unwrap_err().to_string().contains("checksum"), "another checksum in both");
    let last = honest.len() - 1;
    assert!(damage(last, 1).contains("the length of its comment"), "a comment that is not there");
    // Bytes between the entries and their directory, or before the entries.
    let mut shifted = honest.clone();
    shifted.splice(record..record, *b"hidden");
    assert!(try_read(&shifted).is_err(), "bytes between the entries and their directory");
}
