//! Predictions as a `.npy` array, streamed: the header, which has the number of rows, is written again at the end.

use std::io::{Seek, SeekFrom, Write};

use skiff::table::Column;
use skiff::value::{Classes, IntKind, NumberType, Precision, Value};
use skiff::{Answer, Rank, Scalar};
use skiff_files::write::NewFile;

use super::Sink;
use super::columns::{cell, number};
use crate::report::Failure;

/// How long the header's text is, so that it can be written before the number of rows is known; with magic, version and
/// length it ends at byte 128.
const HEADER: usize = 118;

/// Writes one array.
#[derive(Debug)]
pub struct Npy {
    file: NewFile,
    layout: Option<Layout>,
    rows: usize,
}

/// The dtype of the array.
#[derive(Clone, Debug)]
struct Layout {
    descr: String,
    /// The lengths of the dimensions after the first.
    row_shape: Vec<usize>,
    /// Characters of a string.
    chars: usize,
}

impl Npy {
    /// An array in `file`.
    pub fn new(file: NewFile) -> Self {
        Self { file, layout: None, rows: 0 }
    }

    /// Magic, version 1.0, the length of the rest, the dict, spaces, a line feed.
    fn write_header(&mut self, layout: &Layout) -> Result<(), Failure> {
        let mut shape = format!("({},", self.rows);
        for length in &layout.row_shape {
            shape += &format!(" {length},");
        }
        shape += ")";
        let text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}", layout.descr);
        self.file.write_all(b"\x93NUMPY\x01\x00")?;
        self.file.write_all(&118_u16.to_le_bytes())?;
        writeln!(self.file, "{text:<width$}", width = HEADER - 1)?;
        Ok(())
    }

    fn write_value(&mut self, value: &Value<'_>, chars: usize) -> Result<(), Failure> {
        match value {
            Value::Floats(matrix, Precision::Double) => self.write_floats(&matrix.data),
            Value::Floats(matrix, Precision::Single) => self.write_singles(&matrix.data),
            Value::Ints(matrix, kind) => {
                for &value in matrix.data.iter() {
                    self.write_scalar(&int_scalar(value, *kind), chars)?;
                }
                Ok(())
            }
            Value::Labels(labels) => {
                for (at, &code) in labels.codes.iter().enumerate() {
                    let classes: &Classes = &labels.classes[at % labels.cols];
                    self.write_scalar(&classes.get(code as usize).unwrap_or(Scalar::None), chars)?;
                }
                Ok(())
            }
            Value::Sparse(csr) => {
                let dense = csr.to_dense();
                match csr.dtype {
                    NumberType::Float(Precision::Double) => self.write_floats(&dense.data),
                    NumberType::Float(Precision::Single) => self.write_singles(&dense.data),
                    dtype @ NumberType::Int(_) => {
                        dense.data.iter().try_for_each(|&value| self.write_scalar(&number(value, dtype), chars))
                    }
                }
            }
            other => Err(Failure::Usage(format!("{} cannot be written as .npy; write .csv", other.kind()))),
        }
    }

    fn write_floats(&mut self, values: &[f64]) -> Result<(), Failure> {
        for value in values {
            self.file.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    fn write_singles(&mut self, values: &[f64]) -> Result<(), Failure> {
        for value in values {
            #[expect(clippy::cast_possible_truncation, reason = "the value is a float32")]
            self.file.write_all(&(*value as f32).to_le_bytes())?;
        }
        Ok(())
    }

    /// Strings take `chars` characters, truncated or padded with zeros; numbers their eight bytes, bools one.
    fn write_scalar(&mut self, scalar: &Scalar, chars: usize) -> Result<(), Failure> {
        if chars > 0 {
            let text = cell(scalar);
            let mut codes = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(chars);
            return Ok(codes.try_for_each(|code| self.file.write_all(&code.to_le_bytes()))?);
        }
        match scalar {
            Scalar::Int(value) => self.file.write_all(&value.to_le_bytes())?,
            Scalar::Float(value) => self.file.write_all(&value.to_le_bytes())?,
            Scalar::Bool(value) => self.file.write_all(&[u8::from(*value)])?,
            other => return Err(Failure::Usage(format!("{other} cannot be written as .npy; write .csv"))),
        }
        Ok(())
    }
}

fn int_scalar(value: i64, kind: IntKind) -> Scalar {
    if kind == IntKind::Bool { Scalar::Bool(value != 0) } else { Scalar::Int(value) }
}

impl Sink for Npy {
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure> {
        if !kept.is_empty() {
            return Err(Failure::Usage("a .npy array cannot have columns to keep; write .csv or .jsonl".to_owned()));
        }
        let Answer::One(value, rank) = answer else {
            return Err(Failure::Usage(
                "a .npy file holds one array, but the result has several; write .csv".to_owned(),
            ));
        };
        let layout = match &self.layout {
            Some(layout) => layout.clone(),
            None => {
                let layout = layout_of(value, *rank);
                self.write_header(&layout)?;
                self.layout.insert(layout).clone()
            }
        };
        self.rows += value.rows();
        self.write_value(value, layout.chars)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        if let Some(layout) = self.layout.take() {
            self.file.seek(SeekFrom::Start(0))?;
            self.write_header(&layout)?;
        }
        Ok(self.file.finish()?)
    }
}

fn layout_of(value: &Value<'_>, rank: Rank) -> Layout {
    let chars = match value {
        Value::Labels(labels) => labels.classes.iter().map(|classes| longest(classes)).max().unwrap_or(0),
        _ => 0,
    };
    let descr = match value {
        Value::Floats(_, Precision::Single) => "<f4".to_owned(),
        Value::Ints(_, kind) => int_descr(*kind),
        Value::Sparse(csr) => match csr.dtype {
            NumberType::Float(Precision::Single) => "<f4".to_owned(),
            NumberType::Float(Precision::Double) => "<f8".to_owned(),
            NumberType::Int(kind) => int_descr(kind),
        },
        Value::Labels(labels) => match &*labels.classes[0] {
            Classes::Ints(_, kind) => int_descr(*kind),
            Classes::Floats(..) => "<f8".to_owned(),
            Classes::Strings(_) | Classes::Objects(_) | Classes::Values(..) => format!("<U{chars}"),
        },
        _ => "<f8".to_owned(),
    };
    let row_shape = match rank {
        Rank::Zero | Rank::One => Vec::new(),
        Rank::OneOrTwo if value.cols() == 1 => Vec::new(),
        Rank::Two | Rank::OneOrTwo => vec![value.cols()],
        Rank::Three { depth } => vec![value.cols() / depth.max(1), depth],
    };
    Layout { descr, row_shape, chars }
}

fn int_descr(kind: IntKind) -> String {
    if kind == IntKind::Bool { "|b1".to_owned() } else { "<i8".to_owned() }
}

/// The characters of the longest class; none for numbers, which are written as such.
fn longest(classes: &Classes) -> usize {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).max(1);
    match classes {
        Classes::Strings(names) => longest(&mut names.iter().map(|name| name.chars().count())),
        Classes::Objects(values) | Classes::Values(values, _) => {
            longest(&mut values.iter().map(|value| cell(value).chars().count()))
        }
        Classes::Ints(..) | Classes::Floats(..) => 0,
    }
}
