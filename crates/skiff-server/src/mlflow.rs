//! The scoring protocol of MLflow, and SageMaker's, which has the same path.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use skiff::Table;

use crate::columnar;
use crate::error::ApiError;
use crate::frame;
use crate::infer;
use crate::kserve::Asked;
use crate::predict::{Question, ask};
use crate::repository::Loaded;
use crate::shared::SharedArc;
use crate::shared::State;
use crate::v2::ModelPath;

/// `POST /invocations`: of the only model.
pub(crate) async fn invocations(
    shared: State,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let only = shared.repository.only();
    let loaded =
        only.ok_or_else(|| ApiError::bad_request("there are several models, or none: use `/models/NAME/invocations`"))?;
    invoke(&shared, &loaded, &asked, &headers, &body).await
}

/// `POST /models/NAME/invocations` and `POST /models/NAME/versions/VERSION/invocations`
pub(crate) async fn model_invocations(
    shared: State,
    Path(path): Path<ModelPath>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let loaded = path.find(&shared)?;
    invoke(&shared, &loaded, &asked, &headers, &body).await
}

async fn invoke(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    asked: &Asked,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Json<Value>, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let method = asked.method.as_deref();
    let (table, params) = match media_type.as_str() {
        "text/csv" => (frame::of_csv(loaded, body)?, Map::new()),
        "application/json" | "" => read_json(loaded, body)?,
        other => match columnar::table(shared, loaded, method, other, body).await? {
            Some(table) => (table, Map::new()),
            None => return Err(ApiError::content_type(other, &columnar::CONTENT_TYPES.join(", "))),
        },
    };
    answer(shared, loaded, method, params, table).await.map(Json)
}

/// The forms of a JSON body.
pub(crate) const FORMS: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];

fn read_json(loaded: &Loaded, body: &[u8]) -> Result<(Table<'static>, Map<String, Value>), ApiError> {
    let wrong = |what: String| ApiError::bad_request(what);
    let body: Value = serde_json::from_slice(body).map_err(|error| wrong(format!("not JSON: {error}")))?;
    let Value::Object(mut body) = body else { return Err(wrong(format!("expected a mapping with one of {FORMS:?}"))) };
    let params = match body.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(wrong("expected a mapping in `params`".to_owned())),
    };
    let mut given = FORMS.into_iter().filter_map(|form| Some((form, body.remove(form)?)));
    let (form, value) = match (given.next(), given.next()) {
        (Some(one), None) => one,
        _ => return Err(wrong(format!("expected one of {FORMS:?}"))),
    };
    let table = match (form, value) {
        ("dataframe_split", Value::Object(mut split)) => {
            let (columns, data) = (split.remove("columns"), split.remove("data"));
            let (Some(Value::Array(names)), Some(Value::Array(rows))) = (columns, data) else {
                return Err(wrong("expected the lists `columns` and `data` in `dataframe_split`".to_owned()));
            };
            of_split(names, rows)?
        }
        ("dataframe_records" | "instances" | "inputs", Value::Array(rows)) => frame::of_rows(loaded, rows)?,
        ("inputs" | "instances", Value::Object(columns)) => {
            let mut names = Vec::with_capacity(columns.len());
            let mut all = Vec::with_capacity(columns.len());
            for (name, cells) in columns {
                let Value::Array(cells) = cells else {
                    return Err(wrong(format!("expected a list as the column `{name}`")));
                };
                // A column of a two-dimensional tensor has its cells in lists of one.
                let single = |cell: Value| match cell {
                    Value::Array(mut one) if one.len() == 1 => one.remove(0),
                    other => other,
                };
                names.push(name);
                all.push(cells.into_iter().map(single).collect());
            }
            frame::of_columns(names, all)?
        }
        (form, _) => return Err(wrong(format!("`{form}` has another form than MLflow's"))),
    };
    Ok((table, params))
}

fn of_split(names: Vec<Value>, rows: Vec<Value>) -> Result<Table<'static>, ApiError> {
    let names = names.into_iter().map(|name| match name {
        Value::String(name) => name,
        other => other.to_string(),
    });
    let names: Vec<String> = names.collect();
    let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.len()); names.len()];
    for (row, cells) in rows.into_iter().enumerate() {
        match cells {
            Value::Array(cells) if cells.len() == names.len() => {
                columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
            }
            _ => {
                let what = format!("row {row} of `data`: expected a list of {} cells", names.len());
                return Err(ApiError::bad_request(what));
            }
        }
    }
    frame::of_columns(names, columns)
}

/// The answer of a method, by default the first one; `params` are its keyword arguments, and may name it.
pub(crate) async fn answer(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    method: Option<&str>,
    mut params: Map<String, Value>,
    table: Table<'static>,
) -> Result<Value, ApiError> {
    let named = match params.remove("method") {
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(ApiError::bad_request("expected the name of a method in `method`")),
        None => None,
    };
    let question = {
        let params = infer::params(params.iter())?;
        match (method.or(named.as_deref()), loaded.methods.first()) {
            (Some(name), _) => Question::named(loaded, name, &params)?,
            (None, Some(&first)) => Question::new(loaded, first, &params)?,
            (None, None) => return Err(ApiError::internal("the model has no method")),
        }
    };
    let answers = ask(shared, loaded, vec![question], table).await?;
    let Some((method, answer)) = answers.into_iter().next() else { return Err(ApiError::internal("no answer")) };
    frame::predictions(method, answer)
}
