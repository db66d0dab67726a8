//! Rows in the body of a request: a Parquet file or an Arrow stream of a stranger's, read whole within limits.
//!
//! What the bytes say of themselves is checked before the readers of Parquet and Arrow allocate for it: the lists in a
//! footer, the pages of the columns that are read, the buffers of a batch.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{CompressionCodec, Type as PhysicalType};

use super::messages::{self, Limit};
use super::open::{Rows, caught};
use super::parquet::Footer;
use super::{concatenated, thrift};
use crate::Error;

/// What a body may take.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most rows.
    pub rows: usize,
    /// The most bytes of memory of its columns, decompressed and decoded.
    pub bytes: usize,
}

/// The formats that a body may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// A Parquet file.
    Parquet,
    /// An Arrow stream.
    ArrowStream,
}

/// A footer with thousands of columns and row groups is shorter.
const MOST_FOOTER: usize = 4 << 20;
/// The longest value of a type with a length: decimals take 32 bytes, UUIDs 16.
const MOST_FIXED: i32 = 64;
/// So many rows are read at a time, where values are short.
const BATCH: usize = 1 << 13;
/// Encodings whose values are read as they are needed, by Parquet's numbers: plain, dictionaries, runs, packed bits,
/// differences of integers, split floats. Those of texts by differences allocate what they say of themselves.
const ENCODINGS: [i64; 7] = [0, 2, 3, 4, 5, 8, 9];

/// All rows of a body, with the columns that `features` names if it is there, else with all of them.
///
/// # Errors
/// When the body is damaged, of another format, beyond a limit, or lacks what it takes to be read within limits.
pub fn read_body(
    body: &Bytes,
    format: BodyFormat,
    features: Option<&[String]>,
    limits: BodyLimits,
) -> Result<RecordBatch, Error> {
    let wanted: Option<HashSet<&str>> = features.map(|features| features.iter().map(String::as_str).collect());
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
    caught(|| {
        let (schema, rows) = match format {
            BodyFormat::Parquet => parquet_rows(body, is_wanted, limits)?,
            BodyFormat::ArrowStream => stream_rows(body, is_wanted, limits)?,
        };
        let (mut batches, mut count, mut size) = (Vec::new(), 0_usize, 0_usize);
        for batch in rows {
            let batch = batch?;
            count = count.saturating_add(batch.num_rows());
            if count > limits.rows {
                return Err(too_many_rows(limits));
            }
            // Of the rows alone: arrays of a stream share the memory of their batch.
            for column in batch.columns() {
                size = size.saturating_add(column.to_data().get_slice_memory_size()?);
            }
            charge(size, limits)?;
            batches.push(batch);
        }
        let batch = match batches.len() {
            1 => batches.remove(0),
            _ => concatenated(&schema, &batches)?,
        };
        let cells = batch.columns().iter().fold(0, |all: usize, column| all.saturating_add(size_as_column(column)));
        charge(cells, limits)?;
        Ok(batch)
    })
}

fn too_many_rows(limits: BodyLimits) -> Error {
    Error::new(format!("expected at most {} rows in one request, found more", limits.rows))
}

fn charge(size: usize, limits: BodyLimits) -> Result<(), Error> {
    match size <= limits.bytes {
        true => Ok(()),
        false => {
            Err(Error::limit(format!("its columns would take more memory than the limit of {} bytes", limits.bytes)))
        }
    }
}

/// Numbers, texts, dates: a value in each row, and none of them in another one.
fn check_types(schema: &Schema, places: &[usize]) -> Result<(), Error> {
    for &place in places {
        let field = schema.field(place);
        let of = match field.data_type() {
            DataType::Dictionary(_, values) => values,
            other => other,
        };
        let is_long = matches!(of, DataType::FixedSizeBinary(length) if *length > MOST_FIXED);
        if is_long || of.is_nested() || matches!(of, DataType::Dictionary(..) | DataType::RunEndEncoded(..)) {
            let what = format!("expected numbers, text, bools or dates, found {}", field.data_type());
            return Err(Error::new(what).in_column(field.name()));
        }
    }
    Ok(())
}

/// The places of the columns that are read.
fn places(schema: &Schema, is_wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| is_wanted(field.name())).map(|(place, _)| place).collect()
}

fn stream_rows(body: &Bytes, is_wanted: impl Fn(&str) -> bool, limits: BodyLimits) -> Result<(SchemaRef, Rows), Error> {
    if body.starts_with(b"ARROW1") {
        return Err(Error::new("expected an Arrow stream, found an Arrow file"));
    }
    messages::check_stream(Cursor::new(body), body.len() as u64, Limit::All(limits.bytes as u64))?;
    let schema = StreamReader::try_new(Cursor::new(body.clone()), None)?.schema();
    let places = places(&schema, is_wanted);
    check_types(&schema, &places)?;
    let reader = StreamReader::try_new(Cursor::new(body.clone()), Some(places))?;
    Ok((reader.schema(), Box::new(reader)))
}

fn parquet_rows(
    body: &Bytes,
    is_wanted: impl Fn(&str) -> bool,
    limits: BodyLimits,
) -> Result<(SchemaRef, Rows), Error> {
    check_footer(body)?;
    let footer = Footer::of(body)?;
    let rows = footer.rows().fold(0, u64::saturating_add);
    if rows > limits.rows as u64 {
        return Err(too_many_rows(limits));
    }
    let places = places(&footer.schema(), is_wanted);
    check_types(&footer.schema(), &places)?;
    let longest = check_pages(body, &footer, &places, limits)?;
    // A row has each value of a dictionary at most once.
    let most = (limits.bytes / longest.max(1)).clamp(1, BATCH);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(body.clone(), footer.metadata().clone());
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let reader = builder.with_projection(mask).with_batch_size(most).build()?;
    let schema = arrow_array::RecordBatchReader::schema(&reader);
    Ok((schema, Box::new(reader)))
}

fn damaged(what: &str) -> Error {
    Error::new(format!("the file is damaged: {what}"))
}

/// Checks the end of a Parquet file.
fn check_footer(body: &[u8]) -> Result<(), Error> {
    let end = body.len().checked_sub(8).filter(|_| body.starts_with(b"PAR1") && body.ends_with(b"PAR1"));
    let end = end.ok_or_else(|| Error::new("expected a Parquet file"))?;
    let size = u32::from_le_bytes([body[end], body[end + 1], body[end + 2], body[end + 3]]) as usize;
    if size > MOST_FOOTER {
        return Err(Error::limit(format!("its footer has {size} bytes, more than the limit of {MOST_FOOTER}")));
    }
    let start = end.checked_sub(size).ok_or_else(|| damaged("its footer is longer than the file"))?;
    thrift::check_footer(&body[start..end])
}

/// Checks every page of the columns that are read, and returns the length of the dictionaries that a row may refer to.
fn check_pages(body: &Bytes, footer: &Footer, places: &[usize], limits: BodyLimits) -> Result<usize, Error> {
    let schema = footer.metadata().parquet_schema();
    let mut longest = 0_usize;
    let mut left_in_all = limits.bytes as u64;
    for group in footer.metadata().metadata().row_groups() {
        let mut dictionaries = 0_usize;
        for (leaf, column) in group.columns().iter().enumerate() {
            if leaf >= schema.num_columns() || !places.contains(&schema.get_column_root_idx(leaf)) {
                continue;
            }
            let name = || column.column_path().string();
            let described = schema.column(leaf);
            if described.max_rep_level() > 0 || described.type_length() > MOST_FIXED {
                let error = Error::new("expected one number, text, bool or date in each row");
                return Err(error.in_column(&name()));
            }
            // The reader takes a dictionary's values for as long as its type says.
            let narrowest = match described.physical_type() {
                PhysicalType::FIXED_LEN_BYTE_ARRAY => 1,
                _ => 4,
            };
            let codec = column.compression_codec();
            let (start, length) = column.byte_range();
            let chunk = usize::try_from(start).ok().and_then(|start| {
                let end = start.checked_add(usize::try_from(length).ok()?)?;
                body.get(start..end)
            });
            let mut chunk = chunk.ok_or_else(|| damaged("a column is outside of the file").in_column(&name()))?;
            while !chunk.is_empty() {
                let header = thrift::page_header(chunk).map_err(|error| error.in_column(&name()))?;
                let rest = &chunk[header.length..];
                let page = usize::try_from(header.compressed).ok().and_then(|length| rest.split_at_checked(length));
                let (page, rest) =
                    page.ok_or_else(|| damaged("a page is longer than its column").in_column(&name()))?;
                let left = left_in_all.checked_sub(header.uncompressed.max(header.compressed));
                left_in_all = left.ok_or_else(|| charge(usize::MAX, limits).expect_err("more than any limit"))?;
                check_codec(codec, page, &header).map_err(|error| error.in_column(&name()))?;
                if !ENCODINGS.contains(&header.encoding) {
                    let what = "its texts are encoded by their differences (DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY), \
                                which is not read in a request: write them plain or with a dictionary";
                    return Err(Error::new(what).in_column(&name()));
                }
                if header.is_dictionary {
                    if header.values > header.uncompressed / narrowest {
                        return Err(damaged("a dictionary has more values than bytes").in_column(&name()));
                    }
                    dictionaries =
                        dictionaries.saturating_add(usize::try_from(header.uncompressed).unwrap_or(usize::MAX));
                }
                chunk = rest;
            }
        }
        longest = longest.max(dictionaries);
    }
    Ok(longest)
}

/// That a page decompresses to no more than it says, where its decompressor would go on.
fn check_codec(codec: CompressionCodec, page: &[u8], header: &thrift::PageHeader) -> Result<(), Error> {
    match codec {
        _ if !header.is_compressed => Ok(()),
        CompressionCodec::UNCOMPRESSED
        | CompressionCodec::SNAPPY
        | CompressionCodec::ZSTD
        | CompressionCodec::LZ4_RAW => Ok(()),
        CompressionCodec::GZIP => {
            let levels = usize::try_from(header.levels).ok().and_then(|levels| page.get(levels..));
            let compressed = levels.ok_or_else(|| damaged("a page has more levels than bytes"))?;
            let uncompressed = header.uncompressed.saturating_sub(header.levels);
            let mut decoder = MultiGzDecoder::new(compressed).take(uncompressed.saturating_add(1));
            let length =
                std::io::copy(&mut decoder, &mut std::io::sink()).map_err(|_| damaged("a page is not gzip"))?;
            match length <= uncompressed {
                true => Ok(()),
                false => Err(damaged("a page is longer than it says")),
            }
        }
        other => Err(Error::new(format!(
            "it is compressed by {other:?}, which is not read in a request: use SNAPPY, ZSTD, LZ4_RAW or GZIP"
        ))),
    }
}

/// At most so many bytes a column takes in a table, where text is copied for each row.
fn size_as_column(array: &ArrayRef) -> usize {
    let (values, is_dictionary) = match array.as_any_dictionary_opt() {
        Some(dictionary) => (dictionary.values(), true),
        None => (array, false),
    };
    let rows = array.len();
    // A number; the scalar of an object, with the head of its text; an object with its digits and notations.
    const NUMBER: usize = 16;
    const SCALAR: usize = 64;
    const OBJECT: usize = 512;
    let lengths: Option<Vec<usize>> = match values.data_type() {
        DataType::Utf8 => Some(lengths(values.as_string::<i32>().iter())),
        DataType::LargeUtf8 => Some(lengths(values.as_string::<i64>().iter())),
        DataType::Utf8View => Some(lengths(values.as_string_view().iter())),
        DataType::Binary => Some(lengths(values.as_binary::<i32>().iter())),
        DataType::LargeBinary => Some(lengths(values.as_binary::<i64>().iter())),
        DataType::BinaryView => Some(lengths(values.as_binary_view().iter())),
        DataType::FixedSizeBinary(_) => Some(lengths(values.as_fixed_size_binary().iter())),
        _ => None,
    };
    let Some(lengths) = lengths else {
        let each = match values.data_type() {
            DataType::Null => SCALAR,
            of if of.is_integer() || of.is_floating() || *of == DataType::Boolean => NUMBER.max(SCALAR),
            DataType::Timestamp(..) | DataType::Duration(_) => SCALAR,
            _ => OBJECT,
        };
        return rows.saturating_mul(each);
    };
    let is_text = matches!(values.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let (each, times) = if is_text { (SCALAR, 1) } else { (OBJECT, 4) };
    let text = match (is_dictionary, array.as_any_dictionary_opt()) {
        (true, Some(dictionary)) if !lengths.is_empty() => {
            let keys = dictionary.normalized_keys();
            keys.iter().fold(0, |all: usize, &key| all.saturating_add(lengths.get(key).copied().unwrap_or(0)))
        }
        _ => lengths.iter().fold(0, |all: usize, &length| all.saturating_add(length)),
    };
    rows.saturating_mul(each).saturating_add(text.saturating_mul(times))
}

fn lengths<T: AsRef<[u8]>>(values: impl Iterator<Item = Option<T>>) -> Vec<usize> {
    values.map(|value| value.map_or(0, |value| value.as_ref().len())).collect()
}
