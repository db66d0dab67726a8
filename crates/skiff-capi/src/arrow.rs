//! Columns of the Arrow C Data Interface, read where they lie.

use std::ffi::{CStr, c_char, c_void};

use skiff::Scalar;
use skiff::table::Column;
use skiff::value::{IntKind, Precision};

use crate::error::Failure;
use crate::input::of_texts;
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

/// An array with its schema, neither released.
#[derive(Clone, Copy)]
struct Pair<'a> {
    array: &'a ArrowArray,
    schema: &'a ArrowSchema,
}

fn wrong(what: impl Into<String>) -> Failure {
    Failure::argument(what)
}

fn size(length: i64, what: &str) -> Result<usize, Failure> {
    usize::try_from(length).map_err(|_| wrong(format!("the Arrow array has a negative {what}")))
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
    Ok(Pair { array, schema })
}

/// The number of rows, and the names and columns of a record batch.
///
/// # Safety
/// The pointers are NULL or valid as the interface says, and live as long as `'a`.
pub(crate) unsafe fn columns<'a>(
    array: *const ArrowArray,
    schema: *const ArrowSchema,
) -> Result<(usize, Vec<String>, Vec<Column<'a>>), Failure> {
    // SAFETY: the caller's promise.
    let batch = unsafe { pair(array, schema) }?;
    if batch.format() != "+s" {
        return Err(wrong(format!("expected a struct of columns, found the Arrow format `{}`", batch.format())));
    }
    let rows = size(batch.array.length, "length")?;
    if batch.array.n_children != batch.schema.n_children {
        return Err(wrong("the Arrow array has another number of columns than its schema"));
    }
    let count = size(batch.array.n_children, "number of columns")?;
    // SAFETY: the interface has as many children as it says.
    let (arrays, schemas) =
        unsafe { (slice(batch.array.children, count, "children")?, slice(batch.schema.children, count, "children")?) };
    let (mut names, mut columns) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (&array, &schema) in arrays.iter().zip(schemas) {
        // SAFETY: children are valid as long as their parents.
        let child = unsafe { pair::<'a>(array, schema) }?;
        let name = child.name();
        let failed = |failure: Failure| failure.within(&format!("column `{name}`"));
        // SAFETY: as above.
        let column = unsafe { child.column(size(batch.array.offset, "offset")?, rows) }.map_err(failed)?;
        names.push(name);
        columns.push(column);
    }
    Ok((rows, names, columns))
}

/// The bit of a row in a bitmap.
fn bit(bitmap: &[u8], at: usize) -> bool {
    bitmap.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}

impl<'a> Pair<'a> {
    fn format(&self) -> &'a str {
        // SAFETY: the interface has a text there.
        let format = unsafe { self.schema.format.as_ref().map(|format| CStr::from_ptr(format)) };
        format.and_then(|format| format.to_str().ok()).unwrap_or("")
    }

    fn name(&self) -> String {
        // SAFETY: the interface has NULL or a text there.
        let name = unsafe { self.schema.name.as_ref().map(|name| CStr::from_ptr(name)) };
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// `count` elements of a buffer; fewer bytes than that are against the interface, and cannot be noticed.
    ///
    /// # Safety
    /// The array is valid, and its buffer `index` has `count` elements of `T`.
    unsafe fn buffer<T>(&self, index: usize, count: usize) -> Result<&'a [T], Failure> {
        let buffers = size(self.array.n_buffers, "number of buffers")?;
        // SAFETY: the interface has as many buffers as it says.
        let all = unsafe { slice(self.array.buffers, buffers, "buffers") }?;
        let Some(&buffer) = all.get(index) else { return Err(wrong(format!("the Arrow array has no buffer {index}"))) };
        // SAFETY: the caller's promise.
        unsafe { slice(buffer.cast::<T>(), count, "a buffer of an Arrow array") }
    }

    /// Which rows are there; `None` if all are.
    ///
    /// # Safety
    /// As [`Pair::buffer`].
    unsafe fn validity(&self, end: usize) -> Result<Option<&'a [u8]>, Failure> {
        if self.array.null_count == 0 || self.array.n_buffers == 0 {
            return Ok(None);
        }
        // SAFETY: there is a first buffer, which may be NULL.
        let bitmap = unsafe { self.array.buffers.as_ref() }.is_none_or(|bitmap| bitmap.is_null());
        // SAFETY: the caller's promise.
        if bitmap { Ok(None) } else { unsafe { self.buffer(0, end.div_ceil(8)) }.map(Some) }
    }

    /// `rows` cells from the row `start` on.
    ///
    /// # Safety
    /// The array is valid as the interface says.
    unsafe fn column(&self, start: usize, rows: usize) -> Result<Column<'a>, Failure> {
        let start =
            start.checked_add(size(self.array.offset, "offset")?).ok_or_else(|| wrong("the offset is too large"))?;
        let end = start.checked_add(rows).ok_or_else(|| wrong("the offset is too large"))?;
        let held = size(self.array.length, "length")?;
        if held.saturating_add(size(self.array.offset, "offset")?) < end {
            return Err(wrong(format!("expected {rows} rows, found {held}")));
        }
        // SAFETY: the caller's promise.
        let validity = unsafe { self.validity(end) }?;
        let is_there = |row: usize| validity.is_none_or(|bitmap| bit(bitmap, row));
        let all_there = (start..end).all(is_there);
        // SAFETY: the interface says of each format which buffers there are, and how long.
        unsafe {
            if !self.array.dictionary.is_null() {
                return self.dictionary(start, end, &is_there);
            }
            match self.format() {
                "g" => {
                    let cells = &self.buffer::<f64>(1, end)?[start..];
                    Ok(match all_there {
                        true => Column::Floats(cells.into(), Precision::Double),
                        false => floats(cells.iter().copied(), start, &is_there, Precision::Double),
                    })
                }
                "f" => {
                    let cells = self.buffer::<f32>(1, end)?[start..].iter().map(|&cell| f64::from(cell));
                    Ok(floats(cells, start, &is_there, Precision::Single))
                }
                "b" => {
                    let bits = self.buffer::<u8>(1, end.div_ceil(8))?;
                    Ok(match all_there {
                        true => Column::Ints((start..end).map(|row| bit(bits, row).into()).collect(), IntKind::Bool),
                        // pandas has such a column as objects.
                        false => {
                            let cell = |row| if is_there(row) { Scalar::Bool(bit(bits, row)) } else { Scalar::None };
                            Column::Objects((start..end).map(cell).collect())
                        }
                    })
                }
                "u" => {
                    let offsets = &self.buffer::<i32>(1, end + 1)?[start..];
                    let offsets: Vec<i64> = offsets.iter().map(|&offset| offset.into()).collect();
                    self.texts(&offsets, start, &is_there)
                }
                "U" => {
                    let offsets = &self.buffer::<i64>(1, end + 1)?[start..];
                    self.texts(offsets, start, &is_there)
                }
                "n" => Ok(Column::Objects(vec![Scalar::None; rows].into())),
                format => {
                    let (cells, kind) = self.integers(format, start, end)?;
                    Ok(match all_there {
                        true => Column::Ints(cells.into(), kind),
                        // pandas makes floats of integers with missing ones among them.
                        #[expect(clippy::cast_precision_loss, reason = "as pandas converts them")]
                        false => floats(cells.into_iter().map(|cell| cell as f64), start, &is_there, Precision::Double),
                    })
                }
            }
        }
    }

    /// Integers of any width.
    ///
    /// # Safety
    /// As [`Pair::buffer`].
    unsafe fn integers(&self, format: &str, start: usize, end: usize) -> Result<(Vec<i64>, IntKind), Failure> {
        let kind = |bytes, signed| IntKind::Int { bytes, signed };
        // SAFETY: the interface says how wide the elements of each format are.
        unsafe {
            Ok(match format {
                "c" => (self.buffer::<i8>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(1, true)),
                "C" => (self.buffer::<u8>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(1, false)),
                "s" => (self.buffer::<i16>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(2, true)),
                "S" => (self.buffer::<u16>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(2, false)),
                "i" => (self.buffer::<i32>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(4, true)),
                "I" => (self.buffer::<u32>(1, end)?[start..].iter().map(|&cell| cell.into()).collect(), kind(4, false)),
                "l" => (self.buffer::<i64>(1, end)?[start..].to_vec(), kind(8, true)),
                "L" => {
                    let cells = self.buffer::<u64>(1, end)?[start..].iter().map(|&cell| i64::try_from(cell));
                    let cells = cells.collect::<Result<_, _>>();
                    (cells.map_err(|_| wrong("integers beyond int64 are not supported"))?, kind(8, false))
                }
                _ => return Err(wrong(format!("the Arrow format `{format}` is not supported"))),
            })
        }
    }

    /// The texts between offsets; the first is of the row `start`.
    ///
    /// # Safety
    /// As [`Pair::buffer`].
    unsafe fn texts(
        &self,
        offsets: &[i64],
        start: usize,
        is_there: &impl Fn(usize) -> bool,
    ) -> Result<Column<'static>, Failure> {
        let last = size(offsets.last().copied().unwrap_or(0), "length of text")?;
        // SAFETY: the last offset is where the last text ends.
        let bytes = unsafe { self.buffer::<u8>(2, last) }?;
        let mut cells = Vec::with_capacity(offsets.len());
        for (row, bounds) in offsets.windows(2).enumerate() {
            if !is_there(start + row) {
                cells.push(None);
                continue;
            }
            let (from, to) = (usize::try_from(bounds[0]), usize::try_from(bounds[1]));
            let text = from.ok().zip(to.ok()).and_then(|(from, to)| bytes.get(from..to));
            let text = text.ok_or_else(|| wrong("the offsets of the Arrow array do not rise"))?;
            cells.push(Some(std::str::from_utf8(text).map_err(|_| wrong("expected UTF-8"))?));
        }
        Ok(of_texts(cells.into_iter()))
    }

    /// Codes of texts.
    ///
    /// # Safety
    /// As [`Pair::column`].
    unsafe fn dictionary(
        &self,
        start: usize,
        end: usize,
        is_there: &impl Fn(usize) -> bool,
    ) -> Result<Column<'static>, Failure> {
        // SAFETY: the caller's promise.
        let (codes, values) = unsafe {
            let (codes, _) = self.integers(self.format(), start, end)?;
            let values = pair(self.array.dictionary, self.schema.dictionary)?;
            (codes, values.column(0, size(values.array.length, "length")?)?)
        };
        let Column::Texts(values) = values else {
            return Err(wrong("dictionaries of anything but texts are not supported"));
        };
        let cell = |(row, &code): (usize, &i64)| match is_there(start + row) {
            false => Ok(None),
            true => {
                let value = usize::try_from(code).ok().and_then(|code| values.get(code));
                value.map(Some).ok_or_else(|| wrong(format!("the dictionary has no entry {code}")))
            }
        };
        let cells = codes.iter().enumerate().map(cell).collect::<Result<Vec<_>, _>>()?;
        Ok(of_texts(cells.into_iter()))
    }
}

/// Floats from the row `start` on; what is missing is NaN.
fn floats(
    cells: impl Iterator<Item = f64>,
    start: usize,
    is_there: &impl Fn(usize) -> bool,
    precision: Precision,
) -> Column<'static> {
    let cell = |(row, cell)| if is_there(start + row) { cell } else { f64::NAN };
    Column::Floats(cells.enumerate().map(cell).collect(), precision)
}
