//! Says what pickles mean, one after the other: `describe`, for `tests/differential.py`.
//!
//! Standard input holds pickles, each behind its length (four bytes, little-endian). For each comes a line of JSON:
//! the opcodes and their places, as far as they can be decoded, and the graph (`nodes`, in which numbers are places in
//! the same list, and `root`) or the reason why there is none.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};

use skiff_pickle::{Bytes, Change, Decoder, Graph, Limits, Make, Node, NodeId, Span, read};

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut rest = input.as_slice();
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length))?;
        let (pickle, behind) = behind.split_at_checked(length).ok_or("the last pickle is cut")?;
        rest = behind;
        writeln!(out, "{}", describe(pickle))?;
    }
    Ok(())
}

fn describe(pickle: &[u8]) -> String {
    let mut json = String::from(r#"{"opcodes":["#);
    let mut undecoded = String::new();
    for (count, instruction) in Decoder::new(pickle, 0).enumerate() {
        match instruction {
            Ok(instruction) => {
                let comma = if count == 0 { "" } else { "," };
                let _ = write!(json, r#"{comma}[{},"{}"]"#, instruction.offset, instruction.opcode.name());
            }
            Err(error) => undecoded = error.kind.to_string(),
        }
    }
    let _ = write!(json, r#"],"undecoded":"{}""#, quoted(&undecoded));
    // Small budgets: a mutation may ask for anything.
    match read(&Bytes::from(pickle.to_vec()), &Limits { nodes: 1 << 20, decoded: 1 << 24, ..Limits::default() }) {
        Ok(graph) => {
            let nodes: Vec<String> = graph.ids().map(|id| node(&graph, id)).collect();
            let _ = write!(json, r#","root":{},"nodes":[{}]}}"#, graph.root().index(), nodes.join(","));
        }
        Err(error) => {
            let _ = write!(json, r#","error":"{}"}}"#, quoted(&error.kind.to_string()));
        }
    }
    json
}

/// A message with nothing in it that JSON would escape.
fn quoted(message: &str) -> String {
    message.replace(['"', '\\'], "'")
}

/// A node as a list: what it is, what it holds, and what was done to it.
fn node(graph: &Graph, id: NodeId) -> String {
    let hex = |span: Span| graph.bytes(span).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let what = match graph.node(id) {
        Node::None => r#""none",0"#.to_owned(),
        Node::Bool(value) => format!(r#""bool",{}"#, u8::from(*value)),
        Node::Int(value) => format!(r#""int","{value}""#),
        Node::BigInt(span) => format!(r#""long","{}""#, hex(*span)),
        Node::Float(value) => format!(r#""float","{:016x}""#, value.to_bits()),
        Node::Bytes(span) => format!(r#""bytes","{}""#, hex(*span)),
        Node::ByteArray(span) => format!(r#""bytearray","{}""#, hex(*span)),
        Node::Str(span) => format!(r#""str","{}""#, hex(*span)),
        Node::ByteStr(span) => format!(r#""bytestr","{}""#, hex(*span)),
        Node::Tuple(items) => format!(r#""tuple",{}"#, ids(items)),
        Node::List(items) => format!(r#""list",{}"#, ids(items)),
        Node::Dict(items) => format!(r#""dict",{}"#, pairs(items)),
        Node::Set(items) => format!(r#""set",{}"#, ids(items)),
        Node::FrozenSet(items) => format!(r#""frozenset",{}"#, ids(items)),
        Node::Global(global) => format!(r#""global",["{}","{}"]"#, hex(global.module), hex(global.name)),
        Node::Extension(code) => format!(r#""extension",{code}"#),
        Node::Persistent(id) => format!(r#""persistent",{}"#, id.index()),
        Node::Buffer { index, readonly } => format!(r#""buffer",[{index},{}]"#, u8::from(*readonly)),
        Node::Object(object) => {
            let make = match object.make {
                Make::Reduce => "reduce",
                Make::NewObj => "newobj",
                Make::NewObjEx => "newobj_ex",
                Make::Inst => "inst",
                Make::Obj => "obj",
            };
            let keywords = object.keywords.map_or("null".to_owned(), |id| id.index().to_string());
            let (callable, arguments) = (object.callable.index(), object.arguments.index());
            format!(r#""object",["{make}",{callable},{arguments},{keywords}]"#)
        }
        Node::Payload { .. } => r#""payload",0"#.to_owned(),
    };
    let own = graph.object(id).map_or(&[][..], |object| &object.changes);
    let changes: Vec<String> = own.iter().chain(graph.changes(id)).map(change).collect();
    format!("[{what},[{}]]", changes.join(","))
}

fn change(change: &Change) -> String {
    match change {
        Change::Build(state) => format!(r#"["build",{}]"#, state.index()),
        Change::Append(items) => format!(r#"["append",{}]"#, ids(items)),
        Change::SetItems(items) => format!(r#"["setitems",{}]"#, pairs(items)),
        Change::Add(items) => format!(r#"["add",{}]"#, ids(items)),
    }
}

fn ids(items: &[NodeId]) -> String {
    let items: Vec<String> = items.iter().map(|id| id.index().to_string()).collect();
    format!("[{}]", items.join(","))
}

fn pairs(items: &[(NodeId, NodeId)]) -> String {
    let items: Vec<String> = items.iter().map(|(key, value)| format!("[{},{}]", key.index(), value.index())).collect();
    format!("[{}]", items.join(","))
}
