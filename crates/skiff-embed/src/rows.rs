//! Tables from what other languages have: numbers row after row, and columns of numbers, texts or both.

use std::borrow::Cow;
use std::sync::Arc;

use skiff::table::{Column, Dense, Elements, Texts};
use skiff::value::{Columns, Csr, IntKind, NumberType, Precision};
use skiff::{Method, Scalar, ShapeError, Table};

use crate::failure::Failure;
use crate::model::EmbeddedModel;

/// A cell of a column that may hold anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// `null`, `nil`, `undefined`
    Missing,
    /// A bool.
    Bool(bool),
    /// A number.
    Float(f64),
    /// An integer that is known to be one.
    Int(i64),
    /// A text.
    Text(Cow<'a, str>),
}

impl From<Cell<'_>> for Scalar {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Missing => Self::None,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Float(value) => Self::Float(value),
            Cell::Int(value) => Self::Int(value),
            Cell::Text(text) => Self::Str(text.into_owned()),
        }
    }
}

/// `n_rows` rows of `n_columns` numbers, one row after the other.
///
/// # Errors
/// When there are more or fewer elements than that.
pub fn dense<'a>(n_rows: usize, n_columns: usize, elements: Elements<'a>) -> Result<Table<'a>, Failure> {
    let found = match &elements {
        Elements::F64(all) => all.len(),
        Elements::F32(all) => all.len(),
        Elements::I64(all, _) => all.len(),
    };
    match n_rows.checked_mul(n_columns) {
        Some(expected) if expected == found => Ok(Table::Dense(Dense::c_order(n_rows, n_columns, elements)?)),
        _ => {
            Err(Failure::argument(format!("expected {n_rows} × {n_columns} numbers, as the shape says, found {found}")))
        }
    }
}

/// Sparse rows in CSR form, as scipy has it: `data` are the stored numbers, those of row `i` from `indptr[i]` to
/// `indptr[i + 1]`, each in its column of `indices`. Columns in any order are sorted, and numbers of the same cell are
/// added, as scipy and the Python package do.
///
/// # Errors
/// When the arrays contradict each other, or an index is outside of the table.
pub fn sparse<'a>(
    shape: (usize, usize),
    indptr: impl Into<Cow<'a, [usize]>>,
    indices: impl Into<Cow<'a, [u32]>>,
    data: impl Into<Cow<'a, [f64]>>,
    precision: Precision,
) -> Result<Table<'a>, Failure> {
    let csr = Csr::new(shape, indptr, indices, data, NumberType::Float(precision))?;
    let row_ascends = |bounds: &[usize]| csr.indices[bounds[0]..bounds[1]].is_sorted_by(|one, next| one < next);
    Ok(Table::Sparse(if csr.indptr.windows(2).all(row_ascends) { csr } else { canonical(&csr)? }))
}

/// The same matrix with ascending columns in each row.
fn canonical(csr: &Csr<'_>) -> Result<Csr<'static>, ShapeError> {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for bounds in csr.indptr.windows(2) {
        let row = bounds[0]..bounds[1];
        let mut cells: Vec<(u32, f64)> =
            csr.indices[row.clone()].iter().copied().zip(csr.data[row].iter().copied()).collect();
        cells.sort_by_key(|&(column, _)| column);
        for same in cells.chunk_by(|one, next| one.0 == next.0) {
            indices.push(same[0].0);
            data.push(same[1..].iter().fold(same[0].1, |sum, &(_, value)| sum + value));
        }
        indptr.push(indices.len());
    }
    Csr::new((csr.rows, csr.cols), indptr, indices, data, csr.dtype)
}

/// A column that holds text; where some are missing, it is one of objects.
pub fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> Column<'static> {
    match cells.clone().collect::<Option<Vec<&str>>>() {
        Some(texts) => Column::Texts(Texts::from_iter(texts)),
        None => {
            Column::Objects(cells.map(|cell| cell.map_or(Scalar::None, |text| Scalar::Str(text.to_owned()))).collect())
        }
    }
}

/// A column of the dtype that its cells have together: numbers with missing ones are floats with NaN; texts with missing
/// ones, and mixtures, are objects.
pub fn column_of(cells: Vec<Cell<'_>>) -> Column<'static> {
    let all = |is: fn(&Cell<'_>) -> bool| !cells.is_empty() && cells.iter().all(is);
    if all(|cell| matches!(cell, Cell::Text(_))) {
        let text = |cell: &'_ Cell<'_>| match cell {
            Cell::Text(text) => text.clone().into_owned(),
            _ => String::new(),
        };
        return Column::Texts(Texts::from_iter(cells.iter().map(text)));
    }
    if all(|cell| matches!(cell, Cell::Bool(_))) {
        return Column::Ints(cells.iter().map(|cell| i64::from(*cell == Cell::Bool(true))).collect(), IntKind::Bool);
    }
    if all(|cell| matches!(cell, Cell::Int(_))) {
        let int = |cell: &Cell<'_>| if let Cell::Int(value) = cell { *value } else { 0 };
        return Column::Ints(cells.iter().map(int).collect(), IntKind::I64);
    }
    // An empty column is one of numbers, too.
    if cells.iter().all(|cell| matches!(cell, Cell::Float(_) | Cell::Int(_) | Cell::Missing)) {
        #[expect(clippy::cast_precision_loss, reason = "as pandas converts integers among floats")]
        let float = |cell: &Cell<'_>| match cell {
            Cell::Float(value) => *value,
            Cell::Int(value) => *value as f64,
            _ => f64::NAN,
        };
        return Column::Floats(cells.iter().map(float).collect(), Precision::Double);
    }
    Column::Objects(cells.into_iter().map(Scalar::from).collect())
}

/// Columns of one length, with or without names. One column of texts is the documents of a method that takes these.
///
/// # Errors
/// When the columns have several lengths, or there are other names than columns.
pub fn columns<'a>(
    model: &EmbeddedModel,
    method: Method,
    n_rows: usize,
    names: Option<Arc<[String]>>,
    mut columns: Vec<Column<'a>>,
) -> Result<Table<'a>, Failure> {
    if let [Column::Texts(_)] = columns[..]
        && model.takes_documents(method)?
        && let Some(Column::Texts(texts)) = columns.pop()
    {
        return Ok(Table::Texts(texts));
    }
    Ok(Table::Columns(Columns::new(n_rows, names, columns)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_dtype_of_its_cells() {
        let text = |text: &'static str| Cell::Text(text.into());
        assert_eq!(column_of(vec![text("a"), text("b")]), Column::Texts(["a", "b"].into_iter().collect()));
        let objects = [Scalar::Str("a".to_owned()), Scalar::None, Scalar::Float(2.0)];
        let found = column_of(vec![text("a"), Cell::Missing, Cell::Float(2.0)]);
        assert_eq!(found, Column::Objects(objects.to_vec().into()));
        assert_eq!(
            column_of(vec![Cell::Bool(true), Cell::Bool(false)]),
            Column::Ints(vec![1, 0].into(), IntKind::Bool)
        );
        assert_eq!(column_of(vec![Cell::Int(3), Cell::Int(4)]), Column::Ints(vec![3, 4].into(), IntKind::I64));
        match column_of(vec![Cell::Int(3), Cell::Missing, Cell::Float(0.5)]) {
            Column::Floats(all, Precision::Double) => {
                assert!(all[0] == 3.0 && all[1].is_nan() && all[2] == 0.5);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(column_of(Vec::new()), Column::Floats(Vec::new().into(), Precision::Double));
    }

    #[test]
    fn sparse_rows_are_checked() {
        let rows = |indptr: &[usize], indices: &[u32]| {
            let made = sparse((2, 3), indptr.to_vec(), indices.to_vec(), vec![1.5; indices.len()], Precision::Double);
            made.map(|table| table.rows()).map_err(|failure| failure.code)
        };
        assert_eq!(rows(&[0, 2, 3], &[0, 2, 1]), Ok(2));
        assert_eq!(rows(&[0, 0, 0], &[]), Ok(2));
        assert_eq!(rows(&[0, 2, 3], &[0, 3, 1]), Err("wrong-input"), "a column that is not there");
        assert_eq!(rows(&[0, 3, 2], &[0, 2, 1]), Err("wrong-input"), "rows that end before they begin");
        assert_eq!(rows(&[0, 2], &[0, 2]), Err("wrong-input"), "one row of two");
        let made =
            sparse((2, 3), vec![0, 4, 5], vec![2, 0, 2, 2, 1], vec![1.0, 2.0, 4.0, 8.0, 16.0], Precision::Double);
        let Ok(Table::Sparse(csr)) = made else { panic!("{made:?}") };
        assert_eq!((&*csr.indptr, &*csr.indices, &*csr.data), (&[0, 2, 3][..], &[0, 2, 1][..], &[2.0, 13.0, 16.0][..]));
    }

    #[test]
    fn a_shape_must_be_that_of_the_numbers() {
        assert!(dense(2, 2, Elements::F64(vec![0.0; 4].into())).is_ok());
        for (rows, columns) in [(2, 1), (2, 3), (usize::MAX, 2)] {
            let failure = dense(rows, columns, Elements::F64(vec![0.0; 4].into())).unwrap_err();
            assert_eq!(failure.code, "wrong-argument");
        }
    }
}
