//! `skiff sql`: runs the program `skiff-sql`, which takes far longer to build than this one and is therefore another.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::args::{Arguments, Sql};
use crate::report::Failure;

/// The program.
const PROGRAM: &str = if cfg!(windows) { "skiff-sql.exe" } else { "skiff-sql" };

/// Replaces this process by the program, or waits for it where a process cannot be replaced.
pub fn run(command: &Sql, all: &Arguments) -> Result<ExitCode, Failure> {
    let Some(path) = find() else {
        let what = "`skiff sql` runs the program `skiff-sql`, which is neither next to this one nor in PATH: install it by \
                    `cargo install --path sql/skiff-sql` from skiff's sources";
        return Err(Failure::Usage(what.to_owned()));
    };
    let mut program = Command::new(&path);
    program.args(&command.arguments);
    // Options of every command, which it takes from the environment too.
    if let Some(threads) = all.threads {
        program.env("SKIFF_NUM_THREADS", threads.to_string());
    }
    if let Some(key) = &all.require_signature {
        program.env("SKIFF_REGISTRY_KEY", key);
    }
    become_it(program).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// The program next to this one, or in `PATH`.
fn find() -> Option<PathBuf> {
    let own = env::current_exe().ok().and_then(|path| Some(path.parent()?.to_owned()));
    let listed = env::var_os("PATH").map(|paths| env::split_paths(&paths).collect::<Vec<_>>());
    own.into_iter().chain(listed.unwrap_or_default()).map(|folder| folder.join(PROGRAM)).find(|path| path.is_file())
}

#[cfg(unix)]
fn become_it(mut program: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    // It returns only if it fails.
    Err(program.exec())
}

#[cfg(not(unix))]
fn become_it(mut program: Command) -> std::io::Result<ExitCode> {
    let status = program.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
