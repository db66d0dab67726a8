//! Bodies of Parquet and Arrow, as tables.

use std::sync::Arc;

use axum::body::Bytes;
use skiff::Table;
#[cfg(feature = "arrow")]
use skiff::{Params, table::Column, value::Columns};
#[cfg(feature = "arrow")]
use skiff_arrow::files::{BodyFormat, BodyLimits, read_body};
#[cfg(feature = "arrow")]
use tokio::time::timeout;

use crate::error::ApiError;
#[cfg(feature = "arrow")]
use crate::predict::Question;
use crate::repository::Loaded;
use crate::shared::SharedArc;

/// The content types of `invocations`.
#[cfg(feature = "arrow")]
pub(crate) const CONTENT_TYPES: &[&str] =
    &["application/json", "text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"];
#[cfg(not(feature = "arrow"))]
pub(crate) const CONTENT_TYPES: &[&str] = &["application/json", "text/csv"];

/// Decoded columns may take so many times the longest body: as much as short cells of CSV and JSON take.
#[cfg(feature = "arrow")]
const DECODED: usize = 16;

/// The format of a content type, by its registered name or the one that was in use before.
#[cfg(feature = "arrow")]
fn format(content_type: &str) -> Option<BodyFormat> {
    match content_type {
        "application/vnd.apache.parquet" | "application/x-parquet" | "application/parquet" => Some(BodyFormat::Parquet),
        "application/vnd.apache.arrow.stream" | "application/x-apache-arrow-stream" => Some(BodyFormat::ArrowStream),
        _ => None,
    }
}

/// The table of a body of this content type, read on a thread for computing; `None` for another type.
#[cfg(feature = "arrow")]
pub(crate) async fn table(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    method: Option<&str>,
    content_type: &str,
    body: &Bytes,
) -> Result<Option<Table<'static>>, ApiError> {
    let Some(format) = format(content_type) else { return Ok(None) };
    let question = match (method, loaded.methods.first()) {
        (Some(name), _) => Question::named(loaded, name, &Params::default())?,
        (None, Some(&first)) => Question::new(loaded, first, &Params::default())?,
        (None, None) => return Err(ApiError::internal("the model has no method")),
    };
    let settings = &shared.settings;
    let limits = BodyLimits { rows: settings.most_rows, bytes: settings.most_body.saturating_mul(DECODED) };
    // As many at a time as are computed: each may take the memory above.
    let _admitted = shared.admitted.try_acquire().map_err(|_| ApiError::too_many())?;
    let running = timeout(settings.timeout, shared.running.acquire()).await;
    let running = running.map_err(|_| ApiError::timeout(settings.timeout.as_secs_f64()))?;
    let _running = running.map_err(|_| ApiError::not_ready("the server is stopping"))?;
    let (loaded, body) = (Arc::clone(loaded), body.clone());
    let read = move || {
        let features = loaded.model.feature_names_in();
        let batch = read_body(&body, format, features.as_deref(), limits)?;
        skiff_arrow::read::table(&loaded.model, &question.plan, &batch).and_then(owned)
    };
    let read = tokio::task::spawn_blocking(read).await;
    let read = read.map_err(|error| ApiError::internal(format!("reading the body ended early: {error}")))?;
    read.map(Some).map_err(|error| match error.is_limit() {
        true => ApiError::too_large(error.to_string()),
        false => ApiError::bad_request(format!("the body: {error}")),
    })
}

#[cfg(not(feature = "arrow"))]
pub(crate) async fn table(
    _: &SharedArc,
    _: &Arc<Loaded>,
    _: Option<&str>,
    _: &str,
    _: &Bytes,
) -> Result<Option<Table<'static>>, ApiError> {
    Ok(None)
}

/// The same table, without what it was read from.
#[cfg(feature = "arrow")]
fn owned(table: Table<'_>) -> Result<Table<'static>, skiff_arrow::Error> {
    Ok(match table {
        Table::Texts(texts) => Table::Texts(texts.into_owned()),
        Table::Columns(table) => {
            let columns = table.columns.into_iter().map(Column::into_owned).collect();
            Table::Columns(Columns::new(table.rows, table.names, columns).map_err(skiff_arrow::Error::new)?)
        }
        // `read::table` makes none of these.
        Table::Dense(_) | Table::Sparse(_) | Table::Dicts(_) => Table::from_texts::<String>([]),
    })
}
