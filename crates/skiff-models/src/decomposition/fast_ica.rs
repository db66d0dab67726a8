//! `sklearn.decomposition.FastICA`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Center, Project};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const FAST_ICA: Class = class! {
    /// Independent component analysis.
    ///
    /// # Reads
    /// `components_`, `mixing_`; `mean_` unless `whiten=False`.
    /// # Transforms
    /// `(X - mean_) · components_ᵀ`; `inverse_transform` is `X · mixing_ᵀ + mean_`.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.decomposition._fastica.FastICA", "sklearn.decomposition.fastica_.FastICA"],
    training_only: ["__sources", "_unmixing", "_whiten", "algorithm", "fun", "fun_args", "max_iter", "mean_", "n_components", "n_iter_", "random_state", "tol", "w_init", "whiten_solver", "whitening_"],
    read: FastICA::read,
};

/// A fitted `FastICA`.
#[derive(Debug)]
pub struct FastICA {
    /// `components_`, (n_components, n_features).
    components: Arc<Matrix<'static, f64>>,
    precision: Precision,
    /// `mean_`, unless `whiten=False`.
    mean: Option<Vec<f64>>,
    /// By `mixing_`.
    back: Arc<Affine>,
}

impl FastICA {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let mut precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        let node = fields.required("whiten")?;
        let whiten = fields.graph().str_of(node).is_some() || fields.bool("whiten")?;
        let mean = match whiten {
            true => {
                precision = precision.promote(fields.numbers("mean_")?.precision);
                Some(fields.vector_of("mean_", components.cols)?)
            }
            false => None,
        };
        let numbers = fields.numbers("mixing_")?;
        let mixing_precision = numbers.precision;
        let coef =
            numbers.into_matrix().filter(|matrix| (matrix.rows, matrix.cols) == (components.cols, components.rows));
        let coef = coef.ok_or_else(|| fields.unexpected("mixing_", "an array of the shape of `components_.T`"))?;
        let back = Affine::new(coef, mean.clone().unwrap_or_default(), mixing_precision);
        Ok(Self { components: Arc::new(components), precision, mean, back: Arc::new(back) })
    }
}

impl Estimator for FastICA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let x = plan.check(input, ArrayRule::FLOATS, self.components.cols);
                let (components, precision) = (Arc::clone(&self.components), self.precision);
                Ok(Output::matrix(match &self.mean {
                    Some(mean) => {
                        let center = Center::Rows(mean.clone());
                        plan.push(Project::new(components, center, Vec::new(), precision), &[x])
                    }
                    None => {
                        let coef = Matrix::clone(&components);
                        plan.push(Affine::new(coef, Vec::new(), precision), &[x])
                    }
                }))
            }
            Method::InverseTransform => {
                let x = plan.check(input, ArrayRule::FLOATS.any_names(), self.components.rows);
                Ok(Output::matrix(plan.push(&self.back, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.components.rows)?;
        Ok(names::class_prefix(header, self.components.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.cols)
    }
}
