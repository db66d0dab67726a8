//! A zip's central directory, and its consistency with the local headers.
//!
//! Python's `zipfile`, PyTorch's reader and streaming readers each use other fields. An archive
//! is read here only if all of them agree; if `zipfile` of any Python from 3.8 on reads it differently, it is an error.

use std::collections::HashMap;
use std::ops::Range;

use super::{Entry, wrong};
use crate::Error;
use crate::decompress::Codec;

/// `PK\x05\x06` and the fields after it, without the comment.
const RECORD: usize = 22;
/// The 64-bit record, and its locator.
const RECORD64: usize = 56;
const LOCATOR64: usize = 20;
/// A comment's greatest length, and the byte by which Python's window is larger.
const COMMENT_WINDOW: usize = 65_536;
/// `zipfile.MAX_EXTRACT_VERSION`: Python rejects entries that need a later version.
const MAX_EXTRACT_VERSION: u64 = 63;
/// Encrypted, patched, strongly encrypted, masked.
const UNREADABLE: u64 = 0x2061;
const NAME_IS_UTF8: u64 = 0x0800;
const HAS_DESCRIPTOR: u64 = 0x0008;
/// The marker in a 32-bit field whose value is in the 64-bit record or extra field.
const IN_64: u64 = 0xffff_ffff;

/// The end record's offset, as `zipfile` finds it: at the very end if it has no comment, else the last one near the end.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(RECORD)?;
    let is_record = |at: usize| bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"));
    if is_record(last) && bytes.ends_with(&[0, 0]) {
        return Some(last);
    }
    let from = last.saturating_sub(COMMENT_WINDOW);
    let mut tail = bytes.get(from..=last)?;
    // Fast, since most files have no such byte, and this runs for all files.
    while let Some(place) = tail.iter().rposition(|&byte| byte == b'P') {
        if is_record(from.saturating_add(place)) {
            return Some(from.saturating_add(place));
        }
        tail = tail.get(..place)?;
    }
    None
}

/// The position of an archive with an entry that `zipfile` can open in these bytes: it searches from the end, and allows
/// other bytes before and after.
pub fn archive_within(bytes: &[u8]) -> Option<Range<usize>> {
    let at = end_record(bytes)?;
    let number = |at: usize, offset: usize, width| field(bytes, at.saturating_add(offset), width);
    let locator =
        at.checked_sub(LOCATOR64).filter(|&at| bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x06\x07")));
    let wide = locator.and_then(|at| at.checked_sub(RECORD64));
    let wide = wide.and_then(|at| first_byte(bytes, at, number(at, 40, 8)?, number(at, 48, 8)?));
    let start = wide.or_else(|| first_byte(bytes, at, number(at, 12, 4)?, number(at, 16, 4)?))?;
    let comment = number(at, 20, 2).and_then(|length| usize::try_from(length).ok())?;
    let end = at.saturating_add(RECORD).saturating_add(comment).min(bytes.len());
    Some(start..end)
}

/// The first byte of the archive whose directory of that length ends at `end` and is declared to begin at `offset`: Python
/// goes back by the length, and treats the rest as prepended data. `None` if it can open no entry.
fn first_byte(bytes: &[u8], end: usize, size: u64, offset: u64) -> Option<usize> {
    let directory = end.checked_sub(usize::try_from(size).ok()?)?;
    let before = i128::try_from(directory).ok()?.checked_sub(i128::from(offset))?;
    let (mut at, mut can_open) = (directory, false);
    while at < end {
        let record = bytes.get(at..end).filter(|record| record.starts_with(b"PK\x01\x02"))?;
        let length = |offset| usize::try_from(field(record, offset, 2)?).ok();
        let (name_length, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let name = record.get(46..46_usize.checked_add(name_length)?)?;
        let local = field(record, 42, 4)?;
        let header = usize::try_from(before.checked_add(i128::from(local))?).ok().and_then(|at| bytes.get(at..));
        can_open |= local == IN_64
            || header.is_some_and(|header| {
                header.starts_with(b"PK\x03\x04") && header.get(30..).is_some_and(|rest| rest.starts_with(name))
            });
        at = at.checked_add(46)?.checked_add(name_length)?.checked_add(extra)?.checked_add(comment)?;
    }
    can_open.then(|| usize::try_from(before).unwrap_or(0))
}

/// The location of the directory.
struct Directory {
    start: usize,
    end: usize,
    count: u64,
}

impl Directory {
    fn find(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || wrong("it has no directory at its end", bytes.len());
        let at = end_record(bytes).ok_or_else(cut)?;
        let number =
            |offset: usize, width| at.checked_add(offset).and_then(|at| field(bytes, at, width)).ok_or_else(cut);
        let comment = usize::try_from(number(20, 2)?).map_err(|_| cut())?;
        if at.checked_add(RECORD).and_then(|end| end.checked_add(comment)) != Some(bytes.len()) {
            return Err(wrong("the length of its comment is wrong", at));
        }
        let (disk, first_disk, here, count) = (number(4, 2)?, number(6, 2)?, number(8, 2)?, number(10, 2)?);
        if disk != 0 || first_disk != 0 || here != count {
            return Err(wrong("it is one of several volumes", at));
        }
        let narrow = [count, number(12, 4)?, number(16, 4)?];
        let ([count, size, start], limit) = match Self::wide(bytes, at)? {
            None => (narrow, at),
            Some((wide, place)) => {
                let markers = [0xffff, IN_64, IN_64];
                let agree = narrow
                    .iter()
                    .zip(wide)
                    .zip(markers)
                    .all(|((&narrow, wide), marker)| narrow == marker || narrow == wide);
                if !agree {
                    return Err(wrong("its two end records differ", at));
                }
                (wide, place)
            }
        };
        let start = usize::try_from(start).map_err(|_| cut())?;
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size)).ok_or_else(cut)?;
        // There must be no bytes between the directory and its record, where something could be hidden; and if nothing was
        // prepended, Python does not correct offsets.
        if end != limit {
            return Err(wrong("its directory is not at the declared offset", at));
        }
        Ok(Self { start, end, count })
    }

    /// The count, length and offset of the directory in the 64-bit record, and its offset. Python looks for it
    /// whatever the values of the other record.
    fn wide(bytes: &[u8], at: usize) -> Result<Option<([u64; 3], usize)>, Error> {
        let Some(locator) = at.checked_sub(LOCATOR64) else { return Ok(None) };
        if !bytes.get(locator..).is_some_and(|rest| rest.starts_with(b"PK\x06\x07")) {
            return Ok(None);
        }
        let disagree = || wrong("its 64-bit end record is at the wrong offset", locator);
        let place = locator.checked_sub(RECORD64).ok_or_else(disagree)?;
        let number = |offset: usize, width| {
            locator.checked_add(offset).and_then(|at| field(bytes, at, width)).ok_or_else(disagree)
        };
        if number(4, 4)? != 0 || number(16, 4)? != 1 {
            return Err(wrong("it is one of several volumes", locator));
        }
        if usize::try_from(number(8, 8)?) != Ok(place) {
            return Err(disagree());
        }
        let record =
            bytes.get(place..locator).filter(|record| record.starts_with(b"PK\x06\x06")).ok_or_else(disagree)?;
        let number = |offset, width| field(record, offset, width).ok_or_else(disagree);
        let (length, disk, first_disk) = (number(4, 8)?, number(16, 4)?, number(20, 4)?);
        let (here, count, size, start) = (number(24, 8)?, number(32, 8)?, number(40, 8)?, number(48, 8)?);
        if length != 44 || disk != 0 || first_disk != 0 || here != count {
            return Err(disagree());
        }
        Ok(Some(([count, size, start], place)))
    }
}

/// The entries of an archive, in the directory's order, and the index of each name.
pub(super) fn entries(bytes: &[u8]) -> Result<(Vec<Entry>, HashMap<String, usize>), Error> {
    let directory = Directory::find(bytes)?;
    let mut at = directory.start;
    let (mut entries, mut names) = (Vec::new(), HashMap::new());
    let (mut places, mut is_renamed) = (Vec::new(), false);
    for _ in 0..directory.count {
        if at >= directory.end {
            return Err(wrong("its directory has fewer entries than declared", at));
        }
        let header = Header::read(bytes, at)?;
        let entry = header.entry(bytes)?;
        if names.insert(entry.name.clone(), entries.len()).is_some() {
            return Err(wrong("two entries with the same name", at));
        }
        places.push((header.local, entry.start.saturating_add(entry.packed), header.descriptors()));
        is_renamed |= header.is_renamed;
        entries.push(entry);
        at = header.next;
    }
    // The name of a single entry is ignored, unless it is that of an array.
    if is_renamed && (entries.len() > 1 || entries.iter().any(|entry| entry.name.ends_with(".npy"))) {
        return Err(wrong("an entry has a different name since Python 3.12", directory.start));
    }
    if at != directory.end {
        return Err(wrong("the length of its directory is wrong", at));
    }
    places.sort_unstable();
    follow_each_other(bytes, &places, directory.start)?;
    Ok((entries, names))
}

/// Whether the entries are contiguous from the first byte up to the directory, with only descriptors between them:
/// streaming readers see bytes elsewhere.
fn follow_each_other(bytes: &[u8], places: &[(usize, usize, Descriptors)], directory: usize) -> Result<(), Error> {
    if places.first().map_or(directory, |place| place.0) != 0 {
        return Err(wrong("there are bytes before its first entry", 0));
    }
    let nexts = places.iter().skip(1).map(|place| place.0).chain([directory]);
    for ((_, end, descriptors), next) in places.iter().zip(nexts) {
        if *end > next {
            return Err(wrong("entries overlap", next));
        }
        let gap = bytes.get(*end..next).ok_or_else(|| wrong("an entry ends after the end of the file", *end))?;
        if !(gap.is_empty() || descriptors.iter().any(|descriptor| descriptor == gap)) {
            return Err(wrong("there are bytes between its entries", *end));
        }
    }
    Ok(())
}

/// The possible data descriptors after an entry's data.
type Descriptors = Vec<Vec<u8>>;

/// An entry of the directory.
struct Header {
    at: usize,
    flags: u64,
    method: u64,
    checksum: u64,
    packed: u64,
    size: u64,
    local: usize,
    name: Vec<u8>,
    /// Whether the name is repeated in an extra field, which is UTF-8.
    is_renamed: bool,
    /// The offset of the next one.
    next: usize,
}

impl Header {
    fn read(bytes: &[u8], at: usize) -> Result<Self, Error> {
        let cut = || wrong("its directory is truncated", at);
        let record = bytes.get(at..).filter(|record| record.starts_with(b"PK\x01\x02")).ok_or_else(cut)?;
        let number = |offset, width| field(record, offset, width).ok_or_else(cut);
        let length = |offset| number(offset, 2).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let (flags, method) = (number(8, 2)?, number(10, 2)?);
        if flags & UNREADABLE != 0 {
            return Err(wrong("an entry is encrypted or patched", at));
        }
        if number(6, 1)? > MAX_EXTRACT_VERSION {
            return Err(wrong("an entry needs a later version of the format", at));
        }
        if number(34, 2)? != 0 {
            return Err(wrong("it is one of several volumes", at));
        }
        let (mut packed, mut size, mut local) = (number(20, 4)?, number(24, 4)?, number(42, 4)?);
        let (name_length, extra_length, comment_length) = (length(28)?, length(30)?, length(32)?);
        let name = record.get(46..46 + name_length).ok_or_else(cut)?;
        let extra = record.get(46 + name_length..46 + name_length + extra_length).ok_or_else(cut)?;
        widen(extra, name, &mut [&mut size, &mut packed, &mut local])
            .ok_or_else(|| wrong("an entry has an extra field that readers disagree about", at))?;
        let next = at + 46 + name_length + extra_length + comment_length;
        let (checksum, local) = (number(16, 4)?, usize::try_from(local).map_err(|_| cut())?);
        let is_renamed = flags & NAME_IS_UTF8 == 0 && !name.is_ascii() && has_unicode_path(extra);
        Ok(Self { at, flags, method, checksum, packed, size, local, name: name.to_vec(), is_renamed, next })
    }

    fn entry(&self, bytes: &[u8]) -> Result<Entry, Error> {
        let codec = match self.method {
            0 => Codec::Stored,
            8 => Codec::Deflate,
            12 => Codec::Bzip2,
            93 => Codec::Zstd,
            95 => Codec::Xz,
            _ => return Err(wrong("an entry has an unsupported compression method", self.at)),
        };
        let name = self.decoded_name()?;
        let (start, packed) = self
            .data(bytes)
            .zip(usize::try_from(self.packed).ok())
            .ok_or_else(|| wrong("an entry's local header differs from the directory", self.local))?;
        if codec == Codec::Stored && self.packed != self.size {
            return Err(wrong("a stored entry has two lengths", self.at));
        }
        if name.ends_with('/') && self.size != 0 {
            return Err(wrong("a folder has content", self.at));
        }
        let checksum = u32::try_from(self.checksum).unwrap_or(u32::MAX);
        Ok(Entry { name, codec, checksum, size: self.size, start, packed })
    }

    /// The name as in Python. Names that an operating system may resolve to another path are errors.
    fn decoded_name(&self) -> Result<String, Error> {
        let is_utf8 = self.flags & NAME_IS_UTF8 != 0;
        let name = match is_utf8 {
            true => String::from_utf8(self.name.clone()).map_err(|_| wrong("a name is not UTF-8", self.at))?,
            false => self.name.iter().map(|&byte| cp437(byte)).collect(),
        };
        let is_drive = matches!(self.name.as_slice(), [letter, b':', ..] if letter.is_ascii_alphabetic());
        let leads_out = name.starts_with('/') || is_drive || name.split('/').any(|part| part == "..");
        if name.is_empty() || name.contains(['\0', '\\']) || leads_out {
            return Err(wrong("a name is not a plain path within the archive", self.at));
        }
        Ok(name)
    }

    /// The offset of the entry's data, if its local header matches the directory.
    fn data(&self, bytes: &[u8]) -> Option<usize> {
        let header = bytes.get(self.local..)?;
        let number = |offset, width| field(header, offset, width);
        let length = |offset| usize::try_from(number(offset, 2)?).ok();
        let (name_length, extra_length) = (length(26)?, length(28)?);
        let name = header.get(30..30 + name_length)?;
        let extra = header.get(30 + name_length..30 + name_length + extra_length)?;
        let flags = number(6, 2)?;
        // Only the local header's flag for a descriptor may differ: it explains why the fields below are zero.
        let compared = UNREADABLE | NAME_IS_UTF8;
        let is_same = header.starts_with(b"PK\x03\x04")
            && flags & compared == self.flags & compared
            && number(8, 2)? == self.method
            && name == self.name;
        let (checksum, mut packed, mut size) = (number(14, 4)?, number(18, 4)?, number(22, 4)?);
        let mut place = 0;
        widen(extra, name, &mut [&mut size, &mut packed, &mut place])?;
        let told = [checksum, packed, size];
        let is_later = flags & HAS_DESCRIPTOR != 0 && told.iter().all(|&number| number == 0 || number == IN_64);
        let agrees = is_later || told == [self.checksum, self.packed, self.size];
        (is_same && agrees).then_some(self.local.checked_add(30 + name_length + extra_length)?)
    }

    /// The descriptor that may follow the data: the checksum and both lengths, of 32 or 64 bits, with a signature or without.
    fn descriptors(&self) -> Descriptors {
        if self.flags & HAS_DESCRIPTOR == 0 {
            return Vec::new();
        }
        let mut forms = Vec::new();
        for width in [4, 8] {
            for signature in [&b""[..], b"PK\x07\x08"] {
                let mut form = signature.to_vec();
                form.extend(self.checksum.to_le_bytes().iter().take(4));
                form.extend(self.packed.to_le_bytes().iter().take(width));
                form.extend(self.size.to_le_bytes().iter().take(width));
                forms.push(form);
            }
        }
        forms
    }
}

/// Whether there is an extra field that repeats the name.
fn has_unicode_path(mut extra: &[u8]) -> bool {
    while let Some((kind, length)) = field(extra, 0, 2).zip(field(extra, 2, 2)) {
        if kind == 0x7075 {
            return true;
        }
        let next = usize::try_from(length).ok().and_then(|length| length.checked_add(4));
        extra = next.and_then(|next| extra.get(next..)).unwrap_or_default();
    }
    false
}

/// Reads from the 64-bit extra field the values that do not fit into a header's own fields, in order. `None` if Python 3.8 and
/// later ones disagree, or if the entry has another name from 3.12 on.
fn widen(mut extra: &[u8], name: &[u8], fields: &mut [&mut u64; 3]) -> Option<()> {
    let mut is_widened = false;
    // Python ignores a field without a length.
    while extra.len() >= 4 {
        let (kind, length) = (field(extra, 0, 2)?, usize::try_from(field(extra, 2, 2)?).ok()?);
        let body = extra.get(4..length.checked_add(4)?)?;
        match kind {
            1 => {
                // Python 3.8 accepts only these lengths, and reads 24 bytes of longer ones.
                if std::mem::replace(&mut is_widened, true) || !(matches!(length, 0 | 8 | 16) || length >= 24) {
                    return None;
                }
                let mut at = 0;
                for value in fields.iter_mut().filter(|value| ***value == IN_64) {
                    **value = field(body, at, 8)?;
                    at += 8;
                }
            }
            // A Unicode path: Info-ZIP repeats the name.
            0x7075 if body.get(5..)? != name => return None,
            _ => {}
        }
        extra = extra.get(length + 4..)?;
    }
    Some(())
}

/// A little-endian number of `width` bytes.
fn field(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(offset..offset.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// A character of code page 437, the encoding of names without the UTF-8 flag.
fn cp437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(place) => UPPER.chars().nth(place.into()).unwrap_or('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `bytes(range(128, 256)).decode("cp437")`, at a few characters.
    #[test]
    fn names_without_a_mark_are_of_code_page_437() {
        let found: String = [0x41, 0x80, 0x9f, 0xa9, 0xe1, 0xff].map(cp437).iter().collect();
        assert_eq!(found, "AÇƒ⌐ß\u{a0}");
        assert!((0x80..=0xff).all(|byte| cp437(byte) != '?'));
    }
}
