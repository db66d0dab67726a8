//! Reads every pickle of a folder and writes it again in each protocol, and as text: `rewrite FROM TO`.
//!
//! `tests/cross_check.py` runs this and asks Python what it thinks of the outcome.

use std::error::Error;
use std::path::Path;

use skiff_pickle::{Bytes, Limits, disassemble, read, to_bytes};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(from), Some(to), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: rewrite FROM TO".into());
    };
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "pkl") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let bytes = Bytes::from(std::fs::read(&path)?);
        let graph = read(&bytes, &Limits::default()).map_err(|error| format!("{name}: {error}"))?;
        for protocol in 2..=5 {
            let to = Path::new(&to).join(format!("{name}.as{protocol}"));
            match to_bytes(&graph, protocol) {
                Ok(written) => std::fs::write(to, written)?,
                Err(error) => eprintln!("{name} in protocol {protocol}: {error}"),
            }
        }
        let mut text = Vec::new();
        disassemble(&bytes, &[], &mut text)?;
        std::fs::write(Path::new(&to).join(format!("{name}.txt")), text)?;
    }
    Ok(())
}
