//! 7z archives, as far as a scan needs them: the files in them, each block unpacked as a whole.
//!
//! Blocks with one coder (stored, LZMA, LZMA2, deflate, bzip2) are supported, which 7-Zip writes for everything but
//! programs. Filters, encryption and archives of several volumes are errors.

use skiff_pickle::Bytes;

use crate::decompress::{Codec, Inflation};
use crate::{Error, ErrorKind};

/// What a 7z archive begins with.
pub(crate) const MAGIC: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// A file in an archive.
#[derive(Debug)]
pub struct Entry {
    /// Its name, with slashes between folders.
    pub name: String,
    /// Its block, and its range in the unpacked block; `None` for an empty file.
    pub place: Option<(usize, usize, usize)>,
}

/// Bytes that are compressed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    method: Method,
    start: usize,
    packed: usize,
    size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Lzma { header: [u8; 5] },
    Lzma2 { dictionary: u8 },
    Deflate,
    Bzip2,
}

/// The header of an archive.
#[derive(Debug, Default)]
pub struct Archive {
    /// What is compressed together.
    pub blocks: Vec<Block>,
    /// The files, those of a block one after the other.
    pub entries: Vec<Entry>,
}

/// The most files or blocks that are read.
const MOST: usize = 100_000;

fn damaged(what: &'static str) -> Error {
    Error::new(ErrorKind::SevenZ(what))
}

impl Archive {
    /// Reads the header, which is compressed itself in most archives.
    ///
    /// # Errors
    /// When it is damaged, or of a kind that is not supported, or exceeds the limits.
    pub fn read(bytes: &Bytes, inflation: &mut Inflation) -> Result<Self, Error> {
        let mut head = Reader { rest: bytes.get(MAGIC.len()..).unwrap_or_default() };
        // A version of two bytes, the checksum of what follows.
        head.take(6)?;
        let (offset, size) = (head.number8()?, head.number8()?);
        if size == 0 {
            return Ok(Self::default());
        }
        let start = offset.checked_add(32).ok_or(damaged("its header is out of range"))?;
        let mut header = bytes.slice(start, size).ok_or(damaged("its header is out of range"))?;
        // Headers may be nested; in practice there is one level.
        for _ in 0..4 {
            let mut reader = Reader { rest: &header };
            match reader.number()? {
                HEADER => return Self::header(&mut reader, bytes.len()),
                ENCODED_HEADER => {
                    let (blocks, _) = streams(&mut reader, bytes.len())?;
                    let [block] = &*blocks else { return Err(damaged("its header is in several blocks")) };
                    let unpacked = block.unpack(bytes, inflation)?;
                    header = unpacked;
                }
                _ => return Err(damaged("it has no header")),
            }
        }
        Err(damaged("its header is compressed repeatedly"))
    }

    fn header(reader: &mut Reader<'_>, length: usize) -> Result<Self, Error> {
        let (mut blocks, mut sizes) = (Vec::new(), Vec::new());
        let mut names = Vec::new();
        let mut empty = Vec::new();
        loop {
            match reader.number()? {
                END => break,
                ARCHIVE_PROPERTIES => reader.properties()?,
                MAIN_STREAMS => (blocks, sizes) = streams(reader, length)?,
                FILES => (names, empty) = files(reader)?,
                _ => return Err(damaged("its header has an unknown property")),
            }
        }
        // Files with content take the streams in order, block after block.
        let mut streams = Vec::new();
        for (block, sizes) in sizes.iter().enumerate() {
            let mut start = 0_usize;
            for &size in sizes {
                streams.push((block, start, size));
                start = start.checked_add(size).ok_or(damaged("its files are too large"))?;
            }
        }
        let mut streams = streams.into_iter();
        let mut entries = Vec::new();
        for (place, name) in names.into_iter().enumerate() {
            let is_empty = empty.get(place).copied().unwrap_or(false);
            let place = if is_empty { None } else { streams.next() };
            if !is_empty && place.is_none() {
                return Err(damaged("it names more files than it has"));
            }
            entries.push(Entry { name, place });
        }
        // Files without a name are included.
        entries.extend(streams.map(|place| Entry { name: String::new(), place: Some(place) }));
        Ok(Self { blocks, entries })
    }
}

impl Block {
    /// The content of the block.
    ///
    /// # Errors
    /// When it cannot be decompressed within the limits, or has another length than declared.
    pub fn unpack(&self, bytes: &Bytes, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let packed = bytes.slice(self.start, self.packed).ok_or(damaged("a block is out of range"))?;
        let unpacked = match self.method {
            Method::Stored => packed,
            Method::Lzma { header } => inflation.decompress_lzma(&header, self.size, &packed)?,
            Method::Lzma2 { dictionary } => inflation.decompress_lzma2(dictionary, self.size, &packed)?,
            Method::Deflate => inflation.decompress(Codec::Deflate, &packed)?.0,
            Method::Bzip2 => inflation.decompress(Codec::Bzip2, &packed)?.0,
        };
        if unpacked.len() == self.size {
            Ok(unpacked)
        } else {
            Err(damaged("a block differs from its declared length"))
        }
    }
}

const END: u64 = 0x00;
const HEADER: u64 = 0x01;
const ARCHIVE_PROPERTIES: u64 = 0x02;
const MAIN_STREAMS: u64 = 0x04;
const FILES: u64 = 0x05;
const PACK_INFO: u64 = 0x06;
const UNPACK_INFO: u64 = 0x07;
const SUBSTREAMS: u64 = 0x08;
const SIZE: u64 = 0x09;
const CRC: u64 = 0x0a;
const FOLDER: u64 = 0x0b;
const UNPACK_SIZE: u64 = 0x0c;
const NUMBER_OF_STREAMS: u64 = 0x0d;
const EMPTY_STREAM: u64 = 0x0e;
const NAMES: u64 = 0x11;
const ENCODED_HEADER: u64 = 0x17;

/// Blocks, and for each the sizes of the files in it.
type Streams = (Vec<Block>, Vec<Vec<usize>>);

fn streams(reader: &mut Reader<'_>, length: usize) -> Result<Streams, Error> {
    let (mut position, mut packed, mut methods) = (0_usize, Vec::new(), Vec::new());
    let (mut sizes, mut parts) = (Vec::new(), None);
    let mut has_sums = Vec::new();
    loop {
        match reader.number()? {
            END => break,
            PACK_INFO => (position, packed) = pack_info(reader)?,
            UNPACK_INFO => (methods, sizes, has_sums) = unpack_info(reader)?,
            SUBSTREAMS => parts = Some(substreams(reader, &sizes, &has_sums)?),
            _ => return Err(damaged("its list of blocks has an unknown property")),
        }
    }
    if packed.len() != methods.len() {
        return Err(damaged("a block has several packed streams"));
    }
    let mut start = position.checked_add(32).ok_or(damaged("a block is out of range"))?;
    let mut blocks = Vec::new();
    for ((method, &packed), &size) in methods.into_iter().zip(&packed).zip(&sizes) {
        let end = start.checked_add(packed).filter(|&end| end <= length).ok_or(damaged("a block is out of range"))?;
        blocks.push(Block { method, start, packed, size });
        start = end;
    }
    let parts = parts.unwrap_or_else(|| sizes.iter().map(|&size| vec![size]).collect());
    Ok((blocks, parts))
}

fn pack_info(reader: &mut Reader<'_>) -> Result<(usize, Vec<usize>), Error> {
    let (position, count) = (reader.length()?, reader.count()?);
    let mut sizes = Vec::new();
    loop {
        match reader.number()? {
            END => break,
            SIZE => sizes = (0..count).map(|_| reader.length()).collect::<Result<_, _>>()?,
            CRC => {
                reader.sums(count)?;
            }
            _ => return Err(damaged("its list of packed streams has an unknown property")),
        }
    }
    if sizes.len() == count { Ok((position, sizes)) } else { Err(damaged("packed streams have no sizes")) }
}

type Unpacked = (Vec<Method>, Vec<usize>, Vec<bool>);

fn unpack_info(reader: &mut Reader<'_>) -> Result<Unpacked, Error> {
    if reader.number()? != FOLDER {
        return Err(damaged("it has no list of coders"));
    }
    let count = reader.count()?;
    if reader.byte()? != 0 {
        return Err(damaged("its coders are in another stream"));
    }
    let methods = (0..count).map(|_| method(reader)).collect::<Result<Vec<_>, _>>()?;
    if reader.number()? != UNPACK_SIZE {
        return Err(damaged("its blocks have no sizes"));
    }
    let sizes = (0..count).map(|_| reader.length()).collect::<Result<Vec<_>, _>>()?;
    let mut has_sums = vec![false; count];
    loop {
        match reader.number()? {
            END => return Ok((methods, sizes, has_sums)),
            CRC => has_sums = reader.sums(count)?,
            _ => return Err(damaged("its list of coders has an unknown property")),
        }
    }
}

/// The only coder of a block.
fn method(reader: &mut Reader<'_>) -> Result<Method, Error> {
    if reader.number()? != 1 {
        return Err(damaged("a block has filters or encryption, which are not supported"));
    }
    let flags = reader.byte()?;
    let id = reader.take(usize::from(flags & 0x0f))?;
    if flags & 0x10 != 0 {
        return Err(damaged("a coder has several streams"));
    }
    let properties = if flags & 0x20 != 0 {
        let length = reader.length()?;
        reader.take(length)?
    } else {
        &[]
    };
    match (id, properties) {
        ([0], _) => Ok(Method::Stored),
        ([3, 1, 1], header) => match header.try_into() {
            Ok(header) => Ok(Method::Lzma { header }),
            Err(_) => Err(damaged("its LZMA properties are invalid")),
        },
        ([0x21], &[dictionary]) => Ok(Method::Lzma2 { dictionary }),
        ([4, 1, 8], _) => Ok(Method::Deflate),
        ([4, 2, 2], _) => Ok(Method::Bzip2),
        ([6, 0xf1, 7, 1], _) => Err(damaged("it is encrypted")),
        _ => Err(damaged("it has an unsupported coder")),
    }
}

fn substreams(reader: &mut Reader<'_>, sizes: &[usize], has_sums: &[bool]) -> Result<Vec<Vec<usize>>, Error> {
    let mut counts = vec![1; sizes.len()];
    let mut parts: Option<Vec<Vec<usize>>> = None;
    let split = |counts: &[usize], read: &mut dyn FnMut() -> Result<usize, Error>| {
        let mut all = Vec::new();
        for (&count, &size) in counts.iter().zip(sizes) {
            let (mut inner, mut left) = (Vec::new(), size);
            for _ in 1..count {
                let part = read()?;
                left = left.checked_sub(part).ok_or(damaged("the files of a block are larger than it"))?;
                inner.push(part);
            }
            // The last one's size is what is left.
            if count > 0 {
                inner.push(left);
            }
            all.push(inner);
        }
        Ok::<_, Error>(all)
    };
    loop {
        match reader.number()? {
            END => break,
            NUMBER_OF_STREAMS => {
                counts = sizes.iter().map(|_| reader.count()).collect::<Result<_, _>>()?;
                if counts.iter().fold(0_usize, |sum, &count| sum.saturating_add(count)) > MOST {
                    return Err(damaged("it has too many files"));
                }
            }
            SIZE => parts = Some(split(&counts, &mut || reader.length())?),
            CRC => {
                // Blocks of one file have their sum already.
                let missing = counts.iter().enumerate().fold(0_usize, |sum, (place, &count)| {
                    let known = count == 1 && has_sums.get(place).copied().unwrap_or(false);
                    sum.saturating_add(if known { 0 } else { count })
                });
                reader.sums(missing)?;
            }
            _ => return Err(damaged("its list of files in blocks has an unknown property")),
        }
    }
    match parts {
        Some(parts) => Ok(parts),
        None if counts.iter().all(|&count| count <= 1) => {
            split(&counts, &mut || Err(damaged("the files of a block have no sizes")))
        }
        None => Err(damaged("the files of a block have no sizes")),
    }
}

/// Names, and which files are empty.
fn files(reader: &mut Reader<'_>) -> Result<(Vec<String>, Vec<bool>), Error> {
    let count = reader.count()?;
    let (mut names, mut empty) = (vec![String::new(); count], vec![false; count]);
    loop {
        let kind = reader.number()?;
        if kind == END {
            return Ok((names, empty));
        }
        let size = reader.length()?;
        let mut property = Reader { rest: reader.take(size)? };
        match kind {
            EMPTY_STREAM => empty = property.bits(count)?,
            NAMES => {
                if property.byte()? != 0 {
                    return Err(damaged("its names are in another stream"));
                }
                let units: Vec<u16> =
                    property.rest.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
                for (name, text) in names.iter_mut().zip(units.split(|&unit| unit == 0)) {
                    *name = String::from_utf16_lossy(text);
                }
            }
            _ => {}
        }
    }
}

/// The numbers of a header.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(damaged("its header ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.take(1)?.first().copied().ok_or(damaged("its header ends too early"))
    }

    fn number8(&mut self) -> Result<usize, Error> {
        let bytes = self.take(8)?.first_chunk().copied().ok_or(damaged("its header ends too early"))?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| damaged("its header is out of range"))
    }

    /// As many bytes follow the first as it has leading ones; its remaining bits are the most significant.
    fn number(&mut self) -> Result<u64, Error> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut value = 0_u64;
        for place in 0..more.min(8) {
            value |= u64::from(self.byte()?) << (8 * place);
        }
        if more < 7 {
            let high = u64::from(first) & ((1 << (7 - more)) - 1);
            value |= high << (8 * more);
        }
        Ok(value)
    }

    fn length(&mut self) -> Result<usize, Error> {
        usize::try_from(self.number()?).map_err(|_| damaged("it has a size that is too large"))
    }

    /// The number of items, each of which takes some bytes of the header.
    fn count(&mut self) -> Result<usize, Error> {
        let count = self.length()?;
        if count > MOST { Err(damaged("it has too many files")) } else { Ok(count) }
    }

    /// A bit for each of `count`, the highest first.
    fn bits(&mut self, count: usize) -> Result<Vec<bool>, Error> {
        let bytes = self.take(count.div_ceil(8))?;
        let bit = |place: usize| bytes.get(place / 8).is_some_and(|byte| byte >> (7 - place % 8) & 1 != 0);
        Ok((0..count).map(bit).collect())
    }

    /// Skips checksums; returns which items have one.
    fn sums(&mut self, count: usize) -> Result<Vec<bool>, Error> {
        let known = if self.byte()? != 0 { vec![true; count] } else { self.bits(count)? };
        self.take(known.iter().filter(|&&known| known).count().saturating_mul(4))?;
        Ok(known)
    }

    /// Properties of the archive, which are not used in practice.
    fn properties(&mut self) -> Result<(), Error> {
        while self.number()? != END {
            let size = self.length()?;
            self.take(size)?;
        }
        Ok(())
    }
}
