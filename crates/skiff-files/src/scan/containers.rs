//! Finds the pickles of a file: behind compression, in archives, in arrays, in a row, behind garbage, in byte strings.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use skiff_pickle::{Budget, Bytes, ErrorKind as PickleErrorKind, Graph, NodeId};

use super::judge::{Care, Counts, Judged, Reading, byte_strings};
use super::paths::reached;
use super::{Check, Finding, MOST_FINDINGS, Rating, Trusted, UnknownAttribute, dangers, polyglot, shown};
use crate::decompress::Inflation;
use crate::joblib::{Joblib, Layout};
use crate::sniff::{Sniffed, sniff};
use crate::zip::{self, Archive, Kind};
use crate::{Limits, container, dill, npy, sevenz, skops};

/// Layers and archives in each other: an honest file has three at most.
const MOST_LAYERS: usize = 12;
/// Entries of archives, and byte strings, that are looked into.
const MOST_PARTS: usize = 100_000;
/// How often reading begins anew behind something that is no pickle.
const MOST_ATTEMPTS: usize = 4_096;
/// How far behind something that is no pickle others are looked for: it is unknown anyway.
const MOST_SEARCHED: usize = 64 << 20;
/// How many pickles in a row are read as what they are not.
const MOST_POLYGLOTS: usize = 64;

/// A file being looked through.
pub(super) struct Scan<'a> {
    directory: Option<&'a Path>,
    limits: Limits,
    inflation: Inflation,
    budget: Budget,
    /// The layers around the content at hand.
    place: Vec<String>,
    parts: usize,
    late: bool,
    check: &'a Check<'a>,
    /// What was found: the same name for the same reason is told once, where it stands first.
    seen: HashSet<(Option<String>, String)>,
    counts: HashMap<Rating, usize>,
    pub findings: Vec<Finding>,
    pub unknown_attributes: Vec<UnknownAttribute>,
    pub judged: usize,
    pub in_a_row: usize,
    pub is_model_file: bool,
    /// What is excused.
    pub trusted: Trusted,
}

impl<'a> Scan<'a> {
    pub fn new(name: Option<&'a Path>, limits: &Limits, size: u64, check: &'a Check<'a>) -> Self {
        let limits = limits.started();
        Self {
            directory: name.map(|name| name.parent().unwrap_or(Path::new(""))),
            inflation: Inflation::new(&limits, size),
            budget: Budget::of_file(&limits, size),
            limits,
            place: Vec::new(),
            parts: 0,
            late: false,
            check,
            seen: HashSet::new(),
            counts: HashMap::new(),
            findings: Vec::new(),
            unknown_attributes: Vec::new(),
            judged: 0,
            in_a_row: 0,
            is_model_file: false,
            trusted: Trusted::default(),
        }
    }

    /// Looks into bytes of any kind. The depth is bounded, and with it this recursion.
    pub fn content(&mut self, bytes: &Bytes, depth: usize) {
        self.parts = self.parts.saturating_add(1);
        if depth > MOST_LAYERS {
            return self.unread("lies in more layers than are looked through");
        }
        if self.parts > MOST_PARTS {
            return self.unread("is one of more parts than are looked through");
        }
        if self.is_late() {
            return;
        }
        let sniffed = sniff(bytes);
        if !matches!(sniffed, Sniffed::Pickle | Sniffed::Other) {
            // `pickle.load` asks no file what it is: the first bytes of a tar are a name, and may be opcodes.
            self.polyglot(bytes, &[]);
        }
        let is_tar = sniffed == Sniffed::Foreign("a tar archive") || (sniffed == Sniffed::Other && is_tar(bytes));
        // A tar's last entry may be a zip; the tar knows whether it is.
        if sniffed != Sniffed::Zip && !is_tar {
            self.zip_within(bytes, depth);
        }
        match sniffed {
            Sniffed::Compressed(codec) => {
                self.is_model_file = true;
                match self.inflation.decompress(codec, bytes) {
                    Ok((inner, left)) => {
                        self.within(codec.to_string(), |scan| {
                            scan.content(&inner, depth.saturating_add(1));
                        });
                        self.behind(bytes, bytes.len().saturating_sub(left), depth);
                    }
                    Err(error) => self.unread(format!("cannot be decompressed to its end: {error}")),
                }
            }
            _ if is_tar => {
                if sniffed == Sniffed::Other {
                    self.polyglot(bytes, &[]);
                }
                self.tar(bytes, depth);
            }
            Sniffed::Zip => self.zip(bytes, depth),
            Sniffed::Npy => self.npy(bytes, depth),
            Sniffed::Skiff => self.skiff(bytes, depth),
            Sniffed::Foreign("a 7z archive") => self.sevenz(bytes, depth),
            Sniffed::Foreign(name) => self.unread(format!("is {name}, which is not looked into")),
            Sniffed::Encrypted => self.unread("is encrypted by age, and cannot be looked into without an identity"),
            Sniffed::Pointer(name) => self.unread(format!("is {name}, not the model itself")),
            Sniffed::Pickle | Sniffed::Other => self.pickles(bytes, depth),
        }
    }

    /// Whether the time is over; once it is, nothing more is looked at, and one finding says so.
    fn is_late(&mut self) -> bool {
        if !self.late && self.limits.is_late() {
            self.late = true;
            let time = self.limits.milliseconds();
            self.unread(format!("was not looked at to its end: the limit `time` of {time} milliseconds is exceeded"));
        }
        self.late
    }

    fn care<'c>(&'c self, counts: &'c Counts<'c>) -> Care<'c> {
        Care { limits: &self.limits, check: self.check, most: MOST_FINDINGS, counts }
    }

    fn unread(&mut self, sentence: impl Into<String>) {
        self.add(Finding::unread(sentence));
    }

    /// Keeps what was found in the content at hand: what is new, and no more of it than anybody reads.
    fn add(&mut self, finding: Finding) {
        let counted = self.counts.entry(finding.rating).or_insert(0);
        if *counted < MOST_FINDINGS && self.seen.insert((finding.name.clone(), finding.sentence.clone())) {
            *counted = counted.saturating_add(1);
            self.findings.push(Finding { place: self.place.clone(), ..finding });
        }
    }

    /// Keeps an unknown attribute of the content at hand: the first of its class and name.
    fn add_attribute(&mut self, attribute: UnknownAttribute) {
        let is_known = |known: &UnknownAttribute| (&known.class, &known.name) == (&attribute.class, &attribute.name);
        if self.unknown_attributes.len() < MOST_FINDINGS && !self.unknown_attributes.iter().any(is_known) {
            self.unknown_attributes.push(UnknownAttribute { place: self.place.clone(), ..attribute });
        }
    }

    fn within(&mut self, layer: String, inside: impl FnOnce(&mut Self)) {
        self.place.push(layer);
        inside(self);
        self.place.pop();
    }

    /// What stands behind the end of a compressed stream or an array: zeros fill up, everything else is looked into.
    fn behind(&mut self, bytes: &Bytes, end: usize, depth: usize) {
        let rest = bytes.get(end..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        let rest = bytes.slice(end, rest.len()).unwrap_or_default();
        self.unread(format!("has {} bytes behind its end", rest.len()));
        self.within(format!("behind byte {end}"), |scan| scan.content(&rest, depth.saturating_add(1)));
    }

    fn skiff(&mut self, bytes: &Bytes, depth: usize) {
        self.is_model_file = true;
        match container::read(bytes, &self.limits, &mut self.inflation) {
            Ok(container::Contents { graph, samples, .. }) => {
                self.judged = self.judged.saturating_add(1);
                let roots: Vec<NodeId> = std::iter::once(graph.root()).chain(samples).collect();
                self.judge(&graph, &roots, 0..graph.len(), Reading::Pickle, None, depth);
            }
            Err(error) => self.unread(format!("is a .skiff file that cannot be read: {error}")),
        }
    }

    /// What is no zip at its beginning may be one for Python's `zipfile`, and so for skops, which begin at the end.
    fn zip_within(&mut self, bytes: &Bytes, depth: usize) {
        let Some(place) = zip::archive_within(bytes) else { return };
        let Some(inner) = bytes.slice(place.start, place.len()) else { return };
        self.within(format!("zip from byte {}", place.start), |scan| scan.zip(&inner, depth.saturating_add(1)));
    }

    fn zip(&mut self, bytes: &Bytes, depth: usize) {
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
                Ok((graph, files)) => {
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
                8 => match self.inflation.decompress(crate::Codec::Deflate, &data) {
                    Ok((content, _)) => content,
                    Err(_) => continue,
                },
                _ => continue,
            };
            self.within(format!("zip entry at byte {found}"), |scan| scan.content(&content, depth.saturating_add(1)));
        }
    }

    fn sevenz(&mut self, bytes: &Bytes, depth: usize) {
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

    fn tar(&mut self, bytes: &Bytes, depth: usize) {
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

    fn npy(&mut self, bytes: &Bytes, depth: usize) {
        self.is_model_file = true;
        if let Some(start) = npy::objects_at(bytes)
            && let Some(rest) = bytes.slice(start, bytes.len().saturating_sub(start))
        {
            // A pickle, which would be executed up to where it breaks, and what stands behind it.
            return self.within("array of objects".to_owned(), |scan| scan.pickles(&rest, depth.saturating_add(1)));
        }
        let mut graph = Graph::new();
        match npy::read_into(&mut graph, bytes, &mut self.budget) {
            Ok((root, end)) => {
                self.judge(&graph, &[root], 0..graph.len(), Reading::Pickle, None, depth);
                self.judged = self.judged.saturating_add(1);
                self.behind(bytes, end, depth);
            }
            Err(error) => self.unread(format!("is an array that cannot be read: {error}")),
        }
    }

    /// Pickles in a row, and behind what is none.
    fn pickles(&mut self, bytes: &Bytes, depth: usize) {
        if bytes.is_empty() {
            return self.unread("is empty");
        }
        let mut graph = Graph::new();
        let buffer = graph.add_buffer(bytes.clone());
        let (mut offset, mut number, mut attempts) = (0_usize, 0_usize, 0_usize);
        // Beginning anew again and again may not cost more than a few readings of the whole.
        let mut work = bytes.len().saturating_mul(8).saturating_add(1 << 20);
        // Where a pickle begins that has arrays beside its opcodes.
        let mut beside: Vec<(usize, bool, Vec<Range<usize>>)> = Vec::new();
        // The first byte that no pickle explains.
        let mut gap: Option<usize> = None;
        // Where the first frame ends whose pickle ended before.
        let mut behind_frame: Option<usize> = None;
        while offset < bytes.len() {
            if self.is_late() {
                return;
            }
            let before = graph.len();
            let mut host = Joblib::new(self.directory, &mut self.inflation);
            let result = skiff_pickle::read_into(&mut graph, buffer, offset, &mut self.budget, &mut host);
            if host.layout != Layout::Plain {
                let from_start =
                    |inner: &Range<usize>| inner.start.saturating_sub(offset)..inner.end.saturating_sub(offset);
                beside.push((offset, host.has_padding, host.inner.iter().map(from_start).collect()));
            }
            let made = before..graph.len();
            dill::respell(&mut graph, made.clone());
            match result {
                Ok(end) => {
                    self.is_model_file = true;
                    self.judged = self.judged.saturating_add(1);
                    self.judge(&graph, &[end.root], made, Reading::Pickle, Some(number), depth);
                    if end.frame_left > 0 {
                        self.unread(format!(
                            "ends pickle {number} in the midst of a frame: readers disagree on what follows"
                        ));
                        behind_frame.get_or_insert(end.offset.saturating_add(end.frame_left));
                    }
                    offset = end.offset;
                    number = number.saturating_add(1);
                }
                Err(error) => {
                    let names = self.judge(&graph, &[], made, Reading::Pickle, Some(number), depth);
                    if matches!(error.kind, PickleErrorKind::Limit { .. }) {
                        self.is_model_file = true;
                        return self.unread(format!("cannot be read within the limits: {error}"));
                    }
                    let is_first = offset == 0 && gap.is_none();
                    if is_first && (names || sniff(bytes) == Sniffed::Pickle) {
                        self.is_model_file = true;
                        self.unread(format!("breaks off: {error}; what Python does up to there was judged"));
                    }
                    gap.get_or_insert(offset);
                    attempts = attempts.saturating_add(1);
                    work = work.saturating_sub(error.offset.saturating_sub(offset));
                    // Python stops here; tools that look for pickles, or a loader that seeks, do not.
                    let searched = bytes.get(..offset.saturating_add(MOST_SEARCHED)).unwrap_or(bytes);
                    let next = find_pickle(searched, offset.saturating_add(1));
                    match next {
                        Some(next) if attempts < MOST_ATTEMPTS && work > 0 => offset = next,
                        Some(_) => {
                            self.unread("has more places where a pickle could begin than are looked at");
                            break;
                        }
                        None => break,
                    }
                }
            }
        }
        self.in_a_row = self.in_a_row.max(number);
        if let Some(start) = behind_frame {
            self.behind_frames(bytes, start, depth);
        }
        // `pickle.load` takes the arrays' bytes for opcodes; so does an old joblib with some of them.
        for (start, has_padding, inner) in beside.iter().take(MOST_POLYGLOTS) {
            if let Some(rest) = bytes.slice(*start, bytes.len().saturating_sub(*start)) {
                self.polyglot(&rest, inner);
                if *has_padding {
                    self.read_by_old_joblib(&rest);
                }
            }
        }
        if beside.len() > MOST_POLYGLOTS {
            self.unread("has more pickles with arrays beside them than are looked at");
        }
        if let Some(gap) = gap.filter(|_| number > 0)
            && let Some(rest) = bytes.slice(gap, bytes.len().saturating_sub(gap))
            && !matches!(sniff(&rest), Sniffed::Pickle | Sniffed::Other | Sniffed::Pointer(_))
        {
            // Something else stands behind the last pickle: whoever knows where it begins can load it.
            self.within(format!("behind byte {gap}"), |scan| scan.content(&rest, depth.saturating_add(1)));
        }
        match gap {
            Some(0) if number == 0 => self.unread("is nothing that is known: no pickle, no array, no archive"),
            Some(gap) => self.unread(format!("holds bytes that are no pickle, from byte {gap} on")),
            None => return,
        }
        self.names_in_text(bytes);
    }

    /// Pickles in a row for those readers that take a whole frame out of the file, ended or not: Python's without C.
    fn behind_frames(&mut self, bytes: &Bytes, start: usize, depth: usize) {
        let mut graph = Graph::new();
        let buffer = graph.add_buffer(bytes.clone());
        let mut offset = start;
        while offset < bytes.len() && !self.is_late() {
            let before = graph.len();
            let mut host = Joblib::new(self.directory, &mut self.inflation);
            let result = skiff_pickle::read_into(&mut graph, buffer, offset, &mut self.budget, &mut host);
            let made = before..graph.len();
            dill::respell(&mut graph, made.clone());
            let roots: Vec<NodeId> = result.iter().map(|end| end.root).collect();
            self.judge(&graph, &roots, made, Reading::Pickle, None, depth);
            match result {
                Ok(end) => offset = end.offset.saturating_add(end.frame_left),
                Err(_) => return,
            }
        }
    }

    /// Reads bytes that are something else as opcodes from the start, as `pickle.load` would, once or again and again.
    /// `inner` is where the pickles of arrays of objects lie in them.
    fn polyglot(&mut self, bytes: &Bytes, inner: &[Range<usize>]) {
        let mut offset = 0;
        for _ in 0..MOST_POLYGLOTS {
            let mut graph = Graph::new();
            let buffer = graph.add_buffer(bytes.clone());
            // Most are no pickle from the first byte on.
            let end = skiff_pickle::read_into(&mut graph, buffer, offset, &mut self.inflation.budget(), &mut ());
            // Python loads it, or imports and calls what it names before it breaks off, whatever else it is.
            self.is_model_file |= end.is_ok() || graph.ids().any(|id| graph.global(id).is_some());
            // joblib goes on behind an inner pickle with the memo from before. Whoever begins with an empty one mixes up
            // what the names are; what is known to be dangerous is no mixture.
            let is_behind = inner.iter().any(|inner| inner.end == offset);
            let least = if is_behind { Rating::Dangerous } else { Rating::Unknown };
            let last = polyglot::end_of_plain_load(&graph, inner);
            let roots: Vec<NodeId> = end.iter().map(|end| end.root).filter(|_| last.is_none()).collect();
            self.judge_polyglot(&graph, &roots, least, last, "when the file is read as a plain pickle");
            match end {
                Ok(end) if end.offset > offset => offset = end.offset,
                _ => return,
            }
        }
        self.unread("holds more pickles in a row, when it is read as plain pickles, than are looked at");
    }

    /// Reads a file of joblib's as joblib did before 1.2: the last bytes of each array are opcodes.
    fn read_by_old_joblib(&mut self, bytes: &Bytes) {
        let mut graph = Graph::new();
        let buffer = graph.add_buffer(bytes.clone());
        let mut budget = self.inflation.budget();
        let mut host = Joblib::new(self.directory, &mut self.inflation);
        host.is_old = true;
        let end = skiff_pickle::read_into(&mut graph, buffer, 0, &mut budget, &mut host);
        let roots: Vec<NodeId> = end.iter().map(|end| end.root).collect();
        self.judge_polyglot(&graph, &roots, Rating::Unknown, None, "when the file is read by joblib before 1.2");
    }

    /// Behind `last`, if there is one, only what is known to be dangerous counts.
    fn judge_polyglot(&mut self, graph: &Graph, roots: &[NodeId], least: Rating, last: Option<NodeId>, when: &str) {
        let reached = reached(graph, roots);
        let is_before = |last: NodeId, id: NodeId| {
            let mut is_before = id < last;
            graph.each_child(id, |child| is_before &= child < last);
            is_before
        };
        let counts = |id: NodeId, finding: &Finding| {
            polyglot::is_told(graph, id, finding, &reached)
                && !self.trusted.excuses(graph, id, finding)
                && (finding.rating == Rating::Dangerous || last.is_none_or(|last| is_before(last, id)))
        };
        let judged = Judged::of(graph, roots, 0..graph.len(), Reading::Polyglot, self.care(&counts));
        let is_late = judged.is_late;
        let is_new = |finding: &Finding| {
            let is_known = |known: &Finding| known.name.is_some() && known.name == finding.name;
            finding.rating >= least && !self.findings.iter().any(is_known)
        };
        let new: Vec<_> = judged.findings().into_iter().filter(is_new).collect();
        for finding in new {
            let sentence = format!("{} ({when})", finding.sentence);
            self.add(Finding { sentence, ..finding });
        }
        if is_late && !self.is_late() {
            self.unread("could not be looked at to its end");
        }
    }

    /// Judges part of a graph; gives whether it named or called anything.
    fn judge(
        &mut self,
        graph: &Graph,
        roots: &[NodeId],
        made: Range<usize>,
        reading: Reading,
        pickle: Option<usize>,
        depth: usize,
    ) -> bool {
        let names = graph.ids_in(made.clone()).any(|id| graph.global(id).is_some());
        let counts = |id: NodeId, finding: &Finding| !self.trusted.excuses(graph, id, finding);
        let judged = Judged::of(graph, roots, made.clone(), reading, self.care(&counts));
        let (loads, is_late) = (judged.loads, judged.is_late);
        let (findings, unknown) = judged.found();
        if is_late && !self.is_late() {
            self.unread("could not be looked at to its end");
        }
        for finding in findings {
            self.add(Finding { pickle, ..finding });
        }
        for attribute in unknown {
            self.add_attribute(attribute);
        }
        if loads {
            for bytes in byte_strings(graph, made) {
                let looks = !matches!(sniff(&bytes), Sniffed::Other | Sniffed::Pointer(_)) || bytes.ends_with(b".");
                if looks {
                    self.within("byte string".to_owned(), |scan| scan.content(&bytes, depth.saturating_add(1)));
                }
            }
        }
        names
    }

    /// Names that stand in text in bytes that could not be read as a pickle: `cos\nsystem\n`.
    fn names_in_text(&mut self, bytes: &[u8]) {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        let bytes = bytes.get(..MOST_SEARCHED).unwrap_or(bytes);
        let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let Some(next) = lines.peek() else { return };
            if next.len() > 80 || next.is_empty() || !next.iter().all(is_name) {
                continue;
            }
            let length = line.iter().rev().take(80).take_while(|byte| is_name(byte)).count();
            let tail = line.get(line.len().saturating_sub(length)..).unwrap_or_default();
            let Ok(name) = std::str::from_utf8(next) else { continue };
            for (place, byte) in tail.iter().enumerate() {
                let module = tail.get(place.saturating_add(1)..).and_then(|module| std::str::from_utf8(module).ok());
                let Some(module) = module.filter(|module| matches!(byte, b'c' | b'i') && !module.is_empty()) else {
                    continue;
                };
                let (module3, name3) = skiff_pickle::python3_name(module, name);
                if let Some(sentence) = dangers::sentence(module3, name3) {
                    let finding = Finding {
                        rating: Rating::Dangerous,
                        name: Some(format!("{module}.{name}")),
                        ..Finding::unread(format!("{sentence} (named among bytes that are no whole pickle)"))
                    };
                    self.add(finding);
                }
            }
        }
    }
}

/// Whether an entry's own extended header says something of how its content lies in the archive.
fn moves_content(entry: &mut tar::Entry<'_, &[u8]>) -> bool {
    let Ok(Some(extensions)) = entry.pax_extensions() else { return false };
    let mut keys = extensions.map(|extension| extension.map(|extension| extension.key_bytes().to_vec()));
    keys.any(|key| key.map_or(true, |key| key == b"size" || key.starts_with(b"GNU.sparse")))
}

/// Where the next pickle of protocol 2 or later may begin.
fn find_pickle(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let place = rest.windows(2).position(|pair| matches!(pair, [0x80, 0..=5]))?;
    from.checked_add(place)
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let place = bytes.get(from..)?.windows(what.len()).position(|window| window == what)?;
    from.checked_add(place)
}

/// Whether the first block's checksum is that of a tar, with or without a magic number.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(block) = bytes.get(..512) else { return false };
    let (Some(field), Some(head), Some(tail)) = (block.get(148..156), block.get(..148), block.get(156..)) else {
        return false;
    };
    let digits: String = field.iter().map(|&byte| char::from(byte)).filter(char::is_ascii_digit).collect();
    let sum: u64 = head.iter().chain(tail).map(|&byte| u64::from(byte)).sum::<u64>().saturating_add(8 * 32);
    u64::from_str_radix(&digits, 8) == Ok(sum)
}
