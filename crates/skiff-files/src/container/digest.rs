//! The digest of a `.skiff` file, at a fixed offset of its header, and those of the pieces after its head.
//!
//! The digest is of the head, and the head has the digests of all pieces: so one digest covers the whole file, and
//! each part can be checked without the others, on all cores.

use std::ops::Range;

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use skiff_pickle::Bytes;

use super::header::LONGEST as LONGEST_HEADER;

/// The bytes of each `.skiff` file after the length of its header, up to the digest.
pub(super) const BEFORE: &str = r#"{"__metadata__":{"skiff.digest":""#;

/// A SHA-256 in hexadecimal digits.
pub(super) const DIGITS: usize = 64;

/// A SHA-256 in bytes.
pub(super) const SIZE: usize = 32;

/// The size of each piece after the head; the last one may be shorter.
pub(super) const PIECE: usize = 1 << 20;

/// The length of the header precedes it.
const LENGTH: usize = 8;

/// The position of the digest.
const PLACE: Range<usize> = LENGTH + BEFORE.len()..LENGTH + BEFORE.len() + DIGITS;

/// Replaces the digest while it is computed.
pub(super) const ZEROS: [u8; DIGITS] = [b'0'; DIGITS];

/// Whether a file is a `.skiff`, of any version.
pub(crate) fn is_skiff(bytes: &[u8]) -> bool {
    let has_length = bytes.first_chunk().is_some_and(|length| u64::from_le_bytes(*length) <= LONGEST_HEADER);
    has_length && bytes.get(LENGTH..).is_some_and(|rest| rest.starts_with(BEFORE.as_bytes()))
}

/// The digest of a head in parts, the first of which is the header with zeros in place of the digest.
pub(super) fn of_head<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; DIGITS] {
    let mut hasher = Sha256::new();
    parts.into_iter().for_each(|part| hasher.update(part));
    hexadecimal(&hasher.finalize())
}

/// Writes the digest into the header.
pub(super) fn place(header: &mut [u8], digest: [u8; DIGITS]) -> Option<()> {
    header.get_mut(PLACE)?.copy_from_slice(&digest);
    Some(())
}

/// Whether a head matches its digest.
pub(super) fn is_head_whole(head: &[u8]) -> bool {
    let (Some(before), Some(rest)) = (head.get(..PLACE.start), head.get(PLACE.end..)) else { return false };
    head.get(PLACE) == Some(&of_head([before, &ZEROS, rest]))
}

/// The digests of the pieces of consecutive parts.
pub(super) fn of_pieces(parts: &[&[u8]]) -> Vec<u8> {
    let mut starts = Vec::with_capacity(parts.len());
    let mut end = 0_usize;
    for part in parts {
        starts.push(end);
        end = end.saturating_add(part.len());
    }
    let digest = |piece: usize| {
        let (mut at, stop) = (piece.saturating_mul(PIECE), piece.saturating_add(1).saturating_mul(PIECE).min(end));
        let mut hasher = Sha256::new();
        let mut number = starts.partition_point(|&start| start <= at).saturating_sub(1);
        while at < stop
            && let (Some(part), Some(start)) = (parts.get(number), starts.get(number))
        {
            let part_end = start.saturating_add(part.len()).min(stop);
            hasher.update(part.get(at.saturating_sub(*start)..part_end.saturating_sub(*start)).unwrap_or_default());
            at = part_end;
            number = number.saturating_add(1);
        }
        hasher.finalize()
    };
    let digests: Vec<_> = (0..end.div_ceil(PIECE)).into_par_iter().map(digest).collect();
    digests.iter().flat_map(|digest| digest.iter().copied()).collect()
}

/// Whether the bytes after the head match `digests`, for the first `most` bytes. Pages of a
/// mapped file do not stay in memory for this.
pub(super) fn are_pieces_whole(bytes: &Bytes, digests: &[u8], most: usize) -> bool {
    if digests.len() != bytes.len().div_ceil(PIECE).saturating_mul(SIZE) {
        return false;
    }
    let is_whole = |(number, digest): (usize, &[u8])| {
        let start = number.saturating_mul(PIECE);
        let piece = bytes.slice(start, PIECE.min(bytes.len().saturating_sub(start)));
        piece.is_some_and(|piece| {
            let is_whole = Sha256::digest(&piece).as_slice() == digest;
            piece.release();
            is_whole
        })
    };
    digests.par_chunks_exact(SIZE).take(most.div_ceil(PIECE)).enumerate().all(is_whole)
}

fn hexadecimal(digest: &[u8]) -> [u8; DIGITS] {
    let mut digits = ZEROS;
    let digit = |half: u8| char::from_digit(half.into(), 16).and_then(|digit| u8::try_from(digit).ok());
    for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
        pair.iter_mut().zip([byte >> 4, byte & 15]).for_each(|(to, half)| *to = digit(half).unwrap_or(b'0'));
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

    #[test]
    fn pieces_run_over_the_parts() {
        let bytes: Vec<u8> =
            (0..2_500_000_u32).map(|place| place.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let whole = of_pieces(&[&bytes]);
        assert_eq!(whole.len(), 3 * SIZE);
        for cuts in [vec![0, 1, 1, 2_499_999], vec![PIECE, 2 * PIECE], vec![PIECE - 1, PIECE + 1]] {
            let mut parts = Vec::new();
            let mut start = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                parts.push(&bytes[start..cut]);
                start = cut;
            }
            assert_eq!(of_pieces(&parts), whole);
        }
        assert!(of_pieces(&[]).is_empty());
        let mut flipped = bytes.clone();
        flipped[PIECE] ^= 1;
        let (bytes, flipped) = (Bytes::from(bytes), Bytes::from(flipped));
        assert!(are_pieces_whole(&bytes, &whole, bytes.len()));
        assert!(!are_pieces_whole(&flipped, &whole, bytes.len()));
        assert!(are_pieces_whole(&flipped, &whole, PIECE) && !are_pieces_whole(&flipped, &whole, PIECE + 1));
        assert!(!are_pieces_whole(&bytes, &whole[SIZE..], bytes.len()));
    }
}
