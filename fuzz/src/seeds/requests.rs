//! Requests as clients make them, of every form that the server documents.

use serde_json::{Value, json};

use super::Seed;

fn seeds(bodies: Vec<Vec<u8>>) -> Vec<Seed> {
    let named = |(number, bytes): (usize, Vec<u8>)| Seed { name: format!("request {number}"), bytes };
    bodies.into_iter().enumerate().map(named).collect()
}

fn json_seeds(bodies: &[Value]) -> Vec<Seed> {
    seeds(bodies.iter().map(|body| body.to_string().into_bytes()).collect())
}

/// A tensor of JSON.
fn tensor(name: &str, shape: &[usize], datatype: &str, data: &Value) -> Value {
    json!({ "name": name, "shape": shape, "datatype": datatype, "data": data })
}

/// Columns of the passengers.
fn columns() -> Vec<Value> {
    vec![
        tensor("rank", &[1], "INT64", &json!([3])),
        tensor("sex", &[1], "BYTES", &json!(["male"])),
        tensor("age", &[1], "FP64", &json!([null])),
        tensor("fare", &[1, 1], "FP32", &json!([[7.25]])),
        tensor("port", &[1], "BYTES", &json!(["Cherbourg"])),
        tensor("alone", &[1], "BOOL", &json!([true])),
    ]
}

/// Requests of `infer` as JSON: each datatype, flat and nested, and columns.
pub fn v2_json() -> Vec<Seed> {
    let rows = json!([5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3]);
    let x = |shape: &[usize], datatype: &str, data: Value| json!({ "inputs": [tensor("X", shape, datatype, &data)] });
    let mut all = vec![
        x(&[2, 4], "FP64", rows.clone()),
        x(&[2, 4], "FP32", json!([[5.1, 3.5, 1.4, 0.2], [6.7, "NaN", "Infinity", null]])),
        x(&[1, 4], "INT8", json!([1, -2, 3, 4])),
        x(&[1, 4], "UINT64", json!([1, 2, 3, 18_446_744_073_709_551_615_u64])),
        x(&[1, 4], "BOOL", json!([true, false, 1, 0])),
        x(&[2], "BYTES", json!(["win a prize", "lunch"])),
        x(&[1, 1], "BYTES", json!([["win a \u{1f6a2} prize"]])),
        x(&[0, 4], "FP64", json!([])),
        x(&[1, 6], "BYTES", json!(["3", "male", "", "7", "Cherbourg", "x"])),
    ];
    all.push(json!({
        "id": "7",
        "inputs": columns(),
        "outputs": [{ "name": "predict" }, { "name": "predict_proba", "parameters": { "binary_data": true } }],
        "parameters": { "binary_data_output": true, "sequence_id": 3 },
    }));
    all.push(json!({ "inputs": columns(), "parameters": { "return_std": true } }));
    all.push(json!({ "inputs": columns(), "outputs": [{ "name": "decision_function" }] }));
    json_seeds(&all)
}

/// The same with binary tensors, which a zero byte separates from the JSON.
pub fn v2_binary() -> Vec<Seed> {
    let floats: Vec<u8> = [5.1_f64, 3.5, 1.4, 0.2].iter().flat_map(|value| value.to_le_bytes()).collect();
    let singles: Vec<u8> = [5.1_f32, 3.5, 1.4, f32::NAN].iter().flat_map(|value| value.to_le_bytes()).collect();
    let text = |text: &str| [&u32::try_from(text.len()).unwrap_or(0).to_le_bytes()[..], text.as_bytes()].concat();
    let texts = [text("win"), text("lunch")].concat();
    let one = |datatype: &str, shape: &[usize], bytes: &[u8]| {
        let size = json!({ "binary_data_size": bytes.len() });
        let json = json!({ "inputs": [{ "name": "X", "shape": shape, "datatype": datatype, "parameters": size }] });
        [json.to_string().as_bytes(), &[0], bytes].concat()
    };
    let mut all = vec![
        one("FP64", &[1, 4], &floats),
        one("FP32", &[1, 4], &singles),
        one("BYTES", &[2], &texts),
        one("BYTES", &[2, 1], &texts),
        one("INT64", &[1, 4], &floats),
        one("UINT16", &[1, 8], &singles),
        one("BOOL", &[1, 4], &[1, 0, 2, 0]),
        one("INT8", &[2, 2], &[1, 255, 127, 128]),
        one("UINT32", &[1, 4], &singles),
        one("FP64", &[0, 4], &[]),
    ];
    let mixed = json!({
        "inputs": [
            { "name": "rank", "shape": [1], "datatype": "FP64", "parameters": { "binary_data_size": 8 } },
            { "name": "sex", "shape": [1], "datatype": "BYTES", "parameters": { "binary_data_size": 7 } },
            tensor("age", &[1], "FP64", &json!([3.5])),
        ],
        "outputs": [{ "name": "predict_proba", "parameters": { "binary_data": true } }],
    });
    all.push([mixed.to_string().as_bytes(), &[0], &floats[..8], &text("win")].concat());
    seeds(all)
}

/// Requests of KServe V1: lists, records, single values.
pub fn kserve() -> Vec<Seed> {
    let row = json!([5.1, 3.5, 1.4, 0.2]);
    let record = json!({ "rank": 3, "sex": "male", "age": null, "fare": 7.25, "port": "Cherbourg", "alone": true });
    json_seeds(&[
        json!({ "instances": [row, row] }),
        json!({ "inputs": [row] }),
        json!({ "instances": [] }),
        json!({ "instances": [1, 2, 3] }),
        json!({ "instances": [record, { "rank": 1 }] }),
        json!({ "instances": [[3, "male", null, 7.25, "Cherbourg", true]] }),
        json!({ "instances": ["win a prize", "lunch"] }),
        json!({ "instances": [row], "parameters": { "method": "decision_function" } }),
        json!({ "instances": [record], "parameters": { "method": "predict_proba" } }),
        json!({ "instances": [row], "parameters": { "return_std": true } }),
    ])
}

/// Each form of MLflow's JSON.
pub fn mlflow_json() -> Vec<Seed> {
    let names = ["rank", "sex", "age", "fare", "port", "alone"];
    let cells = json!([[3, "male", null, 7.25, "Cherbourg", true], [1, "female", 38.0, 71.3, null, false]]);
    let columns =
        json!({ "rank": [3], "sex": [["male"]], "age": [1], "fare": [2.5], "port": ["Cherbourg"], "alone": [0] });
    json_seeds(&[
        json!({ "dataframe_split": { "columns": names, "data": cells } }),
        json!({ "dataframe_split": { "columns": names, "data": cells, "index": [0, 1] }, "params": { "method": "predict_proba" } }),
        json!({ "dataframe_split": { "columns": [0, 1, 2, 3], "data": [[5.1, 3.5, 1.4, 0.2]] } }),
        json!({ "dataframe_split": { "columns": ["text"], "data": [["win a prize"]] } }),
        json!({ "dataframe_records": [{ "rank": 3, "sex": "male", "age": 1, "fare": 2.5, "port": "Cherbourg", "alone": true }] }),
        json!({ "instances": [[5.1, 3.5, 1.4, 0.2]] }),
        json!({ "inputs": [[5, 3, 1, 0]], "params": null }),
        json!({ "inputs": ["win a prize", "lunch"] }),
        json!({ "inputs": columns }),
        json!({ "instances": columns, "params": { "method": "decision_function", "extra": 1.5 } }),
    ])
}

/// Tables with quotes, missing cells, bools, and rows that are too short.
pub fn mlflow_csv() -> Vec<Seed> {
    let tables = [
        "a,b,c,d\n5.1,3.5,1.4,0.2\n",
        "a,b,c,d\r\n5.1,,nan,-inf\r\n",
        "rank,sex,age,fare,port,alone\n3,male,22,7.25,Cherbourg,True\n1,female,,71.0,,False\n",
        "alone,port,fare,age,sex,rank,more\ntrue,\"Cher\"\"bourg\",7.25,22,male,3,x\n",
        "text\n\"win a\nprize\"\nlunch\n",
        "text\n",
        "",
        "a\n1\n2\n",
        "a,a\n1,2\n",
        "a,b\n1,2\n3\n",
        "\u{feff}a,b,c,d\n1e5,0x10,9223372036854775808,-0\n",
    ];
    seeds(tables.iter().map(|table| table.as_bytes().to_vec()).collect())
}

/// A field of a message that has a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap_or(0));
    bytes.extend(content);
    bytes
}

/// Messages of `ModelInfer`, with typed and raw contents.
pub fn v2_grpc() -> Vec<Seed> {
    let input = |name: &str, datatype: &str, shape: &[u8], contents: &[u8]| {
        let described = [field(1, name.as_bytes()), field(2, datatype.as_bytes()), field(3, shape)].concat();
        field(5, &[described, if contents.is_empty() { Vec::new() } else { field(5, contents) }].concat())
    };
    let request = |model: &str, parts: &[Vec<u8>]| [field(1, model.as_bytes()), parts.concat()].concat();
    let floats: Vec<u8> = [5.1_f64, 3.5, 1.4, 0.2].iter().flat_map(|value| value.to_le_bytes()).collect();
    let singles: Vec<u8> = [5.1_f32, 3.5, 1.4, 0.2].iter().flat_map(|value| value.to_le_bytes()).collect();
    let raw_text = [&3_u32.to_le_bytes()[..], b"win"].concat();
    let output = |name: &str| field(6, &field(1, name.as_bytes()));
    let flag = field(4, &[field(1, b"return_std"), field(2, &[8, 1])].concat());
    seeds(vec![
        request("iris-svc", &[input("X", "FP64", &[1, 4], &field(7, &floats))]),
        request("iris-svc", &[input("X", "FP32", &[1, 4], &field(6, &singles)), output("decision_function")]),
        request("iris-svc", &[input("X", "INT64", &[1, 4], &field(3, &[1, 2, 3, 4]))]),
        request("iris-svc", &[input("X", "BOOL", &[1, 4], &field(1, &[1, 0, 1, 0]))]),
        request("iris-svc", &[input("X", "UINT64", &[1, 4], &field(5, &[1, 2, 3, 4])), flag]),
        request("iris-svc", &[input("X", "FP64", &[1, 4], &[]), field(7, &floats)]),
        request("iris-svc", &[input("X", "FP64", &[0, 4], &[]), field(7, &[])]),
        request("spam-filter", &[input("X", "BYTES", &[1], &field(8, b"win a prize")), output("predict_proba")]),
        request("spam-filter", &[input("X", "BYTES", &[1], &[]), field(7, &raw_text)]),
        request(
            "passengers",
            &[
                input("rank", "INT64", &[1], &field(3, &[3])),
                input("sex", "BYTES", &[1], &field(8, b"male")),
                input("age", "FP64", &[1], &field(7, &floats[..8])),
                input("fare", "FP64", &[1], &field(7, &floats[..8])),
                input("port", "BYTES", &[1], &field(8, b"Cherbourg")),
                input("alone", "FP64", &[1], &field(7, &floats[..8])),
            ],
        ),
        request("nobody", &[field(2, b"1"), field(3, b"id")]),
    ])
}
