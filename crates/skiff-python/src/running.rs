//! Work without the GIL that Ctrl-C cancels, and that reports progress.
//!
//! Only the thread that called from Python may check for signals, so it waits while others work.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use skiff::{Answer, EvaluateOptions, Interrupt, Plan, Progress, Table, threads};

use crate::error;

/// The options of the calls of one model.
#[derive(Debug, Default)]
pub struct Running {
    /// The maximum number of threads; `None` for all.
    pub threads: Option<NonZeroUsize>,
    /// `progress(what, done, total)`.
    pub progress: Option<Py<PyAny>>,
}

impl Running {
    /// `n_jobs=` and `progress=`.
    pub fn new(n_jobs: Option<isize>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let threads = n_jobs.map(n_jobs_to_threads).transpose()?.flatten();
        let progress = progress.map(callback).transpose()?.flatten();
        Ok(Self { threads, progress })
    }

    /// Checks for signals, and then calls the callback, if there is one.
    pub fn report(&self, py: Python<'_>, what: &str, done: usize, total: usize) -> PyResult<()> {
        py.check_signals()?;
        if let Some(progress) = &self.progress {
            progress.bind(py).call1((what, done, total))?;
        }
        Ok(())
    }

    /// Evaluates the plan on the table.
    pub fn evaluate(&self, py: Python<'_>, plan: &Plan, table: &Table<'_>, origin: &Py<PyAny>) -> PyResult<Answer> {
        let watcher = Watcher::new("predict", self.progress.as_ref());
        let watch = |Progress { done, rows }: Progress| watcher.look(done, Some(rows));
        let options = EvaluateOptions { origin: Some(origin), threads: self.threads, watch: Some(&watch) };
        let answer = py.detach(|| skiff::evaluate(plan, table, &options));
        watcher.finish(py, Some(table.rows()))?;
        answer.map_err(|error| error::raise(py, &error))
    }

    /// The result of `work`, which must check the flag.
    pub fn read<R: Send>(&self, py: Python<'_>, interrupt: &Interrupt, work: impl FnOnce() -> R + Send) -> PyResult<R> {
        let watcher = Watcher::new("read", self.progress.as_ref());
        let made = py.detach(|| {
            threads::watched(self.threads, work, &mut || {
                if watcher.look(interrupt.reached(), None).is_break() {
                    interrupt.raise();
                }
            })
        });
        watcher.finish(py, None)?;
        Ok(made)
    }
}

/// joblib's: -1 for all cores, -2 for all but one.
fn n_jobs_to_threads(n_jobs: isize) -> PyResult<Option<NonZeroUsize>> {
    match n_jobs {
        0 => Err(PyValueError::new_err("n_jobs == 0 has no meaning")),
        -1 => Ok(None),
        1.. => Ok(NonZeroUsize::new(n_jobs.unsigned_abs())),
        _ => Ok(NonZeroUsize::new((threads::count() + 1).saturating_sub(n_jobs.unsigned_abs()).max(1))),
    }
}

/// `True` for a bar, `False` for nothing, or a callable.
fn callback(progress: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    let py = progress.py();
    if progress.is(pyo3::types::PyBool::new(py, false)) || progress.is_none() {
        return Ok(None);
    }
    if progress.is(pyo3::types::PyBool::new(py, true)) {
        let bar = py.import(intern!(py, "skiff._progress"))?.getattr(intern!(py, "Bar"))?.call0()?;
        return Ok(Some(bar.unbind()));
    }
    if progress.is_callable() {
        return Ok(Some(progress.clone().unbind()));
    }
    let found = progress.get_type().name()?;
    Err(PyTypeError::new_err(format!("progress must be True, False or callable, not {found}")))
}

/// Checks for signals, and reports progress.
struct Watcher<'w> {
    what: &'static str,
    progress: Option<&'w Py<PyAny>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The exception of a signal or of the callback.
    raised: Option<PyErr>,
    /// Whether the callback was called.
    reported: bool,
}

impl<'w> Watcher<'w> {
    fn new(what: &'static str, progress: Option<&'w Py<PyAny>>) -> Self {
        Self { what, progress, seen: Mutex::default() }
    }

    fn look(&self, done: usize, total: Option<usize>) -> ControlFlow<()> {
        let looked = Python::attach(|py| {
            py.check_signals()?;
            self.report(py, done, total)
        });
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match looked {
            Ok(()) if seen.raised.is_none() => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(error) => {
                seen.raised.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }

    fn report(&self, py: Python<'_>, done: usize, total: Option<usize>) -> PyResult<()> {
        let Some(progress) = self.progress else { return Ok(()) };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).reported = true;
        progress.bind(py).call1((self.what, done, total))?;
        Ok(())
    }

    /// The exception raised meanwhile; if there is none, and progress was reported, the end is reported as well.
    fn finish(self, py: Python<'_>, rows: Option<usize>) -> PyResult<()> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(error) = seen.raised {
            return Err(error);
        }
        match rows {
            Some(rows) if seen.reported => self.report(py, rows, Some(rows)),
            _ => Ok(()),
        }
    }
}
