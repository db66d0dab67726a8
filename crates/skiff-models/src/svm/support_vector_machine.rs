//! `BaseLibSVM`: what the five estimators on libsvm share.

use std::sync::Arc;

use skiff_pickle::Node;
use skiff_plan::ValueId;
use skiff_plan::operators::{ArrayRule, Dtype, Kernel, RefuseSparse, SparseRule, SupportVectors, Vectors};
use skiff_plan::value::{Csr, Matrix, NumberType, Precision};

use super::computed;
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;
use crate::model::ComputedAttribute;

/// `support_vectors_`, `_dual_coef_`, `_intercept_` and the kernel, with their shapes checked against each other.
#[derive(Debug)]
pub(crate) struct SupportVectorMachine {
    machine: Arc<SupportVectors>,
    /// How many columns a row must have.
    width: usize,
}

impl SupportVectorMachine {
    /// Reads the machine of a classifier of `classes` classes; of `None` for a single decision value.
    pub(crate) fn read(fields: &Fields<'_, '_>, classes: Option<usize>) -> Result<Self, ReadError> {
        let kernel = read_kernel(fields)?;
        let (fit_rows, fit_cols) = read_shape(fields)?;
        let (vectors, width) = read_vectors(fields, kernel, fit_rows, fit_cols)?;
        let count = vectors.count();
        let counts = match classes {
            Some(classes) => read_counts(fields, classes, count)?,
            None => vec![count],
        };
        let sums = classes.map_or(1, |classes| classes * (classes - 1) / 2);
        let mut intercepts = fields.vector_of("_intercept_", sums)?;
        let mut coefficients = read_coefficients(fields, classes.map_or(1, |classes| classes - 1), count)?;
        // libsvm's signs are those of the first of two classes, and scikit-learn-intelex keeps those of the second.
        if classes == Some(2) && fields.is_patched() {
            intercepts.iter_mut().chain(&mut coefficients).for_each(|value| *value = -*value);
        }
        fields.training_only(&[
            "C",
            "_effective_probability",
            "_impl",
            "_n_support",
            "_num_iter",
            "_probA",
            "_probB",
            "cache_size",
            "class_weight",
            "class_weight_",
            "coef0",
            "degree",
            "dual_coef_",
            "epsilon",
            "fit_status_",
            "gamma",
            "_gamma",
            "intercept_",
            "max_iter",
            "n_iter_",
            "n_support_",
            "nu",
            "probA_",
            "probB_",
            "probability",
            "random_state",
            "shrinking",
            "support_",
            "support_vectors_",
            "tol",
            "verbose",
        ]);
        let machine = Arc::new(SupportVectors::new(kernel, vectors, coefficients, counts, intercepts));
        Ok(Self { machine, width })
    }

    /// The decision values of libsvm: one for each pair of classes, or one.
    pub(crate) fn decisions(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Double).sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, self.width);
        if !matches!(self.machine.vectors, Vectors::Sparse(_)) {
            let message = "cannot use sparse input in a support vector machine trained on dense data";
            x = plan.push(RefuseSparse { message }, &[x]);
        }
        plan.push(&self.machine, &[x])
    }

    /// The attributes that `BaseLibSVM` computes on access.
    pub(crate) fn computed(&self, is_classifier: bool) -> Vec<ComputedAttribute<'static>> {
        let names = computed::names(self.machine.kernel == Kernel::Linear, is_classifier);
        let attribute = |name| -> ComputedAttribute<'static> {
            (name, Box::new(move |attributes: &Attributes<'_>| computed::compute(name, is_classifier, attributes)))
        };
        names.into_iter().map(attribute).collect()
    }

    /// How many columns a row must have.
    pub(crate) fn width(&self) -> usize {
        self.width
    }
}

fn read_kernel(fields: &Fields<'_, '_>) -> Result<Kernel, ReadError> {
    let node = fields.required("kernel")?;
    if !matches!(fields.graph().node(node), Node::Str(_) | Node::ByteStr(_)) {
        return Err(fields.unsupported("kernel", "a callable kernel, whose code is not in the file"));
    }
    let gamma = || fields.float("_gamma");
    let coef0 = || fields.float("coef0");
    Ok(match fields.string("kernel")?.as_str() {
        "linear" => Kernel::Linear,
        "poly" => Kernel::Polynomial { gamma: gamma()?, coef0: coef0()?, degree: fields.int("degree")? },
        "rbf" => Kernel::Rbf { gamma: gamma()? },
        "sigmoid" => Kernel::Sigmoid { gamma: gamma()?, coef0: coef0()? },
        "precomputed" => Kernel::Precomputed,
        other => return Err(fields.unsupported("kernel", format!("`{other}`"))),
    })
}

/// `shape_fit_`, the shape of the table of the fit.
fn read_shape(fields: &Fields<'_, '_>) -> Result<(usize, usize), ReadError> {
    // scikit-learn-intelex had the weights of the classes in it.
    let node = fields.required("shape_fit_")?;
    if fields.is_patched() && skiff_files::NdArray::read(fields.graph(), node).is_ok_and(|array| array.is_some()) {
        let vectors = fields.matrix("support_vectors_")?;
        return Ok((vectors.rows, vectors.cols));
    }
    let lengths = fields.list("shape_fit_")?;
    let path = fields.path_of("shape_fit_");
    let mut shape = Vec::new();
    for &node in &lengths {
        let length = fields.scalar_at(node, &path)?.as_i64();
        shape.push(length.and_then(|length| usize::try_from(length).ok()));
    }
    match shape[..] {
        [Some(rows), Some(cols)] => Ok((rows, cols)),
        // Sparse precomputed kernels and nothing else have lost their second length.
        [Some(rows)] => Ok((rows, rows)),
        _ => Err(fields.unexpected("shape_fit_", "two lengths")),
    }
}

/// The support vectors, and how many columns a row must have.
fn read_vectors(
    fields: &Fields<'_, '_>,
    kernel: Kernel,
    fit_rows: usize,
    fit_cols: usize,
) -> Result<(Vectors, usize), ReadError> {
    let sparse = fields.bool("_sparse")?;
    if kernel == Kernel::Precomputed {
        if sparse {
            return Err(fields.unsupported("_sparse", "a precomputed kernel fitted on sparse data"));
        }
        let columns = fields.ints("support_")?.into_iter().map(|column| usize::try_from(column).ok());
        let columns = columns.map(|column| column.filter(|&column| column < fit_rows)).collect::<Option<Vec<_>>>();
        let columns =
            columns.ok_or_else(|| fields.damaged("support_", "an index out of range of the training rows"))?;
        return Ok((Vectors::Columns(columns), fit_rows));
    }
    let (vectors, width) = if sparse {
        let sparse = fields.sparse("support_vectors_")?;
        let csr = Csr::read(&sparse, NumberType::Float(Precision::Double));
        let csr = csr.map_err(|error| fields.damaged("support_vectors_", error.to_string()))?;
        if (0..csr.rows).any(|row| !csr.row(row).0.is_sorted()) {
            return Err(fields.damaged("support_vectors_", "the column indices of a row are not ascending"));
        }
        let cols = csr.cols;
        (Vectors::Sparse(csr), cols)
    } else {
        let matrix = fields.matrix("support_vectors_")?;
        let cols = matrix.cols;
        (Vectors::Dense(matrix), cols)
    };
    if vectors.count() > 0 {
        fields.expect_len("support_vectors_", width, fit_cols)?;
    }
    Ok((vectors, fit_cols))
}

/// `_n_support` (before 0.22 `n_support_`): how many support vectors each class has.
fn read_counts(fields: &Fields<'_, '_>, classes: usize, count: usize) -> Result<Vec<usize>, ReadError> {
    let name = fields.first_of(&["_n_support", "n_support_"]).unwrap_or("_n_support");
    let counts = fields.ints(name)?.into_iter().map(|count| usize::try_from(count).ok()).collect::<Option<Vec<_>>>();
    let counts = counts.ok_or_else(|| fields.damaged(name, "a negative count"))?;
    fields.expect_len(name, counts.len(), classes)?;
    let total = counts.iter().try_fold(0_usize, |total, &count| total.checked_add(count));
    if total != Some(count) {
        return Err(fields.damaged(name, format!("its sum differs from the number of support vectors, {count}")));
    }
    Ok(counts)
}

/// `_dual_coef_`, (rows, n_support), with the coefficients of each support vector next to each other.
fn read_coefficients(fields: &Fields<'_, '_>, rows: usize, count: usize) -> Result<Vec<f64>, ReadError> {
    let name = "_dual_coef_";
    let is_array =
        skiff_files::NdArray::read(fields.graph(), fields.required(name)?).is_ok_and(|array| array.is_some());
    let coefficients = if is_array {
        let matrix = fields.matrix(name)?;
        // Without support vectors the shape is (1, 0) for any number of classes.
        if count > 0 {
            fields.expect_len(name, matrix.rows, rows)?;
        }
        fields.expect_len(name, matrix.cols, count)?;
        matrix.data.into_owned()
    } else {
        let sparse = fields.sparse(name)?;
        // libsvm uses the stored values in memory order: every entry must be stored, in order.
        let (indptr, indices, data) = sparse.to_csr();
        let rows_of = |(&start, &end): (&usize, &usize)| indices.get(start..end).unwrap_or_default();
        let mut stored = indptr.iter().zip(indptr.iter().skip(1)).map(rows_of);
        let whole = stored.all(|indices| indices.iter().copied().eq(0..count));
        if count > 0 && (sparse.shape != (rows, count) || !whole) {
            return Err(fields.damaged(name, "it does not have a value for each support vector and class"));
        }
        data
    };
    if coefficients.len() != rows * count {
        return Err(fields.damaged(name, "it does not have a value for each support vector and class"));
    }
    Ok(Matrix::new(rows, count, coefficients).transposed().data.into_owned())
}
