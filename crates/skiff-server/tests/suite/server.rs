//! The server's protocols, asked without a socket, on the example models.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use skiff::{Options, Table};
use skiff_server::{ApiKey, ModelSource, Repository, Settings, router};
use skiff_testing::workspace;
use tower::ServiceExt;

const ROWS: [f64; 8] = [5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3];

fn example(name: &str) -> PathBuf {
    workspace("examples").join(name)
}

fn repository(paths: &[PathBuf]) -> Arc<Repository> {
    let sources = paths.iter().flat_map(|path| ModelSource::from_argument(path.to_str().unwrap()).unwrap());
    Arc::new(Repository::load(sources.collect(), Options::default(), None).expect("the models load"))
}

fn server(names: &[&str], settings: Settings) -> Router {
    router(repository(&names.iter().map(|name| example(name)).collect::<Vec<_>>()), settings)
}

fn iris() -> Router {
    server(&["iris-svc.joblib"], Settings::default())
}

/// A request's status, headers and body.
async fn send(server: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = server.clone().oneshot(request).await.expect("an answer to every request");
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.expect("a whole body").to_bytes().to_vec())
}

async fn get(server: &Router, path: &str) -> (StatusCode, Value) {
    let (status, _, body) = send(server, Request::get(path).body(Body::empty()).unwrap()).await;
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body))))
}

async fn post(server: &Router, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string()));
    let (status, _, body) = send(server, request.unwrap()).await;
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body))))
}

fn infer(data: &Value) -> Value {
    json!({
        "id": "7",
        "inputs": [{ "name": "X", "shape": [2, 4], "datatype": "FP64", "data": data }],
        "outputs": [{ "name": "predict" }, { "name": "decision_function" }],
    })
}

/// What the library answers for the same rows.
fn scores() -> Vec<f64> {
    let model = skiff::open(example("iris-svc.joblib")).unwrap();
    let answer = model.decision_function(&Table::from_rows(2, 4, &ROWS[..]).unwrap()).unwrap();
    match answer.value() {
        Some(skiff::value::Value::Floats(matrix, _)) => matrix.data.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn floats(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(floats).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

#[tokio::test]
async fn v2_answers_flat_and_nested_rows_as_the_library_does() {
    let server = iris();
    for data in [json!(ROWS), json!([ROWS[..4], ROWS[4..]])] {
        let (status, reply) = post(&server, "/v2/models/iris-svc/infer", &infer(&data)).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["id"], "7");
        assert_eq!(reply["model_version"], "1");
        assert_eq!(reply["outputs"][0]["data"], json!(["setosa", "virginica"]));
        assert_eq!(reply["outputs"][0]["datatype"], "BYTES");
        assert_eq!(reply["outputs"][1]["shape"], json!([2, 3]));
        assert_eq!(floats(&reply["outputs"][1]["data"]), scores());
    }
}

#[tokio::test]
async fn v2_reads_and_writes_binary_tensors() {
    let server = iris();
    let bytes: Vec<u8> = ROWS.iter().flat_map(|value| value.to_le_bytes()).collect();
    let json = json!({
        "inputs": [{ "name": "X", "shape": [2, 4], "datatype": "FP64", "parameters": { "binary_data_size": bytes.len() } }],
        "outputs": [{ "name": "predict", "parameters": { "binary_data": true } }, { "name": "decision_function" }],
    });
    let json = json.to_string();
    let ask = |length: String, body: Vec<u8>| {
        let request = Request::post("/v2/models/iris-svc/infer").header("inference-header-content-length", length);
        request.body(Body::from(body)).unwrap()
    };
    let body = [json.as_bytes(), &bytes[..]].concat();
    let (status, headers, reply) = send(&server, ask(json.len().to_string(), body.clone())).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply));
    let length: usize = headers["inference-header-content-length"].to_str().unwrap().parse().unwrap();
    let described: Value = serde_json::from_slice(&reply[..length]).unwrap();
    assert_eq!(described["outputs"][0]["parameters"]["binary_data_size"], reply.len() - length);
    assert_eq!(reply[length..], b"\x06\0\0\0setosa\x09\0\0\0virginica"[..]);
    assert_eq!(floats(&described["outputs"][1]["data"]), scores());
    // Lengths that do not agree.
    for (length, body) in [
        ((body.len() + 1).to_string(), body.clone()),
        ("x".to_owned(), body.clone()),
        (json.len().to_string(), body[..body.len() - 1].to_vec()),
        (json.len().to_string(), [&body[..], b"1"].concat()),
    ] {
        let (status, _, reply) = send(&server, ask(length, body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(&reply));
    }
}

#[tokio::test]
async fn columns_of_a_frame_are_one_tensor_each() {
    let server = server(&["passengers.joblib"], Settings::default());
    let (_, metadata) = get(&server, "/v2/models/passengers").await;
    let names: Vec<&str> = metadata["inputs"].as_array().unwrap().iter().map(|x| x["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rank", "sex", "age", "fare", "port", "alone"]);
    let tensor = |name: &str, datatype: &str, data: Value| json!({ "name": name, "shape": [2], "datatype": datatype, "data": data });
    let request = json!({ "outputs": [{ "name": "predict_proba" }], "inputs": [
        tensor("rank", "FP64", json!([3, 1])),
        tensor("sex", "BYTES", json!(["male", "female"])),
        tensor("age", "FP64", json!([22, null])),
        tensor("fare", "FP64", json!([7.25, 71.0])),
        tensor("port", "BYTES", json!(["S", "C"])),
        tensor("alone", "FP64", json!([1, 0])),
    ] });
    let (status, by_tensors) = post(&server, "/v2/models/passengers/infer", &request).await;
    assert_eq!(status, StatusCode::OK, "{by_tensors}");
    let records = json!({ "params": { "method": "predict_proba" }, "dataframe_records": [
        { "rank": 3, "sex": "male", "age": 22, "fare": 7.25, "port": "S", "alone": 1 },
        { "rank": 1, "sex": "female", "age": null, "fare": 71.0, "port": "C", "alone": 0 },
    ] });
    let (status, by_records) = post(&server, "/invocations", &records).await;
    assert_eq!(status, StatusCode::OK, "{by_records}");
    assert_eq!(floats(&by_tensors["outputs"][0]["data"]), floats(&by_records["predictions"]));
    let split = json!({ "dataframe_split": {
        "columns": names,
        "data": [[3, "male", 22, 7.25, "S", 1], [1, "female", null, 71.0, "C", 0]],
    } });
    let (status, labels) = post(&server, "/models/passengers/invocations", &split).await;
    assert_eq!((status, &labels), (StatusCode::OK, &json!({ "predictions": ["no", "yes"] })));
    let csv = "rank,sex,age,fare,port,alone\n3,male,22,7.25,S,1\n1,female,,71.0,C,0\n";
    let request = Request::post("/invocations?method=predict_proba").header("content-type", "text/csv; charset=utf-8");
    let (status, _, reply) = send(&server, request.body(Body::from(csv)).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply));
    let by_csv: Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!(floats(&by_csv["predictions"]), floats(&by_records["predictions"]));
    // Bools in words, as pandas reads them, and a column that the model does not take.
    let csv = "survived,rank,sex,age,fare,port,alone\nno,3,male,22,7.25,S,True\nyes,1,female,,71.0,C,False\n";
    let request = Request::post("/invocations?method=predict_proba").header("content-type", "text/csv");
    let (_, _, reply) = send(&server, request.body(Body::from(csv)).unwrap()).await;
    let by_words: Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!(by_words, by_csv);
}

#[tokio::test]
async fn kserve_and_mlflow_take_rows() {
    let server = server(&["iris-svc.joblib", "spam-filter.joblib"], Settings::default());
    let rows = json!([ROWS[..4], ROWS[4..]]);
    let expected = json!({ "predictions": ["setosa", "virginica"] });
    for (path, body) in [
        ("/v1/models/iris-svc:predict", json!({ "instances": rows })),
        ("/models/iris-svc/invocations", json!({ "instances": rows })),
        ("/models/iris-svc/invocations", json!({ "inputs": rows })),
    ] {
        assert_eq!(post(&server, path, &body).await, (StatusCode::OK, expected.clone()), "{path} {body}");
    }
    let (status, reply) = post(&server, "/v1/models/iris-svc:decision_function", &json!({ "instances": rows })).await;
    assert_eq!((status, floats(&reply["predictions"])), (StatusCode::OK, scores()));
    let texts = json!({ "instances": ["win a prize now", "see you at lunch"] });
    let (status, reply) = post(&server, "/v1/models/spam-filter:predict", &texts).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(reply["predictions"].as_array().map(Vec::len), Some(2));
    // Of several models none is meant without a name.
    let (status, _) = post(&server, "/invocations", &json!({ "instances": rows })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(get(&server, "/v1/models").await.1, json!({ "models": ["iris-svc", "spam-filter"] }));
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error_of_the_clients() {
    let server = iris();
    let path = "/v2/models/iris-svc/infer";
    let input = |shape: Value, datatype: &str, data: Value| json!({ "inputs": [{ "name": "X", "shape": shape, "datatype": datatype, "data": data }] });
    for body in [
        json!({}),
        json!([]),
        json!({ "inputs": [] }),
        json!({ "inputs": [{ "name": "X" }] }),
        input(json!([2, 4]), "FP64", json!(ROWS[..7])),
        input(json!([2, 3]), "FP64", json!(ROWS[..6])),
        input(json!([8]), "FP64", json!(ROWS)),
        input(json!([1, 2, 4]), "FP64", json!(ROWS)),
        input(json!([2, 4]), "FP16", json!(ROWS)),
        input(json!([2, 4]), "INT64", json!(ROWS)),
        input(json!([2, 4]), "UINT8", json!([1, 2, 3, 4, 5, 6, 7, 256])),
        input(json!([2, 4]), "INT64", json!([1, 2, 3, 4, 5, 6, 7, 18_446_744_073_709_551_615_u64])),
        input(json!([u64::MAX, u64::MAX]), "FP64", json!([])),
        input(json!([1, 4]), "FP64", json!([1.0, 2.0, null, 4.0])),
        input(json!([1, 4]), "BYTES", json!(["a", "b", "c", "d"])),
    ] {
        let (status, reply) = post(&server, path, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {reply}");
        assert!(reply["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}: {reply}");
    }
    let (status, reply) = post(&server, "/v2/models/other/infer", &infer(&json!(ROWS))).await;
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("no-such-model")));
    assert_eq!(post(&server, "/v2/models/iris-svc/versions/2/infer", &json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&server, "/elsewhere").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&server, path).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let avro = Request::post("/invocations").header("content-type", "application/avro");
    let (status, ..) = send(&server, avro.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// Whatever bytes come, no reply is the server's fault.
#[tokio::test]
async fn cut_and_changed_bodies_are_answered_or_refused() {
    let server = server(&["iris-svc.joblib", "passengers.joblib"], Settings::default());
    let records = json!({ "dataframe_records": [{ "rank": 3, "sex": "male", "age": [1], "fare": {}, "port": null }] });
    let bodies = [
        ("/v2/models/iris-svc/infer", infer(&json!([ROWS[..4], ROWS[4..]])).to_string()),
        ("/v1/models/iris-svc:predict", json!({ "instances": [ROWS[..4], ROWS[4..]] }).to_string()),
        ("/models/passengers/invocations", records.to_string()),
    ];
    for (path, body) in &bodies {
        for place in 0..body.len() {
            let mut changed = body.clone().into_bytes();
            for replacement in [None, Some(b'['), Some(b'"'), Some(b'9'), Some(b'-'), Some(0xff)] {
                match replacement {
                    None => changed.truncate(place),
                    Some(byte) => {
                        changed = body.clone().into_bytes();
                        changed[place] = byte;
                    }
                }
                let request = Request::post(*path).header("content-type", "application/json");
                let (status, _, reply) = send(&server, request.body(Body::from(changed.clone())).unwrap()).await;
                let shown = || format!("{}: {}", String::from_utf8_lossy(&changed), String::from_utf8_lossy(&reply));
                assert!(!status.is_server_error(), "{status} {}", shown());
            }
        }
    }
}

#[tokio::test]
async fn limits_hold() {
    let rows = infer(&json!(ROWS));
    let path = "/v2/models/iris-svc/infer";
    let body = server(&["iris-svc.joblib"], Settings { most_body: 100, ..Settings::default() });
    assert_eq!(post(&body, path, &rows).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let few = server(&["iris-svc.joblib"], Settings { most_rows: 1, ..Settings::default() });
    assert_eq!(post(&few, path, &rows).await.0, StatusCode::BAD_REQUEST);
    let late = server(&["iris-svc.joblib"], Settings { timeout: Duration::ZERO, ..Settings::default() });
    let (status, reply) = post(&late, path, &rows).await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("timeout")));
}

/// A body that says little and inflates to much is refused by what it inflates to.
#[tokio::test]
async fn compressed_bodies_are_limited_by_what_they_hold() {
    let server = server(&["iris-svc.joblib"], Settings { most_body: 1 << 20, ..Settings::default() });
    let inflated = vec![b' '; 8 << 20];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &inflated).unwrap();
    let packed = encoder.finish().unwrap();
    assert!(packed.len() < 1 << 16);
    let request = Request::post("/v2/models/iris-svc/infer").header("content-encoding", "gzip");
    let (status, ..) = send(&server, request.body(Body::from(packed)).unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn keys_are_demanded_of_all_but_probes() {
    let settings = Settings { api_key: ApiKey::new("secret"), ..Settings::default() };
    let server = server(&["iris-svc.joblib"], settings);
    assert_eq!(get(&server, "/v2/models/iris-svc").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&server, "/metrics").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&server, "/v2/health/ready").await.0, StatusCode::OK);
    for (name, value, expected) in [
        ("x-api-key", "secret", StatusCode::OK),
        ("x-api-key", "secre", StatusCode::UNAUTHORIZED),
        ("authorization", "Bearer secret", StatusCode::OK),
        ("authorization", "Basic secret", StatusCode::UNAUTHORIZED),
        ("authorization", "Bearer", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::get("/v2/models/iris-svc").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(send(&server, request).await.0, expected, "{name}: {value}");
    }
    assert!(ApiKey::new("").is_none());
}

#[tokio::test]
async fn changed_files_are_loaded_and_broken_ones_are_not() {
    let folder = std::env::temp_dir().join(format!("skiff-server-{}", std::process::id()));
    fs::create_dir_all(folder.join("model/1")).unwrap();
    let path = folder.join("model/1/anything.joblib");
    fs::copy(example("iris-svc.joblib"), &path).unwrap();
    fs::copy(example("digits-forest.joblib"), folder.join("digits.joblib")).unwrap();
    let repository = repository(std::slice::from_ref(&folder));
    let server = router(Arc::clone(&repository), Settings::default());
    let width = async || get(&server, "/v2/models/model").await.1["inputs"].as_array().map_or(0, Vec::len);
    assert_eq!(width().await, 4);
    assert!(repository.reload(false).is_empty());
    // A file that is not a model: the old one stays, and the index says why.
    fs::write(&path, b"half a fi").unwrap();
    assert_eq!(repository.reload(false).len(), 1);
    assert_eq!(width().await, 4);
    let (_, index) = post(&server, "/v2/repository/index", &json!({})).await;
    let entry = index.as_array().unwrap().iter().find(|entry| entry["name"] == "model").unwrap();
    assert_eq!(entry["state"], "READY");
    assert!(entry["reason"].as_str().unwrap().contains("not a model file"), "{entry}");
    fs::copy(example("passengers.joblib"), &path).unwrap();
    assert!(repository.reload(false).is_empty());
    assert_eq!(width().await, 6);
    // Out of service, and back.
    assert_eq!(post(&server, "/v2/repository/models/model/unload", &json!({})).await.0, StatusCode::OK);
    assert_eq!(get(&server, "/v2/models/model/ready").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&server, "/v2/health/ready").await.0, StatusCode::OK);
    assert_eq!(post(&server, "/v2/repository/models/model/load", &json!({})).await.0, StatusCode::OK);
    assert_eq!(get(&server, "/v2/models/model/ready").await.0, StatusCode::OK);
    assert_eq!(post(&server, "/v2/repository/models/other/load", &json!({})).await.0, StatusCode::NOT_FOUND);
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn requests_are_counted_and_named() {
    let server = iris();
    let request = Request::get("/v2/health/live").header("x-request-id", "mine").body(Body::empty()).unwrap();
    assert_eq!(send(&server, request).await.1["x-request-id"], "mine");
    post(&server, "/v2/models/iris-svc/infer", &infer(&json!(ROWS))).await;
    let (status, _, text) = send(&server, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let text = String::from_utf8(text).unwrap();
    assert_eq!(status, StatusCode::OK);
    let counted = "skiff_predicted_rows_total{model=\"iris-svc\",method=\"predict\"} 2";
    assert!(text.contains(counted), "{text}");
    let (_, statistics) = get(&server, "/v2/models/iris-svc/stats").await;
    assert_eq!(statistics["model_stats"][0]["inference_count"], 2);
    assert_eq!(statistics["model_stats"][0]["inference_stats"]["success"]["count"], 1);
}

/// Each example request of the OpenAPI document is answered.
#[tokio::test]
async fn the_openapi_document_has_requests_that_work() {
    let server = server(&["iris-svc.joblib", "digits-forest.joblib", "spam-filter.joblib"], Settings::default());
    let (status, document) = get(&server, "/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(example) = operations.pointer("/post/requestBody/content/application~1json/example") else { continue };
        let (status, reply) = post(&server, path, example).await;
        assert_eq!(status, StatusCode::OK, "{path} {example}: {reply}");
        asked += 1;
    }
    // The repository, and for each model three protocols.
    assert_eq!(asked, 1 + 3 * 3);
}

/// Requests that are computed together get what they get alone, bit for bit; one that is refused takes no other along.
#[tokio::test(flavor = "multi_thread")]
async fn coalesced_requests_get_their_own_answers() {
    let names = ["iris-svc.joblib", "digits-forest.joblib"];
    let alone = server(&names, Settings::default());
    let within = Some(Duration::from_millis(50));
    let together = server(&names, Settings { coalesce: within, ..Settings::default() });
    let request = |model: &str, cols: usize, number: usize| {
        let rows = number % 3 + 1;
        let cell = |cell: usize| json!(((cell * 7 + number * 31) % 97) as f64 / 9.7);
        let mut data: Vec<Value> = (0..rows * cols).map(cell).collect();
        if number == 5 {
            data[0] = Value::Null;
        }
        let method = if model == "iris-svc" { "decision_function" } else { "predict_proba" };
        let input = json!({ "name": "X", "shape": [rows, cols], "datatype": "FP64", "data": data });
        (format!("/v2/models/{model}/infer"), json!({ "inputs": [input], "outputs": [{ "name": method }] }))
    };
    for refused in [false, true] {
        let mut asked = Vec::new();
        for number in (0..16).filter(|&number| refused || number != 5) {
            for (model, cols) in [("iris-svc", 4), ("digits-forest", 64)] {
                let (path, body) = request(model, cols, number);
                let server = together.clone();
                asked.push((
                    path.clone(),
                    body.clone(),
                    tokio::spawn(async move { post(&server, &path, &body).await }),
                ));
            }
        }
        for (path, body, reply) in asked {
            assert_eq!(reply.await.unwrap(), post(&alone, &path, &body).await, "{path} {body}");
        }
    }
    let (_, _, text) = send(&together, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let text = String::from_utf8(text).unwrap();
    for model in ["iris-svc", "digits-forest"] {
        let line = format!("skiff_coalesced_requests_total{{model=\"{model}\"}} ");
        let count = text.split(&line).nth(1).and_then(|rest| rest.lines().next()).expect("a count");
        assert!(count.parse::<u64>().unwrap() >= 2, "{text}");
    }
}
