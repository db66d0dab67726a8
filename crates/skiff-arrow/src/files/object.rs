//! Files that are not on this machine, and are read in ranges.

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};

/// How much is read at a time where it is not known what is needed next.
const STEP: u64 = 1 << 20;
/// How much of a row group is in memory before it is decoded, for all its columns together.
const AHEAD: u64 = 64 << 20;
/// The least and the most of a column.
const STEPS: Range<u64> = 256 << 10..8 << 20;

/// A file that is not on this machine.
pub trait Object: Debug + Send + Sync {
    /// Its length.
    fn size(&self) -> u64;

    /// What tells its content from that of an earlier file of its name.
    fn identity(&self) -> String;

    /// The bytes of a range, which lies in it.
    ///
    /// # Errors
    /// When it cannot be read, or is shorter by now.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes>;
}

/// An open file, wherever it is.
#[derive(Debug)]
pub(super) enum Opened {
    File(File),
    Object(ObjectReader),
}

impl Opened {
    /// Its length.
    pub(super) fn size(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Object(reader) => Ok(reader.object.size()),
        }
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Object(reader) => reader.read(buffer),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Object(reader) => reader.seek(to),
        }
    }
}

/// Reads an object from front to end, a few bytes more than are asked for at a time.
#[derive(Debug)]
pub struct ObjectReader {
    object: Arc<dyn Object>,
    at: u64,
    step: u64,
    /// Where the bytes begin that were read, and the bytes.
    window: (u64, Bytes),
}

impl ObjectReader {
    /// From the beginning, at least `step` bytes at a time.
    pub fn new(object: Arc<dyn Object>, step: u64) -> Self {
        Self { object, at: 0, step, window: (0, Bytes::new()) }
    }

    /// The same at the step of files of which some bytes are needed.
    pub(super) fn of(object: Arc<dyn Object>) -> Self {
        Self::new(object, STEP)
    }

    pub(super) fn object(&self) -> &Arc<dyn Object> {
        &self.object
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        let left = self.object.size().saturating_sub(self.at);
        if wanted == 0 || left == 0 {
            return Ok(0);
        }
        if within(&self.window, self.at).is_empty() {
            let end = self.at.saturating_add(wanted.max(self.step).min(left));
            self.window = (self.at, self.object.read(self.at..end)?);
        }
        let found = within(&self.window, self.at);
        if found.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = found.len().min(buffer.len());
        buffer[..count].copy_from_slice(&found[..count]);
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.object.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The bytes of a window from a place on; none if it does not have the place.
fn within((start, bytes): &(u64, Bytes), at: u64) -> Bytes {
    let skipped = at.checked_sub(*start).and_then(|skipped| usize::try_from(skipped).ok());
    skipped.filter(|&skipped| skipped < bytes.len()).map_or_else(Bytes::new, |skipped| bytes.slice(skipped..))
}

/// An object as the reader of Parquet takes it: pages of several columns in turn, each column from front to end.
#[derive(Clone, Debug)]
pub(super) struct Chunks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    object: Arc<dyn Object>,
    /// The columns' places in the file, sorted; none of them overlap in a file that is not damaged.
    columns: Vec<Range<u64>>,
    step: u64,
    /// What was last read of each column, by its place; of the rest of the file by `None`.
    windows: Mutex<HashMap<Option<usize>, (u64, Bytes)>>,
}

impl Chunks {
    /// To read these columns, which have places in the file.
    pub(super) fn new(object: Arc<dyn Object>, mut columns: Vec<Range<u64>>) -> Self {
        columns.sort_by_key(|column| column.start);
        let count = u64::try_from(columns.len().max(1)).unwrap_or(u64::MAX);
        let step = (AHEAD / count).clamp(STEPS.start, STEPS.end);
        Self(Arc::new(Inner { object, columns, step, windows: Mutex::default() }))
    }

    /// At least one byte from `start` on, and `length` if the file has them.
    fn at_least(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let Inner { object, columns, step, windows } = &*self.0;
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let wanted = start.checked_add(length).filter(|&end| end <= object.size());
        let wanted = wanted.ok_or(io::ErrorKind::UnexpectedEof)?;
        let column = columns.partition_point(|column| column.start <= start).checked_sub(1);
        let column = column.filter(|&column| start < columns[column].end);
        let known = windows.lock().unwrap_or_else(PoisonError::into_inner).get(&column).cloned();
        if let Some(found) = known.map(|window| within(&window, start))
            && u64::try_from(found.len()).is_ok_and(|found| found >= length.max(1))
        {
            return Ok(found);
        }
        let end = match column {
            Some(column) => wanted.max(start.saturating_add(*step).min(columns[column].end)).min(object.size()),
            None => wanted,
        };
        let bytes = object.read(start..end)?;
        windows.lock().unwrap_or_else(PoisonError::into_inner).insert(column, (start, bytes.clone()));
        Ok(bytes)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.object.size()
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> ParquetResult<ChunkRead> {
        Ok(ChunkRead { chunks: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let found = self.at_least(start, length)?;
        match found.len() >= length {
            true => Ok(found.slice(..length)),
            false => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }
}

/// Reads on from a place.
#[derive(Debug)]
pub(super) struct ChunkRead {
    chunks: Chunks,
    at: u64,
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.chunks.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        if count == 0 {
            return Ok(0);
        }
        let found = self.chunks.at_least(self.at, count)?;
        let count = count.min(found.len());
        buffer[..count].copy_from_slice(&found[..count]);
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes in memory that note which of them are read.
    #[derive(Debug, Default)]
    struct Noted(Vec<u8>, Mutex<Vec<Range<u64>>>);

    impl Object for Noted {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn identity(&self) -> String {
            String::new()
        }

        fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
            self.1.lock().unwrap().push(range.clone());
            let found = self.0.get(range.start as usize..range.end as usize).ok_or(io::ErrorKind::UnexpectedEof)?;
            Ok(Bytes::copy_from_slice(found))
        }
    }

    fn noted(length: usize) -> Arc<Noted> {
        Arc::new(Noted((0..length).map(|i| (i % 251) as u8).collect(), Mutex::default()))
    }

    #[test]
    fn a_text_is_read_in_steps_and_from_any_place() {
        let object = noted(1000);
        let mut reader = ObjectReader::new(object.clone(), 300);
        let (mut all, mut some) = (Vec::new(), [0; 70]);
        loop {
            match reader.read(&mut some).unwrap() {
                0 => break,
                count => all.extend_from_slice(&some[..count]),
            }
        }
        assert_eq!(all, object.0);
        assert_eq!(*object.1.lock().unwrap(), [0..300, 300..600, 600..900, 900..1000]);
        assert_eq!(reader.seek(SeekFrom::End(-10)).unwrap(), 990);
        let mut last = [0; 10];
        reader.read_exact(&mut last).unwrap();
        assert_eq!(last, object.0[990..]);
        reader.seek(SeekFrom::Start(2000)).unwrap();
        assert_eq!(reader.read(&mut last).unwrap(), 0);
        assert!(reader.seek(SeekFrom::End(-2000)).is_err());
    }

    #[test]
    fn columns_are_read_ahead_but_not_beyond_their_end() {
        let object = noted(2 << 20);
        let (first, second) = (100..700_000_u64, 700_000..900_000_u64);
        let chunks = Chunks::new(object.clone(), vec![second.clone(), first.clone()]);
        // Pages of both in turn.
        for at in (0..40).map(|page| page * 5000) {
            for start in [first.start + at, second.start + at] {
                let found = chunks.get_bytes(start, 5000).unwrap();
                assert_eq!(found[..], object.0[start as usize..start as usize + 5000]);
            }
        }
        assert_eq!(*object.1.lock().unwrap(), [first, second]);
        let mut header = [0; 16];
        chunks.get_read(899_990).unwrap().read_exact(&mut header).unwrap();
        assert_eq!(header[..], object.0[899_990..900_006]);
        // What a damaged file says.
        for (start, length) in [(2 << 20, 1), (0, 3 << 20), (u64::MAX, 10), (1 << 40, 0)] {
            assert!(chunks.get_bytes(start, length).is_err(), "{start}");
        }
    }
}
