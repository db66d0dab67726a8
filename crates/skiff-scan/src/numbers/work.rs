//! Parameters that say how much scikit-learn does at prediction, where it asks nobody: threads, degrees, n-grams.

use skiff_files::Instance;
use skiff_pickle::{Graph, Node, NodeId};

use super::{array, count};

/// More threads than any machine has: OpenMP ends the process when it cannot have them.
const MOST_THREADS: usize = 4_096;
/// Products of features in one row: 512 MB of them.
const MOST_PRODUCTS: u64 = 1 << 26;
/// Factors of a product, which are multiplied in a loop of Python's.
const MOST_FACTORS: u64 = 1 << 16;
/// Parts of an n-gram. Python makes all n-grams of a text before it looks them up.
const MOST_PARTS: usize = 256;

/// Passes over the rows that are to be transformed: some make them until nothing changes, or as often as they may.
const MOST_PASSES: usize = 1 << 20;

/// Steps of a sampler, each of which makes two columns of every feature in a loop of Python's.
const MOST_STEPS: usize = 1 << 10;

const CLASSES: [&str; 18] = [
    "AdditiveChi2Sampler",
    "BisectingKMeans",
    "CountVectorizer",
    "DictVectorizer",
    "DictionaryLearning",
    "FeatureHasher",
    "HashingVectorizer",
    "KMeans",
    "LatentDirichletAllocation",
    "MiniBatchDictionaryLearning",
    "MiniBatchKMeans",
    "MiniBatchNMF",
    "MultiLabelBinarizer",
    "NMF",
    "PolynomialFeatures",
    "SparseCoder",
    "SplineTransformer",
    "TfidfVectorizer",
];

/// Parameters that say how many threads there are.
const THREADS: [&str; 5] = ["n_jobs", "n_threads", "nthread", "num_threads", "thread_count"];

/// Looks at how many threads the object at `id` asks for: joblib and OpenMP try to start them all.
pub(super) fn check_threads(graph: &Graph, id: NodeId) -> Result<(), String> {
    let Some(Node::Dict(pairs)) = graph.object(id).and_then(|object| object.state()).map(|state| graph.node(state))
    else {
        return Ok(());
    };
    let is_asked = |key: NodeId| graph.name_of(key).is_some_and(|name| THREADS.contains(&name));
    let is_beyond = |value: NodeId| match graph.node(value) {
        Node::Int(threads) => usize::try_from(*threads).is_ok_and(|threads| threads > MOST_THREADS),
        Node::BigInt(_) => true,
        Node::Float(threads) => *threads > 4_096.0,
        Node::Object(_) => count(graph, value).is_some_and(|threads| threads > MOST_THREADS),
        _ => false,
    };
    match pairs.iter().any(|&(key, value)| is_asked(key) && is_beyond(value)) {
        true => Err("asks for more threads than any machine has".to_owned()),
        false => Ok(()),
    }
}

/// Looks at the object at `id`, whose class is `name`.
pub(super) fn check(graph: &Graph, id: NodeId, name: &str) -> Result<(), String> {
    // Reading an object's attributes takes longer than knowing that nobody asks for them.
    if !CLASSES.contains(&name) {
        return Ok(());
    }
    let Some(instance) = Instance::read(graph, id) else { return Ok(()) };
    match name {
        "BisectingKMeans" | "KMeans" | "MiniBatchKMeans" => {
            let is_none =
                |threads: NodeId| count(graph, threads).is_none_or(|threads| threads == 0 || threads > MOST_THREADS);
            if instance.attribute("_n_threads").is_some_and(is_none) {
                return Err("has a number of threads that is none".to_owned());
            }
            check_halves(graph, &instance)
        }
        "AdditiveChi2Sampler" => check_passes(graph, &instance, &["sample_steps"], MOST_STEPS),
        "NMF" | "MiniBatchNMF" => {
            let names = ["max_iter", "transform_max_iter", "_transform_max_iter"];
            check_passes(graph, &instance, &names, MOST_PASSES)
        }
        "LatentDirichletAllocation" => check_passes(graph, &instance, &["max_doc_update_iter"], MOST_PASSES),
        "DictionaryLearning" | "MiniBatchDictionaryLearning" | "SparseCoder" => {
            check_passes(graph, &instance, &["transform_max_iter"], MOST_PASSES)
        }
        "MultiLabelBinarizer" => match instance.attribute("_cached_dict") {
            Some(places) => check_places(graph, "_cached_dict", places),
            None => Ok(()),
        },
        "DictVectorizer" => check_vocabulary(graph, &instance),
        "SplineTransformer" => match instance.attribute("n_features_out_").and_then(|columns| count(graph, columns)) {
            Some(columns) if columns > MOST_COLUMNS => Err(format!("makes {columns} columns")),
            _ => Ok(()),
        },
        "PolynomialFeatures" => check_degrees(graph, &instance),
        "CountVectorizer" | "HashingVectorizer" | "TfidfVectorizer" => {
            check_hashes(graph, &instance)?;
            check_vocabulary(graph, &instance)?;
            let range = instance.attribute("ngram_range").and_then(|range| graph.items(range)).unwrap_or_default();
            let is_long = |&&bound: &&NodeId| count(graph, bound).is_some_and(|bound| bound > MOST_PARTS);
            match range.iter().find(is_long).and_then(|&bound| count(graph, bound)) {
                Some(parts) => Err(format!("makes n-grams of {parts} parts")),
                None => Ok(()),
            }
        }
        "FeatureHasher" => check_hashes(graph, &instance),
        _ => Ok(()),
    }
}

/// Columns of one row: 512 MB of them.
const MOST_COLUMNS: usize = 1 << 26;
/// Halves of halves of a bisected set of points.
const MOST_HALVES: usize = 1 << 16;

/// The terms' columns. scipy takes them for the places of numbers without a look at how many columns there are.
fn check_vocabulary(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    instance.attribute("vocabulary_").map_or(Ok(()), |places| check_places(graph, "vocabulary_", places))
}

/// A dict of places, as many as it has keys.
fn check_places(graph: &Graph, name: &str, places: NodeId) -> Result<(), String> {
    let pairs: Vec<(NodeId, NodeId)> = match graph.node(places) {
        Node::Dict(pairs) => pairs.clone(),
        _ => Instance::read(graph, places).map(|instance| instance.items().collect()).unwrap_or_default(),
    };
    let is_place = |id: NodeId| count(graph, id).is_some_and(|place| place < pairs.len());
    match pairs.iter().all(|&(_, place)| is_place(place)) {
        true => Ok(()),
        false => Err(format!("has places in its `{name}` beyond its {} columns", pairs.len())),
    }
}

fn check_passes(graph: &Graph, instance: &Instance<'_>, names: &[&str], most: usize) -> Result<(), String> {
    let passes = |name: &&str| {
        let value = instance.attribute(name)?;
        match graph.node(value) {
            Node::Int(passes) => usize::try_from(*passes).ok(),
            Node::BigInt(_) => Some(usize::MAX),
            Node::Object(_) => count(graph, value),
            _ => None,
        }
    };
    match names.iter().filter_map(passes).find(|&passes| passes > most) {
        Some(passes) => Err(format!("goes over the rows up to {passes} times")),
        None => Ok(()),
    }
}

/// The halves into which `BisectingKMeans` cuts its points: the centres of each are as long as a row, which compiled code
/// does not ask.
fn check_halves(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    let Some(root) = instance.attribute("_bisecting_tree") else { return Ok(()) };
    let features = instance.attribute("n_features_in_").and_then(|features| count(graph, features));
    let (mut open, mut seen) = (vec![root], 0_usize);
    while let Some(half) = open.pop() {
        let Some(half) = Instance::read(graph, half) else { continue };
        seen = seen.saturating_add(1);
        if seen > MOST_HALVES {
            return Err("is cut into more halves than there are clusters".to_owned());
        }
        let center = half.attribute("center").and_then(|center| array(graph, center));
        // The mean of sparse rows is a matrix of one row.
        if center.is_some_and(|center| !matches!(center.shape[..], [len] | [1, len] if Some(len) == features)) {
            return Err("has centers of another length than its rows".to_owned());
        }
        open.extend(["left", "right"].iter().filter_map(|name| half.attribute(name)));
    }
    Ok(())
}

/// Hashes are divided by this number in C.
fn check_hashes(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    match instance.attribute("n_features") {
        Some(node) if count(graph, node).is_none_or(|features| features == 0 || features > 0x7fff_ffff) => {
            Err("has a number of hashes that is none".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_degrees(graph: &Graph, instance: &Instance<'_>) -> Result<(), String> {
    let number = |node: NodeId| count(graph, node).and_then(|number| u64::try_from(number).ok());
    let of =
        |name: &str| instance.attribute(name).map(|node| number(node).ok_or(format!("has a `{name}` that is none")));
    // Of those that were never fitted nothing is asked.
    let Some(features) = of("n_features_in_").or_else(|| of("n_input_features_")).transpose()? else { return Ok(()) };
    let degree = instance.attribute("degree").ok_or("has no degree")?;
    let degree = match graph.items(degree) {
        Some(&[_, most]) => number(most),
        _ => number(degree),
    };
    let degree = degree.ok_or("has a degree that is none")?;
    let most = of("_max_degree").transpose()?.unwrap_or(degree).max(degree);
    let is_interaction =
        instance.attribute("interaction_only").is_some_and(|flag| *graph.node(flag) == Node::Bool(true));
    let products = if is_interaction { interactions(features, most) } else { monomials(features, most) };
    let columns = ["n_output_features_", "_n_out_full"].map(|name| of(name).transpose());
    for columns in columns {
        if columns?.is_some_and(|columns| columns > products) {
            return Err(format!("has more columns than {products} products of {features} features"));
        }
    }
    if products > MOST_PRODUCTS || most > MOST_FACTORS {
        return Err(format!("multiplies {features} features in products of {most}"));
    }
    Ok(())
}

/// How many products of up to `degree` factors there are, each taken as often as one likes; no more than too many.
fn monomials(features: u64, degree: u64) -> u64 {
    // (features + degree) over the smaller of the two.
    let (large, small) = (features.max(degree), features.min(degree));
    let mut products = 1_u64;
    for step in 1..=small {
        // A binomial at each step, so the division leaves nothing.
        match large.checked_add(step).and_then(|next| products.checked_mul(next)) {
            Some(next) => products = next / step,
            None => return u64::MAX,
        }
        if products > MOST_PRODUCTS {
            return u64::MAX;
        }
    }
    products
}

/// As [`monomials`], each feature taken once at most.
fn interactions(features: u64, degree: u64) -> u64 {
    let (mut products, mut sum) = (1_u64, 1_u64);
    for step in 1..=degree.min(features) {
        match products.checked_mul(features.saturating_sub(step).saturating_add(1)) {
            Some(next) => products = next / step,
            None => return u64::MAX,
        }
        sum = sum.saturating_add(products);
        if sum > MOST_PRODUCTS {
            return u64::MAX;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_counted() {
        assert_eq!((monomials(4, 2), monomials(2, 3), monomials(1, 7)), (15, 10, 8));
        assert_eq!((interactions(4, 2), interactions(3, 9)), (11, 8));
        assert_eq!((monomials(4, 1 << 62), interactions(1 << 40, 1 << 40)), (u64::MAX, u64::MAX));
    }
}
