//! `_BaseNB`: what all naive Bayes classifiers make of the joint log-likelihood of a row and each class.

use std::fmt::Debug;
use std::sync::Arc;

use skiff_plan::operators::{
    Affine, Argmax, ArrayRule, Dtype, Elementwise, Function, SparseRule, SubtractLogSumExp, TakeLabels,
};
use skiff_plan::value::{Classes, Matrix, Precision, Value};
use skiff_plan::{Method, Output, ValueId};

use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{ComputedAttribute, Estimator};

/// A fitted naive Bayes classifier.
#[derive(Debug)]
pub(super) struct NaiveBayes<L> {
    classes: Arc<Classes>,
    /// Whether the version has `predict_joint_log_proba`.
    has_joint: bool,
    /// Whether the version shows it as a linear classifier: before 1.1, by `coef_`.
    has_coef: bool,
    likelihood: L,
}

/// The difference between the classifiers.
pub(super) trait Likelihood: Debug + Send + Sync + 'static {
    /// Adds the operators of the joint log-likelihood, (n_samples, n_classes).
    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId;

    /// How many columns it takes.
    fn n_features(&self) -> usize;
}

impl<L: Likelihood> NaiveBayes<L> {
    /// Reads `classes_`, and the rest by `read`.
    pub(super) fn read(
        fields: &Fields<'_, '_>,
        read: impl FnOnce(&Classes) -> Result<L, ReadError>,
    ) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        let likelihood = read(&classes)?;
        let has_coef =
            fields.before(1, 1) && fields.header().class != "CategoricalNB" && fields.has("feature_log_prob_");
        Ok(Self { classes, has_joint: !fields.before(1, 2), has_coef, likelihood })
    }
}

impl<L: Likelihood> Estimator for NaiveBayes<L> {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let joint = |plan: &mut Lowering<'_>| self.likelihood.joint(input, plan);
        match method {
            Method::Predict => {
                let joint = joint(plan);
                let numbers = plan.push(Argmax, &[joint]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            Method::PredictProba => {
                let joint = joint(plan);
                let logs = plan.push(SubtractLogSumExp, &[joint]);
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Exp }, &[logs])))
            }
            Method::PredictLogProba => {
                let joint = joint(plan);
                Ok(Output::matrix(plan.push(SubtractLogSumExp, &[joint])))
            }
            Method::PredictJointLogProba if self.has_joint => Ok(Output::matrix(joint(plan))),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.likelihood.n_features())
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        match self.has_coef {
            true => vec![("coef_", Box::new(coef)), ("intercept_", Box::new(intercept))],
            false => Vec::new(),
        }
    }
}

/// `coef_`: the logarithms of the features, of two classes those of the second one.
fn coef(attributes: &Attributes<'_>) -> Option<Computed> {
    let logs = attributes.matrix("feature_log_prob_")?;
    let logs = match logs.rows {
        2 => Matrix::new(1, logs.cols, logs.data.get(logs.cols..)?.to_vec()),
        _ => Matrix::new(logs.rows, logs.cols, logs.data.into_owned()),
    };
    Some(Computed::matrix(Value::Floats(logs, Precision::Double)))
}

/// `intercept_`: the logarithms of the priors, likewise.
fn intercept(attributes: &Attributes<'_>) -> Option<Computed> {
    let priors = attributes.array("class_log_prior_")?.to_f64()?;
    let priors = if priors.len() == 2 { priors.get(1..)?.to_vec() } else { priors };
    Some(Computed::vector(priors))
}

/// A joint log-likelihood that is linear in counts: that of multinomial and complement naive Bayes.
#[derive(Debug)]
pub(super) struct CountLikelihood(pub(super) Arc<Affine>);

impl Likelihood for CountLikelihood {
    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.0.coef.cols);
        plan.push(&self.0, &[x])
    }

    fn n_features(&self) -> usize {
        self.0.coef.cols
    }
}

/// `feature_log_prob_` and `class_log_prior_` of a discrete naive Bayes classifier.
#[derive(Debug)]
pub(super) struct DiscreteLogs {
    /// `feature_log_prob_`, (n_classes, n_features).
    pub(super) features: Matrix<'static, f64>,
    /// `class_log_prior_`, one for each row of `features`.
    pub(super) priors: Vec<f64>,
    /// The dtype of both together.
    pub(super) precision: Precision,
}

/// The parameters of the fit that all discrete classifiers have had.
pub(super) const DISCRETE_TRAINING: &[&str] =
    &["alpha", "class_count_", "class_prior", "feature_count_", "fit_prior", "force_alpha", "n_features_"];

impl DiscreteLogs {
    /// Reads both and checks them against each other and the number of classes.
    pub(super) fn read(fields: &Fields<'_, '_>, classes: &Classes) -> Result<Self, ReadError> {
        let numbers = fields.numbers("feature_log_prob_")?;
        let mut precision = numbers.precision;
        let two_dimensions = || fields.unexpected("feature_log_prob_", "an array of two dimensions");
        let features = numbers.into_matrix().ok_or_else(two_dimensions)?;
        // Of one class, versions before 1.0 made a class and its complement, which is never predicted.
        if !(features.rows == 2 && classes.len() == 1) {
            fields.expect_len("feature_log_prob_", features.rows, classes.len())?;
        }
        fields.expect_n_features("feature_log_prob_", features.cols)?;
        let (priors, prior_precision) = read_priors(fields, features.rows)?;
        precision = precision.promote(prior_precision);
        Ok(Self { features, priors, precision })
    }
}

/// `class_log_prior_`, one for each class or one for all.
pub(super) fn read_priors(fields: &Fields<'_, '_>, count: usize) -> Result<(Vec<f64>, Precision), ReadError> {
    let numbers = fields.numbers("class_log_prior_")?;
    match (&numbers.shape[..], &numbers.data[..]) {
        ([1], &[one]) => Ok((vec![one; count], numbers.precision)),
        ([len], _) => fields.expect_len("class_log_prior_", *len, count).map(|()| (numbers.data, numbers.precision)),
        _ => Err(fields.unexpected("class_log_prior_", "an array of one dimension")),
    }
}
