//! The allocator of the command and of the wheel: the system's, with large pages where much is allocated at
//! once, as numpy does.
//!
//! The first touch of each page costs a fault: as much as filling the page several times over. The nodes of a large
//! forest take thousands of small pages, or a dozen large ones. Linux provides large pages on request; other systems
//! are not advised.
//!
//! A process that runs on for long gives the memory back that only its start has taken: [`give_back`].
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait, and so is advice to the system")]

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

/// Gives back what has been read of the program's own file and is not needed for now, and memory that was freed. On Linux
/// the system reads pages of the file around each one that is touched, and keeps them: most are of what ran only once, such
/// as reading arguments and models. Those that are needed again are mapped again, from the system's cache.
#[cfg(target_os = "linux")]
pub fn give_back() {
    // SAFETY: `program` keeps the contract of callbacks: it reads what it is given, and no data are passed.
    unsafe { libc::dl_iterate_phdr(Some(program), std::ptr::null_mut()) };
    // SAFETY: it takes any number, and leaves all that is allocated where it is.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Other systems are not advised.
#[cfg(not(target_os = "linux"))]
pub fn give_back() {}

/// Gives back the segments of the program that are never written to, libraries aside, which other processes use as well.
#[cfg(target_os = "linux")]
unsafe extern "C" fn program(info: *mut libc::dl_phdr_info, _: libc::size_t, _: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it has no requirements.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(usize::MAX);
    // SAFETY: the system passes a valid description, whose table has so many headers; both live as long as this call.
    let (base, headers) = unsafe {
        let info = &*info;
        (info.dlpi_addr, std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)))
    };
    for header in headers.iter().filter(|one| one.p_type == libc::PT_LOAD && one.p_flags & libc::PF_W == 0) {
        let (Ok(start), Ok(length)) = (usize::try_from(base + header.p_vaddr), usize::try_from(header.p_memsz)) else {
            continue;
        };
        // A page that another segment may begin or end on stays.
        let (first, last) = (start.next_multiple_of(page), (start + length) / page * page);
        if first < last {
            let first: *mut libc::c_void = std::ptr::with_exposed_provenance_mut(first);
            // SAFETY: the range is of a file that is mapped and cannot be written to, so that its pages have the content of
            // the file when they are mapped again. Relocations are in other segments.
            unsafe { libc::madvise(first, last - first.addr(), libc::MADV_DONTNEED) };
        }
    }
    // The first one is the program; no further ones are wanted.
    1
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

    /// How many kB of the program's file are mapped.
    #[cfg(target_os = "linux")]
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
        let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).expect("a line of it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_goes_on_after_it_has_given_back() {
        let before = resident();
        super::give_back();
        let after = resident();
        assert!(after < before, "{before} kB before, {after} kB after");
        let text: String = ('a'..='z').rev().collect();
        assert_eq!(text.to_uppercase(), "ZYXWVUTSRQPONMLKJIHGFEDCBA");
    }
}
