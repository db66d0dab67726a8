//! `GaussianRandomProjection` and `SparseRandomProjection`.

use std::sync::{Arc, OnceLock};

use skiff_plan::kernels::symmetric_eigen::pseudo_inverse;
use skiff_plan::operators::{Affine, ArrayRule, Concatenate, Layout, SparseProduct, SparseRule};
use skiff_plan::value::Matrix;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const GAUSSIAN_RANDOM_PROJECTION: Class = class! {
    /// A projection by random numbers.
    ///
    /// # Reads
    /// `components_`; `inverse_components_` where `compute_inverse_components`.
    /// # Transforms
    /// `X · components_ᵀ`. `inverse_transform`, of 1.1, multiplies by the transpose of
    /// `inverse_components_`, or of the pseudo-inverse of `components_` where the fit did not compute it.
    /// # Older versions
    /// The state has been the same since 0.17, but for `inverse_components_`.
    paths: ["sklearn.random_projection.GaussianRandomProjection"],
    training_only: ["_n_features_out", "components_", "compute_inverse_components", "dense_output", "density_", "eps", "inverse_components_", "n_components", "n_components_", "random_state"],
    read: RandomMatrix::read_dense,
};

pub(crate) const SPARSE_RANDOM_PROJECTION: Class = class! {
    /// A projection by a sparse matrix of random signs.
    ///
    /// # Reads
    /// `components_`, `dense_output`; `inverse_components_` where `compute_inverse_components`.
    /// # Transforms
    /// `X · components_ᵀ`, sparse for sparse rows unless `dense_output`. `inverse_transform`, of 1.1, multiplies by the
    /// transpose of `inverse_components_`, or of the pseudo-inverse of `components_` where the fit did not compute it.
    /// # Older versions
    /// The state has been the same since 0.17, but for `inverse_components_`.
    paths: ["sklearn.random_projection.SparseRandomProjection"],
    training_only: ["_n_features_out", "components_", "compute_inverse_components", "dense_output", "density", "density_", "eps", "inverse_components_", "n_components", "n_components_", "random_state"],
    read: RandomMatrix::read_sparse,
};

/// A random matrix.
#[derive(Debug)]
pub struct RandomMatrix {
    /// By `components_`, (n_components, n_features).
    forth: Arc<Affine>,
    /// Whether sparse rows stay sparse.
    keeps_sparse: bool,
    /// `inverse_components_`
    stored_inverse: Option<Arc<Affine>>,
    /// The same, computed on first use.
    inverse: OnceLock<Arc<Affine>>,
    /// Whether there is an inverse transform.
    has_inverse: bool,
}

/// The most numbers that sparse components are made dense to, unless they store a good part of them.
const DENSE_NUMBERS: usize = 1 << 22;

impl RandomMatrix {
    fn read_dense(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let coef = numbers.into_matrix();
        let coef = coef.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        Self::read(fields, Affine::new(coef, Vec::new(), precision), false)
    }

    fn read_sparse(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        // With a `density` of 1 nothing of them is sparse.
        if fields.array("components_").is_ok() {
            return Self::read_dense(fields);
        }
        let sparse = fields.sparse("components_")?;
        let (rows, cols) = sparse.shape;
        let precision = match sparse.data.dtype {
            skiff_files::DType::Float { size: 2 | 4, .. } => skiff_plan::value::Precision::Single,
            _ => skiff_plan::value::Precision::Double,
        };
        let data = sparse.to_dense(DENSE_NUMBERS.max(sparse.stored().saturating_mul(64)));
        let too_thin =
            || fields.unsupported("components_", format!("a sparse matrix of {rows} × {cols} with too few values"));
        let coef = Matrix::new(rows, cols, data.ok_or_else(too_thin)?);
        let keeps_sparse = !fields.bool("dense_output")?;
        Self::read(fields, Affine::new(coef, Vec::new(), precision), keeps_sparse)
    }

    fn read(fields: &Fields<'_, '_>, forth: Affine, keeps_sparse: bool) -> Result<Self, ReadError> {
        fields.expect_n_features("components_", forth.coef.cols)?;
        // LAPACK's singular values, by which scikit-learn inverts them, never end where one is infinite.
        if !forth.coef.data.iter().all(|value| value.is_finite()) {
            return Err(fields.damaged("components_", "it holds NaN or infinities"));
        }
        let stored_inverse = match fields.bool_or("compute_inverse_components", false)? {
            true => {
                let numbers = fields.numbers("inverse_components_")?;
                let precision = numbers.precision;
                let shape = (forth.coef.cols, forth.coef.rows);
                let coef = numbers.into_matrix().filter(|matrix| (matrix.rows, matrix.cols) == shape);
                let coef = coef.ok_or_else(|| {
                    fields.unexpected("inverse_components_", "an array of the shape of `components_.T`")
                })?;
                Some(Arc::new(Affine::new(coef, Vec::new(), precision)))
            }
            false => None,
        };
        let has_inverse = !fields.before(1, 1);
        Ok(Self { forth: Arc::new(forth), keeps_sparse, stored_inverse, inverse: OnceLock::new(), has_inverse })
    }

    /// `linalg.pinv(components_)`, by the pseudo-inverse of the smaller of `C · Cᵀ` and `Cᵀ · C`.
    fn pseudo_inverse(&self) -> Arc<Affine> {
        let components = &self.forth.coef;
        let columns = components.transposed();
        let inverse = match components.rows <= components.cols {
            true => product(&columns, &pseudo_inverse(&product(components, components)).matrix),
            false => product(&pseudo_inverse(&product(&columns, &columns)).matrix, components),
        };
        Arc::new(Affine::new(inverse, Vec::new(), self.forth.precision))
    }
}

/// `a · bᵀ`
fn product(a: &Matrix<'_, f64>, b: &Matrix<'_, f64>) -> Matrix<'static, f64> {
    let rows = a.iter_rows().flat_map(|x| b.iter_rows().map(move |y| (x, y)));
    let data: Vec<f64> = rows.map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum()).collect();
    Matrix::new(a.rows, b.rows, data)
}

impl Estimator for RandomMatrix {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.sparse(SparseRule::Accept);
        match method {
            Method::Transform => {
                let x = plan.check(input, rule, self.forth.coef.cols);
                if self.keeps_sparse {
                    return Ok(Output::matrix(plan.push(SparseProduct { affine: Arc::clone(&self.forth) }, &[x])));
                }
                Ok(Output::matrix(plan.push(&self.forth, &[x])))
            }
            Method::InverseTransform if self.has_inverse => {
                let x = plan.check(input, rule.any_names(), self.forth.coef.rows);
                let dense = plan.push(Concatenate { layout: Layout::Dense }, &[x]);
                let inverse = match &self.stored_inverse {
                    Some(inverse) => inverse,
                    None => self.inverse.get_or_init(|| self.pseudo_inverse()),
                };
                Ok(Output::matrix(plan.push(inverse, &[dense])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.forth.coef.rows)?;
        Ok(names::class_prefix(header, self.forth.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.forth.coef.cols)
    }
}
