//! From scikit-learn 1.4 to 1.5.

use skiff_files::{Node, Scalar, Sparse};

use crate::classes::PLS;
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(RIDGES, "store_cv_values", "store_cv_results"), (&["TSNE"], "n_iter", "max_iter")],
    values: &[],
    rules: &[
        Rule { classes: &["ClassifierChain"], up: nothing, down: handed_on },
        Rule { classes: RIDGES, up: store_cv_values, down: nothing },
        Rule { classes: &["TSNE"], up: n_iter, down: nothing },
        Rule { classes: PLS, up: raw_units, down: standardized_units },
        Rule { classes: &["TfidfTransformer"], up: dense_idf, down: diagonal_idf },
        Rule { classes: &["KNNImputer"], up: marked_values, down: marked_values },
    ],
};

const RIDGES: &[&str] = &["RidgeCV", "RidgeClassifierCV"];

fn store_cv_values(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_text("store_cv_values", "deprecated");
    Ok(())
}

fn n_iter(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_text("n_iter", "deprecated");
    Ok(())
}

/// `coef_` is in the units of the input, and not of standardized columns.
fn raw_units(step: &mut Step<'_>) -> Result<(), Refused> {
    scale(step, |coef, deviation| coef / deviation)
}

fn standardized_units(step: &mut Step<'_>) -> Result<(), Refused> {
    scale(step, |coef, deviation| coef * deviation)
}

fn scale(step: &mut Step<'_>, with: fn(f64, f64) -> f64) -> Result<(), Refused> {
    let (Some(coef), Some(deviations)) = (step.array("coef_"), step.array("_x_std")) else { return Ok(()) };
    match (coef.to_f64(), deviations.to_f64()) {
        (Some(numbers), Some(deviations)) if coef.shape.get(1) == Some(&deviations.len()) => {
            let columns = deviations.iter().cycle();
            let scaled: Vec<f64> = numbers.iter().zip(columns).map(|(&coef, &by)| with(coef, by)).collect();
            let node = step.floats(&coef.dtype, &coef.shape, &scaled);
            step.set("coef_", node);
            Ok(())
        }
        _ => Err(step.refused("`coef_` is not of one column for each of `_x_std`")),
    }
}

/// The inverse document frequencies were the diagonal of a sparse matrix.
fn dense_idf(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(id) = step.take("_idf_diag") else { return Ok(()) };
    let Ok(Some(matrix)) = Sparse::read(step.graph(), id) else { return Ok(()) };
    let diagonal = matrix.data.clone();
    let count = matrix.shape.0;
    match diagonal.to_f64() {
        Some(numbers) if numbers.len() == count => {
            let node = step.floats(&diagonal.dtype, &[count], &numbers);
            step.set("idf_", node);
            Ok(())
        }
        _ => Err(step.refused("`_idf_diag` is no diagonal")),
    }
}

fn diagonal_idf(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(idf) = step.array("idf_") else { return Ok(()) };
    let Some(numbers) = idf.to_f64() else { return Err(step.refused("`idf_` holds no numbers")) };
    step.take("idf_");
    let count = numbers.len();
    let data = step.floats(&idf.dtype, &[count], &numbers);
    let graph = step.graph();
    let places = |range: std::ops::Range<usize>| -> Vec<u8> {
        range.flat_map(|place| i32::try_from(place).unwrap_or(i32::MAX).to_le_bytes()).collect()
    };
    let i32s = skiff_files::DType::Int { size: 4, endian: skiff_files::Endian::Little };
    let order = skiff_files::Order::C;
    let indices = values::array(graph, &i32s, &[count], order, places(0..count));
    let pointers = values::array(graph, &i32s, &[count + 1], order, places(0..count + 1));
    let size = i64::try_from(count).unwrap_or(i64::MAX);
    let sizes = vec![values::int(graph, size), values::int(graph, size)];
    let shape = values::tuple(graph, sizes);
    let shown = values::int(graph, 50);
    let attributes =
        [("_shape", shape), ("maxprint", shown), ("indices", indices), ("indptr", pointers), ("data", data)];
    let matrix = values::instance(graph, "scipy.sparse.csr_matrix", &attributes);
    step.set("_idf_diag", matrix);
    Ok(())
}

/// Which neighbors lend their values was found otherwise where missing ones are marked by a number.
fn marked_values(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_nan = matches!(step.scalar("missing_values"), Some(Scalar::Float(value)) if value.is_nan());
    let is_fitted = step.get("_fit_X").is_some_and(|id| !matches!(step.migration.graph.node(id), Node::None));
    if is_fitted && !is_nan {
        return Err(step.would_answer_otherwise("`missing_values` that are not NaN are filled with others"));
    }
    Ok(())
}

/// Chains hand on predictions there, and nothing else.
fn handed_on(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("chain_method") && !step.is("chain_method", "predict") {
        return Err(step.would_answer_otherwise("chains hand on predictions, whatever `chain_method` says"));
    }
    Ok(())
}
