//! From scikit-learn 0.19 to 0.20.

use crate::rule::Boundary;

pub(crate) const BOUNDARY: Boundary = Boundary { renames: &[], values: &[], rules: &[] };
