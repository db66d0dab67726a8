//! Runs a plan over a table: blocks of rows that stay in cache, spread over all cores.

use rayon::prelude::*;

use crate::answer::Answer;
use crate::plan::{Output, Plan, Rank};
use crate::steps::InputError;
use crate::table::Table;
use crate::value::{IntKind, Matrix, Value};

/// How many numbers of the input a block has at most, so that it and what is made of it stay in the second-level cache.
const BLOCK_NUMBERS: usize = 64 * 1024;

/// What `plan` makes of `table`.
///
/// # Errors
/// When the table is not such that scikit-learn would answer; the first row that is to blame is named.
pub fn evaluate(plan: &Plan, table: &Table<'_>) -> Result<Answer, InputError> {
    evaluate_in_blocks(plan, table, block_rows(plan, table.rows(), table.cols()))
}

/// As [`evaluate`], in blocks of `block_rows` rows: the answer is the same for any number above 0.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in_blocks(plan: &Plan, table: &Table<'_>, block_rows: usize) -> Result<Answer, InputError> {
    let (rows, block_rows) = (table.rows(), block_rows.max(1));
    let last_uses = plan.last_uses();
    let run = |block: usize| {
        let start = block * block_rows;
        let len = block_rows.min(rows - start);
        run_block(plan, &last_uses, table.block(start, len)).map_err(|error| error.after_rows(start))
    };
    // A table without rows is a block without rows: the steps say what that means.
    let blocks = rows.div_ceil(block_rows).max(1);
    if blocks == 1 {
        return run(0);
    }
    let answers: Vec<Result<Answer, InputError>> = (0..blocks).into_par_iter().map(run).collect();
    let mut answer = Answer::concatenate(answers.into_iter().collect::<Result<_, _>>()?);
    put_constants(plan.output(), &mut answer);
    Ok(answer)
}

fn block_rows(plan: &Plan, rows: usize, cols: usize) -> usize {
    let wanted = plan.steps().iter().filter_map(|step| step.operation.block_rows()).max().unwrap_or(0);
    // Larger blocks than the cache asks for must not leave cores without work.
    let shared = rows.div_ceil(rayon::current_num_threads());
    (BLOCK_NUMBERS / cols.max(1)).clamp(16, 1024).max(wanted.min(shared))
}

fn run_block(plan: &Plan, last_uses: &[Option<usize>], input: Value<'_>) -> Result<Answer, InputError> {
    let mut values: Vec<Option<Value<'_>>> = Vec::with_capacity(last_uses.len());
    values.push(Some(input));
    for (index, step) in plan.steps().iter().enumerate() {
        let inputs: Vec<&Value<'_>> =
            step.inputs.iter().map(|id| values[id.index()].as_ref().expect("kept until its last use")).collect();
        let value = step.operation.run(&inputs)?;
        for id in &step.inputs {
            if last_uses[id.index()] == Some(index) {
                values[id.index()] = None;
            }
        }
        values.push(Some(value));
    }
    Ok(collect(plan.output(), &values))
}

fn collect(output: &Output, values: &[Option<Value<'_>>]) -> Answer {
    let all = |items: &[Output]| items.iter().map(|item| collect(item, values)).collect();
    match output {
        Output::One(id, rank) => {
            let value = values[id.index()].clone().expect("what a method returns is never dropped").into_owned();
            debug_assert!(*rank != Rank::One || value.cols() == 1, "a column has one column");
            Answer::One(value, *rank)
        }
        Output::List(items) => Answer::List(all(items)),
        Output::Tuple(items) => Answer::Tuple(all(items)),
        Output::Constant(values) => constant(values),
    }
}

fn constant(values: &[i64]) -> Answer {
    Answer::One(Value::Ints(Matrix::new(values.len(), 1, values.to_vec()), IntKind::I64), Rank::One)
}

/// What belongs to the model stands once in the answer, however many blocks there were.
fn put_constants(output: &Output, answer: &mut Answer) {
    match (output, answer) {
        (Output::Constant(values), answer) => *answer = constant(values),
        (Output::List(outputs), Answer::List(answers)) | (Output::Tuple(outputs), Answer::Tuple(answers)) => {
            for (output, answer) in outputs.iter().zip(answers) {
                put_constants(output, answer);
            }
        }
        _ => {}
    }
}
