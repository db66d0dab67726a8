//! The calls that skiff answers otherwise than scikit-learn, or not at all, under the reasons why.
//!
//! In a case's name, a method and an input, `*` stands for any text, and `*/` at the beginning for every version; `-` is a
//! call without input. An exception must still be necessary, or the test fails.

use skiff_testing::{Call, Case};

/// Why, and where.
type Reason = (&'static str, &'static [Calls]);
/// Case, method and input.
pub type Calls = (&'static str, &'static str, &'static str);

/// `np.argpartition` and `np.argsort` with SIMD. That the distances themselves are scikit-learn's is tested.
pub const TIES: &str = "equal distances: numpy since 1.25 chooses among them by what instructions the processor has";

/// All of them.
#[rustfmt::skip]
const EXCEPTIONS: &[Reason] = &[
    ("an array of three dimensions, of which the first is the classifier", &[
        ("*/ensemble/voting_soft_separate", "transform", "*"),
    ]),
    ("other random numbers in every call: `random_state=None`", &[
        ("*/neural_network/rbm_gibbs_unseeded", "gibbs", "*"),
        ("*/neural_network/rbm_score_samples_unseeded", "score_samples", "*"),
    ]),
    ("random numbers of scipy's truncated normal distribution, which each version of scipy draws in its own way", &[
        ("*/impute/iterative_posterior", "transform", "*"),
    ]),
    ("numpy multiplies its random numbers by singular vectors whose signs are those of the LAPACK that it was built with", &[
        ("*/mixture/bayesian_mixture_sample_full", "sample", "*"),
        ("*/mixture/gaussian_mixture_sample_full", "sample", "*"),
    ]),
    ("the old scikit-learn answers an array of three dimensions, by mistake", &[
        ("0.20.4/dummy/dummy_one_column", "predict_log_proba", "*"),
        ("0.17.1-py27/dummy/dummy_one_column", "predict_log_proba", "rows"),
        ("0.18.2-py27/dummy/dummy_one_column", "predict_log_proba", "rows"),
        ("0.18.2/dummy/dummy_one_column", "predict_log_proba", "rows"),
        ("0.19.2/dummy/dummy_one_column", "predict_log_proba", "rows"),
        ("0.20.4-py27/dummy/dummy_one_column", "predict_log_proba", "rows"),
    ]),
    ("the tokenizer, or the analyzer, is a function of the caller's: code that would have to be run", &[
        ("*/feature_extraction/count_callable_*", "transform", "texts"),
    ]),
    ("scikit-learn squeezes an only row's dimension away; skiff gives a column for any number of rows", &[
        ("1.9.1/ensemble/gradient_boosting_binary", "staged_predict", "one"),
        ("1.9.1/ensemble/gradient_boosting_exponential", "staged_predict", "one"),
        ("1.9.1/decomposition/mini_batch_sparse_pca*", "transform", "one"),
        ("1.9.1/decomposition/sparse_pca*", "transform", "one"),
    ]),
    ("two atoms are the same, and which of them is taken is decided by the order in which a BLAS sums their products", &[
        ("*/decomposition/sparse_coder_omp_twins", "transform", "rows"),
    ]),
    ("the logit of a float32 probability close to 1: one unit in its last place is much of what is left", &[
        ("1.9.1/ensemble/gradient_boosting_init", "decision_function", "rows"),
    ]),
    ("scikit-learn counts columns from the end where a table has too few, and answers something", &[
        ("1.9.1/impute/imputer_indicator", "inverse_transform", "narrow"),
    ]),
    ("scikit-learn takes a column for one without values in the fit where all rows of the table are marked as missing", &[
        ("1.9.1/impute/imputer_indicator_one_column", "inverse_transform", "holes"),
        ("1.9.1/impute/imputer_indicator_one_column", "inverse_transform", "holes32"),
        ("1.9.1/impute/imputer_indicator_one_column", "inverse_transform", "one"),
    ]),
    ("float64 rows of a model of float32 numbers, whose logarithms, powers and products numpy rounds in an order of its own", &[
        ("1.5.2/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.5.2/discriminant_analysis/qda_float32", "predict_*", "rows"),
        ("1.9.1/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.9.1/discriminant_analysis/qda_float32", "predict_*", "rows"),
        ("1.9.1/decomposition/dictionary_learning_omp_float32", "transform", "rows"),
        ("1.9.1/decomposition/dictionary_learning_processes", "transform", "rows"),
        ("1.9.1/decomposition/mini_batch_dictionary_learning_float32", "transform", "rows"),
        ("*/decomposition/mini_batch_nmf_float32", "transform", "rows"),
        ("1.9.1/decomposition/mini_batch_nmf_float32", "transform", "csr"),
        ("1.9.1/decomposition/sparse_coder_omp_float32", "transform", "rows"),
        ("1.9.1/mixture/gaussian_mixture_float32", "predict_proba", "rows"),
        ("1.9.1/mixture/gaussian_mixture_float32", "score_samples", "rows"),
        ("1.3.2/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.3.2/discriminant_analysis/qda_float32", "predict_log_proba", "rows"),
        ("1.3.2/discriminant_analysis/qda_float32", "predict_proba", "rows"),
        ("1.4.2/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.4.2/discriminant_analysis/qda_float32", "predict_log_proba", "rows"),
        ("1.4.2/discriminant_analysis/qda_float32", "predict_proba", "rows"),
        ("1.6.1/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.6.1/discriminant_analysis/qda_float32", "predict_log_proba", "rows"),
        ("1.6.1/discriminant_analysis/qda_float32", "predict_proba", "rows"),
        ("1.7.2/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.7.2/discriminant_analysis/qda_float32", "predict_log_proba", "rows"),
        ("1.7.2/discriminant_analysis/qda_float32", "predict_proba", "rows"),
        ("1.8.0/discriminant_analysis/qda_float32", "decision_function", "rows"),
        ("1.8.0/discriminant_analysis/qda_float32", "predict_log_proba", "rows"),
        ("1.8.0/discriminant_analysis/qda_float32", "predict_proba", "rows"),
    ]),
    ("scikit-learn multiplies sparse matrices into a dense one only where both have one dtype", &[
        ("1.9.1/random_projection/sparse_dense", "transform", "csr32"),
    ]),
    ("what is left of a float32 product close to the threshold: the order of its sum is much of it", &[
        ("0.20.4/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("1.5.2/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("1.9.1/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("0.20.4-py27/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("0.21.3/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("0.22.2.post1/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("1.6.1/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("1.7.2/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
        ("1.8.0/decomposition/dictionary_learning_threshold_float32", "transform", "float32"),
    ]),
    ("coordinate descent of float32 numbers, whose duality gap is noise by then, ends where rounding leads it", &[
        ("1.2.2/decomposition/sparse_coder_lasso_cd_float32", "transform", "float32"),
        ("1.5.2/decomposition/sparse_coder_lasso_cd_float32", "transform", "float32"),
        ("1.9.1/decomposition/sparse_coder_lasso_cd_float32", "transform", "float32"),
    ]),
    ("more atoms than features: coordinate descent ends where rounding leads it, 2e-10 from scikit-learn's", &[
        ("1.9.1/decomposition/dictionary_learning_lasso_cd_many", "transform", "rows"),
    ]),
    ("no labels have the numbers of no class: scikit-learn answers an empty array of floats", &[
        ("*/preprocessing/label_encoder_*", "transform", "none"),
    ]),
    (TIES, &[
        ("1.5.2/neighbors/lof_cosine", "decision_function", "rows"),
        ("1.5.2/neighbors/lof_cosine", "score_samples", "rows"),
        ("1.9.1/neighbors/lof_cosine", "decision_function", "rows"),
        ("1.9.1/neighbors/lof_cosine", "score_samples", "rows"),
        // A row of one value has no correlation: all its distances are NaN.
        ("1.9.1/neighbors/knn_correlation_brute", "kneighbors*", "*"),
        ("1.9.1/neighbors/knn_correlation_brute", "predict*", "rows"),
        ("1.9.1/neighbors/knn_regressor_correlation_brute", "kneighbors*", "*"),
        ("1.9.1/neighbors/knn_regressor_correlation_brute", "predict", "rows"),
        ("1.5.2/neighbors/knn_cosine_auto", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_cosine_auto", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_cosine_auto", "kneighbors_graph", "*"),
        ("1.5.2/neighbors/knn_cosine_auto", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_cosine_auto", "predict_proba", "rows"),
        ("1.5.2/neighbors/knn_cosine_brute", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_cosine_brute", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_cosine_brute", "kneighbors_graph", "*"),
        ("1.5.2/neighbors/knn_cosine_brute", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_cosine_brute", "predict_proba", "rows"),
        ("1.9.1/neighbors/knn_dice_brute_flags", "*", "*"),
        ("1.9.1/neighbors/knn_hamming_brute", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_hamming_brute", "kneighbors_graph", "*"),
        ("1.9.1/neighbors/knn_hamming_brute", "predict", "rows"),
        ("1.9.1/neighbors/knn_hamming_brute", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_hamming_brute_flags", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_hamming_brute_flags", "predict_proba", "*"),
        ("1.5.2/neighbors/knn_jaccard_brute_flags", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_jaccard_brute_flags", "kneighbors", "*"),
        ("1.5.2/neighbors/knn_jaccard_brute_flags", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_jaccard_brute_flags", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_regressor_cosine_brute", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_regressor_cosine_brute", "kneighbors_graph", "*"),
        ("1.9.1/neighbors/knn_regressor_cosine_brute", "predict", "rows"),
        ("1.9.1/neighbors/knn_regressor_hamming_brute", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_regressor_hamming_brute", "kneighbors_graph", "*"),
        ("1.9.1/neighbors/knn_regressor_hamming_brute", "predict", "one"),
        ("1.9.1/neighbors/knn_regressor_hamming_brute", "predict", "rows"),
        ("1.5.2/neighbors/knn_regressor_sparse_cosine", "*", "*"),
        ("1.9.1/neighbors/knn_regressor_sparse_cosine", "*", "*"),
        ("1.5.2/neighbors/knn_regressor_sparse_fit", "*", "csr"),
        ("1.9.1/neighbors/knn_regressor_sparse_fit", "kneighbors", "csr"),
        ("1.9.1/neighbors/knn_regressor_sparse_fit", "predict", "csr"),
        ("1.9.1/neighbors/knn_rogerstanimoto_brute_flags", "kneighbors", "*"),
        ("1.9.1/neighbors/knn_rogerstanimoto_brute_flags", "predict_proba", "*"),
        ("1.9.1/neighbors/knn_sokalsneath_brute_flags", "*", "*"),
        ("1.9.1/neighbors/knn_sparse_cosine", "*", "*"),
        ("1.5.2/neighbors/knn_sparse_cosine", "kneighbors", "*"),
        ("1.5.2/neighbors/knn_sparse_cosine", "predict", "csr"),
        ("1.5.2/neighbors/knn_sparse_cosine", "predict_proba", "*"),
        ("1.5.2/neighbors/knn_sparse_fit", "kneighbors", "csr"),
        ("1.9.1/neighbors/knn_sparse_fit", "kneighbors", "csr"),
        ("1.5.2/neighbors/knn_sparse_fit", "predict_proba", "csr"),
        ("1.9.1/neighbors/knn_sparse_fit", "predict_proba", "csr"),
        ("1.6.1/neighbors/knn_jaccard_brute_flags", "kneighbors", "rows"),
        ("1.6.1/neighbors/knn_jaccard_brute_flags", "predict_proba", "rows"),
        ("1.7.2/neighbors/knn_jaccard_brute_flags", "kneighbors", "rows"),
        ("1.7.2/neighbors/knn_jaccard_brute_flags", "predict_proba", "rows"),
        ("1.8.0/neighbors/knn_jaccard_brute_flags", "kneighbors", "rows"),
        ("1.8.0/neighbors/knn_jaccard_brute_flags", "predict_proba", "rows"),
    ]),
    ("a function of the caller's: code that would have to be run", &[
        ("*/neighbors/knn_callable_weights", "*", "*"),
        ("*/neighbors/radius_classifier_callable_weights", "predict*", "*"),
        ("*/semi_supervised/label_spreading_callable", "*", "*"),
        ("*/neighbors/knn_regressor_callable_weights", "*", "*"),
        ("*/svm/svc_callable", "*", "*"),
    ]),
    ("a call without rows asks for the neighbours of the fit's own rows", &[
        ("1.9.1/neighbors/knn_auto", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_auto", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_ball_tree", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_ball_tree", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_brute", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_brute", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_kd_tree", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_kd_tree", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_regressor_auto", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_regressor_auto", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_regressor_ball_tree", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_regressor_ball_tree", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_regressor_brute", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_regressor_brute", "kneighbors_graph", "-"),
        ("1.9.1/neighbors/knn_regressor_kd_tree", "kneighbors", "-"),
        ("1.9.1/neighbors/knn_regressor_kd_tree", "kneighbors_graph", "-"),
    ]),
    ("the logarithm of 1 less a probability close to 1, in which numpy's `exp` of 1.26 and of 2.0 differ in the last place", &[
        ("1.3.2/naive_bayes/bernoulli_alpha_tiny", "predict_joint_log_proba", "rows"),
        ("1.3.2/naive_bayes/bernoulli_alpha_tiny", "predict_log_proba", "rows"),
        ("1.4.2/naive_bayes/bernoulli_alpha_tiny", "predict_joint_log_proba", "rows"),
        ("1.4.2/naive_bayes/bernoulli_alpha_tiny", "predict_log_proba", "rows"),
    ]),
    ("a row by itself, which is no table: old versions made one of it", &[
        ("0.17.1-py27/decomposition/nmf", "transform", "flat"),
        ("0.17.1-py27/kernel_approximation/skewed_chi2", "transform", "flat"),
        ("0.17.1-py27/tree/decision_tree_classifier", "apply", "flat"),
        ("0.17.1-py27/tree/decision_tree_classifier", "predict", "flat"),
        ("0.17.1-py27/tree/decision_tree_classifier", "predict_proba", "flat"),
        ("0.17.1-py27/tree/decision_tree_regressor", "apply", "flat"),
        ("0.17.1-py27/tree/decision_tree_regressor", "predict", "flat"),
        ("0.17.1-py27/tree/extra_tree_classifier", "apply", "flat"),
        ("0.17.1-py27/tree/extra_tree_classifier", "predict", "flat"),
        ("0.17.1-py27/tree/extra_tree_classifier", "predict_proba", "flat"),
        ("0.17.1-py27/tree/extra_tree_regressor", "apply", "flat"),
        ("0.17.1-py27/tree/extra_tree_regressor", "predict", "flat"),
        ("0.18.2-py27/decomposition/nmf", "transform", "flat"),
        ("0.18.2-py27/kernel_approximation/skewed_chi2", "transform", "flat"),
        ("0.18.2-py27/tree/decision_tree_classifier", "apply", "flat"),
        ("0.18.2-py27/tree/decision_tree_classifier", "decision_path", "flat"),
        ("0.18.2-py27/tree/decision_tree_classifier", "predict", "flat"),
        ("0.18.2-py27/tree/decision_tree_classifier", "predict_proba", "flat"),
        ("0.18.2-py27/tree/decision_tree_regressor", "apply", "flat"),
        ("0.18.2-py27/tree/decision_tree_regressor", "decision_path", "flat"),
        ("0.18.2-py27/tree/decision_tree_regressor", "predict", "flat"),
        ("0.18.2-py27/tree/extra_tree_classifier", "apply", "flat"),
        ("0.18.2-py27/tree/extra_tree_classifier", "decision_path", "flat"),
        ("0.18.2-py27/tree/extra_tree_classifier", "predict", "flat"),
        ("0.18.2-py27/tree/extra_tree_classifier", "predict_proba", "flat"),
        ("0.18.2-py27/tree/extra_tree_regressor", "apply", "flat"),
        ("0.18.2-py27/tree/extra_tree_regressor", "decision_path", "flat"),
        ("0.18.2-py27/tree/extra_tree_regressor", "predict", "flat"),
    ]),
    ("a text cannot fill numbers, and old versions did not mind where no number was missing", &[
        ("0.20.4-py27/dtypes/imputer_constant_objects", "transform", "float32"),
        ("0.20.4-py27/dtypes/imputer_constant_objects", "transform", "frame_ints"),
        ("0.20.4-py27/dtypes/imputer_constant_objects", "transform", "int32"),
        ("0.20.4-py27/dtypes/imputer_constant_objects", "transform", "uint8"),
        ("0.21.3/dtypes/imputer_constant_objects", "transform", "float32"),
        ("0.21.3/dtypes/imputer_constant_objects", "transform", "frame_ints"),
        ("0.21.3/dtypes/imputer_constant_objects", "transform", "int32"),
        ("0.21.3/dtypes/imputer_constant_objects", "transform", "uint8"),
        ("0.22.2.post1/dtypes/imputer_constant_objects", "transform", "float32"),
        ("0.22.2.post1/dtypes/imputer_constant_objects", "transform", "frame_ints"),
        ("0.22.2.post1/dtypes/imputer_constant_objects", "transform", "int32"),
        ("0.22.2.post1/dtypes/imputer_constant_objects", "transform", "uint8"),
        ("0.23.2/dtypes/imputer_constant_objects", "transform", "float32"),
        ("0.23.2/dtypes/imputer_constant_objects", "transform", "frame_ints"),
        ("0.23.2/dtypes/imputer_constant_objects", "transform", "int32"),
        ("0.23.2/dtypes/imputer_constant_objects", "transform", "uint8"),
        ("1.0.2/dtypes/imputer_constant_objects", "transform", "float32"),
        ("1.0.2/dtypes/imputer_constant_objects", "transform", "frame_ints"),
        ("1.0.2/dtypes/imputer_constant_objects", "transform", "int32"),
        ("1.0.2/dtypes/imputer_constant_objects", "transform", "uint8"),
    ]),
    ("numpy before 1.20 has no sign for objects that are bools, and no `isnan`", &[
        ("0.20.4-py27/dtypes/function_isnan", "transform", "frame_bools_floats"),
        ("0.20.4-py27/dtypes/function_isnan", "transform", "frame_mixed"),
        ("0.20.4-py27/dtypes/function_sign", "transform", "frame_bools_floats"),
        ("0.20.4-py27/dtypes/function_sign", "transform", "frame_mixed"),
        ("0.21.3/dtypes/function_isnan", "transform", "frame_bools_floats"),
        ("0.21.3/dtypes/function_isnan", "transform", "frame_mixed"),
        ("0.21.3/dtypes/function_sign", "transform", "frame_bools_floats"),
        ("0.21.3/dtypes/function_sign", "transform", "frame_mixed"),
        ("0.22.2.post1/dtypes/function_isnan", "transform", "frame_bools_floats"),
        ("0.22.2.post1/dtypes/function_isnan", "transform", "frame_mixed"),
        ("0.22.2.post1/dtypes/function_sign", "transform", "frame_bools_floats"),
        ("0.22.2.post1/dtypes/function_sign", "transform", "frame_mixed"),
        ("0.23.2/dtypes/function_isnan", "transform", "frame_bools_floats"),
        ("0.23.2/dtypes/function_isnan", "transform", "frame_mixed"),
        ("0.23.2/dtypes/function_sign", "transform", "frame_bools_floats"),
        ("0.23.2/dtypes/function_sign", "transform", "frame_mixed"),
    ]),
    ("distances of float32 rows far from the origin, of which the order of a BLAS's sums leaves some digits", &[
        ("1.0.2/float32_far_origin/knn_regressor_brute", "predict", "fortran32"),
    ]),
    ("the old scikit-learn raises by mistake: rows, one class and columns that newer ones take", &[
        ("0.17.1-py27/ensemble/ada_boost_one_class", "predict_proba", "rows"),
        ("0.17.1-py27/kernel_approximation/skewed_chi2", "transform", "negative"),
        ("0.18.2-py27/ensemble/ada_boost_one_class", "predict_proba", "rows"),
        ("0.18.2-py27/kernel_approximation/skewed_chi2", "transform", "negative"),
        ("0.18.2/ensemble/ada_boost_one_class", "predict_proba", "rows"),
        ("0.18.2/kernel_approximation/skewed_chi2", "transform", "negative"),
        ("0.19.2/preprocessing/robust_scaler", "transform", "csr"),
        ("1.0.2/compose/array_slice", "get_feature_names_out", "-"),
    ]),
    ("scikit-learn 0.23 multiplies matrices of one dtype alone", &[
        ("0.23.2/decomposition/nmf", "transform", "float32"),
        ("0.23.2/decomposition/nmf_float32", "transform", "csr"),
        ("0.23.2/decomposition/nmf_float32", "transform", "rows"),
    ]),
    ("0.23 added `alpha` to numbers that hang on the place of the row: refused", &[
        ("0.23.2/decomposition/kernel_pca_inverse_rbf", "inverse_transform", "codes"),
    ]),
    ("the number of features of a model without clusters is not in old files", &[
        ("0.22.2.post1/cluster/affinity_propagation_none", "predict", "rows"),
    ]),
    ("a table without rows, of which 0.21 drops the columns that show what is missing", &[
        ("0.21.3/impute/iterative_indicator", "transform", "nothing"),
    ]),
    ("refused: text that Python 2 cut within a letter, `str.split` of bytes", &[
        ("0.17.1-py27/neighbors/radius_classifier_strings", "predict", "far"),
        ("0.17.1-py27/neighbors/radius_classifier_strings", "predict", "rows"),
        ("0.18.2-py27/neighbors/radius_classifier_strings", "predict", "far"),
        ("0.18.2-py27/neighbors/radius_classifier_strings", "predict", "rows"),
        ("0.20.4-py27/known_functions/known_count_analyzer_split", "transform", "texts"),
        ("0.20.4-py27/neighbors/radius_classifier_strings", "predict", "far"),
        ("0.20.4-py27/neighbors/radius_classifier_strings", "predict", "rows"),
    ]),
    ("0.17 drew other numbers, and kept components that whiten in another scale", &[
        ("0.17.1-py27/decomposition/pca_whiten_two", "get_covariance", "-"),
        ("0.17.1-py27/dummy/dummy_stratified_rare", "predict", "many"),
    ]),
    ("float16 tables are refused: scikit-learn computes in float16 where it may, and answers in it", &[
        ("*", "*", "half"),
    ]),
];

/// The calls that are answered as recorded, and not after the model was migrated to the newest scikit-learn.
#[rustfmt::skip]
const MIGRATION_EXCEPTIONS: &[Reason] = &[
    ("scikit-learn 1.9 raises for these rows", &[
        ("*/cluster/k_means*", "predict", "*"),
        ("*/cluster/mean_shift", "predict", "csr"),
        ("*/decomposition/dictionary_learning_lars_positive", "transform", "*"),
        ("*/decomposition/nmf*", "transform", "*"),
        ("*/decomposition/pca_all", "inverse_transform", "csr"),
        ("*/dtypes/imputer_*", "transform", "*"),
        ("*/decomposition/kernel_pca_frame", "transform", "frame_reordered"),
        ("1.1.3/renamed_columns/*", "*", "*"),
        ("0.20.4/preprocessing/one_hot_frame", "transform", "frame_reordered"),
        ("1.0.2/renamed_columns/*", "*", "*"),
    ]),
    ("`OneVsRestClassifier`, which a logistic regression of one model for each class has become, has no logarithms", &[
        ("*/linear_model/logistic_*", "predict_log_proba", "*"),
        ("*/pipeline/*", "predict_log_proba", "*"),
        ("*/model_selection/*", "predict_log_proba", "*"),
    ]),
    ("float32 rows are scaled and multiplied as float32, where they were as float64, or the other way round", &[
        ("*/float32_far_origin/*", "*", "*"),
        ("*/decomposition/*_float32", "transform", "*"),
        ("*/decomposition/*", "transform", "float32"),
        ("*/feature_extraction/tfidf_transformer*", "transform", "*"),
        ("*/impute/knn_float32", "transform", "holes"),
        ("*/manifold/isomap_float32", "reconstruction_error", "*"),
        ("*/neighbors/*", "*", "float32"),
        ("*/neural_network/rbm_score_samples_float32", "score_samples", "*"),
        ("0.20.4/preprocessing/bins_onehot*", "transform", "float32"),
    ]),
    ("numbers are of another dtype: votes for several outputs, draws", &[
        ("0.20.4/dummy/dummy_stratified_*", "predict_proba", "*"),
        ("0.20.4/ensemble/*_classifier_multi_output", "predict", "*"),
        ("0.20.4/tree/*_classifier_multi_output", "predict", "*"),
        ("*/cluster/feature_agglomeration_mean", "transform", "float32"),
        ("*/svm/one_class_svm_*", "predict", "*"),
    ]),
    ("arrays have an axis less, which a note says", &[
        ("*/multiclass/rest_binary", "decision_function", "*"),
        ("*/svm/one_class_svm_*", "decision_function", "*"),
    ]),
    ("regressors had the method until 0.18", &[
        ("*/multiclass/rest_regressor", "decision_function", "*"),
        ("*/removed/scores_of_*", "*decision_function", "*"),
    ]),
    ("estimators selected features until 0.18", &[
        ("*/removed/selects_*", "transform", "*"),
        ("0.18.2/pipeline/scaled_logistic", "transform", "*"),
    ]),
    ("`inverse_transform` of `RandomizedPCA` that whitens was no inverse, which a note says", &[
        ("*/removed/randomized_pca_whiten", "inverse_transform", "*"),
    ]),
    ("`score_samples` of `GaussianMixture` returns one array, where `GMM` returned two, which a note says", &[
        ("*/removed/gmm_*", "score_samples", "*"),
    ]),
    ("distances from rows of integers are truncated to integers, which a note says", &[
        ("*/removed/gmm_*", "predict*", "int*"),
    ]),
    ("`SimpleImputer` refuses what `Imputer` took, which a note says", &[
        ("*/removed/imputer_*", "transform", "inf"),
        ("*/removed/imputer_*", "transform", "csr"),
    ]),
    ("the logarithm of a probability of 0 is a number, which a note says", &[
        ("0.22.2.post1/removed/lda_far*", "predict_log_proba", "*"),
        ("0.23.2/removed/lda_far*", "predict_log_proba", "*"),
    ]),
    ("the precision of components that whiten is another, which a note says", &[
        ("0.17.1-py27/decomposition/pca_whiten_two", "*", "*"),
    ]),
    ("coordinate descent ends elsewhere within its tolerance, which a note says", &[
        ("*/decomposition/dictionary_learning_lasso_cd*", "transform", "*"),
        ("*/decomposition/mini_batch_dictionary_learning_lasso_cd", "transform", "*"),
        ("*/decomposition/sparse_coder_lasso_cd*", "transform", "*"),
    ]),
    ("the score is exactly 0, where the other class wins, which a note says", &[
        ("*/ensemble/gradient_boosting_binary", "staged_predict", "rows"),
    ]),
    ("other neighbors are chosen at equal distances, which a note says", &[
        ("*/neighbors/knn_*", "kneighbors", "*"),
        ("*/neighbors/knn_*_grid", "predict*", "rows"),
        ("*/neighbors/knn_*sparse_*", "predict*", "*"),
        ("*/neighbors/radius_float32_tenths_*", "*neighbors", "*"),
    ]),
    ("which of two centroids is nearer rounding decides, and sparse rows are compared in another way since 1.3", &[
        ("1.2.2/neighbors/centroid_tenths_euclidean", "predict", "csr"),
    ]),
    ("distances of float32 rows are rounded, which a note says", &[
        ("*/neighbors/radius_float32_minkowski_tiny", "kneighbors", "rows"),
    ]),
    ("distances of float64 rows far from the origin lost their last digits before 1.0", &[
        ("*/neighbors/radius_far_from_origin", "radius_neighbors*", "*"),
    ]),
    ("the names counted the features of the input, by mistake", &[
        ("*/neighbors/nca", "get_feature_names_out", "*"),
        ("*/preprocessing/spline_no_bias_periodic", "get_feature_names_out", "*"),
    ]),
    ("powers of negative numbers, where no row is mapped to, which a note says", &[
        ("*/preprocessing/power_box_cox_edges", "inverse_transform", "positive"),
    ]),
    ("Python 3 makes other small letters, which a note says", &[
        ("0.20.4-py27/feature_extraction/lower_case_*", "transform", "texts"),
    ]),
    ("paths of missing values did not follow the tree, which a note says", &[
        ("1.5.2/tree/decision_tree_classifier_missing_left", "decision_path", "rows"),
    ]),
];

/// The reason why the call is excepted, if it is.
pub fn exception(case: &Case, call: &Call) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(_, calls)| calls.iter().any(|calls| are(calls, case, call))).map(|(reason, _)| *reason)
}

/// The exceptions among migrated models.
pub fn migration_exceptions() -> impl Iterator<Item = &'static Calls> {
    MIGRATION_EXCEPTIONS.iter().flat_map(|(_, calls)| calls.iter())
}

/// Whether a call is one of `calls`.
pub fn are(calls: &Calls, case: &Case, call: &Call) -> bool {
    let (of_case, method, of_input) = calls;
    let input = call.input.as_deref().unwrap_or("-");
    fits(of_case, &case.name) && fits(method, &call.method) && fits(of_input, input)
}

fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = match (pattern.strip_prefix("*/"), name.split_once('/')) {
        (Some(pattern), Some((_, name))) => (pattern, name),
        _ => (pattern, name),
    };
    // `*` stands for any text.
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else { return false };
    let Some(mut last) = parts.next() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(last) {
            Some((_, after)) => rest = after,
            None => return false,
        }
        last = part;
    }
    rest.ends_with(last)
}
