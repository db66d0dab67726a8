//! The allocator of the command and of the wheel: the system's, with large pages where much is allocated at
//! once, as numpy does.
//!
//! The first touch of each page costs a fault: as much as filling the page several times over. The nodes of a large
//! forest take thousands of small pages, or a dozen large ones. Linux provides large pages on request; other systems
//! are not advised.
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one hands on, and gives advice")]

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with advice for large allocations. A binary names it as its `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LargePages;

/// From how many bytes on large pages are requested: as in numpy, two of them on most machines.
const LARGE: usize = 4 << 20;

// SAFETY: each method passes its arguments to `System` unchanged, and returns its result; advice changes no content.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract, which is `System`'s.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for `alloc`.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as for `alloc`.
        advised(unsafe { System.realloc(pointer, layout, new_size) }, new_size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as for `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Asks for large pages under `size` bytes at `pointer`, if they are many.
#[cfg(target_os = "linux")]
#[inline]
fn advised(pointer: *mut u8, size: usize) -> *mut u8 {
    /// The smallest page size: advice must begin at a multiple of the machine's own, and fails otherwise.
    const PAGE: usize = 4 << 10;
    if size >= LARGE && !pointer.is_null() {
        let before_page = pointer.addr().next_multiple_of(PAGE) - pointer.addr();
        // SAFETY: the range is within the allocation. The advice concerns how it is backed, not its content;
        // if it fails, nothing changes.
        unsafe { libc::madvise(pointer.add(before_page).cast(), size - before_page, libc::MADV_HUGEPAGE) };
    }
    pointer
}

#[cfg(not(target_os = "linux"))]
fn advised(pointer: *mut u8, _: usize) -> *mut u8 {
    pointer
}

#[cfg(test)]
mod tests {
    #[global_allocator]
    static ALLOCATOR: super::LargePages = super::LargePages;

    #[test]
    fn large_allocations_hold_what_is_written() {
        let mut bytes = vec![0_u8; super::LARGE - 1];
        assert!(bytes.iter().all(|&byte| byte == 0));
        bytes.fill(7);
        bytes.resize(5 * super::LARGE + 1, 3);
        assert!(bytes[..super::LARGE - 1].iter().all(|&byte| byte == 7));
        assert!(bytes[super::LARGE - 1..].iter().all(|&byte| byte == 3));
        bytes.truncate(10);
        bytes.shrink_to_fit();
        assert_eq!(bytes, [7; 10]);
    }
}
