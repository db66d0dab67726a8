//! `cargo xtask versions`: what a scikit-learn makes of the recorded models of others, as they are and converted.

use std::process::Command;

use crate::cases::environment;
use crate::{cargo, root, run, run_in};

/// Converts the recorded cases of each version for the first one, and prints a row of the table for each: loaded there by
/// joblib as they are, loaded after `skiff convert`, and with every answer as recorded.
pub fn versions(arguments: &[String]) -> Result<(), String> {
    let Some((target, from)) = arguments.split_first().filter(|(_, from)| !from.is_empty()) else {
        return Err("expected the version to convert for, and versions to convert from".to_owned());
    };
    run(cargo(&["build", "--package", "skiff-cli"]))?;
    let environment = environment(target)?;
    let mut python = Command::new(std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()));
    python.arg(root().join("fixtures/versions/table.py")).arg(root().join("target/debug/skiff")).arg(environment);
    python.arg(target).args(from);
    run_in(&root().join("fixtures"), python)
}
