//! Names of classes that several boundaries have rules for.

/// Trees that classify.
pub(crate) const TREES: &[&str] = &["DecisionTreeClassifier", "ExtraTreeClassifier"];
/// Partial least squares.
pub(crate) const PLS: &[&str] = &["CCA", "PLSCanonical", "PLSRegression"];
/// Stochastic gradient descent.
pub(crate) const STOCHASTIC: &[&str] = &[
    "PassiveAggressiveClassifier",
    "PassiveAggressiveRegressor",
    "Perceptron",
    "SGDClassifier",
    "SGDOneClassSVM",
    "SGDRegressor",
];
/// Gradient boosting.
pub(crate) const BOOSTED: &[&str] = &["GradientBoostingClassifier", "GradientBoostingRegressor"];
/// Histogram boosting.
pub(crate) const HISTOGRAMS: &[&str] = &["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"];
/// Forests.
pub(crate) const FORESTS: &[&str] = &[
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
];
/// Ensembles of any estimators.
pub(crate) const ENSEMBLES: &[&str] =
    &["AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor", "IsolationForest"];
/// Factorizations of non-negative matrices.
pub(crate) const NMFS: &[&str] = &["MiniBatchNMF", "NMF"];
/// Support vector machines of libsvm.
pub(crate) const SVMS: &[&str] = &["NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR"];
/// Trees, and ensembles of trees that hand their parameters on.
pub(crate) const TREES_OF_ANY_KIND: &[&str] = &[
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
];

/// Estimators that find neighbors within a radius.
pub(crate) const BY_RADIUS: &[&str] = &["NearestNeighbors", "RadiusNeighborsClassifier", "RadiusNeighborsRegressor"];
