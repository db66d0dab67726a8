//! `sklearn.decomposition.KernelPCA`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Finite, SparseRule};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::kernel_approximation::FittedKernel;
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;
use crate::preprocessing::KernelCenterer;

pub(crate) const KERNEL_PCA: Class = class! {
    /// Principal component analysis in the space of a kernel.
    ///
    /// # Reads
    /// `X_fit_`, `eigenvectors_`, `eigenvalues_`; the `KernelCenterer` in `_centerer`; `kernel` with `gamma`, `coef0`
    /// and `degree`; for the way back `X_transformed_fit_` and `dual_coef_`.
    /// # Transforms
    /// `kernel(X, X_fit_)`, centered, times `eigenvectors_ / √eigenvalues_`; eigenvalues of 0 yield 0.
    /// `inverse_transform`, where `fit_inverse_transform`, is `kernel(X, X_transformed_fit_) · dual_coef_`.
    /// # Not supported
    /// Kernels that are functions, and `kernel_params`.
    /// # Older versions
    /// The eigenvectors were `alphas_` and the eigenvalues `lambdas_` before 1.0. Before 0.22 eigenvalues of 0 gave NaN
    /// and infinity. 0.23 added `alpha` on the way back as well, to places that hang on the number of the row: refused.
    /// `gamma_` is of 1.3; before, the way back took 1 / the number of components for a missing `gamma`.
    paths: ["sklearn.decomposition._kernel_pca.KernelPCA", "sklearn.decomposition.kernel_pca.KernelPCA"],
    training_only: ["X_transformed_fit_", "_centerer", "alpha", "alphas_", "coef0", "copy_X", "degree", "dual_coef_", "eigen_solver", "eigenvalues_", "eigenvectors_", "fit_inverse_transform", "gamma", "gamma_", "iterated_power", "kernel_params", "lambdas_", "max_iter", "n_components", "n_jobs", "random_state", "remove_zero_eig", "tol"],
    read: KernelPCA::read,
};

/// A fitted `KernelPCA`.
#[derive(Debug)]
pub struct KernelPCA {
    kernel: FittedKernel,
    centerer: Arc<Model>,
    /// The scaled eigenvectors, transposed.
    projection: Arc<Affine>,
    /// The inverse transform.
    back: Option<(FittedKernel, Arc<Affine>)>,
    /// `eigenvalues_`, and their dtype.
    eigenvalues: (Vec<f64>, Precision),
    /// Whether it is of 0.23.
    adds_alpha: bool,
}

impl KernelPCA {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let kernel = FittedKernel::read(fields, "X_fit_")?;
        let centerer = fields.model("_centerer")?;
        let width = centerer.downcast::<KernelCenterer>().map(KernelCenterer::width);
        let width = width.ok_or_else(|| fields.unexpected("_centerer", "a `KernelCenterer`"))?;
        fields.expect_len("_centerer", width, kernel.fitted_rows())?;
        let (vectors, values) = match fields.has("eigenvectors_") {
            true => ("eigenvectors_", "eigenvalues_"),
            false => ("alphas_", "lambdas_"),
        };
        let numbers = fields.numbers(vectors)?;
        let precision = numbers.precision;
        let matrix = numbers.into_matrix();
        let matrix = matrix.ok_or_else(|| fields.unexpected(vectors, "an array of two dimensions"))?;
        fields.expect_len(vectors, matrix.rows, kernel.fitted_rows())?;
        let of_values = fields.numbers(values)?.precision;
        let eigenvalues = fields.vector_of(values, matrix.cols)?;
        let divides_by_zero = fields.before(0, 22);
        let columns = matrix.transposed();
        let scaled = columns.iter_rows().zip(&eigenvalues).flat_map(|(column, &eigenvalue)| {
            column.iter().map(move |value| match eigenvalue == 0.0 && !divides_by_zero {
                true => 0.0,
                // In the dtype of both, before anything is multiplied.
                false => {
                    let scale = of_values.round(eigenvalue.sqrt());
                    precision.promote(of_values).round(value / scale)
                }
            })
        });
        let coef = Matrix::new(matrix.cols, matrix.rows, scaled.collect::<Vec<_>>());
        let back = match fields.bool("fit_inverse_transform")? {
            true => Some(read_back(fields, coef.rows)?),
            false => None,
        };
        let projection = Arc::new(Affine::new(coef, Vec::new(), precision));
        let adds_alpha = !fields.before(0, 23) && fields.before(0, 24);
        Ok(Self { kernel, centerer, projection, back, eigenvalues: (eigenvalues, of_values), adds_alpha })
    }

    /// The eigenvalues of the kernel of the fit, and their dtype.
    pub(crate) fn eigenvalues(&self) -> &(Vec<f64>, Precision) {
        &self.eigenvalues
    }
}

fn read_back(fields: &Fields<'_, '_>, components: usize) -> Result<(FittedKernel, Arc<Affine>), ReadError> {
    let kernel = FittedKernel::with_rows(fields, "X_transformed_fit_")?;
    fields.expect_len("X_transformed_fit_", kernel.width(), components)?;
    let numbers = fields.numbers("dual_coef_")?;
    let precision = numbers.precision;
    let dual = numbers.into_matrix().ok_or_else(|| fields.unexpected("dual_coef_", "an array of two dimensions"))?;
    fields.expect_len("dual_coef_", dual.rows, kernel.fitted_rows())?;
    Ok((kernel, Arc::new(Affine::new(dual.transposed(), Vec::new(), precision))))
}

impl Estimator for KernelPCA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, &self.back) {
            (Method::Transform, _) => {
                let values = self.kernel.values(input, plan);
                let centerer: &KernelCenterer = self.centerer.downcast().expect("checked when it was read");
                let centered = centerer.centered(values, plan);
                Ok(Output::matrix(plan.push(&self.projection, &[centered])))
            }
            (Method::InverseTransform, Some(_)) if self.adds_alpha => plan
                .unsupported(method, "a file of 0.23, which added `alpha` to other rows by their place in the table"),
            (Method::InverseTransform, Some((kernel, dual))) => {
                let rule = ArrayRule::FLOATS.finite(Finite::All).sparse(SparseRule::Accept).any_names();
                let x = plan.check(input, rule, kernel.width());
                let values = kernel.of_checked(x, plan);
                Ok(Output::matrix(plan.push(dual, &[values])))
            }
            (Method::InverseTransform, None) => plan.unsupported(method, "`fit_inverse_transform=False`"),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.projection.coef.rows)?;
        Ok(names::class_prefix(header, self.projection.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.kernel.width())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("_centerer".to_owned(), Arc::clone(&self.centerer))]
    }
}
