//! Missing values: filled, and shown.

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::operators::arrays::concatenate::{dense, numeric_block, to_columns};
use crate::operators::checks::check::columns_to_matrix;
use crate::table::Column;
use crate::value::{Columns, Csr, IntKind, Matrix, NumberType, Precision, Value};

/// `missing_values`: what counts as missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// `np.nan`: NaN alone, not `None`.
    Nan,
    /// `pandas.NA`: NaN and `None`.
    Na,
    /// `None`, or a value that a cell equals.
    Value(Scalar),
}

impl Missing {
    /// The test for numbers.
    fn of_numbers(&self) -> Result<impl Fn(f64) -> bool + use<>, InputError> {
        let value = match self {
            Self::Nan | Self::Na => f64::NAN,
            Self::Value(value) => value.as_f64().ok_or_else(|| {
                InputError::refused("'X' and 'missing_values' types are expected to be both numerical")
            })?,
        };
        Ok(move |x: f64| x == value || (x.is_nan() && value.is_nan()))
    }

    fn is(&self, cell: &Scalar) -> bool {
        let is_nan = |cell: &Scalar| matches!(cell, Scalar::Float(value) if value.is_nan());
        match self {
            Self::Nan => is_nan(cell),
            Self::Na => is_nan(cell) || matches!(cell, Scalar::None | Scalar::Na),
            Self::Value(value) => match (value.as_f64(), cell.as_f64()) {
                (Some(a), Some(b)) => a == b,
                _ => value == cell,
            },
        }
    }

    /// Which cells of a column are missing; `None` where none is.
    fn in_column(&self, column: &Column<'_>) -> Option<Vec<bool>> {
        let mask: Vec<bool> = match column {
            Column::Texts(texts) => match self {
                Self::Value(Scalar::Str(missing)) => texts.iter().map(|text| text == missing).collect(),
                _ => return None,
            },
            Column::Objects(values) => values.iter().map(|value| self.is(value)).collect(),
            Column::Floats(..) | Column::Ints(..) => {
                (0..column.len()).map(|row| column.get(row).is_some_and(|cell| self.is(&cell))).collect()
            }
        };
        mask.contains(&true).then_some(mask)
    }

    /// A missing value of 0 would fill a sparse matrix.
    fn refuse_zero(&self) -> Result<(), InputError> {
        match self {
            Self::Value(value) if value.as_f64() == Some(0.0) => Err(InputError::refused(
                "Imputation not possible when missing_values == 0 and input is sparse. Provide a dense array instead.",
            )),
            _ => Ok(()),
        }
    }
}

/// Replaces missing values.
#[derive(Debug)]
pub struct Impute {
    /// What counts as missing.
    pub missing: Missing,
    /// The value for each column; `None` for columns that are left out.
    pub fills: Vec<Option<Scalar>>,
    /// Whether the table is treated as an array of objects.
    pub objects: bool,
    /// Whether bool columns next to numeric columns are numeric too, as since 1.1; before, all became objects.
    pub bools_are_numbers: bool,
    /// The dtype of the values: a table whose dtype is of a lesser kind cannot take them.
    pub fill_kind: Option<FillKind>,
}

/// The kinds of dtypes, from the lesser to the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FillKind {
    /// An unsigned integer dtype.
    UInt,
    /// A signed integer dtype.
    Int,
    /// Any float dtype.
    Float,
    /// Objects.
    Object,
}

impl From<IntKind> for FillKind {
    fn from(kind: IntKind) -> Self {
        match kind {
            IntKind::Bool | IntKind::Int { signed: false, .. } => Self::UInt,
            IntKind::Int { signed: true, .. } => Self::Int,
        }
    }
}

impl Impute {
    fn check_kind(&self, table: FillKind) -> Result<(), InputError> {
        match self.fill_kind {
            Some(fill) if fill > table => Err(InputError::refused(
                "The dtype of the filling value cannot be cast to the input data. Make sure that the dtypes of the \
                 input data are of the same kind between fit and transform.",
            )),
            _ => Ok(()),
        }
    }

    fn kept(&self) -> Vec<(usize, &Scalar)> {
        self.fills.iter().enumerate().filter_map(|(column, fill)| Some((column, fill.as_ref()?))).collect()
    }

    fn numbers(&self) -> Result<Vec<(usize, f64)>, InputError> {
        let number = |(column, fill): (usize, &Scalar)| match fill.as_f64() {
            Some(fill) => Ok((column, fill)),
            None => Err(InputError::refused(format!("could not convert {fill} to a number, to fill column {column}"))),
        };
        self.kept().into_iter().map(number).collect()
    }

    fn floats(&self, x: &Matrix<'_, f64>, precision: Precision) -> Result<Value<'static>, InputError> {
        self.check_kind(FillKind::Float)?;
        let (missing, fills) = (self.missing.of_numbers()?, self.numbers()?);
        let mut data = Vec::with_capacity(x.rows * fills.len());
        for row in x.iter_rows() {
            data.extend(fills.iter().map(|&(column, fill)| {
                let value = row[column];
                if missing(value) { precision.round(fill) } else { value }
            }));
        }
        Ok(Value::Floats(Matrix::new(x.rows, fills.len(), data), precision))
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "numpy casts in the same ways")]
    fn ints(&self, x: &Matrix<'_, i64>, kind: IntKind) -> Result<Value<'static>, InputError> {
        if kind == IntKind::Bool {
            return Err(InputError::refused("SimpleImputer does not support data with dtype bool"));
        }
        self.check_kind(kind.into())?;
        let (missing, fills) = (self.missing.of_numbers()?, self.numbers()?);
        let mut data = Vec::with_capacity(x.rows * fills.len());
        for row in x.iter_rows() {
            data.extend(fills.iter().map(|&(column, fill)| {
                let value = row[column];
                if missing(value as f64) { kind.wrap(fill as i64) } else { value }
            }));
        }
        Ok(Value::Ints(Matrix::new(x.rows, fills.len(), data), kind))
    }

    fn sparse(&self, x: &Csr<'_>) -> Result<Value<'static>, InputError> {
        self.missing.refuse_zero()?;
        if self.objects {
            return Err(InputError::refused("sparse rows, but the training data had objects"));
        }
        self.check_kind(match x.dtype {
            NumberType::Float(_) => FillKind::Float,
            NumberType::Int(IntKind::Bool) => {
                return Err(InputError::refused("SimpleImputer does not support data with dtype bool"));
            }
            NumberType::Int(kind) => kind.into(),
        })?;
        let (missing, fills) = (self.missing.of_numbers()?, self.numbers()?);
        let mut places: Vec<Option<(u32, f64)>> = vec![None; x.cols];
        for (place, &(column, fill)) in (0..).zip(&fills) {
            places[column] = Some((place, fill));
        }
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        for row in 0..x.rows {
            let (columns, values) = x.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                if let Some((place, fill)) = places[column as usize] {
                    indices.push(place);
                    data.push(if missing(value) { x.dtype.round(fill) } else { value });
                }
            }
            indptr.push(data.len());
        }
        let (rows, cols, dtype) = (x.rows, fills.len(), x.dtype);
        Ok(Value::Sparse(Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype }))
    }

    fn columns<'a>(&self, rows: usize, columns: &[Column<'a>]) -> Value<'a> {
        let kept = self.kept().into_iter();
        let columns = kept
            .map(|(at, fill)| filled(&columns[at], self.missing.in_column(&columns[at]).as_deref(), fill))
            .collect();
        Value::Columns(Columns { rows, names: None, origins: None, columns })
    }
}

/// A column with `fill` where `mask` is true. The type of the result depends on those of the column and of the
/// value alone, never on whether something was missing: rows do not know each other.
fn filled<'a>(column: &Column<'a>, mask: Option<&[bool]>, fill: &Scalar) -> Column<'a> {
    let mask = |row: usize| mask.is_some_and(|mask| mask[row]);
    match (column, fill) {
        (Column::Texts(texts), Scalar::Str(fill)) => {
            Column::Texts(texts.iter().enumerate().map(|(row, text)| if mask(row) { fill } else { text }).collect())
        }
        (Column::Floats(values, precision), &Scalar::Float(fill)) if same(precision.round(fill), fill) => {
            let filled = values.iter().enumerate().map(|(row, &value)| if mask(row) { fill } else { value });
            Column::Floats(filled.collect(), *precision)
        }
        (&Column::Ints(ref values, kind @ IntKind::Int { .. }), &Scalar::Int(fill)) => {
            let filled = values.iter().enumerate().map(|(row, &value)| if mask(row) { fill } else { value });
            Column::Ints(filled.collect(), kind)
        }
        (column, fill) => {
            let cell = |row: usize| match mask(row) {
                true => fill.clone(),
                false => column.get(row).unwrap_or(Scalar::None),
            };
            Column::Objects((0..column.len()).map(cell).collect())
        }
    }
}

/// Whether two numbers are equal, or neither is one.
fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

impl Operator for Impute {
    const NAME: &'static str = "impute";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Sparse(x) => return self.sparse(x),
            value if self.objects => return Ok(self.columns(value.rows(), &to_columns(value)?)),
            _ => {}
        }
        let numbers = match inputs[0] {
            Value::Columns(columns) if self.bools_are_numbers => numeric_block(columns),
            _ => None,
        };
        match numbers.map_or_else(|| dense(inputs), Ok)? {
            Value::Floats(x, precision) => self.floats(&x, precision),
            Value::Ints(x, kind) => self.ints(&x, kind),
            // pandas' nullable numbers, whose missing cells are `pandas.NA`, become floats.
            Value::Columns(columns) if self.missing == Missing::Na && columns.columns.iter().all(is_nullable) => {
                self.floats(&columns_to_matrix(&columns)?.0, Precision::Double)
            }
            Value::Columns(columns) => {
                self.check_kind(FillKind::Object)?;
                Ok(self.columns(columns.rows, &columns.columns))
            }
            other => Err(InputError::wrong_kind("a table", &other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?} in {} of {} columns", self.missing, self.kept().len(), self.fills.len())
    }
}

/// Whether a column has only numbers and missing values.
fn is_nullable(column: &Column<'_>) -> bool {
    let is_number = |cell: &Scalar| matches!(cell, Scalar::None | Scalar::Na | Scalar::Int(_) | Scalar::Float(_));
    match column {
        Column::Floats(..) | Column::Ints(..) => true,
        Column::Texts(_) => false,
        Column::Objects(values) => values.iter().all(is_number),
    }
}

/// Shows where values are missing: `MissingIndicator`.
#[derive(Debug)]
pub struct MissingMask {
    /// What counts as missing.
    pub missing: Missing,
    /// The columns that are shown.
    pub features: Vec<usize>,
    /// Whether a missing value in another column is an error.
    pub refuse_new: bool,
    /// Whether the result is sparse; `None` where it is as the table is.
    pub sparse: Option<bool>,
}

const NO_BOOLS: &str = "MissingIndicator does not support data with dtype bool";

/// Whether a table is an array of bools, or would be made one.
fn is_bool(value: &Value<'_>) -> bool {
    match value {
        Value::Ints(_, kind) => *kind == IntKind::Bool,
        Value::Columns(columns) => {
            columns.columns.iter().all(|column| matches!(column, Column::Ints(_, IntKind::Bool)))
        }
        _ => false,
    }
}

impl MissingMask {
    fn dense(&self, value: &Value<'_>) -> Result<Matrix<'static, i64>, InputError> {
        let (rows, cols) = (value.rows(), value.cols());
        let value = dense(&[value])?;
        let mut mask = vec![0; rows * cols];
        match &value {
            Value::Floats(x, _) => {
                let missing = self.missing.of_numbers()?;
                for (cell, &value) in mask.iter_mut().zip(x.data.iter()) {
                    *cell = i64::from(missing(value));
                }
            }
            value if is_bool(value) => return Err(InputError::refused(NO_BOOLS)),
            Value::Ints(x, _) => {
                let missing = self.missing.of_numbers()?;
                #[expect(clippy::cast_precision_loss, reason = "numpy compares integers with a float so as well")]
                for (cell, &value) in mask.iter_mut().zip(x.data.iter()) {
                    *cell = i64::from(missing(value as f64));
                }
            }
            Value::Columns(columns) => {
                for (at, column) in columns.columns.iter().enumerate() {
                    let Some(missing) = self.missing.in_column(column) else { continue };
                    for (row, is_missing) in missing.into_iter().enumerate() {
                        mask[row * cols + at] = i64::from(is_missing);
                    }
                }
            }
            other => return Err(InputError::wrong_kind("a table", other)),
        }
        Ok(Matrix::new(rows, cols, mask))
    }

    fn new_features(&self, seen: impl Iterator<Item = usize>) -> Result<(), InputError> {
        if !self.refuse_new {
            return Ok(());
        }
        let mut new: Vec<usize> = seen.filter(|column| !self.features.contains(column)).collect();
        new.sort_unstable();
        new.dedup();
        match new.is_empty() {
            true => Ok(()),
            false => Err(InputError::refused(format!(
                "The features {new:?} have missing values in transform but have no missing values in fit."
            ))),
        }
    }
}

impl Operator for MissingMask {
    const NAME: &'static str = "missing_mask";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let kind = NumberType::Int(IntKind::Bool);
        if let Value::Sparse(x) = inputs[0] {
            if x.dtype == NumberType::Int(IntKind::Bool) {
                return Err(InputError::refused(NO_BOOLS));
            }
            self.missing.refuse_zero()?;
            let missing = self.missing.of_numbers()?;
            let data: Vec<f64> = x.data.iter().map(|&value| f64::from(missing(value))).collect();
            let found = x.indices.iter().zip(&data).filter(|(_, value)| **value != 0.0);
            self.new_features(found.map(|(&column, _)| column as usize))?;
            let mask = Value::Sparse(Csr { data: data.into(), dtype: kind, ..x.clone() });
            let by = crate::operators::Selection::Places(self.features.clone());
            let Value::Sparse(mut mask) = (crate::operators::SelectColumns { by, series: false }).run(&[&mask])? else {
                return Err(InputError::wrong_kind("a sparse matrix", inputs[0]));
            };
            if self.sparse == Some(false) {
                return Ok(Value::Ints(mask.to_dense().map(|&value| i64::from(value != 0.0)), IntKind::Bool));
            }
            // What is not missing is not stored.
            mask = crate::operators::arrays::concatenate::to_sparse(&Value::Sparse(mask))?;
            mask.dtype = kind;
            return Ok(Value::Sparse(mask));
        }
        let mask = self.dense(inputs[0])?;
        let cells = mask.data.iter().enumerate().filter(|(_, cell)| **cell != 0);
        self.new_features(cells.map(|(at, _)| at % mask.cols.max(1)))?;
        let shown = Value::Ints(mask.select(&self.features), IntKind::Bool);
        if self.sparse == Some(true) {
            return Ok(Value::Sparse(crate::operators::arrays::concatenate::to_sparse(&shown)?));
        }
        Ok(shown)
    }

    fn describe(&self) -> String {
        format!("{:?} in {} columns", self.missing, self.features.len())
    }
}

/// Takes filled values out again: `SimpleImputer.inverse_transform`.
#[derive(Debug)]
pub struct ImputeInverse {
    /// How many columns the fit had.
    pub width: usize,
    /// The columns that were not left out, in order.
    pub kept: Vec<usize>,
    /// The columns that the indicator shows.
    pub shown: Vec<usize>,
    /// What missing values become.
    pub missing: f64,
}

impl Operator for ImputeInverse {
    const NAME: &'static str = "impute_inverse";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let x = match inputs[0] {
            Value::Floats(x, _) => x.clone(),
            #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
            Value::Ints(x, _) => x.map(|&value| value as f64),
            Value::Columns(columns) => columns_to_matrix(columns)?.0,
            other => return Err(InputError::wrong_kind("a dense table", other)),
        };
        let imputed = x.cols.checked_sub(self.shown.len()).filter(|&imputed| imputed <= self.kept.len());
        let Some(imputed) = imputed else {
            let expected = self.kept.len() + self.shown.len();
            let kind = crate::InputErrorKind::FeatureCount { expected, found: x.cols };
            return Err(InputError::new(kind));
        };
        let mut data = vec![0.0; x.rows * self.width];
        if self.width > 0 {
            for (row, original) in x.iter_rows().zip(data.chunks_exact_mut(self.width)) {
                let (values, mask) = row.split_at(imputed);
                for (&value, &column) in values.iter().zip(&self.kept) {
                    original[column] = value;
                }
                for (&is_missing, &column) in mask.iter().zip(&self.shown) {
                    if is_missing != 0.0 {
                        original[column] = self.missing;
                    }
                }
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.width, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.kept.len() + self.shown.len(), self.width)
    }
}
