//! Estimators of a file that predict differently in a newer scikit-learn, without an error, because the same attributes mean
//! something else there. skiff itself predicts like the version that wrote them.
//!
//! One table: the affected classes, the version of scikit-learn, and how to recognize affected files.

use skiff_files::{Graph, Instance, Node, NodeId, Scalar};

/// A change of predictions in a scikit-learn newer than the one that wrote the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswersChange {
    /// The estimator's class name.
    pub class: String,
    /// The scikit-learn that wrote it.
    pub written_by: String,
    /// The first scikit-learn that predicts differently: major and minor number.
    pub since: (u32, u32),
    /// A description of the change.
    pub what: &'static str,
}

/// One change of scikit-learn.
struct Rule {
    /// Class names; modules were renamed.
    classes: &'static [&'static str],
    /// The first version that predicts differently.
    since: (u32, u32),
    what: &'static str,
    applies: fn(&Estimator<'_>) -> bool,
}

const TREES: &[&str] = &["DecisionTreeClassifier", "ExtraTreeClassifier"];
/// Classes with equal scores for many rows.
const STEPWISE: &[&str] = &[
    "BaggingClassifier",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "KNeighborsClassifier",
    "RandomForestClassifier",
];

const RULES: &[Rule] = &[
    Rule {
        classes: TREES,
        since: (1, 4),
        what: "`predict_proba` returns counts instead of fractions, and ensembles of such trees may predict other labels",
        applies: |_| true,
    },
    Rule {
        classes: &["LogisticRegression", "LogisticRegressionCV"],
        since: (1, 8),
        what: "`predict_proba` uses another link: scikit-learn dropped `multi_class`, one-versus-rest included",
        applies: |estimator| estimator.has_another_link(),
    },
    Rule {
        classes: &["TfidfTransformer"],
        since: (1, 5),
        what: "`transform` ignores the inverse document frequencies",
        applies: |estimator| estimator.has("_idf_diag"),
    },
    Rule {
        classes: &["AdaBoostClassifier"],
        since: (1, 6),
        what: "`predict_proba` and `decision_function` are those of SAMME: scikit-learn dropped SAMME.R",
        applies: |estimator| estimator.text("algorithm").is_some_and(|algorithm| algorithm != "SAMME"),
    },
    Rule {
        classes: &["LinearDiscriminantAnalysis"],
        since: (0, 21),
        what: "`predict_proba` of more than two classes is normalized differently",
        applies: |estimator| estimator.count("classes_") != Some(2),
    },
    Rule {
        classes: &["CCA", "PLSCanonical", "PLSRegression"],
        since: (1, 5),
        what: "`predict` interprets `coef_` in other units",
        applies: |estimator| estimator.is_from((1, 3)),
    },
    Rule {
        classes: &["Normalizer"],
        since: (0, 23),
        what: "`transform` divides by the greatest absolute value instead of the greatest value",
        applies: |estimator| estimator.text("norm") == Some("max"),
    },
    Rule {
        classes: &["OneHotEncoder"],
        since: (1, 8),
        what: "`transform` encodes unknown categories as infrequent instead of zeros",
        applies: |estimator| estimator.text("handle_unknown") == Some("warn"),
    },
    Rule {
        classes: &["HashingVectorizer", "FeatureHasher"],
        since: (0, 21),
        what: "`transform` returns negative values: scikit-learn dropped `non_negative`",
        applies: |estimator| estimator.flag("non_negative"),
    },
    Rule {
        classes: &["OneVsRestClassifier"],
        since: (1, 8),
        what: "`predict` takes the first of the classes with equal scores instead of the last",
        applies: |estimator| estimator.inner("estimator").is_some_and(|inner| STEPWISE.contains(&inner.name)),
    },
    Rule {
        classes: &["KNNImputer"],
        since: (1, 5),
        what: "`transform` may fill other values where `missing_values` is not NaN",
        applies: |estimator| estimator.is_from((1, 2)) && !estimator.is_nan("missing_values"),
    },
];

/// The changes for the estimators of a graph, each once for each version that wrote an affected estimator.
pub fn of_graph(graph: &Graph) -> Vec<AnswersChange> {
    let mut found = Vec::new();
    for id in graph.ids() {
        if let Some(estimator) = Estimator::read(graph, id) {
            let rules = RULES.iter().filter(|rule| rule.classes.contains(&estimator.instance.name));
            found.extend(rules.filter_map(|rule| estimator.change(rule)));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// A scikit-learn object of a class that some rule names.
struct Estimator<'g> {
    graph: &'g Graph,
    instance: Instance<'g>,
    /// `_sklearn_version`: absent from 0.17's files.
    version: &'g str,
}

impl<'g> Estimator<'g> {
    fn read(graph: &'g Graph, id: NodeId) -> Option<Self> {
        // Of millions of nodes, few are objects of these classes.
        let object = graph.object(id)?;
        let mut names = [Some(object.callable), graph.items(object.arguments).and_then(|all| all.first().copied())]
            .into_iter()
            .flatten()
            .filter_map(|class| graph.global(class));
        names.find(|(module, name)| {
            module.starts_with("sklearn.") && RULES.iter().any(|rule| rule.classes.contains(name))
        })?;
        let instance = Instance::read(graph, id)?;
        let version = instance.attribute("_sklearn_version").and_then(|node| graph.str_of(node)).unwrap_or("0.17");
        Some(Self { graph, instance, version })
    }

    fn change(&self, rule: &Rule) -> Option<AnswersChange> {
        let is_before = !self.is_from(rule.since);
        let (class, written_by) = (self.instance.name.to_owned(), self.version.to_owned());
        (is_before && (rule.applies)(self)).then_some(AnswersChange {
            class,
            written_by,
            since: rule.since,
            what: rule.what,
        })
    }

    /// Whether it was written by this version or a later one.
    fn is_from(&self, version: (u32, u32)) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= version
    }

    fn has(&self, name: &str) -> bool {
        self.instance.attribute(name).is_some_and(|node| !matches!(self.graph.node(node), Node::None))
    }

    fn text(&self, name: &str) -> Option<&'g str> {
        self.graph.str_of(self.instance.attribute(name)?)
    }

    fn flag(&self, name: &str) -> bool {
        let node = self.instance.attribute(name);
        node.is_some_and(|node| matches!(Scalar::read(self.graph, node), Ok(Some(Scalar::Bool(true)))))
    }

    fn is_nan(&self, name: &str) -> bool {
        let scalar = self.instance.attribute(name).and_then(|node| Scalar::read(self.graph, node).ok().flatten());
        matches!(scalar, Some(Scalar::Float(value)) if value.is_nan())
    }

    /// The number of elements of an array.
    fn count(&self, name: &str) -> Option<usize> {
        Some(skiff_files::NdArray::read(self.graph, self.instance.attribute(name)?).ok()??.len())
    }

    fn inner(&self, name: &str) -> Option<Instance<'g>> {
        Instance::read(self.graph, self.instance.attribute(name)?)
    }

    /// `multi_class` of a logistic regression, as its version took it, against what 1.8 does: softmax for more than two
    /// classes, the logistic function for two.
    fn has_another_link(&self) -> bool {
        let is_binary = self.count("classes_") == Some(2);
        match self.text("multi_class") {
            Some("multinomial") => is_binary,
            Some("auto" | "deprecated") => !is_binary && self.text("solver") == Some("liblinear"),
            // `ovr`, `warn`; no version before 1.8 lacks it.
            _ => !is_binary,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_class_has_two_rules() {
        let mut seen = HashSet::new();
        for rule in RULES {
            assert!(!rule.classes.is_empty() && rule.what.starts_with('`'), "{}", rule.what);
            for class in rule.classes {
                assert!(seen.insert(class), "{class} has two rules");
            }
        }
    }
}
