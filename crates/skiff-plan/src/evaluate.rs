//! Runs a plan over a table: blocks of rows that fit in cache, on all cores.

use std::any::Any;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use skiff_files::threads;

use crate::answer::{Answer, stack};
use crate::operator::{BLOCK_BYTES, Scope};
use crate::operators::{AnyOperator, Check};
use crate::plan::{Output, Plan, PlanNode, Rank, ValueId};
use crate::table::Table;
use crate::types::ValueType;
use crate::value::{IntKind, Matrix, Value};
use crate::{InputError, InputErrorKind};

/// The most numbers of the input in a block, so that it and intermediate values fit in the second-level cache.
const BLOCK_NUMBERS: usize = 64 * 1024;
/// How many rows a block has at least, however wide the input is.
const FEWEST_ROWS: usize = 16;
/// The most bytes of an intermediate value in a block, for the same reason; allocators keep so few for the next block.
const VALUE_BYTES: usize = 128 * 1024;
/// How many rows a block may have however wide intermediate values are: what operators do once for each block pays off.
const ROWS_OF_WIDE_VALUES: usize = 64;

/// How a plan is run.
#[derive(Clone, Copy, Default)]
pub struct EvaluateOptions<'o> {
    /// The object from which the caller made the table, for user code that takes it.
    pub origin: Option<&'o (dyn Any + Send + Sync)>,
    /// How many threads compute at most; `None` for [`threads::count`].
    pub threads: Option<NonZeroUsize>,
    /// Called on the calling thread a few times a second while many rows are computed; `Break` ends the call with
    /// [`InputErrorKind::Interrupted`] after the current blocks.
    pub watch: Option<&'o (dyn Fn(Progress) -> ControlFlow<()> + Sync)>,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were computed. If user code needs all rows at once, counting starts again after it.
    pub done: usize,
    /// Rows in all.
    pub rows: usize,
}

/// How often [`EvaluateOptions::watch`] is called where the calling thread computes.
const WATCH_EVERY: Duration = Duration::from_millis(50);

/// Evaluates `plan` on `table`.
///
/// # Errors
/// When scikit-learn would reject the table; the error names the first wrong row. When the result
/// would take more than the plan's [`Plan::most_bytes`].
pub fn evaluate(plan: &Plan, table: &Table<'_>) -> Result<Answer, InputError> {
    evaluate_with(plan, table, &EvaluateOptions::default())
}

/// As [`evaluate`], run as `options` say.
///
/// # Errors
/// As [`evaluate`]; when [`EvaluateOptions::watch`] ended it.
pub fn evaluate_with(plan: &Plan, table: &Table<'_>, options: &EvaluateOptions<'_>) -> Result<Answer, InputError> {
    Evaluation::new(plan, table, options, None).answer(options.watch)
}

/// As [`evaluate`], in blocks of `block_rows` rows: the result is the same for any number above 0.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in_blocks(plan: &Plan, table: &Table<'_>, block_rows: usize) -> Result<Answer, InputError> {
    Evaluation::new(plan, table, &EvaluateOptions::default(), Some(block_rows.max(1))).answer(None)
}

impl fmt::Debug for EvaluateOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, threads, watch } = self;
        let (origin, watch) = (origin.is_some(), watch.is_some());
        f.debug_struct("EvaluateOptions")
            .field("origin", &origin)
            .field("threads", threads)
            .field("watch", &watch)
            .finish()
    }
}

/// [`EvaluateOptions::watch`].
type Watch<'w> = Option<&'w (dyn Fn(Progress) -> ControlFlow<()> + Sync)>;

/// One call of a plan.
struct Evaluation<'e> {
    plan: &'e Plan,
    table: &'e Table<'e>,
    origin: Option<&'e (dyn Any + Send + Sync)>,
    threads: Option<NonZeroUsize>,
    block_rows: usize,
    /// The bytes of the largest value so far.
    widest: AtomicUsize,
    /// The bytes of a row of each value; `None` if that depends on the content of rows, or such a table is an error.
    row_bytes: Vec<Option<usize>>,
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

/// How many bytes a row takes.
struct Sizes {
    /// Of what is returned.
    row: usize,
    /// Of the largest value on the way.
    widest: usize,
}

/// The values of a plan, by number; those that are not needed any more are dropped.
type Values<'a> = Vec<Option<Value<'a>>>;

impl<'e> Evaluation<'e> {
    fn new(plan: &'e Plan, table: &'e Table<'e>, options: &EvaluateOptions<'e>, block_rows: Option<usize>) -> Self {
        let &EvaluateOptions { origin, threads, .. } = options;
        let row_bytes = match table.rows() > FEWEST_ROWS {
            true => plan.types(&ValueType::of(&table.block(0, 0))).unwrap_or_default(),
            false => Vec::new(),
        };
        let row_bytes: Vec<_> = row_bytes.iter().map(ValueType::row_bytes).collect();
        let block_rows = block_rows.unwrap_or_else(|| {
            let widest = row_bytes.iter().skip(1).flatten().max().copied().unwrap_or_default();
            block_rows_of(plan, table.rows(), table.cols(), widest, threads::limited(threads))
        });
        Self { plan, table, origin, threads, block_rows, widest: AtomicUsize::new(0), row_bytes }
    }

    fn answer(&self, watch: Watch<'_>) -> Result<Answer, InputError> {
        let last_uses = self.plan.last_uses();
        if self.plan.nodes().iter().any(|node| node.operator.scope() == Scope::Batch) {
            return self.answer_by_batches(&last_uses, watch);
        }
        let mut returned = Vec::new();
        self.plan.output().each(&mut |value| returned.push(value.index()));
        let sizes = self.sizes(0..self.plan.nodes().len(), &returned);
        let mut answers = self.blocks(sizes, watch, |start, len| {
            let mut values = vec![None; last_uses.len()];
            values[0] = Some(self.table.block(start, len));
            self.run(0..self.plan.nodes().len(), &last_uses, &mut values)?;
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
    /// nodes say what that means.
    ///
    /// An error for a result that is too large, before it is computed. `sizes` are those of a row if the types determine them; else the
    /// first of many rows is computed alone first. Sizes that depend on the rows' content are counted block by block.
    fn blocks<T: Made>(
        &self,
        sizes: Option<Sizes>,
        watch: Watch<'_>,
        run: impl Fn(usize, usize) -> Result<T, InputError> + Sync,
    ) -> Result<Vec<T>, InputError> {
        let (rows, mut block_rows) = (self.table.rows(), self.block_rows);
        if rows > FEWEST_ROWS {
            let Sizes { row, widest } = match sizes {
                Some(sizes) => sizes,
                None => {
                    let row = run(0, 1)?.sum(Value::fixed_bytes);
                    Sizes { row, widest: self.widest.load(Ordering::Relaxed) }
                }
            };
            self.refuse_larger(rows.saturating_mul(row))?;
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
            blocks if threads::limited(self.threads) == 1 => Self::in_turn(blocks, block_rows, rows, watch, block),
            blocks => self.side_by_side(blocks, block_rows, rows, watch, block),
        }
    }

    /// All blocks, one after the other, on the calling thread.
    fn in_turn<T>(
        blocks: usize,
        block_rows: usize,
        rows: usize,
        watch: Watch<'_>,
        block: impl Fn(usize) -> Result<T, InputError>,
    ) -> Result<Vec<T>, InputError> {
        let (mut all, mut last) = (Vec::with_capacity(blocks), Instant::now());
        for number in 0..blocks {
            if let Some(watch) = watch
                && last.elapsed() >= WATCH_EVERY
            {
                last = Instant::now();
                if watch(Progress { done: number * block_rows, rows }).is_break() {
                    return Err(InputError::new(InputErrorKind::Interrupted));
                }
            }
            all.push(block(number)?);
        }
        Ok(all)
    }

    /// All blocks, on all threads. They run to their end, so that the first row to blame is named whichever block was
    /// quickest.
    fn side_by_side<T: Send>(
        &self,
        blocks: usize,
        block_rows: usize,
        rows: usize,
        watch: Watch<'_>,
        block: impl Fn(usize) -> Result<T, InputError> + Sync,
    ) -> Result<Vec<T>, InputError> {
        let Some(watch) = watch else {
            let all = || (0..blocks).into_par_iter().map(&block).collect::<Vec<_>>();
            return threads::install(self.threads, all).into_iter().collect();
        };
        let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
        let counted = |number: usize| {
            if stop.load(Ordering::Relaxed) {
                return Err(InputError::new(InputErrorKind::Interrupted));
            }
            let made = block(number);
            done.fetch_add(block_rows, Ordering::Relaxed);
            made
        };
        let all = || (0..blocks).into_par_iter().map(&counted).collect::<Vec<_>>();
        let all = threads::watched(self.threads, all, &mut || {
            let done = done.load(Ordering::Relaxed).min(rows);
            if watch(Progress { done, rows }).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
        });
        if stop.into_inner() {
            return Err(InputError::new(InputErrorKind::Interrupted));
        }
        all.into_iter().collect()
    }

    /// The sizes of a row of what `nodes` make, of which `returned` is kept; `None` where they depend on what rows contain.
    fn sizes(&self, nodes: Range<usize>, returned: &[usize]) -> Option<Sizes> {
        let bytes = |value: usize| self.row_bytes.get(value).copied().flatten();
        let widest = (nodes.start + 1..=nodes.end).map(bytes).try_fold(0, |widest, bytes| Some(bytes?.max(widest)))?;
        let row = returned.iter().map(|&value| bytes(value)).sum::<Option<usize>>()?;
        Some(Sizes { row, widest })
    }

    fn refuse_larger(&self, bytes: usize) -> Result<(), InputError> {
        let (rows, most) = (self.table.rows(), self.plan.most_bytes());
        match u64::try_from(bytes).is_ok_and(|bytes| bytes <= most) {
            true => Ok(()),
            false => Err(InputError::new(InputErrorKind::TooLarge { rows, bytes, most })),
        }
    }

    /// Runs `nodes` over one block.
    fn run(&self, nodes: Range<usize>, last_uses: &[Option<usize>], values: &mut Values<'_>) -> Result<(), InputError> {
        let mut left = nodes;
        while let Some(index) = left.next() {
            let node = &self.plan.nodes()[index];
            if let Some((check, next)) = self.check_and_product(index, left.end, last_uses) {
                let input = match last_uses[node.inputs[0].index()] == Some(index) {
                    true => values[node.inputs[0].index()].take(),
                    false => values[node.inputs[0].index()].clone(),
                };
                let value = check.then(input.expect("kept until its last use"), |rows| next.operator.run(&[rows]))?;
                self.widest.fetch_max(value.bytes(), Ordering::Relaxed);
                values[index + 2] = Some(value);
                left.next();
                continue;
            }
            let value = match node.inputs[..] {
                [id] if last_uses[id.index()] == Some(index) => {
                    node.operator.run_owned(values[id.index()].take().expect("kept until its last use"))?
                }
                _ => {
                    let of = |id: &ValueId| values[id.index()].as_ref().expect("kept until its last use");
                    node.operator.run(&node.inputs.iter().map(of).collect::<Vec<_>>())?
                }
            };
            self.widest.fetch_max(value.bytes(), Ordering::Relaxed);
            forget(node, index, last_uses, values);
            values[index + 1] = Some(value);
        }
        Ok(())
    }

    /// The validation at `index`, if all that takes its rows is the operator after it, whose result shows whether they are
    /// finite.
    fn check_and_product(&self, index: usize, end: usize, last_uses: &[Option<usize>]) -> Option<(&Check, &PlanNode)> {
        let AnyOperator::Check(check) = &self.plan.nodes()[index].operator else { return None };
        let next = self.plan.nodes()[..end].get(index + 1)?;
        let is_last = last_uses[index + 1] == Some(index + 1) && next.inputs[..] == [ValueId::of_node(index)];
        (is_last && next.operator.shows_what_is_not_finite()).then_some((check, next))
    }

    /// The result if some nodes need the whole batch: the nodes between them run in blocks as usual, and values that are
    /// needed later are concatenated.
    fn answer_by_batches(&self, last_uses: &[Option<usize>], watch: Watch<'_>) -> Result<Answer, InputError> {
        let nodes = self.plan.nodes();
        let mut whole: Values<'static> = vec![None; last_uses.len()];
        let mut next = 0;
        while next < nodes.len() {
            let batch = nodes[next..].iter().position(|node| node.operator.scope() == Scope::Batch);
            let end = batch.map_or(nodes.len(), |at| next + at);
            if end > next {
                self.run_whole(next..end, last_uses, &mut whole, watch)?;
            }
            let Some(node) = nodes.get(end) else { break };
            let table = node.inputs.contains(&ValueId::INPUT).then(|| self.table.block(0, self.table.rows()));
            let of = |id: &ValueId| match (*id == ValueId::INPUT, &table) {
                (true, Some(table)) => table,
                _ => whole[id.index()].as_ref().expect("kept until its last use"),
            };
            let inputs: Vec<&Value<'_>> = node.inputs.iter().map(of).collect();
            let value = match &node.operator {
                AnyOperator::CallCustom(custom) => custom.call(inputs[0], self.origin, table.is_some())?,
                other => other.run(&inputs)?.into_owned(),
            };
            self.refuse_larger(value.bytes())?;
            forget(node, end, last_uses, &mut whole);
            whole[end + 1] = Some(value);
            next = end + 1;
        }
        if whole[0].is_none() && last_uses[0].is_none() {
            whole[0] = Some(self.table.block(0, self.table.rows()).into_owned());
        }
        Ok(collect(self.plan.output(), &whole))
    }

    /// Runs `nodes` in blocks of rows of whole values, and concatenates what is needed after them.
    fn run_whole(
        &self,
        nodes: Range<usize>,
        last_uses: &[Option<usize>],
        whole: &mut Values<'static>,
        watch: Watch<'_>,
    ) -> Result<(), InputError> {
        let made = nodes.start + 1..nodes.end + 1;
        let is_kept = |value: &usize| last_uses[*value].is_none_or(|last| last >= nodes.end);
        let kept: Vec<usize> = made.filter(is_kept).collect();
        let known: &Values<'static> = whole;
        let blocks = self.blocks(self.sizes(nodes.clone(), &kept), watch, |start, len| {
            let mut values: Values<'_> = Vec::with_capacity(known.len());
            values.extend(known.iter().map(|value| value.as_ref().map(|value| value.block(start, len))));
            values[0] = Some(self.table.block(start, len));
            self.run(nodes.clone(), last_uses, &mut values)?;
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
        for (index, node) in self.plan.nodes()[nodes.clone()].iter().enumerate() {
            forget(node, nodes.start + index, last_uses, whole);
        }
        Ok(())
    }
}

/// Drops the values that the node numbered `index` was the last to take.
fn forget(node: &PlanNode, index: usize, last_uses: &[Option<usize>], values: &mut Values<'_>) {
    for id in &node.inputs {
        if last_uses[id.index()] == Some(index) {
            values[id.index()] = None;
        }
    }
}

/// How many rows a block should have, if a row of the widest intermediate value has so many bytes.
fn block_rows_of(plan: &Plan, rows: usize, cols: usize, widest: usize, threads: usize) -> usize {
    let wanted = plan.nodes().iter().filter_map(|node| node.operator.block_rows()).max().unwrap_or(0);
    // Larger blocks must not leave cores without work.
    let shared = rows.div_ceil(threads);
    let most = plan.nodes().iter().filter_map(|node| node.operator.most_rows()).min().unwrap_or(usize::MAX);
    let in_cache = (BLOCK_NUMBERS / cols.max(1)).clamp(FEWEST_ROWS, 1024);
    let in_cache = in_cache.min((VALUE_BYTES / widest.max(1)).max(ROWS_OF_WIDE_VALUES));
    in_cache.max(wanted.min(shared)).min(most)
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

/// Values that belong to the model occur once in the result, however many blocks there were.
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
