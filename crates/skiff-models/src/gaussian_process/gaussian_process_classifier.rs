//! `sklearn.gaussian_process.GaussianProcessClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{
    Affine, ArrayRule, Dtype, GreaterThan, LogisticGaussian, ProcessKernel, ProcessVariance, Refuse, TakeLabels,
};
use skiff_plan::value::{Classes, Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::gaussian_process_regressor::read_lower;
use super::kernels::read_kernel;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class};

pub(crate) const BINARY_LAPLACE: Class = class! {
    /// Classification of two classes by a Gaussian process, with Laplace's approximation: the inner estimator of
    /// `GaussianProcessClassifier`.
    ///
    /// # Reads
    /// `X_train_`, `y_train_`, `pi_`, `W_sr_`, `L_`, `kernel_`, `classes_`.
    /// # Predicts
    /// The second class where `kernel(X, X_train_) · (y_train_ - pi_)` is above 0.
    /// # Older versions
    /// The state has been the same since 0.18.
    paths: [
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.gpc._BinaryGaussianProcessClassifierLaplace",
    ],
    training_only: [
        "copy_X_train", "f_cached", "kernel", "log_marginal_likelihood_value_", "max_iter_predict",
        "n_restarts_optimizer", "optimizer", "random_state", "rng", "warm_start",
    ],
    read: BinaryLaplace::read,
};

pub(crate) const GAUSSIAN_PROCESS_CLASSIFIER: Class = class! {
    /// Classification by Gaussian processes, one for two classes.
    ///
    /// # Reads
    /// `base_estimator_`: for each two classes `X_train_`, `y_train_`, `pi_`, `W_sr_`, `L_`, `kernel_`.
    /// # Predicts
    /// The second class where `f = kernel(X, X_train_) · (y_train_ - pi_)` is above 0. Its probability is the mean of
    /// the logistic function of a Gaussian around f whose variance is `kernel(x, x) - |L_⁻¹ W_sr_ kernel(X_train_,
    /// x)|²`, by five error functions. Several classes are combined as in `OneVsRestClassifier` or `OneVsOneClassifier`
    /// (above). Kernels are `RBF`, `Matern` with `nu` of 0.5, 1.5, 2.5 and infinity, `RationalQuadratic`, `ExpSineSquared`,
    /// `DotProduct`, `ConstantKernel`, `WhiteKernel`, and sums, products and powers of these.
    /// # Not supported
    /// Other kernels, and rows that are not numbers.
    /// # Older versions
    /// The state has been the same since 0.18, which introduced the class.
    paths: ["sklearn.gaussian_process._gpc.GaussianProcessClassifier", "sklearn.gaussian_process.gpc.GaussianProcessClassifier"],
    training_only: ["copy_X_train", "kernel", "log_marginal_likelihood_value_", "max_iter_predict", "multi_class", "n_classes_", "n_jobs", "n_restarts_optimizer", "optimizer", "random_state", "warm_start"],
    read: GaussianProcessClassifier::read,
};

/// A fitted `GaussianProcessClassifier`.
#[derive(Debug)]
pub struct GaussianProcessClassifier {
    base: Arc<Model>,
    classes: Arc<Classes>,
    n_features: Option<usize>,
}

/// A fitted process of two classes.
#[derive(Debug)]
pub struct BinaryLaplace {
    kernel: Arc<ProcessKernel>,
    /// `y_train_ - pi_`
    weights: Arc<Affine>,
    variance: Arc<ProcessVariance>,
    classes: Arc<Classes>,
    /// The classes as `np.where` returns them: text is text, of whatever dtype `classes_` are.
    labels: Arc<Classes>,
}

impl GaussianProcessClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let base = fields.model("base_estimator_")?;
        let classes = fields.classes("classes_")?;
        let n_features = fields.header().n_features_in.or(base.n_features_in());
        Ok(Self { base, classes, n_features })
    }
}

impl BinaryLaplace {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        fields.expect_len("classes_", classes.len(), 2)?;
        let kernel = read_kernel(fields)?;
        let rows = kernel.fitted.rows;
        let (y, pi) = (fields.vector_of("y_train_", rows)?, fields.vector_of("pi_", rows)?);
        let weights: Vec<f64> = y.iter().zip(&pi).map(|(y, pi)| y - pi).collect();
        let coef = Matrix::new(1, rows, weights);
        let variance = ProcessVariance {
            kernel: Arc::clone(&kernel),
            lower: read_lower(fields, rows)?,
            weights: Some(fields.vector_of("W_sr_", rows)?),
            clips: false,
        };
        let weights = Affine::new(coef, Vec::new(), Precision::Double);
        let labels = as_text(&classes).map_or_else(|| Arc::clone(&classes), Arc::new);
        Ok(Self { kernel, weights: Arc::new(weights), variance: Arc::new(variance), classes, labels })
    }
}

/// Of objects that are text, an array of text.
fn as_text(classes: &Classes) -> Option<Classes> {
    let Classes::Objects(objects) = classes else { return None };
    let texts = objects.iter().map(|object| object.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    Some(Classes::Strings(texts))
}

impl Estimator for GaussianProcessClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::PredictProba) {
            return plan.no_method(method);
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.n_features);
        // The classifier has the method, which raises.
        if method == Method::PredictProba && self.base.header().class == "OneVsOneClassifier" {
            let message = "one_vs_one multi-class mode does not support predicting probability estimates";
            return Ok(Output::matrix(plan.push(Refuse { message }, &[x])));
        }
        plan.inner(&self.base, method, x, params)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        self.n_features
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("base_estimator_".to_owned(), Arc::clone(&self.base))]
    }
}

impl Estimator for BinaryLaplace {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::PredictProba) {
            return plan.no_method(method);
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.kernel.fitted.cols);
        let kernel = plan.push(&self.kernel, &[x]);
        let means = plan.push(&self.weights, &[kernel]);
        if method == Method::Predict {
            let second = plan.push(GreaterThan { bound: 0.0 }, &[means]);
            return Ok(Output::column(plan.push(TakeLabels::of(&self.labels), &[second])));
        }
        let variance = plan.push(&self.variance, &[kernel, x]);
        Ok(Output::matrix(plan.push(LogisticGaussian, &[means, variance])))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    /// It has no `score`.
    fn scoring(&self) -> Option<Scoring> {
        None
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.kernel.fitted.cols)
    }
}
