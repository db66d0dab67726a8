//! Corrects checksums and digests, so that changed bytes get past them.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// A zip whose entries have the checksums of their content, as far as its directory can be followed.
pub fn zip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut zip = bytes.to_vec();
    let end = zip.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let mut at = number(&zip, end + 16, 4)?;
    // Each record takes 46 bytes at least, so this ends.
    while zip.get(at..at + 4)? == b"PK\x01\x02" {
        if let Some(checksum) = checksum(&zip, at) {
            zip.get_mut(at + 16..at + 20)?.copy_from_slice(&checksum.to_le_bytes());
        }
        at += 46 + number(&zip, at + 28, 2)? + number(&zip, at + 30, 2)? + number(&zip, at + 32, 2)?;
    }
    Some(zip)
}

/// The checksum of a stored entry, or of what a deflated one becomes.
fn checksum(zip: &[u8], record: usize) -> Option<u32> {
    let packed = number(zip, record + 20, 4)?;
    let local = number(zip, record + 42, 4)?;
    let start = local + 30 + number(zip, local + 26, 2)? + number(zip, local + 28, 2)?;
    let content = zip.get(start..start.checked_add(packed)?)?;
    let mut checksum = flate2::Crc::new();
    match number(zip, record + 10, 2)? {
        0 => checksum.update(content),
        8 => {
            let inflated = flate2::read::DeflateDecoder::new(content).take(super::limits().decompressed);
            let mut inflated = flate2::CrcReader::new(inflated);
            io::copy(&mut inflated, &mut io::sink()).ok()?;
            return Some(inflated.crc().sum());
        }
        _ => return None,
    }
    Some(checksum.sum())
}

/// A little-endian number of `width` bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

/// The position of the digest in `docs/format.md`.
const PLACE: std::ops::Range<usize> = 41..105;
/// The number of bytes of each digest after the head.
const PIECE: usize = 1 << 20;

/// A `.skiff` with correct digests, by `docs/format.md`.
pub fn skiff(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = bytes.to_vec();
    let data = usize::try_from(u64::from_le_bytes(*file.first_chunk()?)).ok()?.checked_add(8)?;
    let header = file.get(..data)?;
    let head = data.checked_add(decimal_behind(header, br#""skiff.head_size":""#)?)?;
    if let Some(place) = digests(header).and_then(|at| data.checked_add(at)) {
        let pieces: Vec<u8> = file.get(head..)?.chunks(PIECE).flat_map(Sha256::digest).collect();
        file.get_mut(place..place.checked_add(pieces.len())?)?.copy_from_slice(&pieces);
    }
    file.get_mut(PLACE)?.fill(b'0');
    let digest = hexadecimal(file.get(..head)?);
    file.get_mut(PLACE)?.copy_from_slice(&digest);
    Some(file)
}

/// Where the tensor `skiff.digests` begins.
fn digests(header: &[u8]) -> Option<usize> {
    let at = find(header, br#""skiff.digests":{"#)?;
    decimal_behind(header.get(at..)?, br#""data_offsets":["#)
}

/// A statement whose subject has the digest of the digests that it lists, as required by Model Signing v1.0.
pub fn statement(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut statement = bytes.to_vec();
    let key = br#""sha256":"#;
    let start = find(bytes, key)? + key.len();
    let start = start + bytes.get(start..)?.iter().position(|&byte| byte == b'"')? + 1;
    let mut all = Sha256::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, br#""digest":"#) {
        rest = rest.get(at + 9..)?;
        // The subject's own is an object.
        let text = rest.trim_ascii_start().strip_prefix(br#"""#);
        let Some(text) = text.and_then(|text| text.split(|&byte| byte == b'"').next()) else { continue };
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        all.update(text.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?);
    }
    let digest: Vec<u8> = all.finalize().iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    statement.get_mut(start..start.checked_add(digest.len())?)?.copy_from_slice(&digest);
    Some(statement)
}

fn decimal_behind(text: &[u8], key: &[u8]) -> Option<usize> {
    let digits = text.get(find(text, key)? + key.len()..)?;
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(digits.get(..count)?).ok()?.parse().ok()
}

fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    text.windows(key.len()).position(|window| window == key)
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use skiff_files::{Graph, Node};

    /// Correct files are unchanged, and wrong ones are corrected, so that the fuzzer gets past the digests.
    #[test]
    fn digests_are_put_right() {
        let mut graph = Graph::new();
        let root = graph.push(Node::Int(7));
        graph.set_root(root);
        let mut file = Vec::new();
        skiff_files::write::skiff(&graph, &skiff_files::write::SkiffOptions::default(), &mut file).unwrap();
        assert_eq!(super::skiff(&file).as_ref(), Some(&file));
        let mut changed = file.clone();
        changed[50] ^= 1;
        assert_eq!(super::skiff(&changed), Some(file));
        for seed in crate::seeds::container() {
            assert_eq!(super::skiff(&seed.bytes).as_ref(), Some(&seed.bytes), "{}", seed.name);
        }
    }

    #[test]
    fn statements_are_put_right() {
        let mut count = 0;
        for seed in crate::seeds::signature().into_iter().filter(|seed| seed.name.ends_with("its statement")) {
            // Before 1.0 each file was a separate subject.
            if seed.name.contains("legacy") {
                continue;
            }
            assert_eq!(super::statement(&seed.bytes).as_ref(), Some(&seed.bytes), "{}", seed.name);
            let digit = seed.bytes.windows(9).position(|window| window == b"\"sha256\":").unwrap() + 12;
            let mut changed = seed.bytes.clone();
            changed[digit] = if changed[digit] == b'0' { b'1' } else { b'0' };
            assert_eq!(super::statement(&changed), Some(seed.bytes), "{}", seed.name);
            count += 1;
        }
        assert!(count > 5, "{count} statements");
    }

    #[test]
    fn checksums_are_put_right() {
        for seed in crate::seeds::npy().into_iter().filter(|seed| seed.name.ends_with(".npz")) {
            assert_eq!(super::zip(&seed.bytes).as_ref(), Some(&seed.bytes), "{}", seed.name);
            let record = seed.bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
            let mut changed = seed.bytes.clone();
            changed[record + 16] ^= 1;
            assert_eq!(super::zip(&changed), Some(seed.bytes), "{}", seed.name);
        }
    }
}
