//! Files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use skiff_testing::workspace;

/// All files in a folder and the folders in it, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("its entries can be read").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Whether a file of `examples` is a model.
pub fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|name| name == "pkl" || name == "joblib")
}

pub fn attacks() -> Vec<PathBuf> {
    let is_attack = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !matches!(name, "README.md" | "index.json" | ".gitattributes")
            && !name.ends_with(".py")
            && !name.ends_with(".pyc")
    };
    let attacks: Vec<_> = files(&workspace("attacks")).into_iter().filter(is_attack).collect();
    assert!(attacks.len() > 450, "found {} attacks", attacks.len());
    attacks
}
