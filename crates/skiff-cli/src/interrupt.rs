//! The handling of Ctrl-C and SIGTERM: partly written files are removed, and no line of
//! output is truncated.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// Held while lines are written to the output.
static WRITING: Mutex<()> = Mutex::new(());

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
        skiff::remove_unfinished();
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
