//! Arrays of numbers of any dtype.

use skiff_files::DType;
use skiff_plan::value::{Matrix, Precision};

/// The numbers of an array in C order.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The numbers; their count matches the shape.
    pub data: Vec<f64>,
    /// `float32`, or any other.
    pub precision: Precision,
}

impl Numbers {
    /// The same as a matrix, if there are two dimensions.
    pub fn into_matrix(self) -> Option<Matrix<'static, f64>> {
        match self.shape[..] {
            [rows, cols] => Some(Matrix::new(rows, cols, self.data)),
            _ => None,
        }
    }

    /// The same as a matrix; a vector becomes its one row.
    pub fn into_rows(self) -> Option<Matrix<'static, f64>> {
        match self.shape[..] {
            [cols] => Some(Matrix::new(1, cols, self.data)),
            _ => self.into_matrix(),
        }
    }
}

/// `float32` and narrower stay single; everything else is double.
pub(super) fn precision_of(dtype: &DType) -> Precision {
    match dtype {
        DType::Float { size: 2 | 4, .. } => Precision::Single,
        _ => Precision::Double,
    }
}
