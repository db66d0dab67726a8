//! Some columns of a table.

use skiff_files::Scalar;

use crate::operator::Operator;
use crate::table::{Column, Texts};
use crate::value::{Columns, Csr, Value};
use crate::{InputError, InputErrorKind};

/// Selects columns of a table, by index or by name.
#[derive(Debug)]
pub struct SelectColumns {
    /// Which ones.
    pub by: Selection,
    /// Whether the only column is passed on as a Series: as documents, to operators that take text.
    pub series: bool,
}

/// Which columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// By index, from 0.
    Places(Vec<usize>),
    /// All except these indices.
    Others(Vec<usize>),
    /// By name.
    Names(Vec<String>),
    /// All but those of these names.
    OtherNames(Vec<String>),
    /// By name if the table has names, else by index.
    NamesOrPlaces(Vec<String>, Vec<usize>),
}

impl SelectColumns {
    fn places(&self, input: &Value<'_>) -> Result<Vec<usize>, InputError> {
        let names = match input {
            Value::Columns(columns) => columns.names.as_deref(),
            _ => None,
        };
        self.places_in(input.cols(), names)
    }

    /// The indices of the columns in a table of `width` columns, which may have `names`.
    ///
    /// # Errors
    /// When the table lacks one of them.
    pub fn places_in(&self, width: usize, names: Option<&[String]>) -> Result<Vec<usize>, InputError> {
        match (&self.by, names) {
            (Selection::Names(wanted) | Selection::NamesOrPlaces(wanted, _), Some(names)) => by_name(wanted, names),
            (Selection::OtherNames(others), Some(names)) => {
                Ok((0..width).filter(|&place| names.get(place).is_none_or(|name| !others.contains(name))).collect())
            }
            (Selection::Names(_) | Selection::OtherNames(_), None) => Err(InputError::refused(
                "specifying the columns using strings is only supported for dataframes: the columns of the table have \
                 no names",
            )),
            (Selection::Others(places), _) => Ok((0..width).filter(|place| !places.contains(place)).collect()),
            (Selection::Places(places) | Selection::NamesOrPlaces(_, places), _) => match places.iter().max() {
                Some(&last) if last >= width => {
                    Err(InputError::new(InputErrorKind::FeatureCount { expected: last + 1, found: width }))
                }
                _ => Ok(places.clone()),
            },
        }
    }
}

fn by_name(wanted: &[String], names: &[String]) -> Result<Vec<usize>, InputError> {
    let place = |wanted: &String| names.iter().position(|name| name == wanted);
    let missing: Vec<_> = wanted.iter().filter(|name| place(name).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Err(InputError::refused(format!("columns are missing: {}", missing.join(", "))));
    }
    let is_twice = |name: &&String| names.iter().filter(|other| other == name).count() > 1;
    if let Some(twice) = wanted.iter().find(is_twice) {
        return Err(InputError::refused(format!("the column `{twice}` is not unique in the table")));
    }
    Ok(wanted.iter().filter_map(place).collect())
}

impl Operator for SelectColumns {
    const NAME: &'static str = "select_columns";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let places = self.places(inputs[0])?;
        Ok(match inputs[0] {
            Value::Floats(matrix, precision) => Value::Floats(matrix.select(&places), *precision),
            Value::Ints(matrix, kind) => Value::Ints(matrix.select(&places), *kind),
            Value::Sparse(csr) => Value::Sparse(select_sparse(csr, &places)),
            Value::Columns(columns) => match (self.series, places.as_slice()) {
                (true, &[place]) => series(&columns.columns[place]),
                _ => Value::Columns(Columns {
                    rows: columns.rows,
                    names: columns.names.as_ref().map(|names| places.iter().map(|&at| names[at].clone()).collect()),
                    origins: columns.origins.as_ref().map(|all| places.iter().map(|&at| all[at]).collect()),
                    columns: places.iter().map(|&at| columns.columns[at].clone()).collect(),
                }),
            },
            other => return Err(InputError::wrong_kind("a table with columns", other)),
        })
    }

    fn describe(&self) -> String {
        match &self.by {
            Selection::Places(places) => format!("{places:?}"),
            Selection::Others(places) => format!("all but {places:?}"),
            Selection::OtherNames(names) => format!("all but {names:?}"),
            Selection::Names(names) | Selection::NamesOrPlaces(names, _) => format!("{names:?}"),
        }
    }
}

/// One column as documents; other values stay a column, which the next operator rejects.
fn series<'a>(column: &Column<'a>) -> Value<'a> {
    match column {
        Column::Texts(texts) => return Value::Texts(texts.clone()),
        Column::Objects(values) => {
            let texts: Option<Vec<&str>> = values.iter().map(Scalar::as_str).collect();
            if let Some(texts) = texts {
                return Value::Texts(Texts::from_iter(texts));
            }
        }
        Column::Floats(..) | Column::Ints(..) => {}
    }
    Value::Columns(Columns { rows: column.len(), names: None, origins: None, columns: vec![column.clone()] })
}

/// A column may be selected twice, and in any order; the indices of each row are ascending again.
fn select_sparse(csr: &Csr<'_>, places: &[usize]) -> Csr<'static> {
    let mut wanted: Vec<Vec<u32>> = vec![Vec::new(); csr.cols];
    for (new, &place) in (0_u32..).zip(places) {
        wanted[place].push(new);
    }
    let (mut indices, mut data) = (Vec::new(), Vec::new());
    let mut indptr = Vec::with_capacity(csr.rows + 1);
    indptr.push(0);
    let mut elements: Vec<(u32, f64)> = Vec::new();
    for row in 0..csr.rows {
        let (columns, values) = csr.row(row);
        elements.clear();
        for (&column, &value) in columns.iter().zip(values) {
            elements.extend(wanted[column as usize].iter().map(|&new| (new, value)));
        }
        elements.sort_by_key(|(column, _)| *column);
        indices.extend(elements.iter().map(|(column, _)| *column));
        data.extend(elements.iter().map(|(_, value)| *value));
        indptr.push(data.len());
    }
    let dtype = csr.dtype;
    Csr { rows: csr.rows, cols: places.len(), indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::arrays::concatenate::to_sparse;
    use crate::value::{Matrix, Precision};

    #[test]
    fn sparse_columns_are_taken_in_any_order_and_twice() {
        let dense = Matrix::new(2, 3, vec![1.0, 0.0, 2.0, 0.0, 3.0, 4.0]);
        let csr = to_sparse(&Value::Floats(dense.clone(), Precision::Double)).expect("numbers");
        let places = [2, 0, 2];
        assert_eq!(select_sparse(&csr, &places).to_dense(), dense.select(&places));
    }

    #[test]
    fn a_place_beyond_the_table_is_an_error() {
        let step = SelectColumns { by: Selection::Places(vec![3]), series: false };
        let table = Value::Floats(Matrix::filled(1, 3, 0.0), Precision::Double);
        assert!(step.run(&[&table]).is_err());
    }
}
