//! The scores of `decision_function`, as output fields.

use std::collections::HashSet;

use skiff_plan::Output;
use skiff_plan::operators::AnyOperator;

use super::document::Target;
use super::expression::Scalar;
use super::head::Why;
use super::model::{Feature, OutputField};
use super::translation::{PlanValues, Translation};

/// What JPMML-SkLearn calls them.
const NAME: &str = "decisionFunction";

/// The scores of a row.
pub(super) struct Scores {
    columns: Vec<Scalar>,
    /// Whether they are those of pairs of classes: the first and the second, the first and the third, …
    is_of_pairs: bool,
}

impl Translation {
    /// The scores, from the plan of `decision_function`.
    pub(super) fn decision(&mut self, plan: &mut PlanValues<'_>) -> Result<Scores, Why> {
        let Output::One(value, _) = *plan.plan.output() else {
            return Err(Why::Shape("it returns several arrays"));
        };
        let is_of_pairs = match plan.node(value).map(|node| &node.operator) {
            Some(AnyOperator::SupportVectors(vectors)) => vectors.counts.len() > 2,
            _ => false,
        };
        let columns = self.numbers(plan, value)?;
        self.has_decision = true;
        Ok(Scores { columns, is_of_pairs })
    }

    /// The output fields of the scores; `taken` are the names of inputs.
    pub(super) fn decision_outputs(
        &mut self,
        scores: &Scores,
        target: &Target,
        taken: &HashSet<String>,
    ) -> Result<Vec<OutputField>, Why> {
        let classes: &[String] = if let Target::Classes(classes, _) = target { classes } else { &[] };
        let of = |inner: String| format!("{NAME}({inner})");
        let mut names: Vec<String> = if scores.columns.len() == 1 {
            vec![NAME.to_owned()]
        } else if scores.is_of_pairs {
            let others = |at: usize| classes.iter().skip(at + 1);
            let pairs = classes.iter().enumerate().flat_map(|(at, one)| others(at).map(move |other| (one, other)));
            pairs.map(|(one, other)| of(format!("{one}, {other}"))).collect()
        } else {
            classes.iter().map(|class| of(class.clone())).collect()
        };
        if names.len() != scores.columns.len() {
            return Err(Why::Shape("its scores are of other classes than it predicts"));
        }
        while names.iter().any(|name| taken.contains(name)) {
            names.iter_mut().for_each(|name| name.insert(0, '_'));
        }
        let fields = self.fields(&scores.columns).into_iter();
        let outputs = fields.zip(names).map(|(field, name)| {
            let feature = Feature::Transformed(field);
            OutputField { name, dtype: "double", feature, is_final: true }
        });
        Ok(outputs.collect())
    }
}
