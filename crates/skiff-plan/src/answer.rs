//! What a method returns, in scikit-learn's shapes and dtypes.

use std::borrow::Cow;

use crate::plan::Rank;
use crate::table::{Column, Dicts, Texts};
use crate::value::{Columns, Csr, Labels, Matrix, NumberLists, Value};

/// The result of a method.
#[derive(Clone, Debug)]
pub enum Answer {
    /// One array, with its number of dimensions.
    One(Value<'static>, Rank),
    /// A list of arrays.
    List(Vec<Answer>),
    /// A tuple of arrays.
    Tuple(Vec<Answer>),
}

impl Answer {
    /// The one array, if it is one.
    pub fn value(&self) -> Option<&Value<'static>> {
        match self {
            Self::One(value, _) => Some(value),
            Self::List(_) | Self::Tuple(_) => None,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::One(value, _) => value.rows(),
            Self::List(items) | Self::Tuple(items) => items.first().map_or(0, Self::rows),
        }
    }

    /// Concatenates the results of the blocks of a table. All have the same type, since one plan computed them.
    pub(crate) fn concatenate(blocks: Vec<Self>) -> Self {
        let mut blocks = blocks.into_iter().peekable();
        match blocks.peek() {
            Some(&Self::One(_, rank)) => {
                let values = blocks.filter_map(|block| match block {
                    Self::One(value, _) => Some(value),
                    _ => None,
                });
                Self::One(stack(values.collect()), rank)
            }
            Some(Self::List(_)) => Self::List(transpose(blocks)),
            Some(Self::Tuple(_)) => Self::Tuple(transpose(blocks)),
            None => Self::List(Vec::new()),
        }
    }
}

/// Lists of blocks for blocks of lists, each concatenated.
fn transpose(blocks: impl Iterator<Item = Answer>) -> Vec<Answer> {
    let mut columns: Vec<Vec<Answer>> = Vec::new();
    for block in blocks {
        if let Answer::List(items) | Answer::Tuple(items) = block {
            columns.resize_with(items.len(), Vec::new);
            for (column, item) in columns.iter_mut().zip(items) {
                column.push(item);
            }
        }
    }
    columns.into_iter().map(Answer::concatenate).collect()
}

/// Takes the inner values of one variant out of all blocks.
macro_rules! all {
    ($blocks:expr, $variant:pat => $inner:expr) => {
        $blocks
            .into_iter()
            .filter_map(|block| if let $variant = block { Some($inner) } else { None })
            .collect::<Vec<_>>()
    };
}

/// Blocks of one kind, one below the other.
pub(crate) fn stack(blocks: Vec<Value<'static>>) -> Value<'static> {
    match blocks.first() {
        Some(&Value::Floats(_, precision)) => {
            Value::Floats(stack_matrices(&all!(blocks, Value::Floats(matrix, _) => matrix)), precision)
        }
        Some(&Value::Ints(_, kind)) => {
            Value::Ints(stack_matrices(&all!(blocks, Value::Ints(matrix, _) => matrix)), kind)
        }
        Some(Value::Sparse(_)) => Value::Sparse(stack_sparse(&all!(blocks, Value::Sparse(csr) => csr))),
        Some(Value::Labels(_)) => Value::Labels(stack_labels(all!(blocks, Value::Labels(labels) => labels))),
        Some(Value::Columns(_)) => Value::Columns(stack_columns(all!(blocks, Value::Columns(columns) => columns))),
        Some(Value::Texts(_)) => {
            let blocks = all!(blocks, Value::Texts(texts) => texts);
            Value::Texts(blocks.iter().flat_map(Texts::iter).collect())
        }
        Some(Value::Dicts(_)) => {
            let rows = all!(blocks, Value::Dicts(dicts) => dicts.rows.into_owned());
            Value::Dicts(Dicts { rows: Cow::Owned(rows.into_iter().flatten().collect()) })
        }
        Some(Value::TermLists(_)) => {
            let mut blocks = all!(blocks, Value::TermLists(lists) => lists).into_iter();
            let mut all = blocks.next().expect("there is a first block");
            for block in blocks {
                let before = all.numbers.len();
                all.bounds.extend(block.bounds.iter().skip(1).map(|at| at + before));
                all.numbers.extend_from_slice(&block.numbers);
            }
            Value::TermLists(all)
        }
        Some(&Value::NumberLists(NumberLists { dtype, .. })) => {
            let mut all = NumberLists::new(dtype);
            for block in all!(blocks, Value::NumberLists(lists) => lists) {
                block.iter_rows().for_each(|row| all.push(row.iter().copied()));
            }
            Value::NumberLists(all)
        }
        Some(Value::Many(_)) | None => {
            let mut columns: Vec<Vec<Value<'static>>> = Vec::new();
            for values in all!(blocks, Value::Many(values) => values) {
                columns.resize_with(values.len(), Vec::new);
                for (column, value) in columns.iter_mut().zip(values) {
                    column.push(value);
                }
            }
            Value::Many(columns.into_iter().map(stack).collect())
        }
    }
}

fn stack_matrices<T: Copy>(blocks: &[Matrix<'static, T>]) -> Matrix<'static, T> {
    let rows = blocks.iter().map(|block| block.rows).sum();
    let cols = blocks.first().map_or(0, |block| block.cols);
    let mut data = Vec::with_capacity(rows * cols);
    for block in blocks {
        data.extend_from_slice(&block.data);
    }
    Matrix::new(rows, cols, data)
}

fn stack_sparse(blocks: &[Csr<'static>]) -> Csr<'static> {
    let stored = blocks.iter().map(|block| block.data.len()).sum();
    let rows = blocks.iter().map(|block| block.rows).sum();
    let (mut indices, mut data) = (Vec::with_capacity(stored), Vec::with_capacity(stored));
    let mut indptr = Vec::with_capacity(rows + 1);
    indptr.push(0);
    for block in blocks {
        let before = data.len();
        indptr.extend(block.indptr[1..].iter().map(|at| at + before));
        indices.extend_from_slice(&block.indices);
        data.extend_from_slice(&block.data);
    }
    let (cols, dtype) = (blocks[0].cols, blocks[0].dtype);
    Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype }
}

fn stack_labels(blocks: Vec<Labels>) -> Labels {
    let mut blocks = blocks.into_iter();
    let mut all = blocks.next().expect("there is a first block");
    for block in blocks {
        all.rows += block.rows;
        all.codes.extend_from_slice(&block.codes);
    }
    all
}

fn stack_columns(blocks: Vec<Columns<'static>>) -> Columns<'static> {
    let rows = blocks.iter().map(|block| block.rows).sum();
    let names = blocks.first().and_then(|block| block.names.clone());
    let origins = blocks.first().and_then(|block| block.origins.clone());
    let mut parts: Vec<Vec<Column<'static>>> = Vec::new();
    for block in blocks {
        parts.resize_with(block.columns.len(), Vec::new);
        for (parts, column) in parts.iter_mut().zip(block.columns) {
            parts.push(column);
        }
    }
    Columns { rows, names, origins, columns: parts.iter().map(|parts| stack_column(parts)).collect() }
}

/// The parts of one column; of different types only where an object column happened to be plain in one block.
fn stack_column(parts: &[Column<'static>]) -> Column<'static> {
    let rows = parts.iter().map(Column::len).sum();
    let alike =
        |column: &Column<'_>| parts.iter().all(|part| std::mem::discriminant(part) == std::mem::discriminant(column));
    match parts.first() {
        Some(first @ &Column::Floats(_, precision)) if alike(first) => {
            let mut all = Vec::with_capacity(rows);
            for part in parts {
                if let Column::Floats(values, _) = part {
                    all.extend_from_slice(values);
                }
            }
            Column::Floats(all.into(), precision)
        }
        Some(first @ &Column::Ints(_, kind)) if alike(first) => {
            let mut all = Vec::with_capacity(rows);
            for part in parts {
                if let Column::Ints(values, _) = part {
                    all.extend_from_slice(values);
                }
            }
            Column::Ints(all.into(), kind)
        }
        Some(first @ Column::Texts(_)) if alike(first) => {
            let texts =
                parts.iter().filter_map(|part| if let Column::Texts(texts) = part { Some(texts) } else { None });
            Column::Texts(texts.flat_map(Texts::iter).collect())
        }
        _ => {
            let scalars = |part: &Column<'static>| (0..part.len()).filter_map(|row| part.get(row)).collect::<Vec<_>>();
            Column::Objects(parts.iter().flat_map(scalars).collect())
        }
    }
}
