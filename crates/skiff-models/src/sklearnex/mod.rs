//! scikit-learn-intelex (`sklearnex`, before it `daal4py.sklearn`): scikit-learn's estimators, computed by oneDAL.
//!
//! A patched estimator has the state of scikit-learn's own, some of it under other names since 2025, and a copy in
//! oneDAL's form, which is not read. Forests have nothing else, and are not supported.

use crate::fields::{Fields, ReadError};
use crate::model::{Class, Estimator};
use crate::{cluster, decomposition, linear_model, neighbors, svm};

/// What patched estimators have besides, for oneDAL.
const OWN: &[&str] = &[
    "_X",
    "_gap",
    "_is_in_fit",
    "_n_threads",
    "_onedal_estimator",
    "_onedal_gpu_estimator",
    "_shape",
    "_sparse",
    "_y",
    "classes_",
    "daal_model_",
    "fit_shape_good_for_daal_",
    "n_jobs",
    "sample_weight_",
];

/// Where they keep attributes of scikit-learn's.
const RENAMED: &[(&str, &str)] = &[
    ("coef_", "_coef_"),
    ("components_", "_components_"),
    ("explained_variance_", "_explained_variance_"),
    ("intercept_", "_intercept_"),
    ("mean_", "_mean_"),
    ("n_components_", "_n_components_"),
];

/// The same of support vector machines, which have an `_intercept_` of scikit-learn's.
const RENAMED_OF_MACHINES: &[(&str, &str)] = &[
    ("_dual_coef_", "_dual_coef_internal"),
    ("_intercept_", "_intercept_internal"),
    ("support_vectors_", "_support_vectors_internal"),
];

fn read(class: &Class, fields: &Fields<'_, '_>) -> Result<Box<dyn Estimator>, ReadError> {
    let is_machine = class.name().ends_with("SVC") || class.name().ends_with("SVR");
    fields.rename(if is_machine { RENAMED_OF_MACHINES } else { RENAMED });
    fields.training_only(OWN);
    class.read_model(fields)
}

macro_rules! patched {
    ($name:literal, $class:expr, [$($path:literal),+ $(,)?]) => {
        Class::new(
            &[$($path),+],
            concat!(
                " `", $name, "` of scikit-learn-intelex.\n",
                "\n",
                " # Reads\n",
                " What the class of that name in scikit-learn has, some of it under another name since 2025.\n",
                " # Predicts\n",
                " What scikit-learn computes from it. oneDAL's sums have another order: numbers differ in their last digits,\n",
                " and neighbors at the same distance may be others. oneDAL answers `float32` for rows of `float32`.\n",
                " # Older versions\n",
                " Before 2025 all names are those of scikit-learn.\n",
            ),
            &[],
            |fields| read(&$class, fields),
        )
    };
}

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    patched!("DBSCAN", cluster::DBSCAN, ["sklearnex.cluster.dbscan.DBSCAN", "daal4py.sklearn.cluster._dbscan.DBSCAN"]),
    patched!(
        "ElasticNet",
        linear_model::ELASTIC_NET,
        [
            "sklearnex.linear_model.coordinate_descent.ElasticNet",
            "daal4py.sklearn.linear_model._coordinate_descent.ElasticNet",
        ]
    ),
    patched!(
        "KMeans",
        cluster::K_MEANS,
        [
            "sklearnex.cluster.k_means.KMeans",
            "daal4py.sklearn.cluster.k_means.KMeans",
            "daal4py.sklearn.cluster._k_means_0_23.KMeans",
        ]
    ),
    patched!(
        "KNeighborsClassifier",
        neighbors::K_NEIGHBORS_CLASSIFIER,
        ["sklearnex.neighbors.knn_classification.KNeighborsClassifier",]
    ),
    patched!(
        "KNeighborsRegressor",
        neighbors::K_NEIGHBORS_REGRESSOR,
        ["sklearnex.neighbors.knn_regression.KNeighborsRegressor",]
    ),
    patched!(
        "Lasso",
        linear_model::LASSO,
        ["sklearnex.linear_model.coordinate_descent.Lasso", "daal4py.sklearn.linear_model._coordinate_descent.Lasso",]
    ),
    patched!(
        "LinearRegression",
        linear_model::LINEAR_REGRESSION,
        ["sklearnex.linear_model.linear.LinearRegression", "daal4py.sklearn.linear_model._linear.LinearRegression",]
    ),
    patched!("LocalOutlierFactor", neighbors::LOCAL_OUTLIER_FACTOR, ["sklearnex.neighbors._lof.LocalOutlierFactor"]),
    patched!(
        "LogisticRegression",
        linear_model::LOGISTIC_REGRESSION,
        [
            "sklearnex.linear_model.logistic_regression.LogisticRegression",
            "daal4py.sklearn.linear_model.logistic_path.LogisticRegression",
        ]
    ),
    patched!(
        "NearestNeighbors",
        neighbors::NEAREST_NEIGHBORS,
        ["sklearnex.neighbors.knn_unsupervised.NearestNeighbors"]
    ),
    patched!("NuSVC", svm::NU_SVC, ["sklearnex.svm._classes.NuSVC", "sklearnex.svm.nusvc.NuSVC"]),
    patched!("NuSVR", svm::NU_SVR, ["sklearnex.svm._classes.NuSVR", "sklearnex.svm.nusvr.NuSVR"]),
    patched!("PCA", decomposition::PCA, ["sklearnex.decomposition.pca.PCA", "sklearnex.preview.decomposition.pca.PCA"]),
    patched!(
        "Ridge",
        linear_model::RIDGE,
        ["sklearnex.linear_model.ridge.Ridge", "daal4py.sklearn.linear_model._ridge.Ridge"]
    ),
    patched!("SVC", svm::SVC, ["sklearnex.svm._classes.SVC", "sklearnex.svm.svc.SVC"]),
    patched!("SVR", svm::SVR, ["sklearnex.svm._classes.SVR", "sklearnex.svm.svr.SVR"]),
];
