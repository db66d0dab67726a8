//! The targets' bodies, in the order from bytes to results.

mod bodies;
mod container;
mod decode;
mod encryption;
mod evaluate;
mod joblib;
mod machine;
mod model;
mod model_json;
mod npy;
mod requests;
mod scan;
mod signature;
mod skops;

pub use bodies::{body_arrow, body_parquet};
pub use container::container;
pub use decode::decode;
pub use encryption::encryption;
pub use evaluate::evaluate;
pub use joblib::joblib;
pub use machine::machine;
pub use model::model;
pub use model_json::model_json;
pub use npy::npy;
pub use requests::{kserve, mlflow_csv, mlflow_json, v2_binary, v2_grpc, v2_json};
pub use scan::scan;
pub use signature::signature;
pub use skops::skops;

use skiff_files::write::WriteError;
use skiff_files::{Bytes, Graph, Limits, ModelFile, write};

/// Reads bytes as any file.
fn read(bytes: &[u8]) -> Option<ModelFile> {
    match skiff_files::read(Bytes::from(bytes.to_vec()), None, &super::limits()) {
        Ok(file) => {
            assert!(!file.format.describe().is_empty(), "a file of no format");
            Some(file)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty(), "an unnamed error");
            None
        }
    }
}

/// Writes a graph as a pickle and by `write`, reads both, and compares them.
fn there_and_back(graph: &Graph, write: impl Fn(&Graph, &mut Vec<u8>) -> Result<(), WriteError>) {
    let (mut plain, mut other) = (Vec::new(), Vec::new());
    // Names of Python 2 are renamed by the writer, so both compared graphs have been written once.
    if write::pickle(graph, 5, &mut plain).is_err() || write(graph, &mut other).is_err() {
        return;
    }
    assert!(skiff_pickle::isomorphic(&reread(plain), &reread(other)), "what was written says something else");
}

/// What was written, its arrays in the opcodes: what files of different kinds have in common.
fn reread(bytes: Vec<u8>) -> Graph {
    let file = skiff_files::read(Bytes::from(bytes), None, &Limits::default())
        .unwrap_or_else(|error| panic!("what was written cannot be read: {error}"));
    write::in_opcodes(&file.graph).unwrap_or_else(|error| panic!("what was written has changed: {error}"))
}
