"""Where skiff is not as scikit-learn, and why: what is listed must differ somewhere, or a test fails."""

#: What fits, changes the estimator, is about how to fit it, or returns a function: nothing to ask a model that does not
#: change.
OTHER_METHODS = (
    "build_analyzer", "build_preprocessor", "build_tokenizer", "correct_covariance", "cost_complexity_pruning_path", "densify", "fit", "get_metadata_routing", "partial_fit", "path",
    "restrict", "reweight_covariance", "set_", "sparsify",
)
#: Attributes that are not as in scikit-learn: class (or `*`), name.
ATTRIBUTES = {
    ("*", "estimators_samples_"): "drawn again by numpy's random numbers, from the seeds of the fit",
    ("FeatureAgglomeration", "pooling_func"): "a function, which comes as its name",
    ("GaussianProcessClassifier", "kernel_"): "an object that scikit-learn makes when asked, where there are several classes",
    ("IsotonicRegression", "f_"): "is not in the file: a function that scikit-learn makes when it loads",
    ("SGDRegressor", "coef_"): "a sparse vector of one dimension, which comes as a matrix of one row",
}
#: What an estimator has here and not in scikit-learn: none of it changes an answer.
MORE = {
    ("SelectFromModel", "n_features_in_"): "scikit-learn asks the estimator within, which may not know",
}
#: Whose `get_params(deep=True)` has other names.
DEEP_PARAMETERS = {}
#: Methods that are absent.
METHODS = {
    ("*", "dbscan_clustering"): "clusters again",
    ("*", "latent_mean_and_variance"): "is of the process behind the probabilities",
    ("*", "perplexity"): "is of all rows together",
    ("*", "sample_y"): "draws by the singular vectors of a covariance, which hang on its last bits",
    ("BernoulliRBM", "gibbs"): "draws random numbers without a seed",
    ("BernoulliRBM", "score_samples"): "is there, and raises, without a seed",
    ("DictionaryLearning", "transform"): "is there, and raises, with positive_code=True and lars or omp",
    ("IterativeImputer", "transform"): "draws from scipy's truncated normal distribution, with sample_posterior=True",
    ("SparseCoder", "transform"): "is there, and raises, with more coefficients than atoms",
    ("DummyClassifier", "predict"): "draws random numbers without a seed",
    ("DummyClassifier", "score"): "draws random numbers without a seed",
    ("GridSearchCV", "score"): "is by `scoring`, which is code",
    ("LatentDirichletAllocation", "score"): "is of all rows together",
    ("VotingClassifier", "transform"): "an array of three dimensions, with flatten_transform=False",
    **{
        (name, method): f"is there, and raises, {where}"
        for name, methods, where in [
            ("AdaBoostClassifier", ["staged_decision_function", "staged_predict", "staged_predict_proba"], "with one class"),
            ("AffinityPropagation", ["predict"], "with affinity='precomputed'"),
            (
                "ClassifierChain",
                ["decision_function", "predict_log_proba", "predict_proba"],
                "where an inner estimator has none or several classes",
            ),
            ("ColumnTransformer", ["get_feature_names_out"], "where a transformer has none"),
            ("FeatureUnion", ["get_feature_names_out"], "where a transformer has none"),
            ("GridSearchCV", ["decision_function", "predict", "predict_log_proba", "predict_proba"], "where refit=False"),
            ("KernelPCA", ["inverse_transform"], "with fit_inverse_transform=False"),
            ("LinearDiscriminantAnalysis", ["predict_log_proba", "predict_proba"], "with one class"),
            ("LinearDiscriminantAnalysis", ["transform"], "with solver='lsqr'"),
            ("Pipeline", ["get_feature_names_out"], "where a step has none"),
            ("Pipeline", ["inverse_transform"], "where a step does"),
            *(
                (name, ["inverse_transform"], "where no column was selected")
                for name in [
                    "GenericUnivariateSelect", "SelectFdr", "SelectFpr", "SelectFromModel", "SelectFwe", "SelectKBest", "SelectPercentile",
                ]
            ),
            ("SimpleImputer", ["inverse_transform"], "without add_indicator"),
        ]
        for method in methods
    },
}
#: Answers that are others, or are there where scikit-learn raises, or the other way round: class, method, and of which rows.
ANSWERS = {
    **{
        ("AdaBoostClassifier", "decision_function", rows): "of one class, zeros in an array of objects"
        for rows in ["objects", "sparse", "sparse columns", "words"]
    },
    ("GradientBoostingClassifier", "staged_predict", "one"): "scikit-learn squeezes an only row's dimension away",
    **{
        ("HistGradientBoostingClassifier", "open", file): "was fitted on one class, of which its scores tell nothing"
        for file in ["joblib", "pickle", "skops"]
    },
    ("IncrementalPCA", "transform", "coordinates"): "scikit-learn slices a matrix that cannot be sliced",
    ("KNNImputer", "transform", "missing"): "of neighbors that are as far away, numpy chooses by the instructions that the processor has",
    ("LabelBinarizer", "transform", "numbers"): "numbers are no labels of text, which scikit-learn finds in no class",
    **{
        (name, "transform", "one"): "scikit-learn squeezes an only row's dimension away"
        for name in ["MiniBatchSparsePCA", "SparsePCA"]
    },
    ("NearestCentroid", "predict_log_proba", "huge"): "distances of such rows to all centroids are the same but for rounding errors",
    **{
        ("SimpleImputer", "inverse_transform", rows): "scikit-learn counts columns from the end where there are too few"
        for rows in ["missing", "moved", "narrow", "one", "ties"]
    },
    **{
        ("TargetEncoder", "transform", rows): "scikit-learn fails over the category that it puts in place of unknown ones"
        for rows in ["booleans", "words"]
    },
}
#: The exceptions that were met.
APPLIED = set()


def excepted(exceptions, estimator, name):
    """Whether what differs is excepted."""
    found = [key for key in [("*", name), (type(estimator).__name__, name)] if key in exceptions]
    APPLIED.update(found)
    return bool(found)


def excepted_answer(name, method, rows):
    """Whether an answer that differs is excepted."""
    found = [key for key in [(name, method, rows), (name, method, "*")] if key in ANSWERS]
    APPLIED.update(found)
    return bool(found)


def is_missed(reason):
    """Whether somebody could miss a method that is absent: it answers in scikit-learn, and the same in every call."""
    return not reason.startswith(("is there, and raises", "draws random numbers without a seed"))
