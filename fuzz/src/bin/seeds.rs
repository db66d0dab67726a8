//! Writes the seeds of each target into a folder of its name: `seeds FOLDER [TARGET]`.

use std::error::Error;
use std::fs;
use std::path::Path;

use skiff_fuzz::TARGETS;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: seeds FOLDER [TARGET]")?;
    let wanted = arguments.next();
    for target in TARGETS.iter().filter(|target| wanted.as_deref().is_none_or(|wanted| wanted == target.name)) {
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), &seed.bytes)?;
        }
        for (path, bytes) in target.regressions()? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            fs::write(folder.join(format!("regression-{name}")), bytes)?;
        }
    }
    Ok(())
}
