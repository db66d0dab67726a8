//! What `skiff predict` reads and writes.

use std::fs;
use std::process::Command;

use skiff_testing::command::{self, Folder, example};

/// Standard output of a run that succeeds, with `input` as its standard input.
fn skiff(arguments: &[&str], input: &str) -> String {
    let output = command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments), input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn standard_input_is_csv_and_columns_are_kept() {
    let rows = "id,rank,sex,age,fare,port,alone\n7,1,female,,173.61,Cherbourg,False\n";
    let text = skiff(&["predict", &example("passengers.joblib"), "-", "--keep", "id"], rows);
    assert_eq!(text, "id,prediction\n7,yes\n");
}

#[test]
fn columns_may_stand_in_any_order_with_others_among_them() {
    let rows = "petal width (cm),note,petal length (cm),sepal width (cm),sepal length (cm)\n0.2,x,1.4,3.5,5.1\n";
    assert_eq!(skiff(&["predict", &example("iris-svc.joblib"), "-"], rows), "prediction\nsetosa\n");
}

#[test]
fn json_lines_are_objects_arrays_and_strings() {
    let object =
        r#"{"sepal length (cm)": 5.1, "sepal width (cm)": 3.5, "petal length (cm)": 1.4, "petal width (cm)": 0.2}"#;
    let jsonl = ["--data-format", "jsonl"];
    let iris = example("iris-svc.joblib");
    assert_eq!(skiff(&[&["predict", &iris, "-"], &jsonl[..]].concat(), object), "prediction\nsetosa\n");
    assert_eq!(
        skiff(&[&["predict", &iris, "-"], &jsonl[..]].concat(), "[5.1, 3.5, 1.4, 0.2]\n"),
        "prediction\nsetosa\n"
    );
    let spam = example("spam-filter.joblib");
    let text =
        skiff(&[&["predict", &spam, "-"], &jsonl[..]].concat(), "\"win a free prize now\"\n\"see you at lunch\"\n");
    assert_eq!(text, "prediction\nspam\nham\n");
}

#[test]
fn documents_come_from_a_column_as_well() {
    let rows = "id,message\n1,\"free prize, click now\"\n2,hello mum\n";
    let arguments = ["predict", &example("spam-filter.joblib"), "-", "--keep", "id", "--columns", "message"];
    assert_eq!(skiff(&arguments, rows), "id,prediction\n1,spam\n2,ham\n");
}

#[test]
fn one_of_several_estimators_is_addressed() {
    let rows = "a,b,c,d\n1,2,3,4\n";
    let folder = Folder::new("parts");
    let dict = folder.model("1.9.1/pipeline/dict_of_parts");
    let text = skiff(&["predict", &dict, "-", "--at", "['scaler']", "-m", "transform"], rows);
    assert!(text.starts_with("x0,x1,x2,x3\n"), "{text}");
    let text = skiff(&["predict", &folder.model("1.9.1/pipeline/tuple_of_model_and_options"), "-"], rows);
    assert!(text.starts_with("prediction\n"), "one alone is found without asking: {text}");
}

#[test]
fn methods_take_keyword_arguments() {
    let rows = "a,b,c\n1,2,3\n";
    let folder = Folder::new("keywords");
    let knn = folder.model("1.9.1/neighbors/knn_kd_tree");
    let one = skiff(&["predict", &knn, "-", "-m", "kneighbors", "--param", "n_neighbors=1"], rows);
    assert_eq!(one.lines().next().map(|header| header.split(',').count()), Some(2), "a distance and a place: {one}");
}

#[test]
fn answers_are_written_as_json_lines_and_npy() {
    let folder = Folder::new("predict");
    let (lines, array) = (folder.file("out.jsonl"), folder.file("out.npy"));
    let iris = example("iris-svc.joblib");
    skiff(&["predict", &iris, &example("iris.csv"), "-o", &lines], "");
    let text = fs::read_to_string(&lines).expect("the output");
    assert_eq!((text.lines().count(), text.lines().next()), (150, Some(r#"{"prediction":"setosa"}"#)));
    skiff(&["predict", &iris, &example("iris.csv"), "-o", &array], "");
    let bytes = fs::read(&array).expect("the output");
    // 150 labels of at most ten characters, four bytes each.
    assert_eq!((&bytes[..6], bytes.len()), (&b"\x93NUMPY"[..], 128 + 150 * 10 * 4));
}

#[test]
fn what_a_sparse_answer_leaves_out_is_zero() {
    let folder = Folder::new("sparse");
    let texts = folder.path().join("texts.txt");
    fs::write(&texts, "unheard of words\n").expect("a temporary file");
    let texts = texts.display().to_string();
    let text = skiff(&["predict", &folder.model("1.9.1/feature_extraction/tfidf"), &texts, "-m", "transform"], "");
    let row = text.lines().nth(1).expect("a row");
    assert!(row.split(',').all(|cell| !cell.starts_with('-')), "{row}");
}

#[test]
fn an_object_on_each_line_is_a_mapping_for_a_model_that_takes_such() {
    let rows = "{\"city\": \"Oslo\"}\n{}\n";
    let folder = Folder::new("mappings");
    let model = folder.model("1.9.1/feature_extraction/dict_dense");
    let text = skiff(&["predict", &model, "-", "--data-format", "jsonl", "-m", "transform"], rows);
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn documents_that_look_like_numbers_stay_documents() {
    let rows = "message\n007\n1e3\n";
    let text = skiff(&["predict", &example("spam-filter.joblib"), "-"], rows);
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn the_paths_through_a_forest_are_one_table_of_integers() {
    let folder = Folder::new("paths");
    let model = folder.model("1.9.1/ensemble/random_forest_classifier");
    let columns = skiff(&["inspect", &model, "--format", "json"], "");
    let columns: serde_json::Value = serde_json::from_str(&columns).expect("JSON");
    let columns = columns["estimators"][0]["n_features_in"].as_u64().expect("a number of columns");
    let row = vec!["1"; usize::try_from(columns).expect("few")].join(",");
    let rows = format!("{row}\n").repeat(50);
    let text = skiff(&["predict", &model, "-", "--no-header", "-m", "decision_path"], &rows);
    assert_eq!(text.lines().count(), 51);
    assert!(text.lines().nth(1).is_some_and(|row| row.split(',').all(|cell| cell == "0" || cell == "1")), "{text}");
}

/// An array of four columns of this dtype, as numpy writes it.
fn array<const N: usize>(folder: &Folder, dtype: &str, elements: &[[u8; N]]) -> String {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({}, 4), }}", elements.len() / 4);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let length = (header.len() + 1 + 10).next_multiple_of(64) - 10;
    bytes.extend(u16::try_from(length).expect("a short header").to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(elements.iter().flatten());
    let path = folder.file("array.npy");
    fs::write(&path, bytes).expect("a file");
    path
}

/// Where scikit-learn widens it, `float16` is read; where it computes in it, it is refused.
#[test]
fn half_precision_arrays_are_read_where_they_are_widened() {
    let folder = Folder::new("half");
    // Two rows of 1.0, -0.5, 2.0, 0.25.
    let halves = [0x3c00_u16, 0xb800, 0x4000, 0x3400, 0x3c00, 0xb800, 0x4000, 0x3400];
    let array = array(&folder, "<f2", &halves.map(u16::to_le_bytes));
    let bayes = folder.model("1.9.1/naive_bayes/gaussian");
    let text = skiff(&["predict", &bayes, &array], "");
    let rows = "a,b,c,d\n1,-0.5,2,0.25\n1,-0.5,2,0.25\n";
    assert_eq!(text, skiff(&["predict", &bayes, "-"], rows));
    let scaler = folder.model("1.9.1/preprocessing/standard_scaler");
    let refused = command::run(
        Command::new(env!("CARGO_BIN_EXE_skiff")).args(["predict", &scaler, &array, "-m", "transform"]),
        "",
    );
    assert!(String::from_utf8_lossy(&refused.stderr).contains("float16 is not supported here"));
}

/// scikit-learn computes in `float32` only where it is in the machine's byte order.
#[test]
fn arrays_of_the_other_byte_order_are_doubles() {
    let folder = Folder::new("big-endian");
    let scaler = folder.model("1.9.1/preprocessing/standard_scaler");
    let transform = |data: &str, rows: &str| skiff(&["predict", &scaler, data, "-m", "transform"], rows);
    let row = [0.1_f32, -0.7, 2.3, 1000.1];
    let doubles = row.map(|value| f64::from(value).to_string()).join(",");
    let expected = transform("-", &format!("a,b,c,d\n{doubles}\n"));
    let (_, expected) = expected.split_once('\n').expect("a header");
    let values = |text: &str| text.split_once('\n').expect("a header").1.to_owned();
    assert_eq!(values(&transform(&array(&folder, ">f4", &row.map(f32::to_be_bytes)), "")), expected);
    assert_ne!(values(&transform(&array(&folder, "<f4", &row.map(f32::to_le_bytes)), "")), expected);
    let large = array(&folder, "<u8", &[u64::MAX; 4].map(u64::to_le_bytes));
    let refused = command::run(
        Command::new(env!("CARGO_BIN_EXE_skiff")).args(["predict", &scaler, &large, "-m", "transform"]),
        "",
    );
    assert!(String::from_utf8_lossy(&refused.stderr).contains("integers beyond int64 are not supported"));
}

/// A function that scales columns looks at all rows, however many blocks they are read in.
#[test]
fn what_looks_at_all_rows_gets_them_at_once() {
    let folder = Folder::new("whole");
    let model = folder.model("1.9.1/known_functions/known_minmax_scale_0");
    let count = 40_000;
    let rows: String = (0..=count).map(|row| format!("{row},-{row},7,{}\n", row % 5)).collect();
    let text = skiff(&["predict", &model, "-", "-m", "transform"], &format!("a,b,c,d\n{rows}"));
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), count + 1);
    assert_eq!(lines[count / 2], "0.5,0.5,0.0,0.0");
    assert_eq!(lines[count], "1.0,0.0,0.0,0.0");
    let json: String = (0..=count).map(|row| format!("[{row}, -{row}, 7, {}]\n", row % 5)).collect();
    let jsonl = skiff(&["predict", &model, "-", "-m", "transform", "--data-format", "jsonl"], &json);
    assert_eq!(jsonl, text.replacen("a,b,c,d", jsonl.lines().next().unwrap_or_default(), 1));
}
