//! MurmurHash3, as Austin Appleby placed it in the public domain.

/// `MurmurHash3_x86_32`.
pub(crate) fn hash_x86_32(bytes: &[u8], seed: u32) -> u32 {
    let mix = |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for &block in blocks {
        hash = (hash ^ mix(u32::from_le_bytes(block))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = tail.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    hash ^= mix(tail);
    // The length counts modulo 2³², as in the original.
    #[expect(clippy::cast_possible_truncation, reason = "the original takes the length as an int")]
    {
        hash ^= bytes.len() as u32;
    }
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::hash_x86_32;

    /// `sklearn.utils.murmurhash3_32(…, positive=True)`.
    #[test]
    fn hashes_are_scikit_learns() {
        for (text, hash) in MURMUR {
            assert_eq!(hash_x86_32(text.as_bytes(), 0), hash, "{text}");
        }
    }

    const MURMUR: [(&str, u32); 6] = [
        ("", 0),
        ("a", 1009084850),
        ("ab", 2613040991),
        ("dog", 2982218203),
        ("Łódź", 791561411),
        ("hello world", 1586663183),
    ];
}
