//! Compressed layers, each within what [`Limits`] leave.

use std::fmt;
use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use skiff_pickle::Budget;

use crate::{Error, ErrorKind, Limits};

/// How a layer of a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// zlib: joblib's `.z`, its default.
    Zlib,
    /// gzip, of one or many members.
    Gzip,
    /// bzip2, of one or many streams.
    Bzip2,
    /// xz, of one or many streams.
    Xz,
    /// LZMA alone, before xz.
    Lzma,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
    /// joblib's before 0.10: `ZF`, a length in hexadecimal, zlib.
    JoblibZ,
    /// Deflate without a frame, as in a zip.
    Deflate,
    /// A file stored in a zip as it is.
    Stored,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::JoblibZ => "joblib zlib",
            Self::Deflate => "deflate",
            Self::Stored => "stored",
        })
    }
}

/// What decompression may still bring forth, over all layers of a file.
#[derive(Debug)]
pub(crate) struct Inflation {
    limits: Limits,
    /// How many bytes the file has.
    size: u64,
    left: u64,
    /// What the ratio leaves for all layers and entries together: a layer within a layer, or a thousand entries of a
    /// zip, must not have it anew.
    left_by_ratio: u64,
}

/// A ratio says nothing about small files: a megabyte of zeros is a few dozen bytes of xz.
const FREE: u64 = 64 << 20;
/// What a decoder may take for itself: xz's greatest preset takes 65 MiB, zstd's 8 MiB (`--ultra` 128 MiB).
const DECODER_MEMORY: u64 = 128 << 20;

impl Inflation {
    /// For a file of `size` bytes.
    pub fn new(limits: &Limits, size: u64) -> Self {
        let left_by_ratio = size.saturating_mul(limits.ratio).max(FREE);
        Self { limits: limits.started(), size, left: limits.decompressed, left_by_ratio }
    }

    /// What graphs may take that are made of the file.
    pub fn budget(&self) -> Budget {
        Budget::of_file(&self.limits, self.size)
    }

    /// A companion file of `size` bytes joins.
    pub fn add_file(&mut self, size: u64) {
        self.left_by_ratio = self.left_by_ratio.saturating_add(size.saturating_mul(self.limits.ratio));
    }

    /// Spends `output` bytes of one array that `input` bytes are to become without a decoder.
    pub fn reserve(&mut self, output: usize, input: usize) -> Result<(), Error> {
        let bytes = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let by_ratio = bytes(input).saturating_mul(self.limits.ratio).max(FREE).min(self.left_by_ratio);
        if bytes(output) > self.limits.array {
            return Err(Error::new(ErrorKind::Limit { name: "array", most: self.limits.array }));
        }
        self.time()?;
        if bytes(output) > by_ratio {
            return Err(Error::new(ErrorKind::Limit { name: "ratio", most: self.limits.ratio }));
        }
        self.left_by_ratio = self.left_by_ratio.saturating_sub(bytes(output));
        let left = self.left.checked_sub(bytes(output));
        self.left = left.ok_or(Error::new(ErrorKind::Limit { name: "decompressed", most: self.left }))?;
        Ok(())
    }

    /// Whether there is time left.
    pub fn time(&self) -> Result<(), Error> {
        let spent = self.limits.decompressed.saturating_sub(self.left);
        self.limits.reach(usize::try_from(spent).unwrap_or(usize::MAX));
        if !self.limits.is_late() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Limit { name: "time", most: self.limits.milliseconds() }))
    }

    /// LZMA without its header: five bytes of properties, and how many bytes it becomes.
    pub fn decompress_lzma(&mut self, properties: &[u8; 5], size: usize, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let length = u64::try_from(size).unwrap_or(u64::MAX);
        let [first, dictionary @ ..] = *properties;
        // A dictionary that is larger than the content is never filled.
        let dictionary = u64::from(u32::from_le_bytes(dictionary)).min(length.max(4_096));
        let dictionary = u32::try_from(dictionary).unwrap_or(u32::MAX);
        let out = self.decode(Codec::Lzma, bytes, |rest, out| {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            if lzma_rust2::lzma_get_memory_usage_by_props(dictionary, first)? > memory {
                return Err(io::Error::from(io::ErrorKind::OutOfMemory));
            }
            out.fill(lzma_rust2::LzmaReader::new_with_props(rest, length, first, dictionary, None)?)
        })?;
        Ok(out.0)
    }

    /// LZMA2: a byte that says how large its dictionary is, and how many bytes it becomes.
    pub fn decompress_lzma2(&mut self, dictionary: u8, size: usize, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let base = u64::from(2 | (dictionary & 1));
        let own = base.checked_shl(u32::from(dictionary / 2).saturating_add(11)).unwrap_or(u64::MAX);
        let length = u64::try_from(size).unwrap_or(u64::MAX);
        let dictionary = u32::try_from(own.min(length.max(4_096))).unwrap_or(u32::MAX);
        let out = self.decode(Codec::Lzma, bytes, |rest, out| {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            out.fill(lzma_rust2::Lzma2Reader::new_mem_limit(rest, dictionary, memory, None)?)
        })?;
        Ok(out.0)
    }

    /// Decompresses what `bytes` begin with; gives it, and how many bytes were left over behind it.
    pub fn decompress(&mut self, codec: Codec, bytes: &[u8]) -> Result<(Vec<u8>, usize), Error> {
        self.decode(codec, bytes, |rest, out| decode(codec, rest, out))
    }

    fn decode(
        &mut self,
        codec: Codec,
        bytes: &[u8],
        decode: impl FnOnce(&mut &[u8], &mut Output<'_>) -> io::Result<()>,
    ) -> Result<(Vec<u8>, usize), Error> {
        let input = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let by_ratio = input.saturating_mul(self.limits.ratio).max(FREE).min(self.left_by_ratio);
        let mut out = Output { bytes: Vec::new(), most: by_ratio.min(self.left), limits: &self.limits };
        let mut rest = bytes;
        let result = decode(&mut rest, &mut out);
        let place = bytes.len().saturating_sub(rest.len());
        match result {
            Ok(()) => {
                let spent = u64::try_from(out.bytes.len()).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(spent);
                self.left_by_ratio = self.left_by_ratio.saturating_sub(spent);
                out.bytes.shrink_to_fit();
                Ok((out.bytes, rest.len()))
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(Error::at(ErrorKind::Limit { name: "time", most: self.limits.milliseconds() }, place))
            }
            Err(_) if out.is_exceeded() && by_ratio < self.left => {
                Err(Error::at(ErrorKind::Limit { name: "ratio", most: self.limits.ratio }, place))
            }
            Err(_) if out.is_exceeded() => {
                Err(Error::at(ErrorKind::Limit { name: "decompressed", most: self.left }, place))
            }
            Err(error) => Err(Error::at(ErrorKind::Compressed(codec, error), place)),
        }
    }
}

/// Decompresses what `rest` begins with.
fn decode(codec: Codec, rest: &mut &[u8], out: &mut Output<'_>) -> io::Result<()> {
    match codec {
        Codec::Zlib => inflate(rest, true, out),
        Codec::Deflate => inflate(rest, false, out),
        Codec::JoblibZ => joblib_z(rest, out),
        Codec::Gzip => each(rest, out, &[0x1f, 0x8b], |rest, out| out.fill(flate2::bufread::GzDecoder::new(rest))),
        Codec::Bzip2 => each(rest, out, b"BZh", |rest, out| out.fill(bzip2::bufread::BzDecoder::new(rest))),
        Codec::Xz => each(rest, out, b"\xfd7zXZ\0", |rest, out| {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            out.fill(lzma_rust2::XzReader::new_mem_limit(&mut *rest, false, memory))?;
            // Streams may be padded with zeros, four at a time.
            while let Some(padded) = rest.strip_prefix(&[0; 4]) {
                *rest = padded;
            }
            Ok(())
        }),
        Codec::Lzma => {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            let decoder = lzma_rust2::LzmaReader::new_mem_limit(rest, memory, None);
            decoder.and_then(|decoder| out.fill(decoder))
        }
        Codec::Lz4 => {
            each(rest, out, &[0x04, 0x22, 0x4d, 0x18], |rest, out| out.fill(lz4_flex::frame::FrameDecoder::new(rest)))
        }
        Codec::Zstd => each(rest, out, &[0x28, 0xb5, 0x2f, 0xfd], |rest, out| {
            let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut *rest, DECODER_MEMORY);
            out.fill(decoder.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?)
        }),
        Codec::Stored => out.fill(rest),
    }
}

/// Decompressed bytes, and how many there may be.
struct Output<'a> {
    bytes: Vec<u8>,
    most: u64,
    limits: &'a Limits,
}

/// How many bytes are decompressed between two looks at the clock.
const STEP: u64 = 1 << 20;
/// Archives have thousands of small entries: none begins with a megabyte.
const FIRST_STEP: u64 = 16 << 10;

impl Output<'_> {
    /// Reads all of `decoder`, one byte beyond what is allowed at most.
    fn fill(&mut self, mut decoder: impl Read) -> io::Result<()> {
        loop {
            let step = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX).clamp(FIRST_STEP, STEP);
            let step = step.min(self.left().saturating_add(1));
            let before = self.bytes.len();
            self.grow(usize::try_from(step).unwrap_or(usize::MAX))?;
            decoder.by_ref().take(step).read_to_end(&mut self.bytes)?;
            self.check()?;
            // `read_to_end` stops early at the end alone.
            if u64::try_from(self.bytes.len().saturating_sub(before)).unwrap_or(u64::MAX) < step {
                return Ok(());
            }
        }
    }

    /// Makes room for `more` bytes: twice as much as there was, but no more than there may be. (A vector of its own
    /// accord would grow to nearly twice of what is allowed.)
    fn grow(&mut self, more: usize) -> io::Result<()> {
        let (length, room) = (self.bytes.len(), self.bytes.capacity());
        let needed = length.saturating_add(more);
        if needed <= room {
            return Ok(());
        }
        let most = usize::try_from(self.most).unwrap_or(usize::MAX).saturating_add(1);
        let wanted = room.saturating_mul(2).min(most).max(needed);
        let out_of_memory = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        // What `read_to_end` asks for to see that the end is there.
        self.bytes.try_reserve_exact(wanted.saturating_sub(length).saturating_add(64)).map_err(out_of_memory)
    }

    fn left(&self) -> u64 {
        self.most.saturating_sub(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }

    fn is_exceeded(&self) -> bool {
        u64::try_from(self.bytes.len()).is_ok_and(|len| len > self.most)
    }

    fn check(&self) -> io::Result<()> {
        if self.is_exceeded() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if self.limits.is_late() { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(()) }
    }
}

/// One member after another, as long as they begin alike: each takes some bytes, so this ends.
fn each(
    rest: &mut &[u8],
    out: &mut Output<'_>,
    magic: &[u8],
    mut member: impl FnMut(&mut &[u8], &mut Output<'_>) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let before = rest.len();
        member(rest, out)?;
        if !rest.starts_with(magic) || rest.len() >= before {
            return Ok(());
        }
    }
}

/// By hand, since flate2's reader cannot be told from a stream that ends too early.
fn inflate(rest: &mut &[u8], framed: bool, out: &mut Output<'_>) -> io::Result<()> {
    let mut decoder = Decompress::new(framed);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(rest, &mut buffer, FlushDecompress::None)?;
        let taken = usize::try_from(decoder.total_in() - read).unwrap_or(usize::MAX);
        let given = usize::try_from(decoder.total_out() - written).unwrap_or(usize::MAX);
        *rest = rest.get(taken..).unwrap_or_default();
        out.grow(given)?;
        out.bytes.extend_from_slice(buffer.get(..given).unwrap_or_default());
        out.check()?;
        match status {
            Status::StreamEnd => return Ok(()),
            _ if taken == 0 && given == 0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => {}
        }
    }
}

/// `ZF`, nineteen characters of a hexadecimal number padded with spaces (twenty from Python 2 before joblib 0.8.5).
fn joblib_z(rest: &mut &[u8], out: &mut Output<'_>) -> io::Result<()> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "its length is not a hexadecimal number");
    let header = rest.get(2..21).ok_or_else(damaged)?;
    let digits = std::str::from_utf8(header).ok().and_then(|text| text.trim_end().strip_prefix("0x"));
    // Python 2 marks a long integer.
    let digits = digits.map(|digits| digits.trim_end_matches('L')).ok_or_else(damaged)?;
    let length = u64::from_str_radix(digits, 16).map_err(|_| damaged())?;
    let body = rest.get(21..).unwrap_or_default();
    *rest = body.strip_prefix(b" ").unwrap_or(body);
    inflate(rest, true, out)?;
    if u64::try_from(out.bytes.len()) != Ok(length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its length is not the one that it announces"));
    }
    Ok(())
}
