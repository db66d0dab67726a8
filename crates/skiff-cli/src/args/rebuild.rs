//! The flags of `skiff rebuild`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::Format;
use super::keys::IdentityArguments;
use super::model::LimitArguments;
use super::registry::ChangeArguments;

/// `skiff rebuild`
#[derive(Debug, Args)]
pub struct Rebuild {
    /// The model: a .skiff with a passport, or a version in a registry, of which the next version is pushed.
    pub model: PathBuf,
    /// Arguments of the script, after --.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<String>,
    /// The file to write [default: MODEL with `.rebuilt` before its extension].
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
    /// Run it without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Only print what would be run.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not remove the temporary folder.
    #[arg(long)]
    pub keep: bool,
    /// The format of the result.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub training: TrainingArguments,
    #[command(flatten)]
    pub environment: EnvironmentArguments,
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// What is run, and on what.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub struct TrainingArguments {
    /// Where the script is now, which must be as recorded.
    #[arg(long, value_name = "FILE")]
    pub source: Option<PathBuf>,
    /// Where the data is now.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Train though the data is not recorded, is not found or has changed.
    #[arg(long)]
    pub other_data: bool,
    /// Another file or folder that the script reads.
    #[arg(long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    /// The name that the script gives the model's file [default: that of MODEL].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Pass this environment variable to the script.
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
}

/// With which packages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Environment")]
pub struct EnvironmentArguments {
    /// Another version of a package, scikit-learn==1.9.1, or the newest one that fits, scikit-learn. The versions of the
    /// others are then chosen by pip.
    #[arg(long, value_name = "NAME[==VERSION]")]
    pub with: Vec<Requirement>,
    /// Do not install this package.
    #[arg(long, value_name = "NAME")]
    pub without: Vec<String>,
    /// The Python [default: the recorded minor version, on the PATH].
    #[arg(long, value_name = "FILE")]
    pub python: Option<PathBuf>,
    /// The wheel of skiff, or a folder with it [default: this version, from the package index].
    #[arg(long, value_name = "PATH")]
    pub wheel: Option<PathBuf>,
    /// Make no environment: run the script with --python, or python3, and what is installed there.
    #[arg(long, conflicts_with_all = ["with", "without", "wheel"])]
    pub here: bool,
}

/// A package, and its version if one is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The normalized name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

impl Requirement {
    /// `None` if pip would take one of them for something else: an option, a URL, a marker.
    pub fn new(name: &str, version: Option<&str>) -> Option<Self> {
        let ends = |name: &str| {
            let is_one = |character: char| character.is_ascii_alphanumeric();
            name.starts_with(is_one) && name.ends_with(is_one)
        };
        let is_of =
            |text: &str, others: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
        let is_valid = ends(name)
            && is_of(name, b"-_.")
            && version.is_none_or(|version| !version.is_empty() && is_of(version, b".!+_-"));
        is_valid.then(|| Self { name: normalized(name), version: version.map(str::to_owned) })
    }
}

/// `Scikit_Learn` is `scikit-learn`.
pub fn normalized(name: &str) -> String {
    let parts: Vec<_> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

impl FromStr for Requirement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once("==") {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        Self::new(name, version).ok_or_else(|| "expected NAME==VERSION or NAME: scikit-learn==1.9.1".to_owned())
    }
}

/// As in a requirements file.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}=={version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_names_and_versions_and_nothing_else() {
        let read = |text: &str| text.parse::<Requirement>().map(|requirement| requirement.to_string());
        assert_eq!(read("Scikit_Learn==1.9.1").as_deref(), Ok("scikit-learn==1.9.1"));
        assert_eq!(read("numpy").as_deref(), Ok("numpy"));
        assert_eq!(read("torch==2.1+cpu").as_deref(), Ok("torch==2.1+cpu"));
        for text in [
            "",
            "==1",
            "a==",
            "a==1 --index-url=x",
            "-r file",
            "a @ https://x",
            "a;b",
            "a==1\n-e .",
            "a[b]",
            "a>=1",
            "-e",
            "ä",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Requirement::new("a", Some("1\n--extra-index-url x")), None);
    }
}
