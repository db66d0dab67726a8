//! Calls everything that a model provides.

use skiff::table::{Column, DictValue, Dicts};
use skiff::value::{Columns, Precision};
use skiff::{EvaluateOptions, Model, Scalar, Table, Takes, evaluate};
use skiff_testing::rows::difference_of_rows;

/// The widest table that is created.
const WIDEST: usize = 4_096;

/// Asks all methods about a few rows.
///
/// # Panics
/// When a plan or an error is empty, or a row has another result alone than in the batch.
pub fn everything(model: &Model) {
    let width = model.n_features_in().unwrap_or(4);
    let table = (width <= WIDEST).then(|| table_for(model, width)).flatten();
    for method in model.methods() {
        let Ok(plan) = model.plan(method) else { continue };
        assert!(!plan.to_string().is_empty(), "a plan that says nothing");
        let Some(table) = &table else { continue };
        match evaluate(&plan, table, &EvaluateOptions::default()) {
            // Where rows meet, one alone may have another answer.
            Ok(_) if plan.needs_batch() => {}
            Ok(answer) => {
                let difference = difference_of_rows(&plan, table, &answer);
                assert!(difference.is_none(), "{} {}: {difference:?}", model.header().class, method.name());
            }
            Err(error) => assert!(!error.to_string().is_empty(), "an unnamed error"),
        }
    }
    let _ = (model.classes().len(), model.header().class.len());
    if width <= WIDEST {
        let names = model.feature_names_in();
        let _ = (model.feature_names_out(None).is_ok(), model.feature_names_out(names.as_deref()).is_ok());
    }
}

/// Four rows such as the model takes.
fn table_for(model: &Model, width: usize) -> Option<Table<'static>> {
    const ROWS: usize = 4;
    let value = |row: usize, col: usize| [0.5, -1.25, 3.0, 1e3, 0.0, f64::NAN][(row * 7 + col * col) % 6];
    match model.takes() {
        Takes::Texts => return Some(Table::from_texts(["one two three", "", "Ünïcode, ￿ and two\n", "two two"])),
        Takes::Dicts => {
            let row = |name: &str| vec![(name.to_owned(), DictValue::One(Scalar::Int(2)))];
            let rows = vec![row("a"), row("b=c"), Vec::new(), row("f0")];
            return Some(Table::Dicts(Dicts { rows: rows.into() }));
        }
        Takes::Table => {}
    }
    if let Some(names) = model.feature_names_in()
        && names.len() == width
    {
        let column = |col: usize| {
            let values: Vec<f64> = (0..ROWS).map(|row| value(row, col)).collect();
            Column::Floats(values.into(), Precision::Double)
        };
        return Columns::named(names.to_vec(), (0..width).map(column).collect()).ok().map(Table::Columns);
    }
    let data: Vec<f64> = (0..ROWS).flat_map(|row| (0..width).map(move |col| value(row, col))).collect();
    Table::from_rows(ROWS, width, data).ok()
}
