//! Which column of the data an error is about.

use skiff::table::Column;
use skiff::{ColumnUse, Error, Scalar};

/// The columns of a block of rows.
#[derive(Clone, Copy, Debug)]
pub struct Blame<'b> {
    /// Their names.
    pub names: &'b [String],
    /// Their cells.
    pub columns: &'b [Column<'b>],
    /// What the plan does with each of the first columns.
    pub uses: &'b [ColumnUse],
}

impl Blame<'_> {
    /// The name of the column that caused an error in row `row` of the block, if known.
    pub fn column(&self, error: &Error, row: usize) -> Option<String> {
        let value = error.value();
        let is_to_blame = |column: &Column<'_>, uses: &ColumnUse| {
            let cell = column.get(row);
            match (value, error.code()) {
                (Some(value), "unknown-category") => {
                    !uses.categories.is_empty() && cell.is_some_and(|cell| shown(&cell) == value)
                }
                (Some(value), _) => cell.is_some_and(|cell| shown(&cell) == value),
                // What is imputed or encoded may be missing.
                (None, "not-finite") => {
                    uses.fills.is_empty() && uses.categories.is_empty() && cell.is_some_and(|cell| !is_finite(&cell))
                }
                (None, _) => false,
            }
        };
        let mut found = self.names.iter().zip(self.columns).zip(self.uses);
        found.find(|((_, column), uses)| is_to_blame(column, uses)).map(|((name, _), _)| name.clone())
    }
}

fn shown(cell: &Scalar) -> String {
    match cell {
        Scalar::Str(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_finite(cell: &Scalar) -> bool {
    match cell {
        Scalar::Float(value) => value.is_finite(),
        Scalar::None => false,
        _ => true,
    }
}
