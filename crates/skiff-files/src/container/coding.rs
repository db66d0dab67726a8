//! Tensors compressed one by one: the bytes of numbers put next to their like, then zstd.

use std::io::Read;

use crate::Error;
use crate::container::header::damaged;

/// How a tensor's bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    /// How many bytes it has when it is not.
    pub length: usize,
    /// Of how many bytes the numbers are whose bytes were parted: all the first ones, then all the second ones, …
    pub shuffle: usize,
}

/// What a decoder's window may take: that of zstd's greatest level without `--long`.
const WINDOW: u64 = 128 << 20;

/// Compresses a tensor; nothing where that does not pay.
pub(super) fn encode(bytes: &[u8], size: usize, level: i32) -> Option<(Coding, Vec<u8>)> {
    let shuffled = if size > 1 { shuffle(bytes, size) } else { Vec::new() };
    let compressed = zstd::bulk::compress(if size > 1 { &shuffled } else { bytes }, level).ok()?;
    // What is saved has to be worth the entry that tells of it.
    let coding = Coding { length: bytes.len(), shuffle: size.max(1) };
    (compressed.len().saturating_add(64) < bytes.len()).then_some((coding, compressed))
}

/// The tensor as it was; `None` for bytes that are not what [`encode`] makes.
pub(super) fn decode(bytes: &[u8], coding: Coding) -> Option<Vec<u8>> {
    let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(bytes, WINDOW).ok()?;
    // The length was spent from the limits when the list of arrays was read; one byte more would be too many.
    let mut out = Vec::with_capacity(coding.length);
    let most = u64::try_from(coding.length).ok()?.checked_add(1)?;
    decoder.take(most).read_to_end(&mut out).ok()?;
    if out.len() != coding.length {
        return None;
    }
    if coding.shuffle > 1 { unshuffle(&out, coding.shuffle) } else { Some(out) }
}

/// As [`decode`], with an error for what cannot be told later.
pub(super) fn decode_now(bytes: &[u8], coding: Coding) -> Result<Vec<u8>, Error> {
    decode(bytes, coding).ok_or(damaged("a compressed tensor is not what it should be"))
}

fn shuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    (0..size).flat_map(|place| bytes.iter().skip(place).step_by(size).copied()).collect()
}

fn unshuffle(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    match size {
        2 => Some(unshuffled::<2>(bytes)),
        4 => Some(unshuffled::<4>(bytes)),
        8 => Some(unshuffled::<8>(bytes)),
        _ => None,
    }
    .filter(|_| bytes.len().is_multiple_of(size))
}

fn unshuffled<const N: usize>(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let count = bytes.len() / N;
    let mut planes = bytes.chunks_exact(count.max(1));
    let planes: [&[u8]; N] = std::array::from_fn(|_| planes.next().unwrap_or_default());
    let (numbers, _) = out.as_chunks_mut::<N>();
    for (place, number) in numbers.iter_mut().enumerate() {
        *number = planes.map(|plane| plane.get(place).copied().unwrap_or_default());
    }
    out
}
