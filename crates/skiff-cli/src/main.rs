//! The `skiff` command: parses, runs one of the commands, and reports.
//!
//! Standard output is data, standard error is messages. Exit status: 0 success, 1 negative verdict, 2 error, 130 interrupted.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod data;
mod input;
mod interrupt;
mod outputs;
mod progress;
mod report;
mod shown;

use std::env;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::Parser;
use skiff::threads;
use skiff::verify::Verified;

use crate::args::{Arguments, Command, Format};
use crate::report::{Failure, Outcome};

#[global_allocator]
static ALLOCATOR: skiff_memory::LargePages = skiff_memory::LargePages;

fn main() -> ExitCode {
    let mut arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    // A server finishes its requests first, and sees to signals itself.
    if !matches!(arguments.command, Command::Serve(_)) {
        interrupt::watch();
    }
    if let Err(failure) = limit_threads(arguments.threads) {
        report::print(&failure, arguments.errors);
        return ExitCode::from(2);
    }
    if let Err(failure) = commands::registry::resolve(&mut arguments) {
        report::print(&failure, arguments.errors);
        return ExitCode::from(2);
    }
    let outcome = match &arguments.command {
        Command::Predict(command) => commands::predict::run(command),
        Command::Inspect(command) => commands::inspect::run(command),
        Command::Diff(command) => match commands::diff::run(command) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(1),
            Err(failure) => Err(failure),
        },
        Command::Serve(command) => commands::serve::run(command),
        Command::Convert(command) => commands::convert::run(command),
        Command::Slim(command) => commands::slim::run(command),
        Command::Export(command) => commands::export::run(command),
        Command::Verify(command) => match commands::verify::run(command) {
            Ok(Verified::Yes) => Ok(()),
            Ok(Verified::No) => return ExitCode::from(1),
            Ok(Verified::CouldNot) => return ExitCode::from(2),
            Err(failure) => Err(failure),
        },
        Command::Rebuild(command) => match commands::rebuild::run(command) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(1),
            Err(failure) => {
                // 1 says that a model was written, a modified file included.
                report::print(&failure, arguments.errors);
                return ExitCode::from(2);
            }
        },
        Command::Registry(command) => match commands::registry::run(command) {
            Ok(status) => return status,
            Err(failure) => Err(failure),
        },
        Command::Image(command) => commands::image::run(command),
        Command::Sign(command) => commands::sign::run(command),
        Command::Keygen(command) => commands::keygen::run(command),
        Command::Encrypt(command) => commands::encrypt::encrypt(command),
        Command::Decrypt(command) => commands::encrypt::decrypt(command),
        Command::Plan(command) => commands::plan::run(command),
        Command::Sql(command) => match commands::sql::run(command, &arguments) {
            Ok(status) => return status,
            Err(failure) => Err(failure),
        },
        Command::Disassemble(command) => commands::disassemble::run(command),
        Command::Scan(command) => match commands::scan::run(command) {
            Ok(commands::scan::Answer::AllModels) => Ok(()),
            Ok(commands::scan::Answer::NotAll) => return ExitCode::from(1),
            Ok(commands::scan::Answer::CouldNot) => return ExitCode::from(2),
            Err(failure) => Err(failure),
        },
        Command::Supported(command) => commands::supported::run(command),
        Command::Completions(command) => commands::completions::run(command),
        Command::Man(command) => commands::man::run(command),
        Command::Version => commands::version::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            report::print(&failure, arguments.errors);
            ExitCode::from(if failure.is_no() { 1 } else { 2 })
        }
    }
}

/// Prints what is wrong with the arguments, or the help that they ask for, which ends the command as well.
fn refuse(error: &clap::Error) -> ExitCode {
    let words: Vec<_> = env::args_os().collect();
    let as_json = words.windows(2).any(|pair| pair[0] == "--errors" && pair[1] == "json");
    if !error.use_stderr() || !(as_json || words.iter().any(|word| word == "--errors=json")) {
        error.exit();
    }
    let text = error.to_string();
    // Usage and the pointer to `--help` are for people.
    let lines =
        text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let message = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let message = message.trim_start_matches("error: ").to_owned();
    report::print(&Failure::Usage(message), Format::Json);
    ExitCode::from(2)
}

/// Sets the number of threads, from the option or the environment.
fn limit_threads(count: Option<NonZeroUsize>) -> Outcome {
    match count {
        Some(count) => threads::set_count(count),
        None => drop(threads::from_environment().map_err(Failure::Usage)?),
    }
    Ok(())
}
