//! What git knows of a recorded script: its text at a commit, and the files around it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use skiff::passport::Value;

/// A commit of a passport, in a repository that has it.
#[derive(Debug)]
pub struct Commit {
    /// The folder of the repository.
    pub top: PathBuf,
    /// The commit's digits.
    pub id: String,
    /// The script in it, with slashes.
    pub path: String,
}

impl Commit {
    /// The commit of a passport's source, if the repository around `folder` has it.
    pub fn find(source: &Value, folder: &Path) -> Option<Self> {
        let text = |name: &str| source.get("git")?.get(name)?.as_text();
        let (id, path) = (text("commit")?, text("path")?);
        // The passport is untrusted, and these are arguments of git and places in a folder.
        let is_id = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_path = !path.contains([':', '\\', '\0']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !is_id || !is_path {
            return None;
        }
        let top = ask(folder, &["rev-parse", "--show-toplevel"])?;
        let top = PathBuf::from(String::from_utf8(top).ok()?.trim_end_matches(['\n', '\r']));
        ask(&top, &["cat-file", "-e", &format!("{id}^{{commit}}")])?;
        Some(Self { top, id: id.to_owned(), path: path.to_owned() })
    }

    /// The script's text at the commit.
    pub fn script(&self) -> Option<Vec<u8>> {
        ask(&self.top, &["cat-file", "blob", &format!("{}:{}", self.id, self.path)])
    }

    /// The command that writes all files of the commit, as an archive.
    pub fn archive(&self) -> Vec<String> {
        let mut words = vec!["git".to_owned(), "-C".to_owned(), self.top.display().to_string()];
        words.extend(["archive", "--format=tar"].map(str::to_owned));
        words.push(self.id.clone());
        words
    }

    /// Writes all files of the commit into a folder.
    pub fn unpack(&self, folder: &Path) -> io::Result<()> {
        let mut command = git(&self.top);
        let mut child = command.args(["archive", "--format=tar", &self.id]).stdout(Stdio::piped()).spawn()?;
        let unpacked = match child.stdout.take() {
            Some(out) => tar::Archive::new(out).unpack(folder),
            None => Ok(()),
        };
        let status = child.wait()?;
        unpacked?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("git archive: {status}"))) }
    }
}

/// git's answer, if it has one.
fn ask(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let done = git(folder).args(arguments).stderr(Stdio::null()).output().ok()?;
    done.status.success().then_some(done.stdout)
}

/// git in a folder, without locks, and without programs that the settings of a repository may name.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "--no-optional-locks"]).stdin(Stdio::null());
    command
}
