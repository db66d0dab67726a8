//! `sklearn.multiclass.OneVsRestClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, BothSides, Concatenate, ConstantRow, DivideByNonzeroRowSum, DivideByRowSum, GreaterThan, LastArgmax,
    Layout, Repeat, SumUp, TakeLabels,
};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use super::binary::{self, Binary};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::response::binary_threshold;
use crate::model::{Class, Estimator, Model, class, delegates_rows};
use crate::preprocessing::EncodedLabels;

pub(crate) const ONE_VS_REST_CLASSIFIER: Class = class! {
    /// A classifier of two classes for each class: it, or another one.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers or regressors, and constants of classes that the fit had always or never;
    /// `label_binarizer_`.
    /// # Predicts
    /// The class of the greatest score, the first of equals: a regressor's prediction, or `decision_function`, or the
    /// probability where there is none. Two classes have one estimator, and several labels a column each: its score is
    /// compared with 0, or with 0.5 where it is a probability or a prediction. `predict_proba` has the probabilities, of
    /// single labels as shares of their sum.
    /// # Not supported
    /// Labels as lists of lists, of 0.17.
    /// # Older versions
    /// Before 1.8 the last of equal scores decided. Before 1.7 probabilities that are all zero became NaN.
    /// Before 0.19 scores of two classes were a matrix of one column.
    paths: ["sklearn.multiclass.OneVsRestClassifier"],
    training_only: ["classes_", "estimator", "n_jobs", "verbose"],
    read: OneVsRestClassifier::read,
};

/// A fitted `OneVsRestClassifier`.
#[derive(Debug)]
pub struct OneVsRestClassifier {
    /// `estimators_`
    estimators: Vec<Binary>,
    classes: Arc<Classes>,
    labels: Labels,
    /// Before 1.8.
    last_of_equals: bool,
    /// Since 1.7.
    keeps_zeros: bool,
    /// Before 0.19 the scores of two classes were a matrix of one column.
    keeps_axis: bool,
}

/// `y_type_` of the binarizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Labels {
    Binary,
    Multiclass,
    /// Several labels, as an array or a sparse matrix of zeros and ones.
    Multilabel {
        sparse: bool,
    },
}

impl OneVsRestClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let estimators = Binary::read_all(fields)?;
        let EncodedLabels { classes, y_type, sparse_input } = EncodedLabels::read(fields, "label_binarizer_")?;
        let labels = match y_type.as_str() {
            "binary" => Labels::Binary,
            "multiclass" => Labels::Multiclass,
            "multilabel-indicator" => Labels::Multilabel { sparse: sparse_input },
            other => return Err(fields.unsupported("label_binarizer_", format!("labels of the type `{other}`"))),
        };
        let expected = match labels {
            Labels::Binary if matches!(classes.len(), 1 | 2) => 1,
            Labels::Binary => return Err(fields.damaged("label_binarizer_", format!("{} classes", classes.len()))),
            Labels::Multiclass | Labels::Multilabel { .. } => classes.len(),
        };
        fields.expect_len("estimators_", estimators.len(), expected)?;
        let (last_of_equals, keeps_zeros) = (fields.before(1, 8), !fields.before(1, 7));
        let keeps_axis = fields.before(0, 19);
        Ok(Self { estimators, classes, labels, last_of_equals, keeps_zeros, keeps_axis })
    }

    fn predict(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let scores = self.estimators.iter().map(|one| one.score(input, plan)).collect::<Result<Vec<_>, _>>()?;
        if self.labels == Labels::Multiclass {
            let scores = plan.push(Concatenate { layout: Layout::Dense }, &scores);
            let scores = plan.push(SumUp::as_double(), &[scores]);
            let numbers = match self.last_of_equals {
                true => plan.push(LastArgmax, &[scores]),
                false => plan.push(Argmax, &[scores]),
            };
            return Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])));
        }
        let bound = match self.estimators.first() {
            Some(Binary::Model(model)) => binary_threshold(model, input, plan),
            // A constant has `decision_function`, but is not a classifier.
            Some(Binary::Constant(_)) | None => 0.5,
        };
        let sides: Vec<ValueId> = scores.into_iter().map(|score| plan.push(GreaterThan { bound }, &[score])).collect();
        match self.labels {
            Labels::Multilabel { sparse } => {
                let layout = if sparse { Layout::Sparse } else { Layout::Dense };
                Ok(Output::matrix(plan.push(Concatenate { layout }, &sides)))
            }
            _ if self.classes.len() == 1 => {
                let first = plan.push(Repeat { row: ConstantRow::Ints(vec![0], IntKind::I64) }, &sides);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[first])))
            }
            _ => Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &sides))),
        }
    }

    fn predict_proba(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let each = self.estimators.iter().map(|one| one.probability(input, plan));
        let each = each.collect::<Result<Vec<_>, _>>()?;
        let all = match each[..] {
            [only] => plan.push(BothSides::Complement, &[only]),
            _ => plan.push(Concatenate { layout: Layout::Dense }, &each),
        };
        Ok(match (self.labels, self.keeps_zeros) {
            (Labels::Multilabel { .. }, _) => all,
            (_, true) => plan.push(DivideByNonzeroRowSum, &[all]),
            (_, false) => plan.push(DivideByRowSum, &[all]),
        })
    }

    fn decision_function(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let method = Method::DecisionFunction;
        if let [one] = &self.estimators[..] {
            let scores = match one {
                Binary::Model(model) => plan.inner(model, method, input, &Params::default())?,
                Binary::Constant(_) => Output::column(one.decision(input, plan)?),
            };
            return Ok(match scores.value() {
                Some(value) if self.keeps_axis => Output::matrix(value),
                _ => scores,
            });
        }
        let each = self.estimators.iter().map(|one| one.decision(input, plan));
        let each = each.collect::<Result<Vec<_>, _>>()?;
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Dense }, &each)))
    }
}

impl Estimator for OneVsRestClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => self.predict(input, plan),
            Method::PredictProba => Ok(Output::matrix(self.predict_proba(input, plan)?)),
            Method::DecisionFunction => self.decision_function(input, plan),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        binary::inner(&self.estimators)
    }

    delegates_rows!(self => self.estimators.iter().find_map(Binary::model));
}
