//! A folder of predictions: a file for every few row groups, and a manifest when all are there.
//!
//! A part is named for what it was made of: the model, the options, the file and the row groups. A part of that name is
//! complete, since files get their names when they are, and is kept when the command runs again.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};
use skiff_arrow::files::{DataFile, Source};
use skiff_files::write::NewFile;

use super::hex;
use super::input::{Input, Unit};
use crate::args::AnswerFormat;
use crate::interrupt;
use crate::report::{Failure, Outcome};

/// The name of the manifest; readers of datasets pass over names that begin with an underscore.
const MANIFEST: &str = "_manifest.json";
/// How many rows a part has at least, unless its file has fewer.
const PART_ROWS: u64 = 1 << 20;

/// A folder of parts.
pub struct Dataset {
    folder: PathBuf,
    /// The format of the parts.
    pub format: AnswerFormat,
    /// The parts in order.
    pub parts: Vec<Part>,
    /// Files of parts that are of other runs.
    stale: Vec<PathBuf>,
}

/// Row groups of one file, whose predictions are in one file.
pub struct Part {
    /// The file's name.
    name: String,
    /// The row groups.
    pub units: Vec<Unit>,
    /// How many rows were written; `None` as long as the part is not there.
    pub rows: Option<u64>,
    /// The file that was read.
    input: String,
}

impl Part {
    /// Whether its file is complete.
    pub fn is_there(&self) -> bool {
        self.rows.is_some()
    }
}

impl Dataset {
    /// The parts of a run, and which of them an earlier run has left in the folder.
    pub fn open(
        folder: &Path,
        format: Option<AnswerFormat>,
        input: &Input,
        key: &str,
        force: bool,
    ) -> Result<Self, Failure> {
        let format = format.unwrap_or(AnswerFormat::Parquet);
        let extension = match format {
            AnswerFormat::Parquet => "parquet",
            AnswerFormat::Arrow => "arrow",
            _ => return Err(Failure::Usage("a folder of predictions has Parquet or Arrow files".to_owned())),
        };
        let mut parts = parts(input, key, extension);
        let unwritable = |error| Failure::unwritable(folder, format!("cannot write the output: {error}"));
        fs::create_dir_all(folder).map_err(unwritable)?;
        let mut of_key: HashMap<String, PathBuf> = HashMap::new();
        for entry in fs::read_dir(folder).map_err(unwritable)? {
            let path = entry.map_err(unwritable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match key_of(&name) {
                Some(key) => drop(of_key.insert(key, path)),
                None if name == MANIFEST || name.starts_with('.') => {}
                None => {
                    let what = format!("the output folder has other files: `{name}`");
                    return Err(Failure::data(folder, what).with_help("name a new folder"));
                }
            }
        }
        for part in &mut parts {
            let Some(there) = key_of(&part.name).and_then(|key| of_key.remove(&key)) else { continue };
            let path = folder.join(&part.name);
            // Its number has changed where files have come before it.
            if there == path || !path.exists() && fs::rename(&there, &path).is_ok() {
                part.rows = rows_of(&path);
            }
        }
        let stale: Vec<PathBuf> = of_key.into_values().collect();
        if let (Some(one), false) = (stale.first(), force) {
            let what =
                format!("`{}` has predictions of another model, of other options or of other data", one.display());
            return Err(Failure::Overwrite(what));
        }
        Ok(Self { folder: folder.to_owned(), format, parts, stale })
    }

    /// Makes one part of all: the model needs all rows at once.
    pub fn join(&mut self) {
        let mut parts = std::mem::take(&mut self.parts).into_iter();
        let Some(mut first) = parts.next() else { return };
        first.rows = None;
        first.units.extend(parts.flat_map(|part| part.units));
        self.parts.push(first);
    }

    /// The rows that are there already.
    pub fn finished_rows(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.rows).sum()
    }

    /// Where a part is written.
    pub fn path(&self, part: usize) -> PathBuf {
        self.folder.join(&self.parts[part].name)
    }

    /// Removes what other runs have left, and writes the manifest.
    pub fn publish(self, notes: &[(String, String)]) -> Outcome {
        for stale in &self.stale {
            fs::remove_file(stale).map_err(|error| Failure::unwritable(stale, error))?;
        }
        // A group without rows has no part.
        let written = self.parts.iter().filter_map(|part| Some((part, part.rows?)));
        let parts: Vec<_> = written
            .map(|(part, rows)| {
                let groups: Vec<usize> = part.units.iter().map(|unit| unit.group).collect();
                json!({ "file": part.name, "rows": rows, "input": part.input, "row_groups": groups })
            })
            .collect();
        let rows = self.finished_rows();
        let about: serde_json::Map<_, _> = notes.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let manifest = json!({ "about": about, "rows": rows, "parts": parts });
        let mut file = NewFile::create(&self.folder.join(MANIFEST))?;
        writeln!(file, "{manifest:#}")?;
        Ok(interrupt::whole(|| file.finish())?)
    }
}

/// The parts of a run: consecutive row groups of a file, until they have enough rows.
fn parts(input: &Input, key: &str, extension: &str) -> Vec<Part> {
    let mut groups: Vec<Vec<Unit>> = Vec::new();
    let mut rows = 0;
    for unit in input.units() {
        match groups.last_mut() {
            Some(units) if rows < PART_ROWS && units.last().is_some_and(|last| last.file == unit.file) => {
                units.push(unit);
                rows += unit.rows.unwrap_or(0);
            }
            _ => {
                groups.push(vec![unit]);
                rows = unit.rows.unwrap_or(0);
            }
        }
    }
    let part = |(index, units): (usize, Vec<Unit>)| {
        let file = units.first().map_or(0, |unit| unit.file);
        let places: Vec<usize> = units.iter().map(|unit| unit.group).collect();
        let digest = hex(&Sha256::digest(format!("{key} {} {places:?}", input.identity(file))));
        let digest = digest.get(..16).unwrap_or(&digest);
        let input = input.path(file).display().to_string();
        Part { name: format!("part-{index:05}-{digest}.{extension}"), units, rows: None, input }
    };
    groups.into_iter().enumerate().map(part).collect()
}

/// The key in the name of a part; `None` for another file.
fn key_of(name: &str) -> Option<String> {
    let (index, rest) = name.strip_prefix("part-")?.split_once('-')?;
    let (key, extension) = rest.split_once('.')?;
    let is_key = key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_part = is_key && index.bytes().all(|byte| byte.is_ascii_digit()) && matches!(extension, "parquet" | "arrow");
    is_part.then(|| format!("{key}.{extension}"))
}

/// How many rows a finished part has; `None` if it cannot be read.
fn rows_of(path: &Path) -> Option<u64> {
    let file = DataFile::open(Source::named(path), Vec::new()).ok()?;
    let mut rows = 0;
    for (group, known) in file.groups().into_iter().enumerate() {
        rows += match known.rows {
            Some(rows) => rows,
            None => {
                let batches = file.batches(group, &[], 1 << 16).ok()?;
                batches.map(|batch| batch.ok().map(|batch| batch.num_rows() as u64)).sum::<Option<u64>>()?
            }
        };
    }
    Some(rows)
}
