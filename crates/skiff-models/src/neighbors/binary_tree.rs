//! `KDTree`, `BallTree` and `DistanceMetric`: checked views of their states.

use skiff_files::{NdArray, Scalar};
use skiff_pickle::{Node as GraphNode, NodeId};
use skiff_plan::kernels::binary_tree::{BinaryTree, Bounds, Node};
use skiff_plan::kernels::metric::{Boolean, Metric};
use skiff_plan::value::Matrix;

use crate::fields::{Fields, ReadError, ReadErrorKind};

/// The tree in the attribute `name`: a k-d tree or a ball tree, as its class says.
pub(crate) fn read_tree(fields: &Fields<'_, '_>, name: &str) -> Result<BinaryTree, ReadError> {
    let node = fields.required(name)?;
    let unexpected = || fields.unexpected(name, "a tree of points");
    let instance = fields.instance_at(node, &fields.path_of(name))?.ok_or_else(unexpected)?;
    let is_kd = match (instance.module, instance.name) {
        ("sklearn.neighbors._kd_tree" | "sklearn.neighbors.kd_tree", "KDTree" | "KDTree64" | "BinaryTree") => true,
        ("sklearn.neighbors._ball_tree" | "sklearn.neighbors.ball_tree", "BallTree" | "BallTree64" | "BinaryTree") => {
            false
        }
        _ => return Err(unexpected()),
    };
    let state = instance.state().and_then(|state| fields.graph().items(state));
    let Some(&[data, order, nodes, bounds, _, _, _, _, _, _, _, metric, ref rest @ ..]) = state else {
        return Err(fields.damaged(name, "a state of fewer than twelve parts"));
    };
    let path = |part: &str| format!("{}.{part}", fields.path_of(name));
    let wrong = |part: &str, what: &str| ReadError::new(path(part), ReadErrorKind::Damaged(what.to_owned()));

    let points = fields.numbers_at(data, &path("data"))?.into_matrix();
    let points = points.ok_or_else(|| wrong("data", "it does not have two dimensions"))?;
    let order = read_order(fields, order, &path("idx_array"), points.rows)?;
    let nodes = read_nodes(fields, nodes, &path("node_data"), points.rows)?;

    let metric = read_metric(fields, metric, &path("dist_metric"))?;
    if !metric.fits(points.cols) {
        return Err(wrong("dist_metric", "its parameters do not match the number of features"));
    }
    let bounds = fields.numbers_at(bounds, &path("node_bounds"))?;
    let expected = [if is_kd { 2 } else { 1 }, nodes.len(), points.cols];
    if bounds.shape != expected {
        return Err(wrong("node_bounds", "its shape does not match the nodes"));
    }
    let size = nodes.len() * points.cols;
    let level = |level: usize| Matrix::new(nodes.len(), points.cols, bounds.data[level * size..][..size].to_vec());
    let bounds = if is_kd {
        let power = metric.power().ok_or_else(|| wrong("dist_metric", "a metric that k-d trees do not support"))?;
        Bounds::Boxes { low: level(0), high: level(1), power }
    } else {
        Bounds::Balls(level(0))
    };
    // Versions before 0.20 have no such part.
    let weights = match rest {
        [] => None,
        [weights] if matches!(fields.graph().node(*weights), GraphNode::None) => None,
        [weights] => Some(fields.numbers_at(*weights, &path("sample_weight"))?.data),
        _ => return Err(fields.damaged(name, "a state of more than thirteen parts")),
    };
    if weights.as_ref().is_some_and(|weights| weights.len() != points.rows) {
        return Err(wrong("sample_weight", "there are not as many as points"));
    }
    Ok(BinaryTree::new(points, order, nodes, bounds, metric, weights))
}

/// The points' numbers, each of them once.
fn read_order(fields: &Fields<'_, '_>, node: NodeId, path: &str, points: usize) -> Result<Vec<usize>, ReadError> {
    let wrong = |what: &str| ReadError::new(path.to_owned(), ReadErrorKind::Damaged(what.to_owned()));
    let numbers = fields.array_at(node, path)?.to_i64().ok_or_else(|| wrong("it does not hold integers"))?;
    let mut seen = vec![false; points];
    let mut order = Vec::with_capacity(points);
    for number in numbers {
        let number = usize::try_from(number).ok().filter(|&number| number < points);
        let number = number.ok_or_else(|| wrong("it names a point that does not exist"))?;
        if std::mem::replace(&mut seen[number], true) {
            return Err(wrong("it names a point twice"));
        }
        order.push(number);
    }
    if order.len() == points { Ok(order) } else { Err(wrong("it does not contain every point")) }
}

fn read_nodes(fields: &Fields<'_, '_>, node: NodeId, path: &str, points: usize) -> Result<Vec<Node>, ReadError> {
    let wrong = |what: String| ReadError::new(path.to_owned(), ReadErrorKind::Damaged(what));
    let array: NdArray = fields.array_at(node, path)?;
    let ints = |field: &str| array.field(field).and_then(|column| column.to_i64());
    let (Some(starts), Some(ends), Some(leaves)) = (ints("idx_start"), ints("idx_end"), ints("is_leaf")) else {
        return Err(wrong("it has no fields `idx_start`, `idx_end` and `is_leaf`".to_owned()));
    };
    let radii = array.field("radius").and_then(|column| column.to_f64());
    let radii = radii.ok_or_else(|| wrong("it has no field `radius`".to_owned()))?;
    let mut nodes = Vec::with_capacity(starts.len());
    for (at, (((start, end), leaf), radius)) in starts.iter().zip(&ends).zip(&leaves).zip(&radii).enumerate() {
        // Nodes below a leaf of few points are never reached, and may be uninitialized.
        let (start, end) = (usize::try_from(*start).unwrap_or(0), usize::try_from(*end).unwrap_or(0));
        nodes.push(Node { start, end, is_leaf: *leaf != 0, radius: *radius });
        if at == 0 && (start, end) != (0, points) {
            return Err(wrong("its first node does not contain all points".to_owned()));
        }
    }
    if nodes.is_empty() {
        return Err(wrong("it has no nodes".to_owned()));
    }
    // Nodes that are reachable from the root are checked: children are in the array and split their parent's range.
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let parent = nodes[at];
        if parent.is_leaf {
            continue;
        }
        let (Some(left), Some(right)) = (nodes.get(2 * at + 1), nodes.get(2 * at + 2)) else {
            return Err(wrong(format!("node {at} is not a leaf and has no children")));
        };
        let shared = left.start == parent.start && left.end == right.start && right.end == parent.end;
        if !shared || left.start > left.end || right.start > right.end {
            return Err(wrong(format!("the children of node {at} do not split its points")));
        }
        open.extend([2 * at + 1, 2 * at + 2]);
    }
    Ok(nodes)
}

/// A `DistanceMetric`: its class and the state `(p, vec, mat)`.
fn read_metric(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Metric, ReadError> {
    let unsupported = |what: String| ReadError::new(path.to_owned(), ReadErrorKind::Unsupported(what));
    let instance = fields.instance_at(node, path)?.filter(|instance| {
        matches!(
            instance.module,
            "sklearn.metrics._dist_metrics" | "sklearn.neighbors._dist_metrics" | "sklearn.neighbors.dist_metrics"
        )
    });
    let instance = instance.ok_or_else(|| fields.unexpected_at(node, path, "a distance metric"))?;
    let name = instance.name.strip_suffix("64").unwrap_or(instance.name);
    let state = instance.state().and_then(|state| fields.graph().items(state)).unwrap_or_default();
    let vector = || -> Result<Option<Vec<f64>>, ReadError> {
        let Some(&node) = state.get(1) else { return Ok(None) };
        Ok(Some(fields.numbers_at(node, &format!("{path}.vec"))?.data))
    };
    let missing = || ReadError::new(path.to_owned(), ReadErrorKind::Damaged("its state is too short".to_owned()));
    let power = || {
        let power = *state.first().ok_or_else(missing)?;
        fields.scalar_at(power, path)?.as_f64().ok_or_else(missing)
    };
    Ok(match name {
        "SEuclideanDistance" if fields.before(0, 18) => {
            return Err(unsupported("`seuclidean` of 0.17, which forgot its variances when it was loaded".to_owned()));
        }
        "SEuclideanDistance" => Metric::StandardizedEuclidean(vector()?.ok_or_else(missing)?),
        "WMinkowskiDistance" => Metric::WeightedDifferences { p: power()?, weights: vector()?.ok_or_else(missing)? },
        "MinkowskiDistance" => {
            let p = power()?;
            // Without weights the vector is a placeholder, `[0]` of one element.
            let weights = vector()?.filter(|weights| !(weights.is_empty() || weights[..] == [0.0]));
            Metric::Minkowski { p, weights }
        }
        "MahalanobisDistance" => {
            let matrix = *state.get(2).ok_or_else(missing)?;
            Metric::Mahalanobis(fields.numbers_at(matrix, &format!("{path}.mat"))?.data)
        }
        "JaccardDistance" => Metric::Boolean(jaccard(fields)),
        _ => plain_metric(name).ok_or_else(|| unsupported(format!("`{}`", instance.name)))?,
    })
}

/// By the version, which decides about rows in which nothing is true.
fn jaccard(fields: &Fields<'_, '_>) -> Boolean {
    if fields.before(0, 20) { Boolean::JaccardOrNan } else { Boolean::Jaccard }
}

/// Metrics without parameters, by the names of their classes.
fn plain_metric(class: &str) -> Option<Metric> {
    Some(match class {
        "EuclideanDistance" => Metric::Euclidean,
        "ManhattanDistance" => Metric::Manhattan,
        "ChebyshevDistance" => Metric::Chebyshev,
        "HammingDistance" => Metric::Hamming,
        "CanberraDistance" => Metric::Canberra,
        "BrayCurtisDistance" => Metric::BrayCurtis,
        "HaversineDistance" => Metric::Haversine,
        "MatchingDistance" => Metric::Boolean(Boolean::Matching),
        "DiceDistance" => Metric::Boolean(Boolean::Dice),
        "KulsinskiDistance" => Metric::Boolean(Boolean::Kulsinski),
        "RogersTanimotoDistance" => Metric::Boolean(Boolean::RogersTanimoto),
        "RussellRaoDistance" => Metric::Boolean(Boolean::RussellRao),
        "SokalMichenerDistance" => Metric::Boolean(Boolean::RogersTanimoto),
        "SokalSneathDistance" => Metric::Boolean(Boolean::SokalSneath),
        _ => return None,
    })
}

/// The metric of brute force: `effective_metric_` with `effective_metric_params_`.
pub(crate) fn read_metric_params(fields: &Fields<'_, '_>, name: &str) -> Result<Metric, ReadError> {
    let attribute = "effective_metric_params_";
    let param = |key: &str| -> Option<NodeId> {
        let GraphNode::Dict(pairs) = fields.graph().node(fields.optional(attribute)?) else { return None };
        let (_, value) = pairs.iter().rev().find(|(name, _)| fields.graph().str_of(*name) == Some(key))?;
        Some(*value).filter(|&value| !matches!(fields.graph().node(value), GraphNode::None))
    };
    let vector = |key: &str| match param(key) {
        Some(node) => fields.numbers_at(node, &format!("{}['{key}']", fields.path_of(attribute))).map(Some),
        None => Ok(None),
    };
    // Without them scipy computes them from the query rows.
    let needed = |key: &str| {
        let missing = || fields.unsupported(attribute, format!("`{name}` without `{key}`"));
        Ok(vector(key)?.ok_or_else(missing)?.data)
    };
    let power = || {
        let p = match param("p") {
            Some(node) => fields.scalar_at(node, &fields.path_of(attribute))?.as_f64(),
            None => Scalar::Int(2).as_f64(),
        };
        p.ok_or_else(|| fields.damaged(attribute, "`p` is not a number"))
    };
    Ok(match name {
        "euclidean" | "l2" => Metric::Euclidean,
        // scipy's, before there was `ArgKmin`.
        "sqeuclidean" if fields.before(1, 1) => Metric::SquaredDifferences,
        "sqeuclidean" => Metric::SquaredEuclidean,
        "manhattan" | "l1" | "cityblock" => Metric::Manhattan,
        "chebyshev" | "infinity" => Metric::Chebyshev,
        "minkowski" | "p" => Metric::Minkowski { p: power()?, weights: vector("w")?.map(|numbers| numbers.data) },
        "wminkowski" => Metric::WeightedDifferences { p: power()?, weights: needed("w")? },
        "seuclidean" => Metric::StandardizedEuclidean(needed("V")?),
        "mahalanobis" => Metric::Mahalanobis(needed("VI")?),
        "hamming" => Metric::Hamming,
        "canberra" => Metric::Canberra,
        "braycurtis" => Metric::BrayCurtis,
        "haversine" => Metric::Haversine,
        "cosine" => Metric::Cosine,
        "correlation" => Metric::Correlation,
        "nan_euclidean" if param("missing_values").is_some() => {
            return Err(fields.unsupported(attribute, "`missing_values`"));
        }
        "nan_euclidean" => Metric::NanEuclidean,
        "jaccard" => Metric::Boolean(jaccard(fields)),
        "matching" => Metric::Boolean(Boolean::Matching),
        "dice" => Metric::Boolean(Boolean::Dice),
        "kulsinski" => Metric::Boolean(Boolean::Kulsinski),
        "rogerstanimoto" | "sokalmichener" => Metric::Boolean(Boolean::RogersTanimoto),
        "russellrao" => Metric::Boolean(Boolean::RussellRao),
        "sokalsneath" => Metric::Boolean(Boolean::SokalSneath),
        "yule" => Metric::Boolean(Boolean::Yule),
        other => return Err(fields.unsupported("effective_metric_", format!("`{other}` by brute force"))),
    })
}
