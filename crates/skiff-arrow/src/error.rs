//! What is wrong with Arrow data, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a column, a batch or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    what: String,
    column: Option<String>,
    row_group: Option<usize>,
    file: Option<PathBuf>,
    is_limit: bool,
}

impl Error {
    /// What is wrong.
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), column: None, row_group: None, file: None, is_limit: false }
    }

    /// What would take more memory than a limit.
    pub fn limit(what: impl fmt::Display) -> Self {
        Self { is_limit: true, ..Self::new(what) }
    }

    /// Whether a limit is exceeded.
    pub fn is_limit(&self) -> bool {
        self.is_limit
    }

    /// In this column.
    #[must_use]
    pub fn in_column(mut self, name: &str) -> Self {
        self.column.get_or_insert_with(|| name.to_owned());
        self
    }

    /// In this row group of a Parquet file, or record batch of an Arrow file; the first is 0.
    #[must_use]
    pub fn in_row_group(mut self, group: usize) -> Self {
        self.row_group.get_or_insert(group);
        self
    }

    /// In this file.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Without the file.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(group) = self.row_group {
            write!(f, "row group {group}: ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}
