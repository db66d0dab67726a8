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

use crate::model::Class;

pub(crate) use coefficients::Coefficients;
pub(crate) use linear_classifier::LinearClassifier;
pub(crate) use linear_regressor::LinearRegressor;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    ard_regression::ARD_REGRESSION,
    bayesian_ridge::BAYESIAN_RIDGE,
    elastic_net::ELASTIC_NET,
    elastic_net_cv::ELASTIC_NET_CV,
    gamma_regressor::GAMMA_REGRESSOR,
    huber_regressor::HUBER_REGRESSOR,
    lars::LARS,
    lars_cv::LARS_CV,
    lasso::LASSO,
    lasso_cv::LASSO_CV,
    lasso_lars::LASSO_LARS,
    lasso_lars_cv::LASSO_LARS_CV,
    lasso_lars_ic::LASSO_LARS_IC,
    linear_regression::LINEAR_REGRESSION,
    logistic_regression::LOGISTIC_REGRESSION,
    logistic_regression_cv::LOGISTIC_REGRESSION_CV,
    multi_task_elastic_net::MULTI_TASK_ELASTIC_NET,
    multi_task_elastic_net_cv::MULTI_TASK_ELASTIC_NET_CV,
    multi_task_lasso::MULTI_TASK_LASSO,
    multi_task_lasso_cv::MULTI_TASK_LASSO_CV,
    orthogonal_matching_pursuit::ORTHOGONAL_MATCHING_PURSUIT,
    orthogonal_matching_pursuit_cv::ORTHOGONAL_MATCHING_PURSUIT_CV,
    passive_aggressive_classifier::PASSIVE_AGGRESSIVE_CLASSIFIER,
    passive_aggressive_regressor::PASSIVE_AGGRESSIVE_REGRESSOR,
    perceptron::PERCEPTRON,
    poisson_regressor::POISSON_REGRESSOR,
    quantile_regressor::QUANTILE_REGRESSOR,
    ridge::RIDGE,
    ridge_classifier::RIDGE_CLASSIFIER,
    ridge_classifier_cv::RIDGE_CLASSIFIER_CV,
    ridge_cv::RIDGE_CV,
    sgd_classifier::SGD_CLASSIFIER,
    sgd_regressor::SGD_REGRESSOR,
    theil_sen_regressor::THEIL_SEN_REGRESSOR,
    tweedie_regressor::TWEEDIE_REGRESSOR,
];
