//! `sklearn.neighbors.KernelDensity`.

use std::sync::Arc;

use skiff_plan::kernels::tree_density::{DensityKernel, DensityOptions, TreeDensity};
use skiff_plan::operators::{self, ArrayRule, Dtype};
use skiff_plan::{Method, Output, ValueId};

use super::binary_tree::read_tree;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const KERNEL_DENSITY: Class = class! {
    /// The density of points, by a kernel around each.
    ///
    /// # Reads
    /// `tree_` with its metric and sample weights, `kernel`, `bandwidth_`, `atol`, `rtol`, `breadth_first`.
    /// # Predicts
    /// `score_samples` is the logarithm of the sum of `kernel(distance / bandwidth_)` over all points, normalized. It is
    /// summed as scikit-learn sums it, node by node of the tree until `atol` and `rtol` hold, so that even its rounding
    /// errors far from all points are the same. `score` is the sum over all rows.
    /// # Not supported
    /// `sample` elsewhere than in Python, where numpy draws as it does for scikit-learn.
    /// # Older versions
    /// `bandwidth_` is of 1.2; before, `bandwidth` is a number. Sample weights are of 0.20.
    paths: ["sklearn.neighbors._kde.KernelDensity", "sklearn.neighbors.kde.KernelDensity"],
    training_only: ["algorithm", "bandwidth", "leaf_size", "metric", "metric_params"],
    read: KernelDensity::read,
};

/// A fitted `KernelDensity`.
#[derive(Debug)]
pub struct KernelDensity {
    density: Arc<operators::KernelDensity>,
}

impl KernelDensity {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let tree = read_tree(fields, "tree_")?;
        fields.expect_n_features("tree_", tree.points.cols)?;
        let kernel = match fields.string("kernel")?.as_str() {
            "gaussian" => DensityKernel::Gaussian,
            "tophat" => DensityKernel::Tophat,
            "epanechnikov" => DensityKernel::Epanechnikov,
            "exponential" => DensityKernel::Exponential,
            "linear" => DensityKernel::Linear,
            "cosine" => DensityKernel::Cosine,
            other => return Err(fields.unsupported("kernel", format!("`{other}`"))),
        };
        let name = if fields.has("bandwidth_") { "bandwidth_" } else { "bandwidth" };
        let bandwidth = fields.float(name)?;
        if bandwidth.is_nan() || bandwidth <= 0.0 {
            return Err(fields.damaged(name, format!("expected a bandwidth above 0, found {bandwidth}")));
        }
        let options = DensityOptions {
            kernel,
            bandwidth,
            atol: fields.float("atol")?,
            rtol: fields.float("rtol")?,
            breadth_first: fields.bool("breadth_first")?,
        };
        Ok(Self { density: Arc::new(operators::KernelDensity { density: TreeDensity::new(tree, options) }) })
    }
}

impl Estimator for KernelDensity {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::ScoreSamples {
            return plan.no_method(method);
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.density.density.width());
        Ok(Output::column(plan.push(&self.density, &[x])))
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::SumOfSamples)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.density.density.width())
    }
}
