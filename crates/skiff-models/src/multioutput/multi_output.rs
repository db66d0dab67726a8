//! `MultiOutputClassifier` and `MultiOutputRegressor` of `sklearn.multioutput`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Finite, JoinLabels, SparseRule};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class, delegates_rows};

pub(crate) const MULTI_OUTPUT_CLASSIFIER: Class = class! {
    /// A classifier for each output.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers.
    /// # Predicts
    /// The labels that each predicts, as the columns of one array; `predict_proba` is a list of their results.
    /// # Not supported
    /// Labels of different types, which numpy would make objects or text of. `predict_proba` of 0.18, which stacked them.
    /// # Older versions
    /// Before 1.0 rows had to be numbers, before 0.24 finite ones.
    paths: ["sklearn.multioutput.MultiOutputClassifier"],
    training_only: ["classes_", "estimator", "n_jobs"],
    read: |fields| MultiOutput::read(fields, Kind::Classifier),
};

pub(crate) const MULTI_OUTPUT_REGRESSOR: Class = class! {
    /// A regressor for each output.
    ///
    /// # Reads
    /// `estimators_`, any supported regressors.
    /// # Predicts
    /// What each predicts, as the columns of one array.
    /// # Older versions
    /// Before 1.0 rows had to be numbers, before 0.24 finite ones.
    paths: ["sklearn.multioutput.MultiOutputRegressor"],
    training_only: ["estimator", "n_jobs"],
    read: |fields| MultiOutput::read(fields, Kind::Regressor),
};

/// An estimator for each output.
#[derive(Debug)]
struct MultiOutput {
    /// `estimators_`
    models: Vec<Arc<Model>>,
    kind: Kind,
    /// Before 1.0.
    rule: Option<ArrayRule>,
    /// Before 0.19.
    stacks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Classifier,
    Regressor,
}

impl MultiOutput {
    fn read(fields: &Fields<'_, '_>, kind: Kind) -> Result<Self, ReadError> {
        let models = fields.models("estimators_")?;
        if models.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
        let rule = match (fields.before(0, 24), fields.before(1, 0)) {
            (true, _) => Some(rule),
            (false, true) => Some(rule.finite(Finite::Any)),
            (false, false) => None,
        };
        Ok(Self { models, kind, rule, stacks: fields.before(0, 19) })
    }
}

impl Estimator for MultiOutput {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.kind) {
            (Method::Predict, _) => {
                let x = self.rule.map_or(input, |rule| plan.check(input, rule, None));
                let mut columns = Vec::with_capacity(self.models.len());
                for model in &self.models {
                    match plan.inner(model, method, x, &Params::default())? {
                        Output::One(value, Rank::One | Rank::OneOrTwo) => columns.push(value),
                        _ => return plan.unsupported(method, "an inner estimator with several outputs"),
                    }
                }
                Ok(Output::matrix(plan.push(JoinLabels, &columns)))
            }
            (Method::PredictProba, Kind::Classifier) if self.stacks => {
                plan.unsupported(method, "a file of 0.18, in which probabilities of all outputs are stacked")
            }
            (Method::PredictProba, Kind::Classifier) => {
                let each = self.models.iter().map(|model| plan.inner(model, method, input, &Params::default()));
                Ok(Output::List(each.collect::<Result<_, _>>()?))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        match self.kind {
            Kind::Classifier => self.models.iter().flat_map(|model| model.estimator().classes()).collect(),
            Kind::Regressor => Vec::new(),
        }
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(match self.kind {
            Kind::Classifier => Scoring::Accuracy,
            Kind::Regressor => Scoring::R2,
        })
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.models.iter().enumerate();
        all.map(|(index, model)| (format!("estimators_[{index}]"), Arc::clone(model))).collect()
    }

    delegates_rows!(self => self.models.first());
}
