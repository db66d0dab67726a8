//! Answers: named arrays in C order.

use std::ffi::{CString, c_char};
use std::ptr;

use skiff::arrays::{Elements, NamedArray};
use skiff_embed::dtype;

use crate::error::{c_text, free};

/// The arrays that a method returned: one for most methods, several for some.
#[derive(Debug)]
pub struct skiff_answer(Vec<Array>);

#[derive(Debug)]
struct Array {
    name: CString,
    shape: Vec<usize>,
    dtype: CString,
    elements: Elements,
    /// Views of the texts, which hold NUL behind each.
    strings: Vec<skiff_string>,
}

/// A text in UTF-8. There is a NUL behind it, and there may be some within.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct skiff_string {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes there are before the NUL at its end.
    pub length: usize,
}

// SAFETY: the pointers lead into the answer's own texts, which never change.
unsafe impl Send for skiff_answer {}
// SAFETY: as above.
unsafe impl Sync for skiff_answer {}

impl skiff_answer {
    pub(crate) fn new(arrays: Vec<NamedArray>) -> Self {
        Self(arrays.into_iter().map(Array::new).collect())
    }

    /// # Safety
    /// `answer` is NULL or an answer.
    unsafe fn array<'a>(answer: *const Self, index: usize) -> Option<&'a Array> {
        // SAFETY: the caller's promise.
        unsafe { answer.as_ref() }.and_then(|answer| answer.0.get(index))
    }
}

impl Array {
    fn new(array: NamedArray) -> Self {
        let NamedArray { name, shape, mut elements } = array;
        let mut strings = Vec::new();
        if let Elements::Texts(texts) = &mut elements {
            for text in texts {
                let length = text.len();
                text.push('\0');
                // The text is not changed from here on, so its bytes stay where they are.
                strings.push(skiff_string { data: text.as_ptr().cast(), length });
            }
        }
        Self { name: c_text(&name), shape, dtype: c_text(dtype(&elements)), elements, strings }
    }
}

/// How many arrays there are; 0 for NULL. Where a function takes an `index` that is not below this, it returns NULL or 0.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_count(answer: *const skiff_answer) -> usize {
    // SAFETY: the caller's promise.
    unsafe { answer.as_ref() }.map_or(0, |answer| answer.0.len())
}

/// The name of an array: its method's, "predict_proba", or that with more behind it where there are several.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_name(answer: *const skiff_answer, index: usize) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { skiff_answer::array(answer, index) }.map_or(ptr::null(), |array| array.name.as_ptr())
}

/// The dtype of an array, as numpy names it: "float64", "float32", "bool", "int64", "uint8", … or "str".
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_dtype(answer: *const skiff_answer, index: usize) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { skiff_answer::array(answer, index) }.map_or(ptr::null(), |array| array.dtype.as_ptr())
}

/// How many axes an array has.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_dimensions(answer: *const skiff_answer, index: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { skiff_answer::array(answer, index) }.map_or(0, |array| array.shape.len())
}

/// The length of each axis: as many as there are dimensions.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_shape(answer: *const skiff_answer, index: usize) -> *const usize {
    // SAFETY: the caller's promise.
    unsafe { skiff_answer::array(answer, index) }.map_or(ptr::null(), |array| array.shape.as_ptr())
}

/// How many elements an array has: the product of its shape.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_length(answer: *const skiff_answer, index: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { skiff_answer::array(answer, index) }.map_or(0, |array| match &array.elements {
        Elements::Ints(all, _) => all.len(),
        Elements::F32(all) => all.len(),
        Elements::F64(all) => all.len(),
        Elements::Texts(all) => all.len(),
    })
}

/// The elements of an array of dtype float64, in C order; NULL if it is of another dtype.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_float64(answer: *const skiff_answer, index: usize) -> *const f64 {
    // SAFETY: the caller's promise.
    match unsafe { skiff_answer::array(answer, index) }.map(|array| &array.elements) {
        Some(Elements::F64(all)) => all.as_ptr(),
        _ => ptr::null(),
    }
}

/// The elements of an array of dtype float32, in C order; NULL if it is of another dtype.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_float32(answer: *const skiff_answer, index: usize) -> *const f32 {
    // SAFETY: the caller's promise.
    match unsafe { skiff_answer::array(answer, index) }.map(|array| &array.elements) {
        Some(Elements::F32(all)) => all.as_ptr(),
        _ => ptr::null(),
    }
}

/// The elements of an array of any integer dtype or bool, widened to int64, in C order; NULL if it is of another dtype.
/// Those of uint64 keep their bits.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_int64(answer: *const skiff_answer, index: usize) -> *const i64 {
    // SAFETY: the caller's promise.
    match unsafe { skiff_answer::array(answer, index) }.map(|array| &array.elements) {
        Some(Elements::Ints(all, _)) => all.as_ptr(),
        _ => ptr::null(),
    }
}

/// The elements of an array of dtype str, in C order; NULL if it is of another dtype.
///
/// # Safety
/// `answer` is NULL or an answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_strings(answer: *const skiff_answer, index: usize) -> *const skiff_string {
    // SAFETY: the caller's promise.
    match unsafe { skiff_answer::array(answer, index) } {
        Some(array) if matches!(array.elements, Elements::Texts(_)) => array.strings.as_ptr(),
        _ => ptr::null(),
    }
}

/// Frees an answer and all that its functions returned; NULL is none.
///
/// # Safety
/// `answer` is NULL or an answer that is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_answer_free(answer: *mut skiff_answer) {
    // SAFETY: the caller's promise.
    unsafe { free(answer) };
}
