//! Containers, made around any bytes.

use std::io::Write as _;

/// A way to pack a file.
pub struct Container {
    pub name: &'static str,
    /// `None` for what it cannot hold.
    pub pack: fn(&[u8]) -> Option<Vec<u8>>,
    /// Whether a model in it is a model and nothing else.
    pub keeps_models: bool,
}

const fn honest(name: &'static str, pack: fn(&[u8]) -> Option<Vec<u8>>) -> Container {
    Container { name, pack, keeps_models: true }
}

const fn odd(name: &'static str, pack: fn(&[u8]) -> Option<Vec<u8>>) -> Container {
    Container { name, pack, keeps_models: false }
}

pub const CONTAINERS: &[Container] = &[
    honest("zlib", |bytes| Some(zlib(bytes))),
    honest("gzip", |bytes| Some(gzip(bytes))),
    honest("bzip2", |bytes| Some(bzip2(bytes))),
    honest("xz", |bytes| Some(xz(bytes))),
    honest("lzma", |bytes| Some(lzma(bytes))),
    honest("lz4", |bytes| Some(lz4(bytes))),
    honest("zstd", |bytes| Some(zstd(bytes))),
    honest("gzip in gzip", |bytes| Some(gzip(&gzip(bytes)))),
    honest("zip, stored", |bytes| Some(zip(&[("model.bin", bytes)], false))),
    honest("zip, deflated", |bytes| Some(zip(&[("a/model.bin", bytes)], true))),
    honest("zip of two", |bytes| Some(zip(&[("clean.pkl", CLEAN), ("other", bytes)], true))),
    honest("zip in gzip in zip", |bytes| Some(zip(&[("x", &gzip(&zip(&[("y", bytes)], true)))], false))),
    honest("tar", |bytes| Some(tar(&[("model", bytes)]))),
    honest("tar in xz", |bytes| Some(xz(&tar(&[("clean", CLEAN), ("model", bytes)])))),
    honest("7z, stored", |bytes| Some(sevenz(bytes))),
    honest("PyTorch's zip", |bytes| Some(zip(&[("archive/data.pkl", bytes), ("archive/version", b"I3\n.")], false))),
    honest("npz", |bytes| objects(bytes).map(|array| zip(&[("x.npy", &array)], true))),
    honest("npy", objects),
    odd("skops with another entry", |bytes| {
        let schema: &[u8] = br#"{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "__id__": 1,
            "content": [], "protocol": 2, "_skops_version": "0.16.0"}"#;
        is_pickle(bytes).then(|| zip(&[("schema.json", schema), ("1.bin", bytes)], true))
    }),
    odd("a byte string for pickle.loads", |bytes| Some(loads(bytes))),
    odd("behind a pickle", |bytes| Some([CLEAN, bytes].concat())),
    odd("behind garbage", |bytes| is_pickle(bytes).then(|| [CLEAN, b"\0garbage\xff\n", bytes].concat())),
];

/// A pickle of an empty list.
const CLEAN: &[u8] = b"\x80\x02]q\0.";

fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 0..=5, ..])
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut encoder = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).expect("options");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A frame of blocks that are stored as they are.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    let blocks: Vec<_> = bytes.chunks(100_000).collect();
    for (number, block) in blocks.iter().enumerate() {
        let last = u32::from(number + 1 == blocks.len());
        let header = (last | u32::try_from(block.len()).expect("a small block") << 3).to_le_bytes();
        out.extend(&header[..3]);
        out.extend(*block);
    }
    if blocks.is_empty() {
        out.extend([1, 0, 0]);
    }
    out
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn u32_of(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("a small file").to_le_bytes()
}

fn u16_of(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("a short name").to_le_bytes()
}

pub fn zip(entries: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let packed = if deflated { deflate(content) } else { content.to_vec() };
        let method: u16 = if deflated { 8 } else { 0 };
        let mut common = vec![20, 0, 0, 0];
        common.extend(method.to_le_bytes());
        common.extend([0, 0, 0x21, 0]);
        common.extend(checksum(content).to_le_bytes());
        common.extend(u32_of(packed.len()));
        common.extend(u32_of(content.len()));
        common.extend(u16_of(name.len()));
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(u32_of(out.len()));
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
    }
    let start = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(u16_of(entries.len()));
    out.extend(u16_of(entries.len()));
    out.extend(u32_of(directory.len()));
    out.extend(u32_of(start));
    out.extend([0, 0]);
    out
}

pub fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in entries {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].copy_from_slice(b"        ");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(*content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// A 7z with one entry, stored as it is.
pub fn sevenz(bytes: &[u8]) -> Vec<u8> {
    let size = [&[0xff][..], &u64::try_from(bytes.len()).expect("a small file").to_le_bytes()].concat();
    let mut header = vec![0x01, 0x04, 0x06, 0x00, 0x01, 0x09];
    header.extend(&size);
    header.extend([0x00, 0x07, 0x0b, 0x01, 0x00, 0x01, 0x01, 0x00, 0x0c]);
    header.extend(&size);
    header.extend([0x00, 0x08, 0x0a, 0x01]);
    header.extend(checksum(bytes).to_le_bytes());
    header.extend([0x00, 0x00, 0x05, 0x01, 0x11, 0x05, 0x00, b'm', 0, 0, 0, 0x00, 0x00]);
    let mut start = u64::try_from(bytes.len()).expect("a small file").to_le_bytes().to_vec();
    start.extend(u64::try_from(header.len()).expect("a short header").to_le_bytes());
    start.extend(checksum(&header).to_le_bytes());
    [b"7z\xbc\xaf\x27\x1c\x00\x04", &checksum(&start).to_le_bytes()[..], &start, bytes, &header].concat()
}

/// An `.npy` of one object, for what is a plain pickle.
fn objects(bytes: &[u8]) -> Option<Vec<u8>> {
    // The first bytes show whether it is one; joblib's may have arrays between the opcodes.
    if !is_pickle(bytes) || bytes.windows(17).any(|part| part == b"NumpyArrayWrapper") {
        return None;
    }
    let mut header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".to_vec();
    header.resize(117, b' ');
    header.push(b'\n');
    Some([b"\x93NUMPY\x01\x00", &u16_of(header.len())[..], &header, bytes].concat())
}

fn loads(bytes: &[u8]) -> Vec<u8> {
    [b"\x80\x02cpickle\nloads\nB", &u32_of(bytes.len())[..], bytes, b"\x85R."].concat()
}
