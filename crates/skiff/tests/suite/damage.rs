//! No bytes make skiff panic, hang, or take memory without bounds, from opening a file to predicting.
//!
//! Recorded models are cut at every length, changed byte by byte, spliced and stirred; each of what comes of them is
//! opened, inspected, planned and asked. The outcome is an answer or a named error. `SKIFF_DAMAGE=10` does ten times as
//! much.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use skiff::value::{Columns, Precision};
use skiff::{File, Model, Options, Table, Takes, table};
use skiff_testing::damage::{Noise, changes, prefixes};
use skiff_testing::memory::peak_of;
use skiff_testing::panics::catch;
use skiff_testing::{RecordedModel, workspace};

/// The memory that a file may take, in addition to some of its own size: [`skiff_testing::memory`] counts what this thread holds. The
/// decoders of compressed layers and the content of a bomb are most of it.
const MOST_MEMORY: usize = 256 << 20;
const MOST_FACTOR: usize = 64;
/// When the process is ended, rather than the machine.
const FAR_TOO_MUCH: usize = 6 << 30;
/// Only to tell a loop that never ends from slow machines.
const MOST_TIME: Duration = Duration::from_secs(30);
/// The widest table that is created.
const WIDEST: usize = 4_096;

/// What went wrong, each with its first file and how often it did.
#[derive(Default)]
struct Failures {
    what: BTreeMap<String, (usize, String)>,
    files: usize,
}

impl Failures {
    /// Opens `bytes` and asks everything of it.
    fn look(&mut self, name: &dyn Fn() -> String, bytes: Vec<u8>) {
        self.files += 1;
        let (size, kept) = (bytes.len(), bytes.clone());
        let start = Instant::now();
        let (outcome, peak) = peak_of(FAR_TOO_MUCH, || catch(|| look(bytes)));
        if let Err(place) = outcome {
            self.fail(place, &name(), &kept);
        }
        if peak > MOST_MEMORY + MOST_FACTOR * size {
            self.fail(format!("{} MiB of memory", peak >> 20), &name(), &kept);
        }
        if start.elapsed() > MOST_TIME {
            self.fail(format!("{} seconds", start.elapsed().as_secs()), &name(), &kept);
        }
    }

    fn fail(&mut self, what: String, name: &str, bytes: &[u8]) {
        let count = self.what.len();
        let (times, _) = self.what.entry(what).or_insert_with(|| {
            // Kept for debugging.
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damage-{count}-{}", std::process::id()));
            let kept = fs::write(&path, bytes).map_or_else(|error| error.to_string(), |()| path.display().to_string());
            (0, format!("{name}, kept as {kept}"))
        });
        *times += 1;
    }

    fn report(self) {
        let lines = self.what.iter().map(|(what, (times, first))| format!("{times} × {what}\n    first {first}"));
        let lines: Vec<_> = lines.collect();
        assert!(lines.is_empty(), "of {} files:\n{}", self.files, lines.join("\n"));
        assert!(self.files > 1_000, "only {} files were tried", self.files);
    }
}

/// Everything that the face can be asked about a file.
fn look(bytes: Vec<u8>) {
    let file = match File::read(bytes, &Options::default()) {
        Ok(file) => file,
        Err(error) => return assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error"),
    };
    let inspection = file.inspect();
    assert!(!inspection.format.is_empty(), "a file of no format");
    for found in file.estimators().iter().take(8) {
        match file.model(Some(&found.address)) {
            Ok(model) => ask(&model),
            Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error"),
        }
    }
    let _ = file.model(None).is_ok();
}

fn ask(model: &Model) {
    let table = table_for(model);
    for method in model.methods() {
        let Ok(plan) = model.plan(method) else { continue };
        assert!(!plan.to_string().is_empty(), "an empty plan");
        if let Some(table) = &table
            && let Err(error) = model.call(method, table)
        {
            assert!(!error.to_string().is_empty(), "an unnamed error");
        }
    }
    let _ = (model.classes().len(), model.header().class.len());
    let names = model.feature_names_in();
    let _ = (model.feature_names_out(None).is_ok(), model.feature_names_out(names.as_deref()).is_ok());
}

/// Three rows such as the model takes; `None` where they would be too wide.
fn table_for(model: &Model) -> Option<Table<'static>> {
    match model.takes() {
        Takes::Texts => return Some(Table::from_texts(["one two three", "", "Ünïcode, ￿ and two\n"])),
        Takes::Dicts => {
            let row = |name: &str| vec![(name.to_owned(), table::DictValue::One(skiff::Scalar::Int(2)))];
            let rows = vec![row("a"), row("b=c"), Vec::new()];
            return Some(Table::Dicts(table::Dicts { rows: rows.into() }));
        }
        Takes::Table => {}
    }
    let width = model.n_features_in().unwrap_or(4);
    let value = |row: usize, col: usize| [0.5, -1.25, 3.0, 1e3][(row * 7 + col) % 4];
    if width > WIDEST {
        return None;
    }
    if let Some(names) = model.feature_names_in()
        && names.len() == width
    {
        let column = |col: usize| {
            let values: Vec<f64> = (0..3).map(|row| value(row, col)).collect();
            table::Column::Floats(values.into(), Precision::Double)
        };
        return Columns::named(names.to_vec(), (0..width).map(column).collect()).ok().map(Table::Columns);
    }
    let data: Vec<f64> = (0..3).flat_map(|row| (0..width).map(move |col| value(row, col))).collect();
    Table::from_rows(3, width, data).ok()
}

/// How many times as much as usual is done.
fn times() -> usize {
    std::env::var("SKIFF_DAMAGE").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// The models in `examples`.
fn examples() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(workspace("examples")).expect("a folder").map(|entry| entry.expect("a file").path());
    let is_model = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "pkl" || ending == "joblib");
    let mut files: Vec<_> = files.filter(is_model).collect();
    files.sort();
    assert!(!files.is_empty(), "no examples");
    files.into_iter().map(|path| (path.display().to_string(), fs::read(path).expect("a model"))).collect()
}

/// One recorded model in `every`, of all versions and families.
fn recorded(every: usize) -> Vec<(String, Vec<u8>)> {
    let models = RecordedModel::all().into_iter().step_by(every);
    models.map(|model| (model.path, model.bytes.to_vec())).collect()
}

fn damaged(files: &[(String, Vec<u8>)], cuts: usize, flips: usize) {
    let mut failures = Failures::default();
    for (name, bytes) in files {
        // What is large is slow to read, and holds more of the same.
        let (cuts, flips) = if bytes.len() > 200_000 { (cuts / 20, flips / 20) } else { (cuts, flips) };
        failures.look(&|| name.clone(), bytes.clone());
        for (number, cut) in prefixes(bytes, cuts).enumerate() {
            failures.look(&|| format!("cut {number} of {name}"), cut);
        }
        for (number, changed) in changes(bytes, flips).enumerate() {
            failures.look(&|| format!("change {number} of {name}"), changed);
        }
    }
    failures.report();
}

#[test]
fn examples_cut_and_changed() {
    damaged(&examples(), 400 * times(), 1_800 * times());
}

#[test]
fn recorded_models_cut_and_changed() {
    damaged(&recorded(11), 60 * times(), 240 * times());
}

#[test]
fn models_as_json_cut_and_changed() {
    let as_json = |(name, bytes): (String, Vec<u8>)| {
        let file = skiff_files::read(bytes.into(), None, &skiff::Limits::default()).ok()?;
        let mut text = Vec::new();
        skiff_files::write::json(&file.graph, &skiff_files::write::JsonOptions::default(), &mut text).ok()?;
        (text.len() < 20_000).then_some((format!("{name} as JSON"), text))
    };
    let files: Vec<_> = recorded(83).into_iter().filter_map(as_json).collect();
    assert!(!files.is_empty(), "no models");
    damaged(&files, 40 * times(), 200 * times());
}

#[test]
fn two_models_in_one() {
    let mut failures = Failures::default();
    let files: Vec<Vec<u8>> = recorded(17).into_iter().map(|(_, bytes)| bytes).collect();
    let mut noise = Noise::new(7);
    for round in 0..10_000 * times() {
        let (first, second) = (&files[noise.below(files.len())], &files[noise.below(files.len())]);
        let mut bytes = first.clone();
        match round % 4 {
            // The beginning of one and the end of another.
            0 => {
                bytes.truncate(noise.below(first.len()));
                bytes.extend(&second[noise.below(second.len())..]);
            }
            // Two blocks change places.
            1 => {
                let size = 1 + noise.below(64.min(first.len() / 3));
                let (a, b) = (noise.below(first.len() - size), noise.below(first.len() - size));
                for at in 0..size {
                    bytes.swap(a + at, b + at);
                }
            }
            // A block is left out.
            2 => {
                let start = noise.below(first.len());
                let end = (start + 1 + noise.below(32)).min(first.len());
                bytes.drain(start..end);
            }
            // A block of another comes in.
            _ => {
                let start = noise.below(second.len());
                let end = (start + noise.below(200)).min(second.len());
                let at = noise.below(first.len());
                bytes.splice(at..at, second[start..end].iter().copied());
            }
        }
        failures.look(&|| format!("round {round}"), bytes);
    }
    failures.report();
}

#[test]
fn noise_behind_each_beginning() {
    let beginnings: [&[u8]; 18] = [
        b"",
        b"\x80\x02",
        b"\x80\x04",
        b"\x80\x05\x95\x40\0\0\0\0\0\0\0",
        b"\x80\x02csklearn.pipeline\nPipeline\n)\x81}(",
        b"\x80\x04\x8c\x1bsklearn.linear_model._ridge\x8c\x05Ridge\x93)\x81}(",
        b"(dp0\n",
        b"\x78\x9c",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46",
        b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x04\x22\x4d\x18\x64\x40\xa7",
        b"\x28\xb5\x2f\xfd\x20",
        b"ZF0x10               \x78\x9c",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (",
        b"\x93NUMPY\x03\0",
    ];
    // Opcodes that build something, so that noise gets further than the first of them.
    let opcodes = b"()]}.0123456789NKMJIFUTXBCGcVaeostubdlpqrhjgi\x81\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x93\x94R";
    let mut failures = Failures::default();
    let mut noise = Noise::new(11);
    for round in 0..10_000 * times() {
        let mut bytes = beginnings[round % beginnings.len()].to_vec();
        let len = noise.below(200);
        if round % 2 == 0 {
            bytes.extend(noise.bytes(len));
        } else {
            for _ in 0..len {
                let opcode = opcodes[noise.below(opcodes.len())];
                bytes.push(if noise.below(4) == 0 { noise.bytes(1)[0] & 7 } else { opcode });
            }
            bytes.push(b'.');
        }
        failures.look(&|| format!("round {round}"), bytes);
    }
    failures.report();
}
