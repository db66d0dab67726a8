//! Detects the format of bytes from their content.

use crate::Codec;
use crate::container::is_skiff;
use crate::model_json;
use crate::sevenz;

/// The apparent format of a file or a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// Compressed as a whole.
    Compressed(Codec),
    /// Encrypted with age, binary or armored.
    Encrypted,
    /// A zip, which skops' files and `.npz` are.
    Zip,
    /// One array.
    Npy,
    /// skiff's own container.
    Skiff,
    /// A model as JSON.
    ModelJson,
    /// A known format that is not supported.
    Foreign(&'static str),
    /// A placeholder of a file.
    Pointer(&'static str),
    /// A pickle of protocol 2 or newer.
    Pickle,
    /// Possibly a pickle of protocol 0 or 1, which may begin with many opcodes, or an unknown format.
    Other,
}

/// The apparent format of these bytes.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    // First, since its first bytes are a length, which may look like anything.
    if is_skiff(bytes) {
        return Sniffed::Skiff;
    }
    if let [0x80, 0..=5, ..] = bytes {
        return Sniffed::Pickle;
    }
    if let Some(codec) = compressed(bytes) {
        return Sniffed::Compressed(codec);
    }
    if is_encrypted(bytes) {
        return Sniffed::Encrypted;
    }
    const ZIPS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
    if ZIPS.iter().any(|magic| bytes.starts_with(magic)) {
        return Sniffed::Zip;
    }
    if bytes.starts_with(b"\x93NUMPY") {
        return Sniffed::Npy;
    }
    const FOREIGN: [(usize, &[u8], &str); 13] = [
        (0, b"\x89HDF\r\n\x1a\n", "HDF5 (Keras)"),
        (0, b"GGUF", "GGUF"),
        (0, sevenz::MAGIC, "a 7z archive"),
        (0, b"Rar!\x1a\x07", "a RAR archive"),
        (257, b"ustar", "a tar archive"),
        (0, b"PAR1", "Parquet"),
        (0, b"ARROW1", "Arrow"),
        (4, b"TFL3", "TensorFlow Lite"),
        (0, b"\x7fELF", "an ELF program"),
        (0, b"MZ\x90\0", "a Windows program"),
        (0, b"%PDF", "PDF"),
        (0, b"CBM1", "CatBoost's own format"),
        (0, b"tree\nversion=", "LightGBM's own format"),
    ];
    for (offset, magic, name) in FOREIGN {
        if bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic)) {
            return Sniffed::Foreign(name);
        }
    }
    if model_json::is_model(bytes) {
        return Sniffed::ModelJson;
    }
    // A length of the header below 4 GiB, and the header: no text has zeros there.
    if let [_, _, _, _, 0, 0, 0, 0, b'{', ..] = bytes {
        return Sniffed::Foreign("safetensors");
    }
    text(bytes)
}

/// Whether the bytes are encrypted with age. This crate does not decrypt: callers that can pass the plain text.
pub fn is_encrypted(bytes: &[u8]) -> bool {
    const BINARY: &[u8] = b"age-encryption.org/";
    const ARMORED: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
    let bytes = bytes.get(..HEAD).unwrap_or(bytes);
    bytes.starts_with(BINARY) || bytes.trim_ascii_start().starts_with(ARMORED)
}

fn compressed(bytes: &[u8]) -> Option<Codec> {
    Some(match bytes {
        // The second byte's check bits make the pair a multiple of 31.
        [0x78, second, ..] if (0x7800 | u16::from(*second)) % 31 == 0 && second & 0x20 == 0 => Codec::Zlib,
        [0x1f, 0x8b, 8, ..] => Codec::Gzip,
        // A block, or the end at once.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Codec::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Codec::Xz,
        // `5d` is also the opcode of an empty list, but `00` is none.
        [0x5d, 0, 0, ..] => Codec::Lzma,
        _ if is_lzma(bytes) => Codec::Lzma,
        [0x04, 0x22, 0x4d, 0x18, ..] => Codec::Lz4,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
        [b'Z', b'F', b'0', b'x', ..] => Codec::JoblibZ,
        _ => return None,
    })
}

/// What kind of text a file is that could not be read as a model; `None` for what is not text.
pub(crate) fn text_kind(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.get(..bytes.len().min(TEXT_START))?;
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.valid_up_to() + 4 > TEXT_START => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t' | '\u{c}')) {
        return None;
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let is_code = |line: &&str| {
        let words = ["import ", "from ", "def ", "class ", "#!", "# -*-", "\"\"\""];
        words.iter().any(|word| line.starts_with(word))
    };
    if lines.iter().any(is_code) {
        return Some("a script");
    }
    let cells = |line: &str| [',', ';', '\t'].map(|delimiter| line.matches(delimiter).count());
    match lines[..] {
        [first, second, ..] if cells(first).iter().zip(cells(second)).any(|(a, b)| *a > 0 && *a == b) => {
            Some("a CSV table")
        }
        _ => Some("text"),
    }
}

/// How many bytes are read to detect the kind of text.
const TEXT_START: usize = 4096;

/// Whether a header of LZMA alone is one that liblzma accepts when it detects the format: its properties, a
/// dictionary of 2ⁿ or 2ⁿ + 2ⁿ⁻¹ bytes, a length that is not known or below 256 GiB; and the
/// zero that its coder begins with.
fn is_lzma(bytes: &[u8]) -> bool {
    let Some(&[properties, d0, d1, d2, d3, ref length @ .., first]) = bytes.first_chunk::<14>() else { return false };
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]);
    let length = u64::from_le_bytes(*length);
    let (literal, position) = (properties % 9, properties / 9 % 5);
    let lowest = dictionary.trailing_zeros();
    let is_round = dictionary == u32::MAX || matches!(dictionary.checked_shr(lowest), Some(1 | 3));
    properties < 225 && literal + position <= 4 && is_round && first == 0 && (length == u64::MAX || length < 1 << 38)
}

/// How many bytes of text are checked.
const HEAD: usize = 64 << 10;

fn text(bytes: &[u8]) -> Sniffed {
    let bytes = bytes.get(..HEAD).unwrap_or(bytes);
    let rest = bytes.trim_ascii_start();
    if rest.starts_with(b"version https://git-lfs") {
        return Sniffed::Pointer("a Git LFS pointer");
    }
    let lower = rest.get(..14.min(rest.len())).unwrap_or_default().to_ascii_lowercase();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return Sniffed::Pointer("a web page");
    }
    if rest.starts_with(b"<?xml") || rest.starts_with(b"<PMML") {
        return Sniffed::Foreign("XML (PMML)");
    }
    // `{` is not an opcode, and a list of protocol 0 does not begin with `[`.
    if rest.starts_with(b"{\"") || rest.starts_with(b"[{") || rest.starts_with(b"{\n") {
        return Sniffed::Foreign("JSON");
    }
    Sniffed::Other
}
