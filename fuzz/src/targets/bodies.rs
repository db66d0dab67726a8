//! Bodies of requests that are Parquet or Arrow, as the server reads them.

use axum::body::Bytes;
use skiff::{EvaluateOptions, Model, evaluate};
use skiff_arrow::files::{BodyFormat, BodyLimits, read_body};
use skiff_testing::workspace;

/// The models: numbers, columns of a DataFrame, documents.
const MODELS: [&str; 3] = ["iris-svc", "passengers", "spam-filter"];
const LIMITS: BodyLimits = BodyLimits { rows: 256, bytes: 1 << 20 };

/// A Parquet file.
pub fn body_parquet(bytes: &[u8]) -> bool {
    each_model(bytes, BodyFormat::Parquet)
}

/// An Arrow stream.
pub fn body_arrow(bytes: &[u8]) -> bool {
    each_model(bytes, BodyFormat::ArrowStream)
}

/// Whether any model gets rows.
fn each_model(bytes: &[u8], format: BodyFormat) -> bool {
    thread_local! {
        static OPENED: Vec<Model> = MODELS.iter().map(|model| {
            skiff::open(workspace("examples").join(format!("{model}.joblib"))).expect("an example")
        }).collect();
    }
    let body = Bytes::copy_from_slice(bytes);
    OPENED.with(|models| {
        let asked = models.iter().map(|model| is_answered(model, &body, format));
        asked.fold(false, |any, is_answered| any | is_answered)
    })
}

fn is_answered(model: &Model, body: &Bytes, format: BodyFormat) -> bool {
    let features = model.feature_names_in();
    let plan = model.methods().first().and_then(|&method| model.plan(method).ok()).expect("a method");
    let read = read_body(body, format, features.as_deref(), LIMITS);
    let batch = match read {
        Ok(batch) => batch,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "an unnamed error");
            return false;
        }
    };
    assert!(batch.num_rows() <= LIMITS.rows, "{} rows", batch.num_rows());
    match skiff_arrow::read::table(model, &plan, &batch) {
        Ok(table) => {
            let _ = evaluate(&plan, &table, &EvaluateOptions::default());
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an unnamed error"),
    }
    true
}
