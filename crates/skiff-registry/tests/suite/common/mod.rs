//! Registries in folders that go away, and files to push.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::{Path, PathBuf};

use skiff_registry::{AliasChange, Author, Description, Expected, Name, Push, Registry, Settings};

/// A folder that is removed with it.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("skiff-registry-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The address of a registry in it.
    pub fn registry(&self) -> String {
        self.0.join("registry").display().to_string()
    }

    pub fn init(&self, grace: u64) -> Registry {
        Registry::init(&self.registry(), Settings { grace }).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn author() -> Author {
    Author { name: "ada".to_owned(), host: None }
}

pub fn change(why: &str) -> AliasChange {
    AliasChange { by: author(), why: Some(why.to_owned()), expected: Expected::Any }
}

pub fn push_of(file: &Path) -> Push<'_> {
    Push {
        file,
        name: None,
        signature: None,
        description: Description::default(),
        parents: Vec::new(),
        by: author(),
        why: None,
        repeat: false,
    }
}
