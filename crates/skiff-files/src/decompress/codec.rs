//! The codecs of compressed layers.

use std::fmt;

/// The codec of a layer of a file.
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
    /// The LZMA format that preceded xz.
    Lzma,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
    /// joblib's before 0.10: `ZF`, a length in hexadecimal, zlib.
    JoblibZ,
    /// Raw deflate, as in a zip.
    Deflate,
    /// A file stored in a zip uncompressed.
    Stored,
}

impl Codec {
    /// Whether a byte of it takes several times as long as one of zlib or zstd.
    pub(super) fn is_slow(self) -> bool {
        matches!(self, Self::Bzip2 | Self::Xz | Self::Lzma)
    }
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
