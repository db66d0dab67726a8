//! Attributes that are arrays: numbers, labels, sparse matrices.

use std::sync::Arc;

use skiff_files::{DType, NdArray, Scalar, Sparse};
use skiff_pickle::{Node, NodeId};
use skiff_plan::value::{Classes, IntKind, Matrix, Precision, ValueKind};

use super::numbers::{Numbers, precision_of};
use super::{Fields, ReadError, ReadErrorKind};

/// The most numbers that a sparse matrix is made dense to, unless it stores a good part of them.
const DENSE_NUMBERS: usize = 1 << 22;

impl Fields<'_, '_> {
    /// An array of any kind.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn array(&self, name: &str) -> Result<NdArray, ReadError> {
        self.array_at(self.required(name)?, &self.path_of(name))
    }

    /// The array at a node, for arrays within lists and dicts.
    ///
    /// # Errors
    /// When the node is not an array, or it is damaged.
    pub fn array_at(&self, node: NodeId, path: &str) -> Result<NdArray, ReadError> {
        match NdArray::read(self.graph(), node) {
            Ok(Some(array)) => {
                // Readers convert elements to eight bytes at least.
                self.spend(path, array.len().saturating_mul(array.dtype.itemsize().unwrap_or(8).max(8)))?;
                Ok(array)
            }
            Ok(None) => Err(self.unexpected_at(node, path, "an array")),
            Err(error) => Err(ReadError::new(path.to_owned(), ReadErrorKind::Value(error))),
        }
    }

    /// The numbers of an array in C order, with its shape and dtype.
    ///
    /// # Errors
    /// When there is none, or its elements are not numbers.
    pub fn numbers(&self, name: &str) -> Result<Numbers, ReadError> {
        self.numbers_at(self.required(name)?, &self.path_of(name))
    }

    /// The numbers of the array at a node.
    ///
    /// # Errors
    /// When its elements are not numbers.
    pub fn numbers_at(&self, node: NodeId, path: &str) -> Result<Numbers, ReadError> {
        let array = self.array_at(node, path)?;
        let precision = precision_of(&array.dtype);
        let data = array.to_f64().ok_or_else(|| self.unexpected_at(node, path, "an array of numbers"))?;
        Ok(Numbers { shape: array.shape, data, precision })
    }

    /// Like [`Fields::numbers`], if any numbers are valid: if the estimator is only checked, float64 are not read, and
    /// zeros are returned.
    pub(crate) fn any_numbers(&self, name: &str) -> Result<Numbers, ReadError> {
        if self.checks_only() {
            let array = self.array_at(self.required(name)?, &self.path_of(name))?;
            if matches!(array.dtype, DType::Float { size: 8, .. }) && array.size().is_some() {
                let data = vec![0.0; array.len()];
                return Ok(Numbers { shape: array.shape, data, precision: Precision::Double });
            }
        }
        self.numbers(name)
    }

    /// A matrix; see [`Fields::numbers`] for its dtype.
    ///
    /// # Errors
    /// When there is none, or it does not have two dimensions.
    pub fn matrix(&self, name: &str) -> Result<Matrix<'static, f64>, ReadError> {
        let numbers = self.numbers(name)?;
        numbers.into_matrix().ok_or_else(|| self.unexpected(name, "an array of two dimensions"))
    }

    /// A matrix that the fit kept dense or sparse, as a dense one, and the dtype of its numbers.
    ///
    /// # Errors
    /// When there is none, it does not have two dimensions, or is sparse and would be far larger dense.
    pub fn dense_matrix(&self, name: &str) -> Result<(Matrix<'static, f64>, Precision), ReadError> {
        let node = self.required(name)?;
        if NdArray::read(self.graph(), node).is_ok_and(|array| array.is_some()) {
            let numbers = self.numbers(name)?;
            let precision = numbers.precision;
            let matrix = numbers.into_matrix().ok_or_else(|| self.unexpected(name, "an array of two dimensions"))?;
            return Ok((matrix, precision));
        }
        let sparse = self.sparse(name)?;
        let most = DENSE_NUMBERS.max(sparse.stored().saturating_mul(64));
        let (rows, cols) = sparse.shape;
        let precision = match sparse.data.dtype {
            DType::Float { size: 2 | 4, .. } => Precision::Single,
            _ => Precision::Double,
        };
        let data = sparse
            .to_dense(most)
            .ok_or_else(|| self.unsupported(name, format!("a sparse matrix of {rows} × {cols} with too few values")))?;
        Ok((Matrix::new(rows, cols, data), precision))
    }

    /// A vector.
    ///
    /// # Errors
    /// When there is none, or it does not have one dimension.
    pub fn vector(&self, name: &str) -> Result<Vec<f64>, ReadError> {
        let numbers = self.numbers(name)?;
        match numbers.shape[..] {
            [_] => Ok(numbers.data),
            _ => Err(self.unexpected(name, "an array of one dimension")),
        }
    }

    /// A vector of `len` numbers.
    ///
    /// # Errors
    /// When there is none, or it has another length.
    pub fn vector_of(&self, name: &str, len: usize) -> Result<Vec<f64>, ReadError> {
        let vector = self.vector(name)?;
        self.expect_len(name, vector.len(), len)?;
        Ok(vector)
    }

    /// A vector of `len` numbers; `None` when the attribute is absent or `None`.
    ///
    /// # Errors
    /// As [`Fields::vector_of`].
    pub fn vector_or_none(&self, name: &str, len: usize) -> Result<Option<Vec<f64>>, ReadError> {
        if self.has(name) { self.vector_of(name, len).map(Some) } else { Ok(None) }
    }

    /// An array of integers of any number of dimensions, in C order.
    ///
    /// # Errors
    /// When there is none, or its elements are not integers.
    pub fn ints(&self, name: &str) -> Result<Vec<i64>, ReadError> {
        let array = self.array(name)?;
        array.to_i64().ok_or_else(|| self.unexpected(name, "an array of integers"))
    }

    /// A sparse matrix.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn sparse(&self, name: &str) -> Result<Sparse, ReadError> {
        let node = self.required(name)?;
        match Sparse::read(self.graph(), node) {
            Ok(Some(sparse)) => {
                // Rows and columns are charged as well: transposing compresses along the other axis.
                let lines = sparse.shape.0.saturating_add(sparse.shape.1);
                self.spend(
                    &self.path_of(name),
                    sparse.stored().saturating_mul(2).saturating_add(lines).saturating_mul(8),
                )?;
                Ok(sparse)
            }
            Ok(None) => Err(self.unexpected(name, "a sparse matrix")),
            Err(error) => Err(self.error_at(name, ReadErrorKind::Value(error))),
        }
    }

    /// `classes_` of one output.
    ///
    /// # Errors
    /// When there is none, or its elements cannot be labels.
    pub fn classes(&self, name: &str) -> Result<Arc<Classes>, ReadError> {
        self.classes_at(self.required(name)?, &self.path_of(name))
    }

    /// `classes_` of one output or of several: an array, or a list of arrays.
    ///
    /// # Errors
    /// As [`Fields::classes`].
    pub fn classes_list(&self, name: &str) -> Result<Vec<Arc<Classes>>, ReadError> {
        let node = self.required(name)?;
        match self.graph().items(node) {
            Some(items) => {
                let path = self.path_of(name);
                let each = items.iter().enumerate();
                each.map(|(index, &item)| self.classes_at(item, &format!("{path}[{index}]"))).collect()
            }
            None => Ok(vec![self.classes(name)?]),
        }
    }

    /// The labels in the array at a node.
    ///
    /// # Errors
    /// As [`Fields::classes`].
    pub fn classes_at(&self, node: NodeId, path: &str) -> Result<Arc<Classes>, ReadError> {
        let array = self.array_at(node, path)?;
        let classes = match array.dtype {
            DType::Bool => array.to_i64().map(|values| Classes::Ints(values, IntKind::Bool)),
            DType::Int { size, .. } | DType::UInt { size, .. } => {
                let signed = matches!(array.dtype, DType::Int { .. });
                let bytes = u8::try_from(size).unwrap_or(8);
                let values = if size == 8 && !signed { wrapped(&array) } else { array.to_i64() };
                values.map(|values| Classes::Ints(values, IntKind::Int { bytes, signed }))
            }
            DType::Float { .. } => array.to_f64().map(|values| Classes::Floats(values, precision_of(&array.dtype))),
            DType::Str { .. } => array.to_strings(self.graph()).map(Classes::Strings),
            // Strings of Python 2: the labels were strings for the user who fitted the model.
            DType::Bytes { .. } if self.is_python_2() && array.to_strings(self.graph()).is_some() => {
                array.to_strings(self.graph()).map(Classes::Strings)
            }
            DType::Bytes { len } => self.values_of(&array).map(|values| Classes::Values(values, ValueKind::Bytes(len))),
            DType::DateTime { unit, .. } => {
                self.values_of(&array).map(|values| Classes::Values(values, ValueKind::DateTime(unit)))
            }
            DType::TimeDelta { unit, .. } => {
                self.values_of(&array).map(|values| Classes::Values(values, ValueKind::TimeDelta(unit)))
            }
            DType::Object => {
                let scalars = array.to_scalars(self.graph());
                let scalars = scalars.map_err(|error| ReadError::new(path.to_owned(), ReadErrorKind::Value(error)))?;
                let is_text = NdArray::is_text(self.graph(), node)
                    && scalars.iter().all(|scalar| matches!(scalar, Scalar::Str(_)));
                Some(if is_text { Classes::Values(scalars, ValueKind::Text) } else { Classes::Objects(scalars) })
            }
            _ => None,
        };
        let unsupported = || {
            let what = format!("labels of dtype {}", array.dtype);
            ReadError::new(path.to_owned(), ReadErrorKind::Unsupported(what))
        };
        classes.map(Arc::new).ok_or_else(unsupported)
    }

    fn values_of(&self, array: &NdArray) -> Option<Vec<Scalar>> {
        array.to_scalars(self.graph()).ok()
    }

    /// Whether Python 2 wrote the file: Python 3 has no opcode for a `str` of bytes.
    pub(crate) fn is_python_2(&self) -> bool {
        self.graph().ids().any(|id| matches!(self.graph().node(id), Node::ByteStr(_)))
    }
}

/// The elements of an array of `uint64`, bit for bit.
fn wrapped(array: &NdArray) -> Option<Vec<i64>> {
    let elements = array.column()?.to_scalars()?.into_iter();
    let wrap = |element| match element {
        Scalar::Int(value) => Some(value),
        Scalar::BigInt(digits) => digits.parse::<u64>().ok().map(u64::cast_signed),
        _ => None,
    };
    elements.map(wrap).collect()
}
