//! Arrays as nested lists, records column by column.

use skiff_pickle::NodeId;

use super::out::Text;
use super::{DType, NdArray, Step, Task, Writer, float};
use crate::Endian;
use crate::numpy::{Column, Field, half};
use crate::text::{unpadded, utf32};
use crate::write::WriteError;

impl Writer<'_, '_> {
    pub(super) fn array(&mut self, id: NodeId, array: &NdArray) -> Result<(), WriteError> {
        if let DType::Struct { fields, itemsize } = &array.dtype
            && !array.dtype.has_objects()
        {
            return self.records(id, array, fields, *itemsize);
        }
        self.open("array", id);
        self.out.text(", \"dtype\": ");
        self.dtype(&array.dtype)?;
        self.shape(&array.shape);
        if !array.is_c_order() {
            self.out.text(", \"order\": \"F\"");
        }
        self.out.text(", \"data\": ");
        match array.objects() {
            Some(objects) => self.objects(id, &array.shape, objects)?,
            None => {
                let column = array.column().ok_or_else(|| self.refuse(id, "an array with an invalid size"))?;
                self.column(id, &column)?;
                self.out.text("}");
            }
        }
        Ok(())
    }

    /// numpy's scalar: its dtype and its value.
    pub(super) fn scalar(&mut self, id: NodeId, array: &NdArray) -> Result<(), WriteError> {
        self.open("scalar", id);
        self.out.text(", \"dtype\": ");
        self.dtype(&array.dtype)?;
        self.out.text(", \"value\": ");
        match &array.dtype {
            DType::Struct { fields, itemsize } => self.fields(id, array, fields, *itemsize)?,
            _ => {
                let column = array.column().ok_or_else(|| self.refuse(id, "a number with an invalid size"))?;
                self.column(id, &column)?;
            }
        }
        self.out.text("}");
        Ok(())
    }

    fn records(&mut self, id: NodeId, array: &NdArray, fields: &[Field], itemsize: usize) -> Result<(), WriteError> {
        self.open("records", id);
        self.out.text(", \"dtype\": ");
        self.dtype(&array.dtype)?;
        self.shape(&array.shape);
        self.out.text(", \"columns\": ");
        self.fields(id, array, fields, itemsize)?;
        self.out.text("}");
        Ok(())
    }

    /// An array for each field.
    fn fields(&mut self, id: NodeId, array: &NdArray, fields: &[Field], itemsize: usize) -> Result<(), WriteError> {
        let sizes = fields.iter().try_fold(0_usize, |sum, field| sum.checked_add(field.dtype.itemsize()?));
        if sizes.is_none_or(|sizes| sizes > itemsize) {
            return Err(self.refuse(id, "records whose fields overlap"));
        }
        self.out.text("{");
        self.depth = self.depth.saturating_add(1);
        for (place, field) in fields.iter().enumerate() {
            self.out.text(if place > 0 { "," } else { "" });
            self.line();
            self.out.quoted(field.name.as_bytes())?;
            self.out.text(": ");
            let column = array.field(&field.name).ok_or_else(|| self.refuse(id, "a field is missing"))?;
            self.column(id, &column)?;
        }
        self.depth = self.depth.saturating_sub(1);
        self.line();
        self.out.text("}");
        Ok(())
    }

    /// Nested lists of a column's elements, in C order.
    fn column(&mut self, id: NodeId, column: &Column<'_>) -> Result<(), WriteError> {
        // A small array in each element is further axes.
        let mut shape = column.shape().to_vec();
        let mut dtype = column.dtype();
        while let DType::Sub { dtype: inner, shape: further } = dtype {
            shape.extend(further);
            dtype = inner;
        }
        if shape.contains(&0) {
            // As in numpy's `tolist`: the first empty axis ends the nesting.
            return self.empty(&shape, id);
        }
        let unreadable = || WriteError::Content;
        let size =
            dtype.itemsize().filter(|&size| size > 0).ok_or_else(|| self.refuse(id, "elements without bytes"))?;
        let brackets = Brackets::of(&shape);
        let (out, mut place, mut outcome) = (&mut self.out, 0_usize, Ok(()));
        let read = column.each(|item| {
            for element in item.chunks_exact(size) {
                brackets.before(place, out);
                outcome = value(out, dtype, element, 16).and_then(|()| {
                    place = place.saturating_add(1);
                    brackets.after(place, out);
                    out.flush()
                });
                if outcome.is_err() {
                    return None;
                }
            }
            Some(())
        });
        outcome?;
        read.ok_or_else(unreadable)
    }

    /// Objects in nested lists, and the brace of the array.
    fn objects(&mut self, id: NodeId, shape: &[usize], objects: &[NodeId]) -> Result<(), WriteError> {
        if shape.contains(&0) {
            self.empty(shape, id)?;
            self.out.text("}");
            return Ok(());
        }
        let brackets = Brackets::of(shape);
        let mut tasks = Vec::new();
        for (place, &object) in objects.iter().enumerate() {
            tasks.push(Task::Text(if place > 0 { ", " } else { "" }));
            tasks.extend((0..brackets.opened(place)).map(|_| Task::Text("[")));
            self.child(Step::Place(place), object, &mut tasks);
            tasks.extend((0..brackets.opened(place.saturating_add(1))).map(|_| Task::Text("]")));
        }
        tasks.push(Task::Text("}"));
        self.add(tasks);
        Ok(())
    }

    /// Empty lists: as many as the lengths before the first zero.
    fn empty(&mut self, shape: &[usize], id: NodeId) -> Result<(), WriteError> {
        let outer: Vec<usize> = shape.iter().copied().take_while(|&length| length > 0).collect();
        let count = outer.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        // These take no bytes in the file.
        let count = count.filter(|&count| count <= 1 << 20).ok_or_else(|| self.refuse(id, "an endless empty array"))?;
        let brackets = Brackets::of(&outer);
        for place in 0..count {
            brackets.before(place, &mut self.out);
            self.out.text("[]");
            brackets.after(place.saturating_add(1), &mut self.out);
        }
        Ok(())
    }

    fn shape(&mut self, shape: &[usize]) {
        let lengths: Vec<_> = shape.iter().map(ToString::to_string).collect();
        self.out.text(&format!(", \"shape\": [{}]", lengths.join(", ")));
    }

    /// A dtype's name, or the names and dtypes of its fields.
    pub(super) fn dtype(&mut self, dtype: &DType) -> Result<(), WriteError> {
        match dtype {
            // Their depth was limited when they were read.
            DType::Struct { fields, itemsize } => {
                let mut end = 0_usize;
                let is_packed = fields.iter().all(|field| {
                    let begin = std::mem::replace(&mut end, field.end().unwrap_or(usize::MAX));
                    begin == field.offset
                }) && end == *itemsize;
                self.out.text(if is_packed { "[" } else { "{\"fields\": [" });
                for (place, field) in fields.iter().enumerate() {
                    self.out.text(if place > 0 { ", [" } else { "[" });
                    self.out.quoted(field.name.as_bytes())?;
                    self.out.text(", ");
                    self.dtype(&field.dtype)?;
                    self.out.text("]");
                }
                self.out.text("]");
                if !is_packed {
                    let offsets: Vec<_> = fields.iter().map(|field| field.offset.to_string()).collect();
                    self.out.text(&format!(", \"offsets\": [{}], \"itemsize\": {itemsize}}}", offsets.join(", ")));
                }
                Ok(())
            }
            DType::Sub { dtype, shape } => {
                let lengths: Vec<_> = shape.iter().map(ToString::to_string).collect();
                self.out.text("{\"of\": ");
                self.dtype(dtype)?;
                self.out.text(&format!(", \"shape\": [{}]}}", lengths.join(", ")));
                Ok(())
            }
            dtype => self.out.quoted(dtype.to_string().as_bytes()),
        }
    }
}

/// The brackets of nested lists.
struct Brackets {
    /// The number of elements in the whole, in a row, in a row of rows, ….
    sizes: Vec<usize>,
}

impl Brackets {
    fn of(shape: &[usize]) -> Self {
        let size = |axis: usize| shape.iter().skip(axis).fold(1_usize, |size, &length| size.saturating_mul(length));
        Self { sizes: (0..shape.len()).map(size).collect() }
    }

    /// How many lists begin at this place, or end before it.
    fn opened(&self, place: usize) -> usize {
        self.sizes.iter().filter(|&&size| place.checked_rem(size) == Some(0)).count()
    }

    fn before(&self, place: usize, out: &mut Text<'_>) {
        out.text(if place > 0 { ", " } else { "" });
        (0..self.opened(place)).for_each(|_| out.text("["));
    }

    fn after(&self, place: usize, out: &mut Text<'_>) {
        (0..self.opened(place)).for_each(|_| out.text("]"));
    }
}

/// One element: a number, a text, bytes in hexadecimal, the fields of a record.
fn value(out: &mut Text<'_>, dtype: &DType, bytes: &[u8], depth: u32) -> Result<(), WriteError> {
    let depth = depth.checked_sub(1).ok_or(WriteError::Content)?;
    match dtype {
        DType::Bool => out.text(if bytes == [0] { "false" } else { "true" }),
        DType::Int { endian, .. } => out.text(&signed(bytes, *endian).to_string()),
        DType::UInt { endian, .. } => out.text(&unsigned(bytes, *endian).to_string()),
        DType::Float { size: 8, endian } => real(out, &float(f64::from_bits(unsigned(bytes, *endian)))),
        DType::Float { size: 4, endian } => real(out, &single(u32::try_from(unsigned(bytes, *endian)).unwrap_or(0))),
        DType::Float { size: 2, endian } => {
            let half = half(u16::try_from(unsigned(bytes, *endian)).unwrap_or(0));
            real(out, &single(half.to_bits()));
        }
        DType::Complex { size: size @ (8 | 16), endian } => {
            let part = DType::Float { size: size / 2, endian: *endian };
            let (re, im) = bytes.split_at_checked(size / 2).ok_or(WriteError::Content)?;
            out.text("[");
            value(out, &part, re, depth)?;
            out.text(", ");
            value(out, &part, im, depth)?;
            out.text("]");
        }
        DType::Str { endian, .. } => match utf32(bytes, *endian == Endian::Little) {
            Some(text) => out.quoted(text.as_bytes())?,
            None => return hexadecimal(out, bytes),
        },
        DType::Bytes { .. } => return hexadecimal(out, unpadded(bytes)),
        DType::DateTime { endian, .. } | DType::TimeDelta { endian, .. } => match signed(bytes, *endian) {
            i64::MIN => out.text("null"),
            steps => out.text(&steps.to_string()),
        },
        DType::Struct { fields, .. } => {
            out.text("{");
            for (place, field) in fields.iter().enumerate() {
                out.text(if place > 0 { ", " } else { "" });
                out.quoted(field.name.as_bytes())?;
                out.text(": ");
                let end = field.dtype.itemsize().and_then(|size| size.checked_add(field.offset));
                let part = end.and_then(|end| bytes.get(field.offset..end)).ok_or(WriteError::Content)?;
                value(out, &field.dtype, part, depth)?;
            }
            out.text("}");
        }
        DType::Sub { dtype, .. } => {
            let size = dtype.itemsize().filter(|&size| size > 0).ok_or(WriteError::Content)?;
            out.text("[");
            for (place, part) in bytes.chunks_exact(size).enumerate() {
                out.text(if place > 0 { ", " } else { "" });
                value(out, dtype, part, depth)?;
            }
            out.text("]");
        }
        // What JSON's numbers cannot represent, and opaque bytes.
        DType::Float { .. } | DType::Complex { .. } | DType::Void { .. } | DType::Object => {
            return hexadecimal(out, bytes);
        }
    }
    Ok(())
}

/// A number; NaN and infinities in quotes.
fn real(out: &mut Text<'_>, text: &str) {
    let quote = if text.ends_with(|last: char| last.is_ascii_digit()) { "" } else { "\"" };
    for part in [quote, text, quote] {
        out.text(part);
    }
}

/// A float of 32 bits as the shortest text that reads back, as such, as the same bits.
fn single(bits: u32) -> String {
    let value = f32::from_bits(bits);
    if value.is_finite() { format!("{value:?}") } else { float(value.into()) }
}

fn hexadecimal(out: &mut Text<'_>, bytes: &[u8]) -> Result<(), WriteError> {
    out.text("\"");
    out.hex(bytes)?;
    out.text("\"");
    Ok(())
}

/// A number of up to eight bytes.
fn unsigned(bytes: &[u8], endian: Endian) -> u64 {
    let join = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    match endian {
        Endian::Little => bytes.iter().rev().fold(0, join),
        Endian::Big => bytes.iter().fold(0, join),
    }
}

fn signed(bytes: &[u8], endian: Endian) -> i64 {
    let number = unsigned(bytes, endian);
    let unused = 64_usize.saturating_sub(bytes.len().saturating_mul(8));
    i64::from_le_bytes((number << unused).to_le_bytes()) >> unused
}
