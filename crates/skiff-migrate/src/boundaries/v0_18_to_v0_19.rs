//! From scikit-learn 0.18 to 0.19.

use crate::rule::Boundary;

pub(crate) const BOUNDARY: Boundary = Boundary { renames: &[], values: &[], rules: &[] };
