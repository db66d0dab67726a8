//! An allocator that counts, so that a test can say how much memory something took at most.
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and hands on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a count for each thread. A test binary names it as its `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    /// What may be allocated at once before the process ends: a test must not take the machine down.
    static MOST: Cell<isize> = const { Cell::new(isize::MAX) };
}

fn count(change: isize) {
    let counted = NOW.try_with(|now| {
        now.set(now.get().wrapping_add(change));
        now.get()
    });
    if let Ok(now) = counted {
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now)));
    }
}

fn size(layout: Layout) -> isize {
    // A layout's size is at most `isize::MAX`.
    isize::try_from(layout.size()).unwrap_or(isize::MAX)
}

/// Whether `layout` would go over what [`stop_at`] allows.
fn is_too_much(layout: Layout) -> bool {
    let now = NOW.try_with(Cell::get).unwrap_or(0);
    now.saturating_add(size(layout)) > MOST.try_with(Cell::get).unwrap_or(isize::MAX)
}

// SAFETY: each method passes its arguments to `System` unchanged, or returns a null pointer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_too_much(layout) {
            return std::ptr::null_mut();
        }
        count(size(layout));
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_too_much(layout) {
            return std::ptr::null_mut();
        }
        count(size(layout));
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let grown = new_size.saturating_sub(layout.size());
        if Layout::from_size_align(grown, layout.align()).map_or(true, is_too_much) {
            return std::ptr::null_mut();
        }
        let change = isize::try_from(new_size).unwrap_or(isize::MAX) - size(layout);
        count(change);
        // SAFETY: as for `dealloc`, and `new_size` is the caller's promise.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: `pointer` came from `System`, by the methods above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The result of `work`, and the peak of bytes that this thread allocated while it ran. When it would exceed
/// `most`, the allocation fails, which ends the process: what was going on should be on standard error by then.
pub fn peak_of<T>(most: usize, work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    MOST.with(|limit| limit.set(before.saturating_add(isize::try_from(most).unwrap_or(isize::MAX))));
    let result = work();
    MOST.with(|limit| limit.set(isize::MAX));
    let peak = PEAK.with(Cell::get).saturating_sub(before);
    (result, usize::try_from(peak).unwrap_or(0))
}

/// Removes the limit of this thread: for reporting a panic, which needs memory.
pub fn lift_limit() {
    MOST.with(|limit| limit.set(isize::MAX));
}
