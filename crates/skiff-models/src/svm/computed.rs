//! The attributes that `BaseLibSVM` computes on access: `coef_` of linear kernels, `n_support_`, `probA_`, `probB_`.

use skiff_files::{Sparse, SparseFormat};
use skiff_plan::operators::to_sparse;
use skiff_plan::value::{IntKind, Matrix, Precision, Value};

use crate::computed::{Attributes, Computed};

/// The names; `coef_` is there for linear kernels alone.
pub(super) fn names(is_linear: bool, is_classifier: bool) -> Vec<&'static str> {
    let mut names = vec!["n_support_"];
    if is_linear {
        names.push("coef_");
    }
    if is_classifier {
        names.extend(["probA_", "probB_"]);
    }
    names
}

/// One of [`names`].
pub(super) fn compute(name: &str, is_classifier: bool, attributes: &Attributes<'_>) -> Option<Computed> {
    match name {
        "probA_" => Some(Computed::At(attributes.node("_probA").or_else(|| attributes.node("probA_"))?)),
        "probB_" => Some(Computed::At(attributes.node("_probB").or_else(|| attributes.node("probB_"))?)),
        "n_support_" => {
            let mut counts = counts(attributes)?;
            if !is_classifier {
                // Of a single decision value libsvm counts the second class as well.
                counts.truncate(1);
            }
            Some(Computed::integers(counts, IntKind::Int { bytes: 4, signed: true }))
        }
        "coef_" => coefficients(is_classifier, attributes),
        _ => None,
    }
}

fn counts(attributes: &Attributes<'_>) -> Option<Vec<i64>> {
    attributes.array("_n_support").or_else(|| attributes.array("n_support_"))?.to_i64()
}

/// `_get_coef`
fn coefficients(is_classifier: bool, attributes: &Attributes<'_>) -> Option<Computed> {
    let sparse = (attributes.sparse("dual_coef_"), attributes.sparse("support_vectors_"));
    let (dual, vectors, is_sparse) = match sparse {
        (Some(dual), Some(vectors)) => (dense(&dual)?, dense(&vectors)?, true),
        _ => (attributes.matrix("dual_coef_")?, attributes.matrix("support_vectors_")?, false),
    };
    let rows = if dual.rows == 1 || !is_classifier {
        vec![combination(dual.row(0), 0, &vectors)?]
    } else {
        one_against_one(&dual, &vectors, &counts(attributes)?)?
    };
    let coef = Matrix::new(rows.len(), vectors.cols, rows.concat());
    Some(Computed::matrix(match is_sparse {
        true => Value::Sparse(to_sparse(&Value::Floats(coef, Precision::Double)).ok()?),
        false => Value::Floats(coef, Precision::Double),
    }))
}

/// `_one_vs_one_coef`
fn one_against_one(dual: &Matrix<'_, f64>, vectors: &Matrix<'_, f64>, counts: &[i64]) -> Option<Vec<Vec<f64>>> {
    let mut starts = vec![0_usize];
    for &count in counts {
        starts.push(starts.last()?.checked_add(usize::try_from(count).ok()?)?);
    }
    let classes = dual.rows + 1;
    let part = |row: usize, class: usize| {
        let (from, to) = (*starts.get(class)?, *starts.get(class + 1)?);
        combination(dual.row(row).get(from..to)?, from, vectors)
    };
    let mut all = Vec::new();
    for first in 0..classes {
        for second in first + 1..classes {
            let (of_first, of_second) = (part(second - 1, first)?, part(first, second)?);
            all.push(of_first.iter().zip(of_second).map(|(a, b)| a + b).collect());
        }
    }
    Some(all)
}

/// `weights · vectors[from..]`
fn combination(weights: &[f64], from: usize, vectors: &Matrix<'_, f64>) -> Option<Vec<f64>> {
    if from.checked_add(weights.len())? > vectors.rows {
        return None;
    }
    let mut sums = vec![0.0; vectors.cols];
    for (place, weight) in weights.iter().enumerate() {
        for (sum, value) in sums.iter_mut().zip(vectors.row(from + place)) {
            *sum += weight * value;
        }
    }
    Some(sums)
}

/// How many elements a sparse matrix may have once its zeros are written out.
const MOST: usize = 1 << 26;

fn dense(sparse: &Sparse) -> Option<Matrix<'static, f64>> {
    let (rows, cols) = sparse.shape;
    if sparse.format != SparseFormat::Csr || rows.checked_mul(cols)? > MOST {
        return None;
    }
    let data = sparse.data.to_f64()?;
    let indices = sparse.indices.to_i64()?;
    let indptr = sparse.indptr.to_i64()?;
    let mut matrix = vec![0.0; rows * cols];
    for (row, (&start, &end)) in indptr.iter().zip(indptr.iter().skip(1)).enumerate() {
        let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
        for (&column, value) in indices.get(range.clone())?.iter().zip(data.get(range)?) {
            let column = usize::try_from(column).ok().filter(|&column| column < cols)?;
            *matrix.get_mut(row * cols + column)? += value;
        }
    }
    Some(Matrix::new(rows, cols, matrix))
}
