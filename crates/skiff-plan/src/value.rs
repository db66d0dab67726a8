//! What flows through a plan: blocks of rows, in the few shapes that scikit-learn's estimators pass to each other.

use std::borrow::Cow;
use std::sync::Arc;

use skiff_files::{NodeId, Scalar, TimeUnit};

use crate::ShapeError;
pub use crate::dtype::{IntKind, NumberType, Precision};
use crate::table::{Column, Dicts, Texts};
use crate::text::Terms;

/// A dense block, rows next to each other (C order).
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<'a, T: Clone> {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// `rows × cols` elements; borrowed from the caller's table where its layout allows.
    pub data: Cow<'a, [T]>,
}

/// Compressed sparse rows; column indices ascend within a row wherever scikit-learn's do. [`Csr::new`] makes one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Csr<'a> {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// Where each row starts in `indices` and `data`; one more than there are rows, from 0.
    pub indptr: Cow<'a, [usize]>,
    /// The column of each stored element.
    pub indices: Cow<'a, [u32]>,
    /// The stored elements.
    pub data: Cow<'a, [f64]>,
    /// Their dtype in scikit-learn.
    pub dtype: NumberType,
}

/// The values that labels can take, in the order of `classes_`, with their dtype in scikit-learn.
#[derive(Clone, Debug, PartialEq)]
pub enum Classes {
    /// Any integer dtype, or bool. The upper half of `uint64` wraps round to negative numbers.
    Ints(Vec<i64>, IntKind),
    /// Any float dtype.
    Floats(Vec<f64>, Precision),
    /// `<U…`.
    Strings(Vec<String>),
    /// dtype object: strings mostly, or a mixture.
    Objects(Vec<Scalar>),
    /// Bytes, dates or durations, with their own dtype.
    Values(Vec<Scalar>, ValueKind),
}

/// The dtype of labels that are neither numbers nor text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// `S…`: bytes of at most this length, without zeros at their end.
    Bytes(usize),
    /// `datetime64` in this unit.
    DateTime(TimeUnit),
    /// `timedelta64` in this unit.
    TimeDelta(TimeUnit),
    /// numpy's `StringDType`.
    Text,
}

/// Labels by their number in `classes_`: a dictionary-encoded block, no string is copied.
#[derive(Clone, Debug)]
pub struct Labels {
    /// How many rows.
    pub rows: usize,
    /// How many outputs.
    pub cols: usize,
    /// `rows × cols` indices into the `classes` of the column; an index past the last one means `None`.
    pub codes: Vec<u32>,
    /// One list for each column.
    pub classes: Arc<[Arc<Classes>]>,
}

/// Columns of different types, with or without names: a block of a DataFrame, or of an object array. [`Columns::new`]
/// makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Columns<'a> {
    /// How many rows.
    pub rows: usize,
    /// The columns' names, where they have some.
    pub names: Option<Arc<[String]>>,
    /// For each column, the index of the same, unchanged column of the caller's table: the caller can return its own
    /// column, of any type. `None` if not requested.
    pub origins: Option<Arc<[Option<usize>]>>,
    /// The columns, each with `rows` elements.
    pub columns: Vec<Column<'a>>,
}

/// A list of terms for each row, by their number in a vocabulary: no string is copied.
#[derive(Clone, Debug)]
pub struct TermLists {
    /// Where each row's terms start in `numbers`; one more than there are rows, from 0.
    pub bounds: Vec<usize>,
    /// The numbers of the terms, row after row.
    pub numbers: Vec<u32>,
    /// The vocabulary.
    pub terms: Arc<Terms>,
}

/// A list of numbers for each row, each of its own length: the neighbours within a radius.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberLists {
    /// Where each row's numbers start in `numbers`; one more than there are rows, from 0.
    pub bounds: Vec<usize>,
    /// The numbers, row after row.
    pub numbers: Vec<f64>,
    /// Their dtype in scikit-learn.
    pub dtype: NumberType,
}

/// One block of one value of a plan.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Numbers with a float dtype.
    Floats(Matrix<'a, f64>, Precision),
    /// Numbers with an integer dtype, or bool.
    Ints(Matrix<'a, i64>, IntKind),
    /// A sparse matrix.
    Sparse(Csr<'a>),
    /// Class labels.
    Labels(Labels),
    /// Columns of different types.
    Columns(Columns<'a>),
    /// Documents.
    Texts(Texts<'a>),
    /// Mappings of feature names to values.
    Dicts(Dicts<'a>),
    /// A list of terms for each row: a vectoriser's `inverse_transform`.
    TermLists(TermLists),
    /// A list of numbers for each row: `radius_neighbors`.
    NumberLists(NumberLists),
    /// Several values of one step, all with as many rows: separated by [`crate::operators::Item`].
    Many(Vec<Value<'a>>),
}

impl<'a, T: Clone> Matrix<'a, T> {
    /// A matrix over `data` that comes from elsewhere.
    ///
    /// # Errors
    /// When it does not have `rows × cols` elements.
    pub fn try_new(rows: usize, cols: usize, data: impl Into<Cow<'a, [T]>>) -> Result<Self, ShapeError> {
        let data = data.into();
        match rows.checked_mul(cols) {
            Some(expected) if expected == data.len() => Ok(Self { rows, cols, data }),
            expected => Err(ShapeError::Elements { expected, found: data.len() }),
        }
    }

    /// A matrix over `data`, which must have `rows × cols` elements; [`Matrix::try_new`] is for data of any length.
    ///
    /// # Panics
    /// When it has another number of elements.
    pub fn new(rows: usize, cols: usize, data: impl Into<Cow<'a, [T]>>) -> Self {
        let data = data.into();
        assert_eq!(data.len(), rows * cols, "a matrix of {rows} × {cols} needs as many elements");
        Self { rows, cols, data }
    }

    /// A matrix full of `value`.
    pub fn filled(rows: usize, cols: usize, value: T) -> Self {
        Self { rows, cols, data: Cow::Owned(vec![value; rows * cols]) }
    }

    /// Row `row`.
    pub fn row(&self, row: usize) -> &[T] {
        &self.data[row * self.cols..(row + 1) * self.cols]
    }

    /// All rows in order. Rows without columns are empty slices.
    pub fn iter_rows(&self) -> impl ExactSizeIterator<Item = &[T]> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// Rows `start..start + len`, which must be in range.
    pub fn slice_rows(&self, start: usize, len: usize) -> Matrix<'_, T> {
        let data = &self.data[start * self.cols..(start + len) * self.cols];
        Matrix { rows: len, cols: self.cols, data: Cow::Borrowed(data) }
    }

    /// The same elements under the same shape, each by `f`.
    pub fn map<U: Clone>(&self, f: impl Fn(&T) -> U) -> Matrix<'static, U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(f).collect::<Vec<_>>().into() }
    }

    /// Its columns as rows.
    #[must_use]
    pub fn transposed(&self) -> Matrix<'static, T> {
        let columns = (0..self.cols).flat_map(|column| self.iter_rows().map(move |row| row[column].clone()));
        Matrix { rows: self.cols, cols: self.rows, data: columns.collect::<Vec<_>>().into() }
    }

    /// The columns `columns`, in that order.
    pub fn select(&self, columns: &[usize]) -> Matrix<'static, T> {
        let data = self.iter_rows().flat_map(|row| columns.iter().map(|&column| row[column].clone()));
        Matrix { rows: self.rows, cols: columns.len(), data: data.collect::<Vec<_>>().into() }
    }

    /// The same, owned.
    pub fn into_owned(self) -> Matrix<'static, T> {
        Matrix { rows: self.rows, cols: self.cols, data: Cow::Owned(self.data.into_owned()) }
    }
}

impl Csr<'_> {
    /// The column indices and the elements of row `row`.
    pub fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.indptr[row]..self.indptr[row + 1];
        (&self.indices[range.clone()], &self.data[range])
    }

    /// The same numbers, zeros included.
    pub fn to_dense(&self) -> Matrix<'static, f64> {
        let mut data = vec![0.0; self.rows * self.cols];
        for row in 0..self.rows {
            let (indices, values) = self.row(row);
            for (&column, &value) in indices.iter().zip(values) {
                // Stored twice means added, as scipy's `toarray` has it.
                data[row * self.cols + column as usize] += value;
            }
        }
        Matrix::new(self.rows, self.cols, data)
    }

    /// The same, owned.
    pub fn into_owned(self) -> Csr<'static> {
        Csr {
            rows: self.rows,
            cols: self.cols,
            indptr: Cow::Owned(self.indptr.into_owned()),
            indices: Cow::Owned(self.indices.into_owned()),
            data: Cow::Owned(self.data.into_owned()),
            dtype: self.dtype,
        }
    }
}

impl TermLists {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The terms of row `row`.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = &str> {
        let numbers = &self.numbers[self.bounds[row]..self.bounds[row + 1]];
        numbers.iter().map(|&number| self.terms.get(number as usize).unwrap_or_default())
    }
}

impl NumberLists {
    /// No list, to which [`NumberLists::push`] adds.
    pub fn new(dtype: NumberType) -> Self {
        Self { bounds: vec![0], numbers: Vec::new(), dtype }
    }

    /// Adds the list of one more row.
    pub fn push(&mut self, numbers: impl IntoIterator<Item = f64>) {
        self.numbers.extend(numbers);
        self.bounds.push(self.numbers.len());
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of row `row`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.numbers[self.bounds[row]..self.bounds[row + 1]]
    }

    /// The numbers of each row in order.
    pub fn iter_rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// Rows `start..start + len`, which must lie within.
    #[must_use]
    pub fn slice_rows(&self, start: usize, len: usize) -> Self {
        let bounds = &self.bounds[start..=start + len];
        Self {
            bounds: bounds.iter().map(|at| at - bounds[0]).collect(),
            numbers: self.numbers[bounds[0]..bounds[len]].to_vec(),
            dtype: self.dtype,
        }
    }
}

impl Classes {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(values, _) => values.len(),
            Self::Floats(values, _) => values.len(),
            Self::Strings(values) => values.len(),
            Self::Objects(values) | Self::Values(values, _) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nodes of the objects that are not scalars.
    pub fn others(&self) -> impl Iterator<Item = NodeId> {
        let objects = match self {
            Self::Objects(values) => &values[..],
            _ => &[],
        };
        objects.iter().filter_map(|value| match value {
            Scalar::Other(node) => Some(*node),
            _ => None,
        })
    }

    /// The class numbered `code`.
    pub fn get(&self, code: usize) -> Option<Scalar> {
        Some(match self {
            Self::Ints(values, IntKind::Bool) => Scalar::Bool(*values.get(code)? != 0),
            // The upper half of `uint64` is kept in the bits of an `i64`.
            Self::Ints(values, IntKind::Int { bytes: 8, signed: false }) => {
                let value = values.get(code)?.cast_unsigned();
                i64::try_from(value).map_or_else(|_| Scalar::BigInt(value.to_string()), Scalar::Int)
            }
            Self::Ints(values, _) => Scalar::Int(*values.get(code)?),
            Self::Floats(values, _) => Scalar::Float(*values.get(code)?),
            Self::Strings(values) => Scalar::Str(values.get(code)?.clone()),
            Self::Objects(values) | Self::Values(values, _) => values.get(code)?.clone(),
        })
    }

    /// The classes with these numbers, in that order; numbers of no class are left out.
    #[must_use]
    pub fn select(&self, codes: &[usize]) -> Self {
        fn take<T: Clone>(values: &[T], codes: &[usize]) -> Vec<T> {
            codes.iter().filter_map(|&code| values.get(code).cloned()).collect()
        }
        match self {
            Self::Ints(values, kind) => Self::Ints(take(values, codes), *kind),
            Self::Floats(values, precision) => Self::Floats(take(values, codes), *precision),
            Self::Strings(values) => Self::Strings(take(values, codes)),
            Self::Objects(values) => Self::Objects(take(values, codes)),
            Self::Values(values, kind) => Self::Values(take(values, codes), *kind),
        }
    }

    /// The number of the class that equals `label` in Python: `1`, `1.0` and `True` are equal.
    pub fn position(&self, label: &Scalar) -> Option<usize> {
        let equal = |class: &Scalar| match (class.as_i64(), label.as_i64(), class.as_f64(), label.as_f64()) {
            (Some(class), Some(label), ..) => class == label,
            (_, _, Some(class), Some(label)) => class == label,
            _ => class == label,
        };
        (0..self.len()).find(|&code| self.get(code).as_ref().is_some_and(equal))
    }
}

impl Value<'_> {
    /// The numbers of a dense block as floats: integers become `float64`. `None` for anything else.
    pub(crate) fn to_floats(&self) -> Option<(Cow<'_, Matrix<'_, f64>>, Precision)> {
        match self {
            Self::Floats(matrix, precision) => Some((Cow::Borrowed(matrix), *precision)),
            #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
            Self::Ints(matrix, _) => Some((Cow::Owned(matrix.map(|&value| value as f64)), Precision::Double)),
            _ => None,
        }
    }

    /// How many rows the block has.
    pub fn rows(&self) -> usize {
        match self {
            Self::Floats(matrix, _) => matrix.rows,
            Self::Ints(matrix, _) => matrix.rows,
            Self::Sparse(csr) => csr.rows,
            Self::Labels(labels) => labels.rows,
            Self::Columns(columns) => columns.rows,
            Self::Texts(texts) => texts.len(),
            Self::Dicts(dicts) => dicts.len(),
            Self::TermLists(lists) => lists.len(),
            Self::NumberLists(lists) => lists.len(),
            Self::Many(values) => values.first().map_or(0, Value::rows),
        }
    }

    /// The size of its elements in bytes, without text in objects and mappings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Sparse(csr) => csr.data.len() * size_of::<(u32, f64)>() + size_of_val(&*csr.indptr),
            Self::Texts(texts) => texts.bytes(),
            Self::Dicts(dicts) => dicts.rows.iter().map(|row| size_of_val(row) + size_of_val(row.as_slice())).sum(),
            Self::TermLists(lists) => size_of_val(&*lists.numbers) + size_of_val(&*lists.bounds),
            Self::NumberLists(lists) => size_of_val(&*lists.numbers) + size_of_val(&*lists.bounds),
            Self::Columns(columns) => columns.columns.iter().map(Column::bytes).sum(),
            Self::Many(values) => values.iter().map(Value::bytes).sum(),
            Self::Floats(..) | Self::Ints(..) | Self::Labels(_) => self.fixed_bytes(),
        }
    }

    /// Of these bytes, those that rows of any content take.
    pub(crate) fn fixed_bytes(&self) -> usize {
        match self {
            Self::Floats(matrix, _) => size_of_val(&*matrix.data),
            Self::Ints(matrix, _) => size_of_val(&*matrix.data),
            Self::Labels(labels) => size_of_val(&*labels.codes),
            Self::Columns(columns) => {
                columns.columns.iter().filter(|column| !matches!(column, Column::Texts(_))).map(Column::bytes).sum()
            }
            Self::Many(values) => values.iter().map(Value::fixed_bytes).sum(),
            Self::Sparse(_) | Self::Texts(_) | Self::Dicts(_) | Self::TermLists(_) | Self::NumberLists(_) => 0,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Floats(..) => "floats",
            Self::Ints(..) => "integers",
            Self::Sparse(_) => "a sparse matrix",
            Self::Labels(_) => "labels",
            Self::Columns(_) => "columns of different types",
            Self::Texts(_) => "text",
            Self::Dicts(_) => "mappings",
            Self::TermLists(_) => "lists of terms",
            Self::NumberLists(_) => "lists of numbers",
            Self::Many(_) => "several values",
        }
    }

    /// How many columns the block has; a document, a mapping or a list counts as one.
    pub fn cols(&self) -> usize {
        match self {
            Self::Floats(matrix, _) => matrix.cols,
            Self::Ints(matrix, _) => matrix.cols,
            Self::Sparse(csr) => csr.cols,
            Self::Labels(labels) => labels.cols,
            Self::Columns(columns) => columns.columns.len(),
            Self::Texts(_) | Self::Dicts(_) | Self::TermLists(_) | Self::NumberLists(_) => 1,
            Self::Many(values) => values.iter().map(Value::cols).sum(),
        }
    }

    /// Rows `start..start + len`, which must be in range.
    pub(crate) fn block(&self, start: usize, len: usize) -> Value<'_> {
        let range = start..start + len;
        match self {
            Self::Floats(matrix, precision) => Value::Floats(matrix.slice_rows(start, len), *precision),
            Self::Ints(matrix, kind) => Value::Ints(matrix.slice_rows(start, len), *kind),
            Self::Sparse(csr) => Value::Sparse(csr.slice_rows(start, len)),
            Self::Labels(labels) => Value::Labels(Labels {
                rows: len,
                cols: labels.cols,
                codes: labels.codes[start * labels.cols..(start + len) * labels.cols].to_vec(),
                classes: Arc::clone(&labels.classes),
            }),
            Self::Columns(columns) => Value::Columns(columns.slice_rows(start, len)),
            Self::Texts(texts) => Value::Texts(texts.slice(start, len)),
            Self::Dicts(dicts) => Value::Dicts(Dicts { rows: Cow::Borrowed(&dicts.rows[range]) }),
            Self::TermLists(lists) => {
                let bounds = &lists.bounds[start..=start + len];
                Value::TermLists(TermLists {
                    bounds: bounds.iter().map(|at| at - bounds[0]).collect(),
                    numbers: lists.numbers[bounds[0]..bounds[len]].to_vec(),
                    terms: Arc::clone(&lists.terms),
                })
            }
            Self::NumberLists(lists) => Value::NumberLists(lists.slice_rows(start, len)),
            Self::Many(values) => Value::Many(values.iter().map(|value| value.block(start, len)).collect()),
        }
    }

    /// The same, owned.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Floats(matrix, precision) => Value::Floats(matrix.into_owned(), precision),
            Self::Ints(matrix, kind) => Value::Ints(matrix.into_owned(), kind),
            Self::Sparse(csr) => Value::Sparse(csr.into_owned()),
            Self::Labels(labels) => Value::Labels(labels),
            Self::Columns(Columns { rows, names, origins, columns }) => {
                let columns = columns.into_iter().map(Column::into_owned).collect();
                Value::Columns(Columns { rows, names, origins, columns })
            }
            Self::Texts(texts) => Value::Texts(texts.into_owned()),
            Self::Dicts(dicts) => Value::Dicts(Dicts { rows: Cow::Owned(dicts.rows.into_owned()) }),
            Self::TermLists(lists) => Value::TermLists(lists),
            Self::NumberLists(lists) => Value::NumberLists(lists),
            Self::Many(values) => Value::Many(values.into_iter().map(Value::into_owned).collect()),
        }
    }
}
