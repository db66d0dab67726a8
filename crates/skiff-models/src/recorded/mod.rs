//! Recorded results of scikit-learn, to compare with skiff's: shape, dtype, and every element.
//!
//! Recorded results may come from an untrusted file: comparing them never panics, and takes time and memory linear in their size.

mod difference;
mod elements;
use skiff_files::{NdArray, Scalar};
use skiff_plan::table::DictValue;
use skiff_plan::value::{Columns, Csr};

pub use difference::{Comparison, Difference, Element, compare, is_among};

/// A result of scikit-learn.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An array, with its original dtype and shape.
    Array(NdArray),
    /// A sparse matrix. Its index arrays agree with each other and with its shape.
    Sparse(Csr<'static>),
    /// An array of objects: its shape, and its elements row by row.
    Objects(Vec<usize>, Vec<Scalar>),
    /// A list or a tuple of arrays.
    List(Vec<Answer>),
    /// A list of mappings.
    Dicts(Vec<Vec<(String, DictValue)>>),
    /// A DataFrame, selected by `set_output`.
    Frame(Columns<'static>),
}

impl Answer {
    /// The greatest finite number in it, without its sign; 0 where it has none.
    pub fn greatest(&self) -> f64 {
        let of = |values: Vec<f64>| {
            values.into_iter().filter(|value| value.is_finite()).fold(0.0, |most: f64, value| most.max(value.abs()))
        };
        match self {
            Self::Array(array) => array.to_f64().map_or(0.0, of),
            Self::Sparse(csr) => of(csr.data.to_vec()),
            Self::Objects(_, values) => of(values.iter().filter_map(Scalar::as_f64).collect()),
            Self::List(items) => items.iter().map(Self::greatest).fold(0.0, f64::max),
            Self::Dicts(_) => 0.0,
            Self::Frame(columns) => {
                let numbers = elements::column_scalars(columns).unwrap_or_default();
                of(numbers.iter().filter_map(Scalar::as_f64).collect())
            }
        }
    }
}

/// The tolerance between numbers. Labels, strings, shapes and dtypes may never differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Bit for bit; NaN equals NaN.
    Exact,
    /// Relative to the expected number, or to 10⁻³ of the result's greatest: sums that cancel are judged relative to
    /// their terms.
    Relative(f64),
}

impl Tolerance {
    /// The tolerance for the result's dtype: 10⁻¹⁰ for `float64`, 10⁻⁵ for `float32`.
    pub const DOUBLE: Self = Self::Relative(1e-10);
    /// See [`Tolerance::DOUBLE`].
    pub const SINGLE: Self = Self::Relative(1e-5);

    fn holds(self, expected: f64, found: f64, greatest: f64) -> bool {
        if expected == found || (expected.is_nan() && found.is_nan()) {
            return true;
        }
        match self {
            Self::Exact => false,
            // An infinity is near only itself.
            Self::Relative(_) if !expected.is_finite() || !found.is_finite() => false,
            Self::Relative(share) => (expected - found).abs() <= share * expected.abs().max(1e-3 * greatest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_judged_by_what_they_are_sums_of() {
        let relative = Tolerance::DOUBLE;
        assert!(relative.holds(1.0, 1.0 + 5e-11, 1.0));
        assert!(!relative.holds(1.0, 1.0 + 2e-10, 1.0));
        assert!(relative.holds(0.0, 5e-14, 1.0));
        assert!(!relative.holds(0.0, 5e-13, 1.0));
        assert!(relative.holds(f64::NAN, f64::NAN, 1.0));
        assert!(!relative.holds(f64::NAN, 0.0, 1.0));
        assert!(!relative.holds(f64::INFINITY, f64::NEG_INFINITY, 1.0));
        assert!(!Tolerance::Exact.holds(1.0, 1.0 + f64::EPSILON, 1.0));
    }
}
