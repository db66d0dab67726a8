//! `LinearModel`: the common part of linear regressors, here and in `sklearn.svm`.

use skiff_files::DType;
use skiff_plan::operators::{Finite, Refuse, to_sparse};
use skiff_plan::value::{Precision, Value};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::Coefficients;
use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{ComputedAttribute, Estimator, Scoring};

/// `predict` of one output or of several: `X @ coef_.T + intercept_`.
#[derive(Debug)]
pub(crate) struct LinearRegressor {
    coefficients: Coefficients,
    /// Whether it has `sparse_coef_`.
    has_sparse_coef: bool,
}

impl LinearRegressor {
    /// Reads `coef_` and `intercept_`.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { coefficients: Coefficients::read(fields)?, has_sparse_coef: false })
    }

    /// As [`LinearRegressor::read`], for `ElasticNet` and what derives from it: its `_decision_function` multiplies sparse
    /// rows without `check_array`.
    pub(crate) fn read_elastic_net(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let mut coefficients = Coefficients::read(fields)?;
        coefficients.finite = Finite::AllOfDense;
        Ok(Self { coefficients, has_sparse_coef: true })
    }

    /// As [`LinearRegressor::read`], for estimators of one output that flatten their results.
    pub(crate) fn read_single(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let mut coefficients = Coefficients::read(fields)?;
        fields.expect_len("coef_", coefficients.outputs(), 1)?;
        coefficients.rank = Rank::One;
        Ok(Self { coefficients, has_sparse_coef: false })
    }
}

impl Estimator for LinearRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            // Until 0.18 regressors had it too.
            Method::DecisionFunction if !plan.header().before(0, 19) => plan.no_method(method),
            Method::Predict | Method::DecisionFunction => {
                let mut scores = self.coefficients.scores(input, plan);
                // `X @ coef_.T` since 0.22, which raises; `np.dot` before.
                if self.coefficients.is_number && !plan.header().before(0, 22) {
                    scores = plan.push(Refuse { message: "a `coef_` without dimensions" }, &[scores]);
                }
                Ok(Output::One(scores, self.coefficients.rank))
            }
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.coefficients.n_features())
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        if self.has_sparse_coef { vec![("sparse_coef_", Box::new(sparse_coef))] } else { Vec::new() }
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}

/// `sparse_coef_`: `scipy.sparse.csr_matrix(coef_)`.
fn sparse_coef(attributes: &Attributes<'_>) -> Option<Computed> {
    let single = matches!(attributes.array("coef_")?.dtype, DType::Float { size: 4, .. });
    let precision = if single { Precision::Single } else { Precision::Double };
    let csr = to_sparse(&Value::Floats(attributes.matrix("coef_")?, precision)).ok()?;
    Some(Computed::matrix(Value::Sparse(csr)))
}
