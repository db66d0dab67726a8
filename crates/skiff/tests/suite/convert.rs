//! A recorded model that went through every kind of file answers as before, to the last bit.

use skiff::{ConvertOptions, ErrorKind, File, Method, Options, TARGETS};
use skiff_testing::{Call, Case, workspace};

/// The file that `file` becomes under that name, and what had no place there.
fn become_(file: &File, name: &str) -> Result<(File, Vec<String>), skiff::Error> {
    let mut bytes = Vec::new();
    let converted = file.convert_to(name, &ConvertOptions::default(), &mut bytes)?;
    Ok((File::read(bytes, &Options::default())?, converted.dropped))
}

/// The results or errors of a model, to the last bit.
fn answer(file: &File, case: &Case, call: &Call) -> String {
    let (Ok(method), Some(input)) = (call.method.parse::<Method>(), &call.input) else { return String::new() };
    // Tables of float16 there are none.
    let Ok(table) = case.table(input) else { return String::new() };
    let at = Some(call.at.as_str()).filter(|at| !at.is_empty());
    match file.model(at).and_then(|model| model.call_with(method, &call.params(), &table)) {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{} {}", error.code(), error.message()),
    }
}

#[test]
fn models_answer_alike_whatever_file_they_went_through() {
    let mut wrong = Vec::new();
    let (mut compared, mut refused) = (0, 0);
    for case in Case::all().iter().step_by(19) {
        let mut file = File::read(case.model.bytes.to_vec(), &Options::default()).unwrap();
        let before: Vec<String> = case.calls.iter().map(|call| answer(&file, case, call)).collect();
        for name in ["model.skiff", "model.joblib", "model.skops", "model.pkl.gz", "model.skiff"] {
            match become_(&file, name) {
                Ok((next, dropped)) => {
                    if !dropped.is_empty() {
                        wrong.push(format!("{}: {name} dropped {dropped:?}", case.name));
                    }
                    file = next;
                }
                Err(error) if name == "model.skops" && error.code() == "unsupported-value" => refused += 1,
                Err(error) => wrong.push(format!("{}: {name}: {error}", case.name)),
            }
        }
        for (call, before) in case.calls.iter().zip(&before) {
            compared += usize::from(!before.is_empty());
            if answer(&file, case, call) != *before {
                wrong.push(format!("{}: {}({:?}) changed", case.name, call.method, call.input));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 300, "only {compared} answers");
    assert!(refused < 8, "{refused} models were refused");
}

#[test]
fn each_kind_is_written_and_told_by_its_name() {
    let file = File::open(workspace("examples").join("iris-svc.joblib"), &Options::default()).unwrap();
    for target in TARGETS {
        for extension in target.extensions {
            let mut bytes = Vec::new();
            file.convert_to(&format!("model.{extension}"), &ConvertOptions::default(), &mut bytes).unwrap();
            assert!(File::read(bytes, &Options::default()).is_ok(), "{extension}");
        }
        for &codec in target.codecs {
            let compression = skiff::Compression::at(codec, None).unwrap();
            let options = ConvertOptions { compression: Some(compression), ..ConvertOptions::default() };
            let mut bytes = Vec::new();
            file.convert_to(target.extensions[0], &options, &mut bytes).unwrap();
            assert!(File::read(bytes, &Options::default()).is_ok(), "{} by {codec}", target.extension());
        }
    }
    for name in ["model.pkl.xz", "model.joblib.lz4", "model.z", "gz", "MODEL.PKL.GZ"] {
        let (back, _) = become_(&file, name).unwrap();
        let layers = back.contents().format.layers.len();
        assert_eq!(layers, 1, "{name}");
    }
}

#[test]
fn a_passport_goes_along_where_there_is_a_place_for_it() {
    use skiff_files::write::{self, SkiffOptions};
    let file = File::open(workspace("examples").join("iris-svc.joblib"), &Options::default()).unwrap();
    let graph = &file.contents().graph;
    let options = SkiffOptions { passport: Some("{\"author\": \"me\"}"), samples: Some(graph), ..Default::default() };
    let mut bytes = Vec::new();
    write::skiff(graph, &options, &mut bytes).unwrap();
    let file = File::read(bytes, &Options::default()).unwrap();
    let (again, dropped) = become_(&file, "again.skiff").unwrap();
    assert!(dropped.is_empty());
    assert_eq!(again.contents().passport.as_deref(), Some("{\"author\": \"me\"}"));
    let root = again.contents().samples.unwrap();
    let (before, after) = (write::in_opcodes(graph).unwrap(), write::in_opcodes(&again.contents().graph).unwrap());
    assert!(skiff_pickle::isomorphic_at(&before, before.root(), &after, root));
    let (_, dropped) = become_(&file, "again.joblib").unwrap();
    assert_eq!(dropped, ["the passport and the recorded rows are dropped: only a `.skiff` can hold them"]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let file = File::open(workspace("examples").join("iris-svc.joblib"), &Options::default()).unwrap();
    let says = |name: &str, codec: Option<&str>, protocol: Option<i64>| {
        let compression = codec.map(|codec| codec.parse().unwrap());
        let options = ConvertOptions { compression, protocol, ..ConvertOptions::default() };
        let error = file.convert_to(name, &options, &mut Vec::new()).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::WrongInput, "unsupported-target"));
        error.to_string()
    };
    for (name, codec, protocol, expected) in [
        (
            "a.onnx",
            None,
            None,
            "expected an output file with the extension `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`, found `a.onnx`",
        ),
        (
            "a",
            None,
            None,
            "expected an output file with the extension `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`, found `a`",
        ),
        (
            "a.skops.gz",
            None,
            None,
            "expected an output file with the extension `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`, found `a.skops.gz`",
        ),
        (
            "a.pkl",
            Some("gzip"),
            None,
            "`pickle.load` does not read compressed files: name it `.pkl.gz`, or write a `.joblib`",
        ),
        ("a.json", Some("gzip"), None, "a `.json` cannot be compressed"),
        ("a.skiff", Some("xz"), None, "a `.skiff` can be compressed with zstd, not with xz"),
        ("a.skops", Some("zlib:3"), None, "a `.skops` can be compressed with deflate, not with zlib"),
        (
            "a.joblib",
            Some("zstd"),
            None,
            "a `.joblib` can be compressed with zlib, gzip, bz2, xz, lzma or lz4, not with zstd",
        ),
        ("a.joblib.gz", Some("xz"), None, "the extension of `a.joblib.gz` selects gzip, but xz was requested"),
        ("a.skops", None, Some(4), "a `.skops` has no pickle protocol"),
        ("a.skiff", None, Some(4), "a `.skiff` has no pickle protocol"),
        ("a.pkl", None, Some(1), "expected a protocol from `2` to `5`, found `1`"),
        ("a.pkl", None, Some(300), "expected a protocol from `2` to `5`, found `300`"),
    ] {
        assert_eq!(says(name, codec, protocol), expected);
    }
}

#[test]
fn values_that_cannot_be_said_are_told_by_their_place() {
    // `{'a': [{None: 1}]}`, protocol 0.
    let file = File::read(b"(dVa\n(l(dNI1\nsas.".to_vec(), &Options::default()).unwrap();
    let error = file.convert_to("a.skops", &ConvertOptions::default(), &mut Vec::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotSupported, "unsupported-value"));
    assert_eq!(error.to_string(), "skops cannot hold this model: it cannot represent a dict with `None` as a key");
    assert_eq!(error.model_path(), Some("[\"a\"][0]"));
}

/// Each list that names the kinds of files names all of them.
#[test]
fn pages_name_every_kind_of_file() {
    for page in ["docs/convert.md"] {
        let text = std::fs::read_to_string(workspace(page)).unwrap();
        for target in TARGETS {
            for extension in target.extensions {
                assert!(text.contains(&format!(".{extension}")), "{page} does not name `.{extension}`");
            }
        }
    }
}
