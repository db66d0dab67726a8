//! Each attack, and each regular model, in every container: attacks are detected in each, and a model is a
//! model in whatever it is packed.

use std::fs;
use std::path::Path;

use skiff::{Options, Rating};
use skiff_testing::{RecordedModel, workspace};

use crate::packing::CONTAINERS;
use crate::tree::{attacks, files, is_model};

/// Attacks that are themselves about what a reader does with the end, or the beginning, of a file.
fn depends_on_its_place(name: &str) -> bool {
    ["cut", "joblib-trailing", "many-layers", "zip-prefix", "tar-polyglot"].iter().any(|word| name.starts_with(word))
}

#[test]
fn attacks_are_found_in_every_container() {
    let options = Options::default();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in attacks() {
        let bytes = fs::read(&path).expect("the file can be read");
        let alone = skiff::scan(&path, &options).expect("the file can be read").rating;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        for container in CONTAINERS {
            let Some(packed) = (container.pack)(&bytes) else { continue };
            let found = skiff::scan_bytes(packed.clone(), &options).expect("it is not encrypted");
            let is_as_bad = found.rating >= alone || depends_on_its_place(name);
            if found.rating == Rating::Model || !is_as_bad {
                wrong.push(format!("{name} in {}: {}", container.name, found.rating.name()));
            }
            let opened = skiff::File::read(packed, &options).and_then(|file| file.model(None));
            if opened.is_ok() {
                wrong.push(format!("{name} in {} is opened", container.name));
            }
            checked += 1;
        }
    }
    assert!(checked > 5_000, "checked {checked}");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Files of other packages, of all their estimators, with the versions in their names.
#[test]
fn models_of_boosting_packages_are_models_in_every_container() {
    let options = Options::default();
    let models = files(&workspace("fixtures/boosting"));
    let models: Vec<_> = models.into_iter().filter(|path| path.extension().is_none_or(|name| name != "py")).collect();
    assert!(models.len() >= 12, "found {}", models.len());
    for path in models {
        let bytes = fs::read(&path).expect("the file can be read");
        let found = skiff::scan(&path, &options).expect("the file can be read");
        assert_eq!(found.rating, Rating::Model, "{}: {:?}", path.display(), found.findings);
        in_all_containers(&path, &bytes, &options);
    }
}

#[test]
fn examples_are_models_in_every_container() {
    let options = Options::default();
    for path in files(&workspace("examples")).into_iter().filter(|path| is_model(path)) {
        in_all_containers(&path, &fs::read(&path).expect("the file can be read"), &options);
    }
}

/// The fixtures are thousands: each in one container, the containers in turn.
#[test]
fn fixtures_are_models_in_a_container_each() {
    let options = Options::default();
    let honest: Vec<_> = CONTAINERS.iter().filter(|container| container.keeps_models).collect();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    // The functions of the program that wrote the fixtures are unknown code, and so is scikit-learn-intelex.
    let holds_code = |model: &RecordedModel| {
        ["callable", "/feature_selection/", "/sklearnex/"].iter().any(|part| model.path.contains(part))
    };
    let models = RecordedModel::all().into_iter().filter(|model| !holds_code(model));
    for (number, model) in models.enumerate() {
        let container = honest[number % honest.len()];
        let Some(packed) = (container.pack)(model.bytes.as_slice()) else { continue };
        let found = skiff::scan_bytes(packed, &options).expect("it is not encrypted");
        checked += 1;
        if found.rating != Rating::Model {
            wrong.push(format!("{} in {}: {:?}", model.path, container.name, found.findings));
        }
    }
    assert!(checked > 3_000, "checked {checked}");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

fn in_all_containers(path: &Path, bytes: &[u8], options: &Options) {
    for container in CONTAINERS.iter().filter(|container| container.keeps_models) {
        let Some(packed) = (container.pack)(bytes) else { continue };
        let found = skiff::scan_bytes(packed, options).expect("it is not encrypted");
        assert_eq!(found.rating, Rating::Model, "{} in {}: {:?}", path.display(), container.name, found.findings);
    }
}
