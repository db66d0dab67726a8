//! Files that people keep are models: `skiff scan` has nothing against them, and each estimator in them is opened.

use skiff::{ErrorKind, File, Options, Rating};
use skiff_testing::workspace;

use crate::tree::files;

/// Models with unsupported estimators, each with its error.
const NOT_READ: [(&str, &str); 3] = [
    ("neighbors_other_width", "parameters that do not match 3 features"),
    ("periods", "an object of pandas.Period"),
    ("timedeltas", "the result of pandas._libs.tslibs.timedeltas._timedelta_unpickle"),
];

#[test]
fn honest_files_are_models() {
    let options = Options::default();
    let paths: Vec<_> = files(&workspace("fixtures/honest"))
        .into_iter()
        .filter(|path| {
            path.extension().is_some_and(|kind| ["pkl", "joblib", "skops"].iter().any(|known| kind == *known))
        })
        .collect();
    assert!(paths.len() > 40, "found {} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let verdict = skiff::scan(&path, &options).expect("the file can be read");
        if verdict.rating != Rating::Model {
            wrong.push(format!("{name}: {:?}", verdict.findings));
        }
        let file = File::open(&path, &options).expect("the file can be opened");
        let found = file.estimators();
        assert!(!found.is_empty(), "{name} has no estimator");
        for estimator in found {
            if let Err(error) = file.model(Some(&estimator.address)) {
                let is_known =
                    NOT_READ.iter().any(|(file, what)| name.starts_with(file) && error.to_string().contains(what));
                if error.kind() == ErrorKind::Dangerous || !is_known {
                    wrong.push(format!("{name} at {}: {error}", estimator.address));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
