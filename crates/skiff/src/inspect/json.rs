//! An inspection as JSON.

use serde_json::{Value as Json, json};

use super::{EstimatorView, Inspection};
use crate::passport::Value;

impl Inspection {
    /// What `skiff inspect --format json` prints: every field under its name, an estimator's error as `error`.
    pub fn to_json(&self) -> Json {
        json!({
            "format": self.format,
            "size": self.size,
            "written_by": self.written_by,
            "estimators": self.estimators.iter().map(estimator_json).collect::<Vec<_>>(),
            "mlflow": self.mlflow.as_ref().map(|mlflow| pairs(&mlflow.summary())),
            "passport": self.passport.as_ref().map(|passport| object(passport.entries())),
            "history": self.history.iter().map(|conversion| json!({
                "written_by": conversion.written_by,
                "format": conversion.format,
                "sha256": conversion.sha256,
                "for": conversion.target,
                "converted_by": conversion.converted_by,
            })).collect::<Vec<_>>(),
            "unusual": self.unusual,
            "plain_loading": self.plain_loading.as_ref().map(|loading| json!({
                "version": loading.version,
                "outcome": loading.outcome.name(),
                "reasons": loading.reasons,
                "refused": loading.refused,
            })),
        })
    }
}

fn estimator_json(view: &EstimatorView) -> Json {
    let (methods, error) = match &view.methods {
        Ok(methods) => (methods.iter().map(|method| method.name()).collect(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let member = |(attribute, class, count): &(String, String, usize)| json!({ "attribute": attribute, "class": class, "count": count });
    let members: Vec<_> = view.members.iter().map(member).collect();
    json!({
        "address": view.address,
        "label": view.label,
        "class": view.class,
        "parameters": pairs(&view.parameters),
        "changed_parameters": view.changed_parameters,
        "attributes": pairs(&view.attributes),
        "classes": view.classes,
        "feature_names_in": view.feature_names_in,
        "n_features_in": view.n_features_in,
        "array_bytes": view.array_bytes,
        "methods": methods,
        "error": error,
        "inner": view.inner.iter().map(estimator_json).collect::<Vec<_>>(),
        "members": members,
    })
}

fn pairs(pairs: &[(String, String)]) -> Json {
    Json::Object(pairs.iter().map(|(name, text)| (name.clone(), json!(text))).collect())
}

fn object(pairs: &[(String, Value)]) -> Json {
    Json::Object(pairs.iter().map(|(name, value)| (name.clone(), passport_json(value))).collect())
}

/// Values are at most [`MOST_DEPTH`](crate::passport::MOST_DEPTH) deep. NaN and infinities are objects, as the passport
/// itself writes it.
fn passport_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) if value.is_nan() => json!({ "float": "nan" }),
        Value::Float(value) if value.is_infinite() => json!({ "float": if *value > 0.0 { "inf" } else { "-inf" } }),
        Value::Float(value) => json!(value),
        Value::Text(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(passport_json).collect()),
        Value::Object(pairs) => object(pairs),
    }
}
