//! `migrate VERSION < PAIRS`: each line of the standard input is a model file and, after a tab, the path of the joblib
//! file that is written of it for that version of scikit-learn. Prints a line for each, of three parts with tabs between
//! them: the first path, `ok` or why not, and the notes.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};

use skiff_files::Limits;
use skiff_files::write::{self, JoblibOptions};
use skiff_migrate::{Target, migrate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let version = std::env::args().nth(1).ok_or("expected a version")?;
    let target = Target::parse(&version)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (input, output) = line.split_once('\t').ok_or("expected two paths with a tab between them")?;
        let outcome = convert(input, output, &target);
        let (outcome, notes) = match outcome {
            Ok(notes) => ("ok".to_owned(), notes.join("; ")),
            Err(error) => (error.to_string().replace('\n', " "), String::new()),
        };
        writeln!(io::stdout(), "{input}\t{outcome}\t{notes}")?;
    }
    Ok(())
}

fn convert(input: &str, output: &str, target: &Target) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let file = skiff_files::open(input.as_ref(), &Limits::default())?;
    let migrated = migrate(&file.graph, file.graph.root(), target)?;
    let mut out = BufWriter::new(File::create(output)?);
    let protocol = if target.is_of_python2() { 2 } else { 4 };
    let options = JoblibOptions { protocol, is_unaligned: target.has_older_joblib(), ..JoblibOptions::default() };
    write::joblib_of(&migrated.graph, &options, &mut out)?;
    out.flush()?;
    Ok(migrated.notes)
}
