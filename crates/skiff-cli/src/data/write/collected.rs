//! Predictions that stay in memory.

use skiff::Answer;
use skiff::table::Column;

use super::Sink;
use super::columns::kept_cell;
use crate::report::Failure;

/// A sink that keeps what it gets.
#[derive(Debug, Default)]
pub struct Collected {
    /// The answers, block by block.
    pub answers: Vec<Answer>,
    /// The cells of the kept columns as text.
    pub kept: Vec<String>,
}

impl Sink for Collected {
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure> {
        for (_, column) in kept {
            self.kept.extend((0..answer.rows()).map(|row| kept_cell(column, row)));
        }
        self.answers.push(answer.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
