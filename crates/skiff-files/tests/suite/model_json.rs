//! Models as JSON: every recorded model comes back, and errors name the place of a wrong value.

use skiff_files::write::{self, JsonOptions};
use skiff_files::{Content, ErrorKind};
use skiff_pickle::{Graph, Limits};
use skiff_testing::RecordedModel;

fn written(graph: &Graph) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    write::json(graph, &JsonOptions::default(), &mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

fn read(text: &[u8]) -> Result<Graph, String> {
    let file = skiff_files::read(text.to_vec().into(), None, &Limits::default()).map_err(|error| error.to_string())?;
    assert_eq!(file.format.content, Content::Json);
    Ok(file.graph)
}

/// The text without the numbers of what is shared: that of an empty tuple can be shared with what is not written.
fn without_ids(text: &[u8]) -> Vec<u8> {
    const KEY: &[u8] = b", \"id\": ";
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(KEY.len()).position(|window| window == KEY) {
        let (before, after) = rest.split_at(at);
        kept.extend_from_slice(before);
        rest = after[KEY.len()..].trim_ascii_start();
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        rest = &rest[end..];
    }
    kept.extend_from_slice(rest);
    kept
}

#[test]
fn every_recorded_model_comes_back() {
    let mut wrong = Vec::new();
    let mut count = 0;
    // Of each module and version a part: a text is twenty times as long as a file.
    for model in RecordedModel::all().into_iter().step_by(5) {
        let Ok(file) = model.open() else { continue };
        let Ok(first) = written(&file.graph) else { continue };
        let (first, found) = (without_ids(&first), read(&first).and_then(|graph| written(&graph)));
        count += 1;
        match found.map(|text| without_ids(&text)) {
            Ok(second) if first == second => {}
            Ok(second) => {
                let at = first.iter().zip(&second).position(|(a, b)| a != b).unwrap_or(0);
                let around = |text: &[u8]| {
                    String::from_utf8_lossy(&text[at.saturating_sub(60)..(at + 60).min(text.len())]).into_owned()
                };
                wrong.push(format!("{}: {} became {}", model.path, around(&first), around(&second)));
            }
            Err(error) => wrong.push(format!("{}: {error}", model.path)),
        }
    }
    let failed = wrong.len();
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{failed} of {count}: {}", wrong.join("\n"));
    assert!(count > 1_500, "only {count} models were written");
}

/// The error of a model whose text is this.
fn refused(model: &str) -> String {
    let text = format!("{{\"skiff.json\": 1, \"model\": {model}}}");
    read(text.as_bytes()).expect_err("no model")
}

#[test]
fn errors_name_the_place() {
    let array = |rest: &str| {
        refused(&format!(
            "{{\"$\": \"object\", \"class\": \"a.B\", \"fitted\": {{\"coef_\": {{\"$\": \"array\", {rest}}}}}}}"
        ))
    };
    let cases = [
        (
            array("\"dtype\": \"float64\", \"shape\": [2], \"data\": [1.0]"),
            "expected 2 elements, found 1 at `model.fitted.coef_.data`",
        ),
        (
            array("\"dtype\": \"float64\", \"shape\": [1], \"data\": [\"one\"]"),
            "expected a number, or `NaN`, `Infinity` or `-Infinity` as a string at `model.fitted.coef_.data[0]`",
        ),
        (
            array("\"dtype\": \"int8\", \"shape\": [1], \"data\": [200]"),
            "expected a number between -128 and 127 at `model.fitted.coef_.data[0]`",
        ),
        (
            array("\"dtype\": \"<U2\", \"shape\": [1], \"data\": [\"abc\"]"),
            "expected at most 2 characters, found 3 at `model.fitted.coef_.data[0]`",
        ),
        (
            array("\"dtype\": \"flot\", \"shape\": [1], \"data\": [1]"),
            "expected a dtype of numpy, found `flot` at `model.fitted.coef_.dtype`",
        ),
        (array("\"shape\": [1], \"data\": [1]"), "expected the key `dtype` at `model.fitted.coef_`"),
        (
            array("\"dtype\": \"float64\", \"shape\": [9999999999, 9999999999], \"data\": []"),
            "an array that is too large at `model.fitted.coef_.data`",
        ),
        (refused("[{\"$\": \"what\"}]"), "an unknown kind of value at `model[0].$`"),
        (refused("[{\"$\": \"ref\", \"id\": 7}]"), "no value has this id at `model[0].id`"),
        (
            refused("{\"$\": \"object\", \"class\": \"LogisticRegression\"}"),
            "expected a module and a name, as in `numpy.log1p` at `model.class`",
        ),
        (
            refused("{\"$\": \"name\", \"name\": 3}"),
            "expected a module and a name, as in `numpy.log1p` at `model.name`",
        ),
        (refused("{\"$\": \"dict\", \"items\": [[1]]}"), "expected a key and a value at `model.items[0]`"),
    ];
    for (found, expected) in cases {
        assert_eq!(found, format!("damaged model as JSON: {expected}"));
    }
}

#[test]
fn hostile_texts_end() {
    let deep = format!("{{\"skiff.json\": 1, \"model\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(read(deep.as_bytes()).err(), None);
    let deep =
        format!("{{\"skiff.json\": 1, \"model\": {}{{\"$\": \"no\"}}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(read(deep.as_bytes()).is_err());
    let itself =
        "{\"skiff.json\": 1, \"model\": {\"$\": \"list\", \"id\": 1, \"items\": [{\"$\": \"ref\", \"id\": 1}]}}";
    assert_eq!(read(itself.as_bytes()).err(), None);
    let dtypes = format!("{}\"int8\"{}", "{\"shape\": [2], \"of\": ".repeat(40), "}".repeat(40));
    assert!(refused(&format!("{{\"$\": \"dtype\", \"dtype\": {dtypes}}}")).contains("dtypes that are too deep"));
    for cut in 0..itself.len() {
        let outcome = skiff_files::read(itself.as_bytes()[..cut].to_vec().into(), None, &Limits::default());
        assert!(outcome.is_err_and(|error| !matches!(error.kind, ErrorKind::Io(_))), "{cut}");
    }
}
