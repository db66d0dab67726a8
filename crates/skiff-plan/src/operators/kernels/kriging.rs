//! `GaussianProcess.predict` of scikit-learn until 0.19: kriging, after DACE.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::value::{Matrix, Precision, Value};

/// The best linear unbiased prediction for each row, and with `error` the mean squared error next to it. (n, n_features)
/// → (n, n_targets), or that and (n, 1).
#[derive(Debug)]
pub struct Kriging {
    /// The rows of the fit over `X_std`, (n_fit, n_features).
    pub fitted: Matrix<'static, f64>,
    /// `X_mean` and `X_std` of each feature.
    pub center: Vec<(f64, f64)>,
    /// `regr`
    pub trend: Trend,
    /// `corr`
    pub correlation: Correlation,
    /// `theta_`, one number for each feature; of the generalized exponential the power comes last.
    pub theta: Vec<f64>,
    /// `beta`, (n_terms, n_targets).
    pub beta: Matrix<'static, f64>,
    /// `gamma`, (n_fit, n_targets).
    pub gamma: Matrix<'static, f64>,
    /// `y_mean` and `y_std` of each target.
    pub targets: Vec<(f64, f64)>,
}

/// A regression model: which terms of a row there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// 1
    Constant,
    /// 1 and the row.
    Linear,
    /// These, and the products of all pairs.
    Quadratic,
}

/// A correlation model, of the distances d of two rows in each feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlation {
    /// exp(-Σ θ |d|)
    AbsoluteExponential,
    /// exp(-Σ θ d²)
    SquaredExponential,
    /// exp(-Σ θ |d|ᵖ)
    GeneralizedExponential,
    /// 1 of a row with itself, or 0.
    PureNugget,
    /// Π (1 - 3 t² + 2 t³), where t is θ |d|, at most 1.
    Cubic,
    /// Π (1 - t)
    Linear,
}

impl Trend {
    /// How many terms rows of a width have; `None` if their number exceeds a `usize`.
    pub fn n_terms(self, width: usize) -> Option<usize> {
        match self {
            Self::Constant => Some(1),
            Self::Linear => width.checked_add(1),
            Self::Quadratic => width.checked_add(1)?.checked_mul(width.checked_add(2)?).map(|twice| twice / 2),
        }
    }

    fn terms(self, row: &[f64], terms: &mut Vec<f64>) {
        terms.clear();
        terms.push(1.0);
        if self != Self::Constant {
            terms.extend_from_slice(row);
        }
        if self == Self::Quadratic {
            let pairs = row.iter().enumerate();
            terms.extend(pairs.flat_map(|(at, x)| row[at..].iter().map(move |y| x * y)));
        }
    }
}

impl Correlation {
    fn of(self, theta: &[f64], x: &[f64], y: &[f64]) -> f64 {
        let distances = x.iter().zip(y).map(|(x, y)| (x - y).abs());
        let terms = distances.clone().zip(theta);
        let exponential = |sum: f64| (-sum).exp();
        match self {
            Self::AbsoluteExponential => exponential(terms.fold(0.0, |sum, (d, theta)| sum + theta * d)),
            Self::SquaredExponential => exponential(terms.fold(0.0, |sum, (d, theta)| sum + theta * (d * d))),
            Self::GeneralizedExponential => {
                let power = theta.last().copied().unwrap_or(f64::NAN);
                exponential(terms.fold(0.0, |sum, (d, theta)| sum + theta * d.powf(power)))
            }
            Self::PureNugget => f64::from(u8::from(distances.clone().all(|d| d == 0.0))),
            Self::Cubic => terms.fold(1.0, |product, (d, theta)| {
                let t = (d * theta).min(1.0);
                product * (1.0 - t * t * (3.0 - 2.0 * t))
            }),
            Self::Linear => terms.fold(1.0, |product, (d, theta)| product * (1.0 - (d * theta).min(1.0))),
        }
    }
}

/// What the mean squared error needs.
#[derive(Debug)]
pub struct KrigingError {
    /// `C`, of which the lower triangle counts; no element of its diagonal is 0.
    pub lower: Matrix<'static, f64>,
    /// `Ft` and the transpose of `G`, a lower triangle without a zero on its diagonal; `None` where `beta0` was given.
    pub trend: Option<(Matrix<'static, f64>, Matrix<'static, f64>)>,
    /// `sigma2` of each target.
    pub variances: Vec<f64>,
}

impl KrigingError {
    fn of(&self, correlations: &[f64], terms: &[f64]) -> f64 {
        let solved = solve_lower(&self.lower, correlations);
        let squares = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value * value);
        let of_trend = self.trend.as_ref().map_or(0.0, |(ft, g)| {
            let mut right: Vec<f64> = terms.iter().map(|term| -term).collect();
            for (row, value) in ft.iter_rows().zip(&solved) {
                right.iter_mut().zip(row).for_each(|(right, weight)| *right += weight * value);
            }
            squares(&solve_lower(g, &right))
        });
        let share = 1.0 - squares(&solved) + of_trend;
        let each = self.variances.iter().map(|variance| (variance * share) * (variance * share));
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ targets")]
        let count = self.variances.len() as f64;
        (each.sum::<f64>() / count).sqrt()
    }
}

/// `solve_triangular(lower, right, lower=True)`
fn solve_lower(lower: &Matrix<'_, f64>, right: &[f64]) -> Vec<f64> {
    let mut solution: Vec<f64> = Vec::with_capacity(right.len());
    for (at, (row, value)) in lower.iter_rows().zip(right).enumerate() {
        let known = row[..at].iter().zip(&solution).fold(0.0, |sum, (a, b)| sum + a * b);
        solution.push((value - known) / row[at]);
    }
    solution
}

/// A call of `predict`.
#[derive(Debug)]
pub struct KrigingPrediction {
    /// The model.
    pub model: std::sync::Arc<Kriging>,
    /// `eval_MSE`
    pub error: Option<std::sync::Arc<KrigingError>>,
    /// `batch_size`, with which scikit-learn leaves rows after the last whole batch and one more at 0.
    pub batch_size: Option<usize>,
}

impl Operator for KrigingPrediction {
    const NAME: &'static str = "kriging";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let model = &self.model;
        let predicted =
            self.batch_size.map_or(x.rows, |size| (x.rows / size).max(1).saturating_mul(size).saturating_add(1));
        let (mut means, mut errors) = (Vec::with_capacity(x.rows * model.targets.len()), Vec::new());
        let (mut row, mut terms) = (Vec::new(), Vec::new());
        for (at, x) in x.iter_rows().enumerate() {
            if at >= predicted {
                means.extend(model.targets.iter().map(|_| 0.0));
                errors.push(0.0);
                continue;
            }
            row.clear();
            row.extend(x.iter().zip(&model.center).map(|(x, (mean, deviation))| (x - mean) / deviation));
            model.trend.terms(&row, &mut terms);
            let fitted = model.fitted.iter_rows();
            let correlations: Vec<f64> =
                fitted.map(|fitted| model.correlation.of(&model.theta, &row, fitted)).collect();
            for (target, (mean, deviation)) in model.targets.iter().enumerate() {
                let product = |values: &[f64], weights: &Matrix<'_, f64>| {
                    values.iter().zip(weights.iter_rows()).fold(0.0, |sum, (value, row)| sum + value * row[target])
                };
                let scaled = product(&terms, &model.beta) + product(&correlations, &model.gamma);
                means.push(mean + deviation * scaled);
            }
            if let Some(error) = &self.error {
                errors.push(error.of(&correlations, &terms));
            }
        }
        let means = Value::Floats(Matrix::new(x.rows, model.targets.len(), means), Precision::Double);
        Ok(match &self.error {
            None => means,
            Some(_) => Value::Many(vec![means, Value::Floats(Matrix::new(x.rows, 1, errors), Precision::Double)]),
        })
    }

    fn describe(&self) -> String {
        format!("{} rows, {:?}, {:?}", self.model.fitted.rows, self.model.trend, self.model.correlation)
    }

    /// Which rows are predicted depends on how many there are.
    fn scope(&self) -> Scope {
        if self.batch_size.is_some() { Scope::Batch } else { Scope::Rows }
    }
}
