//! What is imported, wherever it comes from.

use std::fmt;
use std::path::PathBuf;

use crate::report::Failure;

/// Where versions come from.
#[derive(Clone, Copy)]
pub enum Source {
    Mlflow,
    Wandb,
}

impl Source {
    /// A version as its own users write it.
    pub fn number(self, number: u64) -> String {
        match self {
            Self::Mlflow => number.to_string(),
            Self::Wandb => format!("v{number}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mlflow => "MLflow",
            Self::Wandb => "W&B",
        })
    }
}

/// A model to import.
pub struct Model {
    pub source: Source,
    pub name: String,
    /// Ascending.
    pub versions: Vec<Version>,
    /// With their versions.
    pub aliases: Vec<(String, u64)>,
}

/// A version to import.
pub struct Version {
    pub number: u64,
    /// Finds the model's file, and its name.
    pub file: Box<dyn Fn() -> Result<(PathBuf, String), Failure>>,
    /// What the user wrote about it.
    pub description: Option<String>,
}
