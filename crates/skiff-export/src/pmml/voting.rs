//! Means of the probabilities of several classifiers: soft voting and bagging.

use skiff_plan::ValueId;
use skiff_plan::operators::AnyOperator;

use super::classification::{Classification, classifier, operator, probabilities};
use super::model::{Body, Model, Owner, Segment};
use super::regression_model::RegressionModel;
use super::translation::{PlanValues, Translation};
use crate::expand::Refused;

impl Translation {
    /// The classifiers whose mean is the probabilities, if each is an element of PMML whose first class wins where all are
    /// equal, as it does in scikit-learn.
    pub(super) fn vote(
        &mut self,
        predict: &PlanValues<'_>,
        proba: &mut Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Option<Model>, Refused> {
        let (Some(plan), Some(value)) = (proba, wanted.probabilities) else { return Ok(None) };
        let scores = predict.before(wanted.codes).and_then(|scores| predict.node(scores));
        let shares = plan.node(value);
        let (Some(scores), Some(shares)) = (scores, shares) else { return Ok(None) };
        let (AnyOperator::SumUp(sum), AnyOperator::SumUp(other)) = (&scores.operator, &shares.operator) else {
            return Ok(None);
        };
        // The labels are those of the greatest probabilities, of the same estimators.
        let is_argmax = matches!(operator(predict, wanted.codes), Some(AnyOperator::Argmax(_)));
        let is_same = sum.weights == other.weights
            && sum.divisor.to_bits() == other.divisor.to_bits()
            && scores.inputs.len() == shares.inputs.len()
            && scores.estimator == shares.estimator;
        #[expect(clippy::cast_precision_loss, reason = "a number of estimators")]
        let divisor = sum.weights.as_ref().map_or(shares.inputs.len() as f64, |weights| weights.iter().sum());
        if !is_argmax || !is_same || divisor.to_bits() != sum.divisor.to_bits() || shares.inputs.len() < 2 {
            return Ok(None);
        }
        let method = if sum.weights.is_some() { "weightedAverage" } else { "average" };
        let mut segments = Vec::with_capacity(shares.inputs.len());
        for (at, &input) in shares.inputs.iter().enumerate() {
            let Some(model) = self.member(plan, input, wanted.classes.len())? else { return Ok(None) };
            let weight = sum.weights.as_ref().and_then(|weights| weights.get(at).copied());
            segments.push(Segment { model, weight });
        }
        Ok(Some(classifier(Body::Mining { method, segments }, probabilities(wanted.classes))))
    }

    /// The model of the probabilities of one classifier.
    fn member(&mut self, plan: &mut PlanValues<'_>, value: ValueId, classes: usize) -> Result<Option<Model>, Refused> {
        if let Some(model) = self.tree_probabilities(plan, value, classes)? {
            return Ok(Some(model));
        }
        if classes < 3 || !matches!(operator(plan, value), Some(AnyOperator::Softmax(_))) {
            return Ok(None);
        }
        let body = match (self.network(plan, value)?, plan.before(value)) {
            (Some(network), _) => Body::Neural(network),
            (None, Some(scores)) => {
                let mut tables = self.tables(plan, scores)?;
                tables.iter_mut().enumerate().for_each(|(class, table)| table.class = Some(class));
                Body::Regression(RegressionModel { normalization: "softmax", tables })
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Model { target: Owner::Document, ..classifier(body, Vec::new()) }))
    }
}
