//! An object of a user class, as an estimator.

use std::sync::Arc;

use skiff_plan::custom::{Bound, Job};
use skiff_plan::operators::CallCustom;
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, Rank, ValueId};

use crate::fields::Fields;
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Estimator, NamesError};

/// The code registered for a class that skiff does not support, or should not use.
#[derive(Debug)]
pub(super) struct CustomEstimator {
    code: Bound,
    /// `classes_`, if the file has one list of labels with that name.
    classes: Vec<Arc<Classes>>,
}

impl CustomEstimator {
    /// `fields` are its attributes, if they are like those of scikit-learn's estimators.
    pub(super) fn new(code: Bound, fields: Option<&Fields<'_, '_>>) -> Self {
        let classes = fields.and_then(|fields| fields.classes("classes_").ok());
        Self { code, classes: classes.into_iter().collect() }
    }
}

impl Estimator for CustomEstimator {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        let job = Job::Method(method);
        if !self.code.step.has(job) {
            return plan.no_method(method);
        }
        let rank = match method {
            Method::Transform | Method::InverseTransform | Method::PredictProba | Method::PredictLogProba => Rank::Two,
            Method::Predict | Method::DecisionFunction | Method::ScoreSamples => Rank::OneOrTwo,
            _ => return plan.unsupported(method, "user code"),
        };
        let value = plan.push(CallCustom { code: self.code.clone(), job, params: params.all() }, &[input]);
        Ok(Output::One(value, rank))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.classes.clone()
    }

    fn takes_series(&self) -> bool {
        true
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        match self.code.step.feature_names_out(input) {
            Ok(Some(names)) => Ok(names),
            Ok(None) => Err(NamesError::no_method(header)),
            Err(error) => Err(NamesError::Custom(error)),
        }
    }
}
