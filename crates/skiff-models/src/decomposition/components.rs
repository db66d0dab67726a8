//! `_BasePCA`: what principal component analyses share.

use std::sync::{Arc, OnceLock};

use skiff_plan::operators::{Affine, ArrayRule, Center, Covariance, Finite, LogDensity, Project, SparseRule};
use skiff_plan::value::{Matrix, Precision, Value};
use skiff_plan::{Answer, Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};

/// `components_`, `mean_` and, to whiten, `explained_variance_`.
#[derive(Debug)]
pub(crate) struct Components {
    /// `components_`, (n_components, n_features).
    components: Arc<Matrix<'static, f64>>,
    /// Its dtype.
    precision: Precision,
    /// `mean_`, (n_features,); some versions of `IncrementalPCA` have none.
    mean: Vec<f64>,
    /// `explained_variance_`, where `whiten`.
    variance: Option<Vec<f64>>,
    era: Era,
    /// `inverse_transform`, computed on first use.
    back: OnceLock<Arc<Affine>>,
}

/// What versions do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Era {
    /// From 1.5 the mean is subtracted from the products, and variances next to 0 are clipped.
    centers_products: bool,
    /// From 1.4 `transform` takes sparse rows.
    accepts_sparse: bool,
    /// From 0.22 `transform` of `IncrementalPCA` takes sparse rows in batches, made dense.
    takes_batches: bool,
    /// `inverse_transform` validates its rows.
    checks_inverse: bool,
    /// Before 0.18 `get_precision`, unlike `get_covariance`, did not multiply components that whiten by the roots of what
    /// they explain, unless there were as many as features.
    forgets_roots: bool,
}

impl Components {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let whiten = fields.bool("whiten")?;
        Self::read_as(fields, whiten)
    }

    /// Components that were divided when they were fitted.
    pub(crate) fn read_whitened(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read_as(fields, false)
    }

    fn read_as(fields: &Fields<'_, '_>, whiten: bool) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        let mean = fields.vector_or_none("mean_", components.cols)?.unwrap_or_else(|| vec![0.0; components.cols]);
        let variance = if whiten { Some(fields.vector_of("explained_variance_", components.rows)?) } else { None };
        fields.training_only(&["explained_variance_"]);
        let era = Era {
            centers_products: !fields.before(1, 5),
            accepts_sparse: !fields.before(1, 4),
            takes_batches: fields.header().class == "IncrementalPCA" && !fields.before(0, 22),
            checks_inverse: !fields.before(1, 8),
            forgets_roots: whiten && fields.before(0, 18) && components.rows < components.cols,
        };
        let components = Arc::new(components);
        Ok(Self { components, precision, mean, variance, era, back: OnceLock::new() })
    }

    pub(crate) fn count(&self) -> usize {
        self.components.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.components.cols
    }

    pub(crate) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let sparse = match (self.era.accepts_sparse, self.era.centers_products) {
                    (true, true) => SparseRule::Accept,
                    (true, false) => SparseRule::Densify,
                    (false, _) if self.era.takes_batches => SparseRule::Densify,
                    (false, _) => SparseRule::Refuse,
                };
                let x = plan.check(input, ArrayRule::FLOATS.half(Precision::Double).sparse(sparse), self.width());
                let mean = self.mean.clone();
                let center = if self.era.centers_products { Center::Products(mean) } else { Center::Rows(mean) };
                let project = Project::new(
                    Arc::clone(&self.components),
                    center,
                    self.scale(self.era.centers_products),
                    self.precision,
                );
                Ok(Output::matrix(plan.push(project, &[x])))
            }
            Method::InverseTransform => {
                let finite = if self.era.checks_inverse { Finite::All } else { Finite::Any };
                // Between 1.4 and 1.7 the product with sparse rows went through.
                let through = self.era.accepts_sparse && !self.era.checks_inverse;
                let sparse = if through { SparseRule::Accept } else { SparseRule::Refuse };
                let x = plan.check(input, ArrayRule::FLOATS.finite(finite).sparse(sparse).any_names(), self.count());
                let affine = self.back.get_or_init(|| {
                    let coef = transpose(&self.components, &self.scale(false));
                    Arc::new(Affine::new(coef, self.mean.clone(), self.precision))
                });
                Ok(Output::matrix(plan.push(affine, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    /// The roots of the variances; empty where nothing is whitened.
    fn scale(&self, clipped: bool) -> Vec<f64> {
        let least = match (clipped, self.precision) {
            (false, _) => 0.0,
            (true, Precision::Single) => f64::from(f32::EPSILON),
            (true, Precision::Double) => f64::EPSILON,
        };
        let root = |variance: &f64| {
            let root = self.precision.round(variance.sqrt());
            // A NaN stays NaN, as in numpy's comparisons.
            if root < least { least } else { root }
        };
        self.variance.iter().flatten().map(root).collect()
    }

    /// `score_samples`: the density of a Gaussian whose covariance is the components and `noise_variance_`.
    pub(crate) fn log_density(&self, covariance: &Arc<Covariance>, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        let x = plan.check(input, ArrayRule::FLOATS, self.width());
        let step =
            LogDensity { mean: self.mean.clone(), covariance: Arc::clone(covariance), precision: self.precision };
        Output::column(plan.push(step, &[x]))
    }

    /// `get_covariance` and `get_precision`; `None` where the covariance is singular.
    pub(crate) fn matrices(&self, method: &str, covariance: &Covariance) -> Option<Answer> {
        let (matrix, precision) = match method {
            "get_covariance" if !self.era.forgets_roots => (covariance.matrix(), self.precision),
            // Without a component it is a multiple of `np.eye`.
            "get_precision" if self.count() == 0 => {
                (covariance.precision_matrix(self.precision).ok()?.0, Precision::Double)
            }
            "get_precision" => (covariance.precision_matrix(self.precision).ok()?.0, self.precision),
            _ => return None,
        };
        Some(Answer::One(Value::Floats(matrix.map(|&value| precision.round(value)), precision), Rank::Two))
    }

    /// `_BasePCA.get_covariance`, not yet multiplied: each component explains what `explained_variance_` says, less the
    /// noise. Where `whiten`, scikit-learn multiplies the components by the roots first.
    pub(crate) fn covariance(&self, fields: &Fields<'_, '_>) -> Result<Covariance, ReadError> {
        let noise = fields.float("noise_variance_")?;
        let explained = fields.vector_of("explained_variance_", self.count())?;
        if self.count() > self.width() {
            return Err(fields.damaged("components_", "there are more components than features"));
        }
        let mut components = Arc::clone(&self.components);
        if self.variance.is_some() && !self.era.forgets_roots {
            let rows = Arc::make_mut(&mut components).data.to_mut().chunks_exact_mut(self.width().max(1));
            for (row, variance) in rows.zip(&explained) {
                let root = self.precision.round(variance.sqrt());
                row.iter_mut().for_each(|value| *value = self.precision.round(*value * root));
            }
        }
        let beyond = |variance: &f64| if *variance > noise { variance - noise } else { 0.0 };
        Ok(Covariance::new(components, explained.iter().map(beyond).collect(), noise))
    }
}

/// The transpose, each row of the original times its element of `scale`, where there is one.
pub(super) fn transpose(matrix: &Matrix<'_, f64>, scale: &[f64]) -> Matrix<'static, f64> {
    let mut transposed = matrix.transposed();
    for values in transposed.data.to_mut().chunks_exact_mut(matrix.rows.max(1)) {
        values.iter_mut().zip(scale).for_each(|(value, scale)| *value *= scale);
    }
    transposed
}
