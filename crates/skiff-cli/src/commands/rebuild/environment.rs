//! The Python and the packages that a script is run with, and the commands that install them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use skiff::Passport;
use skiff::passport::Value;

use crate::args::rebuild::{EnvironmentArguments, normalized};
use crate::args::{Rebuild, Requirement};
use crate::report::Failure;

/// The distribution of the Python package.
const SKIFF: &str = "skiff-ml";
/// Packages of a lock that are part of every environment.
const OWN: [&str; 2] = ["pip", SKIFF];
/// Names in the passport's `versions` that are no packages.
const NO_PACKAGES: [&str; 2] = ["python", "skiff"];
/// The environment variables that the script is given.
const PASSED: [&str; 26] = [
    "HOME",
    "USERPROFILE",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "APPDATA",
    "LOCALAPPDATA",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "SKIFF_NUM_THREADS",
    "PYTHONHASHSEED",
    "SOURCE_DATE_EPOCH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PATHEXT",
];
/// The environment variables that would change which packages Python and pip see.
const OTHERS: [&str; 4] = ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP"];

/// What the script is run with.
#[derive(Debug)]
pub enum Environment {
    /// A new virtual environment.
    New { python: Python, packages: Packages },
    /// A Python as it is.
    Here { python: Python },
}

/// A Python.
#[derive(Debug)]
pub struct Python {
    pub program: PathBuf,
    pub version: String,
}

/// What pip installs.
#[derive(Debug)]
pub struct Packages {
    pub requirements: Vec<Requirement>,
    /// Whether these are all packages, so that pip does not look for what they need.
    pub is_complete: bool,
    /// Whether the passport has a lock.
    pub is_locked: bool,
    /// The arguments of pip for skiff itself.
    skiff: Vec<OsString>,
}

/// A command to be run, and how it is printed.
#[derive(Debug)]
pub struct Step {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

impl Environment {
    /// What the passport records, with the changes of the arguments.
    pub fn new(arguments: &Rebuild, model: &Path, passport: &Passport) -> Result<Self, Failure> {
        let wanted = &arguments.environment;
        if wanted.here {
            return Ok(Self::Here { python: named(wanted.python.as_deref(), &["python3", "python"])? });
        }
        let packages = Packages::new(wanted, model, passport)?;
        Ok(Self::New { python: recorded(wanted, model, passport)?, packages })
    }

    /// The Python that runs the script.
    pub fn python(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Here { python } => python.program.clone(),
            Self::New { .. } if cfg!(windows) => folder.join("environment").join("Scripts").join("python.exe"),
            Self::New { .. } => folder.join("environment").join("bin").join("python"),
        }
    }

    /// The commands that make it.
    pub fn steps(&self, folder: &Path) -> Vec<Step> {
        let Self::New { python, packages } = self else { return Vec::new() };
        let venv = ["-m".into(), "venv".into(), folder.join("environment").into_os_string()];
        let mut pip: Vec<OsString> =
            ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"].map(OsString::from).into();
        if packages.is_complete {
            pip.push("--no-deps".into());
        }
        pip.extend(["--requirement".into(), requirements(folder).into_os_string()]);
        pip.extend(packages.skiff.iter().cloned());
        vec![
            Step { program: python.program.clone(), arguments: venv.into() },
            Step { program: self.python(folder), arguments: pip },
        ]
    }

    /// Writes what the commands read.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let Self::New { packages, .. } = self else { return Ok(()) };
        let lines: String = packages.requirements.iter().map(|requirement| format!("{requirement}\n")).collect();
        fs::write(requirements(folder), lines)
    }
}

/// The file with the packages.
fn requirements(folder: &Path) -> PathBuf {
    folder.join("requirements.txt")
}

impl Packages {
    fn new(wanted: &EnvironmentArguments, model: &Path, passport: &Passport) -> Result<Self, Failure> {
        let lock = passport.get(&["lock"]);
        let pairs = lock.or(passport.get(&["versions"])).map_or(&[][..], Value::pairs);
        let mut found: BTreeMap<String, Requirement> = BTreeMap::new();
        for (name, version) in pairs {
            if OWN.contains(&&*normalized(name)) || NO_PACKAGES.contains(&&**name) {
                continue;
            }
            let requirement = version.as_text().and_then(|version| Requirement::new(name, Some(version)));
            let Some(requirement) = requirement else {
                let what =
                    format!("the passport records `{name}` in the version {version}, which is not a package's version");
                return Err(Failure::in_file("wrong-passport", model, what));
            };
            found.insert(requirement.name.clone(), requirement);
        }
        if found.is_empty() {
            let what = "the passport has no versions of packages";
            return Err(Failure::in_file("no-versions", model, what));
        }
        for name in &wanted.without {
            if found.remove(&normalized(name)).is_none() {
                return Err(Failure::Usage(format!("`--without {name}`: the passport does not record this package")));
            }
        }
        if !wanted.with.is_empty() {
            for requirement in found.values_mut() {
                requirement.version = None;
            }
        }
        for requirement in &wanted.with {
            if OWN.contains(&&*requirement.name) {
                return Err(Failure::Usage(format!(
                    "`--with {requirement}`: skiff is this version, or `--wheel PATH`"
                )));
            }
            found.insert(requirement.name.clone(), requirement.clone());
        }
        Ok(Self {
            requirements: found.into_values().collect(),
            is_complete: lock.is_some() && wanted.with.is_empty(),
            is_locked: lock.is_some(),
            skiff: skiff(wanted.wheel.as_deref())?,
        })
    }

    /// skiff, as it is printed.
    pub fn skiff(&self) -> String {
        self.skiff.last().map_or_else(String::new, |word| word.to_string_lossy().into_owned())
    }
}

/// The arguments of pip that install skiff.
fn skiff(wheel: Option<&Path>) -> Result<Vec<OsString>, Failure> {
    let this = format!("{SKIFF}=={}", env!("CARGO_PKG_VERSION"));
    let Some(path) = wheel else { return Ok(vec![this.into()]) };
    // pip is run in another folder.
    let path = fs::canonicalize(path).map_err(|error| Failure::unreadable(path, error))?;
    Ok(match path.is_dir() {
        true => vec!["--find-links".into(), path.into_os_string(), this.into()],
        false => vec![path.into_os_string()],
    })
}

/// The Python of the recorded minor version.
fn recorded(wanted: &EnvironmentArguments, model: &Path, passport: &Passport) -> Result<Python, Failure> {
    if wanted.python.is_some() {
        return named(wanted.python.as_deref(), &[]);
    }
    let version = passport.get(&["versions", "python"]).and_then(Value::as_text).unwrap_or_default();
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let is_number = |text: &str| !text.is_empty() && text.len() < 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(major) || !is_number(minor) {
        let what = "the passport does not record the version of Python";
        return Err(Failure::in_file("no-versions", model, what).with_help("`--python FILE` names one"));
    }
    let exact = format!("python{major}.{minor}");
    let prefix = format!("{major}.{minor}.");
    for program in [&*exact, "python3", "python"] {
        if let Some(python) = ask(Path::new(program)).filter(|python| python.version.starts_with(&prefix)) {
            return Ok(python);
        }
    }
    if !wanted.with.is_empty() {
        // Other versions of packages may need another Python.
        return named(None, &["python3", "python"]);
    }
    let what = format!("the model was trained with Python {major}.{minor}, and `{exact}` is not found");
    Err(Failure::in_file("missing-python", model, what).with_help("`--python FILE` names another one"))
}

/// A Python that the user named, or the first of these.
fn named(given: Option<&Path>, programs: &[&str]) -> Result<Python, Failure> {
    let programs = given.map_or_else(|| programs.iter().map(PathBuf::from).collect(), |given| vec![given.to_owned()]);
    let found = programs.iter().find_map(|program| ask(program));
    found.ok_or_else(|| {
        let names: Vec<_> = programs.iter().map(|program| program.display().to_string()).collect();
        Failure::Usage(format!("`{}` is not a Python that runs: `--python FILE` names one", names.join("`, `")))
    })
}

/// A program that says it is a Python. A path is made absolute: it is run in another folder.
fn ask(program: &Path) -> Option<Python> {
    const VERSION: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let is_name = program.components().count() == 1;
    let program = if is_name { program.to_owned() } else { std::path::absolute(program).ok()? };
    let mut command = Command::new(&program);
    command.args(["-I", "-S", "-c", VERSION]).stdin(Stdio::null()).stderr(Stdio::null());
    let done = command.output().ok().filter(|done| done.status.success())?;
    Some(Python { program, version: String::from_utf8(done.stdout).ok()?.trim().to_owned() })
}

impl Step {
    /// The command; pip's settings are the user's own.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(folder);
        for name in OTHERS {
            command.env_remove(name);
        }
        command
    }

    /// As a shell reads it.
    pub fn line(&self) -> String {
        line([self.program.as_os_str()].into_iter().chain(self.arguments.iter().map(OsString::as_os_str)))
    }
}

/// The environment variables of the script: few, so that it trains the same for everybody.
pub fn variables(names: &[String], python: &Path) -> Vec<(OsString, OsString)> {
    let names = PASSED.iter().copied().chain(names.iter().map(String::as_str));
    let mut found: Vec<_> = names.filter_map(|name| Some((OsString::from(name), env::var_os(name)?))).collect();
    let old = env::var_os("PATH").unwrap_or_default();
    let folders = python.parent().filter(|folder| folder.is_absolute()).map(Path::to_owned);
    let path = env::join_paths(folders.into_iter().chain(env::split_paths(&old))).unwrap_or(old);
    found.push(("PATH".into(), path));
    found
}

/// Words as a shell reads them.
pub fn line<'w>(words: impl IntoIterator<Item = &'w OsStr>) -> String {
    let words = words.into_iter().map(|word| {
        let word = word.to_string_lossy();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@+%\\".contains(&byte);
        match !word.is_empty() && word.bytes().all(is_plain) {
            true => word.into_owned(),
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
