//! What only training needs.

use std::collections::HashMap;

use skiff_files::{Graph, NodeId};
use skiff_sklearn::Class;

use super::objects::{class_of, reachable, size};
use super::state;

/// Attributes of some classes that only training needs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Training {
    /// The newest paths of the classes, and with each those that derive from it.
    pub classes: &'static [&'static str],
    /// The attributes.
    pub attributes: &'static [&'static str],
    /// What they are.
    pub about: &'static str,
}

/// Attributes that were dropped: those of one name, of all objects of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The class's name, without its module.
    pub class: String,
    /// The attribute.
    pub attribute: &'static str,
    /// How many objects had it.
    pub objects: usize,
    /// The bytes of arrays and texts that nothing else in the model refers to.
    pub bytes: u64,
}

/// What is dropped: attributes that no method of the class reads in any version, nor those of classes that hold it, except
/// for training that continues (`partial_fit`, `warm_start`).
pub const TRAINING: &[Training] = &[
    Training {
        classes: &["sklearn.ensemble._forest.ForestClassifier", "sklearn.ensemble._bagging.BaggingClassifier"],
        attributes: &["oob_decision_function_"],
        about: "out-of-bag results of the training rows",
    },
    Training {
        classes: &["sklearn.ensemble._forest.ForestRegressor", "sklearn.ensemble._bagging.BaggingRegressor"],
        attributes: &["oob_prediction_"],
        about: "out-of-bag results of the training rows",
    },
    Training {
        classes: &[
            "sklearn.ensemble._gb.BaseGradientBoosting",
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting",
        ],
        attributes: &["oob_improvement_", "oob_scores_", "train_score_", "validation_score_"],
        about: "scores of each iteration",
    },
    Training {
        classes: &["sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron"],
        attributes: &["_best_coefs", "_best_intercepts", "_optimizer", "loss_curve_", "validation_scores_"],
        about: "moments of the optimizer, as large as the weights or twice as large, weights to go back to, and scores",
    },
    Training {
        classes: &["sklearn.feature_extraction.text.CountVectorizer"],
        attributes: &["stop_words_"],
        about: "terms that are not in the vocabulary",
    },
    Training {
        classes: &[
            "sklearn.cluster._affinity_propagation.AffinityPropagation",
            "sklearn.cluster._birch.Birch",
            "sklearn.cluster._bisect_k_means.BisectingKMeans",
            "sklearn.cluster._kmeans.KMeans",
            "sklearn.cluster._mean_shift.MeanShift",
        ],
        attributes: &["labels_"],
        about: "the clusters of the training rows",
    },
    Training {
        classes: &["sklearn.cluster._affinity_propagation.AffinityPropagation"],
        attributes: &["affinity_matrix_"],
        about: "similarities of all pairs of training rows",
    },
    Training {
        classes: &["sklearn.cluster._birch.Birch"],
        attributes: &["dummy_leaf_", "root_"],
        about: "the tree to which `partial_fit` adds rows",
    },
    Training {
        classes: &[
            "sklearn.naive_bayes.BernoulliNB",
            "sklearn.naive_bayes.ComplementNB",
            "sklearn.naive_bayes.MultinomialNB",
        ],
        attributes: &["feature_count_"],
        about: "counts to which `partial_fit` adds",
    },
    Training {
        classes: &["sklearn.naive_bayes.CategoricalNB"],
        attributes: &["category_count_"],
        about: "counts to which `partial_fit` adds",
    },
    Training {
        classes: &["sklearn.decomposition._nmf.MiniBatchNMF"],
        attributes: &["_components_denominator", "_components_numerator"],
        about: "sums to which `partial_fit` adds",
    },
    Training {
        classes: &["sklearn.decomposition._dict_learning.MiniBatchDictionaryLearning"],
        attributes: &["_A", "_B", "_inner_stats", "inner_stats_"],
        about: "sums to which `partial_fit` adds",
    },
    Training {
        classes: &["sklearn.model_selection._search.BaseSearchCV"],
        attributes: &["cv_results_"],
        about: "parameters and scores of all candidates",
    },
    Training {
        classes: &["sklearn.linear_model._logistic.LogisticRegressionCV"],
        attributes: &["coefs_paths_"],
        about: "coefficients of all candidates in all folds",
    },
    Training {
        classes: &[
            "sklearn.linear_model._least_angle.Lars",
            "sklearn.linear_model._least_angle.LassoLars",
            "sklearn.linear_model._least_angle.LarsCV",
            "sklearn.linear_model._least_angle.LassoLarsCV",
        ],
        attributes: &["coef_path_", "mse_path_"],
        about: "coefficients and errors along the path",
    },
    Training {
        classes: &["sklearn.linear_model._coordinate_descent.LinearModelCV"],
        attributes: &["mse_path_"],
        about: "errors of all candidates in all folds",
    },
    Training {
        classes: &["sklearn.linear_model._ridge._BaseRidgeCV"],
        attributes: &["cv_results_", "cv_values_"],
        about: "errors of all candidates for all training rows",
    },
    Training {
        classes: &["sklearn.cross_decomposition._pls._PLS"],
        attributes: &["_x_scores", "_y_scores", "x_scores_", "y_scores_"],
        about: "the transformed training rows",
    },
    Training {
        classes: &["sklearn.linear_model._huber.HuberRegressor"],
        attributes: &["outliers_"],
        about: "which training rows are outliers",
    },
    Training {
        classes: &["sklearn.linear_model._ransac.RANSACRegressor"],
        attributes: &["inlier_mask_"],
        about: "which training rows are inliers",
    },
    Training {
        classes: &[
            "sklearn.semi_supervised._label_propagation.BaseLabelPropagation",
            "sklearn.semi_supervised._self_training.SelfTrainingClassifier",
        ],
        attributes: &["labeled_iter_", "transduction_"],
        about: "labels of the training rows",
    },
];

impl Training {
    fn concerns(&self, class: &Class) -> bool {
        self.classes.iter().any(|path| class.derives_from(path))
    }
}

/// Removes them all, and returns what was removed.
pub(super) fn drop_all(graph: &mut Graph) -> Vec<Dropped> {
    let mut attributes: HashMap<&'static str, Vec<&'static str>> = HashMap::new();
    let mut removed: Vec<(&'static str, &'static str, NodeId)> = Vec::new();
    for (id, _) in graph.ids().zip(reachable(graph)).filter(|(_, is_reached)| *is_reached) {
        let Some(class) = class_of(graph, id) else { continue };
        let of_class = attributes.entry(class.path()).or_insert_with(|| {
            let tables = TRAINING.iter().filter(|training| training.concerns(class));
            tables.flat_map(|training| training.attributes).copied().collect()
        });
        if of_class.is_empty() {
            continue;
        }
        state::change(graph, id, |_, name, value| match of_class.iter().find(|known| **known == name) {
            Some(attribute) => {
                removed.push((class.name(), attribute, value));
                None
            }
            None => Some(value),
        });
    }
    summary(graph, &removed)
}

/// What was removed, by class and attribute, the largest first. What two of them share counts once.
fn summary(graph: &Graph, removed: &[(&'static str, &'static str, NodeId)]) -> Vec<Dropped> {
    let mut seen = reachable(graph);
    let mut all: Vec<Dropped> = Vec::new();
    for &(class, attribute, value) in removed {
        let mut bytes = 0_u64;
        let mut waiting = vec![value];
        while let Some(id) = waiting.pop() {
            if let Some(seen) = seen.get_mut(id.index())
                && !*seen
            {
                *seen = true;
                bytes = bytes.saturating_add(size(graph, id));
                graph.each_child(id, |child| waiting.push(child));
            }
        }
        match all.iter_mut().find(|dropped| dropped.class == class && dropped.attribute == attribute) {
            Some(dropped) => {
                dropped.objects += 1;
                dropped.bytes = dropped.bytes.saturating_add(bytes);
            }
            None => all.push(Dropped { class: class.to_owned(), attribute, objects: 1, bytes }),
        }
    }
    all.sort_by_key(|dropped| std::cmp::Reverse(dropped.bytes));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_table() {
        let mut table =
            "| class and those that derive from it | attributes | what they are |\n|---|---|---|\n".to_owned();
        let code = |names: &[&str]| {
            let names = names.iter().map(|name| format!("`{}`", name.rsplit('.').next().unwrap_or(name)));
            names.collect::<Vec<_>>().join(", ")
        };
        for training in TRAINING {
            let Training { classes, attributes, about } = training;
            table.push_str(&format!("| {} | {} | {about} |\n", code(classes), code(attributes)));
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/slim.md");
        let text = std::fs::read_to_string(path).expect("the page");
        assert!(text.contains(&table), "expected this table in docs/slim.md:\n{table}");
    }

    /// A misspelt name would drop nothing.
    #[test]
    fn the_catalog_has_every_class_and_attribute() {
        let classes: Vec<&Class> = skiff_sklearn::paths()
            .filter_map(|path| path.rsplit_once('.'))
            .filter_map(|(module, name)| skiff_sklearn::class(module, name))
            .collect();
        for training in TRAINING {
            for name in training.classes {
                assert!(classes.iter().any(|class| class.path() == *name), "no class `{name}`");
            }
            for attribute in training.attributes {
                let has = |class: &&&Class| training.concerns(class) && class.attribute(attribute).is_some();
                assert!(
                    classes.iter().any(|class| has(&class)),
                    "no attribute `{attribute}` of {:?}",
                    training.classes
                );
                // What `set_params` and `clone` read.
                let is_parameter = |class: &&&Class| training.concerns(class) && class.parameter(attribute).is_some();
                assert!(!classes.iter().any(|class| is_parameter(&class)), "`{attribute}` is a parameter");
            }
        }
    }
}
