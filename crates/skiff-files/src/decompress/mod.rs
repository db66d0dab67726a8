//! Compressed layers, within the remaining [`Limits`].

mod codec;
mod output;

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use output::Output;
use skiff_pickle::{Budget, Bytes, Limits};

use crate::{Error, ErrorKind};

pub use codec::Codec;

/// The remaining budget of decompression, over all layers of a file.
#[derive(Debug)]
pub struct Inflation {
    limits: Limits,
    /// The size of the file in bytes.
    size: u64,
    left: u64,
    /// The bytes that the ratio allows for all layers and entries together: a nested layer, or each of a thousand entries of a
    /// zip, must not get it again.
    left_by_ratio: u64,
    /// How many nonzero bytes may still be kept: only these take memory.
    left_to_keep: u64,
}

/// A ratio is meaningless for small files: a megabyte of zeros is a few dozen bytes of xz.
const FREE: u64 = 64 << 20;
/// The bytes that any file may have decompressed and kept, whatever the ratio.
const FREE_TO_KEEP: u64 = 112 << 20;
/// The part of the ratio that bounds kept bytes: models stay below 30 bytes for each byte read, bombs do not.
const RATIO_TO_KEEP: u64 = 32;
/// The slow decoders' part of the ratio: bzip2 decompresses 80 MB a second at ratios of a hundred and more, which
/// is a second and a half for each megabyte of a bomb. Models stay below 30 bytes for each byte read.
const RATIO_OF_SLOW: u64 = 20;
/// The memory of a decoder itself: xz's greatest preset takes 65 MiB, zstd's 8 MiB (`--ultra` 128 MiB).
const DECODER_MEMORY: u64 = 128 << 20;

impl Inflation {
    /// For a file of `size` bytes.
    pub fn new(limits: &Limits, size: u64) -> Self {
        let left_by_ratio = size.saturating_mul(limits.ratio).max(FREE);
        let left_to_keep = size.saturating_mul(limits.ratio / RATIO_TO_KEEP).max(FREE_TO_KEEP);
        Self { limits: limits.started(), size, left: limits.decompressed, left_by_ratio, left_to_keep }
    }

    /// The budget of graphs that are read from the file.
    pub fn budget(&self) -> Budget {
        Budget::of_file(&self.limits, self.size)
    }

    /// Adds a companion file of `size` bytes.
    pub(crate) fn add_file(&mut self, size: u64) {
        self.left_by_ratio = self.left_by_ratio.saturating_add(size.saturating_mul(self.limits.ratio));
        self.left_to_keep = self.left_to_keep.saturating_add(size.saturating_mul(self.limits.ratio / RATIO_TO_KEEP));
    }

    /// Charges `output` bytes of one array that is read from `input` bytes without a decoder.
    pub(crate) fn reserve(&mut self, output: usize, input: usize) -> Result<(), Error> {
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

    /// Checks the time limit.
    pub(crate) fn time(&self) -> Result<(), Error> {
        let spent = self.limits.decompressed.saturating_sub(self.left);
        self.limits.reach(usize::try_from(spent).unwrap_or(usize::MAX));
        if !self.limits.is_late() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Limit { name: "time", most: self.limits.milliseconds() }))
    }

    /// LZMA without its header: five bytes of properties, and the decompressed size.
    pub(crate) fn decompress_lzma(&mut self, properties: &[u8; 5], size: usize, bytes: &[u8]) -> Result<Bytes, Error> {
        let length = u64::try_from(size).unwrap_or(u64::MAX);
        let [first, dictionary @ ..] = *properties;
        // A dictionary that is larger than the content is never filled.
        let dictionary = u64::from(u32::from_le_bytes(dictionary)).min(length.max(4_096));
        let dictionary = u32::try_from(dictionary).unwrap_or(u32::MAX);
        let out = self.decode(Codec::Lzma, bytes, u64::MAX, |rest, out| {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            if lzma_rust2::lzma_get_memory_usage_by_props(dictionary, first)? > memory {
                return Err(io::Error::from(io::ErrorKind::OutOfMemory));
            }
            out.fill(lzma_rust2::LzmaReader::new_with_props(rest, length, first, dictionary, None)?)
        })?;
        Ok(out.0)
    }

    /// LZMA2: a byte that says how large its dictionary is, and how many bytes it becomes.
    pub(crate) fn decompress_lzma2(&mut self, dictionary: u8, size: usize, bytes: &[u8]) -> Result<Bytes, Error> {
        let base = u64::from(2 | (dictionary & 1));
        let own = base.checked_shl(u32::from(dictionary / 2).saturating_add(11)).unwrap_or(u64::MAX);
        let length = u64::try_from(size).unwrap_or(u64::MAX);
        let dictionary = u32::try_from(own.min(length.max(4_096))).unwrap_or(u32::MAX);
        let out = self.decode(Codec::Lzma, bytes, u64::MAX, |rest, out| {
            let memory = u32::try_from(DECODER_MEMORY >> 10).unwrap_or(u32::MAX);
            out.fill(lzma_rust2::Lzma2Reader::new_mem_limit(rest, dictionary, memory, None)?)
        })?;
        Ok(out.0)
    }

    /// Decompresses the beginning of `bytes`; returns the content, and the number of trailing bytes.
    ///
    /// # Errors
    /// When the bytes are damaged, or the content exceeds the limits.
    pub fn decompress(&mut self, codec: Codec, bytes: &[u8]) -> Result<(Bytes, usize), Error> {
        self.decode(codec, bytes, u64::MAX, |rest, out| decode(codec, rest, out, Members::All))
    }

    /// Decompresses an entry of an archive whose length is in the directory: at most one byte more
    /// is decompressed. Python reads one stream of each, whatever follows it.
    pub(crate) fn decompress_entry(&mut self, codec: Codec, bytes: &[u8], size: u64) -> Result<(Bytes, usize), Error> {
        self.decode(codec, bytes, size, |rest, out| decode(codec, rest, out, Members::First))
    }

    fn decode(
        &mut self,
        codec: Codec,
        bytes: &[u8],
        size: u64,
        decode: impl FnOnce(&mut &[u8], &mut Output<'_>) -> io::Result<()>,
    ) -> Result<(Bytes, usize), Error> {
        let input = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let ratio = if codec.is_slow() { self.limits.ratio / RATIO_OF_SLOW } else { self.limits.ratio };
        let by_ratio = input.saturating_mul(ratio).max(FREE).min(self.left_by_ratio);
        let to_keep = input.saturating_mul(self.limits.ratio / RATIO_TO_KEEP).max(FREE_TO_KEEP).min(self.left_to_keep);
        let mut out = Output::new(by_ratio.min(self.left).min(size), to_keep, &self.limits);
        let mut rest = bytes;
        let result = decode(&mut rest, &mut out);
        let place = bytes.len().saturating_sub(rest.len());
        let limit = |name, most| Err(Error::at(ErrorKind::Limit { name, most }, place));
        match result {
            Ok(()) => {
                self.left = self.left.saturating_sub(out.length());
                self.left_by_ratio = self.left_by_ratio.saturating_sub(out.length());
                self.left_to_keep = self.left_to_keep.saturating_sub(out.kept());
                Ok((out.finish().map_err(|error| Error::at(ErrorKind::Compressed(codec, error), place))?, rest.len()))
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => limit("time", self.limits.milliseconds()),
            Err(_) if out.is_longer_than(size) => {
                Err(Error::at(ErrorKind::Zip("an entry is longer than declared"), place))
            }
            Err(_) if out.is_kept_beyond() => limit("ratio", self.limits.ratio / RATIO_TO_KEEP),
            Err(_) if out.is_exceeded() && by_ratio < self.left => limit("ratio", ratio),
            Err(_) if out.is_exceeded() => limit("decompressed", self.left),
            Err(error) => Err(Error::at(ErrorKind::Compressed(codec, error), place)),
        }
    }
}

/// How many concatenated streams are read as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    All,
    First,
}

/// Decompresses the beginning of `rest`.
fn decode(codec: Codec, rest: &mut &[u8], out: &mut Output<'_>, members: Members) -> io::Result<()> {
    match codec {
        Codec::Zlib => inflate(rest, true, out),
        Codec::Deflate => inflate(rest, false, out),
        Codec::JoblibZ => joblib_z(rest, out),
        Codec::Gzip => {
            each(rest, out, members, &[0x1f, 0x8b], |rest, out| out.fill(flate2::bufread::GzDecoder::new(rest)))
        }
        Codec::Bzip2 => each(rest, out, members, b"BZh", |rest, out| out.fill(bzip2::bufread::BzDecoder::new(rest))),
        Codec::Xz => each(rest, out, members, b"\xfd7zXZ\0", |rest, out| {
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
        Codec::Lz4 => each(rest, out, members, &[0x04, 0x22, 0x4d, 0x18], |rest, out| {
            out.fill(lz4_flex::frame::FrameDecoder::new(rest))
        }),
        Codec::Zstd => each(rest, out, members, &[0x28, 0xb5, 0x2f, 0xfd], |rest, out| {
            let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut *rest, DECODER_MEMORY);
            out.fill(decoder.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?)
        }),
        Codec::Stored => out.fill(rest),
    }
}

/// Consecutive members of the same format: each consumes some bytes, so this ends.
fn each(
    rest: &mut &[u8],
    out: &mut Output<'_>,
    members: Members,
    magic: &[u8],
    mut member: impl FnMut(&mut &[u8], &mut Output<'_>) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let before = rest.len();
        member(rest, out)?;
        if members == Members::First || !rest.starts_with(magic) || rest.len() >= before {
            return Ok(());
        }
    }
}

/// Implemented here, since flate2's reader does not distinguish a complete stream from one that ends too early.
fn inflate(rest: &mut &[u8], framed: bool, out: &mut Output<'_>) -> io::Result<()> {
    let mut decoder = Decompress::new(framed);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(rest, &mut buffer, FlushDecompress::None)?;
        let taken = usize::try_from(decoder.total_in() - read).unwrap_or(usize::MAX);
        let given = usize::try_from(decoder.total_out() - written).unwrap_or(usize::MAX);
        *rest = rest.get(taken..).unwrap_or_default();
        out.append(buffer.get(..given).unwrap_or_default())?;
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
    if out.length() != length {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its length differs from the declared one"));
    }
    Ok(())
}
