//! `sklearn.linear_model`.

mod ard_regression;
mod bayesian_ridge;
mod coefficients;
mod elastic_net;
mod elastic_net_cv;
mod gamma_regressor;
mod generalized_linear_model;
mod huber_regressor;
mod lars;
mod lars_cv;
mod lasso;
mod lasso_cv;
mod lasso_lars;
mod lasso_lars_cv;
mod lasso_lars_ic;
mod linear_classifier;
mod linear_regression;
mod linear_regressor;
mod logistic_regression;
mod logistic_regression_cv;
mod multi_task_elastic_net;
mod multi_task_elastic_net_cv;
mod multi_task_lasso;
mod multi_task_lasso_cv;
mod orthogonal_matching_pursuit;
mod orthogonal_matching_pursuit_cv;
mod passive_aggressive_classifier;
mod passive_aggressive_regressor;
mod perceptron;
mod poisson_regressor;
mod quantile_regressor;
mod ridge;
mod ridge_classifier;
mod ridge_classifier_cv;
mod ridge_cv;
mod sgd_classifier;
mod sgd_regressor;
mod theil_sen_regressor;
mod tweedie_regressor;

use crate::registry::Entry;

pub(crate) use coefficients::Coefficients;
pub(crate) use linear_classifier::LinearClassifier;
pub(crate) use linear_regressor::LinearRegressor;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<ard_regression::ARDRegression>(),
    Entry::of::<bayesian_ridge::BayesianRidge>(),
    Entry::of::<elastic_net::ElasticNet>(),
    Entry::of::<elastic_net_cv::ElasticNetCV>(),
    Entry::of::<gamma_regressor::GammaRegressor>(),
    Entry::of::<huber_regressor::HuberRegressor>(),
    Entry::of::<lars::Lars>(),
    Entry::of::<lars_cv::LarsCV>(),
    Entry::of::<lasso::Lasso>(),
    Entry::of::<lasso_cv::LassoCV>(),
    Entry::of::<lasso_lars::LassoLars>(),
    Entry::of::<lasso_lars_cv::LassoLarsCV>(),
    Entry::of::<lasso_lars_ic::LassoLarsIC>(),
    Entry::of::<linear_regression::LinearRegression>(),
    Entry::of::<logistic_regression::LogisticRegression>(),
    Entry::of::<logistic_regression_cv::LogisticRegressionCV>(),
    Entry::of::<multi_task_elastic_net::MultiTaskElasticNet>(),
    Entry::of::<multi_task_elastic_net_cv::MultiTaskElasticNetCV>(),
    Entry::of::<multi_task_lasso::MultiTaskLasso>(),
    Entry::of::<multi_task_lasso_cv::MultiTaskLassoCV>(),
    Entry::of::<orthogonal_matching_pursuit::OrthogonalMatchingPursuit>(),
    Entry::of::<orthogonal_matching_pursuit_cv::OrthogonalMatchingPursuitCV>(),
    Entry::of::<passive_aggressive_classifier::PassiveAggressiveClassifier>(),
    Entry::of::<passive_aggressive_regressor::PassiveAggressiveRegressor>(),
    Entry::of::<perceptron::Perceptron>(),
    Entry::of::<poisson_regressor::PoissonRegressor>(),
    Entry::of::<quantile_regressor::QuantileRegressor>(),
    Entry::of::<ridge::Ridge>(),
    Entry::of::<ridge_classifier::RidgeClassifier>(),
    Entry::of::<ridge_classifier_cv::RidgeClassifierCV>(),
    Entry::of::<ridge_cv::RidgeCV>(),
    Entry::of::<sgd_classifier::SGDClassifier>(),
    Entry::of::<sgd_regressor::SGDRegressor>(),
    Entry::of::<theil_sen_regressor::TheilSenRegressor>(),
    Entry::of::<tweedie_regressor::TweedieRegressor>(),
];
