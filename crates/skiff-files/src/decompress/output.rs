//! The output of decompression, counted as it is written. Long runs of zeros take no memory, however long they are: arrays
//! of them are what makes a small file large.

use std::io::{self, Read};

use memmap2::{MmapMut, MmapOptions};
use skiff_pickle::{Bytes, Limits, Owner};

/// How many bytes are decompressed between two checks of the time.
const STEP: u64 = 1 << 20;
/// Archives have thousands of small entries: none begins with a megabyte.
const FIRST_STEP: u64 = 16 << 10;
/// The length of runs of zeros that are left out.
const SHORTEST_RUN: usize = 64 << 10;
/// Content with fewer zeros is kept completely.
const WORTH_A_MAP: usize = 16 << 20;

/// Decompressed bytes, and their limits.
pub(super) struct Output<'a> {
    /// All bytes except those of the runs.
    bytes: Vec<u8>,
    /// Where in `bytes` zeros are left out, and how many.
    runs: Vec<(usize, usize)>,
    /// Their total number.
    zeros: usize,
    most: u64,
    most_kept: u64,
    limits: &'a Limits,
}

impl<'a> Output<'a> {
    /// At most `size` bytes, and at most `kept` of them in memory.
    pub fn new(most: u64, most_kept: u64, limits: &'a Limits) -> Self {
        Self { bytes: Vec::new(), runs: Vec::new(), zeros: 0, most, most_kept, limits }
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        long(self.bytes.len().saturating_add(self.zeros))
    }

    /// How many of them take memory.
    pub fn kept(&self) -> u64 {
        long(self.bytes.len())
    }

    pub fn is_exceeded(&self) -> bool {
        self.length() > self.most
    }

    pub fn is_kept_beyond(&self) -> bool {
        self.kept() > self.most_kept
    }

    /// Whether it was `size` that bounded this, and there is more.
    pub fn is_longer_than(&self, size: u64) -> bool {
        self.most == size && self.is_exceeded()
    }

    /// Reads all of `decoder`, one byte beyond what is allowed at most.
    pub fn fill(&mut self, mut decoder: impl Read) -> io::Result<()> {
        loop {
            let step = self.length().clamp(FIRST_STEP, STEP).min(self.left().saturating_add(1));
            let before = self.bytes.len();
            self.grow(usize::try_from(step).unwrap_or(usize::MAX))?;
            decoder.by_ref().take(step).read_to_end(&mut self.bytes)?;
            // `read_to_end` stops early at the end alone.
            let found = self.bytes.len().saturating_sub(before);
            let is_zero = self.bytes.get(before..).is_some_and(is_run);
            if is_zero {
                self.bytes.truncate(before);
                self.leave_out(found);
            }
            self.check()?;
            if long(found) < step {
                return Ok(());
            }
        }
    }

    /// Adds some bytes.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if is_run(bytes) {
            self.leave_out(bytes.len());
        } else {
            self.grow(bytes.len())?;
            self.bytes.extend_from_slice(bytes);
        }
        self.check()
    }

    /// Records a run of zeros here.
    fn leave_out(&mut self, count: usize) {
        self.zeros = self.zeros.saturating_add(count);
        match self.runs.last_mut() {
            Some((at, run)) if *at == self.bytes.len() => *run = run.saturating_add(count),
            _ => self.runs.push((self.bytes.len(), count)),
        }
    }

    /// Reserves memory for `more` bytes: twice as much as before, but no more than the limit. (A vector by
    /// itself would grow to nearly twice the limit.)
    fn grow(&mut self, more: usize) -> io::Result<()> {
        let (length, capacity) = (self.bytes.len(), self.bytes.capacity());
        let needed = length.saturating_add(more);
        if needed <= capacity {
            return Ok(());
        }
        let most = usize::try_from(self.most.min(self.most_kept)).unwrap_or(usize::MAX).saturating_add(1);
        let wanted = capacity.saturating_mul(2).min(most).max(needed);
        let out_of_memory = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        // `read_to_end` needs this to detect the end.
        self.bytes.try_reserve_exact(wanted.saturating_sub(length).saturating_add(64)).map_err(out_of_memory)
    }

    fn left(&self) -> u64 {
        self.most.saturating_sub(self.length())
    }

    fn check(&self) -> io::Result<()> {
        if self.is_exceeded() || self.is_kept_beyond() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if self.limits.is_late() { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(()) }
    }

    /// All bytes, contiguous.
    pub fn finish(mut self) -> io::Result<Bytes> {
        if self.runs.is_empty() {
            self.bytes.shrink_to_fit();
            return Ok(Bytes::from(self.bytes));
        }
        let total = self.bytes.len().saturating_add(self.zeros);
        if self.zeros < WORTH_A_MAP {
            let mut content = Vec::new();
            content.try_reserve_exact(total).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
            let mut from = 0;
            for (at, count) in self.runs {
                content.extend_from_slice(self.bytes.get(from..at).unwrap_or_default());
                content.resize(content.len().saturating_add(count), 0);
                from = at;
            }
            content.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
            return Ok(Bytes::from(content));
        }
        // Pages that are never written take no memory, and are zero.
        let mut map = MmapOptions::new().len(total).no_reserve_swap().map_anon()?;
        #[cfg(target_os = "linux")]
        map.advise(memmap2::Advice::NoHugePage)?;
        let held = self.bytes.len();
        self.spread(&mut map);
        Ok(Bytes::owned_by(Zeroed { map, held }))
    }

    /// Copies the bytes to where they belong among zeros, from the last to the first, and releases them meanwhile.
    fn spread(&mut self, out: &mut [u8]) {
        /// How much is copied before memory is released.
        const PIECE: usize = 16 << 20;
        let mut end = out.len();
        while let Some((at, zeros)) = self.runs.pop().or((!self.bytes.is_empty()).then_some((0, 0))) {
            while self.bytes.len() > at {
                let from = at.max(self.bytes.len().saturating_sub(PIECE));
                let piece = self.bytes.get(from..).unwrap_or_default();
                let start = end.saturating_sub(piece.len());
                if let Some(place) = out.get_mut(start..end) {
                    place.copy_from_slice(piece);
                }
                end = start;
                self.bytes.truncate(from);
                self.bytes.shrink_to_fit();
            }
            end = end.saturating_sub(zeros);
        }
    }
}

/// Bytes that are mostly zero.
struct Zeroed {
    map: MmapMut,
    /// How many are not left out.
    held: usize,
}

impl AsRef<[u8]> for Zeroed {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl Owner for Zeroed {
    fn held(&self) -> usize {
        self.held
    }
}

/// Whether these are zeros, and enough of them.
fn is_run(bytes: &[u8]) -> bool {
    bytes.len() >= SHORTEST_RUN && bytes.iter().all(|&byte| byte == 0)
}

fn long(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_come_back_where_they_were() {
        let limits = Limits::default();
        let mut content = Vec::new();
        for (number, length) in [(3_u8, 100_000), (0, 17 << 20), (5, 10), (0, 70_000), (7, 3 << 20), (0, 1 << 20)] {
            content.extend(std::iter::repeat_n(number, length));
        }
        for content in [&content[..], &content[..10 << 20], &content[100_000..], &[0; 100_000], &[]] {
            let mut filled = Output::new(u64::MAX, u64::MAX, &limits);
            filled.fill(content).unwrap();
            let mut appended = Output::new(u64::MAX, u64::MAX, &limits);
            for piece in content.chunks(256 << 10) {
                appended.append(piece).unwrap();
            }
            for output in [filled, appended] {
                assert_eq!(output.length(), long(content.len()));
                assert!(output.finish().unwrap().as_slice() == content);
            }
        }
    }

    #[test]
    fn zeros_are_counted_and_not_kept() {
        let limits = Limits::default();
        let mut output = Output::new(100 << 20, 1 << 20, &limits);
        output.fill(io::repeat(0).take(90 << 20)).unwrap();
        assert!(output.kept() < 1 << 20);
        assert!(output.fill(io::repeat(0).take(20 << 20)).is_err() && output.is_exceeded());
        let mut output = Output::new(100 << 20, 1 << 20, &limits);
        assert!(output.fill(io::repeat(1).take(2 << 20)).is_err() && output.is_kept_beyond());
    }
}
