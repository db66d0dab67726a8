//! `kernel` and its parameters, as arguments of `pairwise_kernels`.

use std::sync::Arc;

use skiff_pickle::Node;
use skiff_plan::ValueId;
use skiff_plan::operators::{ArrayRule, KernelFunction, PairwiseKernel, SparseRule};

use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;

/// A kernel between rows and the rows of a fit.
#[derive(Clone, Debug)]
pub(crate) enum FittedKernel {
    /// By a function.
    Function(Arc<PairwiseKernel>),
    /// The rows are precomputed kernel values for this many training rows.
    Precomputed(usize),
}

impl FittedKernel {
    /// The kernel with the rows in the attribute `fitted`.
    pub(crate) fn read(fields: &Fields<'_, '_>, fitted: &str) -> Result<Self, ReadError> {
        let node = fields.required("kernel")?;
        let Some(name) = fields.graph().str_of(node) else {
            return Err(fields.unsupported("kernel", "a function, or a kernel of Gaussian processes"));
        };
        let (rows, precision) = fields.dense_matrix(fitted)?;
        if name == "precomputed" {
            fields.expect_n_features(fitted, rows.rows)?;
            return Ok(Self::Precomputed(rows.rows));
        }
        fields.expect_n_features(fitted, rows.cols)?;
        Ok(Self::Function(Arc::new(PairwiseKernel::new(function(fields, name, rows.cols)?, rows, precision))))
    }

    /// The same kernel with other rows.
    pub(crate) fn with_rows(fields: &Fields<'_, '_>, fitted: &str) -> Result<Self, ReadError> {
        let node = fields.required("kernel")?;
        let name = fields.graph().str_of(node).unwrap_or_default();
        let (rows, precision) = fields.dense_matrix(fitted)?;
        let function = function(fields, name, rows.cols)?;
        Ok(Self::Function(Arc::new(PairwiseKernel::new(function, rows, precision))))
    }

    /// The number of training rows.
    pub(crate) fn fitted_rows(&self) -> usize {
        match self {
            Self::Function(kernel) => kernel.fitted_rows(),
            Self::Precomputed(rows) => *rows,
        }
    }

    /// The number of columns of a row.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Function(kernel) => kernel.width(),
            Self::Precomputed(rows) => *rows,
        }
    }

    /// Kernel values, (n_samples, n_fit), after validation.
    pub(crate) fn values(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let takes_sparse = match self {
            Self::Function(kernel) => kernel.takes_sparse(),
            Self::Precomputed(_) => true,
        };
        let sparse = if takes_sparse { SparseRule::Accept } else { SparseRule::Refuse };
        let x = plan.check(input, ArrayRule::FLOATS.sparse(sparse), self.width());
        self.of_checked(x, plan)
    }

    /// The same of rows that were validated.
    pub(crate) fn of_checked(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        match self {
            Self::Function(kernel) => plan.push(kernel, &[x]),
            Self::Precomputed(_) => x,
        }
    }
}

/// The kernel by its name; missing parameters have the defaults of `sklearn.metrics.pairwise`.
fn function(fields: &Fields<'_, '_>, name: &str, width: usize) -> Result<KernelFunction, ReadError> {
    if let Some(node) = fields.optional("kernel_params")
        && !matches!(fields.graph().node(node), Node::Dict(pairs) if pairs.is_empty())
    {
        return Err(fields.unsupported("kernel_params", "parameters in a dict"));
    }
    // `KernelPCA` keeps the one that it computed.
    let gamma = if fields.has("gamma_") { fields.float_or_none("gamma_")? } else { fields.float_or_none("gamma")? };
    let of_width = || 1.0 / real(width);
    let or = |name: &str, default: f64| -> Result<f64, ReadError> {
        match fields.has(name) {
            true => fields.float(name),
            false => Ok(default),
        }
    };
    let coef0 = || or("coef0", 1.0);
    Ok(match name {
        "linear" => KernelFunction::Linear,
        "poly" | "polynomial" => KernelFunction::Polynomial {
            gamma: gamma.unwrap_or_else(of_width),
            coef0: coef0()?,
            degree: or("degree", 3.0)?,
        },
        "rbf" => KernelFunction::Rbf { gamma: gamma.unwrap_or_else(of_width) },
        "laplacian" => KernelFunction::Laplacian { gamma: gamma.unwrap_or_else(of_width) },
        "sigmoid" => KernelFunction::Sigmoid { gamma: gamma.unwrap_or_else(of_width), coef0: coef0()? },
        "cosine" => KernelFunction::Cosine,
        "chi2" => KernelFunction::Chi2 { gamma: gamma.unwrap_or(1.0) },
        "additive_chi2" => KernelFunction::AdditiveChi2,
        other => return Err(fields.unsupported("kernel", format!("`{other}`"))),
    })
}
