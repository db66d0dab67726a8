//! Zip files as skops and numpy write them: files stored or deflated, one after the other, and the directory.

use std::io::{self, Write};

use super::WriteError;

/// The alignment of stored files, so that arrays can be mapped.
const ALIGNMENT: u64 = 64;

/// The id of an extra field that no reader uses: padding for the alignment.
const PADDING: u16 = 0xd935;

/// More than this needs the 64-bit fields.
const MOST: u64 = 0xffff_ffff;

/// A zip that is being written.
pub(super) struct Zip<'a> {
    out: &'a mut dyn Write,
    /// The number of bytes written.
    position: u64,
    directory: Vec<u8>,
    count: u64,
    /// The level at which files are deflated; `None` stores them.
    deflate: Option<u32>,
}

impl<'a> Zip<'a> {
    pub fn new(out: &'a mut dyn Write, deflate: Option<u32>) -> Self {
        Self { out, position: 0, directory: Vec::new(), count: 0, deflate }
    }

    /// Adds a file that consists of these parts.
    pub fn file(&mut self, name: &str, parts: &[&[u8]]) -> Result<(), WriteError> {
        let size = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(length(part.len())));
        let mut checksum = flate2::Crc::new();
        parts.iter().for_each(|part| checksum.update(part));
        let packed = match self.deflate {
            None => None,
            Some(level) => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
                for part in parts {
                    encoder.write_all(part)?;
                }
                Some(encoder.finish()?)
            }
        };
        let packed_size = packed.as_ref().map_or(size, |packed| length(packed.len()));
        let entry =
            Entry { name, method: if packed.is_some() { 8 } else { 0 }, checksum: checksum.sum(), size, packed_size };
        let mut directory = std::mem::take(&mut self.directory);
        entry.directory(&mut directory, self.position);
        self.directory = directory;
        let header = entry.header(self.position, packed.is_none());
        self.write(&header)?;
        match packed {
            Some(packed) => self.write(&packed)?,
            None => {
                for part in parts {
                    self.write(part)?;
                }
            }
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Writes the directory and its end.
    pub fn finish(mut self) -> Result<(), WriteError> {
        let (start, size, count) = (self.position, length(self.directory.len()), self.count);
        let directory = std::mem::take(&mut self.directory);
        self.write(&directory)?;
        let mut end = Vec::new();
        if start >= MOST || size >= MOST || count >= 0xffff {
            let record = self.position;
            end.extend(b"PK\x06\x06");
            end.extend(44_u64.to_le_bytes());
            end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for number in [count, count, size, start] {
                end.extend(number.to_le_bytes());
            }
            end.extend(b"PK\x06\x07\0\0\0\0");
            end.extend(record.to_le_bytes());
            end.extend(1_u32.to_le_bytes());
        }
        end.extend(b"PK\x05\x06\0\0\0\0");
        for _ in 0..2 {
            end.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
        }
        end.extend(short(size));
        end.extend(short(start));
        end.extend([0, 0]);
        self.write(&end)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.out.write_all(bytes).map_err(|error: io::Error| WriteError::Io(error))?;
        self.position = self.position.saturating_add(length(bytes.len()));
        Ok(())
    }
}

/// The record of a file, which a zip has twice.
struct Entry<'a> {
    name: &'a str,
    method: u16,
    checksum: u32,
    size: u64,
    packed_size: u64,
}

impl Entry<'_> {
    /// What both records have in common: from the version that is needed to the lengths. The time is the first that a
    /// zip can represent, so that equal models are equal files.
    fn common(&self, out: &mut Vec<u8>, needed: u16, extra: usize) {
        out.extend(needed.to_le_bytes());
        // Names are UTF-8.
        out.extend(0x800_u16.to_le_bytes());
        out.extend(self.method.to_le_bytes());
        out.extend([0, 0, 0x21, 0]);
        out.extend(self.checksum.to_le_bytes());
        out.extend(short(self.packed_size));
        out.extend(short(self.size));
        out.extend(u16::try_from(self.name.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend(u16::try_from(extra).unwrap_or(u16::MAX).to_le_bytes());
    }

    /// The file's own header, padded if its content is stored, so that it can be mapped.
    fn header(&self, position: u64, aligned: bool) -> Vec<u8> {
        let mut extra = Vec::new();
        // Both sizes, in this order.
        if self.size >= MOST || self.packed_size >= MOST {
            extra.extend(1_u16.to_le_bytes());
            extra.extend(16_u16.to_le_bytes());
            extra.extend(self.size.to_le_bytes());
            extra.extend(self.packed_size.to_le_bytes());
        }
        let wide = !extra.is_empty();
        if aligned {
            let end = position.saturating_add(length(30 + self.name.len() + extra.len() + 4));
            let padding = end.next_multiple_of(ALIGNMENT).saturating_sub(end);
            extra.extend(PADDING.to_le_bytes());
            extra.extend(u16::try_from(padding).unwrap_or_default().to_le_bytes());
            extra.extend((0..padding).map(|_| 0));
        }
        let mut out = b"PK\x03\x04".to_vec();
        self.common(&mut out, if wide { 45 } else { 20 }, extra.len());
        // A reader takes the sizes from the extra field only where these say so: both, or none.
        if wide {
            out.splice(18..26, [0xff; 8]);
        }
        out.extend(self.name.as_bytes());
        out.extend(extra);
        out
    }

    fn directory(&self, out: &mut Vec<u8>, position: u64) {
        let wide: Vec<u64> =
            [self.size, self.packed_size, position].into_iter().filter(|&number| number >= MOST).collect();
        let mut extra = Vec::new();
        if !wide.is_empty() {
            extra.extend(1_u16.to_le_bytes());
            extra.extend(u16::try_from(8 * wide.len()).unwrap_or_default().to_le_bytes());
            wide.iter().for_each(|number| extra.extend(number.to_le_bytes()));
        }
        out.extend(b"PK\x01\x02");
        out.extend(45_u16.to_le_bytes());
        self.common(out, if wide.is_empty() { 20 } else { 45 }, extra.len());
        // No comment, the first volume, no attributes.
        out.extend([0; 10]);
        out.extend(short(position));
        out.extend(self.name.as_bytes());
        out.extend(extra);
    }
}

/// A number of 32 bits, or the marker that it is in the extra field.
fn short(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use skiff_pickle::Bytes;

    use super::*;
    use crate::decompress::Inflation;
    use crate::zip::Archive;
    use skiff_pickle::Limits;

    #[test]
    fn files_come_back_aligned() {
        for deflate in [None, Some(0), Some(9)] {
            let mut bytes = Vec::new();
            let mut zip = Zip::new(&mut bytes, deflate);
            zip.file("first.npy", &[b"some", b"thing"]).unwrap();
            zip.file("empty", &[]).unwrap();
            zip.file("schema.json", &[&[b'x'; 100_000]]).unwrap();
            zip.finish().unwrap();
            let bytes = Bytes::from(bytes);
            let archive = Archive::read(&bytes).unwrap();
            let mut inflation = Inflation::new(&Limits::default(), 0);
            for (name, content) in [("first.npy", &b"something"[..]), ("empty", b""), ("schema.json", &[b'x'; 100_000])]
            {
                let found = archive.named(name, &mut inflation).unwrap();
                assert_eq!(&*found, content, "{name}");
                if deflate.is_none() {
                    assert_eq!((found.as_ptr().addr() - bytes.as_ptr().addr()) % 64, 0, "{name}");
                }
            }
        }
    }

    #[test]
    fn more_files_than_sixteen_bits_count() {
        let mut bytes = Vec::new();
        let mut zip = Zip::new(&mut bytes, None);
        for number in 0..70_000 {
            zip.file(&number.to_string(), &[]).unwrap();
        }
        zip.finish().unwrap();
        assert_eq!(Archive::read(&Bytes::from(bytes)).unwrap().entries.len(), 70_000);
    }

    #[test]
    fn places_beyond_four_gigabytes_stand_in_the_extra_field() {
        let entry = Entry { name: "a", method: 0, checksum: 7, size: 5 << 32, packed_size: 5 << 32 };
        let header = entry.header(3, false);
        assert_eq!(header[18..26], [0xff; 8]);
        assert_eq!(
            header[31..51],
            [&[1, 0, 16, 0][..], &(5_u64 << 32).to_le_bytes(), &(5_u64 << 32).to_le_bytes()].concat()
        );
        let mut directory = Vec::new();
        Entry { size: 1, packed_size: 1, ..entry }.directory(&mut directory, 6 << 32);
        assert_eq!(directory[20..28], [1, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(directory[42..46], [0xff; 4]);
        assert_eq!(directory[47..], [&[1, 0, 8, 0][..], &(6_u64 << 32).to_le_bytes()].concat());
    }
}
