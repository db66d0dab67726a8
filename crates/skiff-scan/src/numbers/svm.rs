//! `sklearn.svm`'s estimators on libsvm, which takes counts, indices and lengths of them as they are.

use skiff_files::{Instance, NdArray, Sparse};
use skiff_pickle::{Graph, Node, NodeId};

use super::array;

/// Classes that hand their arrays to libsvm.
pub(super) const CLASSIFIERS: [&str; 2] = ["NuSVC", "SVC"];
pub(super) const OTHERS: [&str; 3] = ["NuSVR", "OneClassSVM", "SVR"];

/// What libsvm is handed, by the names of all versions. Of `None` it would take the address.
const ARRAYS: [&str; 12] = [
    "_dual_coef_",
    "_intercept_",
    "_n_support",
    "_probA",
    "_probB",
    "dual_coef_",
    "intercept_",
    "n_support_",
    "probA_",
    "probB_",
    "support_",
    "support_vectors_",
];

/// Looks at the machine at `id`.
pub(super) fn check(graph: &Graph, id: NodeId, is_classifier: bool) -> Result<(), String> {
    let Some(instance) = Instance::read(graph, id) else { return Ok(()) };
    let Some(vectors) = instance.attribute("support_vectors_") else { return Ok(()) };
    for name in ARRAYS {
        if let Some(node) = instance.attribute(name)
            && array(graph, node).is_none()
            && !matches!(Sparse::read(graph, node), Ok(Some(_)))
        {
            return Err(format!("has a `{name}` that is no array"));
        }
    }
    let either = |names: [&str; 2]| names.iter().find_map(|name| array(graph, instance.attribute(name)?));
    let support = instance.attribute("support_").and_then(|node| array(graph, node)).ok_or("has no `support_`")?;
    let rows = match (array(graph, vectors), Sparse::read(graph, vectors)) {
        (Some(vectors), _) => vectors.shape.first().copied().unwrap_or(0),
        (None, Ok(Some(vectors))) => vectors.shape.0,
        _ => 0,
    };
    // A function of the user's makes a precomputed kernel, too.
    let kernel = instance.attribute("kernel").and_then(|kernel| graph.str_of(kernel));
    let is_precomputed = kernel.is_none_or(|kernel| kernel == "precomputed");
    // Precomputed kernels need the indices alone.
    if !is_precomputed && support.len() != rows {
        return Err(format!("has {rows} support vectors and the indices of {}", support.len()));
    }
    check_indices(graph, &instance, &support)?;
    let counts = either(["_n_support", "n_support_"]).and_then(|counts| counts.to_i64());
    let classes = match &counts {
        Some(counts) if is_classifier => counts.len(),
        _ => 2,
    };
    if let Some(counts) = counts.filter(|_| is_classifier) {
        let sum = counts.iter().try_fold(0_i64, |sum, &count| if count < 0 { None } else { sum.checked_add(count) });
        if sum.and_then(|sum| usize::try_from(sum).ok()) != Some(support.len()) {
            return Err(format!("has {} support vectors and other counts of them by class", support.len()));
        }
    }
    check_coefficients(graph, &instance, classes.saturating_sub(1), support.len())?;
    let pairs = classes.saturating_mul(classes.saturating_sub(1)) / 2;
    if either(["_intercept_", "intercept_"]).is_some_and(|intercept| intercept.len() != pairs) {
        return Err(format!("has another number of intercepts than {pairs}"));
    }
    check_probabilities(
        graph,
        &instance,
        either(["_probA", "probA_"]),
        either(["_probB", "probB_"]),
        pairs,
        is_classifier,
    )
}

/// Rows of the fit, by which a precomputed kernel looks into what it is given.
fn check_indices(graph: &Graph, instance: &Instance<'_>, support: &NdArray) -> Result<(), String> {
    let indices = support.to_i64().ok_or("has a `support_` of something else than integers")?;
    let fit = instance.attribute("shape_fit_").and_then(|shape| graph.items(shape)?.first().copied());
    let most = match fit.map(|rows| graph.node(rows)) {
        Some(Node::Int(rows)) => *rows,
        _ => i64::MAX,
    };
    match indices.iter().find(|&&index| index < 0 || index >= most) {
        Some(index) => Err(format!("has a support vector that is row {index} of {most}")),
        None => Ok(()),
    }
}

/// `_dual_coef_`: a row for each class but one, a column for each support vector.
fn check_coefficients(graph: &Graph, instance: &Instance<'_>, rows: usize, columns: usize) -> Result<(), String> {
    for name in ["_dual_coef_", "dual_coef_"] {
        let Some(node) = instance.attribute(name) else { continue };
        let shape = match (array(graph, node), Sparse::read(graph, node)) {
            (Some(dense), _) => dense.shape,
            // libsvm takes its elements for those of a dense one.
            (None, Ok(Some(sparse))) if sparse.data.len() == rows.saturating_mul(columns) => {
                vec![sparse.shape.0, sparse.shape.1]
            }
            _ => return Err(format!("has a `{name}` that is not whole")),
        };
        // Without support vectors it is (1, 0) for any number of classes, and nothing of it is read.
        let is_empty = columns == 0 && shape == [1, 0];
        if shape != [rows, columns] && !is_empty {
            return Err(format!("has a `{name}` of the shape {shape:?} for {columns} support vectors"));
        }
    }
    Ok(())
}

/// Both have a number for each pair of classes, or none.
fn check_probabilities(
    graph: &Graph,
    instance: &Instance<'_>,
    first: Option<NdArray>,
    second: Option<NdArray>,
    pairs: usize,
    is_classifier: bool,
) -> Result<(), String> {
    let lengths = [first, second].map(|array| array.map_or(0, |array| array.len()));
    let is_set = |name: &str| instance.attribute(name).is_some_and(|flag| *graph.node(flag) != Node::Bool(false));
    let wrong = || Err(format!("has {lengths:?} parameters of probabilities for {pairs} pairs of classes"));
    match lengths {
        [0, 0] if is_set("_effective_probability") => wrong(),
        [0, 0] => Ok(()),
        lengths if lengths == [pairs; 2] => Ok(()),
        // Regressors have one of the first alone.
        [1, 0] if !is_classifier && !is_set("_effective_probability") => Ok(()),
        _ => wrong(),
    }
}
