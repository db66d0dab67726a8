//! `sklearn.preprocessing.QuantileTransformer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Finite, Quantile, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const QUANTILE_TRANSFORMER: Class = class! {
    /// Makes each feature uniform or normal by its quantiles.
    ///
    /// # Reads
    /// `quantiles_`, `references_`, `output_distribution`, `ignore_implicit_zeros`.
    /// # Transforms
    /// The share of the fit below each value, between the quantiles on straight lines: the mean of the ways from below
    /// and from above, which differ where quantiles are equal. `output_distribution='normal'` takes the normal number
    /// with that share below it, within ±5.2. `inverse_transform` is the inverse. NaN stays NaN. In sparse rows only the
    /// stored elements are transformed; negative ones are an error unless `ignore_implicit_zeros`.
    /// # Older versions
    /// Before 0.20 NaN was an error. Before 0.21 uniform numbers, too, were within `[1e-7, 1 - 1e-7]`. Before 1.5
    /// `float32` rows were compared with the bounds in `float32`, by numpy of that time.
    paths: ["sklearn.preprocessing._data.QuantileTransformer", "sklearn.preprocessing.data.QuantileTransformer"],
    training_only: ["copy", "n_quantiles", "n_quantiles_", "random_state", "subsample"],
    read: QuantileTransformer::read,
};

/// A fitted `QuantileTransformer`.
#[derive(Debug)]
pub struct QuantileTransformer {
    forth: Arc<Quantile>,
    back: Arc<Quantile>,
    /// The numbers that rows may have.
    finite: Finite,
}

impl QuantileTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let quantiles = fields.matrix("quantiles_")?;
        fields.expect_n_features("quantiles_", quantiles.cols)?;
        let references = fields.vector_of("references_", quantiles.rows)?;
        if references.is_empty() {
            return Err(fields.damaged("references_", "there is no quantile"));
        }
        let normal = match fields.string("output_distribution")?.as_str() {
            "normal" => true,
            "uniform" => false,
            other => return Err(fields.unsupported("output_distribution", format!("`{other}`"))),
        };
        let columns: Vec<Vec<f64>> = quantiles.transposed().iter_rows().map(<[f64]>::to_vec).collect();
        // A column that was all NaN has no order.
        let ascend = |values: &[f64]| values.is_sorted() || values.iter().any(|value| value.is_nan());
        if !ascend(&references) || !columns.iter().all(|column| ascend(column)) {
            return Err(fields.damaged("quantiles_", "they are not ascending"));
        }
        let refuse_negative = !fields.bool("ignore_implicit_zeros")?;
        let uniform_is_near = fields.before(0, 21);
        let mut forth = Quantile::new(columns.clone(), references.clone(), normal, false);
        let mut back = Quantile::new(columns, references, normal, true);
        (forth.uniform_is_near, back.uniform_is_near) = (uniform_is_near, uniform_is_near);
        forth.refuse_negative = refuse_negative;
        let narrows_bounds = fields.before(1, 5);
        (forth.narrows_bounds, back.narrows_bounds) = (narrows_bounds, narrows_bounds);
        let finite = if fields.before(0, 20) { Finite::All } else { Finite::AllowNan };
        Ok(Self { forth: Arc::new(forth), back: Arc::new(back), finite })
    }
}

impl Estimator for QuantileTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.finite(self.finite).sparse(SparseRule::Accept);
        let width = self.forth.quantiles.len();
        let (x, quantile) = match method {
            Method::Transform => (plan.check(input, rule, width), &self.forth),
            Method::InverseTransform => (plan.check(input, rule.any_names(), width), &self.back),
            _ => return plan.no_method(method),
        };
        Ok(Output::matrix(plan.push(quantile, &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.forth.quantiles.len())
    }
}
