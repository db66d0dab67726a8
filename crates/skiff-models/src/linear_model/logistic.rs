//! `sklearn.linear_model._logistic`: `LogisticRegression` and its cross-validated form.

use std::sync::Arc;

use skiff_plan::operators::{BothSides, Elementwise, Function, Softmax};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LOGISTIC_REGRESSION: Class = class! {
    /// Logistic regression, binary, multinomial and one-versus-rest.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`; `multi_class` and `solver` decide the link.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. Probabilities are the softmax of the scores (multinomial), or the logistic function of each, divided by
    /// their sum (one-versus-rest).
    /// # Older versions
    /// 1.8 removed `multi_class`; softmax remains for three classes and more. Before, `'auto'` meant
    /// one-versus-rest for two classes or `liblinear` (and before 1.6 `newton-cholesky`); before 0.22 the default was
    /// one-versus-rest (`'ovr'`, `'warn'`). Before 0.20, `'multinomial'` took the logistic function of a single score, from
    /// then on the softmax of it and its negative. skiff predicts as the version that wrote the file.
    paths: ["sklearn.linear_model._logistic.LogisticRegression", "sklearn.linear_model.logistic.LogisticRegression"],
    training_only: ["C", "l1_ratio", "warm_start"],
    read: LogisticClassifier::read,
};

pub(crate) const LOGISTIC_REGRESSION_CV: Class = class! {
    /// Logistic regression with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// As `LogisticRegression`. The results of the search
    /// (`scores_`, `coefs_paths_`, `C_`, …), in their old or new shapes, do not affect predictions.
    /// # Predicts
    /// As `LogisticRegression`.
    /// # Older versions
    /// As `LogisticRegression`.
    paths: [
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        "sklearn.linear_model.logistic.LogisticRegressionCV",
    ],
    training_only: [
        "C_", "Cs", "Cs_", "_enc", "coefs_paths_", "cv", "l1_ratio_", "l1_ratios", "l1_ratios_", "refit", "scores_",
        "scoring", "use_legacy_attributes",
    ],
    read: LogisticClassifier::read,
};

/// `coef_`, `intercept_`, `classes_` and the link.
#[derive(Debug)]
struct LogisticClassifier {
    linear: LinearClassifier,
    link: Link,
}

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Softmax,
    OneVersusRest,
}

fn read_link(fields: &Fields<'_, '_>, linear: &LinearClassifier) -> Result<Link, ReadError> {
    let binary = linear.classes.len() <= 2;
    let one_versus_rest = match fields.string_or_none("multi_class")?.as_deref() {
        // From 1.8 there is no such parameter.
        None if fields.before(1, 8) => fields.string("multi_class").map(|_| false)?,
        None => binary,
        Some("ovr" | "warn") => true,
        Some("auto" | "deprecated") => {
            let solver = fields.string("solver")?;
            binary || solver == "liblinear" || solver == "newton-cholesky" && fields.before(1, 6)
        }
        // 0.17 to 0.19 used the logistic function for every model with one score.
        Some("multinomial") => fields.before(0, 20) && linear.is_binary(),
        Some(other) => return Err(fields.unsupported("multi_class", format!("`{other}`"))),
    };
    Ok(if one_versus_rest { Link::OneVersusRest } else { Link::Softmax })
}

impl LogisticClassifier {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let linear = LinearClassifier::read(fields)?;
        let link = read_link(fields, &linear)?;
        fields.training_only(&[
            "class_weight",
            "dual",
            "fit_intercept",
            "intercept_scaling",
            "max_iter",
            "n_iter_",
            "n_jobs",
            "penalty",
            "random_state",
            "solver",
            "tol",
            "verbose",
        ]);
        Ok(Self { linear, link })
    }

    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        if self.link == Link::OneVersusRest {
            return self.linear.one_versus_rest(input, plan);
        }
        let mut scores = self.linear.scores(input, plan);
        if self.linear.is_binary() {
            scores = plan.push(BothSides::Negative, &[scores]);
        }
        plan.push(Softmax, &[scores])
    }
}

impl Estimator for LogisticClassifier {
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

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.n_features())
    }
}
