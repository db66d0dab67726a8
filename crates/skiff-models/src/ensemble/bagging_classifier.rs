//! `sklearn.ensemble.BaggingClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, ClassIndicator, Elementwise, Function, LogAddExp, PlaceColumns, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use super::bagging::Bagging;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, class};

pub(crate) const BAGGING_CLASSIFIER: Class = class! {
    /// Classifiers, each fitted on a sample of rows and columns.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers; `estimators_features_`, `classes_`, `n_estimators`; `n_jobs` decides the order
    /// of sums.
    /// # Predicts
    /// The mean of the classifiers' probabilities, or of their votes if they have none; the label is the first class with the
    /// greatest mean. `predict_log_proba` adds the classifiers' own logarithms if they have them; `decision_function` is the
    /// mean of theirs.
    /// # Not supported
    /// A negative `n_jobs` depends on the number of processors when scikit-learn predicts, which determines the order of sums:
    /// here it is one job. `estimators_samples_`, which scikit-learn draws again.
    /// # Older versions
    /// Before 0.20 rows had to be finite.
    paths: ["sklearn.ensemble._bagging.BaggingClassifier", "sklearn.ensemble.bagging.BaggingClassifier"],
    read: BaggingClassifier::read,
};

/// A fitted `BaggingClassifier`.
#[derive(Debug)]
pub struct BaggingClassifier {
    bagging: Bagging,
    classes: Arc<Classes>,
    /// The numbers of the classes: what the estimators were fitted to.
    numbers: Arc<Classes>,
}

impl BaggingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let bagging = Bagging::read(fields)?;
        let classes = fields.classes("classes_")?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        fields.expect_len("classes_", classes.len(), fields.count("n_classes_")?)?;
        let numbers = (0_i64..).take(classes.len()).collect();
        Ok(Self { bagging, classes, numbers: Arc::new(Classes::Ints(numbers, IntKind::I64)) })
    }

    /// The means of the probabilities, (n_samples, n_classes).
    fn means(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let x = self.bagging.check(input, plan);
        let votes = ClassIndicator { classes: Arc::clone(&self.numbers), hit: 1.0, miss: 0.0 };
        let votes = Arc::new(votes);
        let answers = self.bagging.each(x, plan, |model, own, plan| {
            match plan.inner_if_any(model, Method::PredictProba, own, &Params::default())? {
                Some(output) => self.all_classes(Method::PredictProba, model, &output, 0.0, plan),
                None => {
                    let predictions = plan.inner_value(model, Method::Predict, own)?;
                    Ok(plan.push(&votes, &[predictions]))
                }
            }
        })?;
        Ok(self.bagging.mean(&answers, true, plan))
    }

    /// An estimator's columns at the indices of its classes; `fill` for classes that its rows did not have.
    fn all_classes(
        &self,
        method: Method,
        model: &Model,
        output: &Output,
        fill: f64,
        plan: &mut Lowering<'_>,
    ) -> Result<ValueId, Refusal> {
        let Some(value) = output.value() else {
            return plan.unsupported(method, "an inner estimator with several outputs");
        };
        let own = model.estimator().classes();
        let Some(own) = own.first().filter(|own| own.len() != self.classes.len()) else { return Ok(value) };
        let places = (0..own.len()).map(|code| own.get(code).and_then(|class| self.numbers.position(&class)));
        match places.collect::<Option<Vec<_>>>() {
            Some(places) => Ok(plan.push(PlaceColumns { places, width: self.classes.len(), fill }, &[value])),
            None => plan.unsupported(method, "an inner estimator whose classes are not indices of `classes_`"),
        }
    }

    fn log_means(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Option<ValueId>, Refusal> {
        let x = self.bagging.check(input, plan);
        let method = Method::PredictLogProba;
        let answers = self.bagging.each(x, plan, |model, own, plan| {
            match plan.inner_if_any(model, method, own, &Params::default())? {
                Some(output) => self.all_classes(method, model, &output, f64::NEG_INFINITY, plan).map(Some),
                None => Ok(None),
            }
        })?;
        let Some(answers) = answers.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let add = LogAddExp { subtract: 0.0 };
        #[expect(clippy::indexing_slicing, reason = "jobs divide the estimators, each of which has an answer")]
        let sums = match self.bagging.jobs() {
            [_] => answers,
            jobs => jobs.iter().map(|job| plan.push(LogAddExp { ..add }, &answers[job.clone()])).collect(),
        };
        let subtract = real(self.bagging.len()).ln();
        Ok(Some(plan.push(LogAddExp { subtract }, &sums)))
    }
}

impl Estimator for BaggingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let means = self.means(input, plan)?;
                let numbers = plan.push(Argmax, &[means]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            Method::PredictProba => Ok(Output::matrix(self.means(input, plan)?)),
            Method::PredictLogProba => match self.log_means(input, plan)? {
                Some(logs) => Ok(Output::matrix(logs)),
                None => {
                    let means = self.means(input, plan)?;
                    Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[means])))
                }
            },
            Method::DecisionFunction => self.bagging.mean_of(method, input, plan),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.bagging.n_features())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.bagging.inner()
    }
}
