//! skops' files: what is written is read back as it was, and what files of every protocol say is what their writer meant.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use skiff_files::write::{self, SkopsOptions, WriteError};
use skiff_files::{Bytes, Content, Graph, Limits, NdArray, read};
use skiff_testing::RecordedModel;

fn skops(graph: &Graph, deflate: Option<u32>) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    write::skops(graph, &SkopsOptions { deflate, history: None }, &mut bytes).map(|()| bytes)
}

fn back(bytes: Vec<u8>) -> Graph {
    let file = read(Bytes::from(bytes), None, &Limits::default()).unwrap();
    assert_eq!(file.format.content, Content::Skops);
    file.graph
}

/// Every array that the root leads to, as dtype, shape and bytes, sorted; those of sparse matrices left out, whose
/// shape is an array in skops' files.
fn arrays(graph: &Graph) -> Vec<String> {
    let mut seen = vec![false; graph.len()];
    let (mut todo, mut found) = (vec![graph.root()], Vec::new());
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        if let Some(array) = NdArray::read(graph, id).unwrap() {
            if let Some(objects) = array.objects() {
                todo.extend(objects);
                found.push(format!("objects {:?}", array.shape));
                continue;
            }
            let order = (!array.is_c_order()).then_some('F');
            found.push(format!("{:?} {:?} {order:?} {:?}", array.dtype, array.shape, array.bytes()));
            continue;
        }
        graph.each_child(id, |child| todo.push(child));
    }
    found.sort();
    // A random state's numbers are its bit generator's, too.
    found.dedup();
    found
}

#[test]
fn models_of_every_version_come_back() {
    let (mut wrong, mut count, mut refused) = (Vec::new(), 0, Vec::new());
    for model in RecordedModel::all().into_iter().step_by(17) {
        let Ok(opened) = model.open() else { continue };
        let bytes = match skops(&opened.graph, None) {
            Ok(bytes) => bytes,
            Err(WriteError::Unsayable { path: place, what, .. }) => {
                refused.push(format!("{}: {place}: {what}", model.path));
                continue;
            }
            Err(error) => panic!("{}: {error}", model.path),
        };
        count += 1;
        let first = back(bytes);
        if arrays(&opened.graph) != arrays(&first) {
            wrong.push(format!("{}: other arrays", model.path));
        }
        // What skops' words cannot tell apart is spelled alike after the first time.
        let again = back(skops(&first, Some(1)).unwrap());
        let known = |graph: &Graph| write::in_opcodes(graph).unwrap();
        if !skiff_pickle::isomorphic(&known(&first), &known(&again)) {
            wrong.push(format!("{}: another graph the second time", model.path));
        }
        let mut pickle = Vec::new();
        write::pickle(&again, 2, &mut pickle).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "only {count} models");
    assert!(refused.len() * 50 < count, "{}", refused.join("\n"));
}

/// A `.skops` of this schema, stored.
fn zip(schema: &str) -> Vec<u8> {
    let content = schema.as_bytes();
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let record = |signature: &[u8], before: &[u8], after: &[u8]| {
        let mut out = signature.to_vec();
        out.extend(before);
        out.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        out.extend(checksum.sum().to_le_bytes());
        out.extend(length);
        out.extend(length);
        out.extend([11, 0, 0, 0]);
        out.extend(after);
        out.extend(b"schema.json");
        out
    };
    let mut file = record(b"PK\x03\x04", &[], &[]);
    file.extend(content);
    let start = u32::try_from(file.len()).unwrap();
    let directory = record(b"PK\x01\x02", &[20, 0], &[0; 14]);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn said(schema: &str) -> Result<String, String> {
    let file = read(Bytes::from(zip(schema)), None, &Limits::default()).map_err(|error| error.to_string())?;
    let mut json = Vec::new();
    write::json(&file.graph, &write::JsonOptions::default(), &mut json).map_err(|error| error.to_string())?;
    let json: serde_json::Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    Ok(json["model"].to_string())
}

const STR: &str = r#""__class__":"str","__module__":"builtins","__loader__":"JsonNode""#;
const LIST: &str = r#""__class__":"list","__module__":"builtins","__loader__":"ListNode""#;

/// Of states with one `__id__` skops loads the first in its own order, and looks at nothing but the id of the others.
#[test]
fn the_first_of_states_with_one_id_counts() {
    let whole = format!(r#"{{{LIST},"__id__":7,"content":[{{{STR},"content":"1"}}]}}"#);
    let mention = format!(r#"{{{LIST},"__id__":7}}"#);
    let of = |items: &str| format!(r#"{{{LIST},"content":[{items}],"protocol":2}}"#);
    let shared = r#"[{"$":"list","id":"#;
    let found = said(&of(&format!("{whole},{mention}"))).unwrap();
    assert!(found.starts_with(shared) && found.contains(r#""$":"ref""#), "{found}");
    // In depth first, not level by level.
    let found = said(&of(&format!("{{{LIST},\"content\":[{whole}]}},{mention}"))).unwrap();
    assert!(found.contains(r#""$":"ref""#), "{found}");
    assert!(said(&of(&format!("{mention},{whole}"))).is_err());
    let other = format!(r#"{{{LIST},"__id__":7,"content":[{{{STR},"content":"555"}}]}}"#);
    let found = said(&of(&format!("{whole},{other}"))).unwrap();
    assert!(found.contains("[1]") && !found.contains("555"), "{found}");
}

/// Protocols 0 and 1 have a function and a generator of their own.
#[test]
fn what_older_protocols_said_otherwise() {
    let function = r#"{"__class__":"function","__module__":"builtins","__loader__":"FunctionNode",
        "content":{"module_path":"numpy","function":"log1p"},"protocol":0}"#;
    assert_eq!(said(function).unwrap(), r#"{"$":"name","name":"numpy.log1p"}"#);
    let state =
        r#"{"bit_generator":"PCG64","state":{"state":5,"inc":9223372036854775807},"has_uint32":0,"uinteger":0}"#;
    let generator = |content: &str, protocol: u32| {
        format!(
            r#"{{"__class__":"Generator","__module__":"numpy.random._generator","__loader__":"RandomGeneratorNode",
            "content":{{"bit_generator":{content}}},"protocol":{protocol}}}"#
        )
    };
    let found = said(&generator(state, 0)).unwrap();
    assert!(found.contains("numpy.random._pcg64.PCG64") && found.contains("9223372036854775807"), "{found}");
    let nodes = format!(
        r#"{{"__class__":"dict","__module__":"builtins","__loader__":"DictNode",
        "key_types":{{{LIST},"content":[{{"__class__":"str","__module__":"builtins","__loader__":"TypeNode"}}]}},
        "content":{{"bit_generator":{{{STR},"content":"\"SFC64\""}}}}}}"#
    );
    let found = said(&generator(&nodes, 1)).unwrap();
    assert!(found.contains("numpy.random._sfc64.SFC64"), "{found}");
    let nodes = nodes.replace("SFC64", "seed");
    assert_eq!(said(&generator(&nodes, 1)).unwrap_err(), "damaged skops file: a generator is not one of numpy's");
}

/// A matrix is read as an array, and stays a matrix in whatever file it goes to.
#[test]
fn a_matrix_stays_one() {
    // `numpy.matrix([[0.0]])`, protocol 2.
    let pickle = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nmatrix\nK\0\x85cbuiltins\nbytes\n)R\x87R\
        (K\x01K\x01K\x01\x86cnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R\
        (K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\x08\0\0\0\0\0\0\0\0tb.";
    let mut graph = read(Bytes::from(pickle.to_vec()), None, &Limits::default()).unwrap().graph;
    for _ in 0..2 {
        let object = graph.object(graph.root()).unwrap();
        let class = graph.items(object.arguments).unwrap()[0];
        assert_eq!(graph.global(class), Some(("numpy", "matrix")));
        graph = back(skops(&graph, None).unwrap());
    }
}

/// skops before 0.10 stored compiled losses as objects without a state.
#[test]
fn none_is_nobodys_state() {
    let object = |content: &str| {
        said(&format!(
            r#"{{"__class__":"CyHuberLoss","__module__":"sklearn._loss._loss","__loader__":"ObjectNode","content":{content},"protocol":1}}"#
        ))
        .unwrap()
    };
    let expected = r#"{"$":"object","class":"sklearn._loss._loss.CyHuberLoss"}"#;
    assert_eq!(object("null"), expected);
    assert_eq!(object(&format!(r#"{{{STR},"content":"null"}}"#)), expected);
    assert!(object(&format!(r#"{{{LIST},"content":[]}}"#)).contains("state"));
}

/// An array that a million nodes name costs the file once.
#[test]
fn elements_that_are_shared_are_written_once() {
    // `b = bytes(1000); [frombuffer(b, 'f8', …) for _ in range(100)]`, protocol 5.
    let mut pickle = b"\x80\x05](B\xe8\x03\0\0".to_vec();
    pickle.extend([0; 1000]);
    pickle.extend(b"\x94cnumpy._core.numeric\n_frombuffer\n\x940");
    pickle.extend(
        b"cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x940",
    );
    for _ in 0..100 {
        pickle.extend(b"h\x01(h\0h\x02K}\x85\x8c\x01CtR");
    }
    pickle.extend(b"e.");
    let graph = read(Bytes::from(pickle), None, &Limits::default()).unwrap().graph;
    assert_eq!(graph.ids().filter(|&id| NdArray::read(&graph, id).unwrap().is_some()).count(), 100);
    let bytes = skops(&graph, None).unwrap();
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    assert_eq!(arrays(&graph), arrays(&back(bytes)));
}
