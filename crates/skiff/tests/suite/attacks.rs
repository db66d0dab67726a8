//! The scan's two promises: no attack is a model, and no model is an attack.

use std::fs;
use std::path::PathBuf;

use skiff::{Options, Rating};
use skiff_testing::{RecordedModel, workspace};

use crate::tree::{attacks, files, is_model};

#[test]
fn no_attack_is_a_model() {
    let options = Options::default();
    let mut wrong = Vec::new();
    for path in attacks() {
        let verdict = skiff::scan(&path, &options).expect("the file can be read");
        assert_eq!(verdict.rating == Rating::Model, verdict.findings.is_empty(), "{}", path.display());
        if verdict.rating == Rating::Model {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "taken for models:\n{}", wrong.join("\n"));
}

#[test]
fn bytes_are_judged_as_files_are() {
    let options = Options::default();
    for path in attacks() {
        let bytes = fs::read(&path).expect("the file can be read");
        assert_eq!(
            skiff::scan_bytes(bytes, &options).expect("it is not encrypted"),
            skiff::scan(&path, &options).expect("it was read before")
        );
    }
}

#[test]
fn no_attack_is_opened() {
    let opened: Vec<_> = attacks().into_iter().filter(|path| skiff::open(path).is_ok()).collect();
    assert!(opened.is_empty(), "{opened:?}");
}

/// What `skiff.load` has Python make of a file.
#[test]
fn no_attack_is_rebuilt() {
    let (options, trusted) = (Options::default(), skiff::Trusted::default());
    let is_rebuilt =
        |path: &PathBuf| skiff::File::open(path, &options).is_ok_and(|file| file.rebuild(None, &trusted, None).is_ok());
    let rebuilt: Vec<_> = attacks().into_iter().filter(is_rebuilt).collect();
    assert!(rebuilt.is_empty(), "{rebuilt:?}");
}

/// The error is not caused by a missing model: without trailing pickles, both are opened.
#[test]
fn models_alone_are_opened() {
    for name in ["iris-svc.joblib", "balance-scale-tree.pkl"] {
        skiff::open(workspace("examples").join(name)).expect("an example is opened");
        let error = skiff::open(workspace("attacks").join(format!("model-then-{name}"))).expect_err("it is dangerous");
        assert_eq!((error.kind(), error.code()), (skiff::ErrorKind::Dangerous, "dangerous-file"));
    }
}

/// A function that runs a command is reported as such, anywhere in a file.
#[test]
fn commands_are_dangerous() {
    let options = Options::default();
    let words = [
        "plain-",
        "deep-",
        "popped-",
        "second-",
        "behind-garbage",
        "broken-after",
        "cut-p0",
        "cut-p2",
        "memo",
        "joblib-",
        "nested-",
    ];
    for path in attacks() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if words.iter().any(|word| name.starts_with(word)) {
            let verdict = skiff::scan(&path, &options).expect("the file can be read");
            assert_eq!(verdict.rating, Rating::Dangerous, "{name}: {:?}", verdict.findings);
        }
    }
}

/// Files that name nothing but what models name are refused for their numbers alone.
#[test]
fn hostile_numbers_are_told_as_such() {
    let options = Options::default();
    let mut checked = 0;
    for path in attacks() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.starts_with("numbers-") {
            continue;
        }
        let verdict = skiff::scan(&path, &options).expect("the file can be read");
        let is_about_numbers = |finding: &skiff::Finding| {
            finding.sentence.contains("scikit-learn would crash, hang or answer nonsense")
                || finding.sentence.contains("contradicts itself")
        };
        assert!(
            verdict.rating == Rating::Unknown && verdict.findings.iter().all(is_about_numbers),
            "{name}: {:?}",
            verdict.findings
        );
        checked += 1;
    }
    assert!(checked > 150, "checked {checked}");
}

/// Damaged models are judged without a panic, and none of them becomes worse than unknown by chance alone.
#[test]
fn cut_files_are_no_models() {
    let options = Options::default();
    for name in ["iris-svc.joblib", "balance-scale-tree.pkl"] {
        let bytes = fs::read(workspace("examples").join(name)).expect("the example is there");
        for length in (0..bytes.len()).step_by(37) {
            let verdict = skiff::scan_bytes(bytes[..length].to_vec(), &options).expect("it is not encrypted");
            assert_eq!(verdict.rating, Rating::Unknown, "{name} cut at {length}: {:?}", verdict.findings);
        }
    }
}

#[test]
fn every_fixture_is_a_model() {
    let options = Options::default();
    for path in files(&workspace("examples")).into_iter().filter(|path| is_model(path)) {
        let verdict = skiff::scan(&path, &options).expect("the file can be read");
        assert_eq!(verdict.rating, Rating::Model, "{}: {:?}", path.display(), verdict.findings);
    }
    let models = RecordedModel::all();
    assert!(models.len() > 4_000, "found {} models", models.len());
    let (mut wrong, mut callables) = (Vec::new(), 0);
    for model in models {
        let verdict = skiff::scan_bytes(model.bytes.to_vec(), &options).expect("it is not encrypted");
        // The functions of the program that wrote the fixtures are unknown code.
        let is_selector = model.path.contains("/feature_selection/") && verdict.rating != Rating::Model;
        // What scikit-learn-intelex keeps for oneDAL is read by compiled code that nobody has checked.
        let is_patched = model.path.contains("/sklearnex/");
        let holds_callables =
            is_patched || is_selector || HOLD_CALLABLES.iter().any(|name| model.case().ends_with(name));
        if holds_callables {
            callables += 1;
            let packages: &[&str] = if is_patched { &["sklearnex.", "daal4py.", "onedal."] } else { &["generate."] };
            let is_own = |name: &String| packages.iter().any(|package| name.starts_with(package));
            let own = |finding: &skiff::Finding| finding.name.as_ref().is_some_and(is_own);
            assert!(
                verdict.rating == Rating::Unknown && verdict.findings.iter().all(own),
                "{}: {verdict:?}",
                model.path
            );
        } else if verdict.rating != Rating::Model {
            wrong.push(format!("{}: {:?}", model.path, verdict.findings));
        }
    }
    assert!(wrong.is_empty(), "{} taken for something else:\n{}", wrong.len(), wrong.join("\n"));
    assert!(callables >= HOLD_CALLABLES.len(), "found {callables} models with callables");
}

/// The cases whose models hold functions of `generate.*`.
const HOLD_CALLABLES: [&str; 8] = [
    "/feature_extraction/count_callable_analyzer",
    "/feature_extraction/count_callable_tokenizer",
    "/impute/imputer_callable",
    "/neighbors/knn_callable_weights",
    "/neighbors/knn_regressor_callable_weights",
    "/neighbors/radius_classifier_callable_weights",
    "/semi_supervised/label_spreading_callable",
    "/svm/svc_callable",
];
