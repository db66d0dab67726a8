//! What the page says of a model, read while its file is open.

use serde_json::Value as Json;
use skiff::table::DictValue;
use skiff::value::Value;
use skiff::{EstimatorView, File, Model, Scalar, Table};

/// The view of the estimator, the passport, and recorded rows.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// The file: its format, what wrote it.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) passport: Vec<(String, String)>,
    pub(crate) view: Option<EstimatorView>,
    pub(crate) rows: Rows,
}

/// Recorded rows as JSON.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The names of the columns, if they have any.
    pub(crate) names: Option<Vec<String>>,
    /// Each row: a cell for each column, or the one text or mapping that it is.
    pub(crate) cells: Vec<Vec<Json>>,
}

/// How many recorded rows the page offers.
const MOST_ROWS: usize = 20;

impl About {
    pub(crate) fn new(file: &File, model: &Model) -> Self {
        let mut inspection = file.inspect();
        let mut facts = vec![("format".to_owned(), inspection.format.join(", "))];
        if !inspection.written_by.is_empty() {
            facts.push(("written by".to_owned(), inspection.written_by.join(", ")));
        }
        if let Some(mlflow) = &inspection.mlflow {
            facts.extend(mlflow.summary());
        }
        Self {
            facts,
            passport: inspection.passport.map(|passport| passport.summary()).unwrap_or_default(),
            view: (!inspection.estimators.is_empty()).then(|| inspection.estimators.remove(0)),
            rows: file.recorded_rows(model).map(|table| Rows::of(&table)).unwrap_or_default(),
        }
    }
}

impl Rows {
    fn of(table: &Table<'_>) -> Self {
        let count = table.rows().min(MOST_ROWS);
        let names = match table {
            Table::Columns(columns) => columns.names.as_ref().map(|names| names.to_vec()),
            _ => None,
        };
        let cells = match table.block(0, count) {
            Value::Floats(x, _) => {
                (0..count).map(|row| cells(&x.data, row, x.cols, |&cell| Json::from(cell))).collect()
            }
            Value::Ints(x, _) => (0..count).map(|row| cells(&x.data, row, x.cols, |&cell| Json::from(cell))).collect(),
            Value::Columns(columns) => {
                let cell = |row: usize| {
                    let each = columns.columns.iter().map(|column| column.get(row).as_ref().map_or(Json::Null, json));
                    each.collect()
                };
                (0..count).map(cell).collect()
            }
            Value::Texts(texts) => texts.iter().map(|text| vec![Json::from(text)]).collect(),
            Value::Dicts(dicts) => dicts.rows.iter().map(|row| vec![mapping(row)]).collect(),
            _ => Vec::new(),
        };
        Self { names, cells }
    }
}

fn cells<T>(data: &[T], row: usize, cols: usize, json: impl Fn(&T) -> Json) -> Vec<Json> {
    data.iter().skip(row * cols).take(cols).map(json).collect()
}

fn mapping(row: &[(String, DictValue)]) -> Json {
    let value = |value: &DictValue| match value {
        DictValue::One(scalar) => json(scalar),
        DictValue::Many(scalars) => scalars.iter().map(json).collect(),
    };
    row.iter().map(|(name, cell)| (name.clone(), value(cell))).collect::<serde_json::Map<_, _>>().into()
}

/// A cell as a request has it; what is missing is `null`.
pub(super) fn json(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::None | Scalar::Na => Json::Null,
        Scalar::Bool(value) => Json::from(*value),
        Scalar::Int(value) => Json::from(*value),
        // NaN becomes `null`.
        Scalar::Float(value) => Json::from(*value),
        Scalar::Str(text) => Json::from(text.as_str()),
        other => Json::from(other.to_string()),
    }
}

/// A cell as a person reads it.
pub(super) fn text(scalar: &Scalar) -> String {
    shown(&json(scalar))
}

/// JSON as a person reads it: text without quotes.
pub(super) fn shown(cell: &Json) -> String {
    match cell {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
