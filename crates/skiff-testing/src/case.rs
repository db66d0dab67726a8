//! One recorded case: a model that a scikit-learn wrote, inputs, calls, and scikit-learn's results.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rayon::prelude::*;
use serde_json::Value as Json;
use skiff_files::{Bytes, DType, Limits, NdArray, Node, Order, Scalar};
use skiff_models::lowering::Params;
pub use skiff_models::recorded::Answer;
use skiff_plan::table::Table;
use skiff_plan::table::{Column, Dense, DictValue, Dicts, Elements};
use skiff_plan::value::{Columns, Csr, IntKind, NumberType, Precision};

use crate::archive::{RecordedModel, case_of, files, is_model};

/// A case of `fixtures/cases`.
#[derive(Debug)]
pub struct Case {
    /// `1.9.1/linear_model/ridge`.
    pub name: String,
    /// The version of scikit-learn that wrote the model and the results.
    pub sklearn: String,
    /// `sklearn.linear_model.Ridge`.
    pub estimator: String,
    /// The model's file.
    pub model: RecordedModel,
    /// The call.
    pub calls: Vec<Call>,
    inputs: BTreeMap<String, Json>,
    arrays: BTreeMap<String, NdArray>,
}

/// A method call and its outcome.
#[derive(Debug)]
pub struct Call {
    /// The estimator's address in a file with several objects.
    pub at: String,
    /// `predict`, `transform`, `get_feature_names_out`, …
    pub method: String,
    /// The name of the input among the case's inputs; none for methods without.
    pub input: Option<String>,
    /// Keyword arguments.
    pub params: BTreeMap<String, Json>,
    /// What scikit-learn did.
    pub expected: Expected,
}

/// What scikit-learn did with a call.
#[derive(Debug)]
pub enum Expected {
    /// It returned a result.
    Answer(Answer),
    /// It raised.
    Error {
        /// `ValueError`, …
        kind: String,
        /// Its words.
        message: String,
    },
}

impl Case {
    /// Every recorded case whose name contains one of the words in the environment variable `SKIFF_CASES` (separated by
    /// commas), or every case when it is not set; in order of their names, and read once.
    ///
    /// # Panics
    /// When an archive cannot be read: cases are part of the repository.
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Case>> = LazyLock::new(|| {
            let words = std::env::var("SKIFF_CASES").unwrap_or_default();
            let cases = Case::read_all("", |path| words.split(',').any(|word| path.contains(word)));
            assert!(!cases.is_empty(), "no case matches `{words}`");
            cases
        });
        &ALL
    }

    /// The recorded case of that name: `1.9.1/svm/svc_rbf`.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(name: &str) -> Self {
        let case = Self::read_all(&format!("{name}/"), |_| true).pop();
        case.unwrap_or_else(|| panic!("there is no recorded case `{name}`"))
    }

    /// The cases whose names begin with `prefix` and are wanted.
    fn read_all(prefix: &str, wanted: impl Fn(&str) -> bool + Sync) -> Vec<Self> {
        let mut cases: BTreeMap<String, BTreeMap<String, Bytes>> = BTreeMap::new();
        for (path, bytes) in files(prefix, |path| wanted(case_of(path))) {
            cases.entry(case_of(&path).to_owned()).or_default().insert(path, bytes);
        }
        let cases: Vec<_> = cases.into_iter().collect();
        cases.into_par_iter().map(|(name, files)| Self::read(name, files)).collect()
    }

    fn read(name: String, mut files: BTreeMap<String, Bytes>) -> Self {
        let mut take =
            |file: &str| files.remove(&format!("{name}/{file}")).unwrap_or_else(|| panic!("{name}: no {file}"));
        let (json, arrays) = (take("case.json"), take("arrays.npz"));
        let model = files.into_iter().find(|(path, _)| is_model(path)).expect("a case has a model");
        let mut json: Json = serde_json::from_slice(json.as_slice()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let arrays = read_arrays(&name, arrays);
        let calls = json["calls"].as_array().expect("calls").iter().map(|call| Call::read(call, &arrays)).collect();
        let inputs = match json["inputs"].take() {
            Json::Object(inputs) => inputs.into_iter().collect(),
            other => panic!("{name}: inputs are {other}"),
        };
        let text = |key: &str| json[key].as_str().expect(key).to_owned();
        let (sklearn, estimator) = (text("sklearn"), text("estimator"));
        Self { name, sklearn, estimator, model: RecordedModel::new(model), calls, inputs, arrays }
    }

    /// Whether the input of that name is an array of `float32`.
    pub fn is_single(&self, name: &str) -> bool {
        let array = self.inputs[name].get("array").or(self.inputs[name].get("data")).and_then(Json::as_str);
        array.is_some_and(|array| matches!(self.arrays[array].dtype, DType::Float { size: 4, .. }))
    }

    /// The input of that name, as a table.
    ///
    /// # Errors
    /// When it is an array of a dtype that tables have not.
    ///
    /// # Panics
    /// When there is none.
    pub fn table(&self, name: &str) -> Result<Table<'static>, String> {
        let input = &self.inputs[name];
        Ok(match input["kind"].as_str().expect("kind") {
            "dense" => dense(&self.arrays[text(&input["array"])])?,
            "csr" => Table::Sparse(sparse(input, &self.arrays)),
            "csc" => Table::Sparse(transpose(&sparse_parts(input, &self.arrays, 1))),
            "text" => Table::from_texts(input["values"].as_array().expect("values").iter().map(text)),
            "objects" => objects(input),
            "label_sets" => {
                let sets = input["values"].as_array().expect("values").iter();
                let rows = sets.map(|labels| vec![(String::new(), DictValue::Many(scalars(labels)))]);
                Table::Dicts(Dicts { rows: Cow::Owned(rows.collect()) })
            }
            "frame" => Table::Columns(frame(&input["columns"])),
            "dicts" => Table::Dicts(Dicts { rows: Cow::Owned(dicts(&input["values"])) }),
            other => panic!("{}: no such input as {other}", self.name),
        })
    }
}

impl Call {
    fn read(json: &Json, arrays: &BTreeMap<String, NdArray>) -> Self {
        let expected = match json.get("answer") {
            Some(answer) => Expected::Answer(read_answer(answer, arrays)),
            None => Expected::Error {
                kind: text(&json["error"]["type"]).to_owned(),
                message: text(&json["error"]["message"]).to_owned(),
            },
        };
        let params = json["params"].as_object().into_iter().flatten();
        Self {
            at: json["at"].as_str().unwrap_or_default().to_owned(),
            method: text(&json["method"]).to_owned(),
            input: json["input"].as_str().map(str::to_owned),
            params: params.map(|(name, value)| (name.clone(), value.clone())).collect(),
            expected,
        }
    }

    /// The keyword arguments, as a plan takes them.
    pub fn params(&self) -> Params {
        Params::new(self.params.iter().map(|(name, value)| (name.clone(), scalar(value))))
    }
}

fn read_answer(json: &Json, arrays: &BTreeMap<String, NdArray>) -> Answer {
    match text(&json["kind"]) {
        "dense" => Answer::Array(arrays[text(&json["array"])].clone()),
        "csr" => Answer::Sparse(sparse(json, arrays)),
        "objects" => Answer::Objects(shape(&json["shape"]), scalars(&json["values"])),
        "list" => {
            let items = json["items"].as_array().expect("items");
            Answer::List(items.iter().map(|item| read_answer(item, arrays)).collect())
        }
        "dicts" => Answer::Dicts(dicts(&json["values"])),
        "frame" => Answer::Frame(frame(&json["columns"])),
        other => panic!("no such answer as {other}"),
    }
}

/// A JSON scalar: `{"float": "nan"}` represents what JSON cannot write.
fn scalar(json: &Json) -> Scalar {
    match json {
        Json::Null => Scalar::None,
        Json::Bool(value) => Scalar::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Scalar::Int(value),
            None => Scalar::Float(number.as_f64().expect("a JSON number")),
        },
        Json::String(value) => Scalar::Str(value.clone()),
        Json::Object(_) => Scalar::Float(text(&json["float"]).parse().expect("nan, inf, -inf")),
        Json::Array(_) => panic!("a list is no scalar: {json}"),
    }
}

fn scalars(json: &Json) -> Vec<Scalar> {
    json.as_array().expect("values").iter().map(scalar).collect()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("expected a string, found {json}"))
}

fn shape(json: &Json) -> Vec<usize> {
    let lengths = json.as_array().expect("shape").iter();
    lengths.map(|length| usize::try_from(length.as_u64().expect("a length")).expect("a length")).collect()
}

fn dicts(json: &Json) -> Vec<Vec<(String, DictValue)>> {
    let value = |json: &Json| match json {
        Json::Array(_) => DictValue::Many(scalars(json)),
        one => DictValue::One(scalar(one)),
    };
    let rows = json.as_array().expect("values").iter();
    rows.map(|row| row.as_object().expect("a dict").iter().map(|(key, json)| (key.clone(), value(json))).collect())
        .collect()
}

/// A numpy array as a table; strings as columns of them, one dimension as one column.
fn dense(array: &NdArray) -> Result<Table<'static>, String> {
    let (rows, cols) = match array.shape[..] {
        [rows] => (rows, 1),
        [rows, cols] => (rows, cols),
        ref shape => panic!("an input of shape {shape:?}"),
    };
    let elements = match array.dtype {
        DType::Float { size: 2, .. } => return Err("tables have no float16".to_owned()),
        DType::Float { size: 4, .. } => Elements::F32(array.to_f32().expect("numbers").into()),
        DType::Float { .. } => Elements::F64(array.to_f64().expect("numbers").into()),
        DType::Bool => Elements::I64(array.to_i64().expect("bools").into(), IntKind::Bool),
        DType::Int { size, .. } | DType::UInt { size, .. } => {
            let signed = matches!(array.dtype, DType::Int { .. });
            let bytes = u8::try_from(size).expect("at most 8 bytes");
            Elements::I64(array.to_i64().expect("integers").into(), IntKind::Int { bytes, signed })
        }
        DType::Str { .. } => {
            let strings = array.column().and_then(|column| column.to_strings()).expect("strings");
            let column = |col: usize| Column::Texts(strings.iter().skip(col).step_by(cols).collect());
            let columns = (0..cols).map(column).collect();
            return Ok(Table::Columns(Columns::new(rows, None, columns).expect("columns of one length")));
        }
        ref other => panic!("an input of dtype {other:?}"),
    };
    // `to_f64` and similar return C order; Fortran order is restored, so that strided views are tested as well.
    Ok(match (array.order, elements) {
        (Order::F, Elements::F64(data)) => {
            let turned: Vec<f64> = (0..rows * cols).map(|at| data[at % rows * cols + at / rows]).collect();
            Table::Dense(Dense::fortran_order(rows, cols, Elements::F64(turned.into())).expect("enough elements"))
        }
        (_, elements) => Table::Dense(Dense::c_order(rows, cols, elements).expect("enough elements")),
    })
}

fn sparse(json: &Json, arrays: &BTreeMap<String, NdArray>) -> Csr<'static> {
    sparse_parts(json, arrays, 0)
}

/// Compressed rows, or compressed columns read as the rows of the transpose.
fn sparse_parts(json: &Json, arrays: &BTreeMap<String, NdArray>, major: usize) -> Csr<'static> {
    let part = |key: &str| &arrays[text(&json[key])];
    let shape = shape(&json["shape"]);
    let data = part("data");
    let dtype = match data.dtype {
        DType::Float { size: 4, .. } => NumberType::Float(Precision::Single),
        DType::Float { .. } => NumberType::Float(Precision::Double),
        DType::Bool => NumberType::Int(IntKind::Bool),
        DType::Int { size, .. } | DType::UInt { size, .. } => {
            let signed = matches!(data.dtype, DType::Int { .. });
            NumberType::Int(IntKind::Int { bytes: u8::try_from(size).expect("a size of at most 8 bytes"), signed })
        }
        _ => NumberType::Int(IntKind::I64),
    };
    let lengths = |key: &str| -> Vec<usize> {
        part(key).to_i64().expect(key).into_iter().map(|at| usize::try_from(at).expect(key)).collect()
    };
    let indices: Vec<u32> = lengths("indices").into_iter().map(|at| u32::try_from(at).expect("indices")).collect();
    let shape = (shape[major], shape[1 - major]);
    Csr::new(shape, lengths("indptr"), indices, data.to_f64().expect("data"), dtype).expect("a sparse matrix")
}

fn transpose(csr: &Csr<'_>) -> Csr<'static> {
    let mut rows: Vec<Vec<(u32, f64)>> = vec![Vec::new(); csr.cols];
    for row in 0..csr.rows {
        let (indices, data) = csr.row(row);
        for (&column, &value) in indices.iter().zip(data) {
            rows[column as usize].push((u32::try_from(row).expect("small"), value));
        }
    }
    let mut indptr = vec![0];
    for row in &rows {
        indptr.push(indptr.last().expect("it begins with 0") + row.len());
    }
    let (indices, data): (Vec<u32>, Vec<f64>) = rows.into_iter().flatten().unzip();
    Csr::new((csr.cols, csr.rows), indptr, indices, data, csr.dtype).expect("a sparse matrix")
}

fn objects(json: &Json) -> Table<'static> {
    let values = scalars(&json["values"]);
    let (rows, cols) = match shape(&json["shape"])[..] {
        [rows] => (rows, 1),
        [rows, cols] => (rows, cols),
        ref other => panic!("objects of shape {other:?}"),
    };
    let column = |col: usize| Column::Objects(values.iter().skip(col).step_by(cols.max(1)).cloned().collect());
    Table::Columns(Columns::new(rows, None, (0..cols).map(column).collect()).expect("columns of one length"))
}

fn frame(columns: &Json) -> Columns<'static> {
    let columns = columns.as_array().expect("columns");
    let names = columns.iter().map(|column| text(&column["name"]).to_owned()).collect();
    let read = |column: &Json| {
        let values = scalars(&column["values"]);
        let floats = || values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect::<Vec<_>>();
        let ints = || values.iter().map(|value| value.as_i64().expect("an integer")).collect::<Vec<_>>();
        match text(&column["dtype"]) {
            "float64" => Column::Floats(floats().into(), Precision::Double),
            "float32" => Column::Floats(floats().into(), Precision::Single),
            "int64" => Column::Ints(ints().into(), IntKind::I64),
            "bool" => Column::Ints(ints().into(), IntKind::Bool),
            _ if values.iter().all(|value| matches!(value, Scalar::Str(_))) => {
                Column::Texts(values.iter().filter_map(Scalar::as_str).collect())
            }
            _ => Column::Objects(values.into()),
        }
    };
    Columns::named(names, columns.iter().map(read).collect()).expect("columns of one length")
}

/// The arrays of an `.npz`, by name.
fn read_arrays(name: &str, bytes: Bytes) -> BTreeMap<String, NdArray> {
    // A case without any array has an archive of nothing but its end record.
    if bytes.as_slice().starts_with(b"PK\x05\x06") {
        return BTreeMap::new();
    }
    let file = skiff_files::read(bytes, None, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let graph = &file.graph;
    let Node::Dict(pairs) = graph.node(graph.root()) else {
        panic!("{name}: arrays.npz is no .npz");
    };
    let read = |(name, array): &(_, _)| {
        let array = NdArray::read(graph, *array).expect("an undamaged array").expect("an array");
        (graph.str_of(*name).expect("a name").to_owned(), array)
    };
    pairs.iter().map(read).collect()
}
