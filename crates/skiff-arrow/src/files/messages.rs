//! The lengths that an Arrow file declares, checked before anything of them is allocated.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use arrow_ipc::{Block, CompressionType, Message, MessageHeader, root_as_footer, root_as_message};
use lz4_flex::frame::FrameDecoder;

use super::object::Opened;
use crate::Error;

/// A batch may take this much memory, whatever its size in the file, and so many times its size.
const LEAST: u64 = 1 << 30;
const MOST_TIMES: u64 = 1024;

/// What the batches of a stream may take when they are decompressed.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Each batch by itself: a file of the user's own.
    EachBatch,
    /// All of them together, so many bytes; where a decompressor does not stop at the length that a buffer declares, it
    /// is tried first.
    All(u64),
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::new(format!("the file is damaged: {what}"))
}

/// Checks the footer of a file, and the message of each of its batches.
pub fn check_file(file: Opened) -> Result<(), Error> {
    let length = file.size()?;
    let mut reader = BufReader::new(file);
    let end = length.checked_sub(10).ok_or_else(|| damaged("it has no footer"))?;
    reader.seek(SeekFrom::Start(end))?;
    let mut last = [0; 10];
    reader.read_exact(&mut last)?;
    let (size, magic) = last.split_at(4);
    let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
    if magic != b"ARROW1" {
        return Err(damaged("it has no footer"));
    }
    let start = end.checked_sub(u64::from(size)).ok_or_else(|| damaged("its footer is longer than the file"))?;
    reader.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; usize::try_from(size).map_err(Error::new)?];
    reader.read_exact(&mut footer)?;
    let footer = root_as_footer(&footer).map_err(damaged)?;
    let blocks = footer.recordBatches().into_iter().chain(footer.dictionaries()).flatten();
    for block in blocks {
        check_block(&mut reader, block, length)?;
    }
    Ok(())
}

fn check_block(reader: &mut BufReader<Opened>, block: &Block, length: u64) -> Result<(), Error> {
    let unsigned = |value: i64| u64::try_from(value).map_err(|_| damaged("a batch has a negative length"));
    let (start, head) = (unsigned(block.offset())?, unsigned(i64::from(block.metaDataLength()))?);
    let body = unsigned(block.bodyLength())?;
    let end = start.checked_add(head).and_then(|end| end.checked_add(body));
    if end.is_none_or(|end| end > length) {
        return Err(damaged("a batch is longer than the file"));
    }
    reader.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; usize::try_from(head).map_err(Error::new)?];
    reader.read_exact(&mut bytes)?;
    // The length of the message comes first, since 2019 after four bytes of ones.
    let skipped = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = bytes.get(skipped..).ok_or_else(|| damaged("a batch has no message"))?;
    let message = root_as_message(message).map_err(damaged)?;
    check_buffers(reader, &message, start + head, body, &mut Limit::EachBatch)
}

/// Checks each message of a stream of this length.
pub fn check_stream(stream: impl Read + Seek, length: u64, mut limit: Limit) -> Result<(), Error> {
    let mut reader = BufReader::new(stream);
    let mut at = 0;
    loop {
        let mut word = [0; 4];
        if at == length {
            return Ok(());
        }
        reader.read_exact(&mut word)?;
        at += 4;
        if word == [0xff; 4] {
            reader.read_exact(&mut word)?;
            at += 4;
        }
        let head = u64::from(u32::from_le_bytes(word));
        if head == 0 {
            return Ok(());
        }
        if head > length - at.min(length) {
            return Err(damaged("a message is longer than the file"));
        }
        let mut bytes = vec![0; usize::try_from(head).map_err(Error::new)?];
        reader.read_exact(&mut bytes)?;
        at += head;
        let message = root_as_message(&bytes).map_err(damaged)?;
        let body = u64::try_from(message.bodyLength()).map_err(|_| damaged("a batch has a negative length"))?;
        let end = at.checked_add(body).filter(|&end| end <= length);
        let end = end.ok_or_else(|| damaged("a batch is longer than the file"))?;
        check_buffers(&mut reader, &message, at, body, &mut limit)?;
        reader.seek(SeekFrom::Start(end))?;
        at = end;
    }
}

/// Checks what the buffers of a batch will take when they are decompressed.
fn check_buffers(
    reader: &mut (impl Read + Seek),
    message: &Message<'_>,
    start: u64,
    body: u64,
    limit: &mut Limit,
) -> Result<(), Error> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => None,
    };
    let Some(batch) = batch else { return Ok(()) };
    let Some(compression) = batch.compression() else { return Ok(()) };
    let most = match *limit {
        Limit::EachBatch => LEAST.max(body.saturating_mul(MOST_TIMES)),
        Limit::All(left) => left,
    };
    let is_tried = matches!(limit, Limit::All(_)) && compression.codec() == CompressionType::LZ4_FRAME;
    let mut all: u64 = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let (offset, length) = (u64::try_from(buffer.offset()).ok(), u64::try_from(buffer.length()).ok());
        let (Some(offset), Some(length)) = (offset, length) else {
            return Err(damaged("a buffer has a negative length"));
        };
        if offset.checked_add(length).is_none_or(|end| end > body) {
            return Err(damaged("a buffer is outside of its batch"));
        }
        if length < 8 {
            continue;
        }
        reader.seek(SeekFrom::Start(start + offset))?;
        let mut size = [0; 8];
        reader.read_exact(&mut size)?;
        // -1 is for a buffer that is not compressed.
        let declared = u64::try_from(i64::from_le_bytes(size));
        all = all.saturating_add(declared.unwrap_or(length));
        if all > most {
            let what = format!("a batch would take {all} bytes of memory, more than the limit of {most}");
            return Err(Error::limit(what));
        }
        if let (true, Ok(declared)) = (is_tried, declared) {
            let mut compressed = vec![0; usize::try_from(length - 8).map_err(Error::new)?];
            reader.read_exact(&mut compressed)?;
            let mut decoder = FrameDecoder::new(Cursor::new(compressed)).take(declared.saturating_add(1));
            let found = io::copy(&mut decoder, &mut io::sink()).map_err(|_| damaged("a buffer is not LZ4"))?;
            if found > declared {
                return Err(damaged("a buffer is longer than it declares"));
            }
        }
    }
    if let Limit::All(left) = limit {
        *left = left.saturating_sub(all);
    }
    Ok(())
}
