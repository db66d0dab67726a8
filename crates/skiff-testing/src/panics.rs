//! Panics that a test catches, with the location where they happened.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    static CATCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// The result of `work`, or where it panicked and why.
///
/// # Errors
/// When it panicked.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.with_borrow(|catching| *catching) {
                return hook(info);
            }
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let payload = info.payload();
            let what = payload.downcast_ref::<&str>().copied();
            let what = what.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
            PLACE.with_borrow_mut(|last| *last = format!("{place}: {what}"));
        }));
    });
    PLACE.with_borrow_mut(|last| "in another thread, which told where".clone_into(last));
    CATCHING.with_borrow_mut(|catching| *catching = true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.with_borrow_mut(|catching| *catching = false);
    outcome.map_err(|_| PLACE.with_borrow(String::clone))
}
