//! Every model that scikit-learn wrote for the fixtures opens, and nothing in it reads as damaged.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::path::{Path, PathBuf};

use skiff_files::{Limits, MaskedArray, NdArray, Scalar, Sparse, open, pandas};

/// The files below a directory whose names end as models' do.
fn models(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let ending = entry.extension().and_then(|ending| ending.to_str());
        if entry.is_dir() {
            models(&entry, found);
        } else if matches!(ending, Some("pkl" | "joblib" | "skops" | "gz" | "z" | "npy" | "npz")) {
            found.push(entry);
        }
    }
}

#[test]
fn every_fixture_opens() {
    let mut paths = Vec::new();
    models(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cases"), &mut paths);
    assert!(paths.len() > 100, "only {} models were found", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let file = match open(&path, &Limits::default()) {
            Ok(file) => file,
            Err(error) => {
                wrong.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        for id in file.graph.ids() {
            let errors = [
                NdArray::read(&file.graph, id).err(),
                Scalar::read(&file.graph, id).err(),
                Sparse::read(&file.graph, id).err(),
                MaskedArray::read(&file.graph, id).err(),
                pandas::values(&file.graph, id).err(),
            ];
            if let Some(error) = errors.into_iter().flatten().next() {
                wrong.push(format!("{}: node {}: {error}", path.display(), id.index()));
            }
        }
    }
    wrong.truncate(50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
