//! Blocks side by side: `np.hstack`, `scipy.sparse.hstack`.

use std::borrow::Cow;
use std::sync::Arc;

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::operators::checks::check::columns_to_matrix;
use crate::table::Column;
use crate::value::{Columns, Csr, IntKind, Matrix, NumberType, Precision, Value};

/// Puts blocks of as many rows side by side, under numpy's rules of promotion: with text or objects among them, all
/// columns are objects.
#[derive(Debug)]
pub struct Concatenate {
    /// Whether the result is sparse.
    pub layout: Layout,
}

/// Whether blocks side by side are sparse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Where any of them is.
    Any,
    /// The same of a DataFrame as `check_array` converts it from scikit-learn 1.1 on: bools among numbers are numbers.
    Checked,
    /// Always.
    Sparse,
    /// Never.
    Dense,
    /// Never, and each column keeps its type: a DataFrame, selected by `set_output`.
    Separate,
}

impl NumberType {
    /// `np.result_type` of two dtypes.
    #[must_use]
    pub fn promote(self, other: Self) -> Self {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => Self::Float(a.promote(b)),
            (Self::Float(Precision::Double), _) | (_, Self::Float(Precision::Double)) => Self::Float(Precision::Double),
            (Self::Float(Precision::Single), Self::Int(kind)) | (Self::Int(kind), Self::Float(Precision::Single)) => {
                match kind {
                    IntKind::Bool | IntKind::Int { bytes: 1 | 2, .. } => Self::Float(Precision::Single),
                    IntKind::Int { .. } => Self::Float(Precision::Double),
                }
            }
            (Self::Int(IntKind::Bool), kind) | (kind, Self::Int(IntKind::Bool)) => kind,
            (
                Self::Int(IntKind::Int { bytes: a, signed: a_signed }),
                Self::Int(IntKind::Int { bytes: b, signed: b_signed }),
            ) => {
                let bytes = match (a_signed, b_signed) {
                    (true, false) => a.max(b.saturating_mul(2)),
                    (false, true) => b.max(a.saturating_mul(2)),
                    _ => a.max(b),
                };
                match bytes {
                    // No integer dtype can represent both `int64` and `uint64`.
                    16.. => Self::Float(Precision::Double),
                    _ => Self::Int(IntKind::Int { bytes, signed: a_signed || b_signed }),
                }
            }
        }
    }
}

impl Operator for Concatenate {
    const NAME: &'static str = "concatenate";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        if let [only] = inputs
            && let (Value::Floats(..) | Value::Ints(..), Layout::Any | Layout::Checked | Layout::Dense)
            | (Value::Sparse(_), Layout::Any | Layout::Checked | Layout::Sparse) = (only, self.layout)
        {
            return Ok((*only).clone());
        }
        let any_sparse = inputs.iter().any(|input| matches!(input, Value::Sparse(_)));
        if let ([Value::Columns(columns)], Layout::Checked) = (inputs, self.layout)
            && let Some(block) = numeric_block(columns)
        {
            return Ok(block);
        }
        match self.layout {
            Layout::Sparse => sparse(inputs),
            Layout::Any | Layout::Checked if any_sparse => {
                // `scipy.sparse.hstack` has no dtype for these, even in a block without columns.
                if inputs.iter().any(|input| matches!(input, Value::Columns(columns) if dtype_of(columns).is_none())) {
                    return Err(InputError::refused(
                        "scipy.sparse supports neither text nor objects, here next to sparse columns",
                    ));
                }
                sparse(inputs)
            }
            Layout::Any | Layout::Checked | Layout::Dense => dense(inputs),
            Layout::Separate => separate(inputs),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.layout).to_lowercase()
    }
}

/// A block that is put in the row of the others.
enum Part<'v> {
    Floats(Cow<'v, [f64]>),
    Ints(Cow<'v, [i64]>),
}

/// The numbers of a block and their dtype; `None` where it has text or objects.
fn numbers<'v>(value: &'v Value<'_>) -> Result<Option<(Part<'v>, NumberType)>, InputError> {
    Ok(Some(match value {
        Value::Floats(matrix, precision) => (Part::Floats(Cow::Borrowed(&matrix.data)), NumberType::Float(*precision)),
        Value::Ints(matrix, kind) => (Part::Ints(Cow::Borrowed(&matrix.data)), NumberType::Int(*kind)),
        Value::Sparse(csr) => (Part::Floats(csr.to_dense().data), csr.dtype),
        Value::Columns(columns) => {
            let Some(dtype) = dtype_of(columns) else { return Ok(None) };
            match ints(columns) {
                Some(data) => (Part::Ints(Cow::Owned(data)), dtype),
                None => (Part::Floats(columns_to_matrix(columns)?.0.data), dtype),
            }
        }
        other => return Err(InputError::wrong_kind("a table", other)),
    }))
}

/// Columns of integers row by row: as floats, those beyond 2⁵³ would lose digits. `None` if a column has anything else.
fn ints(columns: &Columns<'_>) -> Option<Vec<i64>> {
    let columns = columns.columns.iter().map(|column| match column {
        Column::Ints(values, _) => Some(values),
        _ => None,
    });
    let columns = columns.collect::<Option<Vec<_>>>()?;
    let rows = columns.first()?.len();
    Some((0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect())
}

/// The dtype of `np.asarray(frame)`; `None` for object.
fn dtype_of(columns: &Columns<'_>) -> Option<NumberType> {
    let mut types = columns.columns.iter().map(|column| match column {
        Column::Floats(_, precision) => Some(NumberType::Float(*precision)),
        Column::Ints(_, kind) => Some(NumberType::Int(*kind)),
        Column::Texts(_) | Column::Objects(_) => None,
    });
    let first = types.next().unwrap_or(Some(NumberType::Float(Precision::Double)))?;
    types.try_fold(first, |all, one| {
        let one = one?;
        // pandas, unlike numpy, converts bools next to numbers to objects.
        let is_bool = |dtype| dtype == NumberType::Int(IntKind::Bool);
        (is_bool(all) == is_bool(one)).then(|| all.promote(one))
    })
}

pub(crate) fn dense<'a>(inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
    let rows = inputs.first().map_or(0, |input| input.rows());
    let mut parts = Vec::with_capacity(inputs.len());
    for input in inputs {
        match numbers(input)? {
            Some((part, dtype)) => parts.push((part, dtype, input.cols())),
            None => return objects(inputs),
        }
    }
    // A block without columns has a dtype all the same.
    let dtype = parts.iter().map(|(_, dtype, _)| *dtype).reduce(NumberType::promote);
    let cols: usize = parts.iter().map(|(_, _, cols)| cols).sum();
    match dtype.unwrap_or(NumberType::Float(Precision::Double)) {
        NumberType::Float(precision) => {
            let mut data = vec![0.0; rows * cols];
            let mut first = 0;
            for (part, _, width) in &parts {
                match part {
                    Part::Floats(part) => place(&mut data, cols, first, part, *width, |value| value),
                    Part::Ints(part) => place(&mut data, cols, first, part, *width, float_of),
                }
                first += width;
            }
            Ok(Value::Floats(Matrix::new(rows, cols, data), precision))
        }
        NumberType::Int(kind) => {
            let mut data = vec![0; rows * cols];
            let mut first = 0;
            for (part, _, width) in &parts {
                match part {
                    Part::Floats(part) => place(&mut data, cols, first, part, *width, int_of),
                    Part::Ints(part) => place(&mut data, cols, first, part, *width, |value| value),
                }
                first += width;
            }
            Ok(Value::Ints(Matrix::new(rows, cols, data), kind))
        }
    }
}

/// Copies the rows of `part` into columns `first..first + width`.
fn place<T: Copy, U>(data: &mut [U], cols: usize, first: usize, part: &[T], width: usize, convert: impl Fn(T) -> U) {
    if width == 0 {
        return;
    }
    for (row, part) in data.chunks_exact_mut(cols).zip(part.chunks_exact(width)) {
        for (place, &value) in row[first..first + width].iter_mut().zip(part) {
            *place = convert(value);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
fn float_of(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "integers that were held as f64")]
fn int_of(value: f64) -> i64 {
    value as i64
}

/// `astype(object)` of all columns. What only has text stays that: each of its elements is the same string either way.
fn objects<'a>(inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
    let mut all = separate(inputs)?;
    if let Value::Columns(columns) = &mut all {
        for column in &mut columns.columns {
            let objects = match column {
                Column::Floats(values, _) => values.iter().map(|&value| Scalar::Float(value)).collect(),
                Column::Ints(values, IntKind::Bool) => values.iter().map(|&value| Scalar::Bool(value != 0)).collect(),
                Column::Ints(values, _) => values.iter().map(|&value| Scalar::Int(value)).collect(),
                Column::Texts(_) | Column::Objects(_) => continue,
            };
            *column = Column::Objects(objects);
        }
    }
    Ok(all)
}

fn separate<'a>(inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
    let rows = inputs.first().map_or(0, |input| input.rows());
    let (mut columns, mut all) = (Vec::new(), Vec::new());
    for input in inputs {
        match origins(input) {
            Some(origins) => all.extend_from_slice(&origins),
            None => all.resize(all.len() + input.cols(), None),
        }
        columns.extend(to_columns(input)?);
    }
    let origins = all.iter().any(Option::is_some).then(|| all.into());
    Ok(Value::Columns(Columns { rows, names: None, origins, columns }))
}

/// Which columns of the caller's table these are.
pub(crate) fn origins(value: &Value<'_>) -> Option<Arc<[Option<usize>]>> {
    match value {
        Value::Columns(columns) => columns.origins.clone(),
        _ => None,
    }
}

/// Columns of numbers and bools as one block, of the dtype that numpy promotes theirs to; `None` if a column has
/// anything else.
pub(crate) fn numeric_block(columns: &Columns<'_>) -> Option<Value<'static>> {
    let rows = columns.rows;
    let block = |column: &Column<'_>| match column {
        Column::Floats(values, precision) => Some(Value::Floats(Matrix::new(rows, 1, values.to_vec()), *precision)),
        Column::Ints(values, kind) => Some(Value::Ints(Matrix::new(rows, 1, values.to_vec()), *kind)),
        Column::Texts(_) | Column::Objects(_) => None,
    };
    let blocks = columns.columns.iter().map(block).collect::<Option<Vec<_>>>()?;
    let all = dense(&blocks.iter().collect::<Vec<_>>()).ok()?;
    matches!(all, Value::Floats(..) | Value::Ints(..)).then_some(all)
}

/// The columns of a table, one by one.
pub(crate) fn to_columns<'a>(value: &Value<'a>) -> Result<Vec<Column<'a>>, InputError> {
    fn split<T: Copy>(data: &[T], rows: usize, cols: usize) -> impl Iterator<Item = Vec<T>> {
        (0..cols).map(move |col| (0..rows).map(|row| data[row * cols + col]).collect())
    }
    Ok(match value {
        Value::Floats(matrix, precision) => split(&matrix.data, matrix.rows, matrix.cols)
            .map(|column| Column::Floats(Cow::Owned(column), *precision))
            .collect(),
        Value::Ints(matrix, kind) => split(&matrix.data, matrix.rows, matrix.cols)
            .map(|column| Column::Ints(Cow::Owned(column), *kind))
            .collect(),
        Value::Sparse(csr) => {
            let matrix = csr.to_dense();
            let precision = match csr.dtype {
                NumberType::Float(precision) => precision,
                NumberType::Int(_) => Precision::Double,
            };
            split(&matrix.data, matrix.rows, matrix.cols)
                .map(|column| Column::Floats(Cow::Owned(column), precision))
                .collect()
        }
        Value::Columns(columns) => columns.columns.clone(),
        other => return Err(InputError::wrong_kind("a table", other)),
    })
}

fn sparse<'a>(inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
    let rows = inputs.first().map_or(0, |input| input.rows());
    let mut parts: Vec<Cow<'_, Csr<'_>>> = Vec::with_capacity(inputs.len());
    for input in inputs {
        parts.push(match input {
            Value::Sparse(csr) => Cow::Borrowed(csr),
            other => Cow::Owned(to_sparse(other)?),
        });
    }
    let dtype = parts.iter().map(|part| part.dtype).reduce(NumberType::promote);
    let cols: usize = parts.iter().map(|part| part.cols).sum();
    let too_wide = || InputError::refused("a sparse matrix of more than 2³² columns");
    u32::try_from(cols).map_err(|_| too_wide())?;
    let stored = parts.iter().map(|part| part.data.len()).sum();
    let (mut indices, mut data) = (Vec::with_capacity(stored), Vec::with_capacity(stored));
    let mut indptr = Vec::with_capacity(rows + 1);
    indptr.push(0);
    for row in 0..rows {
        let mut first = 0;
        for part in &parts {
            let (columns, values) = part.row(row);
            indices.extend(columns.iter().map(|column| column + first));
            data.extend_from_slice(values);
            first += u32::try_from(part.cols).map_err(|_| too_wide())?;
        }
        indptr.push(data.len());
    }
    Ok(Value::Sparse(Csr {
        rows,
        cols,
        indptr: indptr.into(),
        indices: indices.into(),
        data: data.into(),
        dtype: dtype.unwrap_or(NumberType::Float(Precision::Double)),
    }))
}

/// The elements that are not zero; NaN is not.
pub fn to_sparse(value: &Value<'_>) -> Result<Csr<'static>, InputError> {
    // scipy parses columns of text as numbers, like numpy's `astype`.
    let (part, dtype) = match (numbers(value)?, value) {
        (Some(numbers), _) => numbers,
        (None, Value::Columns(columns)) => {
            (Part::Floats(columns_to_matrix(columns)?.0.data), NumberType::Float(Precision::Double))
        }
        (None, other) => return Err(InputError::wrong_kind("numbers", other)),
    };
    let data: Cow<'_, [f64]> = match part {
        Part::Floats(data) => data,
        Part::Ints(data) => data.iter().map(|&value| float_of(value)).collect::<Vec<_>>().into(),
    };
    let (rows, cols) = (value.rows(), value.cols());
    let (mut indices, mut stored) = (Vec::new(), Vec::new());
    let mut indptr = Vec::with_capacity(rows + 1);
    indptr.push(0);
    for row in 0..rows {
        for (column, &value) in (0_u32..).zip(&data[row * cols..(row + 1) * cols]) {
            if value != 0.0 {
                indices.push(column);
                stored.push(value);
            }
        }
        indptr.push(stored.len());
    }
    Ok(Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: stored.into(), dtype })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLE: NumberType = NumberType::Float(Precision::Double);
    const SINGLE: NumberType = NumberType::Float(Precision::Single);

    fn int(bytes: u8, signed: bool) -> NumberType {
        NumberType::Int(IntKind::Int { bytes, signed })
    }

    #[test]
    fn dtypes_promote_as_numpy_promotes_them() {
        for (a, b, result) in [
            (SINGLE, int(2, true), SINGLE),
            (SINGLE, int(4, true), DOUBLE),
            (int(8, true), int(8, false), DOUBLE),
            (int(1, false), int(1, true), int(2, true)),
            (int(4, false), int(8, false), int(8, false)),
            (NumberType::Int(IntKind::Bool), int(4, false), int(4, false)),
            (NumberType::Int(IntKind::Bool), NumberType::Int(IntKind::Bool), NumberType::Int(IntKind::Bool)),
        ] {
            assert_eq!(a.promote(b), result, "{a:?} {b:?}");
            assert_eq!(b.promote(a), result, "{b:?} {a:?}");
        }
    }

    #[test]
    fn large_integers_of_a_frame_keep_their_digits() {
        let large = (1 << 60) + 1;
        let kind = IntKind::Int { bytes: 8, signed: true };
        let columns = vec![Column::Ints(vec![large, 2].into(), kind), Column::Ints(vec![3, -large].into(), kind)];
        let frame = Value::Columns(Columns { rows: 2, names: None, origins: None, columns });
        let one = Value::Ints(Matrix::new(2, 1, vec![1, 2]), kind);
        let Ok(Value::Ints(all, _)) = (Concatenate { layout: Layout::Any }).run(&[&frame, &one]) else {
            panic!("not integers")
        };
        assert_eq!(all.data[..], [large, 3, 1, 2, -large, 2]);
    }

    #[test]
    fn bools_among_numbers_are_numbers_once_checked() {
        let flags = Column::Ints(vec![1, 0].into(), IntKind::Bool);
        let columns = vec![flags, Column::Floats(vec![0.5, 1.5].into(), Precision::Double)];
        let frame = Value::Columns(Columns { rows: 2, names: None, origins: None, columns });
        let Ok(Value::Floats(all, Precision::Double)) = (Concatenate { layout: Layout::Checked }).run(&[&frame]) else {
            panic!("not numbers")
        };
        assert_eq!(all.data[..], [1.0, 0.5, 0.0, 1.5]);
        // As `np.asarray` of it.
        assert!(matches!((Concatenate { layout: Layout::Any }).run(&[&frame]), Ok(Value::Columns(_))));
    }

    #[test]
    fn sparse_and_dense_stand_side_by_side() {
        let dense = Value::Floats(Matrix::new(2, 2, vec![0.0, 1.0, 2.0, 0.0]), Precision::Double);
        let sparse = Value::Sparse(to_sparse(&dense).expect("numbers"));
        let objects = Column::Objects(vec![Scalar::Int(1), Scalar::Float(2.0)].into());
        let objects = Value::Columns(Columns { rows: 2, names: None, origins: None, columns: vec![objects] });
        // A ColumnTransformer's `sparse_output_` converts them first; `scipy.sparse.hstack` does not.
        assert!(Concatenate { layout: Layout::Any }.run(&[&sparse, &objects]).is_err());
        assert!(Concatenate { layout: Layout::Sparse }.run(&[&sparse, &objects]).is_ok());
        let Ok(Value::Sparse(both)) = (Concatenate { layout: Layout::Any }).run(&[&sparse, &dense]) else {
            panic!("not sparse")
        };
        assert_eq!(both.to_dense().data[..], [0.0, 1.0, 0.0, 1.0, 2.0, 0.0, 2.0, 0.0]);
        let Ok(Value::Floats(both, _)) = (Concatenate { layout: Layout::Dense }).run(&[&sparse, &dense]) else {
            panic!("not dense")
        };
        assert_eq!(both.data[..], [0.0, 1.0, 0.0, 1.0, 2.0, 0.0, 2.0, 0.0]);
    }
}
