//! Parameters that say how much scikit-learn does at prediction, where it asks nobody: threads, degrees, n-grams.

use skiff_pickle::{Graph, Node, NodeId};

use super::count;
use crate::Instance;

/// More threads than any machine has: OpenMP ends the process when it cannot have them.
const MOST_THREADS: usize = 4_096;
/// Products of features in one row: 512 MB of them.
const MOST_PRODUCTS: u64 = 1 << 26;
/// Factors of a product, which are multiplied in a loop of Python's.
const MOST_FACTORS: u64 = 1 << 16;
/// Parts of an n-gram. Python makes all n-grams of a text before it looks them up.
const MOST_PARTS: usize = 256;

const CLASSES: [&str; 8] = [
    "BisectingKMeans",
    "CountVectorizer",
    "FeatureHasher",
    "HashingVectorizer",
    "KMeans",
    "MiniBatchKMeans",
    "PolynomialFeatures",
    "TfidfVectorizer",
];

/// Looks at the object at `id`, whose class is `name`.
pub(super) fn check(graph: &Graph, id: NodeId, name: &str) -> Result<(), String> {
    // Reading an object's attributes takes longer than knowing that nobody asks for them.
    if !CLASSES.contains(&name) {
        return Ok(());
    }
    let Some(instance) = Instance::read(graph, id) else { return Ok(()) };
    match name {
        "BisectingKMeans" | "KMeans" | "MiniBatchKMeans" => match instance.attribute("_n_threads") {
            Some(threads) if count(graph, threads).is_none_or(|threads| threads == 0 || threads > MOST_THREADS) => {
                Err("has a number of threads that is none".to_owned())
            }
            _ => Ok(()),
        },
        "PolynomialFeatures" => check_degrees(graph, &instance),
        "CountVectorizer" | "HashingVectorizer" | "TfidfVectorizer" => {
            check_hashes(graph, &instance)?;
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
