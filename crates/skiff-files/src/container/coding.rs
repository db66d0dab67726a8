//! Tensors compressed one by one: zeros removed, the bytes of numbers shuffled, then zstd.

use std::cell::RefCell;

use rayon::prelude::*;
use zstd::bulk::Decompressor;
use zstd::zstd_safe;

use crate::Error;
use crate::container::header::damaged;

/// How a tensor's bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    /// Its uncompressed size in bytes.
    pub length: usize,
    /// The size of the numbers whose bytes were shuffled: all the first ones, then all the second ones, …
    pub shuffle: usize,
    /// How many of its numbers are not zero, if only those are stored, after a bit for each number.
    pub nonzeros: Option<usize>,
}

impl Coding {
    /// The size of the frames' content in bytes; `None` if there cannot be that many numbers.
    pub fn content(&self) -> Option<usize> {
        let Some(nonzeros) = self.nonzeros else { return Some(self.length) };
        let numbers = self.length / self.shuffle.max(1);
        nonzeros.checked_mul(self.shuffle).filter(|_| nonzeros <= numbers)?.checked_add(numbers.div_ceil(8))
    }
}

/// The size of a frame's content in bytes; the last one may be shorter. Several cores can decompress one tensor.
const FRAME: usize = 1 << 20;

/// How many of its bytes are sampled to choose an encoding: a multiple of all sizes.
const SAMPLE: usize = 128 << 10;

/// Compresses a tensor; `None` if that saves nothing. One that becomes smaller than the fraction `least` is left
/// uncompressed: a reader's limits would reject it as a bomb.
pub(super) fn encode(bytes: &[u8], size: usize, level: i32, least: Option<usize>) -> Option<(Coding, Vec<u8>)> {
    // Repeated numbers compress well unshuffled; numbers that are near each other, shuffled.
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let length = |content: &[u8]| zstd::bulk::compress(content, level).map_or(usize::MAX, |content| content.len());
    let size = match part(sample, size) {
        (_, Some(content)) if length(&content) < length(sample) => size,
        _ => 1,
    };
    let (nonzeros, content) = part(bytes, size);
    let frames = content.as_deref().unwrap_or(bytes).par_chunks(FRAME);
    let frames: Vec<Vec<u8>> = frames.map(|frame| zstd::bulk::compress(frame, level)).collect::<Result<_, _>>().ok()?;
    let compressed = frames.concat();
    // The saving must exceed the size of the entry in the list.
    let pays = compressed.len().saturating_add(64) < bytes.len();
    let is_bomb = least.is_some_and(|least| bytes.len() > compressed.len().saturating_mul(least));
    let coding = Coding { length: bytes.len(), shuffle: size.max(1), nonzeros };
    (pays && !is_bomb).then_some((coding, compressed))
}

/// [`parted`] numbers of so many bytes; nothing for single bytes.
fn part(bytes: &[u8], size: usize) -> (Option<usize>, Option<Vec<u8>>) {
    match size {
        2 => parted::<2>(bytes),
        4 => parted::<4>(bytes),
        8 => parted::<8>(bytes),
        _ => (None, None),
    }
}

/// On how many cores a tensor is decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cores {
    /// On the caller's: code that holds a lock must not wait for threads that may need it.
    One,
    All,
}

/// The original tensor; `None` for bytes that [`encode`] does not produce.
pub(super) fn decode(bytes: &[u8], coding: Coding, cores: Cores) -> Option<Vec<u8>> {
    // Of the length that was charged when the list of arrays was read: whatever a frame declares, nothing else
    // is allocated, and more bytes are an error.
    let length = coding.content()?;
    if coding.shuffle == 1 && coding.nonzeros.is_none() {
        let mut out = vec![0; length];
        return decompress(bytes, &mut out, cores).then_some(out);
    }
    let join = |content: &[u8]| match coding.shuffle {
        2 => joined::<2>(content, coding),
        4 => joined::<4>(content, coding),
        8 => joined::<8>(content, coding),
        _ => None,
    };
    if cores == Cores::All || length > MOST_KEPT {
        let mut content = vec![0; length];
        return decompress(bytes, &mut content, cores).then(|| join(&content)).flatten();
    }
    CONTENT.with_borrow_mut(|content| {
        content.resize(length.max(content.len()), 0);
        let content = content.get_mut(..length)?;
        decompress(bytes, content, Cores::One).then(|| join(content)).flatten()
    })
}

thread_local! {
    /// Reused memory is cheaper than new memory.
    static CONTENT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How much memory a thread may keep.
const MOST_KEPT: usize = 4 << 20;

/// Like [`decode`], with an error.
pub(super) fn decode_now(bytes: &[u8], coding: Coding) -> Result<Vec<u8>, Error> {
    decode(bytes, coding, Cores::All).ok_or(damaged("a compressed tensor cannot be decompressed"))
}

/// Decompresses `frames` into `out`; false if the number of bytes differs.
fn decompress(mut frames: &[u8], out: &mut [u8], cores: Cores) -> bool {
    let mut parts = Vec::new();
    for part in out.chunks_mut(FRAME) {
        let length = zstd_safe::find_frame_compressed_size(frames).unwrap_or(usize::MAX);
        let Some((frame, rest)) = frames.split_at_checked(length) else { return false };
        parts.push((frame, part));
        frames = rest;
    }
    match cores {
        _ if !frames.is_empty() => false,
        Cores::One => parts.into_iter().all(decompress_frame),
        Cores::All => parts.into_par_iter().all(decompress_frame),
    }
}

fn decompress_frame((frame, out): (&[u8], &mut [u8])) -> bool {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        if decompressor.is_none() {
            *decompressor = Decompressor::new().ok();
        }
        let length = decompressor.as_mut().and_then(|decompressor| decompressor.decompress_to_buffer(frame, out).ok());
        length == Some(out.len())
    })
}

/// The numbers with shuffled bytes, with zeros replaced by a bit if that takes fewer bytes; and how many
/// are not.
fn parted<const N: usize>(bytes: &[u8]) -> (Option<usize>, Option<Vec<u8>>) {
    let (numbers, _) = bytes.as_chunks::<N>();
    let nonzeros = numbers.iter().filter(|number| **number != [0; N]).count();
    let bits = numbers.len().div_ceil(8);
    if nonzeros.saturating_mul(N).saturating_add(bits) >= bytes.len() {
        return (None, Some(shuffled(numbers.iter().copied(), numbers.len())));
    }
    let mut content = vec![0; bits];
    for (byte, eight) in content.iter_mut().zip(numbers.chunks(8)) {
        *byte = eight.iter().rev().fold(0, |bits, number| bits << 1 | u8::from(*number != [0; N]));
    }
    content.extend(shuffled(numbers.iter().copied().filter(|number| *number != [0; N]), nonzeros));
    (Some(nonzeros), Some(content))
}

/// All the first bytes of `count` numbers, then all the second ones, …
fn shuffled<const N: usize>(numbers: impl Iterator<Item = [u8; N]>, count: usize) -> Vec<u8> {
    let mut out = vec![0; count.saturating_mul(N)];
    let mut planes: [&mut [u8]; N] = planes(out.chunks_exact_mut(count.max(1)));
    for (place, number) in numbers.enumerate() {
        for (plane, byte) in planes.iter_mut().zip(number) {
            if let Some(to) = plane.get_mut(place) {
                *to = byte;
            }
        }
    }
    out
}

/// The inverse of [`parted`]; `None` for a wrong number of bytes.
fn joined<const N: usize>(content: &[u8], coding: Coding) -> Option<Vec<u8>> {
    let mut out = vec![0; coding.length];
    let (numbers, _) = out.as_chunks_mut::<N>();
    let (bits, shuffled) = content.split_at_checked(coding.nonzeros.map_or(0, |_| numbers.len().div_ceil(8)))?;
    let count = shuffled.len() / N;
    let planes: [&[u8]; N] = planes(shuffled.chunks_exact(count.max(1)));
    let at = |place: usize| planes.map(|plane| plane.get(place).copied().unwrap_or_default());
    if coding.nonzeros.is_none() {
        numbers.iter_mut().enumerate().for_each(|(place, number)| *number = at(place));
        return Some(out);
    }
    let mut place = 0_usize;
    for (eight, &bits) in numbers.chunks_mut(8).zip(bits) {
        for (bit, number) in (0..8_u32).zip(eight) {
            if bits.wrapping_shr(bit) & 1 == 1 {
                *number = at(place);
                place = place.saturating_add(1);
            }
        }
    }
    (place == count).then_some(out)
}

/// The first `N` slices, empty where there are fewer.
fn planes<S: Default, const N: usize>(mut planes: impl Iterator<Item = S>) -> [S; N] {
    std::array::from_fn(|_| planes.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        for size in [1_usize, 2, 4, 8] {
            for (count, one_in) in
                [0_usize, 1, 3, 1_000, 300_000].into_iter().flat_map(|count| [(count, 1), (count, 5)])
            {
                let byte = |place: usize| {
                    if (place / size).is_multiple_of(one_in) { u8::try_from(1 + place / 7 % 250).unwrap() } else { 0 }
                };
                let bytes: Vec<u8> = (0..count * size).map(byte).collect();
                let Some((coding, compressed)) = encode(&bytes, size, 3, None) else {
                    assert!(count < 1_000, "a thousand numbers of {size} bytes are not compressed");
                    continue;
                };
                assert_eq!(coding.nonzeros, (one_in == 5 && size > 1).then(|| count.div_ceil(5)));
                for cores in [Cores::One, Cores::All] {
                    assert_eq!(decode(&compressed, coding, cores).as_ref(), Some(&bytes));
                }
                // Zeros after the last byte of bits leave no trace.
                let short = Coding { length: coding.length - 8 * size, ..coding };
                let long = Coding { length: coding.length + 8 * size, ..coding };
                assert_eq!(
                    (decode(&compressed, short, Cores::All), decode(&compressed, long, Cores::All)),
                    (None, None)
                );
                assert_eq!(decode(&compressed[..compressed.len() / 2], coding, Cores::All), None);
                assert_eq!(decode(&[&compressed[..], &compressed].concat(), coding, Cores::All), None);
            }
        }
        assert_eq!(decode(b"no frame at all", Coding { length: 4, shuffle: 1, nonzeros: None }, Cores::One), None);
    }

    #[test]
    fn zeros_are_where_the_bits_say() {
        let numbers: Vec<u8> =
            [0.0_f64, 1.5, -0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.5].iter().flat_map(|x| x.to_le_bytes()).collect();
        let (nonzeros, content) = parted::<8>(&numbers);
        let content = content.unwrap();
        // A negative zero does not count as zero.
        assert_eq!((nonzeros, &content[..2]), (Some(3), &[0b110, 0b10][..]));
        let coding = Coding { length: numbers.len(), shuffle: 8, nonzeros };
        assert_eq!((coding.content(), joined::<8>(&content, coding)), (Some(content.len()), Some(numbers)));
        // More bits than numbers, and fewer.
        for bits in [0b111, 0b10] {
            let damaged = [&[bits], &content[1..]].concat();
            assert_eq!(joined::<8>(&damaged, coding), None);
        }
        assert_eq!(Coding { nonzeros: Some(11), ..coding }.content(), None);
    }

    #[test]
    fn nothing_is_written_that_looks_like_a_bomb() {
        assert!(encode(&vec![0; 4 << 20], 8, 19, Some(1_000)).is_none());
        assert!(encode(&vec![0; 4 << 20], 8, 19, None).is_some());
        assert!(encode(&vec![0; 4 << 10], 8, 19, Some(1_000)).is_some());
    }
}
