//! Pictures of trees, next to what scikit-learn 1.9.1 wrote of the same tree: `export_graphviz(filled=True, max_depth=3)`
//! and `export_text(max_depth=3)`, with the names of features and classes.

use std::path::{Path, PathBuf};

use skiff::{ExportTarget, File, Options};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn picture(name: &str, at: Option<&str>, target: ExportTarget, max_depth: Option<usize>) -> Result<String, String> {
    let file = File::open(example(name), &Options::default()).expect("an example");
    let (bytes, _) = file.picture(at, target, max_depth).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).expect("text"))
}

#[test]
fn a_tree_is_drawn_as_scikit_learn_draws_it() {
    let name = "../crates/skiff/tests/data/pictures/iris-tree.joblib";
    for (target, drawn) in [
        (ExportTarget::Dot, include_str!("../data/pictures/iris-tree.dot")),
        (ExportTarget::Text, include_str!("../data/pictures/iris-tree.txt")),
    ] {
        assert_eq!(picture(name, None, target, Some(3)).as_deref(), Ok(drawn));
    }
    let svg = picture(name, None, ExportTarget::Svg, Some(3)).expect("a picture");
    let colors = |text: &str, before: &str| {
        let mut colors: Vec<String> = text.split(before).skip(1).map(|rest| rest[..7].to_ascii_lowercase()).collect();
        colors.sort_unstable();
        colors
    };
    let dot = include_str!("../data/pictures/iris-tree.dot");
    assert_eq!(colors(&svg, "fill=\""), colors(dot, "fillcolor=\""));
}

#[test]
fn what_has_no_tree_is_refused_by_name() {
    let refused = picture("iris-svc.joblib", None, ExportTarget::Dot, None);
    assert!(refused.is_err_and(|error| error.contains("SVC has no trees")));
    assert!(picture("passengers.joblib", None, ExportTarget::Svg, None).is_ok_and(|svg| svg.contains("Pipeline")));
    let refused = picture("passengers.joblib", None, ExportTarget::Onnx, None);
    assert!(refused.is_err());
}
