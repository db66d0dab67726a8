//! `sklearn.linear_model.LogisticRegression`.

use std::sync::Arc;

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::model::{Estimator, Room};
use crate::plan::{Lowering, Method, Output, Params, Refusal, ValueId};
use crate::steps::{BothSides, DivideByRowSum, Elementwise, Function, Softmax};
use crate::value::Classes;

/// Logistic regression, binary, multinomial and one-versus-rest.
///
/// # Reads
/// `coef_`, `intercept_`, `classes_`; `multi_class` and `solver` decide the link.
/// # Predicts
/// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
/// is above 0. Probabilities are the softmax of the scores (multinomial), or the logistic function of each, divided by
/// their sum (one-versus-rest).
/// # Older versions
/// `multi_class` is gone from 1.8, and softmax remains for three classes and more. Before, `'auto'` meant
/// one-versus-rest for two classes or `liblinear`; before 0.22 the default was one-versus-rest (`'ovr'`, `'warn'`).
/// skiff answers as the version that wrote the file.
#[derive(Debug)]
pub struct LogisticRegression {
    linear: LinearClassifier,
    link: Link,
}

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Softmax,
    OneVersusRest,
}

impl Room for LogisticRegression {
    const CLASSES: &'static [&'static str] =
        &["sklearn.linear_model._logistic.LogisticRegression", "sklearn.linear_model.logistic.LogisticRegression"];
    const SOURCE: &'static str = include_str!("logistic_regression.rs");

    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let linear = LinearClassifier::read(fields)?;
        let link = read_link(fields, &linear)?;
        fields.training_only(&[
            "C",
            "class_weight",
            "dual",
            "fit_intercept",
            "intercept_scaling",
            "l1_ratio",
            "max_iter",
            "n_iter_",
            "n_jobs",
            "penalty",
            "random_state",
            "solver",
            "tol",
            "verbose",
            "warm_start",
        ]);
        Ok(Self { linear, link })
    }
}

fn read_link(fields: &Fields<'_, '_>, linear: &LinearClassifier) -> Result<Link, ReadError> {
    let binary = linear.classes.len() <= 2;
    let one_versus_rest = match fields.string_or_none("multi_class")?.as_deref() {
        // From 1.8 there is no such parameter.
        None => binary,
        Some("ovr" | "warn") => true,
        Some("auto" | "deprecated") => binary || fields.string("solver")? == "liblinear",
        // 0.17 to 0.19 took the logistic function for whatever has one score.
        Some("multinomial") => fields.before(0, 20) && linear.is_binary(),
        Some(other) => return Err(fields.unsupported("multi_class", format!("`{other}`"))),
    };
    Ok(if one_versus_rest { Link::OneVersusRest } else { Link::Softmax })
}

impl LogisticRegression {
    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let scores = self.linear.scores(input, plan);
        match (self.link, self.linear.is_binary()) {
            (Link::Softmax, true) => {
                let both = plan.push(BothSides::Negative, &[scores]);
                plan.push(Softmax, &[both])
            }
            (Link::Softmax, false) => plan.push(Softmax, &[scores]),
            (Link::OneVersusRest, true) => {
                let second = plan.push(Elementwise { function: Function::Expit }, &[scores]);
                plan.push(BothSides::Complement, &[second])
            }
            (Link::OneVersusRest, false) => {
                let each = plan.push(Elementwise { function: Function::Expit }, &[scores]);
                plan.push(DivideByRowSum, &[each])
            }
        }
    }
}

impl Estimator for LogisticRegression {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(self.linear.predict(input, plan)),
            Method::DecisionFunction => Ok(self.linear.decision_function(input, plan)),
            Method::PredictProba => Ok(Output::matrix(self.probabilities(input, plan))),
            Method::PredictLogProba => {
                let probabilities = self.probabilities(input, plan);
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.linear.classes)]
    }
}
