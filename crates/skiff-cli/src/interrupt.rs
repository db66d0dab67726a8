//! The handling of Ctrl-C and SIGTERM: partly written files are removed, and no line of
//! output is truncated.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// Held while lines are written to the output.
static WRITING: Mutex<()> = Mutex::new(());

/// The program that the command runs, which ends with it.
static CHILD: Mutex<Option<Child>> = Mutex::new(None);

/// The temporary folder of the command, which is removed with it.
static FOLDER: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The exit status of a command that was interrupted, as in shells.
const INTERRUPTED: i32 = 130;

/// How often, and for how long in all, an output that is being written is waited for.
const WAIT: Duration = Duration::from_millis(20);
const WAITS: u32 = 100;

/// Installs a handler that ends the command cleanly on interrupts.
pub fn watch() {
    let end = || {
        // The reader of the output may have stopped as well: then it is truncated after all.
        for _ in 0..WAITS {
            match WRITING.try_lock() {
                Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
                guard => {
                    // No line begins any more.
                    std::mem::forget(guard);
                    break;
                }
            }
        }
        if let Some(child) = CHILD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let _ = child.kill();
        }
        skiff::remove_unfinished();
        remove_folder();
        let _ = writeln!(io::stderr(), "interrupted");
        std::process::exit(INTERRUPTED);
    };
    // Without a handler the system ends the command, without cleaning up.
    let _ = ctrlc::set_handler(end);
}

/// Writes lines of output, all or none of which are there after an interrupt.
pub fn whole<T>(write: impl FnOnce() -> T) -> T {
    let _guard = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    write()
}

/// Runs a program, which is ended if the command is interrupted.
pub fn run(command: &mut Command) -> io::Result<ExitStatus> {
    let set = |child| *CHILD.lock().unwrap_or_else(PoisonError::into_inner) = child;
    set(Some(command.spawn()?));
    loop {
        let found = match CHILD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(child) => child.try_wait(),
            None => Ok(None),
        };
        if let Some(status) = found.transpose() {
            set(None);
            return status;
        }
        // The lock is free meanwhile.
        std::thread::sleep(WAIT);
    }
}

/// Removes this folder when [`remove_folder`] is called, or the command is interrupted.
pub fn remove_later(folder: &Path) {
    *FOLDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder.to_owned());
}

/// Removes the temporary folder, if there is one.
pub fn remove_folder() {
    if let Some(folder) = FOLDER.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // Its files are of no use to anybody, and what is left is in a folder for temporary files.
        let _ = fs::remove_dir_all(folder);
    }
}
