//! A folder of predictions: a file for every few row groups, and a manifest when all are there.
//!
//! A part is named for what it was made of: the model, the options, the file and the row groups. A part of that name is
//! complete, since files get their names when they are, and is kept when the command runs again.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};
use skiff_arrow::files::{DataFile, Source};
use skiff_files::write::NewFile;

use super::hex;
use super::input::{Input, Unit};
use crate::args::AnswerFormat;
use crate::data::remote::{RemoteFolder, is_remote};
use crate::interrupt;
use crate::report::{Failure, Outcome};

/// The name of the manifest; readers of datasets pass over names that begin with an underscore.
const MANIFEST: &str = "_manifest.json";
/// How many rows a part has at least, unless its file has fewer.
const PART_ROWS: u64 = 1 << 20;

/// A folder of parts.
pub struct Dataset {
    folder: Folder,
    /// The format of the parts.
    pub format: AnswerFormat,
    /// The parts in order.
    pub parts: Vec<Part>,
    /// Files of parts that are of other runs.
    stale: Vec<String>,
}

/// Where the parts are.
enum Folder {
    Local(PathBuf),
    Remote(RemoteFolder),
}

impl Folder {
    /// The folder, which is made if it is missing.
    fn open(path: &Path) -> Result<Self, Failure> {
        if is_remote(path) {
            return Ok(Self::Remote(RemoteFolder::open(path)?));
        }
        fs::create_dir_all(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self::Local(path.to_owned()))
    }

    fn names(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Local(path) => {
                let read = || -> io::Result<Vec<String>> {
                    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
                    fs::read_dir(path)?.map(name).collect()
                };
                read().map_err(|error| unwritable(path, &error))
            }
            Self::Remote(folder) => folder.names(),
        }
    }

    /// The place of a file.
    fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Local(path) => path.join(name),
            Self::Remote(folder) => folder.url(name),
        }
    }

    /// Calls a file by another name, which none has; whether that could be done. Object stores only copy.
    fn rename(&self, from: &str, to: &str) -> bool {
        match self {
            Self::Local(path) => !path.join(to).exists() && fs::rename(path.join(from), path.join(to)).is_ok(),
            Self::Remote(_) => false,
        }
    }

    fn source(&self, name: &str) -> Option<Source> {
        match self {
            Self::Local(path) => Some(Source::named(&path.join(name))),
            Self::Remote(folder) => folder.source(name),
        }
    }

    fn remove(&self, name: &str) -> Outcome {
        match self {
            Self::Local(path) => {
                let path = path.join(name);
                fs::remove_file(&path).map_err(|error| Failure::unwritable(&path, error))
            }
            Self::Remote(folder) => folder.remove(name),
        }
    }

    fn write(&self, name: &str, text: &str) -> Outcome {
        match self {
            Self::Local(path) => {
                let mut file = NewFile::create(&path.join(name))?;
                file.write_all(text.as_bytes())?;
                Ok(file.finish()?)
            }
            Self::Remote(folder) => folder.write(name, text),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::unwritable(path, format!("cannot write the output: {error}"))
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
        let path = folder;
        let folder = Folder::open(path)?;
        let mut of_key: HashMap<String, String> = HashMap::new();
        for name in folder.names()? {
            match key_of(&name) {
                Some(key) => drop(of_key.insert(key, name)),
                None if name == MANIFEST || name.starts_with('.') => {}
                None => {
                    let what = format!("the output folder has other files: `{name}`");
                    return Err(Failure::data(path, what).with_help("name a new folder"));
                }
            }
        }
        for part in &mut parts {
            let Some(there) = key_of(&part.name).and_then(|key| of_key.remove(&key)) else { continue };
            // Its number has changed where files have come before it.
            if there == part.name || folder.rename(&there, &part.name) {
                part.rows = folder.source(&part.name).and_then(rows_of);
            } else if let Folder::Remote(_) = &folder {
                // It keeps its name.
                part.rows = folder.source(&there).and_then(rows_of);
                part.name = there;
            }
        }
        let stale: Vec<String> = of_key.into_values().collect();
        if let (Some(one), false) = (stale.first(), force) {
            let one = folder.path(one);
            let what =
                format!("`{}` has predictions of another model, of other options or of other data", one.display());
            return Err(Failure::Overwrite(what));
        }
        Ok(Self { folder, format, parts, stale })
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
        self.folder.path(&self.parts[part].name)
    }

    /// Removes what other runs have left, and writes the manifest.
    pub fn publish(self, notes: &[(String, String)]) -> Outcome {
        self.stale.iter().try_for_each(|stale| self.folder.remove(stale))?;
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
        interrupt::whole(|| self.folder.write(MANIFEST, &format!("{manifest:#}\n")))
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
fn rows_of(source: Source) -> Option<u64> {
    let file = DataFile::open(source, Vec::new()).ok()?;
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
