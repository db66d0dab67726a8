//! Ways to damage a file: every cut, every changed byte, and noise. Whatever comes of them must be an answer or a named
//! error.

/// A small deterministic generator (xorshift64*), so that a failure can be repeated.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// A generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(bound).expect("fits")).expect("fits")
    }

    /// As many random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number().to_le_bytes()[7]).collect()
    }
}

/// Every prefix of `bytes` where there are no more than `most`, else a sample of them.
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

/// All places below `len`, or `most` of them evenly spread.
fn places(len: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = len.div_ceil(most.max(1)).max(1);
    // An odd step meets all residues of structures whose size is a power of two.
    (0..len).step_by(if step == 1 { 1 } else { step | 1 })
}
