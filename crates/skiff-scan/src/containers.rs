//! Finds the pickles of a file: behind compression, in archives, in arrays, in a row, behind garbage, in byte strings.

mod archives;
mod pickles;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use skiff_files::formats::{Inflation, Sniffed, model_json, npy, skiff, sniff};
use skiff_pickle::{Budget, Bytes, Graph, Limits, NodeId};

use crate::Trusted;
use crate::estimators::Estimators;
use crate::judge::{Care, Counts, Judged, Reading, byte_strings};
use crate::verdict::{Finding, MOST_FINDINGS, Rating, UnknownAttribute};
use archives::is_tar;

/// Layers and archives in each other: an honest file has three at most.
const MOST_LAYERS: usize = 12;
/// Entries of archives, and byte strings, that are looked into.
const MOST_PARTS: usize = 100_000;

/// A file being looked through.
pub(crate) struct Scan<'a> {
    directory: Option<&'a Path>,
    limits: Limits,
    inflation: Inflation,
    budget: Budget,
    /// The layers around the content at hand.
    place: Vec<String>,
    parts: usize,
    late: bool,
    estimators: Estimators,
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
    pub fn new(name: Option<&'a Path>, limits: &Limits, size: u64, estimators: Estimators) -> Self {
        let limits = limits.started();
        Self {
            directory: name.map(|name| name.parent().unwrap_or(Path::new(""))),
            inflation: Inflation::new(&limits, size),
            budget: Budget::of_file(&limits, size),
            limits,
            place: Vec::new(),
            parts: 0,
            late: false,
            estimators,
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
            Sniffed::ModelJson => self.model_json(bytes, depth),
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
        Care { limits: &self.limits, estimators: self.estimators, most: MOST_FINDINGS, counts }
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
        match skiff::read(bytes, &self.limits, &mut self.inflation) {
            Ok(skiff::Contents { graph, samples, .. }) => {
                self.judged = self.judged.saturating_add(1);
                let roots: Vec<NodeId> = std::iter::once(graph.root()).chain(samples).collect();
                self.judge(&graph, &roots, 0..graph.len(), Reading::Pickle, None, depth);
            }
            Err(error) => self.unread(format!("is a .skiff file that cannot be read: {error}")),
        }
    }

    /// What a program that reads it as skiff does would call.
    fn model_json(&mut self, bytes: &Bytes, depth: usize) {
        self.is_model_file = true;
        match model_json::read(bytes, &mut self.budget) {
            Ok((graph, _)) => {
                self.judged = self.judged.saturating_add(1);
                self.judge(&graph, &[graph.root()], 0..graph.len(), Reading::Pickle, None, depth);
            }
            Err(error) => self.unread(format!("is a model as JSON that cannot be read: {error}")),
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
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let place = bytes.get(from..)?.windows(what.len()).position(|window| window == what)?;
    from.checked_add(place)
}
