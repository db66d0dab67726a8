//! The history of versions in converted files.

use skiff::{ConvertOptions, File, Options, ScikitLearn};
use skiff_testing::workspace;

fn example() -> File {
    File::open(workspace("examples").join("iris-svc.joblib"), &Options::default()).expect("an example")
}

fn become_(file: &File, name: &str, version: Option<&str>) -> File {
    let scikit_learn: Option<ScikitLearn> = version.map(|version| ScikitLearn::parse(version).expect("a version"));
    let mut bytes = Vec::new();
    file.convert_to(name, &ConvertOptions { scikit_learn, ..ConvertOptions::default() }, &mut bytes)
        .expect("a conversion");
    File::read(bytes, &Options::default()).expect("what was written")
}

#[test]
fn each_kind_of_file_carries_the_history_on() {
    let mut file = become_(&example(), "model.pkl", Some("scikit-learn==1.5.2"));
    for name in
        ["model.joblib", "model.skops", "model.json", "model.skiff", "model.skiff", "model.joblib.xz", "m.pkl.gz"]
    {
        file = become_(&file, name, None);
        let history = file.history().unwrap();
        let [only] = &history[..] else { panic!("{name}: one conversion, found {history:?}") };
        assert_eq!(only.target, "scikit-learn==1.5.2", "{name}");
        assert_eq!(only.format, "joblib, pickle protocol 4", "{name}");
        assert_eq!(only.converted_by, concat!("skiff ", env!("CARGO_PKG_VERSION")), "{name}");
        assert_eq!(file.inspect().history, history, "{name}");
        assert!(file.inspect().unusual.is_empty(), "{name}: {:?}", file.inspect().unusual);
        assert!(file.model(None).is_ok(), "{name}");
    }
}

#[test]
fn each_conversion_for_a_version_is_added() {
    use sha2::{Digest, Sha256};

    let bytes = std::fs::read(workspace("examples").join("iris-svc.joblib")).unwrap();
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let original = example();
    let written_by = original.inspect().written_by;
    let mut file = original;
    for (name, version) in [("m.pkl", "1.5.2"), ("m.skops", "1.2.2"), ("m.skiff", "1.7.2"), ("m.joblib", "1.9.1")] {
        file = become_(&file, name, Some(&format!("scikit-learn=={version}")));
    }
    let history = file.history().unwrap();
    let targets: Vec<_> = history.iter().map(|conversion| &*conversion.target).collect();
    assert_eq!(targets, ["1.5.2", "1.2.2", "1.7.2", "1.9.1"].map(|version| format!("scikit-learn=={version}")));
    let formats: Vec<_> = history.iter().map(|conversion| &*conversion.format).collect();
    assert_eq!(formats, ["joblib, pickle protocol 4", "pickle protocol 4", "skops", "skiff"]);
    let [first, second, ..] = &history[..] else { panic!("four conversions") };
    assert_eq!(first.sha256, digest);
    assert_eq!(first.written_by, [&written_by[..], &["Python 3".to_owned()]].concat());
    assert!(second.written_by.contains(&"scikit-learn 1.5.2".to_owned()), "{:?}", second.written_by);
    // The same input becomes the same bytes.
    let (mut one, mut two) = (Vec::new(), Vec::new());
    let options =
        ConvertOptions { scikit_learn: Some(ScikitLearn::parse("1.9.1").unwrap()), ..ConvertOptions::default() };
    for out in [&mut one, &mut two] {
        example().convert_to("model.joblib", &options, out).unwrap();
    }
    assert_eq!(one, two);
}

#[test]
fn a_passport_tells_the_versions_exactly_and_stays() {
    use skiff_files::write::{self, SkiffOptions};

    let passport = r#"{"author": "me", "versions": {"python": "3.11.7", "numpy": "2.1.0", "skiff": "0.1.0"}}"#;
    let example = example();
    let mut bytes = Vec::new();
    let options = SkiffOptions { passport: Some(passport), ..SkiffOptions::default() };
    write::skiff(&example.contents().graph, &options, &mut bytes).unwrap();
    let file = File::read(bytes, &Options::default()).unwrap();
    let once = become_(&file, "model.skiff", Some("scikit-learn==1.5.2"));
    let by = &once.history().unwrap()[0].written_by;
    assert!(by.contains(&"Python 3.11.7".to_owned()) && by.contains(&"numpy 2.1.0".to_owned()), "{by:?}");
    assert!(!by.contains(&"numpy 2".to_owned()), "{by:?}");
    let twice = become_(&once, "model.skiff", Some("scikit-learn==1.9.1"));
    assert_eq!(twice.history().unwrap().len(), 2);
    let text = twice.contents().passport.as_deref().unwrap();
    assert!(text.starts_with(passport.strip_suffix('}').unwrap()), "{text}");
    assert_eq!(text.matches("\"history\"").count(), 1);
    // The second was converted from what the first conversion wrote.
    let by = &twice.history().unwrap()[1].written_by;
    assert!(!by.iter().any(|by| by.contains("3.11.7")), "{by:?}");
}

#[test]
fn a_history_that_cannot_be_read_is_reported_and_dropped() {
    use skiff_files::write::{self, JoblibOptions};

    let graph = &example().contents().graph.clone();
    for wrong in ["{}", "[", "[1]]", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"]
    {
        let mut bytes = Vec::new();
        let options = JoblibOptions { protocol: 4, history: Some(wrong), ..JoblibOptions::default() };
        write::joblib_of(graph, &options, &mut bytes).unwrap();
        let file = File::read(bytes, &Options::default()).unwrap();
        assert!(file.history().is_err(), "{wrong}");
        let inspection = file.inspect();
        assert!(inspection.history.is_empty());
        assert!(inspection.unusual[0].starts_with("a history of its versions that cannot be read: "), "{wrong}");
        let options =
            ConvertOptions { scikit_learn: Some(ScikitLearn::parse("1.9.1").unwrap()), ..ConvertOptions::default() };
        let mut bytes = Vec::new();
        let converted = file.convert_to("model.pkl", &options, &mut bytes).unwrap();
        assert!(converted.dropped[0].starts_with("the history of its versions cannot be read"), "{converted:?}");
        assert_eq!(File::read(bytes, &Options::default()).unwrap().history().unwrap().len(), 1);
    }
}

#[test]
fn a_history_alone_is_no_passport_to_lose() {
    let skiff = become_(&example(), "model.skiff", Some("scikit-learn==1.9.1"));
    let mut bytes = Vec::new();
    let converted = skiff.convert_to("model.joblib", &ConvertOptions::default(), &mut bytes).unwrap();
    assert!(converted.dropped.is_empty(), "{converted:?}");
    // Nothing is added to a file that is not converted for a version.
    assert!(become_(&example(), "model.skiff", None).contents().passport.is_none());
}

#[test]
fn a_scan_takes_it_for_the_model_that_it_is() {
    let file = example();
    for name in ["model.pkl", "model.joblib", "model.joblib.gz", "model.skops", "model.skiff", "model.json"] {
        let verdict = |version: Option<&str>| {
            let scikit_learn: Option<ScikitLearn> = version.map(|version| ScikitLearn::parse(version).unwrap());
            let mut bytes = Vec::new();
            file.convert_to(name, &ConvertOptions { scikit_learn, ..ConvertOptions::default() }, &mut bytes).unwrap();
            skiff::scan_bytes(bytes, &Options::default()).unwrap()
        };
        let (with, without) = (verdict(Some("1.9.1")), verdict(None));
        assert_eq!(format!("{:?}", with.rating), format!("{:?}", without.rating), "{name}: {with:?}");
        assert!(with.findings.is_empty(), "{name}: {with:?}");
    }
}
