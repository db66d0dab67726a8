//! Opening models, and what is known of them before any rows.

use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::path::Path;
use std::ptr;

use serde_json::Value as Json;
use skiff_embed::{EmbeddedModel, Failure, Opening};

use crate::error::{c_text, free, returned, skiff_error};

/// A model, ready to answer. It does not change: any number of threads may use one at a time.
#[derive(Debug)]
pub struct skiff_model(pub(crate) EmbeddedModel);

/// How a file is opened. Fields that are NULL are as if they were not there; so is a NULL pointer to all of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct skiff_options {
    /// The address of the estimator in a file with several objects: "['model']", "[0]".
    pub at: *const c_char,
    /// The passphrase of an encrypted file.
    pub passphrase: *const c_char,
    /// The content of an identity file: the key of an encrypted file.
    pub identity: *const c_char,
}

/// The text at a pointer; `None` for NULL.
///
/// # Safety
/// `text` is NULL or ends with a NUL, and lives as long as `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<Option<&'a str>, Failure> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|_| Failure::argument(format!("{what} is not UTF-8")))
}

/// # Safety
/// `options` is NULL or points to options whose fields are NULL or texts that live as long as `'a`.
unsafe fn opening<'a>(options: *const skiff_options) -> Result<Opening<'a>, Failure> {
    // SAFETY: the caller's promise.
    let Some(given) = (unsafe { options.as_ref() }) else { return Ok(Opening::default()) };
    // SAFETY: the caller's promise.
    let (at, passphrase, identity) = unsafe {
        (text(given.at, "`at`")?, text(given.passphrase, "`passphrase`")?, text(given.identity, "`identity`")?)
    };
    Ok(Opening { at, passphrase, identity })
}

/// Opens the model in a file: pickle, joblib, skops or .skiff, compressed or encrypted. Nothing in it is executed.
///
/// # Safety
/// `path` is a text (in the file system's encoding), `options` NULL or options, `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_open(
    path: *const c_char,
    options: *const skiff_options,
    error: *mut *mut skiff_error,
) -> *mut skiff_model {
    let run = || {
        if path.is_null() {
            return Err(Failure::argument("expected a path, found NULL"));
        }
        // SAFETY: the caller's promise.
        let path = path_of(unsafe { CStr::from_ptr(path) })?;
        // SAFETY: the caller's promise.
        let opening = unsafe { opening(options) }?;
        EmbeddedModel::open(path, &opening).map(skiff_model)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}

#[cfg(unix)]
fn path_of(path: &CStr) -> Result<&Path, Failure> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(OsStr::from_bytes(path.to_bytes())))
}

#[cfg(not(unix))]
fn path_of(path: &CStr) -> Result<&Path, Failure> {
    let path = path.to_str().map_err(|_| Failure::argument("the path is not UTF-8"))?;
    Ok(Path::new(OsStr::new(path)))
}

/// Opens the model in a file's content. The bytes are copied: they may be freed or changed afterwards.
///
/// # Safety
/// `data` points to `length` bytes, `options` is NULL or options, `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_open_memory(
    data: *const c_void,
    length: usize,
    options: *const skiff_options,
    error: *mut *mut skiff_error,
) -> *mut skiff_model {
    let run = || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { slice(data.cast::<u8>(), length, "data") }?.to_vec();
        // SAFETY: the caller's promise.
        let opening = unsafe { opening(options) }?;
        EmbeddedModel::read(bytes, &opening).map(skiff_model)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}

/// `length` elements at a pointer, which may be NULL if there are none.
///
/// # Safety
/// `data` points to `length` elements that live and do not change as long as `'a`.
pub(crate) unsafe fn slice<'a, T>(data: *const T, length: usize, what: &str) -> Result<&'a [T], Failure> {
    match (data.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Failure::argument(format!("expected {length} elements in `{what}`, found NULL"))),
        (false, _) if length > isize::MAX as usize / size_of::<T>().max(1) => {
            Err(Failure::argument(format!("`{what}` is longer than any memory")))
        }
        (false, _) if !data.is_aligned() => Err(Failure::argument(format!("`{what}` is not aligned to its elements"))),
        // SAFETY: the caller's promise; it is aligned, and not longer than a slice may be.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(data, length) }),
    }
}

/// Frees a model; NULL is none. Answers stay.
///
/// # Safety
/// `model` is NULL or a model that is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_model_free(model: *mut skiff_model) {
    // SAFETY: the caller's promise.
    unsafe { free(model) };
}

/// # Safety
/// `model` is NULL or a model.
pub(crate) unsafe fn model_of<'a>(model: *const skiff_model) -> Result<&'a skiff_model, Failure> {
    // SAFETY: the caller's promise.
    unsafe { model.as_ref() }.ok_or_else(|| Failure::argument("expected a model, found NULL"))
}

/// # Safety
/// As [`returned`].
unsafe fn returned_text(error: *mut *mut skiff_error, run: impl FnOnce() -> Result<Json, Failure>) -> *mut c_char {
    let mut text = None;
    let made = || {
        text = Some(c_text(&run()?.to_string()));
        Ok(())
    };
    // SAFETY: the caller's promise.
    let is_made = unsafe { returned(error, made) };
    // SAFETY: it was made a line before.
    unsafe { free(is_made) };
    text.map_or(ptr::null_mut(), CString::into_raw)
}

/// What is in the file, as JSON: format, versions, estimators with parameters and methods. `skiff inspect --format json`
/// prints the same.
///
/// # Safety
/// `model` is a model, `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_inspect(model: *const skiff_model, error: *mut *mut skiff_error) -> *mut c_char {
    // SAFETY: the caller's promise.
    unsafe { returned_text(error, || Ok(model_of(model)?.0.inspect())) }
}

/// What the model takes and returns, as JSON: `n_features_in`, `feature_names_in`, `classes`, and for each method the
/// types of its input and its output.
///
/// # Safety
/// `model` is a model, `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_signature(model: *const skiff_model, error: *mut *mut skiff_error) -> *mut c_char {
    // SAFETY: the caller's promise.
    unsafe { returned_text(error, || Ok(model_of(model)?.0.signature())) }
}

/// Frees a text that a function returned; NULL is none.
///
/// # Safety
/// `text` is NULL or a text of `skiff_inspect` or `skiff_signature` that is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_text_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from `CString::into_raw`, and is given back once.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// The version of this library: "0.1.0". Not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiff_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
