//! The OpenAPI document of a running server, with the paths and example rows of its models.

use axum::Json;
use serde_json::{Map, Value, json};
use skiff::types::ValueType;

use crate::columnar;
use crate::describe::{self, Described};
use crate::mlflow;
use crate::repository::Loaded;
use crate::shared::State;
use crate::tensor;

/// A method of a path: what it does, and what it returns.
struct Operation {
    summary: &'static str,
    /// The media type and the schema of its answer.
    returns: (&'static str, Value),
    /// The bodies that it takes by their media types: each a schema, and an example.
    takes: Vec<(&'static str, Value)>,
    /// Whether it may be asked without a body.
    is_body_optional: bool,
}

impl Operation {
    fn get(summary: &'static str, returns: Value) -> Self {
        Self { summary, returns: (JSON, returns), takes: Vec::new(), is_body_optional: false }
    }

    fn text(summary: &'static str) -> Self {
        Self { summary, returns: (TEXT, json!({ "type": "string" })), takes: Vec::new(), is_body_optional: false }
    }

    /// As the document has it; `is_secret` operations demand a key.
    fn document(&self, is_secret: bool) -> Value {
        let mut replies = json!({ "200": {
            "description": "The answer",
            "content": { self.returns.0: { "schema": self.returns.1 } },
        } });
        let mut refused = |status: &str, what: &str| {
            let error = json!({ "schema": { "$ref": "#/components/schemas/Error" } });
            replies[status] = json!({ "description": what, "content": { JSON: error } });
        };
        if self.returns.0 == TEXT {
            refused("503", "Not every model is loaded");
        }
        if is_secret {
            refused("401", "The key is missing or wrong");
        }
        if !self.takes.is_empty() {
            refused("400", "The request cannot be answered");
            refused("413", "The body is too large");
            refused("415", "The content type is not one that is read");
            refused("429", "Too many requests wait; Retry-After says when to try again");
            refused("503", "The request took too long");
        }
        let mut document = json!({ "summary": self.summary, "responses": replies });
        if !self.takes.is_empty() {
            let bodies: Map<String, Value> =
                self.takes.iter().map(|(media, body)| ((*media).to_owned(), body.clone())).collect();
            document["requestBody"] = json!({ "required": !self.is_body_optional, "content": bodies });
        }
        if is_secret {
            document["security"] = json!([{ "bearer": [] }, { "header": [] }]);
        }
        document
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// `GET /openapi.json`
pub(crate) async fn document(shared: State) -> Json<Value> {
    let has_key = shared.settings.api_key.is_some();
    let mut paths = Map::new();
    let mut add = |path: String, method: &str, is_open: bool, operation: &Operation| {
        paths.insert(path, json!({ method: operation.document(has_key && !is_open) }));
    };
    let object = || json!({ "type": "object" });
    let with = |required: &[&str]| json!({ "type": "object", "required": required });
    for (path, summary) in [
        ("/livez", "Whether the process answers"),
        ("/readyz", "Whether every model is loaded"),
        ("/v2/health/live", "Whether the process answers"),
        ("/v2/health/ready", "Whether every model is loaded"),
        ("/ping", "Whether every model is loaded"),
        ("/health", "Whether every model is loaded"),
        ("/version", "The version of the server"),
    ] {
        add(path.to_owned(), "get", true, &Operation::text(summary));
    }
    let server = with(&["name", "version", "extensions"]);
    add("/v2".to_owned(), "get", true, &Operation::get("Name, version and extensions of the server", server));
    let statistics = with(&["model_stats"]);
    let summary = "How often each model was asked, and how long it took";
    add("/v2/models/stats".to_owned(), "get", false, &Operation::get(summary, statistics.clone()));
    let index = json!({ "type": "object", "properties": { "ready": { "type": "boolean" } } });
    let index = Operation {
        summary: "Every version of every model",
        returns: (JSON, json!({ "type": "array", "items": with(&["name", "version", "state", "reason"]) })),
        takes: vec![(JSON, json!({ "schema": index, "example": { "ready": true } }))],
        is_body_optional: true,
    };
    add("/v2/repository/index".to_owned(), "post", false, &index);
    add("/v1/models".to_owned(), "get", false, &Operation::get("The names of the models", with(&["models"])));
    let metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let metrics = Operation { returns: (metrics, json!({})), ..Operation::text("Counters and times for Prometheus") };
    add("/metrics".to_owned(), "get", false, &metrics);
    for loaded in shared.repository.all() {
        let name = &loaded.name;
        let inputs = describe::inputs(&loaded);
        let v2 = |part: &str| format!("/v2/models/{name}{part}");
        let metadata = with(&["name", "versions", "platform", "inputs", "outputs"]);
        add(v2(""), "get", false, &Operation::get("Inputs and outputs of the model", metadata));
        add(v2("/ready"), "get", false, &Operation::text("Whether the model is loaded"));
        let summary = "The model's configuration as Triton has it";
        add(v2("/config"), "get", false, &Operation::get(summary, with(&["name", "input", "output"])));
        let summary = "How often the model was asked, and how long it took";
        add(v2("/stats"), "get", false, &Operation::get(summary, statistics.clone()));
        let infer = json!({
            "inputs": inputs.iter().map(tensor).collect::<Vec<_>>(),
            "outputs": loaded.methods.iter().take(2).map(|method| json!({ "name": method.name() })).collect::<Vec<_>>(),
        });
        let infer = Operation {
            summary: "Ask the model's methods",
            returns: (JSON, with(&["model_name", "model_version", "outputs"])),
            takes: vec![(JSON, json!({ "schema": { "$ref": "#/components/schemas/InferRequest" }, "example": infer }))],
            is_body_optional: false,
        };
        add(v2("/infer"), "post", false, &infer);
        let summary = "Whether the model is loaded";
        add(format!("/v1/models/{name}"), "get", false, &Operation::get(summary, with(&["name", "ready"])));
        let rows = json!([row(&inputs, &loaded)]);
        let lists = |form: &str| json!({ "required": [form], "properties": { form: { "type": "array" } } });
        let schema = json!({
            "type": "object",
            "anyOf": [lists("instances"), lists("inputs")],
            "properties": { "parameters": object() },
        });
        let predict = Operation {
            summary: "Predict, KServe V1",
            returns: (JSON, with(&["predictions"])),
            takes: vec![(JSON, json!({ "schema": schema, "example": { "instances": rows } }))],
            is_body_optional: false,
        };
        add(format!("/v1/models/{name}:predict"), "post", false, &predict);
        add(format!("/models/{name}/invocations"), "post", false, &invocations(&inputs, &rows));
    }
    let mut components = json!({ "schemas": { "Error": error(), "InferRequest": infer_request() } });
    if has_key {
        components["securitySchemes"] = json!({
            "bearer": { "type": "http", "scheme": "bearer" },
            "header": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
        });
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "skiff", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": components,
    }))
}

/// MLflow's path, with the bodies of each content type.
fn invocations(inputs: &[Described], rows: &Value) -> Operation {
    let forms: Vec<Value> = mlflow::FORMS.iter().map(|form| json!({ "required": [form] })).collect();
    let nullable = json!({ "type": ["object", "null"] });
    let schema = json!({ "type": "object", "anyOf": forms, "properties": { "params": nullable } });
    let example = match inputs.len() {
        1 => json!({ "instances": rows }),
        _ => json!({ "dataframe_records": [record(inputs)] }),
    };
    let takes = columnar::CONTENT_TYPES.iter().map(|&media| match media {
        JSON => (media, json!({ "schema": schema, "example": example })),
        _ => (media, json!({})),
    });
    let returns = (JSON, json!({ "type": "object", "required": ["predictions"] }));
    Operation { summary: "Predict, MLflow", returns, takes: takes.collect(), is_body_optional: false }
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error", "code"],
        "properties": { "error": { "type": "string" }, "code": { "type": "string" } },
    })
}

/// The body of `infer` as JSON; how long `data` must be for `shape` is beyond a schema.
fn infer_request() -> Value {
    let name = json!({ "type": "string" });
    let parameters = json!({ "type": "object" });
    json!({
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": { "type": ["string", "null"] },
            "parameters": { "type": ["object", "null"] },
            "inputs": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name", "shape", "datatype", "data"],
                    "properties": {
                        "name": name,
                        "shape": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
                        "datatype": { "enum": tensor::datatypes().collect::<Vec<_>>() },
                        "data": { "type": "array" },
                        "parameters": parameters,
                    },
                },
            },
            "outputs": {
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": { "name": name, "parameters": parameters },
                },
            },
        },
    })
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
