//! `sklearn.linear_model`.

mod bayes;
mod coefficients;
mod coordinate_descent;
mod glm;
mod huber_regressor;
mod least_angle;
mod linear_classifier;
mod linear_regression;
mod linear_regressor;
mod logistic;
mod omp;
mod passive_aggressive_classifier;
mod passive_aggressive_regressor;
mod perceptron;
mod quantile_regressor;
mod randomized_l1;
mod ransac_regressor;
mod ridge;
mod ridge_classifier;
mod sgd_classifier;
mod sgd_one_class_svm;
mod sgd_regressor;
mod theil_sen_regressor;

use crate::model::Class;

pub(crate) use coefficients::Coefficients;
pub(crate) use linear_classifier::LinearClassifier;
pub(crate) use linear_regressor::LinearRegressor;

pub(crate) use coordinate_descent::{ELASTIC_NET, LASSO};
pub(crate) use linear_regression::LINEAR_REGRESSION;
pub(crate) use logistic::LOGISTIC_REGRESSION;
pub(crate) use ridge::RIDGE;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    bayes::ARD_REGRESSION,
    bayes::BAYESIAN_RIDGE,
    ELASTIC_NET,
    coordinate_descent::ELASTIC_NET_CV,
    LASSO,
    coordinate_descent::LASSO_CV,
    coordinate_descent::MULTI_TASK_ELASTIC_NET,
    coordinate_descent::MULTI_TASK_ELASTIC_NET_CV,
    coordinate_descent::MULTI_TASK_LASSO,
    coordinate_descent::MULTI_TASK_LASSO_CV,
    glm::GAMMA_REGRESSOR,
    glm::POISSON_REGRESSOR,
    glm::TWEEDIE_REGRESSOR,
    huber_regressor::HUBER_REGRESSOR,
    least_angle::LARS,
    least_angle::LARS_CV,
    least_angle::LASSO_LARS,
    least_angle::LASSO_LARS_CV,
    least_angle::LASSO_LARS_IC,
    LINEAR_REGRESSION,
    LOGISTIC_REGRESSION,
    logistic::LOGISTIC_REGRESSION_CV,
    omp::ORTHOGONAL_MATCHING_PURSUIT,
    omp::ORTHOGONAL_MATCHING_PURSUIT_CV,
    passive_aggressive_classifier::PASSIVE_AGGRESSIVE_CLASSIFIER,
    passive_aggressive_regressor::PASSIVE_AGGRESSIVE_REGRESSOR,
    perceptron::PERCEPTRON,
    quantile_regressor::QUANTILE_REGRESSOR,
    randomized_l1::RANDOMIZED_LASSO,
    randomized_l1::RANDOMIZED_LOGISTIC_REGRESSION,
    ransac_regressor::RANSAC_REGRESSOR,
    RIDGE,
    ridge::RIDGE_CV,
    ridge_classifier::RIDGE_CLASSIFIER,
    ridge_classifier::RIDGE_CLASSIFIER_CV,
    sgd_classifier::SGD_CLASSIFIER,
    sgd_one_class_svm::SGD_ONE_CLASS_SVM,
    sgd_regressor::SGD_REGRESSOR,
    theil_sen_regressor::THEIL_SEN_REGRESSOR,
];
