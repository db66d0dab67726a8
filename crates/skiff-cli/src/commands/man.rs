//! `skiff man`: manual pages, from the same definitions as the help texts.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::{Arguments, Man};
use crate::report::{Failure, Outcome};

/// Prints the page of the command, or writes the pages of all its commands.
pub fn run(arguments: &Man) -> Outcome {
    let command = Arguments::command();
    let Some(folder) = &arguments.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return Ok(io::stdout().write_all(&page)?);
    };
    clap_mangen::generate_to(command, folder)
        .map_err(|error| Failure::unwritable(folder, format!("cannot write the pages: {error}")))
}
