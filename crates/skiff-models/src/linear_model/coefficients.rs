//! `coef_` and `intercept_`: the common part of linear models, here and in `sklearn.svm`.

use std::sync::Arc;

use skiff_files::{Instance, Sparse};
use skiff_plan::operators::{Affine, ArrayRule, Dtype, Finite, RefuseSparse, SparseRule};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Rank, ValueId};

use crate::fields::{Fields, Numbers, ReadError, ReadErrorKind};
use crate::lowering::Lowering;

/// `coef_` and `intercept_`, whose shapes agree.
#[derive(Debug)]
pub(crate) struct Coefficients {
    /// Both, with their dtype; a `coef_` of one dimension is one row.
    affine: Arc<Affine>,
    /// The dimensions of `X @ coef_.T`.
    pub(crate) rank: Rank,
    /// Whether `coef_` is a number without dimensions.
    pub(crate) is_number: bool,
    /// Whether `coef_` is a sparse array of one dimension, by which scipy multiplies dense rows only.
    flat_sparse: bool,
    /// Which rows may contain NaN and infinity.
    pub(crate) finite: Finite,
}

/// The largest dense size of a sparse `coef_`, unless it stores a good part of the numbers: a file of a few bytes
/// may declare any shape.
const DENSE_NUMBERS: usize = 1 << 22;

impl Coefficients {
    /// Reads `coef_` (dense, or sparse after `sparsify`) and `intercept_`, and checks them against each other.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let Numbers { shape, data, precision } = read_coef(fields)?;
        let (coef, rank) = match shape[..] {
            // Of one feature scikit-learn squeezes it (0.17), or does without an intercept (OrthogonalMatchingPursuit);
            // `np.dot` of a column and a number is a column of two dimensions.
            [] => (Matrix::new(1, 1, data), Rank::Two),
            [cols] => (Matrix::new(1, cols, data), Rank::One),
            [rows, cols] => (Matrix::new(rows, cols, data), Rank::Two),
            _ => return Err(fields.unexpected("coef_", "an array of at most two dimensions")),
        };
        fields.expect_n_features("coef_", coef.cols)?;
        let (intercept, intercept_precision) = read_intercept(fields, coef.rows)?;
        let precision = precision.promote(intercept_precision.unwrap_or(precision));
        let flat_sparse = is_flat_sparse(fields)?;
        let affine = Arc::new(Affine::new(coef, intercept, precision));
        Ok(Self { affine, rank, is_number: shape.is_empty(), flat_sparse, finite: Finite::All })
    }

    /// The number of scores of each row.
    pub(crate) fn outputs(&self) -> usize {
        self.affine.coef.rows
    }

    /// The number of columns of a row.
    pub(crate) fn n_features(&self) -> usize {
        self.affine.coef.cols
    }

    /// `X @ coef_.T + intercept_`, after scikit-learn's validation.
    pub(crate) fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS
            .dtype(Dtype::Numeric)
            .half(Precision::Single)
            .finite(self.finite)
            .sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, self.affine.coef.cols);
        if self.flat_sparse {
            x = plan.push(RefuseSparse { message: "sparse rows with a sparse `coef_` of one dimension" }, &[x]);
        }
        self.of_checked(x, plan)
    }

    /// The same for rows that were checked before.
    pub(crate) fn of_checked(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.push(&self.affine, &[x])
    }
}

fn read_coef(fields: &Fields<'_, '_>) -> Result<Numbers, ReadError> {
    let node = fields.required("coef_")?;
    let sparse = Sparse::read(fields.graph(), node)
        .map_err(|error| ReadError::new(fields.path_of("coef_"), ReadErrorKind::Value(error)))?;
    let Some(sparse) = sparse else { return fields.any_numbers("coef_") };
    let most = DENSE_NUMBERS.max(sparse.stored().saturating_mul(64));
    let Some(data) = sparse.to_dense(most) else {
        let (rows, cols) = sparse.shape;
        return Err(fields.unsupported("coef_", format!("a sparse matrix of {rows} × {cols} with too few values")));
    };
    let precision = match sparse.data.dtype {
        skiff_files::DType::Float { size: 2 | 4, .. } => Precision::Single,
        _ => Precision::Double,
    };
    Ok(Numbers { shape: vec![sparse.shape.0, sparse.shape.1], data, precision })
}

/// `sparsify` of scikit-learn 1.9 makes such a `coef_` of a vector.
fn is_flat_sparse(fields: &Fields<'_, '_>) -> Result<bool, ReadError> {
    let coef = Instance::read(fields.graph(), fields.required("coef_")?);
    let shape = coef.as_ref().and_then(|coef| coef.attribute("_shape"));
    Ok(shape.and_then(|shape| fields.graph().items(shape)).is_some_and(|shape| shape.len() == 1))
}

/// `intercept_`: a vector, or one number for all outputs (`0.0` where `fit_intercept=False`). Only a vector has a dtype
/// that takes part in numpy's promotion.
fn read_intercept(fields: &Fields<'_, '_>, outputs: usize) -> Result<(Vec<f64>, Option<Precision>), ReadError> {
    let node = fields.required("intercept_")?;
    match fields.numbers_at(node, "intercept_") {
        Ok(Numbers { shape, data, precision }) if shape.len() == 1 => match data[..] {
            [one] => Ok((vec![one; outputs], Some(precision))),
            _ => fields.expect_len("intercept_", data.len(), outputs).map(|()| (data, Some(precision))),
        },
        _ => Ok((vec![fields.float("intercept_")?; outputs], None)),
    }
}
