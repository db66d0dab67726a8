//! Where fuzzing begins: small real files of each kind, and the attacks.

pub mod requests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use age::armor::Format;
use skiff_files::{Limits, write};
use skiff_testing::{RecordedModel, workspace};

use crate::encrypted;

/// An input to begin with.
#[derive(Debug)]
pub struct Seed {
    /// Its source.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The largest seed: the fuzzer would spend its time on the tails of larger files.
const LARGEST: usize = 6_000;

/// Pickles of all protocols, of Python's own values and of small models.
pub fn pickles() -> Vec<Seed> {
    let mut seeds = files("crates/skiff-pickle/tests/data", &["pkl"], LARGEST);
    seeds.extend(files("crates/skiff-files/tests/data", &["pkl"], LARGEST));
    seeds.extend(files("attacks", &["pkl"], 600));
    seeds
}

/// joblib's files of all layouts and codecs, and pickles with arrays in them.
pub fn joblib() -> Vec<Seed> {
    let mut seeds = files("crates/skiff-files/tests/data", &["joblib", "pkl", "gz", "bz2", "xz", "lzma", "z"], LARGEST);
    seeds.extend(one_of_each_estimator(3_000, 2));
    seeds
}

/// `.npy` and `.npz`.
pub fn npy() -> Vec<Seed> {
    files("crates/skiff-files/tests/data", &["npy", "npz"], LARGEST)
}

/// Parquet files.
pub fn parquet() -> Vec<Seed> {
    files("crates/skiff-arrow/tests/data", &["parquet"], LARGEST)
}

/// Arrow streams.
pub fn arrow() -> Vec<Seed> {
    files("crates/skiff-arrow/tests/data", &["arrows"], LARGEST)
}

/// `.skops`, Python's and ours.
pub fn skops() -> Vec<Seed> {
    let mut seeds = files("crates/skiff-files/tests/data", &["skops"], 20_000);
    seeds.extend(files("attacks", &["skops"], LARGEST));
    seeds.extend(written(3_000, "skops", |graph, out| {
        write::skops(graph, &write::SkopsOptions::default(), out).is_ok()
    }));
    seeds
}

/// Small models as JSON.
pub fn model_json() -> Vec<Seed> {
    written(1_500, "json", |graph, out| write::json(graph, &write::JsonOptions::default(), out).is_ok())
}

/// Small models of each estimator in another format, as far as it holds them.
fn written(most: usize, extension: &str, write: impl Fn(&skiff_files::Graph, &mut Vec<u8>) -> bool) -> Vec<Seed> {
    let seed = |model: Seed| {
        let file = skiff_files::read(skiff_files::Bytes::from(model.bytes), None, &Limits::default()).ok()?;
        let mut bytes = Vec::new();
        write(&file.graph, &mut bytes).then(|| Seed { name: format!("{}.{extension}", model.name), bytes })
    };
    one_of_each_estimator(most, 1).into_iter().filter_map(seed).collect()
}

/// A pickle of a dict that is large enough for a vocabulary.
fn vocabulary() -> Seed {
    let word = |number: u16| {
        [&b"\x8c\x02"[..], &number.to_be_bytes().map(|byte| b'0' + byte % 64), b"M", &number.to_le_bytes()].concat()
    };
    let words: Vec<u8> = (0..1_000).flat_map(word).collect();
    Seed { name: "vocabulary".to_owned(), bytes: [&b"\x80\x04}("[..], &words, b"u."].concat() }
}

/// Small models as `.skiff`.
pub fn container() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for model in one_of_each_estimator(LARGEST, 1).into_iter().chain([vocabulary()]) {
        let bytes = skiff_files::Bytes::from(model.bytes);
        let Ok(file) = skiff_files::read(bytes, None, &Limits::default()) else { continue };
        let rich = write::SkiffOptions {
            compression: Some(3),
            passport: Some(r#"{"metrics":{"r2":0.5}}"#),
            samples: Some(&file.graph),
            ..write::SkiffOptions::default()
        };
        for (ending, options) in [("skiff", write::SkiffOptions::default()), ("rich.skiff", rich)] {
            let mut bytes = Vec::new();
            if write::skiff(&file.graph, &options, &mut bytes).is_ok() && bytes.len() <= 2 * LARGEST {
                seeds.push(Seed { name: format!("{}.{ending}", model.name), bytes });
            }
        }
    }
    seeds
}

/// The smallest model of each estimator, by each scikit-learn.
pub fn models() -> Vec<Seed> {
    one_of_each_estimator(2 * LARGEST, usize::MAX)
}

/// The recorded models of the newest scikit-learn, and some of the others, with an edit each.
pub fn edits() -> Vec<Seed> {
    let names = case_names().into_iter().enumerate();
    let chosen = names.filter(|(number, name)| name.starts_with("1.9.1/") || number % 9 == 0);
    let script = |number: usize| (0..6).map(move |byte| (number * 31 + byte * 57).to_le_bytes()[0]);
    let seed = |(number, name): (usize, String)| Seed {
        bytes: name.bytes().chain([b'\n']).chain(script(number)).collect(),
        name: name.replace('/', "-"),
    };
    chosen.map(seed).collect()
}

/// Signatures of all kinds, what they sign, certificates and keys.
pub fn signature() -> Vec<Seed> {
    let mut seeds = files("crates/skiff-sign/tests/data", &["sig", "pem"], 4 * LARGEST);
    let statement = |seed: &Seed| {
        let bundle = skiff_sign::Bundle::read(&seed.bytes).ok()?;
        Some(Seed { name: format!("{}, its statement", seed.name), bytes: bundle.statement().to_vec() })
    };
    let statements: Vec<_> = seeds.iter().filter_map(statement).collect();
    seeds.extend(statements);
    seeds
}

/// Small models, some of them encrypted: for a key, with a passphrase, for another recipient.
pub fn encryption() -> Vec<Seed> {
    let mut seeds = one_of_each_estimator(2_000, 1);
    let ways = [encrypted::encrypt, encrypted::encrypt_by_passphrase, encrypted::encrypt_for_another];
    let mut more = Vec::new();
    for seed in seeds.iter().take(3) {
        for (way, format) in ways.iter().flat_map(|way| [(way, Format::Binary), (way, Format::AsciiArmor)]) {
            more.push(Seed { name: format!("{}, encrypted", seed.name), bytes: way(&seed.bytes, format) });
        }
    }
    seeds.extend(more);
    seeds
}

/// Models, the attacks, and other files.
pub fn scan() -> Vec<Seed> {
    let mut seeds = files("attacks", &[], LARGEST);
    seeds.extend(files("crates/skiff-files/tests/data", &[], 3_000).into_iter().step_by(3));
    seeds.extend(one_of_each_estimator(3_000, 1));
    seeds
}

/// The names of all recorded cases whose models are not large.
pub fn case_names() -> Vec<String> {
    let models = RecordedModel::all().into_iter().filter(|model| model.bytes.len() <= 40_000);
    models.map(|model| model.case().to_owned()).collect()
}

/// For each estimator the `count` smallest recorded models, of all versions, if they are not larger than `most`.
fn one_of_each_estimator(most: usize, count: usize) -> Vec<Seed> {
    let mut smallest: BTreeMap<String, Vec<Seed>> = BTreeMap::new();
    for model in RecordedModel::all().into_iter().filter(|model| model.bytes.len() <= most) {
        // The class is in the file near its beginning; one seed for each version and beginning of the case's name.
        let key = key(model.case());
        smallest.entry(key).or_default().push(Seed { bytes: model.bytes.to_vec(), name: model.path });
    }
    let mut versions: BTreeMap<String, Vec<Seed>> = BTreeMap::new();
    for (key, mut seeds) in smallest {
        seeds.sort_by_key(|seed| seed.bytes.len());
        seeds.truncate(1);
        let family = key.split_once('/').map_or(key.clone(), |(_, family)| family.to_owned());
        versions.entry(family).or_default().extend(seeds);
    }
    // The newest version is the last.
    versions.into_values().flat_map(|seeds| seeds.into_iter().rev().take(count)).collect()
}

/// Version, module and the first two words of a case: `1.9.1/tree/decision_tree`.
fn key(name: &str) -> String {
    let mut parts = name.split('/');
    let (version, module, case) = (parts.next(), parts.next(), parts.next());
    let words: Vec<_> = case.unwrap_or_default().split('_').take(2).collect();
    format!("{}/{}/{}", version.unwrap_or_default(), module.unwrap_or_default(), words.join("_"))
}

/// The files below a folder of the workspace with one of the extensions (all, where none is named) and no larger than
/// `most`.
fn files(folder: &str, extensions: &[&str], most: usize) -> Vec<Seed> {
    let root = workspace("");
    let is_wanted = |path: &PathBuf| {
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        extensions.is_empty() || extension.is_some_and(|extension| extensions.contains(&extension.as_str()))
    };
    let read = |path: PathBuf| {
        let size = usize::try_from(fs::metadata(&path).ok()?.len()).ok()?;
        let bytes = (size <= most).then(|| fs::read(&path).ok()).flatten()?;
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Some(Seed { name, bytes })
    };
    walk(&root.join(folder)).into_iter().filter(is_wanted).filter_map(read).collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
