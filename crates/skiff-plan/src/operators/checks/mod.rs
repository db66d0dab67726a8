//! Input validation: `check_array`, and the checks of tables whose columns go different ways.

pub(crate) mod check;
mod check_table;
mod refuse;
mod refuse_sparse;

pub use check::{ArrayRule, Check, Dtype, Finite, SparseRule};
pub use check_table::{CheckTable, TableNames};
pub use refuse::Refuse;
pub use refuse_sparse::RefuseSparse;
