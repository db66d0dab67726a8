//! Asking a model within the server's limits.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use skiff::{Answer, EvaluateOptions, Method, Params, Plan, Table};
use tokio::time::timeout_at;

use crate::coalesce::together;
use crate::error::ApiError;
use crate::repository::Loaded;
use crate::shared::SharedArc;

/// How often a model was asked, and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    success: AtomicU64,
    success_nanos: AtomicU64,
    failures: AtomicU64,
    failure_nanos: AtomicU64,
    /// Rows of successful requests.
    rows: AtomicU64,
    /// Time of computing alone.
    compute_nanos: AtomicU64,
    /// When the last request ended, in milliseconds since 1970.
    last_millis: AtomicU64,
    /// Nanoseconds for one row, averaged; 0 before the first.
    row_nanos: AtomicU64,
}

/// What [`Statistics`] say at one moment: how often, and nanoseconds in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) success: (u64, u64),
    pub(crate) fail: (u64, u64),
    /// Waiting, and whatever else is not computing.
    pub(crate) queue: (u64, u64),
    pub(crate) compute: (u64, u64),
    pub(crate) rows: u64,
    pub(crate) last_millis: u64,
}

impl Statistics {
    pub(crate) fn counts(&self) -> Counts {
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let (success, nanos, compute) = (read(&self.success), read(&self.success_nanos), read(&self.compute_nanos));
        Counts {
            success: (success, nanos),
            fail: (read(&self.failures), read(&self.failure_nanos)),
            queue: (success, nanos.saturating_sub(compute)),
            compute: (success, compute),
            rows: read(&self.rows),
            last_millis: read(&self.last_millis),
        }
    }
}

/// What takes less than this is computed on the thread that reads requests: handing it over takes as long.
const SHORT: Duration = Duration::from_micros(200);

/// One method to ask, with its keyword arguments.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) plan: Arc<Plan>,
}

impl Question {
    /// A method of a model, called with keyword arguments.
    pub(crate) fn new(loaded: &Loaded, method: Method, params: &Params) -> Result<Self, ApiError> {
        let plan = match params.is_empty() {
            true => loaded.model.plan(method)?,
            false => Arc::new(loaded.model.plan_with(method, params)?),
        };
        Ok(Self { method, plan })
    }

    /// The method of a name.
    pub(crate) fn named(loaded: &Loaded, name: &str, params: &Params) -> Result<Self, ApiError> {
        let method = name.parse::<Method>().ok().filter(|method| loaded.methods.contains(method));
        let Some(method) = method else {
            let known: Vec<&str> = loaded.methods.iter().map(|method| method.name()).collect();
            let what = format!("model `{}` has no method `{name}`; it has {}", loaded.name, known.join(", "));
            return Err(ApiError::bad_request(what));
        };
        Self::new(loaded, method, params)
    }
}

/// Stops a computation whose client is gone.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The answers of the questions about the rows of a table.
pub(crate) async fn ask(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    questions: Vec<Question>,
    table: Table<'static>,
) -> Result<Vec<(Method, Answer)>, ApiError> {
    let start = Instant::now();
    let asked = ask_within(shared, loaded, questions, table, start).await;
    let statistics = &loaded.statistics;
    let nanos = nanos(start.elapsed());
    match &asked {
        Ok(_) => {
            statistics.success.fetch_add(1, Ordering::Relaxed);
            statistics.success_nanos.fetch_add(nanos, Ordering::Relaxed);
        }
        Err(_) => {
            statistics.failures.fetch_add(1, Ordering::Relaxed);
            statistics.failure_nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    statistics.last_millis.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    asked
}

async fn ask_within(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    questions: Vec<Question>,
    table: Table<'static>,
    start: Instant,
) -> Result<Vec<(Method, Answer)>, ApiError> {
    let settings = &shared.settings;
    let rows = table.rows();
    if rows > settings.most_rows {
        let what = format!("expected at most {} rows in one request, found {rows}", settings.most_rows);
        return Err(ApiError::bad_request(what));
    }
    let late = || ApiError::timeout(settings.timeout.as_secs_f64());
    let deadline = start + settings.timeout;
    let _admitted = shared.admitted.try_acquire().map_err(|_| ApiError::too_many())?;
    let together = timeout_at(deadline.into(), together(shared, loaded, &questions, &table, deadline));
    if let Some((method, answer, elapsed)) = together.await.map_err(|_| late())? {
        let answers = vec![(method, answer)];
        count(shared, loaded, rows, elapsed, &answers);
        return Ok(answers);
    }
    let running = timeout_at(deadline.into(), shared.running.acquire()).await.map_err(|_| late())?;
    let _running = running.map_err(|_| ApiError::not_ready("the server is stopping"))?;
    if Instant::now() >= deadline {
        return Err(late());
    }
    let expected = loaded.statistics.row_nanos.load(Ordering::Relaxed).saturating_mul(rows.max(1) as u64);
    let is_short = expected > 0 && Duration::from_nanos(expected) < SHORT;
    let begun = Instant::now();
    let cancelled = CancelOnDrop(Arc::default());
    let answered = match is_short {
        true => compute(&questions, &table, deadline, &cancelled.0),
        false => {
            let flag = Arc::clone(&cancelled.0);
            let task = tokio::task::spawn_blocking(move || compute(&questions, &table, deadline, &flag));
            task.await.map_err(|error| ApiError::internal(format!("the computation ended early: {error}")))?
        }
    };
    let elapsed = begun.elapsed();
    match answered {
        Ok(answers) => {
            count(shared, loaded, rows, elapsed, &answers);
            Ok(answers)
        }
        Err((method, error)) => {
            shared.metrics.failed(&loaded.name, method.name());
            match error.kind() {
                skiff::ErrorKind::Interrupted => Err(late()),
                _ => Err(error.into()),
            }
        }
    }
}

/// Counts what was computed in `elapsed`.
fn count(shared: &SharedArc, loaded: &Loaded, rows: usize, elapsed: Duration, answers: &[(Method, Answer)]) {
    let statistics = &loaded.statistics;
    let count = u64::try_from(rows.max(1)).unwrap_or(u64::MAX);
    let row = (nanos(elapsed) / count).max(1);
    let before = statistics.row_nanos.load(Ordering::Relaxed);
    let average = if before == 0 { row } else { before - before / 8 + row / 8 };
    statistics.row_nanos.store(average.max(1), Ordering::Relaxed);
    statistics.rows.fetch_add(rows as u64, Ordering::Relaxed);
    statistics.compute_nanos.fetch_add(nanos(elapsed), Ordering::Relaxed);
    for (method, _) in answers {
        shared.metrics.predicted(&loaded.name, method.name(), rows, elapsed.as_secs_f64());
    }
}

/// The answer to one request, from any protocol.
pub(crate) fn compute_alone(question: &Question, table: &Table<'_>, deadline: Instant) -> Result<Answer, skiff::Error> {
    let watch = |_| if Instant::now() > deadline { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let options = EvaluateOptions { watch: Some(&watch), ..EvaluateOptions::default() };
    skiff::evaluate(&question.plan, table, &options)
}

fn compute(
    questions: &[Question],
    table: &Table<'_>,
    deadline: Instant,
    cancelled: &AtomicBool,
) -> Result<Vec<(Method, Answer)>, (Method, skiff::Error)> {
    let watch = |_| match Instant::now() > deadline || cancelled.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let options = EvaluateOptions { watch: Some(&watch), ..EvaluateOptions::default() };
    let each = questions.iter().map(|question| {
        let answer = skiff::evaluate(&question.plan, table, &options);
        answer.map(|answer| (question.method, answer)).map_err(|error| (question.method, error))
    });
    each.collect()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
