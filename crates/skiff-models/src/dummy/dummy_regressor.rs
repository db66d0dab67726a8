//! `sklearn.dummy.DummyRegressor`.

use skiff_files::DType;
use skiff_plan::operators::{ConstantRow, Repeat};
use skiff_plan::value::{IntKind, Precision};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::check_rows;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const DUMMY_REGRESSOR: Class = class! {
    /// The same value for every row: the mean, median or quantile of the fit, or a constant.
    ///
    /// # Reads
    /// `constant_`, `n_outputs_`.
    /// # Predicts
    /// `constant_`, whatever the rows; with `return_std` also zeros.
    /// # Older versions
    /// Before 0.22, `output_2d_` recorded whether a single output is a column of two dimensions. Before 0.20 there was no
    /// `return_std`, integers became floats, and the rows were validated.
    paths: ["sklearn.dummy.DummyRegressor"],
    read: DummyRegressor::read,
};

/// A fitted `DummyRegressor`.
#[derive(Debug)]
pub struct DummyRegressor {
    /// `constant_`, (1, n_outputs).
    constant: ConstantRow,
    n_outputs: usize,
    rank: Rank,
    /// Whether it is of before 0.20.
    is_old: bool,
}

impl DummyRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let n_outputs = fields.count("n_outputs_")?;
        let numbers = fields.numbers("constant_")?;
        fields.expect_len("constant_", numbers.data.len(), n_outputs)?;
        let constant = match integer_kind(&fields.array("constant_")?.dtype) {
            _ if fields.before(0, 20) => ConstantRow::Floats(numbers.data, Precision::Double),
            Some(kind) => ConstantRow::Ints(fields.ints("constant_")?, kind),
            None => ConstantRow::Floats(numbers.data, numbers.precision),
        };
        let flat = !fields.bool_or("output_2d_", false)? && n_outputs == 1;
        fields.training_only(&["constant", "quantile", "strategy"]);
        let rank = if flat { Rank::One } else { Rank::Two };
        Ok(Self { constant, n_outputs, rank, is_old: fields.before(0, 20) })
    }
}

fn integer_kind(dtype: &DType) -> Option<IntKind> {
    match dtype {
        DType::Bool => Some(IntKind::Bool),
        DType::Int { size, .. } => Some(IntKind::Int { bytes: u8::try_from(*size).ok()?, signed: true }),
        DType::UInt { size, .. } => Some(IntKind::Int { bytes: u8::try_from(*size).ok()?, signed: false }),
        _ => None,
    }
}

impl Estimator for DummyRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let input = if self.is_old { check_rows(input, plan) } else { input };
        let value = plan.push(Repeat { row: self.constant.clone() }, &[input]);
        let value = Output::One(value, self.rank);
        if self.is_old || !params.flag("return_std", false) {
            return Ok(value);
        }
        let zeros = ConstantRow::Floats(vec![0.0; self.n_outputs], Precision::Double);
        let deviation = plan.push(Repeat { row: zeros }, &[input]);
        Ok(Output::Tuple(vec![value, Output::One(deviation, self.rank)]))
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
