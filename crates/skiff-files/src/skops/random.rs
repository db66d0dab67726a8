//! numpy's random states and generators of skops' files, as numpy itself pickles them.

use skiff_pickle::{Change, Make, Node, NodeId};

use super::Reader;
use crate::json::{Document, Id, Json};
use crate::numpy::{DType, Order, nodes};
use crate::text::two_complement;
use crate::{Endian, Error, Scalar};

/// The modules of numpy's bit generators.
const BIT_GENERATORS: [(&str, &str); 5] = [
    ("MT19937", "numpy.random._mt19937"),
    ("PCG64", "numpy.random._pcg64"),
    ("PCG64DXSM", "numpy.random._pcg64"),
    ("Philox", "numpy.random._philox"),
    ("SFC64", "numpy.random._sfc64"),
];

/// The largest pool: numpy's default has 4 words.
const LARGEST_POOL: usize = 64;

/// numpy's checksum of what `SeedSequence` consists of.
const SEED_CHECKSUM: i64 = 65_708_578;

impl Reader<'_> {
    /// `__randomstate_ctor('MT19937')` and the state.
    pub(super) fn random_state(&mut self, state: Id) -> Result<Node, Error> {
        let content = self.field(state, "content")?;
        let content = self.place(content)?;
        let name = nodes::text(&mut self.graph, "MT19937");
        let arguments = self.tuple(vec![name]);
        let changes = vec![Change::Build(content)];
        Ok(self.object(Make::Reduce, "numpy.random._pickle", "__randomstate_ctor", arguments, changes))
    }

    /// `__generator_ctor(__bit_generator_ctor(class))`, the inner one with its state and its seed.
    pub(super) fn generator(&mut self, state: Id) -> Result<Node, Error> {
        let unknown = self.wrong("a generator is not one of numpy's");
        let content = self.field(state, "content")?;
        let parts: &[&str] = if self.protocol < 2 { &["bit_generator"] } else { &["bit_generator", "seed_seq"] };
        self.exactly(content, parts)?;
        let bits = self.field(content, "bit_generator")?;
        // Protocol 0 has no nodes there.
        let protocol0 = self.protocol == 0;
        let bits = if protocol0 { bits } else { self.plain_dict(bits)? };
        let name = if protocol0 {
            self.text(bits, "bit_generator")?
        } else {
            let fields = self.field(bits, "content")?;
            let text = self.field(fields, "bit_generator").and_then(|name| self.single(name))?;
            let document = Document::parse(&text, 1).map_err(|_| self.wrong("a value is not a JSON scalar"))?;
            document.text_of(0).unwrap_or_default().to_owned()
        };
        let Some((class, module)) = BIT_GENERATORS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown);
        };
        let seed = self.document.get(content, "seed_seq").map(|seed| self.seed(seed)).transpose()?;
        let bits = if protocol0 { self.raw(bits, 4)? } else { self.place(bits)? };
        let change = match seed {
            Some(seed) => self.tuple(vec![bits, seed]),
            // Before protocol 2 the seed was not stored, nor did older numpys pickle it.
            None => bits,
        };
        let class = self.global(module, class);
        let class = self.graph.push(class);
        let arguments = self.tuple(vec![class]);
        let changes = vec![Change::Build(change)];
        let bits = self.object(Make::Reduce, "numpy.random._pickle", "__bit_generator_ctor", arguments, changes);
        let bits = self.graph.push(bits);
        let arguments = self.tuple(vec![bits]);
        Ok(self.object(Make::Reduce, "numpy.random._pickle", "__generator_ctor", arguments, Vec::new()))
    }

    /// A `SeedSequence` from the parts from which numpy creates it.
    fn seed(&mut self, state: Id) -> Result<NodeId, Error> {
        // All parts are built before the call, with their names as keywords.
        let names = ["entropy", "n_children_spawned", "pool_size", "spawn_key"];
        let state = self.plain_dict(state)?;
        let content = self.field(state, "content")?;
        self.exactly(content, &names)?;
        let types = self.key_types(state)?;
        if types.len() != names.len() || !types.iter().all(|&kind| self.is_builtin(kind, "TypeNode", "str")) {
            return Err(self.wrong("a seed's keys are not strings"));
        }
        let mut parts = Vec::new();
        for name in names {
            let part = self.field(content, name)?;
            parts.push(self.whole(part));
        }
        let &[entropy, spawned, size, key] = parts.as_slice() else {
            return Err(self.wrong("a part of a seed is missing"));
        };
        let unknown = || Error::new(crate::ErrorKind::SkopsSchema("a generator's seed is not one of numpy's"));
        let entropy_words = self.words(entropy)?.ok_or_else(unknown)?;
        let key_words = self.words(key)?.ok_or_else(unknown)?;
        let size_words = self.words(size)?.ok_or_else(unknown)?;
        let length = match *size_words {
            [length] => usize::try_from(length).ok().filter(|length| (4..=LARGEST_POOL).contains(length)),
            _ => None,
        };
        let length = length.ok_or_else(unknown)?;
        let pool = pool(&entropy_words, &key_words, length);
        let bytes: Vec<u8> = pool.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.budget.decoded(bytes.len(), 0)?;
        self.budget.nodes(96, 0)?;
        let bytes = self.graph.keep(&bytes);
        let dtype = DType::UInt { size: 4, endian: Endian::Little };
        let pool = nodes::array(&mut self.graph, &dtype, &[length], Order::C, bytes);
        let (entropy, spawned, size, key) =
            (self.place(entropy)?, self.place(spawned)?, self.place(size)?, self.place(key)?);
        let change = self.tuple(vec![entropy, spawned, pool, size, key]);
        let module = "numpy.random.bit_generator";
        let class = self.global(module, "SeedSequence");
        let class = self.graph.push(class);
        let (checksum, none) = (self.graph.push(Node::Int(SEED_CHECKSUM)), self.graph.push(Node::None));
        let arguments = self.tuple(vec![class, checksum, none]);
        let changes = vec![Change::Build(change)];
        let seed = self.object(Make::Reduce, module, "__pyx_unpickle_SeedSequence", arguments, changes);
        Ok(self.graph.push(seed))
    }

    /// A whole number, Python's or numpy's, or a list of some, as words of 32 bits, the lowest first.
    fn words(&mut self, state: Id) -> Result<Option<Vec<u32>>, Error> {
        let document = self.document;
        let states = match document.get(state, "content").map(|content| document.value(content)) {
            Some(Json::Array(items)) => items.clone(),
            _ => vec![state],
        };
        let mut words = Vec::new();
        for state in states {
            let state = self.whole(state);
            let mut numbers = Vec::new();
            match self.text(state, "__loader__")?.as_str() {
                "JsonNode" => {
                    let text = self.text(state, "content")?;
                    numbers.extend(two_complement(&text).filter(|_| !text.starts_with('-')));
                }
                "NdArrayNode" if self.text(state, "type")? == "numpy" => {
                    let array = self.stored_array(state)?;
                    let column = array.column().filter(|_| array.ndim() < 2);
                    for number in column.and_then(|column| column.to_scalars()).unwrap_or_default() {
                        match number {
                            Scalar::Int(number @ 0..) => numbers.push(number.to_le_bytes().to_vec()),
                            Scalar::BigInt(digits) => numbers.extend(two_complement(&digits)),
                            _ => return Ok(None),
                        }
                    }
                }
                _ => return Ok(None),
            }
            if numbers.is_empty() {
                return Ok(None);
            }
            for mut bytes in numbers {
                while bytes.len() > 1 && bytes.last() == Some(&0) {
                    bytes.pop();
                }
                for word in bytes.chunks(4) {
                    words.push(word.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)));
                }
            }
        }
        Ok(Some(words))
    }

    /// Plain JSON, as in protocol 0 for a bit generator's state: nested at most this deep.
    fn raw(&mut self, id: Id, depth: u32) -> Result<NodeId, Error> {
        self.budget.nodes(1, 0)?;
        let document = self.document;
        let deep = self.wrong("a generator's state is nested deeper than numpy's");
        let node = match document.value(id) {
            Json::Object(pairs) => {
                let depth = depth.checked_sub(1).ok_or(deep)?;
                let mut placed = Vec::new();
                for (key, value) in pairs {
                    self.budget.decoded(key.len(), 0)?;
                    let key = Node::Str(self.graph.keep(key));
                    placed.push((self.graph.push(key), self.raw(*value, depth)?));
                }
                Node::Dict(placed)
            }
            Json::Array(items) => {
                let depth = depth.checked_sub(1).ok_or(deep)?;
                Node::List(items.iter().map(|&item| self.raw(item, depth)).collect::<Result<_, _>>()?)
            }
            _ => self.scalar(document, id)?,
        };
        Ok(self.graph.push(node))
    }
}

/// The pool that numpy's `SeedSequence` mixes from its entropy and spawn key: the algorithm of O'Neill's
/// `seed_seq_fe`, in wrapping arithmetic of 32 bits.
fn pool(entropy: &[u32], key: &[u32], length: usize) -> Vec<u32> {
    let mut words = entropy.to_vec();
    if !key.is_empty() && words.len() < length {
        words.resize(length, 0);
    }
    words.extend(key);
    let mut constant = 0x43b0_d7e5_u32;
    let mut hash = |word: u32| {
        let word = word ^ constant;
        constant = constant.wrapping_mul(0x931e_8875);
        let word = word.wrapping_mul(constant);
        word ^ word >> 16
    };
    let mix = |a: u32, b: u32| {
        let mixed = a.wrapping_mul(0xca01_f9dd).wrapping_sub(b.wrapping_mul(0x4973_f715));
        mixed ^ mixed >> 16
    };
    let (first, rest) = words.split_at(words.len().min(length));
    let mut pool: Vec<u32> = first.iter().copied().map(&mut hash).collect();
    while pool.len() < length {
        pool.push(hash(0));
    }
    for from in 0..length {
        for to in 0..length {
            if from != to {
                let source = pool.get(from).copied().unwrap_or_default();
                let hashed = hash(source);
                if let Some(word) = pool.get_mut(to) {
                    *word = mix(*word, hashed);
                }
            }
        }
    }
    for &word in rest {
        for mixed in &mut pool {
            *mixed = mix(*mixed, hash(word));
        }
    }
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_numpys() {
        // `numpy.random.SeedSequence(5).pool`, and of 12345678901234567890 with the key (3, 1).
        let bytes = |pool: Vec<u32>| pool.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(bytes(pool(&[5], &[], 4)), b"\"FI\xe2$\xf6\x10\xaa;\x8c4\x9b=\xc5\x19\x13");
        let entropy = 12_345_678_901_234_567_890_u64;
        let entropy = [u32::try_from(entropy & 0xffff_ffff).unwrap(), u32::try_from(entropy >> 32).unwrap()];
        assert_eq!(bytes(pool(&entropy, &[3, 1], 4)), b"\xfd\x1f\x836\xdc\rEZ\x1f\xdf.\xc4\x87\xc4\x805");
    }
}
