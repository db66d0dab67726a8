//! Progress bars on a terminal when the work takes long; nothing elsewhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar, or nothing.
pub type Progress = ProgressBar;

/// A bar for the bytes or rows of data that have been read. If predictions go to the terminal, they show the progress themselves,
/// so there is a bar only if they go to a file.
pub fn bytes(is_quiet: bool, writes_to_file: bool) -> Progress {
    let is_hidden = is_quiet || (!writes_to_file && io::stdout().is_terminal());
    bar(is_hidden, "{wide_bar} {percent}% {eta} left")
}

/// For data of unknown length: how much has been read.
pub fn without_length(progress: &Progress) {
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} read in {elapsed}") {
        progress.set_style(style);
    }
}

/// A bar for `count` files, and the name of the current one.
pub fn files(is_quiet: bool, count: usize) -> Progress {
    let is_hidden = is_quiet || count < 2 || io::stdout().is_terminal();
    let bar = bar(is_hidden, "{bar:30} {pos} of {len} files, {eta} left  {wide_msg}");
    bar.set_length(u64::try_from(count).unwrap_or(u64::MAX));
    bar
}

fn bar(is_hidden: bool, template: &str) -> Progress {
    if is_hidden || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
