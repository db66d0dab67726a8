//! What a passport records of a training run, and where it is now: the script, the data, and the folder in which the script
//! finds both.

use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use skiff::Passport;
use skiff::passport::Value;

use super::digest;
use super::git::Commit;
use crate::args::Rebuild;
use crate::report::Failure;

/// The largest script that is read.
const MOST_SCRIPT: u64 = 64 << 20;

/// What is run, and what it reads.
#[derive(Debug)]
pub struct Plan {
    pub source: Source,
    pub data: Data,
    /// Files and folders that are copied, and their digests where they are recorded.
    pub copies: Vec<Copy>,
    /// The folder whose places the temporary folder repeats.
    root: PathBuf,
    /// Where the script is run.
    folder: PathBuf,
}

/// The recorded script.
#[derive(Debug)]
pub struct Source {
    /// Where it is.
    pub file: PathBuf,
    pub text: Vec<u8>,
    pub digest: String,
    /// A commit with the files around it.
    pub commit: Option<Commit>,
    /// Whether the file has changed since, and the text is that of the commit.
    pub is_from_commit: bool,
    /// Whether other files of the repository were changed.
    pub is_dirty: bool,
}

/// The training data.
#[derive(Debug)]
pub enum Data {
    /// It is not recorded.
    Unrecorded,
    /// Of tables there are digests only, which are compared after the run.
    Tables,
    /// A URI, which has no digest.
    Uri(String),
    /// A file or folder, as recorded.
    File { path: PathBuf, size: u64, digest: String, is_copied: bool },
    /// A file or folder that has changed; `--other-data`.
    Changed { path: PathBuf },
    /// It is nowhere; `--other-data`.
    Missing { recorded: String },
    /// A description by the user.
    Described,
}

/// A file or folder for the script.
#[derive(Debug)]
pub struct Copy {
    pub from: PathBuf,
    /// Where the script expects it.
    pub place: PathBuf,
    pub digest: Option<String>,
}

impl Plan {
    /// Finds everything, or says what is missing.
    pub fn new(arguments: &Rebuild, model: &Path, passport: &Passport) -> Result<Self, Failure> {
        let here = absolute(Path::new(""), model)?;
        let here = fs::canonicalize(&here).unwrap_or(here);
        // A model in a registry has no folder in which a script would be.
        let folders: Vec<PathBuf> =
            [Some(here.clone()), absolute(model, model)?.parent().map(Path::to_owned)].into_iter().flatten().collect();
        let source = source(arguments, model, passport, &folders)?;
        let script_folder = source.file.parent().map_or_else(|| here.clone(), Path::to_owned);
        let recorded = passport.get(&["source", "path"]).and_then(Value::as_text).unwrap_or_default();
        // A relative path tells where the script was run.
        let folder = match Path::new(recorded).is_relative() {
            true => without_end(&source.file, Path::new(recorded)),
            false => None,
        };
        let mut root = source.commit.as_ref().map_or_else(|| script_folder.clone(), |commit| commit.top.clone());
        let mut bases: Vec<PathBuf> = folder.iter().cloned().chain(folders).collect();
        bases.extend(script_folder.ancestors().map(Path::to_owned));
        let found = data(arguments, model, passport, &bases)?;
        // Where the script is run decides what relative paths mean.
        let mut run_in = folder.or(found.base).unwrap_or_else(|| root.clone());
        let mut copies = Vec::new();
        let mut data = found.data;
        if let Some((from, digest)) = found.copied {
            let recorded = passport.get(&["data", "path"]).and_then(Value::as_text).unwrap_or_default();
            let place = lexical(&run_in.join(recorded));
            let is_relative = Path::new(recorded).is_relative();
            if is_relative || place.starts_with(&root) {
                copies.push(Copy { from, place, digest });
            } else if from != place {
                let what =
                    format!("the script reads its data at `{}`, an absolute path: put it there", place.display());
                return Err(Failure::in_file("missing-data", model, what));
            } else if let Data::File { is_copied, .. } = &mut data {
                *is_copied = false;
            }
        }
        for file in &arguments.training.file {
            let from = absolute(file, file)?;
            fs::metadata(&from).map_err(|error| Failure::unreadable(file, error))?;
            copies.push(Copy { place: from.clone(), from, digest: None });
        }
        // All places are in one folder, which the temporary one repeats.
        if !run_in.starts_with(&root) && copies.iter().all(|copy| copy.place.starts_with(&root)) {
            run_in.clone_from(&root);
        }
        for place in copies.iter().map(|copy| &copy.place).chain([&run_in]) {
            root = common(&root, place);
        }
        Ok(Self { source, data, copies, root, folder: run_in })
    }

    /// The place of a path in the temporary folder.
    pub fn place(&self, project: &Path, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.root) {
            Ok(path) if path != Path::new("") => project.join(path),
            _ => project.to_owned(),
        }
    }

    /// The folder in which the script is run.
    pub fn folder(&self, project: &Path) -> PathBuf {
        self.place(project, &self.folder)
    }

    /// The script, from the folder in which it is run.
    pub fn script(&self) -> PathBuf {
        match self.source.file.strip_prefix(&self.folder) {
            Ok(path) => path.to_owned(),
            Err(_) => {
                let ups = self.folder.strip_prefix(&self.root).map_or(0, |path| path.components().count());
                let back: PathBuf = std::iter::repeat_n("..", ups).collect();
                back.join(self.source.file.strip_prefix(&self.root).unwrap_or(&self.source.file))
            }
        }
    }

    /// Writes everything into the temporary folder.
    pub fn write(&self, project: &Path) -> Result<(), Failure> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| Failure::unwritable(&path, error)
        };
        fs::create_dir_all(project).map_err(failed(project))?;
        if let Some(commit) = &self.source.commit {
            let folder = self.place(project, &commit.top);
            fs::create_dir_all(&folder).map_err(failed(&folder))?;
            commit.unpack(&folder).map_err(failed(&folder))?;
        }
        for Copy { from, place, digest } in &self.copies {
            let to = self.place(project, place);
            if fs::symlink_metadata(&to).is_ok_and(|metadata| metadata.is_file() || metadata.is_symlink()) {
                // One of the commit's.
                fs::remove_file(&to).map_err(failed(&to))?;
            }
            let (found, _) = digest::of_copy(from, &to).map_err(|error| Failure::unreadable(from, error))?;
            if digest.as_ref().is_some_and(|digest| *digest != found) {
                return Err(Failure::in_file("data-changed", from, "it changed while it was copied"));
            }
        }
        let script = self.place(project, &self.source.file);
        if let Some(folder) = script.parent() {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        let _ = fs::remove_file(&script);
        fs::write(&script, &self.source.text).map_err(failed(&script))?;
        let folder = self.folder(project);
        fs::create_dir_all(&folder).map_err(failed(&folder))
    }
}

/// The recorded script, where it still is as recorded.
fn source(arguments: &Rebuild, model: &Path, passport: &Passport, folders: &[PathBuf]) -> Result<Source, Failure> {
    let missing = |what: String| {
        let help = "record the script when the model is dumped: skiff.dump(model, path, source=__file__)";
        Failure::in_file("no-source", model, what).with_help(help)
    };
    let Some(recorded) = passport.get(&["source"]) else {
        return Err(missing("the passport has no source: what trained this model is not recorded".to_owned()));
    };
    let text = |name: &str| recorded.get(name).and_then(Value::as_text);
    if let Some(name) = text("name").filter(|name| !name.starts_with("__main__")) {
        return Err(missing(format!("the recorded source is `{name}`, which is not a script that can be run")));
    }
    let (Some(path), Some(expected)) = (text("path"), text("sha256")) else {
        return Err(missing("the recorded source is not a file".to_owned()));
    };
    if Path::new(path).extension().is_some_and(|extension| extension == "ipynb") {
        return Err(missing(format!("the recorded source `{path}` is a notebook, and only scripts are run")));
    }
    let mut candidates = Vec::new();
    match &arguments.training.source {
        Some(file) => candidates.push(absolute(file, file)?),
        None => {
            candidates.extend(folders.iter().map(|folder| folder.join(path)));
            for folder in folders {
                let commit = Commit::find(recorded, folder);
                candidates.extend(commit.map(|commit| commit.top.join(&commit.path)));
            }
        }
    }
    let is_dirty = recorded.get("git").and_then(|git| git.get("dirty")) == Some(&Value::Bool(true));
    let mut changed = None;
    for candidate in candidates {
        let is_script = fs::metadata(&candidate).is_ok_and(|found| found.is_file() && found.len() <= MOST_SCRIPT);
        let Some(text) = is_script.then(|| fs::read(&candidate).ok()).flatten() else { continue };
        let file = fs::canonicalize(&candidate).unwrap_or(candidate);
        let folder = file.parent().unwrap_or(&file);
        // Only if the file is that of the repository, its modules are those around it.
        let commit = Commit::find(recorded, folder).filter(|commit| file == commit.top.join(&commit.path));
        let found = digest::of_bytes(&text);
        if found == expected {
            return Ok(Source { file, text, digest: found, commit, is_from_commit: false, is_dirty });
        }
        if let Some(text) = commit.as_ref().and_then(Commit::script)
            && digest::of_bytes(&text) == expected
        {
            return Ok(Source { file, text, digest: expected.to_owned(), commit, is_from_commit: true, is_dirty });
        }
        changed.get_or_insert((file, found));
    }
    match changed {
        Some((file, found)) => {
            let what = format!("the script has changed: expected sha256 `{expected}`, found `{found}`");
            Err(Failure::in_file("source-changed", &file, what).with_help("`--source FILE` names the recorded one"))
        }
        None => {
            let what = format!("the recorded script `{path}` is not found");
            Err(Failure::in_file("missing-source", model, what).with_help("`--source FILE` says where it is"))
        }
    }
}

/// The recorded data, as far as it is found.
struct Found {
    data: Data,
    /// What is copied, and its digest.
    copied: Option<(PathBuf, Option<String>)>,
    /// The folder from which the recorded path leads to it.
    base: Option<PathBuf>,
}

fn data(arguments: &Rebuild, model: &Path, passport: &Passport, bases: &[PathBuf]) -> Result<Found, Failure> {
    let (is_other, given) = (arguments.training.other_data, arguments.training.data.as_deref());
    let only = |data| Ok(Found { data, copied: None, base: None });
    let other = "`--other-data` trains all the same";
    let Some(recorded) = passport.get(&["data"]) else {
        return match is_other {
            true => only(Data::Unrecorded),
            false => {
                let what = "the passport has no data: what this model was trained on is not recorded";
                let help = format!("record it when the model is dumped: skiff.dump(model, path, data=…); {other}");
                Err(Failure::in_file("no-data", model, what).with_help(help))
            }
        };
    };
    let text = |name: &str| recorded.get(name).and_then(Value::as_text);
    let (Some(path), Some(expected)) = (text("path"), text("sha256")) else {
        if given.is_some() {
            let what = "the recorded data is not a file: expected no `--data`";
            return Err(Failure::Usage(what.to_owned()));
        }
        return only(match text("uri") {
            Some(uri) => Data::Uri(uri.to_owned()),
            None if digests(recorded).is_empty() => Data::Described,
            None => Data::Tables,
        });
    };
    let mut candidates = Vec::new();
    match given {
        Some(given) => {
            fs::metadata(given).map_err(|error| Failure::unreadable(given, error))?;
            candidates.push((None, absolute(given, given)?));
        }
        None if Path::new(path).is_absolute() => candidates.push((None, PathBuf::from(path))),
        None => candidates.extend(bases.iter().map(|base| (Some(base.clone()), lexical(&base.join(path))))),
    }
    let mut changed = None;
    for (base, candidate) in candidates {
        if !candidate.exists() {
            continue;
        }
        let (found, size) = digest::of(&candidate).map_err(|error| Failure::unreadable(&candidate, error))?;
        if found == expected {
            let data = Data::File { path: candidate.clone(), size, digest: found.clone(), is_copied: true };
            return Ok(Found { data, copied: Some((candidate, Some(found))), base });
        }
        changed.get_or_insert((base, candidate, found));
    }
    match (changed, is_other) {
        (Some((base, path, _)), true) => {
            Ok(Found { data: Data::Changed { path: path.clone() }, copied: Some((path, None)), base })
        }
        (Some((_, path, found)), false) => {
            let what = format!("the data has changed: expected sha256 `{expected}`, found `{found}`");
            let help = format!("`--data PATH` names the recorded data; {other}");
            Err(Failure::in_file("data-changed", &path, what).with_help(help))
        }
        (None, true) => only(Data::Missing { recorded: path.to_owned() }),
        (None, false) => {
            let what = format!("the recorded data `{path}` is not found");
            Err(Failure::in_file("missing-data", model, what)
                .with_help(format!("`--data PATH` says where it is; {other}")))
        }
    }
}

/// The digests in a passport's entry for data, with their names.
pub fn digests(data: &Value) -> Vec<(&'static str, &str)> {
    let parts = [("data", Some(data)), ("X", data.get("X")), ("y", data.get("y"))];
    parts.into_iter().filter_map(|(name, part)| Some((name, part?.get("sha256")?.as_text()?))).collect()
}

/// The path from the root, without `.` and `..`; `path` is for the message.
fn absolute(path: &Path, shown: &Path) -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|error| Failure::unreadable(shown, error))?;
    Ok(lexical(&here.join(path)))
}

/// Without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}

/// The folder from which `end` leads to `path`.
fn without_end(path: &Path, end: &Path) -> Option<PathBuf> {
    let (mut path, end) = (path.to_owned(), lexical(end));
    for part in end.components().rev() {
        if path.file_name() != Some(part.as_os_str()) {
            return None;
        }
        path.pop();
    }
    Some(path)
}

/// The innermost folder with both.
fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let path = |text: &str| PathBuf::from(text);
        assert_eq!(lexical(Path::new("/a/./b/../../../c")), path("/c"));
        assert_eq!(without_end(Path::new("/a/b/c.py"), Path::new("b/c.py")), Some(path("/a")));
        assert_eq!(without_end(Path::new("/a/b/c.py"), Path::new("x/c.py")), None);
        assert_eq!(common(Path::new("/a/b/c"), Path::new("/a/x")), path("/a"));
    }
}
