//! What pandas notes in a schema: which columns are its index, and which have its nullable dtypes.

use std::collections::HashSet;

use arrow_schema::Schema;
use serde_json::Value as Json;

/// The key of pandas' note in the metadata of a schema.
const KEY: &str = "pandas";

/// The note that pandas left in a schema; empty for a schema of others.
#[derive(Clone, Debug, Default)]
pub struct PandasSchema {
    index: HashSet<String>,
    nullable: HashSet<String>,
    texts: HashSet<String>,
}

impl PandasSchema {
    /// The note in `schema`. One that is damaged says nothing.
    pub fn of(schema: &Schema) -> Self {
        let note = schema.metadata.get(KEY).and_then(|note| serde_json::from_str::<Json>(note).ok());
        let Some(note) = note else { return Self::default() };
        let texts = |key: &str| note.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
        let index = texts("index_columns").iter().filter_map(Json::as_str).map(str::to_owned).collect();
        let (mut nullable, mut strings) = (HashSet::new(), HashSet::new());
        for column in texts("columns") {
            let field = ["field_name", "name"].iter().find_map(|key| column.get(key).and_then(Json::as_str));
            let dtype = column.get("numpy_type").and_then(Json::as_str).unwrap_or_default();
            if let Some(field) = field {
                match dtype {
                    "string" => strings.insert(field.to_owned()),
                    dtype if is_nullable(dtype) => nullable.insert(field.to_owned()),
                    _ => false,
                };
            }
        }
        Self { index, nullable, texts: strings }
    }

    /// Whether pandas makes this column its index rather than a column of the frame.
    pub fn is_index(&self, column: &str) -> bool {
        self.index.contains(column)
    }

    /// Whether the column has one of pandas' nullable dtypes of numbers (`Int64`, `boolean`), which scikit-learn
    /// converts to `float64`.
    pub fn is_nullable(&self, column: &str) -> bool {
        self.nullable.contains(column)
    }

    /// Whether a missing text of this column is `pandas.NA`.
    pub fn has_na(&self, column: &str) -> bool {
        self.texts.contains(column)
    }
}

/// `Int64`, `UInt8`, `Float32`, `boolean`: their names begin with a capital, those of numpy do not.
fn is_nullable(dtype: &str) -> bool {
    dtype == "boolean" || ["Int", "UInt", "Float"].iter().any(|kind| dtype.starts_with(kind))
}
