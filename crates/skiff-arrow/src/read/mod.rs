//! Arrow columns as scikit-learn sees them through pandas.

mod cells;
mod column;
mod model;
mod objects;

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use skiff::Scalar;
use skiff::value::{Columns, Precision};

pub use column::{ColumnReader, Reading};
pub use model::{fields, table};

use crate::{Error, PandasSchema};

/// All columns of one table, each of which is a column of the result; a missing text is `missing`, and `float16` is
/// read as `half`.
///
/// # Errors
/// When a column holds what skiff has no place for.
pub fn columns<'a>(batch: &'a RecordBatch, missing: &Scalar, half: Option<Precision>) -> Result<Columns<'a>, Error> {
    let schema = batch.schema_ref();
    let pandas = PandasSchema::of(schema);
    let half = half_of(schema.fields().iter().map(|field| field.data_type()), half);
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let missing = if pandas.has_na(field.name()) { Scalar::Na } else { missing.clone() };
        let has_nulls = array.logical_null_count() > 0;
        let reading = Reading { has_nulls, missing, half, is_nullable: pandas.is_nullable(field.name()) };
        columns.push(
            ColumnReader::new(field.data_type(), reading).read(array).map_err(|error| error.in_column(field.name()))?,
        );
        names.push(field.name().clone());
    }
    Columns::new(batch.num_rows(), Some(Arc::from(names)), columns).map_err(Error::new)
}

/// What `float16` columns are read as: next to `float32`, numpy converts them to `float32`.
pub fn half_of<'t>(
    types: impl IntoIterator<Item = &'t arrow_schema::DataType>,
    half: Option<Precision>,
) -> Option<Precision> {
    let is_single = |data_type: &arrow_schema::DataType| matches!(data_type, arrow_schema::DataType::Float32);
    if half.is_some() && types.into_iter().any(is_single) { Some(Precision::Single) } else { half }
}
