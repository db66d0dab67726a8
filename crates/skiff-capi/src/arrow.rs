//! Record batches of the Arrow C Data Interface, read where they lie.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;

use skiff_arrow::array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use skiff_arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use skiff_arrow::schema::{Field, Schema};
use skiff_embed::Failure;

use crate::model::slice;

/// `struct ArrowSchema` of the Arrow C Data Interface.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    pub(crate) format: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) metadata: *const c_char,
    pub(crate) flags: i64,
    pub(crate) n_children: i64,
    pub(crate) children: *mut *mut ArrowSchema,
    pub(crate) dictionary: *mut ArrowSchema,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub(crate) private_data: *mut c_void,
}

/// `struct ArrowArray` of the Arrow C Data Interface.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: i64,
    pub(crate) n_children: i64,
    pub(crate) buffers: *const *const c_void,
    pub(crate) children: *mut *mut ArrowArray,
    pub(crate) dictionary: *mut ArrowArray,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub(crate) private_data: *mut c_void,
}

/// How deep columns may be nested.
const DEEPEST: usize = 64;

fn wrong(what: impl Into<String>) -> Failure {
    Failure::argument(what)
}

fn size(length: i64, what: &str) -> Result<usize, Failure> {
    usize::try_from(length).map_err(|_| wrong(format!("the Arrow array has a negative {what}")))
}

/// An array with its schema, neither released.
#[derive(Clone, Copy)]
struct Pair<'a> {
    array: &'a ArrowArray,
    schema: &'a ArrowSchema,
}

/// # Safety
/// The pointers are NULL or valid as the interface says, and live as long as `'a`.
unsafe fn pair<'a>(array: *const ArrowArray, schema: *const ArrowSchema) -> Result<Pair<'a>, Failure> {
    // SAFETY: the caller's promise.
    let (array, schema) = unsafe { (array.as_ref(), schema.as_ref()) };
    let (Some(array), Some(schema)) = (array, schema) else { return Err(wrong("expected an Arrow array, found NULL")) };
    if array.release.is_none() || schema.release.is_none() {
        return Err(wrong("the Arrow array or its schema was released already"));
    }
    if schema.format.is_null() {
        return Err(wrong("the schema of the Arrow array has no format"));
    }
    if array.n_children != schema.n_children || array.dictionary.is_null() != schema.dictionary.is_null() {
        return Err(wrong("the Arrow array has other columns than its schema"));
    }
    size(array.length, "length")?;
    size(array.offset, "offset")?;
    size(array.n_buffers, "number of buffers")?;
    Ok(Pair { array, schema })
}

/// The rows of a record batch, whose arrays must not be used after it was released.
///
/// # Safety
/// The pointers are NULL or valid as the interface says, and outlive the batch.
pub(crate) unsafe fn batch(array: *const ArrowArray, schema: *const ArrowSchema) -> Result<RecordBatch, Failure> {
    // SAFETY: the caller's promise.
    let batch = unsafe { pair(array, schema) }?;
    if batch.format() != "+s" {
        return Err(wrong(format!("expected a struct of columns, found the Arrow format `{}`", batch.format())));
    }
    let (start, rows) = (size(batch.array.offset, "offset")?, size(batch.array.length, "length")?);
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    // SAFETY: the caller's promise.
    for child in unsafe { batch.children() }? {
        let name = child.name();
        // SAFETY: children are valid as long as their parents.
        let array = unsafe { child.array() }.map_err(|failure| failure.within(&format!("column `{name}`")))?;
        if array.len() < rows || array.len() - rows < start {
            return Err(wrong(format!("column `{name}`: expected {rows} rows, found {}", array.len())));
        }
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array.slice(start, rows));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
    batch.map_err(|error| wrong(error.to_string()))
}

impl<'a> Pair<'a> {
    fn format(&self) -> &'a str {
        // SAFETY: the interface has a text there, which was checked not to be NULL.
        unsafe { CStr::from_ptr(self.schema.format) }.to_str().unwrap_or("")
    }

    fn name(&self) -> String {
        // SAFETY: the interface has NULL or a text there.
        let name = unsafe { self.schema.name.as_ref().map(|name| CStr::from_ptr(name)) };
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// # Safety
    /// The array is valid as the interface says.
    unsafe fn children(&self) -> Result<Vec<Self>, Failure> {
        let count = size(self.array.n_children, "number of columns")?;
        // SAFETY: the interface has as many children as it says, and a dictionary or NULL.
        unsafe {
            let arrays = slice(self.array.children, count, "children")?;
            let schemas = slice(self.schema.children, count, "children")?;
            arrays.iter().zip(schemas).map(|(&array, &schema)| pair(array, schema)).collect()
        }
    }

    /// The array without copies, its contents checked.
    ///
    /// # Safety
    /// The array is valid as the interface says, and outlives what is returned.
    unsafe fn array(&self) -> Result<ArrayRef, Failure> {
        let mut waiting = vec![(*self, 0)];
        while let Some((next, depth)) = waiting.pop() {
            if depth > DEEPEST {
                return Err(wrong("the Arrow array is nested too deeply"));
            }
            // SAFETY: children and dictionaries are valid as long as their parents.
            unsafe {
                waiting.extend(next.children()?.into_iter().map(|child| (child, depth + 1)));
                if !next.array.dictionary.is_null() {
                    waiting.push((pair(next.array.dictionary, next.schema.dictionary)?, depth + 1));
                }
            }
        }
        // SAFETY: the view has the layout of the interface, is read only, and releases nothing; the caller's array lives on.
        let data = unsafe {
            let mut view = ptr::read(self.array);
            view.release = Some(left_to_the_caller);
            view.private_data = ptr::null_mut();
            let array = FFI_ArrowArray::from_raw((&raw mut view).cast());
            from_ffi(array, &*ptr::from_ref(self.schema).cast::<FFI_ArrowSchema>())
        };
        let data = data.map_err(|error| wrong(error.to_string()))?;
        data.validate_full().map_err(|error| wrong(error.to_string()))?;
        Ok(make_array(data))
    }
}

/// Releases nothing.
unsafe extern "C" fn left_to_the_caller(array: *mut ArrowArray) {
    // SAFETY: called with the view above.
    unsafe { (*array).release = None };
}
