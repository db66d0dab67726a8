//! The logarithm of a Gaussian density whose covariance is a few components and noise: `PCA.score_samples`.

use std::f64::consts::TAU;
use std::sync::{Arc, OnceLock};

use crate::InputError;
use crate::kernels::dot;
use crate::kernels::lu::Lu;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// `-(x - mean)ᵀ P (x - mean) / 2 - (n log 2π - log det P) / 2`, where `P` is the inverse of the covariance.
#[derive(Debug)]
pub struct LogDensity {
    /// `mean_`, (n_features,).
    pub mean: Vec<f64>,
    /// The covariance.
    pub covariance: Arc<Covariance>,
    /// The dtype of the mean and the components.
    pub precision: Precision,
}

/// `componentsᵀ · diag(variances) · components + noise · I`.
#[derive(Debug)]
pub struct Covariance {
    /// (n_components, n_features).
    components: Arc<Matrix<'static, f64>>,
    /// One for each component: what it explains beyond the noise, not below 0.
    variances: Vec<f64>,
    /// The variance of each feature by itself.
    noise: f64,
    /// Computed on first use: it takes as long as a fit.
    inverse: OnceLock<Result<Inverse, &'static str>>,
}

#[derive(Debug)]
struct Inverse {
    form: Form,
    /// The logarithm of its determinant; -∞ where that is not positive, as in `fast_logdet`.
    log_determinant: f64,
}

#[derive(Debug)]
enum Form {
    /// By the matrix inversion lemma `I / noise - componentsᵀ · core · components / noise²`, where `core` is the inverse
    /// of `components · componentsᵀ / noise + diag(1 / variances)`.
    Lemma(Matrix<'static, f64>),
    /// The complete covariance, if there is no noise.
    Whole(Matrix<'static, f64>),
}

const SINGULAR: &str = "the covariance is singular: scikit-learn's result consists of rounding errors";

impl Covariance {
    /// Of as many `variances` as `components` has rows.
    pub fn new(components: Arc<Matrix<'static, f64>>, variances: Vec<f64>, noise: f64) -> Self {
        assert_eq!(variances.len(), components.rows, "a variance for each component");
        Self { components, variances, noise, inverse: OnceLock::new() }
    }

    /// The covariance as a matrix.
    pub fn matrix(&self) -> Matrix<'static, f64> {
        let Matrix { rows, cols, .. } = *self.components;
        let mut columns = Vec::with_capacity(rows * cols);
        let mut scaled = Vec::with_capacity(rows * cols);
        for column in 0..cols {
            let values = || self.components.iter_rows().map(|row| row[column]);
            columns.extend(values());
            scaled.extend(values().zip(&self.variances).map(|(value, variance)| value * variance));
        }
        let (columns, scaled) = (Matrix::new(cols, rows, columns), Matrix::new(cols, rows, scaled));
        let mut covariance = dot::matmul_transposed(&scaled, &columns);
        for feature in 0..cols {
            covariance[feature * cols + feature] += self.noise;
        }
        Matrix::new(cols, cols, covariance)
    }

    fn inverse(&self, precision: Precision) -> Result<&Inverse, InputError> {
        let inverse = self.inverse.get_or_init(|| match self.noise {
            _ if self.is_singular(precision) => Err(SINGULAR),
            0.0 => self.whole(),
            _ => self.by_lemma(),
        });
        inverse.as_ref().map_err(|what| InputError::refused(*what))
    }

    /// The inverse of the covariance as a matrix, and the logarithm of its determinant.
    ///
    /// # Errors
    /// When the covariance has none.
    pub fn precision_matrix(&self, precision: Precision) -> Result<(Matrix<'static, f64>, f64), InputError> {
        let inverse = self.inverse(precision)?;
        let size = self.components.cols;
        let matrix = match &inverse.form {
            Form::Whole(matrix) => matrix.clone(),
            Form::Lemma(core) => {
                let turned = self.components.transposed();
                let weighted = Matrix::new(size, core.rows, dot::matmul_transposed(&turned, &core.transposed()));
                let mut matrix = dot::matmul_transposed(&weighted, &turned);
                matrix.iter_mut().for_each(|value| *value = -*value / (self.noise * self.noise));
                for feature in 0..size {
                    matrix[feature * size + feature] += 1.0 / self.noise;
                }
                Matrix::new(size, size, matrix)
            }
        };
        Ok((matrix, inverse.log_determinant))
    }

    /// Whether the least variance in any direction is not more than the rounding of the greatest: then the inverse, and
    /// the sign of its determinant, consist of rounding errors.
    fn is_singular(&self, precision: Precision) -> bool {
        let Matrix { rows, cols, .. } = *self.components;
        let directions = self.components.iter_rows().zip(&self.variances);
        let all = directions.map(|(component, variance)| variance * dot::dot(component, component) + self.noise);
        let (mut least, mut greatest) = (f64::INFINITY, 0.0_f64);
        for variance in all.chain((rows < cols).then_some(self.noise)) {
            (least, greatest) = (least.min(variance), greatest.max(variance));
        }
        let epsilon = match precision {
            Precision::Single => f64::from(f32::EPSILON),
            Precision::Double => f64::EPSILON,
        };
        #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
        let rounding = epsilon * cols as f64;
        least <= greatest * rounding
    }

    fn by_lemma(&self) -> Result<Inverse, &'static str> {
        let count = self.components.rows;
        let mut core = dot::matmul_transposed(&self.components, &self.components);
        for value in &mut core {
            *value /= self.noise;
        }
        for (at, variance) in self.variances.iter().enumerate() {
            core[at * count + at] += 1.0 / variance;
        }
        let factors = Lu::of(&Matrix::new(count, count, core));
        let factors = factors.ok_or("a component explains no more than the noise: the precision cannot be computed")?;
        // By the matrix determinant lemma, of the covariance.
        let (sign, mut log) = factors.log_determinant();
        log += self.variances.iter().map(|variance| variance.ln()).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
        let free = self.components.cols as f64;
        log += free * self.noise.abs().ln();
        let odd = self.noise < 0.0 && self.components.cols % 2 == 1;
        let positive = (sign > 0.0) != odd;
        let log_determinant = if positive { -log } else { f64::NEG_INFINITY };
        Ok(Inverse { form: Form::Lemma(factors.inverse()), log_determinant })
    }

    fn whole(&self) -> Result<Inverse, &'static str> {
        let Matrix { rows, cols, .. } = *self.components;
        // Before 1.1 scikit-learn raises here, and later it inverts what is singular but for the rounding.
        if rows < cols {
            return Err("fewer components than features and no noise: the covariance is singular");
        }
        let inverse = Lu::of(&self.matrix()).ok_or("the covariance is singular")?.inverse();
        let log_determinant = match Lu::of(&inverse).map(|factors| factors.log_determinant()) {
            Some((sign, log)) if sign > 0.0 => log,
            _ => f64::NEG_INFINITY,
        };
        Ok(Inverse { form: Form::Whole(inverse), log_determinant })
    }

    /// `xᵀ P x` of each row.
    fn squared_distances(&self, x: &Matrix<'_, f64>, inverse: &Inverse) -> Vec<f64> {
        let dots = |a: &Matrix<'_, f64>, b: &Matrix<'_, f64>| -> Vec<f64> {
            a.iter_rows().zip(b.iter_rows()).map(|(a, b)| dot::dot(a, b)).collect()
        };
        match &inverse.form {
            Form::Lemma(core) => {
                let count = core.rows;
                let within = Matrix::new(x.rows, count, dot::matmul_transposed(x, &self.components));
                let weighted = Matrix::new(x.rows, count, dot::matmul_transposed(&within, core));
                let explained = dots(&within, &weighted).into_iter();
                let all = dots(x, x).into_iter();
                all.zip(explained).map(|(all, part)| all / self.noise - part / (self.noise * self.noise)).collect()
            }
            Form::Whole(precision) => dots(x, &Matrix::new(x.rows, x.cols, dot::matmul_transposed(x, precision))),
        }
    }
}

impl Operator for LogDensity {
    const NAME: &'static str = "log_density";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let precision = precision.promote(self.precision);
        let pairs = x.iter_rows().flat_map(|row| row.iter().zip(&self.mean));
        let centered: Vec<f64> = pairs.map(|(x, mean)| precision.round(x - mean)).collect();
        let inverse = self.covariance.inverse(self.precision)?;
        let distances = self.covariance.squared_distances(&Matrix::new(x.rows, x.cols, centered), inverse);
        #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
        let constant = 0.5 * (x.cols as f64 * TAU.ln() - inverse.log_determinant);
        let data: Vec<f64> = distances.iter().map(|distance| precision.round(-0.5 * distance - constant)).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 1, data), precision))
    }

    fn describe(&self) -> String {
        format!("{} components of {} features", self.covariance.components.rows, self.covariance.components.cols)
    }
}
