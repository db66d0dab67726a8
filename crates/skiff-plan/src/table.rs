//! The caller's input: a whole table of rows, of which plans see block after block.

use std::borrow::Cow;
use std::sync::Arc;

use skiff_files::{Scalar, Sparse};

use crate::ShapeError;
use crate::value::{Columns, Csr, IntKind, Matrix, NumberType, Precision, Value};

/// The input of a prediction, borrowed where the caller has it in memory.
#[derive(Clone, Debug)]
pub enum Table<'a> {
    /// A two-dimensional array of numbers, in any order.
    Dense(Dense<'a>),
    /// A sparse matrix.
    Sparse(Csr<'a>),
    /// Columns of different types, with or without names.
    Columns(Columns<'a>),
    /// A list of documents.
    Texts(Texts<'a>),
    /// A list of mappings.
    Dicts(Dicts<'a>),
}

/// A strided view of numbers: C order, Fortran order, or any slice of either.
#[derive(Clone, Debug)]
pub struct Dense<'a> {
    rows: usize,
    cols: usize,
    /// Elements from one row to the next.
    row_stride: usize,
    /// Elements from one column to the next.
    col_stride: usize,
    elements: Elements<'a>,
}

/// The numbers of a [`Dense`] table, with their dtype.
#[derive(Clone, Debug)]
pub enum Elements<'a> {
    /// `float64`.
    F64(Cow<'a, [f64]>),
    /// `float32`.
    F32(Cow<'a, [f32]>),
    /// `int64`; other integers and bool are widened by the caller, and keep the name of their dtype.
    I64(Cow<'a, [i64]>, IntKind),
}

/// Strings one after the other in one buffer, as Arrow has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts<'a> {
    text: Cow<'a, str>,
    /// Where each string starts, and where the last one ends.
    offsets: Cow<'a, [usize]>,
}

/// Mappings of feature names to values.
#[derive(Clone, Debug)]
pub struct Dicts<'a> {
    /// One mapping for each row, in its own order.
    pub rows: Cow<'a, [Vec<(String, DictValue)>]>,
}

/// A value in a mapping.
#[derive(Clone, Debug, PartialEq)]
pub enum DictValue {
    /// A number, a string, `None`, …
    One(Scalar),
    /// A list, tuple or set.
    Many(Vec<Scalar>),
}

/// One column of [`Columns`].
#[derive(Clone, Debug, PartialEq)]
pub enum Column<'a> {
    /// A float dtype; NaN is missing.
    Floats(Cow<'a, [f64]>, Precision),
    /// An integer dtype, or bool.
    Ints(Cow<'a, [i64]>, IntKind),
    /// Strings, none of them missing.
    Texts(Texts<'a>),
    /// Anything: strings with missing cells among them, mixtures.
    Objects(Cow<'a, [Scalar]>),
}

impl<'a> Dense<'a> {
    /// A view of `elements`, each row `row_stride` elements after the one before it, each column `col_stride`.
    ///
    /// # Errors
    /// When an element would be out of range of `elements`.
    pub fn new(
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
        elements: Elements<'a>,
    ) -> Result<Self, ShapeError> {
        let needed = || match (rows.checked_sub(1), cols.checked_sub(1)) {
            (Some(row), Some(col)) => {
                row.checked_mul(row_stride)?.checked_add(col.checked_mul(col_stride)?)?.checked_add(1)
            }
            _ => Some(0),
        };
        match needed() {
            Some(needed) if needed <= elements.len() => Ok(Self { rows, cols, row_stride, col_stride, elements }),
            expected => Err(ShapeError::Elements { expected, found: elements.len() }),
        }
    }

    /// A view of `elements` in C order.
    ///
    /// # Errors
    /// When there are too few of them.
    pub fn c_order(rows: usize, cols: usize, elements: Elements<'a>) -> Result<Self, ShapeError> {
        Self::new(rows, cols, cols, 1, elements)
    }

    /// A view of `elements` in Fortran order.
    ///
    /// # Errors
    /// When there are too few of them.
    pub fn fortran_order(rows: usize, cols: usize, elements: Elements<'a>) -> Result<Self, ShapeError> {
        Self::new(rows, cols, 1, rows, elements)
    }

    fn slice_rows(&self, start: usize, len: usize) -> Dense<'_> {
        let from = if len == 0 { 0 } else { start * self.row_stride };
        let elements = match &self.elements {
            Elements::F64(all) => Elements::F64(Cow::Borrowed(&all[from..])),
            Elements::F32(all) => Elements::F32(Cow::Borrowed(&all[from..])),
            Elements::I64(all, kind) => Elements::I64(Cow::Borrowed(&all[from..]), *kind),
        };
        Dense { rows: len, elements, ..*self }
    }

    fn block(&self, start: usize, len: usize) -> Value<'_> {
        match &self.elements {
            Elements::F64(all) => Value::Floats(self.gather(all, start, len, Borrow::borrowed), Precision::Double),
            Elements::F32(all) => {
                let block = self.gather(all, start, len, Borrow::borrowed);
                Value::Floats(block.map(|&value| f64::from(value)), Precision::Single)
            }
            Elements::I64(all, kind) => Value::Ints(self.gather(all, start, len, Borrow::borrowed), *kind),
        }
    }

    /// Rows `start..start + len` in C order: borrowed if they are in this order already.
    fn gather<'b, T: Copy>(
        &'b self,
        all: &'b [T],
        start: usize,
        len: usize,
        borrowed: impl Fn(&'b [T]) -> Cow<'b, [T]>,
    ) -> Matrix<'b, T> {
        let (rows, cols) = (len, self.cols);
        if rows == 0 || cols == 0 {
            return Matrix::new(rows, cols, Vec::new());
        }
        let first = start * self.row_stride;
        if self.col_stride == 1 && self.row_stride == cols {
            return Matrix { rows, cols, data: borrowed(&all[first..first + rows * cols]) };
        }
        let mut data = Vec::with_capacity(rows * cols);
        for row in 0..rows {
            let at = first + row * self.row_stride;
            data.extend((0..cols).map(|col| all[at + col * self.col_stride]));
        }
        Matrix::new(rows, cols, data)
    }
}

/// `Cow::Borrowed` as a function for any element type.
struct Borrow;

impl Borrow {
    fn borrowed<T: Clone>(slice: &[T]) -> Cow<'_, [T]> {
        Cow::Borrowed(slice)
    }
}

impl Elements<'_> {
    fn len(&self) -> usize {
        match self {
            Self::F64(all) => all.len(),
            Self::F32(all) => all.len(),
            Self::I64(all, _) => all.len(),
        }
    }
}

impl<'a> Table<'a> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.rows,
            Self::Sparse(csr) => csr.rows,
            Self::Columns(columns) => columns.rows,
            Self::Texts(texts) => texts.len(),
            Self::Dicts(dicts) => dicts.len(),
        }
    }

    /// How many columns there are; a document or a mapping counts as one.
    pub fn cols(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.cols,
            Self::Sparse(csr) => csr.cols,
            Self::Columns(columns) => columns.columns.len(),
            Self::Texts(_) | Self::Dicts(_) => 1,
        }
    }

    /// A table of `float64` in C order: the plainest there is.
    ///
    /// # Errors
    /// When there are fewer than `rows × cols` numbers.
    pub fn from_rows(rows: usize, cols: usize, data: impl Into<Cow<'a, [f64]>>) -> Result<Self, ShapeError> {
        Dense::c_order(rows, cols, Elements::F64(data.into())).map(Self::Dense)
    }

    /// A list of documents.
    pub fn from_texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        Self::Texts(Texts::from_iter(texts))
    }

    /// Rows `start..start + len`, which must be in range, as a separate table.
    pub fn slice_rows(&self, start: usize, len: usize) -> Table<'_> {
        match self {
            Self::Dense(dense) => Table::Dense(dense.slice_rows(start, len)),
            Self::Sparse(csr) => Table::Sparse(csr.slice_rows(start, len)),
            Self::Columns(columns) => Table::Columns(columns.slice_rows(start, len)),
            Self::Texts(texts) => Table::Texts(texts.slice(start, len)),
            Self::Dicts(dicts) => Table::Dicts(Dicts { rows: Cow::Borrowed(&dicts.rows[start..start + len]) }),
        }
    }

    /// Rows `start..start + len`, which must be in range, as the input of a plan.
    pub fn block(&self, start: usize, len: usize) -> Value<'_> {
        match self {
            Self::Dense(dense) => dense.block(start, len),
            Self::Sparse(csr) => Value::Sparse(csr.slice_rows(start, len)),
            Self::Columns(columns) => Value::Columns(columns.slice_rows(start, len)),
            Self::Texts(texts) => Value::Texts(texts.slice(start, len)),
            Self::Dicts(dicts) => Value::Dicts(Dicts { rows: Cow::Borrowed(&dicts.rows[start..start + len]) }),
        }
    }
}

impl<'a> From<Column<'a>> for Table<'a> {
    /// One column without a name.
    fn from(column: Column<'a>) -> Self {
        Self::Columns(Columns { rows: column.len(), names: None, origins: None, columns: vec![column] })
    }
}

impl<'a> Csr<'a> {
    /// A matrix of `rows × cols` of which `data` are stored, those of row `i` from `indptr[i]` to `indptr[i + 1]`, each
    /// in its column of `indices`.
    ///
    /// # Errors
    /// When the arrays contradict each other, or an index is outside of the matrix.
    pub fn new(
        (rows, cols): (usize, usize),
        indptr: impl Into<Cow<'a, [usize]>>,
        indices: impl Into<Cow<'a, [u32]>>,
        data: impl Into<Cow<'a, [f64]>>,
        dtype: NumberType,
    ) -> Result<Self, ShapeError> {
        let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
        let ascends = indptr.first() == Some(&0) && indptr.is_sorted() && indptr.len() - 1 == rows;
        let Some(&stored) = indptr.last().filter(|_| ascends) else { return Err(ShapeError::RowStarts) };
        if (indices.len(), data.len()) != (stored, stored) {
            return Err(ShapeError::Stored { expected: stored, found: (indices.len(), data.len()) });
        }
        match indices.iter().find(|&&index| index as usize >= cols) {
            Some(&index) => Err(ShapeError::Index { index, columns: cols }),
            None => Ok(Self { rows, cols, indptr, indices, data, dtype }),
        }
    }

    /// A matrix of a file, whose numbers have this dtype in scikit-learn.
    ///
    /// # Errors
    /// When it has more columns than 32 bits can number.
    pub fn read(sparse: &Sparse, dtype: NumberType) -> Result<Csr<'static>, ShapeError> {
        let (indptr, indices, data) = sparse.to_csr();
        let indices: Result<Vec<u32>, _> = indices.into_iter().map(u32::try_from).collect();
        let indices = indices.map_err(|_| ShapeError::TooWide { columns: sparse.shape.1 })?;
        Csr::new(sparse.shape, indptr, indices, data, dtype)
    }
}

impl Csr<'_> {
    /// The same matrix with the columns of each row in ascending order: `sort_indices`.
    pub fn sorted(&self) -> Cow<'_, Self> {
        if (0..self.rows).all(|row| self.row(row).0.is_sorted()) {
            return Cow::Borrowed(self);
        }
        let mut elements: Vec<(u32, f64)> = self.indices.iter().copied().zip(self.data.iter().copied()).collect();
        for bounds in self.indptr.windows(2) {
            elements[bounds[0]..bounds[1]].sort_by_key(|(column, _)| *column);
        }
        let (indices, data): (Vec<u32>, Vec<f64>) = elements.into_iter().unzip();
        Cow::Owned(Csr { indices: indices.into(), data: data.into(), ..self.clone() })
    }

    /// Rows `start..start + len`, which must be in range.
    pub fn slice_rows(&self, start: usize, len: usize) -> Csr<'_> {
        let bounds = &self.indptr[start..=start + len];
        let (from, to) = (bounds[0], bounds[len]);
        Csr {
            rows: len,
            cols: self.cols,
            indptr: if from == 0 { Cow::Borrowed(bounds) } else { bounds.iter().map(|at| at - from).collect() },
            indices: Cow::Borrowed(&self.indices[from..to]),
            data: Cow::Borrowed(&self.data[from..to]),
            dtype: self.dtype,
        }
    }
}

impl Columns<'_> {
    /// Rows `start..start + len`, which must be in range.
    pub fn slice_rows(&self, start: usize, len: usize) -> Columns<'_> {
        Columns {
            rows: len,
            names: self.names.clone(),
            origins: self.origins.clone(),
            columns: self.columns.iter().map(|column| column.slice(start, len)).collect(),
        }
    }
}

impl Column<'_> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(values, _) => values.len(),
            Self::Ints(values, _) => values.len(),
            Self::Texts(texts) => texts.len(),
            Self::Objects(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes its elements take; the text of mixtures is not counted.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Floats(values, _) => size_of_val(&**values),
            Self::Ints(values, _) => size_of_val(&**values),
            Self::Texts(texts) => texts.bytes(),
            Self::Objects(values) => size_of_val(&**values),
        }
    }

    /// Elements `start..start + len`, which must be in range.
    pub fn slice(&self, start: usize, len: usize) -> Column<'_> {
        let range = start..start + len;
        match self {
            Self::Floats(values, precision) => Column::Floats(Cow::Borrowed(&values[range]), *precision),
            Self::Ints(values, kind) => Column::Ints(Cow::Borrowed(&values[range]), *kind),
            Self::Texts(texts) => Column::Texts(texts.slice(start, len)),
            Self::Objects(values) => Column::Objects(Cow::Borrowed(&values[range])),
        }
    }

    /// The element at `row`, as Python would show it.
    pub fn get(&self, row: usize) -> Option<Scalar> {
        Some(match self {
            Self::Floats(values, _) => Scalar::Float(*values.get(row)?),
            Self::Ints(values, IntKind::Bool) => Scalar::Bool(*values.get(row)? != 0),
            Self::Ints(values, _) => Scalar::Int(*values.get(row)?),
            Self::Texts(texts) => Scalar::Str(texts.get(row)?.to_owned()),
            Self::Objects(values) => values.get(row)?.clone(),
        })
    }

    /// The same, owned.
    pub fn into_owned(self) -> Column<'static> {
        match self {
            Self::Floats(values, precision) => Column::Floats(Cow::Owned(values.into_owned()), precision),
            Self::Ints(values, kind) => Column::Ints(Cow::Owned(values.into_owned()), kind),
            Self::Texts(texts) => Column::Texts(texts.into_owned()),
            Self::Objects(values) => Column::Objects(Cow::Owned(values.into_owned())),
        }
    }
}

impl<'a> Texts<'a> {
    /// Strings one after the other in `text`, each from one of `offsets` to the next.
    ///
    /// # Errors
    /// When there is no offset, or they descend, leave the text, or divide a character.
    pub fn new(text: impl Into<Cow<'a, str>>, offsets: impl Into<Cow<'a, [usize]>>) -> Result<Self, ShapeError> {
        let (text, offsets) = (text.into(), offsets.into());
        let is_bound = |&offset: &usize| text.is_char_boundary(offset);
        match !offsets.is_empty() && offsets.is_sorted() && offsets.iter().all(is_bound) {
            true => Ok(Self { text, offsets }),
            false => Err(ShapeError::TextBounds),
        }
    }
}

impl Texts<'_> {
    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of its text and offsets in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let (start, end) = (self.offsets.first().copied(), self.offsets.last().copied());
        size_of_val(&*self.offsets) + end.unwrap_or(0) - start.unwrap_or(0)
    }

    /// The string at `row`.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.text.get(*self.offsets.get(row)?..*self.offsets.get(row + 1)?)
    }

    /// All strings in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.offsets.windows(2).map(|bounds| &self.text[bounds[0]..bounds[1]])
    }

    /// Strings `start..start + len`, which must be in range.
    pub fn slice(&self, start: usize, len: usize) -> Texts<'_> {
        Texts { text: Cow::Borrowed(&self.text), offsets: Cow::Borrowed(&self.offsets[start..=start + len]) }
    }

    /// The same, owned; only the text that it covers is kept.
    pub fn into_owned(self) -> Texts<'static> {
        Texts::from_iter(self.iter())
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts<'_> {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut text = String::new();
        let mut offsets = vec![0];
        for one in texts {
            text.push_str(one.as_ref());
            offsets.push(text.len());
        }
        Self { text: Cow::Owned(text), offsets: Cow::Owned(offsets) }
    }
}

impl Dicts<'_> {
    /// How many mappings there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<'a> Columns<'a> {
    /// Columns of `rows` elements each, with or without names.
    ///
    /// # Errors
    /// When a column has another length, or there are not as many names as columns.
    pub fn new(rows: usize, names: Option<Arc<[String]>>, columns: Vec<Column<'a>>) -> Result<Self, ShapeError> {
        if let Some(names) = names.as_deref().filter(|names| names.len() != columns.len()) {
            return Err(ShapeError::Names { expected: columns.len(), found: names.len() });
        }
        match columns.iter().map(Column::len).enumerate().find(|&(_, length)| length != rows) {
            Some((column, found)) => Err(ShapeError::Column { column, expected: rows, found }),
            None => Ok(Self { rows, names, origins: None, columns }),
        }
    }

    /// Columns with names, as many rows as the first has.
    ///
    /// # Errors
    /// As [`Columns::new`].
    pub fn named(names: Vec<String>, columns: Vec<Column<'a>>) -> Result<Self, ShapeError> {
        Self::new(columns.first().map_or(0, Column::len), Some(names.into()), columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLE: NumberType = NumberType::Float(Precision::Double);

    fn csr(indptr: &[usize], indices: &[u32], data: &[f64]) -> Result<Csr<'static>, ShapeError> {
        Csr::new((2, 3), indptr.to_vec(), indices.to_vec(), data.to_vec(), DOUBLE)
    }

    #[test]
    fn a_sparse_matrix_is_made_of_arrays_that_agree() {
        assert_eq!(csr(&[0, 1, 3], &[2, 0, 1], &[1.0, 2.0, 3.0]).map(|csr| csr.row(1).1.to_vec()), Ok(vec![2.0, 3.0]));
        assert_eq!(csr(&[0, 0], &[], &[]), Err(ShapeError::RowStarts));
        assert_eq!(csr(&[], &[], &[]), Err(ShapeError::RowStarts));
        assert_eq!(csr(&[1, 1, 1], &[0], &[1.0]), Err(ShapeError::RowStarts));
        assert_eq!(csr(&[0, 2, 1], &[0], &[1.0]), Err(ShapeError::RowStarts));
        assert_eq!(csr(&[0, 1, 2], &[0, 1], &[1.0]), Err(ShapeError::Stored { expected: 2, found: (2, 1) }));
        assert_eq!(csr(&[0, 1, 1], &[3], &[1.0]), Err(ShapeError::Index { index: 3, columns: 3 }));
    }

    #[test]
    fn texts_are_between_characters_of_their_buffer() {
        let texts = |offsets: &[usize]| Texts::new("aé", offsets.to_vec());
        assert_eq!(
            texts(&[0, 1, 1, 3]).map(|texts| texts.iter().map(str::to_owned).collect()),
            Ok(vec!["a".to_owned(), String::new(), "é".to_owned()])
        );
        for offsets in [&[][..], &[1, 0], &[0, 4], &[0, 2]] {
            assert_eq!(texts(offsets), Err(ShapeError::TextBounds));
        }
    }

    #[test]
    fn a_dense_table_needs_as_many_elements_as_its_shape() {
        assert!(Table::from_rows(2, 3, vec![0.0; 6]).is_ok());
        assert!(Table::from_rows(0, 3, vec![]).is_ok());
        let error = Table::from_rows(2, 3, vec![0.0; 5]).err();
        assert_eq!(error, Some(ShapeError::Elements { expected: Some(6), found: 5 }));
        let error = Table::from_rows(usize::MAX, 2, vec![0.0]).err();
        assert_eq!(error, Some(ShapeError::Elements { expected: None, found: 1 }));
    }

    #[test]
    fn a_matrix_has_exactly_the_elements_of_its_shape() {
        let matrix = |rows, found| Matrix::try_new(rows, 3, vec![0.0; found]).map(|matrix| matrix.rows);
        assert_eq!(matrix(2, 6), Ok(2));
        for found in [5, 7] {
            assert_eq!(matrix(2, found), Err(ShapeError::Elements { expected: Some(6), found }));
        }
        assert_eq!(matrix(usize::MAX, 0), Err(ShapeError::Elements { expected: None, found: 0 }));
    }

    #[test]
    fn columns_are_equally_long_and_each_has_a_name() {
        let column = |length| Column::Floats(vec![0.0; length].into(), Precision::Double);
        let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        assert!(Columns::new(2, names(&["a", "b"]), vec![column(2), column(2)]).is_ok());
        let error = Columns::new(2, None, vec![column(2), column(3)]).err();
        assert_eq!(error, Some(ShapeError::Column { column: 1, expected: 2, found: 3 }));
        let error = Columns::new(2, names(&["a"]), vec![column(2), column(2)]).err();
        assert_eq!(error, Some(ShapeError::Names { expected: 2, found: 1 }));
    }
}
