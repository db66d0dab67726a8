//! Hostile numbers in files of trusted classes: each is refused when the model is read, and the error names the value.

use skiff_files::{Graph, Node};
use skiff_models::Model;
use skiff_testing::{RecordedModel, edit};

/// An edit of a valid model.
#[derive(Debug)]
enum Attack {
    /// An element of an array gets a value.
    Element(&'static str, usize, f64),
    /// A field of a record gets a value.
    Field(&'static str, usize, &'static str, f64),
    /// An array gets another shape, and elements for it.
    Shape(&'static str, &'static [usize]),
    /// Replaces a value by this number.
    Int(&'static str, i64),
    /// Something becomes `None`.
    Nothing(&'static str),
    /// A list or tuple loses its last item.
    Shorter(&'static str),
    /// The value at the second path is copied to the first.
    Same(&'static str, &'static str),
}

use Attack::{Element, Field, Int, Nothing, Same, Shape, Shorter};

/// A recorded case (of scikit-learn 1.9.1 unless it names a version), what is done to it, and the path of the error.
const ATTACKS: &[(&str, Attack, &str)] = &[
    // Trees: children, features, thresholds, and the counts that say how large they are.
    (TREE, Field(NODES, 0, "left_child", 1e6), "tree_.nodes[0].left_child"),
    (TREE, Field(NODES, 0, "left_child", -7.0), "tree_.nodes[0].left_child"),
    (TREE, Field(NODES, 0, "right_child", 0.0), "tree_.nodes[0].right_child"),
    (TREE, Field(NODES, 0, "right_child", 1.0), "tree_.nodes[0].right_child"),
    (TREE, Field(NODES, 0, "feature", 4.0), "tree_.nodes[0].feature"),
    (TREE, Field(NODES, 0, "feature", -2.0), "tree_.nodes[0].feature"),
    (TREE, Field(NODES, 0, "threshold", f64::NAN), "tree_.nodes[0].threshold"),
    (TREE, Int("tree_.node_count", 1 << 40), "tree_.nodes"),
    (TREE, Int("tree_.node_count", 0), "tree_.nodes"),
    (TREE, Int("tree_@0", 1 << 50), "tree_"),
    (TREE, Int("tree_@2", 1 << 50), "tree_"),
    (TREE, Element("tree_@1", 0, 1e15), "tree_.values"),
    (TREE, Element("tree_@1", 0, 0.0), "tree_.n_classes"),
    (TREE, Int("tree_@0", 0), "tree_"),
    (TREE, Int("tree_.max_depth", 0), "tree_.max_depth"),
    (TREE, Int("tree_.max_depth", -1), "tree_.max_depth"),
    (TREE, Shape("tree_.values", &[3, 1, 2]), "tree_.values"),
    (TREE, Shape("classes_", &[7]), "classes_"),
    (FOREST, Field("estimators_[3].tree_.nodes", 0, "feature", 1e9), "estimators_[3].tree_.nodes[0].feature"),
    (FOREST, Field("estimators_[3].tree_.nodes", 0, "left_child", 0.0), "estimators_[3].tree_.nodes[0].left_child"),
    (FOREST, Int("estimators_[2].tree_@0", 99), "estimators_[2].tree_"),
    (FOREST, Same("estimators_[1].tree_", "estimators_"), "estimators_[1].tree_"),
    (
        BOOSTING,
        Field("estimators_[4].tree_.nodes", 0, "right_child", 1.0),
        "estimators_[4, 0].tree_.nodes[0].right_child",
    ),
    (BOOSTING, Shape("estimators_[4].tree_.values", &[1, 1, 1]), "estimators_[4, 0].tree_.values"),
    // Histogram trees.
    (HIST, Field("_predictors[0][0].nodes", 0, "left", 1e9), "_predictors[0][0].nodes[0].left"),
    (HIST, Field("_predictors[0][0].nodes", 0, "right", 0.0), "_predictors[0][0].nodes[0].right"),
    (HIST, Field("_predictors[1][0].nodes", 0, "feature_idx", 1e5), "_predictors[1][0].nodes[0].feature_idx"),
    (
        HIST_CATEGORIES,
        Field("_predictors[0][0].nodes", 0, "feature_idx", -1.0),
        "_predictors[0][0].nodes[0].feature_idx",
    ),
    // Linear models: as many rows as classes, as many columns as features.
    (LOGISTIC, Shape("coef_", &[3, 9]), "coef_"),
    (LOGISTIC, Shape("coef_", &[2, 4]), "intercept_"),
    (LOGISTIC, Shape("coef_", &[12]), "coef_"),
    (LOGISTIC, Shape("intercept_", &[2]), "intercept_"),
    (LOGISTIC, Shape("classes_", &[9]), "coef_"),
    (LOGISTIC, Nothing("coef_"), "coef_"),
    (LOGISTIC, Int("n_features_in_", 1_000_000_000_000_000), "coef_"),
    (LOGISTIC, Int("n_features_in_", -4), "n_features_in_"),
    // Support vector machines.
    (SVC, Element("_n_support", 0, 1e6), "_n_support"),
    (SVC, Element("_n_support", 0, -1.0), "_n_support"),
    (SVC, Shape("_n_support", &[1]), "_n_support"),
    (SVC, Shape("_dual_coef_", &[1, 2]), "_dual_coef_"),
    (SVC, Shape("_intercept_", &[9]), "_intercept_"),
    (SVC, Shape("support_vectors_", &[5, 2]), "support_vectors_"),
    (SVC, Shape("support_vectors_", &[2, 3]), "_n_support"),
    (SVC, Shape("classes_", &[1]), "classes_"),
    (SVC, Shape("classes_", &[5]), "_n_support"),
    (SVC, Shorter("shape_fit_"), "support_vectors_"),
    (SPARSE_SVC, Element("support_vectors_.indices", 0, 1e6), "support_vectors_"),
    (SPARSE_SVC, Element("support_vectors_.indices", 0, -1.0), "support_vectors_"),
    (SPARSE_SVC, Element("support_vectors_.indptr", 1, 1e6), "support_vectors_"),
    (SPARSE_SVC, Element("support_vectors_.indptr", 0, 3.0), "support_vectors_"),
    // Neighbours: ranges and indices of the trees of points.
    (KD_TREE, Element("_tree#1", 0, 1e6), "_tree.idx_array"),
    (KD_TREE, Element("_tree#1", 0, -1.0), "_tree.idx_array"),
    (KD_TREE, Same("_tree#1", "_y"), "_tree.idx_array"),
    (KD_TREE, Field("_tree#2", 0, "idx_end", 1e6), "_tree.node_data"),
    (KD_TREE, Field("_tree#2", 0, "idx_start", -5.0), "_tree.node_data"),
    (KD_TREE, Field("_tree#2", 1, "idx_start", 5.0), "_tree.node_data"),
    (KD_TREE, Field("_tree#2", 1, "idx_end", -5.0), "_tree.node_data"),
    (KD_TREE, Field("_tree#2", 7, "is_leaf", 0.0), "_tree.node_data"),
    (KD_TREE, Shape("_tree#3", &[2, 1, 3]), "_tree.node_bounds"),
    (KD_TREE, Int("_tree#4", 0), "_tree.leaf_size"),
    (KD_TREE, Int("_tree#6", 1 << 40), "_tree.n_nodes"),
    (KD_TREE, Nothing("_tree#11"), "_tree.dist_metric"),
    (KD_TREE, Shape("_y", &[3]), "_y"),
    (KD_TREE, Element("_y", 0, 77.0), "_y"),
    (RADIUS, Element("_y", 0, 77.0), "_y"),
    (RADIUS, Int("outlier_label_", 3), "outlier_label_"),
    (RADIUS, Shorter("outlier_label_"), "outlier_label_"),
    (DENSITY, Shape("tree_#12", &[3]), "tree_.sample_weight"),
    (DENSITY, Field("tree_#2", 0, "idx_end", 1e6), "tree_.node_data"),
    (DENSITY, Int("bandwidth_", 0), "bandwidth_"),
    (DENSITY, Int("n_features_in_", 1 << 50), "tree_"),
    // Preprocessing.
    (SCALER, Shape("mean_", &[1]), "mean_"),
    (SCALER, Shape("scale_", &[9]), "scale_"),
    (POLYNOMIAL, Int("degree", 1_000_000), "degree"),
    (SPLINE, Element("bsplines_[0].t", 0, 1e9), "bsplines_[0]"),
    (SPLINE, Int("bsplines_[0].k", 1), "bsplines_[0]"),
    (SPLINE, Shape("bsplines_[0].c", &[3, 3]), "bsplines_[0]"),
    (POLYNOMIAL, Int("n_features_in_", 1 << 50), "degree"),
    (ONE_HOT_DROP, Int("_drop_idx_after_grouping[0]", 1_000_000), "_drop_idx_after_grouping"),
    (ONE_HOT_DROP, Int("_drop_idx_after_grouping[0]", -1), "_drop_idx_after_grouping"),
    (ONE_HOT, Shorter("categories_"), "categories_"),
    (IMPUTER, Shape("statistics_", &[1]), "statistics_"),
    // Text: vocabularies and related attributes.
    (COUNT, Int("vocabulary_['the']", 1 << 40), "vocabulary_"),
    (COUNT, Int("vocabulary_['the']", -1), "vocabulary_"),
    (HASHING, Int("n_features", 1 << 40), "n_features"),
    (HASHING, Int("n_features", 0), "n_features"),
    (TFIDF, Shape("_tfidf.idf_", &[1]), "_tfidf.idf_"),
    // Containers.
    (COLUMNS, Shorter("transformers_[0]"), "transformers_[0]"),
    (COLUMNS, Int("_transformer_to_input_indices['a'][1]", 4), "_transformer_to_input_indices[\"a\"]"),
    (COLUMNS, Int("_transformer_to_input_indices['a'][1]", -9), "_transformer_to_input_indices[\"a\"]"),
    (COLUMNS, Shape("transformers_[0][1].scale_", &[2]), "transformers_[0].scale_"),
    // Indices from a slice whose length is a number of the file.
    (OLD_COLUMNS, Int("n_features_in_", 1 << 50), "transformers_[0]"),
    (PIPELINE, Same("steps[1][1]", ""), "steps[1].steps[1]"),
    (PIPELINE, Shorter("steps[0]"), "steps[0]"),
    (PIPELINE, Shape("steps[1][1].coef_", &[3, 1]), "steps[1].coef_"),
    (PCA, Shape("components_", &[2, 1]), "components_"),
    (PCA, Shape("mean_", &[1]), "mean_"),
    (K_MEANS, Shape("cluster_centers_", &[3]), "cluster_centers_"),
    (BISECTING, Same("_bisecting_tree.left", "_bisecting_tree"), "_bisecting_tree.left.left"),
    (BISECTING, Same("_bisecting_tree.right", "_bisecting_tree"), "_bisecting_tree.right.left"),
    (BISECTING, Nothing("_bisecting_tree.left"), "_bisecting_tree.left"),
    (BISECTING, Int("_bisecting_tree.left", 7), "_bisecting_tree.left"),
    (BISECTING, Shape("_bisecting_tree.left.center", &[2]), "_bisecting_tree.left.center"),
    (BISECTING, Nothing("_bisecting_tree.right.center"), "_bisecting_tree.right.center"),
    (BISECTING, Int("_bisecting_tree.left.label", 1 << 40), "_bisecting_tree.left.label"),
    (BISECTING, Nothing("_bisecting_tree.left.label"), "_bisecting_tree.left.label"),
    (BISECTING, Shape("_X_mean", &[2]), "_X_mean"),
    // Embeddings and labels that spread: as many rows as the fit had.
    (ISOMAP, Shape("dist_matrix_", &[40, 3]), "dist_matrix_"),
    (ISOMAP, Shape("dist_matrix_", &[3, 40]), "dist_matrix_"),
    (ISOMAP, Same("nbrs_", "kernel_pca_"), "nbrs_"),
    (ISOMAP, Same("kernel_pca_", "nbrs_"), "kernel_pca_"),
    (BARYCENTERS, Shape("embedding_", &[3, 2]), "embedding_"),
    (LABELS, Shape("label_distributions_", &[2, 3]), "label_distributions_"),
    (LABELS, Shape("classes_", &[2]), "label_distributions_"),
    // What scikit-learn decomposes into singular values, which LAPACK searches without end where one is infinite.
    (PROJECTION, Element("components_", 1, f64::NEG_INFINITY), "components_"),
    (MIXTURE, Element("covariances_", 1, f64::INFINITY), "covariances_"),
    (BAYES, Shape("theta_", &[3, 1]), "theta_"),
    (BAYES, Shape("class_prior_", &[9]), "class_prior_"),
];

const NODES: &str = "tree_.nodes";
const TREE: &str = "tree/decision_tree_classifier";
const FOREST: &str = "ensemble/random_forest_classifier";
const BOOSTING: &str = "ensemble/gradient_boosting_regressor";
const HIST: &str = "ensemble/hist_binary";
const HIST_CATEGORIES: &str = "ensemble/hist_categories";
const LOGISTIC: &str = "linear_model/logistic_regression_multinomial";
const SVC: &str = "svm/svc_rbf";
const SPARSE_SVC: &str = "svm/svc_rbf_sparse_fit";
const KD_TREE: &str = "neighbors/knn_kd_tree";
const RADIUS: &str = "neighbors/radius_classifier_two_outputs";
const DENSITY: &str = "neighbors/density_gaussian_weights";
const BISECTING: &str = "cluster/bisecting_k_means_two_clusters";
const ISOMAP: &str = "manifold/isomap";
const BARYCENTERS: &str = "manifold/lle";
const LABELS: &str = "semi_supervised/label_propagation_rbf";
const SCALER: &str = "preprocessing/standard_scaler";
const SPLINE: &str = "1.5.2/preprocessing/spline";
const POLYNOMIAL: &str = "preprocessing/polynomial";
const ONE_HOT: &str = "preprocessing/one_hot_strings";
const ONE_HOT_DROP: &str = "preprocessing/one_hot_drop_first";
const IMPUTER: &str = "impute/imputer_mean";
const COUNT: &str = "feature_extraction/count_default";
const HASHING: &str = "feature_extraction/hashing";
const TFIDF: &str = "feature_extraction/tfidf";
const COLUMNS: &str = "compose/array_slice";
const OLD_COLUMNS: &str = "0.24.2/compose/array_slice";
const PIPELINE: &str = "pipeline/scaled_logistic";
const PCA: &str = "decomposition/pca";
const K_MEANS: &str = "cluster/k_means";
const BAYES: &str = "naive_bayes/gaussian";
const PROJECTION: &str = "random_projection/gaussian";
const MIXTURE: &str = "mixture/gaussian_mixture_full";

fn attack(graph: &mut Graph, attack: &Attack) {
    let root = graph.root();
    match *attack {
        Element(path, index, value) => edit::set_element(graph, path, index, None, value),
        Field(path, index, field, value) => edit::set_element(graph, path, index, Some(field), value),
        Shape(path, shape) => edit::reshape(graph, path, shape),
        Int(path, value) => edit::put(graph, path, Node::Int(value)),
        Nothing(path) => edit::put(graph, path, Node::None),
        Shorter(path) => {
            let id = edit::at(graph, root, path);
            let mut items = graph.items(id).expect("a list or a tuple").to_vec();
            items.pop();
            *graph.node_mut(id) = Node::List(items);
        }
        Same(path, other) => {
            let other = graph.node(edit::at(graph, root, other)).clone();
            edit::put(graph, path, other);
        }
    }
}

#[test]
fn hostile_numbers_are_refused_by_their_path() {
    let mut failures = Vec::new();
    for (case, what, expected) in ATTACKS {
        let is_of_1_9 = case.matches('/').count() == 1;
        let name = if is_of_1_9 { format!("1.9.1/{case}") } else { (*case).to_owned() };
        let file = RecordedModel::named(&name).open().expect("a recorded model");
        let honest = Model::read(&file.graph, file.graph.root(), "");
        if let Err(error) = honest {
            failures.push(format!("{case}: refused as it is: {error}"));
            continue;
        }
        let outcome = skiff_testing::panics::catch(|| {
            let mut graph = file.graph.clone();
            attack(&mut graph, what);
            Model::read(&graph, graph.root(), "").map(|_| ())
        });
        match outcome {
            Err(panic) => failures.push(format!("{case} {what:?}: panicked at {panic}")),
            Ok(Ok(())) => failures.push(format!("{case} {what:?}: read, where {expected} is hostile")),
            Ok(Err(error)) if error.path() != *expected => {
                failures.push(format!("{case} {what:?}: {error}; expected at {expected}"));
            }
            Ok(Err(_)) => {}
        }
    }
    assert!(failures.is_empty(), "{}\n{} of {} attacks", failures.join("\n"), failures.len(), ATTACKS.len());
}
