//! The two digests of a `.skiff` file, at fixed places of its header.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// What each `.skiff` file holds behind the length of its header, up to the first digest.
pub(super) const BEFORE: &str = r#"{"__metadata__":{"skiff.digest":""#;

/// What stands between the digests.
pub(super) const BETWEEN: &str = r#"","skiff.head":""#;

/// A SHA-256 in hexadecimal digits.
pub(super) const DIGITS: usize = 64;

/// The length of the header stands before it.
const LENGTH: usize = 8;

/// Where the digest of the whole file is.
const WHOLE: Range<usize> = LENGTH + BEFORE.len()..LENGTH + BEFORE.len() + DIGITS;

/// Where the digest of the head is.
const HEAD: Range<usize> = WHOLE.end + BETWEEN.len()..WHOLE.end + BETWEEN.len() + DIGITS;

/// Stands for a digest where digests are made.
pub(super) const ZEROS: [u8; DIGITS] = [b'0'; DIGITS];

/// Whether a file is a `.skiff`, of any version.
pub(crate) fn is_skiff(bytes: &[u8]) -> bool {
    bytes.get(LENGTH..).is_some_and(|rest| rest.starts_with(BEFORE.as_bytes()))
}

/// The digests of a file that is given in parts: the first one is the header with zeros in place of digests, the
/// first `head` are its head.
pub(super) fn of(parts: &[&[u8]], head: usize) -> Option<[[u8; DIGITS]; 2]> {
    let mut hasher = Sha256::new();
    parts.iter().take(head).for_each(|part| hasher.update(part));
    let head = hexadecimal(&hasher.finalize());
    let (first, rest) = parts.split_first()?;
    let mut hasher = Sha256::new();
    hasher.update(first.get(..HEAD.start)?);
    hasher.update(head);
    hasher.update(first.get(HEAD.end..)?);
    rest.iter().for_each(|part| hasher.update(part));
    Some([hexadecimal(&hasher.finalize()), head])
}

/// Puts the digests where they belong.
pub(super) fn place(header: &mut [u8], [whole, head]: [[u8; DIGITS]; 2]) -> Option<()> {
    header.get_mut(WHOLE)?.copy_from_slice(&whole);
    header.get_mut(HEAD)?.copy_from_slice(&head);
    Some(())
}

/// Whether the first `size` bytes are those that the digest of the head is of.
pub(super) fn is_head_whole(bytes: &[u8], size: usize) -> bool {
    let parts = (bytes.get(..WHOLE.start), bytes.get(WHOLE.end..HEAD.start), bytes.get(HEAD.end..size));
    let (Some(before), Some(between), Some(rest)) = parts else { return false };
    let mut hasher = Sha256::new();
    [before, &ZEROS, between, &ZEROS, rest].iter().for_each(|part| hasher.update(part));
    bytes.get(HEAD) == Some(&hexadecimal(&hasher.finalize()))
}

/// Whether all bytes are those that the digest of the whole file is of.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let (Some(before), Some(rest)) = (bytes.get(..WHOLE.start), bytes.get(WHOLE.end..)) else { return false };
    let mut hasher = Sha256::new();
    [before, &ZEROS, rest].iter().for_each(|part| hasher.update(part));
    bytes.get(WHOLE) == Some(&hexadecimal(&hasher.finalize()))
}

fn hexadecimal(digest: &[u8]) -> [u8; DIGITS] {
    let mut digits = ZEROS;
    let digit = |half: u8| char::from_digit(half.into(), 16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in digest.iter().zip(digits.chunks_exact_mut(2)) {
        if let [high, low] = pair {
            *high = digit(byte >> 4).unwrap_or(b'0');
            *low = digit(byte & 15).unwrap_or(b'0');
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha_256() {
        let digest = hexadecimal(&Sha256::digest(b"abc"));
        assert_eq!(&digest, b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
