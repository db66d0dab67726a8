//! `cargo xtask cases`: the recorded cases in the archives of `fixtures/cases`, which `fixtures/README.md` describes.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{root, run_in};

const USAGE: &str = "expected `list [WORD...]`, `extract WORD... OUT` or \
                     `regenerate [--only MODULE]... [--cases WORD]... VERSION...`";

/// Lists or extracts the cases whose names contain one of the words, or records them again.
pub fn cases(arguments: &[String]) -> Result<(), String> {
    match arguments.split_first() {
        Some((command, arguments)) if command == "regenerate" => regenerate(arguments),
        Some((command, _)) if command == "list" || command == "extract" => {
            let mut python = Command::new(env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()));
            python.args(["-m", "generate.archive"]).args(from_here(arguments)?);
            run_in(&root().join("fixtures"), python)
        }
        _ => Err(USAGE.to_owned()),
    }
}

/// The arguments of `extract` with the folder as an absolute path, since the script runs in another one.
fn from_here(arguments: &[String]) -> Result<Vec<String>, String> {
    let mut arguments = arguments.to_vec();
    if arguments[0] == "extract" {
        if arguments.len() < 3 {
            return Err(USAGE.to_owned());
        }
        let out = arguments.pop().unwrap_or_default();
        let out = std::path::absolute(out).map_err(|error| error.to_string())?;
        arguments.push(out.display().to_string());
    }
    Ok(arguments)
}

/// Runs the generator in an environment of each version, which it makes on first use.
fn regenerate(arguments: &[String]) -> Result<(), String> {
    let mut options = Vec::new();
    let mut versions = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--all" => options.push(argument),
            "--only" | "--cases" => options.extend([argument, arguments.next().ok_or(USAGE)?]),
            option if option.starts_with('-') => return Err(USAGE.to_owned()),
            _ => versions.push(argument),
        }
    }
    if versions.is_empty() {
        return Err(USAGE.to_owned());
    }
    for version in versions {
        let mut python = Command::new(environment(version)?);
        python.args(["-m", "generate"]).args(&options).arg("cases");
        run_in(&root().join("fixtures"), python)?;
    }
    Ok(())
}

/// The Python of `target/oracles/<version>`, with that scikit-learn and everything else that the results depend on.
pub(crate) fn environment(version: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/oracles").join(version);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if python.exists() {
        return Ok(python);
    }
    let requirements = root().join("fixtures/generate/requirements").join(format!("{version}.txt"));
    let text = fs::read_to_string(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    // `# Python 3.7.16` in the first line: wheels of an old scikit-learn are for old Pythons only.
    let first = text.lines().next().and_then(|line| line.strip_prefix("# Python "));
    let first = first.and_then(|python| Some((python, python.rsplit_once('.')?.0)));
    let (python_version, minor) =
        first.ok_or_else(|| format!("{} does not begin with `# Python X.Y.Z`", requirements.display()))?;
    // If pyenv has several Pythons, it runs the requested one.
    let interpreter = || {
        let mut python = Command::new(format!("python{minor}"));
        python.env("PYENV_VERSION", python_version);
        python
    };
    let mut venv = interpreter();
    if minor == "2.7" {
        // Python 2 has no `venv`, and 20.15 is the last virtualenv that makes environments of it.
        let tools = root().join("target/oracles/virtualenv");
        let mut pip = interpreter();
        pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(&tools).arg("virtualenv<20.16");
        run_in(root(), pip)?;
        venv.args(["-m", "virtualenv", "--quiet"]).env("PYTHONPATH", &tools);
    } else {
        venv.args(["-m", "venv"]);
    }
    venv.arg(&folder);
    run_in(root(), venv)?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r"]).arg(&requirements);
    run_in(root(), pip).inspect_err(|_| {
        // A partial environment must not be mistaken for a complete one the next time.
        let _ = fs::remove_dir_all(&folder);
    })?;
    Ok(python)
}
