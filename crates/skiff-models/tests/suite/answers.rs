//! Files of kinds that were once refused or answered wrongly, in `fixtures/answers/`: each answers what scikit-learn
//! answers.

use skiff_files::{Closed, Interval, Limits, ModelFile, Scalar, TimeUnit};
use skiff_models::fields::{ReadError, ReadErrorKind};
use skiff_models::{Model, addresses};
use skiff_plan::table::{Column, Dense, Elements, Table};
use skiff_plan::value::{Classes, Value, ValueKind};
use skiff_plan::{Answer, Method};
use skiff_testing::workspace;

fn open(name: &str) -> ModelFile {
    skiff_files::open(&workspace("fixtures/answers").join(name), &Limits::default()).expect("a file that opens")
}

fn model(file: &ModelFile) -> Result<std::sync::Arc<Model>, ReadError> {
    Model::read(&file.graph, file.graph.root(), "")
}

fn call(name: &str, method: Method, table: &Table<'_>) -> Value<'static> {
    let file = open(name);
    let answer = model(&file).expect("a model").call(method, table).expect("an answer");
    match answer {
        Answer::One(value, _) => value,
        other => panic!("{other:?}"),
    }
}

fn numbers(name: &str, method: Method, table: &Table<'_>) -> Vec<f64> {
    match call(name, method, table) {
        Value::Floats(matrix, _) => matrix.data.into_owned(),
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        Value::Ints(matrix, _) => matrix.data.iter().map(|&value| value as f64).collect(),
        Value::Sparse(csr) => csr.to_dense().data.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn dense(rows: usize, cols: usize, data: Vec<f64>) -> Table<'static> {
    Table::Dense(Dense::c_order(rows, cols, Elements::F64(data.into())).expect("enough elements"))
}

fn objects(values: &[Scalar]) -> Table<'static> {
    Table::from(Column::Objects(values.to_vec().into()))
}

fn labels(value: &Value<'_>) -> Vec<Scalar> {
    let Value::Labels(labels) = value else { panic!("{value:?}") };
    labels.codes.iter().map(|&code| labels.classes[0].get(code as usize).expect("a label")).collect()
}

/// 1.2.0 and 1.2.1 kept `_estimator`, of which `estimator_` was made.
#[test]
fn a_forest_of_1_2_1() {
    let x = [0.549, 0.715, 0.603, 0.545, 0.424, 0.646, 0.438, 0.892, 0.964];
    let found = numbers("random-forest-1.2.1.pkl.xz", Method::PredictProba, &dense(3, 3, x.to_vec()));
    assert_eq!(found, [0.02, 0.98, 0.04, 0.96, 0.88, 0.12]);
}

#[test]
fn a_pipeline_of_imbalanced_learn() {
    let x = vec![
        188.202_617_298_383_2,
        120.007_860_418_361_16,
        148.936_899_205_286_98,
        212.044_659_960_072_9,
        193.377_899_507_498_37,
        51.136_106_006_179_446,
        147.504_420_876_279_48,
        92.432_139_585_115_11,
        94.839_057_410_322_11,
        120.529_925_096_918_62,
        107.202_178_558_043_9,
        172.713_675_348_148_74,
        138.051_886_257_349_68,
        106.083_750_824_641_41,
        122.193_161_637_271_29,
        116.683_713_668_713_33,
        174.703_953_657_880_3,
        89.742_087_106_719_95,
    ];
    let found = call("imblearn-pipeline.pkl", Method::Predict, &dense(6, 3, x));
    assert_eq!(labels(&found), [1, 1, 1, 0, 1, 0].map(Scalar::Int));
    // The estimator at the end, which the pipeline scales the rows for, is not offered in its place.
    let file = open("imblearn-pipeline.pkl");
    let found = addresses::estimators(&file.graph, file.graph.root());
    assert_eq!(found.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), [""]);
}

#[test]
fn a_tokenizer_that_is_str_split() {
    let texts = Table::from_texts(["a b", "A\u{1c}c\u{85}C  z", ""]);
    let found = numbers("str-split-tokenizer.pkl", Method::Transform, &texts);
    assert_eq!(found, [1.0, 1.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn an_indicator_of_all_features() {
    let found =
        numbers("missing-indicator-all.pkl", Method::Transform, &dense(2, 3, vec![f64::NAN, 0.4, 0.9, 2.2, 1.8, -0.9]));
    assert_eq!(found, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn labels_of_the_upper_half_of_uint64() {
    let file = open("uint64-classes.pkl");
    let classes = model(&file).expect("a model").estimator().classes();
    let found: Vec<_> = (0..classes[0].len()).map(|code| classes[0].get(code)).collect();
    assert_eq!(found, [Some(Scalar::Int(1)), Some(Scalar::BigInt("9223372036854775809".to_owned()))]);
}

#[test]
fn categories_that_are_dates() {
    // The second of January 1, 2021, in other units than the categories have.
    for (steps, name) in [(51, "Y"), (18_628, "D"), (1_609_459_200, "s"), (1_609_459_200_000_000_000, "ns")] {
        let date = Scalar::DateTime(steps, TimeUnit { name, count: 1 });
        let found = numbers("datetime-categories.pkl", Method::Transform, &objects(&[date]));
        assert_eq!(found, [0.0, 1.0], "{name}");
    }
    let file = open("datetime-categories.pkl");
    let names = model(&file).expect("a model").feature_names_out(None).expect("names");
    assert_eq!(names, ["d_2020-01-01T00:00:00.000000", "d_2021-01-01T00:00:00.000000"]);
}

#[test]
fn categories_that_are_bytes() {
    let bytes = |text: &str| Scalar::Bytes(text.as_bytes().to_vec());
    let known = objects(&[bytes("a"), bytes("b"), bytes("a")]);
    let text = objects(&[Scalar::Str("a".to_owned())]);
    assert_eq!(numbers("bytes-onehot.pkl", Method::Transform, &known), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(numbers("bytes-onehot.pkl", Method::Transform, &text), [0.0, 0.0]);
    assert_eq!(numbers("bytes-ordinal.pkl", Method::Transform, &known), [0.0, 1.0, 0.0]);
    assert_eq!(numbers("bytes-ordinal.pkl", Method::Transform, &text), [-1.0]);
    let back = call("bytes-onehot.pkl", Method::InverseTransform, &dense(2, 2, vec![1.0, 0.0, 0.0, 1.0]));
    assert_eq!(labels(&back), [bytes("a"), bytes("b")]);
}

/// Plain data under a name that no version of scikit-learn knows is the user's own. Not so a method's name, what a
/// `SelectFromModel` asks its estimator for, and anything in a model that lacks a parameter.
#[test]
fn attributes_of_users_are_left_aside() {
    let file = open("own-attributes.pkl");
    let read = |at: &str| {
        let node = addresses::resolve(&file.graph, file.graph.root(), at).expect("an item");
        Model::read(&file.graph, node, at)
    };
    assert_eq!(read("[0]").expect("a model").header().extra, ["threshold_", "notes"]);
    for (at, name) in [("[1]", "predict"), ("[2]", "feature_importances_"), ("[3]", "mine")] {
        let error = read(at).expect_err("no model");
        assert_eq!(error.path(), format!("{at}.{name}"));
        assert!(matches!(error.kind(), ReadErrorKind::UnknownAttribute { .. }), "{error}");
    }
}

/// A newer scikit-learn may know the name.
#[test]
fn attributes_of_a_newer_version_are_not_the_users() {
    let mut newer = std::fs::read(workspace("fixtures/answers/own-attributes.pkl")).expect("the file");
    let at = newer.windows(5).position(|bytes| bytes == b"1.9.1").expect("a version");
    newer[at..at + 5].copy_from_slice(b"2.0.1");
    let file = skiff_files::read(newer.into(), None, &Limits::default()).expect("a file that opens");
    let node = addresses::resolve(&file.graph, file.graph.root(), "[0]").expect("an item");
    let error = Model::read(&file.graph, node, "[0]").expect_err("no model");
    assert!(matches!(error.kind(), ReadErrorKind::UnknownAttribute { .. }), "{error}");
}

/// What `pd.cut` makes of numbers, and an encoder keeps as objects.
#[test]
fn categories_that_are_intervals() {
    let interval = |left, right, closed| Scalar::Interval(Interval { left, right, closed }.into());
    let int = |left, right| interval(Scalar::Int(left), Scalar::Int(right), Closed::Right);
    let known = [int(0, 18), int(18, 65), interval(Scalar::Float(65.0), Scalar::Float(120.0), Closed::Right)];
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(numbers("interval-categories.pkl", Method::Transform, &objects(&known)), identity);
    let back = call("interval-categories.pkl", Method::InverseTransform, &dense(1, 3, vec![0.0, 1.0, 0.0]));
    assert_eq!(labels(&back), [int(18, 65)]);
    let file = open("interval-categories.pkl");
    let names = model(&file).expect("a model").feature_names_out(None).expect("names");
    assert_eq!(names, ["age_(0, 18]", "age_(18, 65]", "age_(65, 120]"]);
}

#[test]
fn labels_of_string_dtype() {
    let file = open("string-dtype-classes.pkl");
    let classes = model(&file).expect("a model").estimator().classes();
    let text = |text: &str| Scalar::Str(text.to_owned());
    assert_eq!(*classes[0], Classes::Values(vec![text("n"), text("y")], ValueKind::Text));
}

#[test]
fn the_first_of_several_pickles_ends_where_the_second_begins() {
    let file = open("two-pickles-in-a-row.pkl");
    assert_eq!((file.roots.len(), file.first_end, file.content.len()), (2, 488, 1216));
}

#[test]
fn an_estimator_that_was_never_fitted() {
    let error = model(&open("unfitted.pkl")).expect_err("no model");
    assert_eq!(
        error.kind(),
        &ReadErrorKind::NotFitted { class: "sklearn.preprocessing._data.StandardScaler".to_owned() }
    );
}

/// mlflow and sklearn2pmml add attributes of their own, and no method reads them.
#[test]
fn attributes_of_tools_are_left_aside() {
    let file = open("tool-attributes.pkl");
    for (at, expected) in
        [("[0]", vec!["_mlflow_run_id", "pmml_options_", "pmml_feature_importances_"]), ("[1]", vec!["flat"])]
    {
        let node = addresses::resolve(&file.graph, file.graph.root(), at).expect("an item");
        let model = Model::read(&file.graph, node, at).expect("a model");
        assert_eq!(model.header().extra, expected);
    }
    // Anything but plain data could change what the estimator does.
    let error = model(&open("tool-attribute-code.pkl")).expect_err("no model");
    assert_eq!(error.path(), "flat");
    assert!(matches!(error.kind(), ReadErrorKind::UnknownAttribute { .. }));
}
