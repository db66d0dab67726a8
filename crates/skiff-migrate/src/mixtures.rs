//! `GMM` as `GaussianMixture`, which keeps factors of precisions next to covariances.

use crate::catalog;
use crate::error::Refused;
use crate::step::Step;

/// Has a `GMM` be the `GaussianMixture` of the same means, covariances and weights.
pub(crate) fn gaussian_mixture(step: &mut Step<'_>) -> Result<(), Refused> {
    let numbers = |name: &str| step.array(name).and_then(|array| Some((array.shape.clone(), array.to_f64()?)));
    let (Some((means, _)), Some((shape, covariances))) = (numbers("means_"), numbers("covars_")) else {
        return Err(step.refused("`means_` or `covars_` hold no numbers"));
    };
    let &[k, n] = means.as_slice() else { return Err(step.refused("`means_` has other than two axes")) };
    let kind = step.text("covariance_type").unwrap_or_default();
    let whole = match (kind.as_str(), shape.as_slice()) {
        ("full", &[count, rows, width]) if (count, rows, width) == (k, n, n) => true,
        ("tied", &[rows, width]) if (rows, width) == (n, n) => true,
        ("diag" | "spherical", &[count, width]) if (count, width) == (k, n) => false,
        _ => return Err(step.refused("`covars_` has another shape than `covariance_type` says")),
    };
    // All features of a spherical Gaussian have one variance, which is kept once.
    let (shape, covariances) = match kind.as_str() {
        "spherical" => (vec![k], covariances.chunks(n.max(1)).filter_map(|row| row.first().copied()).collect()),
        _ => (shape, covariances),
    };
    let (factors, precisions) = if whole {
        let (mut factors, mut precisions) = (Vec::new(), Vec::new());
        for covariance in covariances.chunks(n.saturating_mul(n).max(1)) {
            let factor = factor_of_precision(covariance, n)
                .ok_or_else(|| step.refused("`covars_` are not positive definite, and `predict` adds to them"))?;
            precisions.extend((0..n * n).map(|at| {
                let (row, column) = (at / n * n, at % n * n);
                (0..n).map(|k| factor[row + k] * factor[column + k]).sum::<f64>()
            }));
            factors.extend(factor);
        }
        (factors, precisions)
    } else {
        (covariances.iter().map(|value| 1.0 / value.sqrt()).collect(), covariances.iter().map(|v| 1.0 / v).collect())
    };
    for name in ["covars_", "params", "thresh", "init_params"] {
        step.take(name);
    }
    step.rename("min_covar", "reg_covar");
    step.rename("n_iter", "max_iter");
    step.set_f64("covariances_", &shape, &covariances);
    step.set_f64("precisions_cholesky_", &shape, &factors);
    step.set_f64("precisions_", &shape, &precisions);
    step.note(
        "`score_samples` returns logarithms of densities alone, and `score` their mean, where they returned \
               `predict_proba` as well, and the logarithms of all rows",
    );
    step.become_class("sklearn.mixture.gaussian_mixture.GaussianMixture");
    catalog::add_defaults(step);
    Ok(())
}

/// An upper triangle U with U·Uᵀ the inverse of a positive definite matrix L·Lᵀ: the transpose of the inverse of L.
fn factor_of_precision(covariance: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let sum = (0..j).fold(covariance[i * n + j], |sum, k| sum - lower[i * n + k] * lower[j * n + k]);
            lower[i * n + j] = if i == j { sum.sqrt() } else { sum / lower[j * n + j] };
        }
        let pivot = lower[i * n + i];
        if !pivot.is_finite() || pivot == 0.0 {
            return None;
        }
    }
    let mut upper = vec![0.0; n * n];
    for column in 0..n {
        for i in column..n {
            let start = if i == column { 1.0 } else { 0.0 };
            let sum = (column..i).fold(start, |sum, k| sum - lower[i * n + k] * upper[column * n + k]);
            upper[column * n + i] = sum / lower[i * n + i];
        }
    }
    Some(upper)
}
