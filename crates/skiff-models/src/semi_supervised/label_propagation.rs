//! `sklearn.semi_supervised.LabelPropagation` and `LabelSpreading`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{Affine, Argmax, ArrayRule, DivideByRowSum, Dtype, NeighborSums, SparseRule, TakeLabels};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::kernel_approximation::FittedKernel;
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, class};
use crate::neighbors::NearestNeighbors;

pub(crate) const LABEL_PROPAGATION: Class = class! {
    /// Labels that spread from rows with a label to those without.
    ///
    /// # Reads
    /// `label_distributions_`, `classes_`; `X_` and `gamma` with `kernel='rbf'`, the `NearestNeighbors` in `nn_fit` with
    /// `kernel='knn'`.
    /// # Predicts
    /// Probabilities are the distributions of the rows of the fit, weighted by `exp(-gamma |x - X_|²)`, or the sum of
    /// those of the nearest rows, over their sum. The label is the first of the most probable.
    /// # Not supported
    /// Kernels that are functions.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: [
        "sklearn.semi_supervised._label_propagation.LabelPropagation",
        "sklearn.semi_supervised.label_propagation.LabelPropagation",
    ],
    training_only: ["X_", "alpha", "gamma", "max_iter", "n_iter_", "n_jobs", "n_neighbors", "nn_fit", "tol", "transduction_"],
    read: LabelPropagation::read,
};

pub(crate) const LABEL_SPREADING: Class = class! {
    /// Labels that spread from rows with a label to those without, and may change on the way.
    ///
    /// # Reads
    /// What `LabelPropagation` reads.
    /// # Predicts
    /// What `LabelPropagation` predicts.
    /// # Not supported
    /// Kernels that are functions.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: [
        "sklearn.semi_supervised._label_propagation.LabelSpreading",
        "sklearn.semi_supervised.label_propagation.LabelSpreading",
    ],
    training_only: ["X_", "alpha", "gamma", "max_iter", "n_iter_", "n_jobs", "n_neighbors", "nn_fit", "tol", "transduction_"],
    read: LabelPropagation::read,
};

/// A fitted `LabelPropagation` or `LabelSpreading`.
#[derive(Debug)]
pub struct LabelPropagation {
    classes: Arc<Classes>,
    kernel: Kernel,
    width: usize,
}

/// What weighs the distributions of the rows of the fit.
#[derive(Debug)]
enum Kernel {
    /// A function of the distance to all of them, and the distributions, transposed.
    Rbf(FittedKernel, Arc<Affine>),
    /// The nearest of them: `nn_fit`.
    Nearest(Arc<Model>, Arc<NeighborSums>),
}

impl LabelPropagation {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = "label_distributions_";
        let classes = fields.classes("classes_")?;
        let distributions = fields.matrix(name)?;
        fields.expect_len(name, distributions.cols, classes.len())?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "no class"));
        }
        let node = fields.required("kernel")?;
        let (kernel, width) = match fields.graph().str_of(node) {
            Some("rbf") => {
                let kernel = FittedKernel::with_rows(fields, "X_")?;
                let (rows, width) = (kernel.fitted_rows(), kernel.width());
                let coef = distributions.transposed();
                let affine = Affine::new(coef, Vec::new(), Precision::Double);
                fields.expect_len(name, distributions.rows, rows)?;
                (Kernel::Rbf(kernel, Arc::new(affine)), width)
            }
            Some("knn") => {
                let model = fields.model("nn_fit")?;
                let nearest = model.downcast::<NearestNeighbors>();
                let nearest = nearest.ok_or_else(|| fields.unexpected("nn_fit", "a `NearestNeighbors`"))?.neighbors();
                let (rows, width) = (nearest.points(), nearest.width());
                fields.expect_len(name, distributions.rows, rows)?;
                (Kernel::Nearest(model, Arc::new(NeighborSums { values: distributions })), width)
            }
            Some(other) => return Err(fields.unsupported("kernel", format!("`{other}`"))),
            None => return Err(fields.unsupported("kernel", "a function, which cannot be answered without its code")),
        };
        fields.expect_n_features("X_", width)?;
        Ok(Self { classes, kernel, width })
    }

    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Float).half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.width);
        let sums = match &self.kernel {
            Kernel::Rbf(kernel, distributions) => {
                let weights = kernel.of_checked(x, plan);
                plan.push(distributions, &[weights])
            }
            Kernel::Nearest(model, distributions) => {
                let params = Params::new([("return_distance".to_owned(), Scalar::Bool(false))]);
                let neighbors = plan.inner(model, Method::Kneighbors, x, &params)?;
                let neighbors = neighbors.value().expect("without distances there is one array");
                plan.push(distributions, &[neighbors])
            }
        };
        Ok(plan.push(DivideByRowSum, &[sums]))
    }
}

impl Estimator for LabelPropagation {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::PredictProba => Ok(Output::matrix(self.probabilities(input, plan)?)),
            Method::Predict => {
                let probabilities = self.probabilities(input, plan)?;
                let numbers = plan.push(Argmax, &[probabilities]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.width)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        match &self.kernel {
            Kernel::Rbf(..) => Vec::new(),
            Kernel::Nearest(model, _) => vec![("nn_fit".to_owned(), Arc::clone(model))],
        }
    }
}
