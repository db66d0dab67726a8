//! Rows as combinations of components, found by iteration or by least squares.

mod non_negative_weights;
mod ridge_code;
mod sparse_code;

pub use non_negative_weights::{MultiplicativeEnd, NonNegativeWeights, WeightSolver};
pub use ridge_code::{RidgeCode, ScaleCodes};
pub use sparse_code::{CodeDtype, CodeDtypes, Coding, SparseCode};
