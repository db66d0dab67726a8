//! Selects the data's columns for the model, by its feature names, and those that are kept.

use std::path::Path;

use skiff::{ColumnUse, Model, Plan, Takes};

use crate::args::similar;
use crate::input::shown;
use crate::report::Failure;

/// The columns of the data.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The columns' names; their numbers if the data has no names.
    pub names: &'a [String],
    /// Whether the data has names. If not, columns are selected by position, as in scikit-learn for an array.
    pub named: bool,
}

/// The numbers of columns of the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The columns that the model takes, in its order.
    pub taken: Vec<usize>,
    /// Their names in the model.
    pub names: Vec<String>,
    /// The columns that are written next to the predictions.
    pub kept: Vec<usize>,
    /// Whether the model gets the names.
    pub named: bool,
}

/// Selects columns of the data.
///
/// The model's feature names are used, if it has some, or `columns` if the user gives them. Otherwise the
/// data must have as many columns as the model takes.
pub fn select(
    model: &Model,
    plan: &Plan,
    Header { names, named }: Header<'_>,
    columns: &[String],
    keep: &[String],
    data: &Path,
) -> Result<Selection, Failure> {
    let places =
        |wanted: &[String]| places(wanted, names).map_err(|missing| missing_columns(data, &missing, wanted, names));
    let kept = places(keep)?;
    let all_but_kept = || (0..names.len()).filter(|place| !kept.contains(place)).collect::<Vec<_>>();
    let of_data = |taken: &[usize]| taken.iter().map(|&place| names[place].clone()).collect::<Vec<_>>();
    let (taken, wanted, named) = match (columns, model.feature_names_in().filter(|_| named)) {
        ([], Some(features)) if model.selects_by_name() => {
            // Columns that are dropped may be missing.
            let uses = plan.column_uses(features.len(), Some(&features));
            let is_needed = |(feature, column): &(&String, ColumnUse)| names.contains(feature) || column.is_used();
            let needed = features.iter().zip(uses).filter(is_needed);
            let needed: Vec<String> = needed.map(|(feature, _)| feature.clone()).collect();
            return Ok(Selection { taken: places(&needed)?, names: needed, kept, named: true });
        }
        ([], Some(features)) => (places(&features)?, features.to_vec(), true),
        // Columns that it does not select may be missing.
        ([], None) if named && model.selects_by_name() => {
            let taken = all_but_kept();
            return Ok(Selection { names: of_data(&taken), taken, kept, named: true });
        }
        ([], None) => (all_but_kept(), of_data(&all_but_kept()), false),
        (columns, features) => {
            (places(columns)?, columns.to_vec(), features.is_some() || (named && model.selects_by_name()))
        }
    };
    let expected = if model.takes() == Takes::Table { model.n_features_in() } else { Some(1) };
    match expected {
        Some(expected) if expected != taken.len() => Err(wrong_count(data, model, expected, &taken, names)),
        _ => Ok(Selection { taken, names: wanted, kept, named }),
    }
}

/// The numbers of the given columns, or the names of missing ones. Spaces around a name are an
/// accident if no column has the exact name.
fn places(wanted: &[String], names: &[String]) -> Result<Vec<usize>, Vec<String>> {
    let place = |name: &String| {
        let spaced = |known: &String| known.trim() == name.trim() && !wanted.contains(known);
        names.iter().position(|known| known == name).or_else(|| names.iter().position(spaced))
    };
    let missing: Vec<String> = wanted.iter().filter(|name| place(name).is_none()).cloned().collect();
    match missing.is_empty() {
        true => Ok(wanted.iter().filter_map(place).collect()),
        false => Err(missing),
    }
}

fn missing_columns(data: &Path, missing: &[String], wanted: &[String], names: &[String]) -> Failure {
    let others = || names.iter().filter(|name| !wanted.contains(name)).map(String::as_str);
    let what = match missing {
        [one] => match similar(one, others()) {
            Some(known) => format!("the column `{one}` is missing; did you mean `{known}`?"),
            None => format!("the column `{one}` is missing"),
        },
        several => format!("{} columns are missing: `{}`", several.len(), shortened(several).join("`, `")),
    };
    let help = match names {
        [] => "the data has no columns".to_owned(),
        [first, ..] if first.parse::<f64>().is_ok() => {
            format!("the first line is `{}`: `--no-header` is for data without names", shortened(names).join(","))
        }
        [one] if one.contains([';', '\t', '|']) => {
            format!("the data has one column, `{one}`: `--delimiter CHARACTER` sets the delimiter")
        }
        _ => format!("the data has `{}`", shortened(names).join("`, `")),
    };
    Failure::data(shown(data), what).with_help(help)
}

fn wrong_count(data: &Path, model: &Model, expected: usize, taken: &[usize], names: &[String]) -> Failure {
    let class = &model.header().class;
    let what = match model.takes() {
        Takes::Table => format!("`{class}` takes {expected} columns, the data has {}", taken.len()),
        Takes::Texts | Takes::Dicts => format!("`{class}` takes one column of documents, the data has {}", taken.len()),
    };
    let count = if expected == 1 { "it".to_owned() } else { format!("{expected} of them, in the model's order,") };
    let names = shortened(names).join("`, `");
    Failure::data(shown(data), what).with_help(format!("select {count} by `--columns`; the data has `{names}`"))
}

/// The first ten names, and an ellipsis if there are more.
fn shortened(names: &[String]) -> Vec<String> {
    let mut few: Vec<String> = names.iter().take(10).cloned().collect();
    if names.len() > few.len() {
        few.push("…".to_owned());
    }
    few
}
