//! `sklearn.neighbors.NeighborhoodComponentsAnalysis`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Dtype};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const NEIGHBORHOOD_COMPONENTS_ANALYSIS: Class = class! {
    /// A projection in which rows of one class are near each other.
    ///
    /// # Reads
    /// `components_`.
    /// # Transforms
    /// `X · components_ᵀ`.
    /// # Older versions
    /// The state has been the same since 0.21, which has the class first.
    paths: ["sklearn.neighbors._nca.NeighborhoodComponentsAnalysis", "sklearn.neighbors.nca.NeighborhoodComponentsAnalysis"],
    training_only: ["_n_features_out", "callback", "init", "max_iter", "n_components", "n_iter_", "random_state", "random_state_", "tol", "verbose", "warm_start"],
    read: NeighborhoodComponentsAnalysis::read,
};

/// A fitted `NeighborhoodComponentsAnalysis`.
#[derive(Debug)]
pub struct NeighborhoodComponentsAnalysis {
    /// By `components_`, (n_components, n_features).
    projection: Arc<Affine>,
    /// The number of names of `get_feature_names_out`.
    names_out: usize,
}

impl NeighborhoodComponentsAnalysis {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let coef = numbers.into_matrix();
        let coef = coef.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", coef.cols)?;
        // Versions 1.1 to 1.4 store a separate count, which is that of the features.
        let names_out = match fields.has("_n_features_out") {
            true => fields.count("_n_features_out")?,
            false => coef.rows,
        };
        Ok(Self { projection: Arc::new(Affine::new(coef, Vec::new(), precision)), names_out })
    }
}

impl Estimator for NeighborhoodComponentsAnalysis {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric), self.projection.coef.cols);
                Ok(Output::matrix(plan.push(&self.projection, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.names_out)?;
        Ok(names::class_prefix(header, self.names_out))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.projection.coef.cols)
    }
}
