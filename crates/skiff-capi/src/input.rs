//! Asking a model: rows of numbers, of strings, or columns of Arrow.

use std::ffi::c_char;
use std::sync::Arc;

use skiff::table::{Column, Elements};
use skiff::value::Precision;
use skiff::{Method, Params, Scalar, Table};
use skiff_embed::{Failure, columns, dense, sparse, texts};

use crate::answer::skiff_answer;
use crate::arrow::{self, ArrowArray, ArrowSchema};
use crate::error::{returned, skiff_error};
use crate::model::{model_of, skiff_model, slice, text};

/// # Safety
/// `method` is NULL or a text.
unsafe fn method_of(model: &skiff_model, method: *const c_char) -> Result<Method, Failure> {
    // SAFETY: the caller's promise.
    let name = unsafe { text(method, "the method's name") }?.unwrap_or("predict");
    model.0.method(name)
}

/// # Safety
/// `arguments` is NULL or a text.
unsafe fn arguments_of(arguments: *const c_char) -> Result<Params, Failure> {
    // SAFETY: the caller's promise.
    skiff_embed::arguments(unsafe { text(arguments, "the arguments") }?)
}

fn answered(
    model: &skiff_model,
    method: Method,
    arguments: &Params,
    table: &Table<'_>,
) -> Result<skiff_answer, Failure> {
    Ok(skiff_answer::new(model.0.call(method, arguments, table)?))
}

/// Calls a method ("predict", "predict_proba", "transform", …; NULL is "predict") with `n_rows` rows of `n_columns`
/// numbers, one row after the other. NaN is a missing value. The numbers are not copied. `arguments` are the method's
/// keyword arguments as a JSON object, `{"return_std": true}`, or NULL; so they are of the other functions.
///
/// # Safety
/// `model` is a model, `method` and `arguments` are NULL or texts, `rows` points to `n_rows * n_columns` numbers, `error`
/// is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_call_rows(
    model: *const skiff_model,
    method: *const c_char,
    arguments: *const c_char,
    rows: *const f64,
    n_rows: usize,
    n_columns: usize,
    error: *mut *mut skiff_error,
) -> *mut skiff_answer {
    let run = || {
        // SAFETY: the caller's promise.
        let model = unsafe { model_of(model) }?;
        // SAFETY: the caller's promise.
        let (method, arguments) = unsafe { (method_of(model, method)?, arguments_of(arguments)?) };
        let count =
            n_rows.checked_mul(n_columns).ok_or_else(|| Failure::argument("more numbers than fit in memory"))?;
        // SAFETY: the caller's promise.
        let rows = unsafe { slice(rows, count, "rows") }?;
        answered(model, method, &arguments, &dense(n_rows, n_columns, Elements::F64(rows.into()))?)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}

/// Calls a method with sparse rows, as scipy's `csr_matrix` has them: the numbers of row `i` are those from
/// `indptr[i]` to `indptr[i + 1]` of `data`, each in its column of `indices`; all other cells are 0. Nothing is copied if
/// the columns ascend within each row.
///
/// # Safety
/// `model` is a model, `method` and `arguments` are NULL or texts, `indptr` points to `n_rows + 1` numbers, `indices` and
/// `data` to as many as the last one of `indptr` says, `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_call_sparse(
    model: *const skiff_model,
    method: *const c_char,
    arguments: *const c_char,
    indptr: *const usize,
    indices: *const u32,
    data: *const f64,
    n_rows: usize,
    n_columns: usize,
    error: *mut *mut skiff_error,
) -> *mut skiff_answer {
    let run = || {
        // SAFETY: the caller's promise.
        let model = unsafe { model_of(model) }?;
        // SAFETY: the caller's promise.
        let (method, arguments) = unsafe { (method_of(model, method)?, arguments_of(arguments)?) };
        let bounds = n_rows.checked_add(1).ok_or_else(|| Failure::argument("more rows than fit in memory"))?;
        // SAFETY: the caller's promise.
        let indptr = unsafe { slice(indptr, bounds, "indptr") }?;
        let stored = indptr.last().copied().unwrap_or_default();
        // SAFETY: the caller's promise.
        let (indices, data) = unsafe { (slice(indices, stored, "indices")?, slice(data, stored, "data")?) };
        let table = sparse((n_rows, n_columns), indptr, indices, data, Precision::Double)?;
        answered(model, method, &arguments, &table)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}

/// Calls a method with `n_rows` rows of `n_columns` texts in UTF-8, one row after the other; NULL among them is a missing
/// value. A model of text takes one column of documents. `names` are the names of the columns, or NULL.
///
/// # Safety
/// `model` is a model, `method` and `arguments` are NULL or texts, `cells` points to `n_rows * n_columns` pointers that are NULL or texts,
/// `names` is NULL or points to `n_columns` texts, `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_call_strings(
    model: *const skiff_model,
    method: *const c_char,
    arguments: *const c_char,
    cells: *const *const c_char,
    n_rows: usize,
    n_columns: usize,
    names: *const *const c_char,
    error: *mut *mut skiff_error,
) -> *mut skiff_answer {
    let run = || {
        // SAFETY: the caller's promise.
        let model = unsafe { model_of(model) }?;
        // SAFETY: the caller's promise.
        let (method, arguments) = unsafe { (method_of(model, method)?, arguments_of(arguments)?) };
        let count = n_rows.checked_mul(n_columns).ok_or_else(|| Failure::argument("more texts than fit in memory"))?;
        // SAFETY: the caller's promise.
        let cells = unsafe { slice(cells, count, "cells") }?;
        // SAFETY: the caller's promise.
        let cells = cells.iter().map(|&cell| unsafe { text(cell, "a cell") }).collect::<Result<Vec<_>, _>>()?;
        let column = |column: usize| texts(cells.iter().skip(column).step_by(n_columns).copied());
        let all: Vec<Column<'_>> = (0..n_columns).map(column).collect();
        let names = if names.is_null() {
            None
        } else {
            // SAFETY: the caller's promise.
            let names = unsafe { slice(names, n_columns, "names") }?;
            let name = |&name| {
                // SAFETY: the caller's promise.
                unsafe { text(name, "a name") }?.map(str::to_owned).ok_or_else(|| Failure::argument("a name is NULL"))
            };
            Some(Arc::from(names.iter().map(name).collect::<Result<Vec<String>, _>>()?))
        };
        answered(model, method, &arguments, &columns(&model.0, method, n_rows, names, all)?)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}

/// Calls a method with a record batch of the Arrow C Data Interface: a struct whose children are the columns. They are
/// read as pandas does: bools, integers and floats of any width, text in any layout, dictionaries, decimals, timestamps;
/// null is a missing value. Both stay the caller's, who releases them afterwards.
///
/// # Safety
/// `model` is a model, `method` and `arguments` are NULL or texts, `array` and `schema` are valid as the interface says and not released,
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiff_call_arrow(
    model: *const skiff_model,
    method: *const c_char,
    arguments: *const c_char,
    array: *const ArrowArray,
    schema: *const ArrowSchema,
    error: *mut *mut skiff_error,
) -> *mut skiff_answer {
    let run = || {
        // SAFETY: the caller's promise.
        let model = unsafe { model_of(model) }?;
        // SAFETY: the caller's promise.
        let (method, arguments) = unsafe { (method_of(model, method)?, arguments_of(arguments)?) };
        // SAFETY: the caller's promise.
        let batch = unsafe { arrow::batch(array, schema) }?;
        let half = model.0.model.plan(method)?.half();
        let read = skiff_arrow::read::columns(&batch, &Scalar::None, half);
        let read = read.map_err(|error| Failure::argument(error.to_string()))?;
        answered(model, method, &arguments, &columns(&model.0, method, read.rows, read.names, read.columns)?)
    };
    // SAFETY: the caller's promise.
    unsafe { returned(error, run) }
}
