//! Models that tests write in other formats: recorded ones, and the test files of this crate.

use std::path::{Path, PathBuf};

use skiff_files::{Error, Limits, ModelFile, open};
use skiff_testing::RecordedModel;

/// Each `step`th recorded model, and each pickle of `tests/data`, by their names.
pub fn some(step: usize) -> impl Iterator<Item = (String, Result<ModelFile, Error>)> {
    let (recorded, mut data) = (RecordedModel::all(), Vec::new());
    pickles(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut data);
    assert!(recorded.len() > 4_000 && data.len() > 20, "found {} and {} models", recorded.len(), data.len());
    // Pickles whose buffers lie elsewhere are not whole.
    data.retain(|path| !path.ends_with("buffers.pkl"));
    let recorded = recorded.into_iter().step_by(step).map(|model| (model.path.clone(), model.open()));
    recorded.chain(data.into_iter().map(|path| (path.display().to_string(), open(&path, &Limits::default()))))
}

/// The files below a directory whose names end as pickles do.
fn pickles(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        let ending = entry.extension().and_then(|ending| ending.to_str());
        if entry.is_dir() {
            pickles(&entry, found);
        } else if matches!(ending, Some("pkl" | "joblib" | "gz" | "z" | "xz" | "lzma")) {
            found.push(entry);
        }
    }
}
