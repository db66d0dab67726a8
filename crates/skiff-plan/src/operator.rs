//! What every operator declares.

use crate::InputError;
use crate::types::ValueType;
use crate::value::Value;

/// An operator on blocks of rows.
pub trait Operator {
    /// Its name in `skiff plan`.
    const NAME: &'static str;

    /// Runs it on one block.
    ///
    /// # Errors
    /// When scikit-learn would reject the input.
    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError>;

    /// The same of a single input that nothing else takes: an operator may write its result in its place.
    ///
    /// # Errors
    /// As [`Self::run`].
    fn run_owned<'a>(&self, input: Value<'a>) -> Result<Value<'a>, InputError> {
        self.run(&[&input])
    }

    /// The type of its result for inputs of these types: by default that of the result for zero rows, which is right unless the
    /// type depends on what rows contain, or no rows are an error.
    ///
    /// # Errors
    /// When it rejects such inputs whatever they contain.
    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        let Some(empty) = inputs.iter().map(|input| input.empty()).collect::<Option<Vec<_>>>() else {
            return Ok(ValueType::Unknown);
        };
        self.run(&empty.iter().collect::<Vec<_>>()).map(|value| ValueType::of(&value))
    }

    /// Its sizes and settings, for `skiff plan`.
    fn describe(&self) -> String {
        String::new()
    }

    /// How many rows a block should have to run well, where that matters (large tree ensembles).
    fn block_rows(&self) -> Option<usize> {
        None
    }

    /// How many rows a block may have, if the output may be far larger than the input, and differs from row to
    /// row.
    fn most_rows(&self) -> Option<usize> {
        None
    }

    /// Whether it asks of its input only how many rows there are.
    fn counts_rows(&self) -> bool {
        false
    }

    /// Whether no number of a row of the result is finite if any number of that row of its one input, a table of floats, is
    /// not; and whether the result is so much smaller that it is searched sooner than the input.
    fn shows_what_is_not_finite(&self) -> bool {
        false
    }

    /// Whether it works row by row, or needs the whole batch.
    fn scope(&self) -> Scope {
        Scope::Rows
    }
}

/// How much of a table an operator must see at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each output row depends on the same input row alone.
    Rows,
    /// The whole batch: scikit-learn itself computes from all rows, or it is user code, which may do so.
    Batch,
}

/// How many bytes the largest value of a block has at most, unless one row has more.
pub(crate) const BLOCK_BYTES: usize = 64 << 20;
