//! `SelectorMixin`: the common part of feature selectors, given the selected columns.

use skiff_plan::operators::{
    ArrayRule, Concatenate, ConstantRow, Dtype, Finite, InsertColumns, Layout, Repeat, SelectColumns, Selection,
    SparseRule,
};
use skiff_plan::value::{IntKind, Matrix, Precision, Value};
use skiff_plan::{Answer, Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Container, Header, Lowering, Params, Refusal};
use crate::model::NamesError;
use crate::names;

/// The selected columns.
#[derive(Debug)]
pub(crate) struct SelectedColumns {
    /// `_get_support_mask()`, one for each column.
    support: Vec<bool>,
    /// The numbers that rows may have.
    finite: Finite,
    /// The dtype of the rows: before 0.20 numbers only.
    dtype: Dtype,
    /// Whether a table without columns has the dtype of the rows, as since 1.1.
    keeps_dtype: bool,
    /// Whether a DataFrame is not validated where the output is one: from 1.3 on.
    keeps_frames: bool,
}

impl SelectedColumns {
    /// The columns whose `support` is true; `name` is its attribute.
    pub(crate) fn new(
        fields: &Fields<'_, '_>,
        name: &str,
        support: Vec<bool>,
        finite: Finite,
    ) -> Result<Self, ReadError> {
        fields.expect_n_features(name, support.len())?;
        let dtype = if fields.before(0, 20) { Dtype::Numeric } else { Dtype::Any };
        Ok(Self { support, finite, dtype, keeps_dtype: !fields.before(1, 1), keeps_frames: !fields.before(1, 3) })
    }

    /// The same, with the dtype of the rows where there is none.
    pub(crate) fn keeping_dtype(self) -> Self {
        Self { keeps_dtype: true, ..self }
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        !self.support.contains(&true)
    }

    pub(crate) fn n_features_in(&self) -> usize {
        self.support.len()
    }

    /// The indices of the selected columns.
    fn places(&self) -> Vec<usize> {
        self.support.iter().enumerate().filter(|(_, stays)| **stays).map(|(column, _)| column).collect()
    }

    pub(crate) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let (places, width) = (self.places(), self.support.len());
        match method {
            Method::Transform => {
                let rule = ArrayRule::FLOATS.dtype(self.dtype).finite(self.finite).whole();
                let keeps_frames = self.keeps_frames && plan.header().set_output.as_deref() == Some("pandas");
                let rule = match plan.container(input) {
                    Container::Frame if keeps_frames => rule.finite(Finite::Any),
                    Container::AsGiven if keeps_frames => rule.frames_unchecked(),
                    _ => rule,
                };
                let rule = if plan.header().wraps_output() { rule } else { rule.sparse(SparseRule::Accept) };
                let mut x = plan.check(input, rule, width);
                // A DataFrame becomes one array, unless the output is a DataFrame.
                if plan.header().set_output.is_none() {
                    let layout = if plan.header().before(1, 1) { Layout::Any } else { Layout::Checked };
                    x = plan.push(Concatenate { layout }, &[x]);
                }
                if places.is_empty() {
                    // scikit-learn returns a dense array here, for sparse rows too.
                    if !self.keeps_dtype {
                        let row = ConstantRow::Floats(Vec::new(), Precision::Double);
                        return Ok(Output::matrix(plan.push(Repeat { row }, &[x])));
                    }
                    let none = plan.push(SelectColumns { by: Selection::Places(places), series: false }, &[x]);
                    let layout = if plan.header().set_output.is_none() { Layout::Dense } else { Layout::Separate };
                    return Ok(Output::matrix(plan.push(Concatenate { layout }, &[none])));
                }
                Ok(Output::matrix(plan.push(SelectColumns { by: Selection::Places(places), series: false }, &[x])))
            }
            Method::InverseTransform if places.is_empty() => plan.unsupported(method, "no selected column"),
            Method::InverseTransform => {
                let rule = ArrayRule::FLOATS.dtype(self.dtype).finite(Finite::AllOfDense);
                let x = plan.check(input, rule.sparse(SparseRule::Accept).any_names(), places.len());
                let x = plan.push(Concatenate { layout: Layout::Any }, &[x]);
                Ok(Output::matrix(plan.push(InsertColumns { places, width }, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    pub(crate) fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        Ok(self.places().into_iter().filter_map(|at| input.get(at).cloned()).collect())
    }

    /// `get_support`: the selected columns, as bools or as indices.
    pub(crate) fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        if method != "get_support" {
            return None;
        }
        let (values, kind): (Vec<i64>, _) = match params.flag("indices", false) {
            true => (self.places().into_iter().filter_map(|at| i64::try_from(at).ok()).collect(), IntKind::I64),
            false => (self.support.iter().map(|&stays| i64::from(stays)).collect(), IntKind::Bool),
        };
        Some(Answer::One(Value::Ints(Matrix::new(values.len(), 1, values), kind), Rank::One))
    }
}

/// The methods of [`Estimator`](crate::model::Estimator) about the columns that a selector selects: used within its `impl`,
/// as `selects_columns!(self => self.columns)`.
macro_rules! selects_columns {
    ($this:ident => $columns:expr) => {
        fn feature_names_out(
            &$this,
            header: &crate::lowering::Header,
            input: &[String],
        ) -> Result<Vec<String>, crate::model::NamesError> {
            $columns.feature_names_out(header, input)
        }

        fn without_rows(&$this, method: &str, params: &crate::lowering::Params) -> Option<skiff_plan::Answer> {
            $columns.without_rows(method, params)
        }

        fn n_features_in(&$this) -> Option<usize> {
            Some($columns.n_features_in())
        }
    };
}

pub(crate) use selects_columns;
