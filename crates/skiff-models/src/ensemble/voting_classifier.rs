//! `sklearn.ensemble.VotingClassifier`.

use std::sync::Arc;

use skiff_plan::kernels::pairwise_sum::pairwise_sum;
use skiff_plan::operators::{Argmax, ClassIndicator, Concatenate, LabelNumbers, Layout, SumUp, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use super::heterogeneous::{Heterogeneous, takes_rows_of};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};

pub(crate) const VOTING_CLASSIFIER: Class = class! {
    /// The vote of classifiers of any kind.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers; `voting`, `weights`, `classes_`, `flatten_transform`; the names in
    /// `estimators`, of which `'drop'` removes one.
    /// # Predicts
    /// `voting='soft'`: the weighted mean of the classifiers' probabilities, and the first class of the greatest mean.
    /// `voting='hard'`: the class with the most votes, each counted with its classifier's weight, the first of equals.
    /// # Transforms
    /// The probabilities of all classifiers side by side, or the indices of the classes that they predict.
    /// # Not supported
    /// `transform` with `flatten_transform=False`, an array whose first dimension is the classifier. Negative weights of votes.
    /// # Older versions
    /// Before 0.21 `flatten_transform` was `False` unless it was set; before 0.24 `None` was used for `'drop'`.
    paths: [
        "sklearn.ensemble._voting.VotingClassifier",
        "sklearn.ensemble.voting.VotingClassifier",
        "sklearn.ensemble.voting_classifier.VotingClassifier",
    ],
    read: VotingClassifier::read,
};

/// A fitted `VotingClassifier`.
#[derive(Debug)]
pub struct VotingClassifier {
    estimators: Heterogeneous,
    /// Those of the estimators that were not dropped.
    weights: Option<Vec<f64>>,
    classes: Arc<Classes>,
    /// The numbers of the classes: what the estimators were fitted to.
    numbers: Arc<Classes>,
    voting: Voting,
    flatten: bool,
}

/// `voting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voting {
    Hard,
    Soft,
}

impl VotingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let estimators = Heterogeneous::read(fields)?;
        let weights = estimators.read_weights(fields)?;
        let voting = match fields.string("voting")?.as_str() {
            "hard" => Voting::Hard,
            "soft" => Voting::Soft,
            other => return Err(fields.unsupported("voting", format!("`{other}`"))),
        };
        if voting == Voting::Hard && weights.iter().flatten().any(|&weight| weight.is_nan() || weight < 0.0) {
            return Err(fields.unsupported("weights", "negative weights of votes"));
        }
        let classes = fields.classes("classes_")?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        let numbers = (0_i64..).take(classes.len()).collect();
        let flatten = fields.bool_or("flatten_transform", false)?;
        fields.training_only(&["le_"]);
        let numbers = Arc::new(Classes::Ints(numbers, IntKind::I64));
        Ok(Self { estimators, weights, classes, numbers, voting, flatten })
    }

    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let each = self.estimators.models.iter();
        each.map(|model| plan.inner_value(model, Method::PredictProba, input)).collect()
    }

    fn predictions(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let each = self.estimators.models.iter();
        each.map(|model| plan.inner_value(model, Method::Predict, input)).collect()
    }

    fn means(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let all = self.probabilities(input, plan)?;
        Ok(plan.push(average(self.weights.as_deref(), all.len()), &all))
    }

    fn votes(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let all = self.predictions(input, plan)?;
        let weights = self.weights.clone().unwrap_or_else(|| vec![1.0; all.len()]);
        let votes = all.into_iter().zip(weights).map(|(predictions, hit)| {
            plan.push(ClassIndicator { classes: Arc::clone(&self.numbers), hit, miss: 0.0 }, &[predictions])
        });
        let votes: Vec<ValueId> = votes.collect();
        Ok(plan.push(SumUp::PLAIN, &votes))
    }
}

/// The weights as a sum counts them, and what it is divided by: `np.average`.
pub(super) fn average(weights: Option<&[f64]>, count: usize) -> SumUp {
    match weights {
        Some(weights) => SumUp { weights: Some(weights.to_vec()), divisor: pairwise_sum(weights) },
        None => SumUp { weights: None, divisor: real(count) },
    }
}

impl Estimator for VotingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.voting) {
            (Method::Predict, voting) => {
                let scores = match voting {
                    Voting::Hard => self.votes(input, plan)?,
                    Voting::Soft => self.means(input, plan)?,
                };
                let numbers = plan.push(Argmax, &[scores]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            (Method::PredictProba, Voting::Soft) => Ok(Output::matrix(self.means(input, plan)?)),
            (Method::Transform, Voting::Soft) if !self.flatten => {
                plan.unsupported(method, "`flatten_transform=False`, an array of three dimensions")
            }
            (Method::Transform, voting) => {
                let parts = match voting {
                    Voting::Soft => self.probabilities(input, plan)?,
                    Voting::Hard => {
                        let all = self.predictions(input, plan)?;
                        all.into_iter().map(|predictions| plan.push(LabelNumbers, &[predictions])).collect()
                    }
                };
                Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Dense }, &parts)))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        if header.version.is_none_or(|version| version < crate::fields::Version::new(1, 1)) {
            return Err(NamesError::no_method(header));
        }
        self.estimators.check_names(header, input)?;
        let names = self.estimators.names.iter();
        match self.voting {
            Voting::Soft if !self.flatten => Err(NamesError::Input(
                "get_feature_names_out is not supported when `voting='soft'` and `flatten_transform=False`".to_owned(),
            )),
            Voting::Hard => Ok(names.map(|name| format!("votingclassifier_{name}")).collect()),
            Voting::Soft => Ok(names
                .flat_map(|name| (0..self.classes.len()).map(move |class| format!("votingclassifier_{name}{class}")))
                .collect()),
        }
    }

    takes_rows_of!(self => self.estimators);

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.estimators.inner()
    }
}
