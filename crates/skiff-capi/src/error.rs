//! Errors as objects of C.

use std::ffi::{CString, c_char};
use std::ptr;

use skiff_embed::{Failure, guarded};

/// Why a function failed.
#[derive(Debug)]
pub struct skiff_error {
    code: CString,
    message: CString,
}

/// A text as C has it. NUL, which would end it, becomes the replacement character.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// What `run` returns on the heap; NULL, and the error at `error`, if it fails or panics.
///
/// # Safety
/// `error` is NULL or points to where a pointer may be written.
pub(crate) unsafe fn returned<T>(error: *mut *mut skiff_error, run: impl FnOnce() -> Result<T, Failure>) -> *mut T {
    let failure = match guarded(run) {
        Ok(value) => return Box::into_raw(Box::new(value)),
        Err(failure) => failure,
    };
    if !error.is_null() {
        let described = skiff_error { code: c_text(failure.code), message: c_text(&failure.message) };
        // SAFETY: the caller says that a pointer may be written there.
        unsafe { error.write(Box::into_raw(Box::new(described))) };
    }
    ptr::null_mut()
}

/// Takes back what [`returned`] gave out.
///
/// # Safety
/// `pointer` is NULL or came from [`returned`], and is not used afterwards.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: it was made by `Box::into_raw`, and is given back once.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// A short name of what went wrong, for programs: "not-a-model", "wrong-input", "damaged-model".
///
/// # Safety
/// `error` is an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_error_code(error: *const skiff_error) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.code.as_ptr())
}

/// What went wrong, for people, as UTF-8.
///
/// # Safety
/// `error` is an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_error_message(error: *const skiff_error) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.message.as_ptr())
}

/// Frees an error; NULL is none.
///
/// # Safety
/// `error` is NULL or an error that is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_error_free(error: *mut skiff_error) {
    // SAFETY: the caller's promise.
    unsafe { free(error) };
}
