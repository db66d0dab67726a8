//! Ways to damage a file: every truncation, every changed byte, and noise. The outcome must be a result or a named
//! error.

/// A small deterministic generator (xorshift64*), so that a failure can be repeated.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u64,
    /// The bytes that are returned before the generator's, the next byte last; a script is followed by zeros.
    script: Option<Vec<u8>>,
}

impl Noise {
    /// A generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed | 1, script: None }
    }

    /// Bytes instead of the generator's: a fuzzer that changes them changes one decision, and leaves the others.
    pub fn scripted(script: &[u8]) -> Self {
        Self { state: 1, script: Some(script.iter().rev().copied().collect()) }
    }

    /// Whether a script has come to its end.
    pub fn is_spent(&self) -> bool {
        self.script.as_ref().is_some_and(Vec::is_empty)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        if self.script.is_some() {
            return self.scripted_number(8);
        }
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn scripted_number(&mut self, bytes: usize) -> u64 {
        let script = self.script.as_mut();
        script.map_or(0, |script| (0..bytes).fold(0, |number, _| number << 8 | u64::from(script.pop().unwrap_or(0))))
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = match (self.script.is_some(), bound) {
            (true, 0..=0x100) => self.scripted_number(1),
            (true, 0..=0x1_0000) => self.scripted_number(2),
            _ => self.number(),
        };
        usize::try_from(number % u64::try_from(bound).expect("fits")).expect("fits")
    }

    /// As many random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number().to_le_bytes()[7]).collect()
    }
}

/// Every prefix of `bytes` if there are no more than `most`, else a sample of them.
pub fn prefixes(bytes: &[u8], most: usize) -> impl Iterator<Item = Vec<u8>> {
    places(bytes.len(), most).map(|end| bytes[..end].to_vec())
}

/// `bytes` with one byte changed: each byte in turn, or a sample of them; to a neighbour, its complement, and noise.
pub fn changes(bytes: &[u8], most: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut noise = Noise::new(bytes.len() as u64);
    places(bytes.len(), most / 3).flat_map(move |place| {
        let random = noise.number().to_le_bytes()[7];
        let old = bytes[place];
        [old.wrapping_add(1), !old, random].map(|new| {
            let mut changed = bytes.to_vec();
            changed[place] = new;
            changed
        })
    })
}

/// All indices below `len`, or `most` of them evenly spread.
fn places(len: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = len.div_ceil(most.max(1)).max(1);
    // An odd step covers all residues of structures whose size is a power of two.
    (0..len).step_by(if step == 1 { 1 } else { step | 1 })
}
