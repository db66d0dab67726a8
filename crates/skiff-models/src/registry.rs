//! The supported classes of estimators, in one table.

use std::collections::HashMap;
use std::sync::LazyLock;

pub use crate::model::Class;

/// The modules, with scikit-learn's names and order.
const MODULES: &[&[Class]] = &[
    crate::calibration::CLASSES,
    crate::cluster::CLASSES,
    crate::compose::CLASSES,
    crate::covariance::CLASSES,
    crate::cross_decomposition::CLASSES,
    crate::decomposition::CLASSES,
    crate::discriminant_analysis::CLASSES,
    crate::dummy::CLASSES,
    crate::ensemble::CLASSES,
    crate::feature_extraction::CLASSES,
    crate::feature_selection::CLASSES,
    crate::frozen::CLASSES,
    crate::gaussian_process::CLASSES,
    crate::impute::CLASSES,
    crate::isotonic::CLASSES,
    crate::kernel_approximation::CLASSES,
    crate::kernel_ridge::CLASSES,
    crate::linear_model::CLASSES,
    crate::manifold::CLASSES,
    crate::mixture::CLASSES,
    crate::model_selection::CLASSES,
    crate::multiclass::CLASSES,
    crate::multioutput::CLASSES,
    crate::naive_bayes::CLASSES,
    crate::neighbors::CLASSES,
    crate::neural_network::CLASSES,
    crate::pipeline::CLASSES,
    crate::preprocessing::CLASSES,
    crate::random_projection::CLASSES,
    crate::semi_supervised::CLASSES,
    crate::svm::CLASSES,
    crate::tree::CLASSES,
    // Of other packages.
    crate::catboost::CLASSES,
    crate::lightgbm::CLASSES,
    crate::sklearn_pandas::CLASSES,
    crate::sklearnex::CLASSES,
    crate::xgboost::CLASSES,
];

/// All classes.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    MODULES.iter().copied().flatten()
}

/// The class with this path.
pub fn find(path: &str) -> Option<&'static Class> {
    static BY_PATH: LazyLock<HashMap<&'static str, &'static Class>> =
        LazyLock::new(|| classes().flat_map(|class| class.paths.iter().map(move |&path| (path, class))).collect());
    BY_PATH.get(path).copied()
}

/// What the recorded cases say of a class.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The versions of scikit-learn whose answers are recorded.
    pub versions: Vec<&'static str>,
    /// The methods that answer as recorded.
    pub methods: Vec<&'static str>,
    /// The power of ten that no answer is farther than from the recorded one, as a share of that answer's greatest number:
    /// `1e-13`; `0` where all are equal.
    pub difference: &'static str,
}

/// A line for each class with recorded cases, written by `cargo xtask supported`.
const TESTED: &str = include_str!("../data/tested.txt");

/// What the recorded cases say of a class; `None` where there are none.
pub fn tested(class: &Class) -> Option<Tested> {
    let path = class.paths.first()?;
    TESTED.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let (found, versions, methods, difference) = (next(), next(), next(), next());
        let list = |text: &'static str| text.split_whitespace().collect();
        (found == *path).then(|| Tested { versions: list(versions), methods: list(methods), difference })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Whose classes are read.
    const PACKAGES: &[&str] =
        &["catboost", "daal4py", "imblearn", "lightgbm", "sklearn", "sklearn_pandas", "sklearnex", "xgboost"];

    #[test]
    fn class_paths_are_unique_and_pages_are_written() {
        let mut seen = HashSet::new();
        for class in classes() {
            for path in class.paths {
                let package = path.split('.').next().unwrap_or_default();
                assert!(PACKAGES.contains(&package), "{path}");
                assert!(seen.insert(path), "{path} is declared twice");
            }
            let page = class.page();
            assert!(page.contains("# Reads"), "the page of {} has no `# Reads`", class.name());
            let methods = page.contains("# Predicts") || page.contains("# Transforms");
            assert!(methods, "the page of {} has neither `# Predicts` nor `# Transforms`", class.name());
        }
    }
}
