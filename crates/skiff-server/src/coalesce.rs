//! Requests of a few rows that come at the same time, computed together where that was asked for.
//!
//! A row's answer does not depend on the other rows of a batch, so each request gets, bit for bit, what it would have got
//! alone. Where that does not hold, or a row of the batch is refused, each request is computed alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use skiff::value::{Labels, Matrix, Precision, Value};
use skiff::{Answer, Method, Rank, Table};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::predict::{Question, compute_alone};
use crate::repository::Loaded;
use crate::shared::SharedArc;

/// Requests of more rows have enough of their own.
const MOST_ROWS: usize = 64;

/// What waits for others of its kind.
#[derive(Debug, Default)]
pub(crate) struct Gathering(Mutex<HashMap<Kind, Vec<Waiting>>>);

/// Requests that may be computed together: of one loaded model, one method, and as many columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    /// The address of the model, which the thread that computes keeps loaded.
    model: usize,
    method: Method,
    cols: usize,
}

/// A request that waits.
#[derive(Debug)]
struct Waiting {
    rows: usize,
    cells: Vec<f64>,
    reply: oneshot::Sender<Share>,
}

/// The answer for one request, and its share of the time that the batch took.
type Share = (Answer, Duration);

/// The answer of a question about a few rows, computed together with those of others; `None` if it must be computed alone.
pub(crate) async fn together(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    questions: &[Question],
    table: &Table<'static>,
    deadline: Instant,
) -> Option<(Method, Answer, Duration)> {
    let within = shared.settings.coalesce?;
    let [question] = questions else { return None };
    let rows = table.rows();
    if question.plan.needs_batch() || !(1..=MOST_ROWS).contains(&rows) || !matches!(table, Table::Dense(_)) {
        return None;
    }
    // Keyword arguments make a plan of their own.
    let is_plain = loaded.model.plan(question.method).is_ok_and(|plan| Arc::ptr_eq(&plan, &question.plan));
    let Value::Floats(Matrix { cols, data, .. }, Precision::Double) = table.block(0, rows) else { return None };
    if !is_plain {
        return None;
    }
    let (reply, answer) = oneshot::channel();
    let kind = Kind { model: Arc::as_ptr(loaded).addr(), method: question.method, cols };
    let is_first = {
        let mut gathering = shared.gathering.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = gathering.entry(kind).or_default();
        waiting.push(Waiting { rows, cells: data.into_owned(), reply });
        waiting.len() == 1
    };
    if is_first {
        // A task of its own: the client of the first request may leave.
        let (shared, loaded) = (Arc::clone(shared), Arc::clone(loaded));
        let question = Question { method: question.method, plan: Arc::clone(&question.plan) };
        tokio::spawn(async move {
            sleep(within).await;
            compute(&shared, &loaded, question, kind, deadline).await;
        });
    }
    // Without a reply it is computed alone.
    answer.await.ok().map(|(answer, elapsed)| (question.method, answer, elapsed))
}

/// Computes what has gathered, and hands the answers out.
async fn compute(shared: &SharedArc, loaded: &Arc<Loaded>, question: Question, kind: Kind, deadline: Instant) {
    let Ok(_running) = shared.running.acquire().await else { return };
    let gathered = {
        let mut gathering = shared.gathering.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathering.remove(&kind).unwrap_or_default()
    };
    if gathered.len() < 2 {
        return;
    }
    let counts: Vec<usize> = gathered.iter().map(|waiting| waiting.rows).collect();
    let total: usize = counts.iter().sum();
    let mut cells = Vec::with_capacity(total * kind.cols);
    gathered.iter().for_each(|waiting| cells.extend_from_slice(&waiting.cells));
    let Ok(table) = Table::from_rows(total, kind.cols, cells) else { return };
    let begun = Instant::now();
    let answered = tokio::task::spawn_blocking(move || compute_alone(&question, &table, deadline)).await;
    let share = begun.elapsed() / u32::try_from(total).unwrap_or(u32::MAX);
    let Ok(Some(parts)) = answered.map(|answer| split(&answer.ok()?, &counts)) else { return };
    shared.metrics.coalesced(&loaded.name, gathered.len());
    for (waiting, part) in gathered.into_iter().zip(parts) {
        let elapsed = share * u32::try_from(waiting.rows).unwrap_or(u32::MAX);
        // Its client may be gone.
        let _ = waiting.reply.send((part, elapsed));
    }
}

/// The answer of each of several tables that were one; `None` for an answer that is not one array with a row for each row.
fn split(answer: &Answer, counts: &[usize]) -> Option<Vec<Answer>> {
    let Answer::One(value, rank) = answer else { return None };
    let rank = *rank;
    if matches!(rank, Rank::Zero) || value.rows() != counts.iter().sum::<usize>() {
        return None;
    }
    let mut start = 0;
    let part = |&count: &usize| {
        let from = start;
        start += count;
        let value = match value {
            Value::Floats(x, precision) => Value::Floats(rows(x, from, count)?, *precision),
            Value::Ints(x, kind) => Value::Ints(rows(x, from, count)?, *kind),
            Value::Labels(labels) => {
                let codes = labels.codes.get(from * labels.cols..(from + count) * labels.cols)?.to_vec();
                Value::Labels(Labels { rows: count, cols: labels.cols, codes, classes: Arc::clone(&labels.classes) })
            }
            _ => return None,
        };
        Some(Answer::One(value, rank))
    };
    counts.iter().map(part).collect()
}

fn rows<T: Clone>(x: &Matrix<'_, T>, from: usize, count: usize) -> Option<Matrix<'static, T>> {
    let data = x.data.get(from * x.cols..(from + count) * x.cols)?.to_vec();
    Some(Matrix { rows: count, cols: x.cols, data: data.into() })
}
