//! The form of a model: a field for each column, with plausible values.

use std::fmt::Write;

use serde_json::Value as Json;
use skiff::html::escaped;
use skiff::types::{ColumnType, ValueType};
use skiff::value::{IntKind, NumberType};
use skiff::{ColumnUse, Method, Scalar};

use super::about::{Rows, json, shown};
use crate::repository::Loaded;

/// What the form asks for, and how a row of it stands in a request.
pub(super) struct Form {
    rows: RowForm,
    /// Recorded rows: the JSON of each field.
    pub(super) examples: Vec<Vec<Json>>,
}

/// A row of a request.
enum RowForm {
    /// A cell for each field, below the names of columns or in an array.
    Fields(Vec<Field>, Cells),
    /// One text.
    Text,
    /// Whatever it is, as JSON: there are too many columns for fields, or it is not known which there are.
    Json(Json),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cells {
    Named,
    Array,
}

struct Field {
    name: String,
    kind: FieldKind,
    value: Json,
}

enum FieldKind {
    Number,
    Text,
    Flag,
    /// One of these, which are all that the model knows.
    Choice(Vec<Json>),
}

/// More columns are asked for as JSON.
const MOST_FIELDS: usize = 128;
/// More categories are asked for as text.
const MOST_CHOICES: usize = 256;

impl Form {
    pub(super) fn new(loaded: &Loaded) -> Self {
        let recorded = &loaded.about.rows;
        let single = |recorded: &Rows| recorded.cells.iter().filter(|row| row.len() == 1).cloned().collect::<Vec<_>>();
        match columns(loaded) {
            Columns::Text => Self { rows: RowForm::Text, examples: single(recorded) },
            Columns::Json(row) => Self { rows: RowForm::Json(row), examples: single(recorded) },
            Columns::Known(names, types) => {
                let plan = loaded.methods.first().and_then(|&method| loaded.model.plan(method).ok());
                let uses = plan.map(|plan| plan.column_uses(types.len(), names.as_deref())).unwrap_or_default();
                let examples = aligned(recorded, names.as_deref(), types.len());
                let field = |(place, kind): (usize, ColumnType)| {
                    let name = names.as_ref().and_then(|names| names.get(place).cloned());
                    let example = examples.first().and_then(|row| row.get(place).cloned());
                    Field::new(name.unwrap_or_else(|| format!("x{place}")), kind, uses.get(place), example)
                };
                let fields: Vec<Field> = types.into_iter().enumerate().map(field).collect();
                let cells = if names.is_some() { Cells::Named } else { Cells::Array };
                if fields.len() <= MOST_FIELDS {
                    return Self { rows: RowForm::Fields(fields, cells), examples };
                }
                let row = match cells {
                    Cells::Named => fields
                        .into_iter()
                        .map(|field| (field.name, field.value))
                        .collect::<serde_json::Map<_, _>>()
                        .into(),
                    Cells::Array => fields.into_iter().map(|field| field.value).collect(),
                };
                Self { rows: RowForm::Json(row), examples: Vec::new() }
            }
        }
    }

    /// How the script makes a request of the fields.
    pub(super) fn kind(&self) -> &'static str {
        match self.rows {
            RowForm::Fields(_, Cells::Named) => "named",
            RowForm::Fields(_, Cells::Array) => "array",
            RowForm::Text => "text",
            RowForm::Json(_) => "json",
        }
    }

    /// The fields, each with a label.
    pub(super) fn write(&self, html: &mut String) {
        match &self.rows {
            RowForm::Fields(fields, _) => {
                html.push_str("<div class=\"fields\">\n");
                for (place, field) in fields.iter().enumerate() {
                    field.write(html, place);
                }
                html.push_str("</div>\n");
            }
            RowForm::Text => {
                let text =
                    self.examples.first().and_then(|row| row.first()).and_then(Json::as_str).unwrap_or("some text");
                let _ = writeln!(
                    html,
                    "<p><label for=\"f0\">Text</label>\n<textarea id=\"f0\" rows=\"5\" data-type=\"text\">{}</textarea></p>",
                    escaped(text)
                );
            }
            RowForm::Json(row) => {
                let row = self.examples.first().and_then(|row| row.first()).unwrap_or(row);
                write_json(html, "f0", row);
            }
        }
    }
}

/// A row as JSON.
fn write_json(html: &mut String, id: &str, row: &Json) {
    let _ = writeln!(
        html,
        "<p><label for=\"{id}\">Row, as JSON</label>\n\
         <textarea id=\"{id}\" rows=\"5\" spellcheck=\"false\" data-type=\"json\">{}</textarea></p>",
        escaped(&row.to_string())
    );
}

/// The row of a method that takes other columns than the default one, as JSON: the result of `transform`, for example.
pub(super) fn other_row(loaded: &Loaded, method: Method) -> Option<Json> {
    let input = loaded.model.signature(method).ok()?.input;
    if input == loaded.input {
        return None;
    }
    Some(match input {
        ValueType::Dense { cols, .. } | ValueType::Sparse { cols, .. } => vec![Json::from(0.0); cols].into(),
        ValueType::Columns { columns, .. } => columns.iter().map(|&kind| blank(kind)).collect(),
        _ => Json::Array(Vec::new()),
    })
}

/// What is known of the columns that a model takes.
enum Columns {
    Known(Option<Vec<String>>, Vec<ColumnType>),
    Text,
    /// A row, as an example.
    Json(Json),
}

fn columns(loaded: &Loaded) -> Columns {
    match &loaded.input {
        ValueType::Texts => Columns::Text,
        ValueType::Dicts => Columns::Json(serde_json::json!({ "name": 1.0 })),
        ValueType::Columns { names, columns } => {
            Columns::Known(names.as_ref().map(|names| names.to_vec()), columns.clone())
        }
        ValueType::Dense { dtype, cols } | ValueType::Sparse { dtype, cols } => {
            let names = loaded.model.feature_names_in().filter(|names| names.len() == *cols);
            Columns::Known(names.map(|names| names.to_vec()), vec![ColumnType::Numbers(*dtype); *cols])
        }
        _ => Columns::Json(Json::Array(vec![Json::from(0.0)])),
    }
}

/// Recorded rows in the order of the form's columns; none where they have others.
fn aligned(recorded: &Rows, names: Option<&[String]>, count: usize) -> Vec<Vec<Json>> {
    let places: Option<Vec<usize>> = match (names, &recorded.names) {
        (Some(names), Some(own)) => names.iter().map(|name| own.iter().position(|own| own == name)).collect(),
        _ => Some((0..count).collect()),
    };
    let Some(places) = places else { return Vec::new() };
    let row = |row: &Vec<Json>| places.iter().map(|&place| row.get(place).cloned()).collect::<Option<Vec<Json>>>();
    recorded.cells.iter().map(row).collect::<Option<_>>().unwrap_or_default()
}

fn blank(kind: ColumnType) -> Json {
    match kind {
        ColumnType::Numbers(NumberType::Int(IntKind::Bool)) => Json::from(false),
        ColumnType::Numbers(NumberType::Int(_)) => Json::from(0),
        ColumnType::Numbers(NumberType::Float(_)) => Json::from(0.0),
        ColumnType::Texts | ColumnType::Objects => Json::from(""),
    }
}

impl Field {
    fn new(name: String, kind: ColumnType, used: Option<&ColumnUse>, example: Option<Json>) -> Self {
        let choices = used.and_then(|used| used.categories.first()).and_then(|known| known.values());
        let choices = choices.filter(|choices| (1..=MOST_CHOICES).contains(&choices.len()));
        let choices: Option<Vec<Json>> = choices.map(|choices| choices.iter().map(json).collect());
        let is_missing = |fill: &&Scalar| json(fill).is_null();
        let fill = used.and_then(|used| used.fills.iter().find(|fill| !is_missing(fill))).map(json);
        let kind = match (choices, kind) {
            (Some(choices), _) => FieldKind::Choice(choices),
            (None, ColumnType::Numbers(NumberType::Int(IntKind::Bool))) => FieldKind::Flag,
            // What the plan takes as a number was a bool in the recorded rows.
            (None, ColumnType::Numbers(_)) if example.as_ref().is_some_and(Json::is_boolean) => FieldKind::Flag,
            (None, ColumnType::Numbers(_)) => FieldKind::Number,
            (None, ColumnType::Texts | ColumnType::Objects) => FieldKind::Text,
        };
        let value = example.or(fill).unwrap_or_else(|| match &kind {
            FieldKind::Choice(choices) => choices.first().cloned().unwrap_or_default(),
            FieldKind::Number => Json::from(0),
            FieldKind::Flag => Json::from(false),
            FieldKind::Text => Json::from(""),
        });
        Self { name, kind, value }
    }

    fn write(&self, html: &mut String, place: usize) {
        let name = escaped(&self.name);
        let _ = writeln!(html, "<p><label for=\"f{place}\">{name}</label>");
        let text = if self.value.is_null() { String::new() } else { shown(&self.value) };
        let (kind, attributes) = match &self.kind {
            FieldKind::Number => ("number", " inputmode=\"decimal\" placeholder=\"missing\""),
            FieldKind::Text => ("text", " placeholder=\"missing\""),
            FieldKind::Flag => return self.write_choices(html, place, &[Json::from(false), Json::from(true)]),
            FieldKind::Choice(choices) => return self.write_choices(html, place, choices),
        };
        let _ = writeln!(
            html,
            "<input id=\"f{place}\" data-name=\"{name}\" data-type=\"{kind}\" autocomplete=\"off\"{attributes} value=\"{}\"></p>",
            escaped(&text)
        );
    }

    /// A choice's value is its JSON.
    fn write_choices(&self, html: &mut String, place: usize, choices: &[Json]) {
        let name = escaped(&self.name);
        let _ = writeln!(html, "<select id=\"f{place}\" data-name=\"{name}\" data-type=\"json\">");
        let unknown = (!choices.contains(&self.value)).then_some(&self.value).filter(|value| !value.is_null());
        for choice in choices.iter().chain(unknown).chain([&Json::Null]) {
            let shown = if choice.is_null() { "(missing)".to_owned() } else { shown(choice) };
            let selected = if *choice == self.value { " selected" } else { "" };
            let _ = writeln!(
                html,
                "<option value=\"{}\"{selected}>{}</option>",
                escaped(&choice.to_string()),
                escaped(&shown)
            );
        }
        html.push_str("</select></p>\n");
    }
}
