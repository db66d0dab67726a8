//! Rows as index.js hands them in: numbers row after row, sparse ones, or columns.

use napi::bindgen_prelude::{BigInt64Array, Either4, Float64Array, Null, Uint32Array};
use napi_derive::napi;
use skiff::table::{Column, Elements};
use skiff::value::{IntKind, Precision};
use skiff::{Method, Table};
use skiff_embed::{Cell, EmbeddedModel, Failure, column_of, columns, dense, sparse};

/// Rows; exactly one of the three.
#[napi(object, object_to_js = false)]
pub struct JsRows {
    pub numbers: Option<JsNumbers>,
    pub columns: Option<JsColumns>,
    pub sparse: Option<JsSparse>,
}

/// `n_rows` × `n_columns` numbers, one row after the other.
#[napi(object, object_to_js = false)]
pub struct JsNumbers {
    pub n_rows: u32,
    pub n_columns: u32,
    pub data: Float64Array,
    /// Whether they came as a Float32Array.
    pub is_single: bool,
}

/// Sparse rows in CSR form.
#[napi(object, object_to_js = false)]
pub struct JsSparse {
    pub n_rows: u32,
    pub n_columns: u32,
    pub indptr: Uint32Array,
    pub indices: Uint32Array,
    pub data: Float64Array,
    /// Whether the data came as a Float32Array.
    pub is_single: bool,
}

/// Columns of one length.
#[napi(object, object_to_js = false)]
pub struct JsColumns {
    pub n_rows: u32,
    pub names: Option<Vec<String>>,
    pub columns: Vec<JsColumn>,
}

/// A column; exactly one of its fields.
#[napi(object, object_to_js = false)]
pub struct JsColumn {
    pub numbers: Option<Float64Array>,
    /// The dtype of `numbers`, as numpy names it.
    pub dtype: Option<String>,
    pub bigints: Option<BigInt64Array>,
    pub cells: Option<Vec<Either4<String, f64, bool, Null>>>,
}

impl JsRows {
    pub(crate) fn into_table(self, model: &EmbeddedModel, method: Method) -> Result<Table<'static>, Failure> {
        match self {
            Self { numbers: Some(JsNumbers { n_rows, n_columns, data, is_single }), .. } => {
                let elements = if is_single {
                    #[expect(clippy::cast_possible_truncation, reason = "the numbers are float32")]
                    Elements::F32(data.iter().map(|&value| value as f32).collect())
                } else {
                    Elements::F64(data.to_vec().into())
                };
                dense(n_rows as usize, n_columns as usize, elements)
            }
            Self { columns: Some(all), .. } => {
                let each = all.columns.into_iter().map(JsColumn::into_column).collect::<Result<_, _>>()?;
                columns(model, method, all.n_rows as usize, all.names.map(Into::into), each)
            }
            Self { sparse: Some(all), .. } => {
                let precision = if all.is_single { Precision::Single } else { Precision::Double };
                let indptr: Vec<usize> = all.indptr.iter().map(|&at| at as usize).collect();
                let shape = (all.n_rows as usize, all.n_columns as usize);
                sparse(shape, indptr, all.indices.to_vec(), all.data.to_vec(), precision)
            }
            _ => Err(Failure::argument("expected rows or columns")),
        }
    }
}

impl JsColumn {
    fn into_column(self) -> Result<Column<'static>, Failure> {
        if let Some(numbers) = self.numbers {
            let dtype = self.dtype.as_deref().unwrap_or("float64");
            let kind = match dtype {
                "float64" => return Ok(Column::Floats(numbers.to_vec().into(), Precision::Double)),
                "float32" => return Ok(Column::Floats(numbers.to_vec().into(), Precision::Single)),
                "int8" => IntKind::Int { bytes: 1, signed: true },
                "int16" => IntKind::Int { bytes: 2, signed: true },
                "int32" => IntKind::Int { bytes: 4, signed: true },
                "uint8" => IntKind::Int { bytes: 1, signed: false },
                "uint16" => IntKind::Int { bytes: 2, signed: false },
                "uint32" => IntKind::Int { bytes: 4, signed: false },
                other => return Err(Failure::argument(format!("no column has the dtype `{other}`"))),
            };
            #[expect(clippy::cast_possible_truncation, reason = "they came out of an array of integers")]
            return Ok(Column::Ints(numbers.iter().map(|&value| value as i64).collect(), kind));
        }
        if let Some(bigints) = self.bigints {
            return Ok(Column::Ints(bigints.to_vec().into(), IntKind::I64));
        }
        let cell = |cell| match cell {
            Either4::A(text) => Cell::Text(String::into(text)),
            Either4::B(value) => Cell::Float(value),
            Either4::C(value) => Cell::Bool(value),
            Either4::D(_) => Cell::Missing,
        };
        Ok(column_of(self.cells.unwrap_or_default().into_iter().map(cell).collect()))
    }
}
