//! `BaseMixture`: the common part of Gaussian mixtures.

use std::f64::consts::TAU;
use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, ArrayRule, DrawMixture, Dtype, Elementwise, Function, GaussianDistances, GaussianScores, Item, LogSumExp,
    SubtractLogSumExp,
};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::conversions::real;
use crate::fields::{Fields, Numbers, ReadError};
use crate::lowering::{Lowering, Refusal};
use crate::random_source::RandomSource;

/// The Gaussians, with the logarithm of the weight of each.
#[derive(Debug)]
pub(super) struct Mixture {
    scores: Arc<GaussianScores>,
    n_features: usize,
    sampling: Sampling,
}

/// What `sample` draws from.
#[derive(Debug)]
struct Sampling {
    /// `weights_`
    weights: Vec<f64>,
    /// `means_`
    means: Matrix<'static, f64>,
    /// The standard deviations, (n_components, n_features); `None` where features depend on each other.
    deviations: Option<Matrix<'static, f64>>,
    /// `random_state`
    random: RandomSource,
}

impl Sampling {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let means = fields.matrix("means_")?;
        let weights = fields.vector_of("weights_", means.rows)?;
        let numbers = fields.numbers("covariances_")?;
        // LAPACK's singular values, which `sample` draws by, never end where one is infinite.
        if !numbers.data.iter().all(|value| value.is_finite()) {
            return Err(fields.damaged("covariances_", "it holds NaN or infinities"));
        }
        let roots: Vec<f64> = numbers.data.iter().map(|value| value.sqrt()).collect();
        let (k, n) = (means.rows, means.cols);
        let deviations = match fields.string("covariance_type")?.as_str() {
            "diag" if roots.len() == k * n => Some(roots),
            "spherical" if roots.len() == k => Some(roots.iter().flat_map(|&root| vec![root; n]).collect()),
            // A Gaussian of one feature has nothing that it depends on.
            "full" if n == 1 && roots.len() == k => Some(roots),
            "tied" if n == 1 && roots.len() == 1 => Some(roots.repeat(k)),
            _ => None,
        };
        let deviations = deviations.map(|roots| Matrix::new(k, n, roots));
        Ok(Self { weights, means, deviations, random: RandomSource::read(fields, "random_state") })
    }

    fn lower(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let method = Method::Sample;
        let random = self.random.start(method, plan)?;
        let Some(deviations) = &self.deviations else {
            return plan.unsupported(method, DEPENDENT);
        };
        let draw = DrawMixture {
            weights: self.weights.clone(),
            means: self.means.clone(),
            deviations: deviations.clone(),
            random,
        };
        let drawn = plan.push(draw, &[input]);
        let (points, labels) = (plan.push(Item { index: 0 }, &[drawn]), plan.push(Item { index: 1 }, &[drawn]));
        Ok(Output::Tuple(vec![Output::matrix(points), Output::column(labels)]))
    }
}

/// Why no points are drawn from Gaussians with whole covariances.
const DEPENDENT: &str = "`covariance_type` `full` or `tied`: numpy multiplies its random numbers by singular vectors whose \
                         signs are those of the LAPACK that it was built with";

/// The Gaussians by themselves.
pub(super) struct Gaussians {
    pub(super) n_features: usize,
    pub(super) n_components: usize,
    distances: GaussianDistances,
    /// The logarithm of the determinant of each `precisions_cholesky_`.
    log_determinants: Vec<f64>,
    precision: Precision,
}

impl Gaussians {
    /// `means_`, `precisions_cholesky_` and `covariance_type`.
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let means = fields.matrix("means_")?;
        fields.expect_n_features("means_", means.cols)?;
        let (k, n) = (means.rows, means.cols);
        let name = "precisions_cholesky_";
        let Numbers { shape, data, precision } = fields.numbers(name)?;
        let covariance_type = fields.string("covariance_type")?;
        let expected: &[usize] = match covariance_type.as_str() {
            "full" => &[k, n, n],
            "tied" => &[n, n],
            "diag" => &[k, n],
            "spherical" => &[k],
            other => return Err(fields.unsupported("covariance_type", format!("`{other}`"))),
        };
        if shape != expected {
            return Err(fields.damaged(name, format!("expected an array of shape {expected:?}, found {shape:?}")));
        }
        let sum_of_logs = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(0.0, |sum, value| precision.round(sum + precision.round(value.ln())))
        };
        let diagonal = |matrix: &Matrix<'_, f64>| sum_of_logs(&mut matrix.data.iter().step_by(n + 1).copied());
        let squares = |data: &[f64]| data.iter().map(|value| value * value).collect::<Vec<_>>();
        let (distances, log_determinants) = match covariance_type.as_str() {
            "full" | "tied" => {
                let size = n * n;
                let factors: Vec<_> =
                    data.chunks_exact(size.max(1)).map(|factor| Matrix::new(n, n, factor).transposed()).collect();
                let of = |at: usize| factors.get(at).or(factors.first());
                let offset = |(at, mean): (usize, &[f64])| {
                    let rows = of(at).map(|factor| factor.iter_rows()).into_iter().flatten();
                    let product = |column: &[f64]| mean.iter().zip(column).map(|(mean, value)| mean * value).sum();
                    rows.map(|column| precision.round(product(column))).collect()
                };
                let offsets = means.iter_rows().enumerate().map(offset).collect();
                let determinants = (0..k).map(|at| of(at).map_or(f64::NAN, diagonal)).collect();
                (GaussianDistances::OfProducts { factors, offsets }, determinants)
            }
            "diag" => {
                let rows = data.chunks_exact(n.max(1));
                let determinants = rows.map(|row| sum_of_logs(&mut row.iter().copied())).collect();
                let precisions = Matrix::new(k, n, squares(&data));
                (GaussianDistances::Diagonal { means, precisions }, determinants)
            }
            _ => {
                let determinants = data.iter().map(|value| real(n) * value.ln()).collect();
                (GaussianDistances::Spherical { means, precisions: squares(&data) }, determinants)
            }
        };
        Ok(Self { n_features: n, n_components: k, distances, log_determinants, precision })
    }

    /// The mixture by the weights of which these are the logarithms; `more` is added to each Gaussian's score.
    ///
    /// # Errors
    /// When what `sample` needs is damaged.
    pub(super) fn weighted(
        self,
        fields: &Fields<'_, '_>,
        log_weights: &[f64],
        more: &[f64],
    ) -> Result<Mixture, ReadError> {
        let outer = self.log_determinants.iter().zip(more).zip(log_weights);
        let outer = outer.map(|((determinant, more), weight)| determinant + more + weight).collect();
        let inner = vec![real(self.n_features) * TAU.ln(); self.n_components];
        // From 1.7 on the distances are stored in an array of the rows' dtype.
        let products = matches!(self.distances, GaussianDistances::OfProducts { .. });
        let truncates = products && !fields.before(1, 7);
        let scores = GaussianScores { distances: self.distances, inner, outer, precision: self.precision, truncates };
        Ok(Mixture { scores: Arc::new(scores), n_features: self.n_features, sampling: Sampling::read(fields)? })
    }
}

impl Mixture {
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        if method == Method::Sample {
            return self.sampling.lower(input, plan);
        }
        if !matches!(method, Method::Predict | Method::PredictProba | Method::ScoreSamples) {
            return plan.no_method(method);
        }
        // From 1.0 on integers are squared in their own dtype, where that is done before anything else.
        let squares_rows =
            matches!(self.scores.distances, GaussianDistances::Diagonal { .. } | GaussianDistances::Spherical { .. });
        let keeps_integers = self.scores.truncates || squares_rows && !plan.header().before(1, 0);
        let dtype = if keeps_integers { Dtype::Numeric } else { Dtype::Float };
        let x = plan.check(input, ArrayRule::FLOATS.dtype(dtype), self.n_features);
        let scores = plan.push(&self.scores, &[x]);
        Ok(match method {
            Method::Predict => Output::column(plan.push(Argmax, &[scores])),
            Method::ScoreSamples => Output::column(plan.push(LogSumExp, &[scores])),
            _ => {
                let logarithms = plan.push(SubtractLogSumExp, &[scores]);
                Output::matrix(plan.push(Elementwise { function: Function::Exp }, &[logarithms]))
            }
        })
    }
}
