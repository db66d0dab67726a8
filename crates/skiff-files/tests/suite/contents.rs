//! Files that Python wrote are read with the values that Python reports.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::path::{Path, PathBuf};

use skiff_files::{Limits, open};

fn files() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files = Vec::new();
    for directory in std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        files.extend(std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.sort();
    files
}

/// `arrays.4.pkl` is described by `arrays.json`, `npy_F_cube.npy` by `npy_F_cube.json`.
fn expected(path: &Path) -> Option<serde_json::Value> {
    let name = path.file_name()?.to_str()?;
    let said = path.with_file_name(format!("{}.json", name.split('.').next()?));
    Some(serde_json::from_slice(&std::fs::read(said).ok()?).unwrap())
}

#[test]
fn every_file_holds_what_python_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // These have tests of their own.
        let apart = name.starts_with("buffers") || name == "matrix.npz" || name.starts_with("joblib_");
        if apart || ["json", "md", "txt"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let expected = expected(&path).unwrap_or_else(|| panic!("nothing describes {}", path.display()));
        let found = std::panic::catch_unwind(|| {
            let file = open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(file.roots.len(), 1);
            assert_eq!(file.trailing, skiff_files::Trailing::default());
            crate::say::say(&file.graph, file.graph.root())
        });
        count += 1;
        match found {
            Ok(found) => {
                if let Some(difference) = difference(&expected, &found, "") {
                    wrong.push(format!("{}: {difference}", path.display()));
                }
            }
            Err(_) => wrong.push(format!("{}: panicked", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} files were found");
}

/// Where two descriptions differ first.
fn difference(expected: &serde_json::Value, found: &serde_json::Value, path: &str) -> Option<String> {
    use serde_json::Value;
    match (expected, found) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(a, b, &format!("{path}[{i}]")))
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, value)| difference(value, &b[key], &format!("{path}.{key}")))
        }
        _ if expected == found => None,
        _ => Some(format!("{path}: expected {expected}, found {found}")),
    }
}
