//! Runs a plan over a table: blocks of rows that stay in cache, spread over all cores.

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::answer::{Answer, stack};
use crate::plan::{Output, Plan, Rank, Step, ValueId};
use crate::steps::{InputError, InputErrorKind, Operation};
use crate::table::Table;
use crate::value::{IntKind, Matrix, Value};

/// How many numbers of the input a block has at most, so that it and what is made of it stay in the second-level cache.
const BLOCK_NUMBERS: usize = 64 * 1024;
/// How many rows a block has at least, however wide the input is.
const FEWEST_ROWS: usize = 16;
/// How many bytes the largest value of a block has at most, unless one row has more.
pub(crate) const BLOCK_BYTES: usize = 64 << 20;

/// What `plan` makes of `table`.
///
/// # Errors
/// When the table is not such that scikit-learn would answer; the first row that is to blame is named. When the answer
/// would take more than the plan's [`Plan::most_bytes`].
pub fn evaluate(plan: &Plan, table: &Table<'_>) -> Result<Answer, InputError> {
    evaluate_from(plan, table, None)
}

/// As [`evaluate`], with what the caller made the table of, for code of the user's that would rather have that.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_from(
    plan: &Plan,
    table: &Table<'_>,
    origin: Option<&(dyn Any + Send + Sync)>,
) -> Result<Answer, InputError> {
    Evaluation::new(plan, table, origin, block_rows(plan, table.rows(), table.cols())).answer()
}

/// As [`evaluate`], in blocks of `block_rows` rows: the answer is the same for any number above 0.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in_blocks(plan: &Plan, table: &Table<'_>, block_rows: usize) -> Result<Answer, InputError> {
    Evaluation::new(plan, table, None, block_rows.max(1)).answer()
}

/// One call of a plan.
struct Evaluation<'e> {
    plan: &'e Plan,
    table: &'e Table<'e>,
    origin: Option<&'e (dyn Any + Send + Sync)>,
    block_rows: usize,
    /// The bytes of the largest value so far.
    widest: AtomicUsize,
}

/// What blocks become, and how much that is: the sum over its values.
trait Made: Send {
    fn sum(&self, of: fn(&Value<'static>) -> usize) -> usize;
}

impl Made for Vec<Value<'static>> {
    fn sum(&self, of: fn(&Value<'static>) -> usize) -> usize {
        self.iter().map(of).sum()
    }
}

impl Made for Answer {
    fn sum(&self, of: fn(&Value<'static>) -> usize) -> usize {
        match self {
            Self::One(value, _) => of(value),
            Self::List(items) | Self::Tuple(items) => items.iter().map(|item| item.sum(of)).sum(),
        }
    }
}

/// The values of a plan, by number; those that nobody needs any more are gone.
type Values<'a> = Vec<Option<Value<'a>>>;

impl<'e> Evaluation<'e> {
    fn new(
        plan: &'e Plan,
        table: &'e Table<'e>,
        origin: Option<&'e (dyn Any + Send + Sync)>,
        block_rows: usize,
    ) -> Self {
        Self { plan, table, origin, block_rows, widest: AtomicUsize::new(0) }
    }

    fn answer(&self) -> Result<Answer, InputError> {
        let last_uses = self.plan.last_uses();
        if self.plan.steps().iter().any(|step| step.operation.is_barrier()) {
            return self.answer_between_barriers(&last_uses);
        }
        let mut answers = self.blocks(|start, len| {
            let mut values = vec![None; last_uses.len()];
            values[0] = Some(self.table.block(start, len));
            self.run(0..self.plan.steps().len(), &last_uses, &mut values)?;
            Ok(collect(self.plan.output(), &values))
        })?;
        if answers.len() == 1 {
            return Ok(answers.remove(0));
        }
        let mut answer = Answer::concatenate(answers);
        put_constants(self.plan.output(), &mut answer);
        Ok(answer)
    }

    /// `run` for each block of rows, by its first row and its length. A table without rows is a block without rows: the
    /// steps say what that means.
    ///
    /// The first of many rows is answered alone first: it tells how large the others will be, so that too large an answer
    /// is refused before it is made. What depends on the rows' content is counted as it comes.
    fn blocks<T: Made>(
        &self,
        run: impl Fn(usize, usize) -> Result<T, InputError> + Sync,
    ) -> Result<Vec<T>, InputError> {
        let (rows, mut block_rows) = (self.table.rows(), self.block_rows);
        if rows > FEWEST_ROWS {
            let row = run(0, 1)?.sum(Value::fixed_bytes);
            self.refuse_larger(rows.saturating_mul(row))?;
            let widest = self.widest.load(Ordering::Relaxed);
            block_rows = block_rows.min(BLOCK_BYTES / widest.max(1)).max(1);
        }
        let spent = AtomicUsize::new(0);
        let block = |block: usize| {
            self.refuse_larger(spent.load(Ordering::Relaxed))?;
            let start = block * block_rows;
            let made = run(start, block_rows.min(rows - start)).map_err(|error| error.after_rows(start))?;
            let bytes = made.sum(Value::bytes);
            self.refuse_larger(spent.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes))?;
            Ok(made)
        };
        match rows.div_ceil(block_rows).max(1) {
            1 => Ok(vec![block(0)?]),
            // All run to their end, so that the first row to blame is named whichever block was quickest.
            blocks => (0..blocks).into_par_iter().map(block).collect::<Vec<_>>().into_iter().collect(),
        }
    }

    fn refuse_larger(&self, bytes: usize) -> Result<(), InputError> {
        let (rows, most) = (self.table.rows(), self.plan.most_bytes());
        match u64::try_from(bytes).is_ok_and(|bytes| bytes <= most) {
            true => Ok(()),
            false => Err(InputError::new(InputErrorKind::TooLarge { rows, bytes, most })),
        }
    }

    /// Runs `steps` over one block.
    fn run(&self, steps: Range<usize>, last_uses: &[Option<usize>], values: &mut Values<'_>) -> Result<(), InputError> {
        let start = steps.start;
        for (index, step) in self.plan.steps()[steps].iter().enumerate().map(|(at, step)| (start + at, step)) {
            let inputs: Vec<&Value<'_>> =
                step.inputs.iter().map(|id| values[id.index()].as_ref().expect("kept until its last use")).collect();
            let value = step.operation.run(&inputs)?;
            self.widest.fetch_max(value.bytes(), Ordering::Relaxed);
            forget(step, index, last_uses, values);
            values[index + 1] = Some(value);
        }
        Ok(())
    }

    /// The answer where some steps must see all rows at once: the steps between them run in blocks as ever, and what is
    /// needed later is put together again.
    fn answer_between_barriers(&self, last_uses: &[Option<usize>]) -> Result<Answer, InputError> {
        let steps = self.plan.steps();
        let mut whole: Values<'static> = vec![None; last_uses.len()];
        let mut next = 0;
        while next < steps.len() {
            let barrier = steps[next..].iter().position(|step| step.operation.is_barrier());
            let end = barrier.map_or(steps.len(), |at| next + at);
            if end > next {
                self.run_whole(next..end, last_uses, &mut whole)?;
            }
            let Some(step) = steps.get(end) else { break };
            let is_input = step.inputs == [ValueId::INPUT];
            let input = match is_input {
                true => &self.table.block(0, self.table.rows()),
                false => whole[step.inputs[0].index()].as_ref().expect("kept until its last use"),
            };
            let value = match &step.operation {
                Operation::CallCustom(custom) => custom.call(input, self.origin, is_input)?,
                other => other.run(&[input])?.into_owned(),
            };
            forget(step, end, last_uses, &mut whole);
            whole[end + 1] = Some(value);
            next = end + 1;
        }
        if whole[0].is_none() && last_uses[0].is_none() {
            whole[0] = Some(self.table.block(0, self.table.rows()).into_owned());
        }
        Ok(collect(self.plan.output(), &whole))
    }

    /// Runs `steps` in blocks of rows of whole values, and puts together what is needed after them.
    fn run_whole(
        &self,
        steps: Range<usize>,
        last_uses: &[Option<usize>],
        whole: &mut Values<'static>,
    ) -> Result<(), InputError> {
        let made = steps.start + 1..steps.end + 1;
        let is_kept = |value: &usize| last_uses[*value].is_none_or(|last| last >= steps.end);
        let kept: Vec<usize> = made.filter(is_kept).collect();
        let known: &Values<'static> = whole;
        let blocks = self.blocks(|start, len| {
            let mut values: Values<'_> = Vec::with_capacity(known.len());
            values.extend(known.iter().map(|value| value.as_ref().map(|value| value.block(start, len))));
            values[0] = Some(self.table.block(start, len));
            self.run(steps.clone(), last_uses, &mut values)?;
            let own = |id: &usize| values[*id].take().map(Value::into_owned).expect("kept until its last use");
            Ok(kept.iter().map(own).collect::<Vec<_>>())
        })?;
        let mut columns: Vec<Vec<Value<'static>>> = kept.iter().map(|_| Vec::with_capacity(blocks.len())).collect();
        for block in blocks {
            for (column, value) in columns.iter_mut().zip(block) {
                column.push(value);
            }
        }
        for (id, mut column) in kept.into_iter().zip(columns) {
            let value = if column.len() == 1 { column.remove(0) } else { stack(column) };
            whole[id] = Some(value);
        }
        for (index, step) in self.plan.steps()[steps.clone()].iter().enumerate() {
            forget(step, steps.start + index, last_uses, whole);
        }
        Ok(())
    }
}

/// Drops the values that the step numbered `index` was the last to take.
fn forget(step: &Step, index: usize, last_uses: &[Option<usize>], values: &mut Values<'_>) {
    for id in &step.inputs {
        if last_uses[id.index()] == Some(index) {
            values[id.index()] = None;
        }
    }
}

fn block_rows(plan: &Plan, rows: usize, cols: usize) -> usize {
    let wanted = plan.steps().iter().filter_map(|step| step.operation.block_rows()).max().unwrap_or(0);
    // Larger blocks than the cache asks for must not leave cores without work.
    let shared = rows.div_ceil(rayon::current_num_threads());
    let most = plan.steps().iter().filter_map(|step| step.operation.most_rows()).min().unwrap_or(usize::MAX);
    (BLOCK_NUMBERS / cols.max(1)).clamp(FEWEST_ROWS, 1024).max(wanted.min(shared)).min(most)
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
