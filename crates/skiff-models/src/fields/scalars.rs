//! Attributes that are scalars.

use skiff_files::{NdArray, Scalar};
use skiff_pickle::NodeId;

use super::{Fields, ReadError, ReadErrorKind};

impl Fields<'_, '_> {
    /// A Python or numpy scalar.
    ///
    /// # Errors
    /// When there is no such attribute, or it is not a scalar. `None` is a scalar here.
    pub fn scalar(&self, name: &str) -> Result<Scalar, ReadError> {
        let node = self.node(name).ok_or_else(|| self.error_at(name, ReadErrorKind::Missing))?;
        self.scalar_at(node, &self.path_of(name))
    }

    /// The scalar at a node, for values within lists and dicts.
    ///
    /// # Errors
    /// When the node is not a scalar.
    pub fn scalar_at(&self, node: NodeId, path: &str) -> Result<Scalar, ReadError> {
        match Scalar::read(self.graph(), node) {
            Ok(Some(scalar)) => {
                if let Scalar::Str(text) = &scalar {
                    self.spend(path, text.len())?;
                }
                Ok(scalar)
            }
            Ok(None) => Err(self.unexpected_at(node, path, "a scalar")),
            Err(error) => Err(ReadError::new(path.to_owned(), ReadErrorKind::Value(error))),
        }
    }

    /// A number as `f64`.
    ///
    /// # Errors
    /// When it is missing, or not a number.
    pub fn float(&self, name: &str) -> Result<f64, ReadError> {
        self.float_or_none(name)?.ok_or_else(|| self.error_at(name, ReadErrorKind::Missing))
    }

    /// A number as `f64`; `None` when the attribute is absent or `None`.
    ///
    /// # Errors
    /// When it is not a number.
    pub fn float_or_none(&self, name: &str) -> Result<Option<f64>, ReadError> {
        let Some(node) = self.optional(name) else { return Ok(None) };
        match self.scalar_at_or_single(node, name)? {
            Scalar::Float(value) => Ok(Some(value)),
            #[expect(
                clippy::as_conversions,
                clippy::cast_precision_loss,
                reason = "Python's float(int) rounds as well"
            )]
            Scalar::Int(value) => Ok(Some(value as f64)),
            Scalar::Bool(value) => Ok(Some(f64::from(value))),
            _ => Err(self.unexpected(name, "a number")),
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// When it is missing, or not an integer.
    pub fn int(&self, name: &str) -> Result<i64, ReadError> {
        self.int_or_none(name)?.ok_or_else(|| self.error_at(name, ReadErrorKind::Missing))
    }

    /// An integer; `None` when the attribute is absent or `None`.
    ///
    /// # Errors
    /// When it is not an integer.
    pub fn int_or_none(&self, name: &str) -> Result<Option<i64>, ReadError> {
        let Some(node) = self.optional(name) else { return Ok(None) };
        match self.scalar_at_or_single(node, name)? {
            Scalar::Int(value) => Ok(Some(value)),
            Scalar::Bool(value) => Ok(Some(i64::from(value))),
            _ => Err(self.unexpected(name, "an integer")),
        }
    }

    /// A count.
    ///
    /// # Errors
    /// When there is none, or it is negative.
    pub fn count(&self, name: &str) -> Result<usize, ReadError> {
        usize::try_from(self.int(name)?).map_err(|_| self.unexpected(name, "a count"))
    }

    /// A bool; `default` if the attribute is missing.
    ///
    /// # Errors
    /// When it is neither a bool nor an integer.
    pub fn bool_or(&self, name: &str, default: bool) -> Result<bool, ReadError> {
        Ok(self.int_or_none(name)?.map_or(default, |value| value != 0))
    }

    /// A bool.
    ///
    /// # Errors
    /// When there is none.
    pub fn bool(&self, name: &str) -> Result<bool, ReadError> {
        self.int(name).map(|value| value != 0)
    }

    /// A string; `None` when the attribute is absent or `None`.
    ///
    /// # Errors
    /// When it is not a string.
    pub fn string_or_none(&self, name: &str) -> Result<Option<String>, ReadError> {
        if !self.has(name) {
            return Ok(None);
        }
        match self.scalar(name)? {
            Scalar::Str(text) => Ok(Some(text)),
            _ => Err(self.unexpected(name, "a string")),
        }
    }

    /// A string.
    ///
    /// # Errors
    /// When there is none.
    pub fn string(&self, name: &str) -> Result<String, ReadError> {
        self.string_or_none(name)?.ok_or_else(|| self.error_at(name, ReadErrorKind::Missing))
    }

    /// A number that may be wrapped in an array of one element, as some versions write it.
    fn scalar_at_or_single(&self, node: NodeId, name: &str) -> Result<Scalar, ReadError> {
        if let Ok(Some(array)) = NdArray::read(self.graph(), node)
            && array.len() == 1
            && let Some(&[value]) = array.to_f64().as_deref()
        {
            return Ok(Scalar::Float(value));
        }
        self.scalar_at(node, &self.path_of(name))
    }
}
