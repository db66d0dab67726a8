//! MLflow's registry in a folder: `mlruns`.

use std::path::Path;

use skiff::mlflow::registered_models;
use skiff::{File, Options};

use super::model::{Model, Source, Version};
use crate::report::Failure;

/// The models of the registry in a folder, sorted by name.
pub fn models(folder: &Path, options: &Options) -> Result<Vec<Model>, Failure> {
    let models = registered_models(folder)?.into_iter().map(|model| {
        let versions = model.versions.into_iter().map(|version| {
            let options = options.clone();
            let file = move || {
                let Some(folder) = &version.folder else {
                    let what = format!("its folder `{}` is not found, or has no `MLmodel`", version.location);
                    return Err(Failure::in_file("unreadable-file", Path::new(&version.location), what));
                };
                let path = File::open(folder, &options)?.path().unwrap_or(folder).to_owned();
                let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                Ok((path, name))
            };
            Version { number: version.number, file: Box::new(file), description: version.description }
        });
        Model { source: Source::Mlflow, versions: versions.collect(), name: model.name, aliases: model.aliases }
    });
    Ok(models.collect())
}
