//! The tensors of a file in their order: the head, the hot columns, the mapped arrays, the cold rest.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io;

use super::coding::Coding;
use super::digest::{self, BEFORE};
use super::header::{entry, quoted};
use super::kind::Kind;
use super::{DIGESTS, PADDING};
use crate::write::WriteError;

/// The alignment of the parts of a file: a cache line.
const ALIGNMENT: usize = 64;
/// The alignment of the numbers in the head: that of the widest.
const LEAST_ALIGNMENT: usize = 8;
/// A file whose arrays have fewer bytes is only a head: it is read as a whole, and has no parts.
const SMALL: usize = 256 << 10;

/// A tensor to be written.
pub(super) struct Tensor<'g> {
    pub name: String,
    pub kind: Kind,
    pub shape: Vec<usize>,
    /// Its alignment: a power of two, the size of its numbers.
    pub alignment: usize,
    /// The bytes that are written.
    pub bytes: Cow<'g, [u8]>,
    /// How that was compressed.
    pub coding: Option<Coding>,
}

impl<'g> Tensor<'g> {
    pub fn bytes(name: &str, bytes: impl Into<Cow<'g, [u8]>>) -> Self {
        let (bytes, name) = (bytes.into(), name.to_owned());
        Self { name, kind: Kind::U8, shape: vec![bytes.len()], alignment: 1, bytes, coding: None }
    }

    /// The entry of the header.
    fn entry(&self, json: &mut String, start: usize) {
        let place = start..start.saturating_add(self.bytes.len());
        match self.coding {
            None => entry(json, &self.name, self.kind, &self.shape, &place),
            Some(_) => entry(json, &self.name, Kind::U8, &[self.bytes.len()], &place),
        }
    }
}

/// The tensors of a file, by part.
#[derive(Default)]
pub(super) struct Parts<'g> {
    /// Those that are read whenever the file is opened.
    pub head: Vec<Tensor<'g>>,
    /// The columns that predictions read.
    pub hot: Vec<Tensor<'g>>,
    /// The arrays that are mapped.
    pub mapped: Vec<Tensor<'g>>,
    /// What no prediction reads.
    pub cold: Vec<Tensor<'g>>,
}

impl<'g> Parts<'g> {
    pub fn each(&mut self) -> impl Iterator<Item = &mut Tensor<'g>> {
        [&mut self.head, &mut self.hot, &mut self.mapped, &mut self.cold].into_iter().flatten()
    }

    /// Writes the file, of this version. `profile` is how its tensors are compressed, if they are; `notes` are further metadata.
    pub fn write(
        mut self,
        version: u32,
        profile: Option<&str>,
        notes: &[(String, String)],
        out: &mut dyn io::Write,
    ) -> Result<(), WriteError> {
        let mut alignment = ALIGNMENT;
        if [&self.hot, &self.mapped, &self.cold].into_iter().map(|part| size(part)).sum::<usize>() < SMALL {
            self.head.append(&mut self.hot);
            self.head.append(&mut self.mapped);
            self.head.append(&mut self.cold);
            alignment = LEAST_ALIGNMENT;
        }
        let mut pad = Pad(0);
        pad.end(&mut self.hot);
        pad.end(&mut self.mapped);
        sort(&mut self.cold);
        let rest: Vec<&[u8]> =
            [&self.hot, &self.mapped, &self.cold].into_iter().flatten().map(|tensor| &*tensor.bytes).collect();
        if !rest.is_empty() {
            self.head.push(Tensor::bytes(DIGESTS, digest::of_pieces(&rest)));
            pad.end(&mut self.head);
        }
        sort(&mut self.head);
        let mut header = self.header(alignment, version, profile, notes);
        let digest = {
            let head = self.head.iter().map(|tensor| &*tensor.bytes);
            digest::of_head(std::iter::once(header.as_slice()).chain(head))
        };
        digest::place(&mut header, digest).expect("the header has space for its digest");
        out.write_all(&header)?;
        for tensor in self.all() {
            out.write_all(&tensor.bytes)?;
        }
        Ok(())
    }

    fn all(&self) -> impl Iterator<Item = &Tensor<'g>> {
        [&self.head, &self.hot, &self.mapped, &self.cold].into_iter().flatten()
    }

    /// The length and the header, with zeros in place of the digest.
    fn header(&self, alignment: usize, version: u32, profile: Option<&str>, notes: &[(String, String)]) -> Vec<u8> {
        let zeros = String::from_utf8_lossy(&digest::ZEROS).into_owned();
        let head = size(&self.head);
        let mut json = format!("{BEFORE}{zeros}\",\"skiff.head_size\":\"{head}\",\"skiff.version\":\"{version}\"");
        if !self.hot.is_empty() {
            let _ = write!(json, ",\"skiff.hot_size\":\"{}\"", size(&self.hot));
        }
        if let Some(profile) = profile {
            let _ = write!(json, ",\"skiff.profile\":\"{profile}\"");
        }
        let written_by = concat!("skiff ", env!("CARGO_PKG_VERSION"));
        let _ = write!(json, ",\"skiff.written_by\":\"{written_by}\"");
        for (name, text) in notes {
            json.push(',');
            quoted(&mut json, name);
            json.push(':');
            quoted(&mut json, text);
        }
        json.push('}');
        let mut start = 0_usize;
        for tensor in self.all() {
            json.push(',');
            tensor.entry(&mut json, start);
            start = start.saturating_add(tensor.bytes.len());
        }
        json.push('}');
        let length = json.len().saturating_add(8).next_multiple_of(alignment).saturating_sub(8);
        json.extend(std::iter::repeat_n(' ', length.saturating_sub(json.len())));
        let mut header = u64::try_from(length).unwrap_or_default().to_le_bytes().to_vec();
        header.extend(json.into_bytes());
        header
    }
}

fn size(tensors: &[Tensor<'_>]) -> usize {
    tensors.iter().map(|tensor| tensor.bytes.len()).sum()
}

/// The widest first: each is aligned to its own size.
fn sort(tensors: &mut [Tensor<'_>]) {
    tensors.sort_by_key(|tensor| Reverse(if tensor.coding.is_some() { 1 } else { tensor.alignment }));
}

/// The number of paddings.
struct Pad(usize);

impl Pad {
    /// Sorts a part, and pads it to the alignment of the next one.
    fn end(&mut self, part: &mut Vec<Tensor<'_>>) {
        sort(part);
        let size = size(part);
        let padding = size.next_multiple_of(ALIGNMENT).saturating_sub(size);
        if padding > 0 {
            let name = if self.0 == 0 { PADDING.to_owned() } else { format!("{PADDING}.{}", self.0) };
            part.push(Tensor::bytes(&name, vec![0; padding]));
            self.0 = self.0.saturating_add(1);
        }
    }
}
