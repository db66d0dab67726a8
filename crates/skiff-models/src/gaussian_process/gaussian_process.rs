//! `sklearn.gaussian_process.GaussianProcess`, until 0.19.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Correlation, Dtype, Item, Kriging, KrigingError, KrigingPrediction, Trend};
use skiff_plan::value::Matrix;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const GAUSSIAN_PROCESS: Class = class! {
    /// Regression by kriging; `GaussianProcessRegressor` since 0.18.
    ///
    /// # Reads
    /// `X`, `X_mean`, `X_std`, `y_mean`, `y_std`, `regr`, `corr`, `theta_`, `beta`, `gamma`; for `eval_MSE` `C`, `Ft`, `G`,
    /// `sigma2`.
    /// # Predicts
    /// `y_mean + y_std (f(x) · beta + r(x) · gamma)` of rows x over `X_mean` and `X_std`: f are the terms of the regression
    /// model, `constant`, `linear` or `quadratic`, and r the correlations with the rows of the fit, by
    /// `absolute_exponential`, `squared_exponential`, `generalized_exponential`, `cubic`, `linear` or `pure_nugget`. With
    /// `eval_MSE=True` the mean squared error as well: `sigma2 (1 - |C⁻¹ r|² + |G⁻ᵀ (Ftᵀ C⁻¹ r - f)|²)`. With `batch_size`
    /// rows after the last whole batch and one more are 0, as in scikit-learn.
    /// # Not supported
    /// Regression and correlation models of the caller's own; `eval_MSE` with `storage_mode='light'`, which factorizes the
    /// correlations anew; `batch_size` of targets with two axes; `generalized_exponential` of several features with one
    /// `theta`.
    /// # Older versions
    /// The class was deprecated in 0.18 and removed in 0.20; its state never changed. `GaussianProcessRegressor` has no
    /// regression model, and other arguments of `predict`, so files are not converted for 0.20 and later.
    /// # References
    /// `sklearn/gaussian_process/gaussian_process.py` of 0.19; Lophaven, Nielsen and Sondergaard, DACE (2002).
    paths: ["sklearn.gaussian_process.gaussian_process.GaussianProcess"],
    training_only: ["C", "D", "F", "Ft", "G", "beta0", "ij", "normalize", "nugget", "optimizer", "random_start", "random_state", "reduced_likelihood_function_value_", "sigma2", "storage_mode", "theta0", "thetaL", "thetaU", "verbose", "y"],
    read: GaussianProcess::read,
};

/// A fitted `GaussianProcess`.
#[derive(Debug)]
pub struct GaussianProcess {
    model: Arc<Kriging>,
    /// `None` where `C` is not in the file.
    error: Option<Arc<KrigingError>>,
    /// Whether targets had one axis.
    is_flat: bool,
}

impl GaussianProcess {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let fitted = fields.matrix("X")?;
        fields.expect_n_features("X", fitted.cols)?;
        let (rows, width) = (fitted.rows, fitted.cols);
        let trend = read_trend(fields)?;
        let correlation = read_correlation(fields)?;
        let theta = read_theta(fields, correlation, width)?;
        let (beta, gamma) = (fields.matrix("beta")?, fields.matrix("gamma")?);
        fields.expect_len("beta", beta.rows, trend.n_terms(width).unwrap_or(usize::MAX))?;
        fields.expect_len("gamma", gamma.rows, rows)?;
        fields.expect_len("gamma", gamma.cols, beta.cols)?;
        let targets = both(fields, "y_mean", "y_std", beta.cols)?;
        let is_flat = fields.int("y_ndim_")? == 1;
        if is_flat {
            fields.expect_len("beta", beta.cols, 1)?;
        }
        let error = match fields.optional("C") {
            Some(_) => Some(Arc::new(read_error(fields, rows, beta.rows, beta.cols)?)),
            None => None,
        };
        let center = both(fields, "X_mean", "X_std", width)?;
        let model = Kriging { fitted, center, trend, correlation, theta, beta, gamma, targets };
        Ok(Self { model: Arc::new(model), error, is_flat })
    }
}

/// A mean and a deviation for each of `count`: the same for all where nothing was normalized.
fn both(fields: &Fields<'_, '_>, mean: &str, deviation: &str, count: usize) -> Result<Vec<(f64, f64)>, ReadError> {
    let each = |name: &str| {
        fields.spend(&fields.path_of(name), count.saturating_mul(size_of::<f64>()))?;
        let values = fields.vector(name)?;
        match *values.as_slice() {
            [value] => Ok(vec![value; count]),
            _ => fields.expect_len(name, values.len(), count).map(|()| values),
        }
    };
    Ok(each(mean)?.into_iter().zip(each(deviation)?).collect())
}

/// The name of the function that an attribute is, in a module of scikit-learn.
fn function<'g>(fields: &Fields<'g, '_>, name: &str, module: &str) -> Result<&'g str, ReadError> {
    let node = fields.required(name)?;
    match fields.graph().global(node) {
        Some((known, function)) if known == module => Ok(function),
        _ => Err(fields.unsupported(name, "a function of the caller's own")),
    }
}

fn read_trend(fields: &Fields<'_, '_>) -> Result<Trend, ReadError> {
    match function(fields, "regr", "sklearn.gaussian_process.regression_models")? {
        "constant" => Ok(Trend::Constant),
        "linear" => Ok(Trend::Linear),
        "quadratic" => Ok(Trend::Quadratic),
        other => Err(fields.unsupported("regr", format!("`{other}`"))),
    }
}

fn read_correlation(fields: &Fields<'_, '_>) -> Result<Correlation, ReadError> {
    match function(fields, "corr", "sklearn.gaussian_process.correlation_models")? {
        "absolute_exponential" => Ok(Correlation::AbsoluteExponential),
        "squared_exponential" => Ok(Correlation::SquaredExponential),
        "generalized_exponential" => Ok(Correlation::GeneralizedExponential),
        "pure_nugget" => Ok(Correlation::PureNugget),
        "cubic" => Ok(Correlation::Cubic),
        "linear" => Ok(Correlation::Linear),
        other => Err(fields.unsupported("corr", format!("`{other}`"))),
    }
}

/// `theta_`: one for all features, or one for each; and the power of the generalized exponential.
fn read_theta(fields: &Fields<'_, '_>, correlation: Correlation, width: usize) -> Result<Vec<f64>, ReadError> {
    let name = "theta_";
    fields.spend(&fields.path_of(name), width.saturating_mul(size_of::<f64>()))?;
    let theta = fields.numbers(name)?.data;
    match (correlation, theta.as_slice()) {
        (Correlation::PureNugget, _) => Ok(vec![0.0; width]),
        (Correlation::GeneralizedExponential, _) => fields.expect_len(name, theta.len(), width + 1).map(|()| theta),
        (_, &[all]) => Ok(vec![all; width]),
        _ => fields.expect_len(name, theta.len(), width).map(|()| theta),
    }
}

/// `C`, `Ft`, `G` and `sigma2`.
fn read_error(fields: &Fields<'_, '_>, rows: usize, terms: usize, targets: usize) -> Result<KrigingError, ReadError> {
    let triangle = |name: &str, matrix: Matrix<'static, f64>, size: usize| {
        fields.expect_len(name, matrix.rows, size)?;
        fields.expect_len(name, matrix.cols, size)?;
        match matrix.data.iter().step_by(size + 1).all(|value| *value != 0.0) {
            true => Ok(matrix),
            false => Err(fields.damaged(name, "a zero on the diagonal")),
        }
    };
    let lower = triangle("C", fields.matrix("C")?, rows)?;
    let trend = match fields.optional("beta0") {
        Some(_) => None,
        None => {
            let ft = fields.matrix("Ft")?;
            fields.expect_len("Ft", ft.rows, rows)?;
            fields.expect_len("Ft", ft.cols, terms)?;
            Some((ft, triangle("G", fields.matrix("G")?.transposed(), terms)?))
        }
    };
    Ok(KrigingError { lower, trend, variances: fields.vector_of("sigma2", targets)? })
}

impl Estimator for GaussianProcess {
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
        let has_error = params.flag("eval_MSE", false);
        if has_error && self.error.is_none() {
            return plan.unsupported(method, "`eval_MSE` with `storage_mode='light'`");
        }
        let batch_size = match params.get("batch_size") {
            None | Some(Scalar::None) => None,
            Some(_) => match params.count("batch_size") {
                Some(0) | None => return plan.invalid(method, "batch_size must be a positive integer"),
                size if self.is_flat => size,
                Some(_) => return plan.unsupported(method, "`batch_size` of targets with two axes"),
            },
        };
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.model.fitted.cols);
        let error = self.error.clone().filter(|_| has_error);
        let both = plan.push(KrigingPrediction { model: Arc::clone(&self.model), error, batch_size }, &[x]);
        let shaped = |value| if self.is_flat { Output::column(value) } else { Output::matrix(value) };
        if !has_error {
            return Ok(shaped(both));
        }
        let (means, errors) = (plan.push(Item { index: 0 }, &[both]), plan.push(Item { index: 1 }, &[both]));
        Ok(Output::Tuple(vec![shaped(means), Output::column(errors)]))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.fitted.cols)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
