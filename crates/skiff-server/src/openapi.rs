//! The OpenAPI document of a running server, with the paths and example rows of its models.

use axum::Json;
use serde_json::{Map, Value, json};
use skiff::types::ValueType;

use crate::describe::{self, Described};
use crate::repository::Loaded;
use crate::shared::State;

/// `GET /openapi.json`
pub(crate) async fn document(shared: State) -> Json<Value> {
    let mut paths = Map::new();
    let ok = json!({ "200": { "description": "OK" } });
    let mut simple = |path: &str, method: &str, summary: &str| {
        paths.insert(path.to_owned(), json!({ method: { "summary": summary, "responses": ok } }));
    };
    simple("/v2", "get", "Name, version and extensions of the server");
    simple("/v2/health/live", "get", "Whether the process answers");
    simple("/v2/health/ready", "get", "Whether every model is loaded");
    simple("/v2/models/stats", "get", "How often each model was asked, and how long it took");
    simple("/v2/repository/index", "post", "Every version of every model");
    simple("/v1/models", "get", "The names of the models");
    simple("/ping", "get", "Whether every model is loaded");
    simple("/health", "get", "Whether every model is loaded");
    simple("/version", "get", "The version of the server");
    simple("/metrics", "get", "Counters and times for Prometheus");
    for loaded in shared.repository.all() {
        let name = &loaded.name;
        let inputs = describe::inputs(&loaded);
        let errors = json!({ "$ref": "#/components/schemas/Error" });
        let replies = |what: &str| {
            json!({
                "200": { "description": what },
                "400": { "description": "The request cannot be answered", "content": { "application/json": { "schema": errors } } },
                "429": { "description": "Too many requests wait" },
                "503": { "description": "The request took too long" },
            })
        };
        let post = |summary: &str, example: Value| {
            json!({ "post": {
                "summary": summary,
                "requestBody": { "required": true, "content": { "application/json": { "example": example } } },
                "responses": replies("The answer"),
            } })
        };
        let rows = json!([row(&inputs, &loaded)]);
        let infer = json!({
            "inputs": inputs.iter().map(tensor).collect::<Vec<_>>(),
            "outputs": loaded.methods.iter().take(2).map(|method| json!({ "name": method.name() })).collect::<Vec<_>>(),
        });
        let get = |summary: &str| json!({ "get": { "summary": summary, "responses": replies("The model") } });
        paths.insert(format!("/v2/models/{name}"), get("Inputs and outputs of the model"));
        paths.insert(format!("/v2/models/{name}/ready"), get("Whether the model is loaded"));
        paths.insert(format!("/v2/models/{name}/config"), get("The model's configuration as Triton has it"));
        paths.insert(format!("/v2/models/{name}/stats"), get("How often the model was asked, and how long it took"));
        paths.insert(format!("/v2/models/{name}/infer"), post("Ask the model's methods", infer));
        paths.insert(format!("/v1/models/{name}"), get("Whether the model is loaded"));
        paths.insert(format!("/v1/models/{name}:predict"), post("Predict, KServe V1", json!({ "instances": rows })));
        let records = json!({ "dataframe_records": [record(&inputs)] });
        let named = inputs.len() > 1;
        let invocation = if named { records } else { json!({ "instances": rows }) };
        paths.insert(format!("/models/{name}/invocations"), post("Predict, MLflow", invocation));
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "skiff", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "schemas": { "Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": { "type": "string" }, "code": { "type": "string" } },
        } } },
    }))
}

fn cell(input: &Described) -> Value {
    match input.datatype {
        "BYTES" => json!("a"),
        "BOOL" => json!(true),
        "FP32" | "FP64" => json!(0.5),
        _ => json!(1),
    }
}

/// A plausible tensor of one row.
fn tensor(input: &Described) -> Value {
    let width = input.shape.get(1).map(|&width| usize::try_from(width).unwrap_or(1));
    let shape = std::iter::once(1).chain(width);
    json!({
        "name": input.name,
        "shape": shape.collect::<Vec<_>>(),
        "datatype": input.datatype,
        "data": vec![cell(input); width.unwrap_or(1)],
    })
}

fn row(inputs: &[Described], loaded: &Loaded) -> Value {
    match (&loaded.input, inputs) {
        (ValueType::Texts, _) => json!("a text"),
        (ValueType::Dicts, _) => json!({ "a": 1 }),
        (_, [one]) => {
            let width = one.shape.get(1).map_or(1, |&width| usize::try_from(width).unwrap_or(1));
            json!(vec![cell(one); width])
        }
        (_, several) => record(several),
    }
}

fn record(inputs: &[Described]) -> Value {
    inputs.iter().map(|input| (input.name.clone(), cell(input))).collect::<Map<_, _>>().into()
}
