//! A bill of materials: CycloneDX 1.6 with a model card, from what the file and its passport record.

use serde_json::{Value as Json, json};

use super::facts::{Facts, Measure, Task};

/// The document.
pub fn bill(facts: &Facts) -> Json {
    let libraries: Vec<Json> = facts.versions().iter().filter_map(|(name, version)| library(name, version)).collect();
    let references: Vec<&Json> = libraries.iter().map(|library| &library["bom-ref"]).collect();
    let metadata = json!({
        "timestamp": facts.created(),
        "tools": { "components": [
            { "type": "application", "name": "skiff", "version": env!("CARGO_PKG_VERSION") }
        ] },
        "component": component(facts),
    });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&facts.digest),
        "version": 1,
        "metadata": metadata,
        "dependencies": [{ "ref": "model", "dependsOn": references }],
        "components": libraries,
    })
}

/// The model.
fn component(facts: &Facts) -> Json {
    let mut component = json!({
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": facts.name,
        "version": format!("sha256:{}", facts.digest),
        "hashes": [{ "alg": "SHA-256", "content": facts.digest }],
        "modelCard": model_card(facts),
    });
    if let Some(author) = facts.text(&["author"]) {
        component["authors"] = json!([{ "name": author }]);
    }
    if let Some(notes) = facts.text(&["notes"]) {
        component["description"] = json!(notes);
    }
    let remote = facts.text(&["source", "git", "remote"]).filter(|remote| is_url(remote));
    if let Some(remote) = remote {
        let commit = facts.text(&["source", "git", "commit"]).unwrap_or_default();
        let path = facts.text(&["source", "path"]).unwrap_or_default();
        component["externalReferences"] =
            json!([{ "type": "vcs", "url": remote, "comment": format!("{path} at commit {commit}") }]);
    }
    component
}

fn model_card(facts: &Facts) -> Json {
    let estimator = facts.estimator();
    let approach = match facts.task {
        Task::Classification | Task::TextClassification | Task::Regression => Some("supervised"),
        Task::Other => None,
    };
    let inputs = match facts.task {
        Task::TextClassification => "text",
        _ => "table",
    };
    let mut parameters = json!({
        "inputs": [{ "format": inputs }],
        "datasets": datasets(facts),
    });
    if let Some(approach) = approach {
        parameters["approach"] = json!({ "type": approach });
    }
    if let Some(task) = facts.task.name() {
        parameters["task"] = json!(task);
    }
    if let Some(estimator) = estimator {
        parameters["modelArchitecture"] = json!(estimator.class);
        let methods = estimator.methods.as_deref().unwrap_or_default();
        parameters["outputs"] = methods.iter().map(|method| json!({ "format": method.name() })).collect();
    }
    let mut properties: Vec<Json> = Vec::new();
    let mut property = |name: String, value: String| properties.push(json!({ "name": name, "value": value }));
    for (name, value) in facts.parameters() {
        property(format!("skiff:parameter:{name}"), value);
    }
    property("skiff:format".to_owned(), facts.inspection.format.join(", "));
    for what in &facts.inspection.unusual {
        property("skiff:unusual".to_owned(), what.clone());
    }
    json!({
        "modelParameters": parameters,
        "quantitativeAnalysis": {
            "performanceMetrics": facts.measures().iter().map(metric).collect::<Vec<_>>(),
        },
        "properties": properties,
    })
}

fn datasets(facts: &Facts) -> Vec<Json> {
    let described = facts.datasets().into_iter().map(|(name, entries)| {
        let properties: Vec<_> =
            entries.iter().map(|(name, value)| json!({ "name": format!("skiff:{name}"), "value": value })).collect();
        json!({ "type": "dataset", "name": name, "contents": { "properties": properties } })
    });
    described.collect()
}

/// A number; of folds, the interval is the mean and two standard deviations to both sides.
fn metric(measure: &Measure) -> Json {
    let mut metric = json!({ "type": measure.name, "value": measure.value.to_string() });
    if let (Some(std), Some(folds)) = (measure.std.filter(|std| std.is_finite()), measure.folds) {
        metric["slice"] = json!(format!("mean of {folds} folds"));
        metric["confidenceInterval"] = json!({
            "lowerBound": (measure.value - 2.0 * std).to_string(),
            "upperBound": (measure.value + 2.0 * std).to_string(),
        });
    }
    metric
}

/// A package that made the model. Python and skiff have versions too, but Python is no package.
fn library(name: &str, version: &str) -> Option<Json> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+!".contains(&byte))
    };
    if !is_plain(name) || !is_plain(version) {
        return None;
    }
    let kind = if name == "python" { "platform" } else { "library" };
    let mut library = json!({ "type": kind, "name": name, "version": version });
    let reference = match name {
        "python" => format!("python@{version}"),
        // Names of packages are compared without case, and `_` is `-`.
        name => {
            let name = name.to_ascii_lowercase().replace('_', "-");
            format!("pkg:pypi/{name}@{}", version.replace('+', "%2B").replace('!', "%21"))
        }
    };
    if kind == "library" {
        library["purl"] = json!(reference);
    }
    library["bom-ref"] = json!(reference);
    Some(library)
}

/// A UUID of the file's digest, so that the document of a file is always the same.
fn serial_number(digest: &str) -> String {
    let part = |begin: usize, end: usize| digest.get(begin..end).unwrap_or_default();
    // Version 8, whose bits the application chooses, and the usual variant.
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// Whether it is a URL that needs no escapes.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:@+%".contains(&byte))
    })
}
