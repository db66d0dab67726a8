//! Rows and columns of JSON and CSV as tables, and answers as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use skiff::table::{Column, DictValue, Dicts, Elements, Texts};
use skiff::types::{ColumnType, ValueType};
use skiff::value::{Columns, IntKind, Precision};
use skiff::{Answer, Method, Scalar, Table, table};

use crate::error::ApiError;
use crate::repository::Loaded;
use crate::tensor::{self, Data, Tensor};

/// The table of a list of rows: lists, mappings of column names, or single values.
pub(crate) fn of_rows(loaded: &Loaded, rows: Vec<Json>) -> Result<Table<'static>, ApiError> {
    match (&loaded.input, rows.first()) {
        (ValueType::Dicts, _) => dicts(rows),
        (_, Some(Json::Object(_))) => of_records(rows),
        (_, Some(Json::Array(_))) => of_lists(rows),
        (ValueType::Texts, _) => texts(rows),
        (_, None) => Ok(empty(loaded)),
        _ => {
            let column = column(rows, "0")?;
            Ok(match column {
                Column::Floats(all, Precision::Double) => {
                    Table::Dense(table::Dense::c_order(all.len(), 1, Elements::F64(all))?)
                }
                Column::Ints(all, kind) => Table::Dense(table::Dense::c_order(all.len(), 1, Elements::I64(all, kind))?),
                column => Table::from(column),
            })
        }
    }
}

/// A table without rows, as wide as the model's.
fn empty(loaded: &Loaded) -> Table<'static> {
    let width = loaded.model.n_features_in().unwrap_or(0);
    match table::Dense::c_order(0, width, Elements::F64(Vec::new().into())) {
        Ok(dense) => Table::Dense(dense),
        Err(_) => Table::from_texts::<String>([]),
    }
}

fn texts(rows: Vec<Json>) -> Result<Table<'static>, ApiError> {
    let text = |(row, value): (usize, Json)| match value {
        Json::String(text) => Ok(text),
        other => Err(ApiError::bad_request(format!("row {row}: expected a text, found {}", kind(&other)))),
    };
    let texts = rows.into_iter().enumerate().map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(Table::Texts(Texts::from_iter(texts)))
}

fn dicts(rows: Vec<Json>) -> Result<Table<'static>, ApiError> {
    let value = |name: String, value: Json| {
        let value = match value {
            Json::Array(items) => {
                DictValue::Many(items.into_iter().map(|item| scalar(item, &name)).collect::<Result<_, _>>()?)
            }
            other => DictValue::One(scalar(other, &name)?),
        };
        Ok((name, value))
    };
    let row = |(row, mapping): (usize, Json)| match mapping {
        Json::Object(pairs) => {
            pairs.into_iter().map(|(name, item)| value(name, item)).collect::<Result<Vec<_>, ApiError>>()
        }
        other => Err(ApiError::bad_request(format!("row {row}: expected a mapping, found {}", kind(&other)))),
    };
    let rows = rows.into_iter().enumerate().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(Table::Dicts(Dicts { rows: rows.into() }))
}

/// Mappings of column names to cells; a name that a row has not is a missing cell.
fn of_records(rows: Vec<Json>) -> Result<Table<'static>, ApiError> {
    let mut names: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns: Vec<Vec<Json>> = Vec::new();
    for (row, record) in rows.into_iter().enumerate() {
        let Json::Object(cells) = record else {
            let what = format!("row {row}: expected a mapping of column names, found {}", kind(&record));
            return Err(ApiError::bad_request(what));
        };
        for (name, cell) in cells {
            let place = *places.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                columns.push(Vec::new());
                columns.len() - 1
            });
            columns[place].resize(row, Json::Null);
            columns[place].push(cell);
        }
    }
    let count = columns.iter().map(Vec::len).max().unwrap_or(0);
    columns.iter_mut().for_each(|column| column.resize(count, Json::Null));
    of_columns(names, columns)
}

/// Columns with names.
pub(crate) fn of_columns(names: Vec<String>, columns: Vec<Vec<Json>>) -> Result<Table<'static>, ApiError> {
    let rows = columns.first().map_or(0, Vec::len);
    let each = names.iter().zip(columns).map(|(name, cells)| column(cells, name));
    let columns = each.collect::<Result<Vec<_>, _>>()?;
    Ok(Table::Columns(Columns::new(rows, Some(names.into()), columns)?))
}

fn of_lists(rows: Vec<Json>) -> Result<Table<'static>, ApiError> {
    let count = rows.len();
    let mut width = None;
    let mut cells = Vec::new();
    for (row, list) in rows.into_iter().enumerate() {
        let Json::Array(list) = list else {
            return Err(ApiError::bad_request(format!("row {row}: expected a list, found {}", kind(&list))));
        };
        let expected = *width.get_or_insert(list.len());
        if list.len() != expected {
            let what = format!("row {row}: expected {expected} values, found {}", list.len());
            return Err(ApiError::bad_request(what));
        }
        cells.extend(list);
    }
    let width = width.unwrap_or(0);
    if cells.iter().all(|cell| matches!(cell, Json::Number(_) | Json::Null)) {
        return Ok(Table::Dense(match column(cells, "")? {
            Column::Ints(all, kind) => table::Dense::c_order(count, width, Elements::I64(all, kind))?,
            Column::Floats(all, _) => table::Dense::c_order(count, width, Elements::F64(all))?,
            _ => return Err(ApiError::internal("numbers became something else")),
        }));
    }
    let mut columns: Vec<Vec<Json>> = (0..width).map(|_| Vec::with_capacity(count)).collect();
    for (index, cell) in cells.into_iter().enumerate() {
        columns[index % width].push(cell);
    }
    let columns = columns.into_iter().enumerate().map(|(place, cells)| column(cells, &place.to_string()));
    Ok(Table::Columns(Columns::new(count, None, columns.collect::<Result<_, _>>()?)?))
}

/// A column of the dtype that pandas gives such JSON.
fn column(cells: Vec<Json>, name: &str) -> Result<Column<'static>, ApiError> {
    if !cells.is_empty() && cells.iter().all(Json::is_string) {
        return Ok(Column::Texts(Texts::from_iter(cells.iter().filter_map(Json::as_str))));
    }
    if !cells.is_empty() && cells.iter().all(Json::is_boolean) {
        let all = cells.iter().map(|cell| i64::from(cell.as_bool() == Some(true)));
        return Ok(Column::Ints(all.collect(), IntKind::Bool));
    }
    if let Some(all) = cells.iter().map(Json::as_i64).collect::<Option<Vec<i64>>>() {
        return Ok(Column::Ints(all.into(), IntKind::I64));
    }
    if cells.iter().all(|cell| cell.is_number() || cell.is_null()) {
        let all = cells.iter().map(|cell| cell.as_f64().unwrap_or(f64::NAN));
        return Ok(Column::Floats(all.collect(), Precision::Double));
    }
    let all = cells.into_iter().map(|cell| scalar(cell, name)).collect::<Result<Vec<_>, _>>()?;
    Ok(Column::Objects(all.into()))
}

fn scalar(value: Json, name: &str) -> Result<Scalar, ApiError> {
    match value {
        Json::Null => Ok(Scalar::None),
        Json::Bool(value) => Ok(Scalar::Bool(value)),
        Json::String(text) => Ok(Scalar::Str(text)),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Ok(Scalar::Int(value)),
            (None, value) => Ok(Scalar::Float(value.unwrap_or(f64::NAN))),
        },
        other => Err(ApiError::bad_request(format!("column `{name}`: expected a value, found {}", kind(&other)))),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

/// The table of a CSV file with a header. A column holds text where the model was fitted on text, else numbers where all
/// cells are, an empty one for NaN.
pub(crate) fn of_csv(loaded: &Loaded, bytes: &[u8]) -> Result<Table<'static>, ApiError> {
    let failed = |error: csv::Error| ApiError::bad_request(format!("not CSV: {error}"));
    let mut reader = csv::Reader::from_reader(bytes);
    let names: Vec<String> = reader.headers().map_err(failed)?.iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, cell) in columns.iter_mut().zip(&record.map_err(failed)?) {
            column.push(cell.to_owned());
        }
    }
    let rows = columns.first().map_or(0, Vec::len);
    let uses = loaded.methods.first().and_then(|&method| loaded.model.plan(method).ok());
    let uses = uses.map(|plan| plan.column_uses(names.len(), Some(&names))).unwrap_or_default();
    let each = columns.into_iter().enumerate().map(|(place, cells)| {
        let is_text = uses.get(place).is_some_and(|used| !matches!(used.column_type(), ColumnType::Numbers(_)));
        csv_column(cells, is_text)
    });
    let columns = each.collect();
    if let ValueType::Texts = loaded.input {
        let mut columns: Vec<Column<'static>> = columns;
        if let (1, Some(Column::Texts(texts))) = (columns.len(), columns.pop()) {
            return Ok(Table::Texts(texts));
        }
        return Err(ApiError::bad_request("expected one column of texts"));
    }
    Ok(Table::Columns(Columns::new(rows, Some(names.into()), columns)?))
}

fn csv_column(cells: Vec<String>, is_text: bool) -> Column<'static> {
    let number = |cell: &String| match cell.trim() {
        "" => Some(f64::NAN),
        cell => cell.parse::<f64>().ok(),
    };
    if !is_text {
        if let Some(all) = cells.iter().map(|cell| cell.trim().parse::<i64>().ok()).collect::<Option<Vec<i64>>>() {
            return Column::Ints(all.into(), IntKind::I64);
        }
        if let Some(all) = cells.iter().map(number).collect::<Option<Vec<f64>>>() {
            return Column::Floats(all.into(), Precision::Double);
        }
        if let Some(all) = flags(&cells) {
            return all;
        }
    }
    if cells.iter().any(String::is_empty) {
        // As pandas reads an empty cell of text.
        let cell = |cell: String| if cell.is_empty() { Scalar::Float(f64::NAN) } else { Scalar::Str(cell) };
        return Column::Objects(cells.into_iter().map(cell).collect());
    }
    Column::Texts(Texts::from_iter(cells))
}

/// A column of bools, in the words that pandas reads so; of objects if cells are missing. `None` for another column.
fn flags(cells: &[String]) -> Option<Column<'static>> {
    let flag = |cell: &String| match cell.trim() {
        "True" | "TRUE" | "true" => Some(Scalar::Bool(true)),
        "False" | "FALSE" | "false" => Some(Scalar::Bool(false)),
        "" => Some(Scalar::Float(f64::NAN)),
        _ => None,
    };
    let all = cells.iter().map(flag).collect::<Option<Vec<_>>>()?;
    let int = |flag: &Scalar| if let Scalar::Bool(flag) = flag { Some(i64::from(*flag)) } else { None };
    let ints: Option<Vec<i64>> = all.iter().map(int).collect();
    Some(match ints {
        Some(ints) => Column::Ints(ints.into(), IntKind::Bool),
        None => Column::Objects(all.into()),
    })
}

/// `{"predictions": …}`: lists as numpy's `tolist` has them; records of an answer with named columns.
pub(crate) fn predictions(method: Method, answer: Answer) -> Result<Json, ApiError> {
    let name = method.name();
    let mut tensors = tensor::tensors(name, answer)?;
    let prefix = format!("{name}:");
    let is_frame = tensors.first().is_some_and(|tensor| tensor.name.starts_with(&prefix));
    if is_frame {
        let rows = tensors.first().and_then(|tensor| tensor.shape.first().copied()).unwrap_or(0);
        let mut records: Vec<Map<String, Json>> = vec![Map::new(); rows];
        for Tensor { name, data, .. } in tensors {
            let name = name.strip_prefix(&prefix).unwrap_or(&name).to_owned();
            if let Json::Array(cells) = data.to_json() {
                for (record, cell) in records.iter_mut().zip(cells) {
                    record.insert(name.clone(), cell);
                }
            }
        }
        return Ok(json!({ "predictions": records }));
    }
    let predictions = match tensors.len() {
        1 => nested(&tensors.remove(0)),
        _ => tensors.iter().map(|tensor| (tensor.name.clone(), nested(tensor))).collect::<Map<_, _>>().into(),
    };
    Ok(json!({ "predictions": predictions }))
}

fn nested(tensor: &Tensor) -> Json {
    let Json::Array(cells) = data_json(&tensor.data) else { return Json::Null };
    nest(&mut cells.into_iter(), &tensor.shape)
}

fn data_json(data: &Data) -> Json {
    data.to_json()
}

fn nest(cells: &mut impl Iterator<Item = Json>, shape: &[usize]) -> Json {
    match shape {
        [] => cells.next().unwrap_or(Json::Null),
        [length] => cells.take(*length).collect(),
        [length, inner @ ..] => (0..*length).map(|_| nest(&mut *cells, inner)).collect(),
    }
}
