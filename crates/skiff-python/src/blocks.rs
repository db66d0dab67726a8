//! Assembles buffers in blocks, one block ahead of the unpickler that uses them.
//!
//! While Python copies the nodes of some trees to where scikit-learn has them, on its one thread, the columns of the next
//! trees become nodes.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use skiff_files::write::{Buffer, copy_buffers};

/// The size of a block of buffers in bytes: enough for many cores, and small enough for the cache.
const BLOCK: usize = 8 << 20;
/// Smaller blocks are assembled faster than a thread starts.
const WORTH_A_THREAD: usize = 1 << 20;
/// The alignment of buffers.
const ALIGNMENT: usize = 64;

/// Some buffers in their own memory.
#[derive(Debug)]
pub struct Block {
    pub bytes: Vec<u8>,
    /// The range of each.
    pub places: Vec<(usize, usize)>,
}

/// The next block, if it is being assembled.
#[derive(Debug, Default)]
pub struct Blocks(Mutex<Option<Ahead>>);

#[derive(Debug)]
struct Ahead {
    range: Range<usize>,
    thread: JoinHandle<Option<Block>>,
}

impl Blocks {
    /// The block of the wanted buffers from number `index` on; `None` if the file is damaged.
    pub fn take(&self, buffers: &[Buffer], index: usize, is_wanted: impl Fn(&usize) -> bool) -> Option<Block> {
        let range = of_one_block(buffers, index, &is_wanted);
        let mut ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let block = match ahead.take() {
            Some(Ahead { range: started, thread }) if started == range => thread.join().ok().flatten(),
            _ => Block::of(buffers.get(range.clone())?)?.filled(buffers.get(range.clone())?),
        };
        if let Some(next) = (range.end..buffers.len()).find(&is_wanted) {
            let range = of_one_block(buffers, next, &is_wanted);
            let next = buffers.get(range.clone())?.to_vec();
            if next.iter().map(|buffer| buffer.bytes.len()).sum::<usize>() >= WORTH_A_THREAD {
                // Its memory is allocated here: Python has released that of the previous block.
                let block = Block::of(&next)?;
                *ahead = Some(Ahead { range, thread: thread::spawn(move || block.filled(&next)) });
            }
        }
        block
    }
}

/// The numbers of the buffers that are in one block with the one at `index`.
fn of_one_block(buffers: &[Buffer], index: usize, is_wanted: impl Fn(&usize) -> bool) -> Range<usize> {
    let (mut end, mut size) = (index, 0_usize);
    for buffer in buffers.iter().skip(index) {
        size = size.next_multiple_of(ALIGNMENT).saturating_add(buffer.bytes.len());
        if end > index && (size > BLOCK || !is_wanted(&end)) {
            break;
        }
        end += 1;
    }
    index..end
}

impl Block {
    /// Memory for some buffers.
    fn of(buffers: &[Buffer]) -> Option<Self> {
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(buffers.len());
        for buffer in buffers {
            let start = places.last().map_or(0, |(_, end)| end.next_multiple_of(ALIGNMENT));
            places.push((start, start.checked_add(buffer.bytes.len())?));
        }
        Some(Self { bytes: vec![0; places.last().map_or(0, |(_, end)| *end)], places })
    }

    /// Filled with the buffers; `None` if one of them is damaged.
    fn filled(mut self, buffers: &[Buffer]) -> Option<Self> {
        let (mut rest, mut at) = (self.bytes.as_mut_slice(), 0);
        let mut parts = Vec::with_capacity(buffers.len());
        for (buffer, (start, end)) in buffers.iter().zip(&self.places) {
            let (before, behind) = rest.split_at_mut(end - at);
            let (_, part) = before.split_at_mut(start - at);
            parts.push((buffer, part));
            (rest, at) = (behind, *end);
        }
        copy_buffers(parts).then_some(self)
    }
}
