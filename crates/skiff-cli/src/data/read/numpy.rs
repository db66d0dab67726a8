//! `.npy` arrays, mapped and borrowed where their layout allows, and `.npz` files with a scipy sparse matrix or one array.

use std::io::{self, Read};
use std::path::Path;

use skiff::table::{Column, Dense, Elements};
use skiff::value::{Columns, Csr, IntKind, NumberType, Precision};
use skiff::{File, Options, Scalar, Table};
use skiff_files::{DType, Endian, NdArray, Order, Sparse, SparseFormat};
use skiff_pickle::{Graph, Node, NodeId};

use crate::data::remote::is_remote;
use crate::input::{is_standard, shown};
use crate::report::Failure;

/// An array in a file.
#[derive(Debug)]
pub enum Array {
    /// A dense array of one or two dimensions.
    Dense(NdArray),
    /// An array of strings or objects.
    Scalars {
        /// Rows and columns.
        shape: (usize, usize),
        /// The elements, row by row.
        elements: Vec<Scalar>,
    },
    /// A sparse matrix.
    Sparse(Csr<'static>),
}

impl Array {
    /// Opens a `.npy` or `.npz` file, or reads one from standard input.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if is_remote(path) {
            let what = "arrays are mapped into memory, which needs a file of this machine: copy it";
            return Err(Failure::unreadable(path, what));
        }
        let file = if is_standard(path) {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Failure::unreadable(shown(path), error))?;
            File::read(bytes, &Options::default())
        } else {
            File::open(path, &Options::default())
        };
        let file = file.map_err(|error| match error.code() {
            "not-a-model" => Failure::data(shown(path), "expected a .npy or .npz file"),
            _ => error.into(),
        })?;
        let graph = &file.contents().graph;
        let refused = |what: &str| Failure::data(shown(path), what);
        let node = match graph.node(graph.root()) {
            Node::Dict(pairs) => {
                if let Some(sparse) = scipy_sparse(graph, pairs) {
                    return sparse.map(Self::Sparse).map_err(|what| Failure::data(shown(path), what));
                }
                match pairs[..] {
                    [(_, only)] => only,
                    _ => return Err(refused("expected a scipy sparse matrix or one array in the .npz file")),
                }
            }
            _ => graph.root(),
        };
        let array = NdArray::read(graph, node).map_err(|error| Failure::data(shown(path), error))?;
        let array = array.ok_or_else(|| refused("expected an array"))?;
        let shape = match array.shape[..] {
            [rows] => (rows, 1),
            [rows, cols] => (rows, cols),
            _ => return Err(refused("expected an array of one or two dimensions")),
        };
        if array.dtype.is_real() {
            return Ok(Self::Dense(array));
        }
        let elements = array.to_scalars(graph).map_err(|error| Failure::data(shown(path), error))?;
        Ok(Self::Scalars { shape, elements })
    }

    /// The array as a table; `half` is what `float16` is read as, where the model takes it.
    ///
    /// # Errors
    /// What there is instead of a table.
    pub fn table(&self, half: Option<Precision>) -> Result<Table<'_>, &'static str> {
        let expected = "expected an array of numbers or strings";
        match self {
            Self::Dense(array) if is_half(&array.dtype) && half.is_none() => Err(HALF),
            Self::Dense(array) => dense(array, half).map(Table::Dense).ok_or(match array.dtype {
                DType::UInt { size: 8, .. } => "integers beyond int64 are not supported",
                _ => expected,
            }),
            Self::Scalars { shape: (rows, cols), elements } => {
                let column = |col: usize| {
                    let cells = || elements.iter().skip(col).step_by((*cols).max(1));
                    if cells().all(|cell| matches!(cell, Scalar::Str(_))) {
                        return Column::Texts(cells().filter_map(Scalar::as_str).collect());
                    }
                    Column::Objects(cells().cloned().collect())
                };
                Columns::new(*rows, None, (0..*cols).map(column).collect()).map(Table::Columns).map_err(|_| expected)
            }
            Self::Sparse(csr) => Ok(Table::Sparse(csr.clone())),
        }
    }
}

/// Where scikit-learn computes in float16, it answers in it: there is no such table.
const HALF: &str = "float16 is not supported here, where scikit-learn computes in it; widen it with \
                    `.astype(numpy.float32)`";

fn is_half(dtype: &DType) -> bool {
    matches!(dtype, DType::Float { size: 2, .. })
}

/// A view of an array of numbers, whatever its order.
fn dense(array: &NdArray, half: Option<Precision>) -> Option<Dense<'_>> {
    let (rows, cols) = match array.shape[..] {
        [rows] => (rows, 1),
        [rows, cols] => (rows, cols),
        _ => return None,
    };
    let borrowed = match array.dtype {
        DType::Float { size: 8, .. } => array.as_f64().map(|all| Elements::F64(all.into())),
        DType::Float { size: 4, .. } => array.as_f32().map(|all| Elements::F32(all.into())),
        DType::Int { size: 8, .. } => array.as_i64().map(|all| Elements::I64(all.into(), IntKind::I64)),
        _ => None,
    };
    match (borrowed, array.order) {
        (Some(elements), Order::C) => Dense::c_order(rows, cols, elements).ok(),
        (Some(elements), Order::F) => Dense::fortran_order(rows, cols, elements).ok(),
        (None, _) => {
            let elements = match array.dtype {
                // scikit-learn keeps `float32` only in the machine's byte order, and computes in doubles otherwise.
                DType::Float { size: 4, endian: Endian::Little } => Elements::F32(array.to_f32()?.into()),
                DType::Float { size: 2, .. } if half == Some(Precision::Single) => {
                    Elements::F32(array.to_f32()?.into())
                }
                DType::Float { .. } => Elements::F64(array.to_f64()?.into()),
                ref integers => Elements::I64(array.to_i64()?.into(), int_kind(integers)),
            };
            Dense::c_order(rows, cols, elements).ok()
        }
    }
}

/// The matrix that `scipy.sparse.save_npz` wrote, if it is one.
fn scipy_sparse(graph: &Graph, pairs: &[(NodeId, NodeId)]) -> Option<Result<Csr<'static>, String>> {
    let find = |name: &str| pairs.iter().find(|(key, _)| graph.str_of(*key) == Some(name)).map(|(_, value)| *value);
    let format = find("format")?;
    Some(read_sparse(graph, find, format))
}

fn read_sparse(graph: &Graph, find: impl Fn(&str) -> Option<NodeId>, format: NodeId) -> Result<Csr<'static>, String> {
    let array = |name: &str| -> Result<NdArray, String> {
        let node = find(name).ok_or_else(|| format!("the sparse matrix has no `{name}`"))?;
        let array = NdArray::read(graph, node).map_err(|error| error.to_string())?;
        array.ok_or_else(|| format!("`{name}` of the sparse matrix is not an array"))
    };
    let name = NdArray::read(graph, format).ok().flatten().and_then(|array| array.to_scalars(graph).ok());
    let format = match name.as_deref() {
        Some([Scalar::Bytes(name)]) if name == b"csr" => SparseFormat::Csr,
        Some([Scalar::Bytes(name)]) if name == b"csc" => SparseFormat::Csc,
        Some([Scalar::Str(name)]) if name == "csr" => SparseFormat::Csr,
        Some([Scalar::Str(name)]) if name == "csc" => SparseFormat::Csc,
        _ => return Err("expected a sparse matrix as `csr` or `csc`; save it with `.tocsr()`".to_owned()),
    };
    let shape = array("shape")?.to_i64().unwrap_or_default();
    let [rows, cols] = shape[..] else { return Err("the sparse matrix does not have two dimensions".to_owned()) };
    let (Ok(rows), Ok(cols)) = (usize::try_from(rows), usize::try_from(cols)) else {
        return Err("the sparse matrix has a negative shape".to_owned());
    };
    let [data, indices, indptr] = [array("data")?, array("indices")?, array("indptr")?];
    if is_half(&data.dtype) {
        return Err(HALF.to_owned());
    }
    let sparse = Sparse::from_parts(format, (rows, cols), data, indices, indptr, graph.root());
    let sparse = sparse.map_err(|error| error.to_string())?;
    let dtype = match sparse.data.dtype {
        DType::Float { size: 4, endian: Endian::Little } => NumberType::Float(Precision::Single),
        DType::Float { .. } => NumberType::Float(Precision::Double),
        ref integers => NumberType::Int(int_kind(integers)),
    };
    Csr::read(&sparse, dtype).map_err(|error| error.to_string())
}

/// The size determines the dtype of numpy's functions: `exp` of `int16` is `float32`, of `int64` `float64`.
fn int_kind(dtype: &DType) -> IntKind {
    match dtype {
        DType::Bool => IntKind::Bool,
        DType::Int { size, .. } => IntKind::Int { bytes: u8::try_from(*size).unwrap_or(8), signed: true },
        DType::UInt { size, .. } => IntKind::Int { bytes: u8::try_from(*size).unwrap_or(8), signed: false },
        _ => IntKind::I64,
    }
}
