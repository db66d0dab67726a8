//! The Mersenne Twister of Matsumoto and Nishimura, seeded as numpy seeds it.

/// How many words the state has.
const WORDS: usize = 624;
/// The word that each is mixed with lies this far ahead.
const AHEAD: usize = 397;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mt19937 {
    key: Box<[u32; WORDS]>,
    /// How many words of `key` were used.
    pos: usize,
}

impl Mt19937 {
    /// `init_genrand`.
    pub(super) fn new(seed: u32) -> Self {
        let (mut key, mut word) = (Box::new([0; WORDS]), seed);
        for (index, slot) in (1..).zip(key.iter_mut()) {
            *slot = word;
            word = (word ^ (word >> 30)).wrapping_mul(1_812_433_253).wrapping_add(index);
        }
        Self { key, pos: WORDS }
    }

    /// `init_by_array`; an empty seed is 0, as numpy has it.
    pub(super) fn of_array(seed: &[u32]) -> Self {
        let seed = if seed.is_empty() { &[0] } else { seed };
        let mut key = Self::new(19_650_218).key;
        let mut at = 1;
        let step = |key: &mut [u32; WORDS], at: usize, factor: u32| {
            let before = key[at - 1];
            key[at] ^= (before ^ (before >> 30)).wrapping_mul(factor);
        };
        let advance = |key: &mut [u32; WORDS], at: usize| {
            if at + 1 < WORDS {
                return at + 1;
            }
            key[0] = key[WORDS - 1];
            1
        };
        for (index, word) in (0_u32..).zip(seed).cycle().take(WORDS.max(seed.len())) {
            step(&mut key, at, 1_664_525);
            key[at] = key[at].wrapping_add(*word).wrapping_add(index);
            at = advance(&mut key, at);
        }
        for _ in 1..WORDS {
            step(&mut key, at, 1_566_083_941);
            key[at] = key[at].wrapping_sub(u32::try_from(at).expect("there are 624 words"));
            at = advance(&mut key, at);
        }
        key[0] = 0x8000_0000;
        Self { key, pos: WORDS }
    }

    pub(super) fn of_state(key: &[u32], pos: usize) -> Option<Self> {
        (pos <= WORDS).then_some(Self { key: Box::new(key.try_into().ok()?), pos })
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        if self.pos == WORDS {
            self.renew();
            self.pos = 0;
        }
        let mut word = self.key[self.pos];
        self.pos += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// `WORDS` new words.
    fn renew(&mut self) {
        for at in 0..WORDS {
            let mixed = (self.key[at] & 0x8000_0000) | (self.key[(at + 1) % WORDS] & 0x7fff_ffff);
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[at] = self.key[(at + AHEAD) % WORDS] ^ (mixed >> 1) ^ odd;
        }
    }
}

#[cfg(test)]
impl Mt19937 {
    pub(super) fn key(&self) -> &[u32] {
        &*self.key
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }
}
