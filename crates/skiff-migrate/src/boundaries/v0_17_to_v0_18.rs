//! From scikit-learn 0.17 to 0.18.

use crate::rule::Boundary;

pub(crate) const BOUNDARY: Boundary = Boundary { renames: &[], values: &[], rules: &[] };
