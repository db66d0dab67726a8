//! Compressed layers around a file that is written.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::WriteError;
use crate::Codec;

/// The compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// The codec.
    pub codec: Codec,
    /// The level: by default joblib's 3.
    pub level: Option<u32>,
}

/// joblib's default.
const DEFAULT_LEVEL: u32 = 3;

/// The codecs that can be written, by joblib's names: those of joblib, and those that are within a `.skiff` and a `.skops`.
const CODECS: [(&str, Codec); 8] = [
    ("zlib", Codec::Zlib),
    ("gzip", Codec::Gzip),
    ("bz2", Codec::Bzip2),
    ("xz", Codec::Xz),
    ("lzma", Codec::Lzma),
    ("lz4", Codec::Lz4),
    ("zstd", Codec::Zstd),
    ("deflate", Codec::Deflate),
];

/// The name of a codec in options.
pub fn codec_name(codec: Codec) -> &'static str {
    CODECS.iter().find(|(_, known)| *known == codec).map_or("", |(name, _)| name)
}

/// The levels of a codec; `None` if it has only one.
pub fn level_range(codec: Codec) -> Option<RangeInclusive<u32>> {
    match codec {
        Codec::Zlib | Codec::Gzip | Codec::Xz | Codec::Lzma | Codec::Deflate => Some(0..=9),
        Codec::Bzip2 => Some(1..=9),
        Codec::Zstd => Some(1..=22),
        _ => None,
    }
}

impl FromStr for Compression {
    type Err = String;

    /// `CODEC` or `CODEC:LEVEL`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level)),
            None => (text, None),
        };
        let codec = CODECS.iter().find(|(known, _)| *known == name).map(|(_, codec)| *codec).ok_or_else(|| {
            let known: Vec<_> = CODECS.iter().map(|(name, _)| format!("`{name}`")).collect();
            format!("expected a codec of {}, found `{name}`", known.join(", "))
        })?;
        let level = level.map(|level| level.parse().map_err(|_| format!("expected a level, found `{level}`")));
        let compression = Self { codec, level: level.transpose()? };
        compression.checked_level().map_err(|error| error.to_string())?;
        Ok(compression)
    }
}

impl Compression {
    /// This codec, at this level.
    ///
    /// # Errors
    /// A level that the codec does not have.
    pub fn at(codec: Codec, level: Option<u32>) -> Result<Self, WriteError> {
        let compression = Self { codec, level };
        compression.checked_level().map(|_| compression)
    }

    /// Whether it has levels.
    pub fn has_levels(self) -> bool {
        level_range(self.codec).is_some()
    }

    fn checked_level(self) -> Result<u32, WriteError> {
        let Some(level) = self.level else { return Ok(DEFAULT_LEVEL) };
        if level_range(self.codec).is_some_and(|range| range.contains(&level)) {
            return Ok(level);
        }
        Err(WriteError::Level { codec: self.codec, level })
    }
}

/// Writes the content of a file.
pub type Content<'a> = dyn FnMut(&mut dyn Write) -> Result<(), WriteError> + 'a;

/// Writes `content` to `out`, through an encoder if there is one.
///
/// # Errors
/// A level that the codec does not have, a codec that is not supported for files, and errors of `content` and `out`.
pub fn compressed(
    compression: Option<Compression>,
    out: &mut dyn Write,
    content: &mut Content<'_>,
) -> Result<(), WriteError> {
    let Some(compression) = compression else { return content(out) };
    let level = compression.checked_level()?;
    match compression.codec {
        Codec::Zlib => {
            let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::new(level));
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Codec::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::new(level));
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Codec::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(out, bzip2::Compression::new(level));
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Codec::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(level);
            let mut encoder = lzma_rust2::XzWriter::new(out, options)?;
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Codec::Lzma => {
            let options = lzma_rust2::LzmaOptions::with_preset(level);
            // Of unknown length, with a mark at the end: what Python's `FORMAT_ALONE` writes.
            let mut encoder = lzma_rust2::LzmaWriter::new_use_header(out, &options, None)?;
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Codec::Lz4 => {
            let info =
                lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max4MB).content_checksum(true);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, out);
            content(&mut encoder)?;
            encoder.finish().map_err(io::Error::from)?;
        }
        codec => return Err(WriteError::Codec(codec)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_named_as_joblib_does() {
        assert_eq!("zlib".parse(), Ok(Compression { codec: Codec::Zlib, level: None }));
        assert_eq!("bz2:9".parse(), Ok(Compression { codec: Codec::Bzip2, level: Some(9) }));
        for text in ["", "zip", "zlib:10", "zlib:", "zlib:x", "bz2:0", "lz4:3", "zstandard"] {
            assert!(text.parse::<Compression>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let content: Vec<u8> = (0_u32..100_000).flat_map(|value| value.wrapping_mul(value).to_le_bytes()).collect();
        for (name, codec) in CODECS.into_iter().take(6) {
            let lowest = level_range(codec).map(|range| *range.start());
            for level in [None, lowest, lowest.map(|_| 9)] {
                let mut bytes = Vec::new();
                compressed(Some(Compression { codec, level }), &mut bytes, &mut |out| Ok(out.write_all(&content)?))
                    .unwrap();
                let mut inflation = crate::decompress::Inflation::new(&crate::Limits::default(), 0);
                let (back, left) = inflation.decompress(codec, &bytes).unwrap();
                assert!(back.as_slice() == content && left == 0, "{name} {level:?}");
            }
        }
    }
}
