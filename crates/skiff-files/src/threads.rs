//! The threads of reading, writing and prediction.
//!
//! Pools are created on first use and kept, one of each size. A forked process has none of its parent's threads, so it
//! creates its own: rayon's global pool would wait forever there.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The environment variable that limits the threads of a process.
pub const VARIABLE: &str = "SKIFF_NUM_THREADS";
/// The largest pool.
const MOST: usize = 1_024;
/// How often the calling thread checks for interrupts while others work: a human does not notice the delay after Ctrl-C.
const EVERY: Duration = Duration::from_millis(50);

/// The value of [`set_count`]; 0 before.
static COUNT: AtomicUsize = AtomicUsize::new(0);

static POOLS: Mutex<Pools> = Mutex::new(Pools { process: 0, by_size: BTreeMap::new() });

struct Pools {
    /// The process that the pools belong to.
    process: u32,
    by_size: BTreeMap<usize, Arc<ThreadPool>>,
}

/// Limits this process to `count` threads from now on.
pub fn set_count(count: NonZeroUsize) {
    COUNT.store(count.get(), Ordering::Relaxed);
}

/// The maximum number of threads of this process: the value of [`set_count`], else of [`VARIABLE`], else one
/// for each core.
pub fn count() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    let told = match COUNT.load(Ordering::Relaxed) {
        0 => *DEFAULT.get_or_init(|| {
            let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
            from_environment().ok().flatten().map_or_else(cores, NonZeroUsize::get)
        }),
        told => told,
    };
    told.min(MOST)
}

/// The value of [`VARIABLE`].
///
/// # Errors
/// A message, when it is not a number of threads.
pub fn from_environment() -> Result<Option<NonZeroUsize>, String> {
    match std::env::var(VARIABLE) {
        Ok(text) => parse(&text).map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("{VARIABLE}: {error}")),
    }
}

fn parse(text: &str) -> Result<NonZeroUsize, String> {
    text.trim().parse().map_err(|_| format!("{VARIABLE}: expected a number of threads, 1 or more, found `{text}`"))
}

/// The number of threads for work that may use `most`.
pub fn limited(most: Option<NonZeroUsize>) -> usize {
    most.map_or(usize::MAX, NonZeroUsize::get).min(count())
}

/// Runs `work`, whose parallel iterators use `most` threads at most. Within a pool of the caller it runs there.
pub fn install<R: Send>(most: Option<NonZeroUsize>, work: impl FnOnce() -> R + Send) -> R {
    match pool(most) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Like [`install`], while this thread calls `watch` a few times a second; `work` must check for what `watch` signals.
pub fn watched<R: Send>(most: Option<NonZeroUsize>, work: impl FnOnce() -> R + Send, watch: &mut dyn FnMut()) -> R {
    let Some(pool) = pool(most) else { return work() };
    pool.in_place_scope(|scope| {
        let (sender, done) = mpsc::sync_channel(1);
        scope.spawn(move |_| {
            // The receiver exists: this thread waits below.
            let _ = sender.send(work());
        });
        loop {
            match done.recv_timeout(EVERY) {
                Ok(result) => return Some(result),
                Err(RecvTimeoutError::Timeout) => watch(),
                // The work panicked, and the scope passes that on.
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    })
    .expect("the scope has passed the panic on")
}

/// The pool of as many threads; `None` within a pool, and if the system cannot create threads.
fn pool(most: Option<NonZeroUsize>) -> Option<Arc<ThreadPool>> {
    if rayon::current_thread_index().is_some() {
        return None;
    }
    let size = limited(most);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if pools.process != process {
        // The threads of the parent's pools do not exist in this process, so they cannot be joined.
        std::mem::forget(std::mem::take(&mut pools.by_size));
        pools.process = process;
    }
    if let Some(pool) = pools.by_size.get(&size) {
        return Some(Arc::clone(pool));
    }
    let build = |size: usize| ThreadPoolBuilder::new().num_threads(size).build().ok();
    let pool = Arc::new(build(size).or_else(|| build(1))?);
    pools.by_size.insert(size, Arc::clone(&pool));
    Some(pool)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn work_runs_on_as_many_threads_as_were_asked_for() {
        for most in [1, 2] {
            let most = NonZeroUsize::new(most);
            assert_eq!(install(most, rayon::current_num_threads), limited(most));
            // Within a pool, no other is taken.
            assert_eq!(install(most, || install(None, rayon::current_num_threads)), limited(most));
        }
    }

    #[test]
    fn the_calling_thread_can_end_the_work() {
        let (stop, here) = (AtomicBool::new(false), std::thread::current().id());
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            std::thread::current().id()
        };
        let mut calls = 0;
        let there = watched(None, work, &mut || {
            assert_eq!(std::thread::current().id(), here);
            calls += 1;
            stop.store(calls == 2, Ordering::Relaxed);
        });
        assert_ne!(there, here);
        assert_eq!(calls, 2);
    }

    #[test]
    fn what_is_no_number_of_threads_is_refused() {
        assert_eq!(parse(" 4 "), Ok(NonZeroUsize::MIN.saturating_add(3)));
        for text in ["0", "-1", "all", ""] {
            assert!(parse(text).is_err_and(|message| message.contains("SKIFF_NUM_THREADS")), "{text}");
        }
    }
}
