//! The common parts of skiff's tests: recorded cases of real scikit-learns, comparison with their answers, damage, and
//! commands that are run.

pub mod archive;
pub mod case;
pub mod command;
pub mod damage;
pub mod edit;
pub mod memory;
pub mod panics;
pub mod rows;

use std::path::{Path, PathBuf};

pub use archive::RecordedModel;
pub use case::{Call, Case, Expected};
pub use skiff_models::recorded::{Comparison, Tolerance, compare};

/// The workspace's folder of that name.
///
/// # Panics
/// When the crate was moved out of the workspace.
pub fn workspace(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/skiff-testing is two deep");
    root.join(folder)
}
