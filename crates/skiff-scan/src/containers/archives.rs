//! Archives, and what lies in them: zip and skops, 7z, tar.

use std::collections::HashSet;

use skiff_files::Codec;
use skiff_files::formats::zip::{self, Archive, Kind};
use skiff_files::formats::{Sniffed, sevenz, skops, sniff};
use skiff_pickle::Bytes;

use super::{MOST_LAYERS, Scan, find};
use crate::judge::Reading;
use crate::verdict::shown;

impl Scan<'_> {
    /// What is no zip at its beginning may be one for Python's `zipfile`, and so for skops, which begin at the end.
    pub(super) fn zip_within(&mut self, bytes: &Bytes, depth: usize) {
        let Some(place) = zip::archive_within(bytes) else { return };
        let Some(inner) = bytes.slice(place.start, place.len()) else { return };
        self.within(format!("zip from byte {}", place.start), |scan| scan.zip(&inner, depth.saturating_add(1)));
    }

    pub(super) fn zip(&mut self, bytes: &Bytes, depth: usize) {
        if depth > MOST_LAYERS {
            return self.unread("lies in more layers than are looked through");
        }
        self.is_model_file = true;
        let archive = match Archive::read(bytes) {
            Ok(archive) => archive,
            Err(error) => {
                self.unread(format!("is a zip that readers may disagree about: {error}"));
                return self.damaged_zip(bytes, depth);
            }
        };
        let is_skops = matches!(archive.kind(), Ok(Kind::Skops));
        let mut parts = skops::Files::new();
        if is_skops {
            match skops::read(&archive, &mut self.inflation, &mut self.budget) {
                Ok(skops::Contents { graph, files, .. }) => {
                    self.judged = self.judged.saturating_add(1);
                    let root = [graph.root()];
                    self.judge(&graph, &root, 0..graph.len(), Reading::Skops, None, depth);
                    parts = files;
                }
                Err(error) => self.unread(format!("is a skops file that cannot be read: {error}")),
            }
        }
        let (mut entries, mut is_damaged) = (0_usize, false);
        for entry in archive.entries.iter().filter(|entry| !entry.name.ends_with('/')) {
            entries = entries.saturating_add(1);
            // The parts of a skops file were judged with it, but for what other loaders make of them.
            if let Some(part) = parts.remove(&entry.name) {
                self.within(format!("zip entry {:?}", shown(&entry.name)), |scan| match sniff(&part) {
                    Sniffed::Pickle | Sniffed::Npy => scan.content(&part, depth.saturating_add(1)),
                    _ => scan.polyglot(&part, &[]),
                });
                continue;
            }
            if is_skops && entry.name == "schema.json" {
                continue;
            }
            let content = match archive.content(entry, &mut self.inflation) {
                Ok(content) => content,
                Err(error) => {
                    self.unread(format!("has an entry {:?} that cannot be read: {error}", shown(&entry.name)));
                    is_damaged = true;
                    continue;
                }
            };
            self.within(format!("zip entry {:?}", shown(&entry.name)), |scan| {
                scan.content(&content, depth.saturating_add(1));
            });
        }
        if is_damaged {
            // There are readers who do not mind.
            self.damaged_zip(bytes, depth);
        }
        if entries == 0 {
            // `numpy.savez` of nothing.
            self.judged = self.judged.saturating_add(1);
        }
    }

    /// Looks into what follows each local header, as tools do that ignore a damaged directory.
    fn damaged_zip(&mut self, bytes: &Bytes, depth: usize) {
        let mut at = 0;
        let mut attempts = 0_usize;
        while let Some(found) = find(bytes, at, b"PK\x03\x04") {
            attempts = attempts.saturating_add(1);
            if attempts > 256 {
                return;
            }
            at = found.saturating_add(4);
            let number = |offset: usize, width: usize| {
                let start = found.checked_add(offset)?;
                let bytes = bytes.get(start..start.checked_add(width)?)?;
                Some(bytes.iter().rev().fold(0_usize, |number, &byte| number << 8 | usize::from(byte)))
            };
            let (Some(method), Some(name), Some(extra)) = (number(8, 2), number(26, 2), number(28, 2)) else { return };
            let start = found.saturating_add(30).saturating_add(name).saturating_add(extra);
            let Some(data) = bytes.len().checked_sub(start).and_then(|length| bytes.slice(start, length)) else {
                continue;
            };
            let content = match method {
                0 => {
                    let end = find(&data, 0, b"PK\x01\x02").into_iter().chain(find(&data, 0, b"PK\x03\x04")).min();
                    data.slice(0, end.unwrap_or(data.len())).unwrap_or_default()
                }
                8 => match self.inflation.decompress(Codec::Deflate, &data) {
                    Ok((content, _)) => content,
                    Err(_) => continue,
                },
                _ => continue,
            };
            self.within(format!("zip entry at byte {found}"), |scan| scan.content(&content, depth.saturating_add(1)));
        }
    }

    pub(super) fn sevenz(&mut self, bytes: &Bytes, depth: usize) {
        self.is_model_file = true;
        let archive = match sevenz::Archive::read(bytes, &mut self.inflation) {
            Ok(archive) => archive,
            Err(error) => return self.unread(format!("is a 7z archive that cannot be read: {error}")),
        };
        // Entries of a block follow each other: each block is unpacked once.
        let mut unpacked: Option<(usize, Option<Bytes>)> = None;
        for entry in archive.entries {
            let name = shown(&entry.name);
            let Some((block, start, size)) = entry.place else { continue };
            if unpacked.as_ref().is_none_or(|(last, _)| *last != block) {
                let content = match archive.blocks.get(block).map(|block| block.unpack(bytes, &mut self.inflation)) {
                    Some(Ok(content)) => Some(content),
                    Some(Err(error)) => {
                        self.unread(format!("has an entry {name:?} that cannot be read: {error}"));
                        None
                    }
                    None => None,
                };
                unpacked = Some((block, content));
            }
            let Some((_, Some(content))) = &unpacked else { continue };
            match content.slice(start, size) {
                Some(content) => self.within(format!("7z entry {name:?}"), |scan| {
                    scan.content(&content, depth.saturating_add(1));
                }),
                None => self.unread(format!("has an entry {name:?} that ends behind its block")),
            }
        }
    }

    pub(super) fn tar(&mut self, bytes: &Bytes, depth: usize) {
        self.is_model_file = true;
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return self.unread(format!("is a tar that cannot be read: {error}")),
        };
        // Where the entries' data begin, and where the last of them ends.
        let (mut starts, mut end) = (HashSet::new(), 0_usize);
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.unread(format!("is a tar that cannot be read to its end: {error}")),
            };
            let kind = entry.header().entry_type();
            let name = shown(&String::from_utf8_lossy(&entry.path_bytes()));
            let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
            let content = usize::try_from(entry.size()).ok().and_then(|size| bytes.slice(start, size));
            starts.insert(start);
            end = end
                .max(content.as_ref().map_or(0, |content| start.saturating_add(content.len())).next_multiple_of(512));
            let own = if kind.is_pax_global_extensions() { content.as_deref() } else { None };
            if moves_content(&mut entry) || own.is_some_and(|text| find(text, 0, b"size").is_some()) {
                self.unread(format!("has an entry {name:?} whose length readers may disagree about"));
            }
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if !(kind.is_file() || kind.is_contiguous()) {
                self.unread(format!("has an entry {name:?} that is no plain file"));
                continue;
            }
            match content {
                Some(content) => self.within(format!("tar entry {name:?}"), |scan| {
                    scan.content(&content, depth.saturating_add(1));
                }),
                None => self.unread(format!("has an entry {name:?} that ends behind the file")),
            }
        }
        if bytes.get(end..).is_some_and(|rest| rest.iter().any(|&byte| byte != 0)) {
            self.behind(bytes, end, depth);
        }
        if zip::archive_within(bytes).is_some_and(|place| !starts.contains(&place.start)) {
            self.zip_within(bytes, depth);
        }
    }
}

/// Whether an entry's own extended header says something of how its content lies in the archive.
fn moves_content(entry: &mut tar::Entry<'_, &[u8]>) -> bool {
    let Ok(Some(extensions)) = entry.pax_extensions() else { return false };
    let mut keys = extensions.map(|extension| extension.map(|extension| extension.key_bytes().to_vec()));
    keys.any(|key| key.map_or(true, |key| key == b"size" || key.starts_with(b"GNU.sparse")))
}

/// Whether the first block's checksum is that of a tar, with or without a magic number.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    let Some(block) = bytes.get(..512) else { return false };
    let (Some(field), Some(head), Some(tail)) = (block.get(148..156), block.get(..148), block.get(156..)) else {
        return false;
    };
    let digits: String = field.iter().map(|&byte| char::from(byte)).filter(char::is_ascii_digit).collect();
    let sum: u64 = head.iter().chain(tail).map(|&byte| u64::from(byte)).sum::<u64>().saturating_add(8 * 32);
    u64::from_str_radix(&digits, 8) == Ok(sum)
}
