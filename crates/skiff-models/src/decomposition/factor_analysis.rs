//! `sklearn.decomposition.FactorAnalysis`.

use std::sync::Arc;

use skiff_plan::kernels::lu::Lu;
use skiff_plan::operators::{ArrayRule, Center, Elementwise, Function, Mahalanobis, Project};
use skiff_plan::value::{Matrix, Precision, Value};
use skiff_plan::{Answer, Method, Output, Rank, ValueId};

use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Scoring, class};
use crate::names;

pub(crate) const FACTOR_ANALYSIS: Class = class! {
    /// Factor analysis: a Gaussian with a few factors, and separate noise for each feature.
    ///
    /// # Reads
    /// `components_`, `noise_variance_`, `mean_`.
    /// # Transforms
    /// The expected factors: `(X - mean_) · Wᵀ · (I + W · components_ᵀ)⁻¹` with `W = components_ / noise_variance_`.
    /// `score_samples` is the logarithm of the density of the Gaussian whose covariance is `components_ᵀ · components_
    /// + diag(noise_variance_)`. `get_covariance` and `get_precision` take no rows.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.decomposition._factor_analysis.FactorAnalysis", "sklearn.decomposition.factor_analysis.FactorAnalysis"],
    training_only: ["copy", "iterated_power", "loglike_", "max_iter", "n_components", "n_iter_", "noise_variance_init", "random_state", "rotation", "svd_method", "tol"],
    read: FactorAnalysis::read,
};

/// A fitted `FactorAnalysis`.
#[derive(Debug)]
pub struct FactorAnalysis {
    /// What rows without their mean are multiplied by, (n_components, n_features).
    projection: Arc<Matrix<'static, f64>>,
    precision: Precision,
    density: Arc<Mahalanobis>,
    covariance: Matrix<'static, f64>,
    /// What is added to half the negative distance.
    constant: f64,
}

impl FactorAnalysis {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        let (k, n) = (components.rows, components.cols);
        let noise = fields.vector_of("noise_variance_", n)?;
        let location = fields.vector_of("mean_", n)?;
        // n_features² numbers are computed from those in the file.
        fields.spend("components_", n.saturating_mul(n).saturating_mul(24))?;
        let weighted =
            components.iter_rows().flat_map(|row| row.iter().zip(&noise)).map(|(value, noise)| value / noise);
        let weighted = Matrix::new(k, n, weighted.collect::<Vec<_>>());
        let mut within = product(&weighted, &components);
        within.iter_mut().step_by(k + 1).for_each(|value| *value += 1.0);
        let singular = || fields.damaged("components_", "the covariance of the factors is singular");
        let core = Lu::of(&Matrix::new(k, k, within)).ok_or_else(singular)?.inverse();
        // (n_components, n_features): coreᵀ · W.
        let transposed = weighted.transposed();
        let projection = Matrix::new(k, n, product(&core.transposed(), &transposed));
        let columns = components.transposed();
        let mut covariance = product(&columns, &columns);
        covariance.iter_mut().step_by(n + 1).zip(&noise).for_each(|(value, noise)| *value += noise);
        // By the matrix inversion lemma.
        let inner = Matrix::new(n, k, product(&transposed, &core));
        let mut inverse: Vec<f64> = product(&inner, &transposed).into_iter().map(|value| -value).collect();
        inverse.iter_mut().step_by(n + 1).zip(&noise).for_each(|(value, noise)| *value += 1.0 / noise);
        let inverse = Matrix::new(n, n, inverse);
        let log_determinant = match Lu::of(&inverse).map(|factors| factors.log_determinant()) {
            Some((sign, log)) if sign > 0.0 => log,
            _ => f64::NEG_INFINITY,
        };
        let constant = -0.5 * (real(n) * std::f64::consts::TAU.ln() - log_determinant);
        Ok(Self {
            projection: Arc::new(projection),
            precision,
            density: Arc::new(Mahalanobis { location, precision: inverse, squares_roots: false }),
            covariance: Matrix::new(n, n, covariance),
            constant,
        })
    }
}

/// `a · bᵀ`
fn product(a: &Matrix<'_, f64>, b: &Matrix<'_, f64>) -> Vec<f64> {
    let rows = a.iter_rows().flat_map(|x| b.iter_rows().map(move |y| (x, y)));
    rows.map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum()).collect()
}

impl Estimator for FactorAnalysis {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let x = plan.check(input, ArrayRule::FLOATS, self.density.location.len());
        match method {
            Method::Transform => {
                let (components, precision) = (Arc::clone(&self.projection), self.precision);
                let center = Center::Rows(self.density.location.clone());
                Ok(Output::matrix(plan.push(Project::new(components, center, Vec::new(), precision), &[x])))
            }
            Method::ScoreSamples => {
                let distances = plan.push(&self.density, &[x]);
                let halves = plan.push(Elementwise { function: Function::Multiply(-0.5) }, &[distances]);
                Ok(Output::column(plan.push(Elementwise { function: Function::Add(self.constant) }, &[halves])))
            }
            _ => plan.no_method(method),
        }
    }

    fn without_rows(&self, method: &str, _params: &Params) -> Option<Answer> {
        let matrix = match method {
            "get_covariance" => &self.covariance,
            "get_precision" => &self.density.precision,
            _ => return None,
        };
        Some(Answer::One(Value::Floats(matrix.clone(), self.precision), Rank::Two))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.projection.rows)?;
        Ok(names::class_prefix(header, self.projection.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.projection.cols)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::MeanOfSamples)
    }
}
