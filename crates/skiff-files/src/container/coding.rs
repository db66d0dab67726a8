//! Tensors compressed one by one: the bytes of numbers put next to their like, then zstd.

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

/// Tensors that are larger and become smaller than this part of themselves are left as they are: a reader's limits
/// ([`crate::Limits::ratio`]) would take them for bombs.
const MOST_TO_ONE: usize = 1_000;
const LARGE: usize = 1 << 20;

/// Compresses a tensor; nothing where that does not pay.
pub(super) fn encode(bytes: &[u8], size: usize, level: i32) -> Option<(Coding, Vec<u8>)> {
    let shuffled = if size > 1 { shuffle(bytes, size) } else { Vec::new() };
    let compressed = zstd::bulk::compress(if size > 1 { &shuffled } else { bytes }, level).ok()?;
    // What is saved has to be worth the entry that tells of it, and must not look like a bomb.
    let pays = compressed.len().saturating_add(64) < bytes.len();
    let is_bomb = bytes.len() > LARGE && bytes.len() > compressed.len().saturating_mul(MOST_TO_ONE);
    let coding = Coding { length: bytes.len(), shuffle: size.max(1) };
    (pays && !is_bomb).then_some((coding, compressed))
}

/// The tensor as it was; `None` for bytes that are not what [`encode`] makes.
pub(super) fn decode(bytes: &[u8], coding: Coding) -> Option<Vec<u8>> {
    // Straight into a buffer of the length that was spent from the limits when the list of arrays was read: whatever
    // the frame says, nothing else is allocated, and more bytes are an error.
    let out = zstd::bulk::decompress(bytes, coding.length).ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        for size in [1_usize, 2, 4, 8] {
            for count in [0_usize, 1, 3, 1_000] {
                let bytes: Vec<u8> = (0..count * size).map(|place| u8::try_from(place / 7 % 256).unwrap()).collect();
                let Some((coding, compressed)) = encode(&bytes, size, 3) else {
                    assert!(count < 1_000, "a thousand numbers of {size} bytes are not compressed");
                    continue;
                };
                assert_eq!(decode(&compressed, coding), Some(bytes));
                let short = Coding { length: coding.length - size, ..coding };
                let long = Coding { length: coding.length + size, ..coding };
                assert_eq!((decode(&compressed, short), decode(&compressed, long)), (None, None));
                assert_eq!(decode(&compressed[..compressed.len() / 2], coding), None);
            }
        }
        assert_eq!(decode(b"no frame at all", Coding { length: 4, shuffle: 1 }), None);
    }

    #[test]
    fn nothing_is_written_that_looks_like_a_bomb() {
        assert!(encode(&vec![0; 4 << 20], 8, 19).is_none());
        assert!(encode(&vec![0; 4 << 10], 8, 19).is_some());
    }
}
