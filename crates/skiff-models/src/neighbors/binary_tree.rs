//! The trees and metrics of neighbors.

use skiff_files::{NdArray, Scalar};
use skiff_pickle::{Node as GraphNode, NodeId};
use skiff_plan::kernels::binary_tree::{BinaryTree, Bounds};
use skiff_plan::kernels::metric::{Boolean, Metric};
use skiff_plan::value::Matrix;

use super::metric_view::MetricView;
use super::point_tree_view::PointTreeView;
use crate::fields::{Fields, ReadError, ReadErrorKind};

/// The tree in the attribute `name`: a k-d tree or a ball tree, as its class says.
pub(crate) fn read_tree(fields: &Fields<'_, '_>, name: &str) -> Result<BinaryTree, ReadError> {
    let node = fields.required(name)?;
    let unexpected = || fields.unexpected(name, "a tree of points");
    let instance = fields.instance_at(node, &fields.path_of(name))?.ok_or_else(unexpected)?;
    let is_known = match instance.module {
        "sklearn.neighbors._kd_tree" | "sklearn.neighbors.kd_tree" => {
            matches!(instance.name, "KDTree" | "KDTree64" | "BinaryTree")
        }
        "sklearn.neighbors._ball_tree" | "sklearn.neighbors.ball_tree" => {
            matches!(instance.name, "BallTree" | "BallTree64" | "BinaryTree")
        }
        _ => false,
    };
    if !is_known {
        return Err(unexpected());
    }
    let path =
        |part: &str| if part.is_empty() { fields.path_of(name) } else { format!("{}.{part}", fields.path_of(name)) };
    let wrong = |part: &str, what: &str| ReadError::new(path(part), ReadErrorKind::Damaged(what.to_owned()));
    let view = PointTreeView::read(fields.graph(), node).map_err(|error| error.within(&path("")))?;
    fields.spend(&path(""), view.size())?;

    let numbers = |array: &NdArray, part: &str| array.to_f64().ok_or_else(|| wrong(part, "it does not hold numbers"));
    let metric = metric_of(fields, &view.metric).map_err(|error| error.within(&path("dist_metric")))?;
    let &[rows, features] = &view.data.shape[..] else { return Err(unexpected()) };
    let points = Matrix::new(rows, features, numbers(&view.data, "data")?);
    let bounds = numbers(&view.bounds, "node_bounds")?;
    let size = view.nodes.len() * features;
    let mut levels = bounds.chunks_exact(size.max(1));
    let mut level = || {
        let level = levels.next().ok_or_else(|| wrong("node_bounds", "it has no bounds of some nodes"))?;
        Ok::<_, ReadError>(Matrix::new(view.nodes.len(), features, level.to_vec()))
    };
    let bounds = if view.is_kd {
        let power = metric.power().ok_or_else(|| wrong("dist_metric", "a metric that k-d trees do not support"))?;
        Bounds::Boxes { low: level()?, high: level()?, power }
    } else {
        Bounds::Balls(level()?)
    };
    let weights = view.weights.as_ref().map(|weights| numbers(weights, "sample_weight")).transpose()?;
    Ok(BinaryTree::new(points, view.order, view.nodes, bounds, metric, weights))
}

/// What the distances of a `DistanceMetric` are.
fn metric_of(fields: &Fields<'_, '_>, view: &MetricView) -> Result<Metric, ReadError> {
    let unsupported = |what: String| ReadError::new(String::new(), ReadErrorKind::Unsupported(what));
    let numbers = |array: &NdArray| array.to_f64().ok_or_else(|| unsupported(format!("numbers of {}", array.dtype)));
    if view.is_single {
        return Err(unsupported(format!("`{}32`", view.class)));
    }
    Ok(match &*view.class {
        "SEuclideanDistance" if fields.before(0, 18) => {
            return Err(unsupported("`seuclidean` of 0.17, which forgot its variances when it was loaded".to_owned()));
        }
        "SEuclideanDistance" => Metric::StandardizedEuclidean(numbers(&view.vector)?),
        "WMinkowskiDistance" => Metric::WeightedDifferences { p: view.power, weights: numbers(&view.vector)? },
        "MinkowskiDistance" => {
            // Without weights the vector is a placeholder, `[0]` of one element.
            let weights = Some(numbers(&view.vector)?).filter(|weights| !(weights.is_empty() || weights[..] == [0.0]));
            Metric::Minkowski { p: view.power, weights }
        }
        "MahalanobisDistance" => Metric::Mahalanobis(numbers(&view.matrix)?),
        "JaccardDistance" => Metric::Boolean(jaccard(fields)),
        class => plain_metric(class).ok_or_else(|| unsupported(format!("`{class}`")))?,
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
