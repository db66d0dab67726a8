//! Pickles in a row, behind what is none, and in bytes that are something else.

use std::ops::Range;

use skiff_files::Layout;
use skiff_files::formats::{Joblib, Sniffed, respell_dill, sniff};
use skiff_pickle::{Bytes, ErrorKind as PickleErrorKind, Graph, NodeId};

use super::Scan;
use crate::judge::{Judged, Reading};
use crate::paths::reached;
use crate::verdict::{Finding, Rating};
use crate::{dangers, polyglot};

/// How often reading begins anew behind something that is no pickle.
const MOST_ATTEMPTS: usize = 4_096;
/// How far behind something that is no pickle others are looked for: it is unknown anyway.
const MOST_SEARCHED: usize = 64 << 20;
/// How many pickles in a row are read as what they are not.
const MOST_POLYGLOTS: usize = 64;

impl Scan<'_> {
    /// Pickles in a row, and behind what is none.
    pub(super) fn pickles(&mut self, bytes: &Bytes, depth: usize) {
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
            respell_dill(&mut graph, made.clone());
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
            respell_dill(&mut graph, made.clone());
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
    pub(super) fn polyglot(&mut self, bytes: &Bytes, inner: &[Range<usize>]) {
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

/// Where the next pickle of protocol 2 or later may begin.
fn find_pickle(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let place = rest.windows(2).position(|pair| matches!(pair, [0x80, 0..=5]))?;
    from.checked_add(place)
}
