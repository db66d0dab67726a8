//! A record batch as the table that a model takes.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field};
use skiff::table::Column;
use skiff::types::ColumnType;
use skiff::value::{Columns, Precision};
use skiff::{Categories, CategoryTypes, ColumnUse, Model, Plan, Scalar, Table, Takes};

use super::{ColumnReader, Reading, half_of};
use crate::{Error, PandasSchema};

/// The table that a method of a model takes of a batch: the model's features select the columns by name, others are
/// ignored; a model without names of features takes all columns. Columns that the plan does not use are not looked at.
///
/// Nulls are those of the batch: where the dtype matters, pandas has integers as floats for nulls in any batch.
///
/// # Errors
/// When a column is missing, or holds what skiff has no place for.
pub fn table<'a>(model: &Model, plan: &Plan, batch: &'a RecordBatch) -> Result<Table<'a>, Error> {
    let schema = batch.schema_ref();
    let features = model.feature_names_in();
    let (names, places) = match &features {
        Some(features) => {
            let uses = plan.column_uses(features.len(), Some(features));
            let (mut names, mut places) = (Vec::new(), Vec::new());
            for (feature, column) in features.iter().zip(&uses) {
                match schema.fields().iter().position(|field| field.name() == feature) {
                    Some(place) => {
                        names.push(feature.clone());
                        places.push(place);
                    }
                    // Columns that are dropped may be missing.
                    None if model.selects_by_name() && !column.is_used() => {}
                    None => return Err(Error::new(format!("the column `{feature}` is missing"))),
                }
            }
            (Some(names), places)
        }
        None => {
            let names = schema.fields().iter().map(|field| field.name().clone());
            (model.selects_by_name().then(|| names.collect()), (0..batch.num_columns()).collect())
        }
    };
    let uses = plan.column_uses(places.len(), names.as_deref());
    let pandas = PandasSchema::of(schema);
    let half = half_of(places.iter().map(|&place| schema.field(place).data_type()), plan.half());
    let mut columns = Vec::with_capacity(places.len());
    for (&place, column) in places.iter().zip(&uses) {
        let (name, array) = (schema.field(place).name(), batch.column(place));
        let is_read = column.is_used() || model.takes() != Takes::Table;
        columns.push(match is_read {
            false => Column::Floats(vec![f64::NAN; batch.num_rows()].into(), Precision::Double),
            true => {
                let reading = Reading {
                    has_nulls: array.logical_null_count() > 0,
                    is_nullable: pandas.is_nullable(name),
                    missing: missing(column, pandas.has_na(name)),
                    half,
                };
                let reader = ColumnReader::new(array.data_type(), reading);
                reader.read(array).map_err(|error| error.in_column(name))?
            }
        });
    }
    if model.takes() == Takes::Texts
        && let [Column::Texts(_)] = columns[..]
        && let Some(Column::Texts(texts)) = columns.pop()
    {
        return Ok(Table::Texts(texts));
    }
    let names = names.map(Arc::from);
    Columns::new(batch.num_rows(), names, columns).map(Table::Columns).map_err(Error::new)
}

/// The columns that a method takes, in the types that it was most likely fitted on: text or `float64`; `None` where the
/// number of columns is not known.
pub fn fields(model: &Model, plan: &Plan) -> Option<Vec<Field>> {
    let features = model.feature_names_in();
    let count = match (&features, model.takes()) {
        (Some(features), _) => features.len(),
        (None, Takes::Table) => model.n_features_in()?,
        (None, _) => 1,
    };
    let uses = plan.column_uses(count, features.as_deref());
    let name = |index: usize| match &features {
        Some(features) => features[index].clone(),
        None => format!("x{index}"),
    };
    let field = |(index, column): (usize, &ColumnUse)| {
        let of = match column.column_type() {
            ColumnType::Numbers(_) if is_of_bools(column) => DataType::Boolean,
            ColumnType::Numbers(_) if model.takes() == Takes::Table => DataType::Float64,
            _ => DataType::Utf8,
        };
        Field::new(name(index), of, true)
    };
    Some(uses.iter().enumerate().map(field).collect())
}

/// Whether a column is looked up among bools only.
fn is_of_bools(column: &ColumnUse) -> bool {
    let types = |categories: &Arc<Categories>| categories.types();
    let of_bools = |types: CategoryTypes| types.bools && !types.ints && !types.floats;
    !column.as_number && column.categories.iter().map(types).reduce(CategoryTypes::or).is_some_and(of_bools)
}

fn missing(column: &ColumnUse, has_na: bool) -> Scalar {
    if has_na { Scalar::Na } else { column.missing_text() }
}
