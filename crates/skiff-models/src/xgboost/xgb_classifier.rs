//! `xgboost.XGBClassifier` and `XGBRFClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, BoostedLink, BothSides, GreaterThan, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use super::wrapper::Wrapper;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};

pub(crate) const XGB_CLASSIFIER: Class = class! {
    /// XGBoost's classifier.
    ///
    /// # Reads
    /// `_Booster` ([Booster](xgboost.core.Booster)) and `n_classes_`: the classes are 0, 1, 2, …
    /// # Predicts
    /// Probabilities in `float32`: those of the booster; of two classes the second has the booster's, and the first what
    /// is left of 1. The label is the second class if its probability is above 0.5, or the class of the greatest one, the
    /// first of equals. `output_margin` gives raw scores, `apply` the numbers of leaves. Of the iterations up to the best
    /// one, if the fit stopped early.
    /// # Not supported
    /// What the booster does not; several labels at once; the label encoder that the wrapper had of its own until 1.5;
    /// objectives other than `binary:logistic`, `multi:softprob` and `multi:softmax`; a `missing` that is a number; a `base_margin`;
    /// `apply` to rows of fewer columns than were fitted, which XGBoost takes for missing.
    /// `skiff.load` does not make the estimator: XGBoost would.
    /// # Older versions
    /// As the booster. In 1.7 iterations up to the last one of training count, which it recorded as the best.
    paths: ["xgboost.sklearn.XGBClassifier"],
    read: XGBClassifier::read,
};

pub(crate) const XGB_RF_CLASSIFIER: Class = class! {
    /// XGBoost's random forest, to classify.
    ///
    /// # Reads
    /// As `XGBClassifier`.
    /// # Predicts
    /// As `XGBClassifier`: all trees are of one iteration, and have their share of the sum.
    /// # Not supported
    /// As `XGBClassifier`.
    /// # Older versions
    /// As `XGBClassifier`.
    paths: ["xgboost.sklearn.XGBRFClassifier"],
    read: XGBClassifier::read,
};

/// A fitted `XGBClassifier` or `XGBRFClassifier`.
#[derive(Debug)]
pub struct XGBClassifier {
    wrapper: Wrapper,
    classes: Arc<Classes>,
    /// The same in the dtype of what is predicted.
    labels: Arc<Classes>,
    /// Whether the objective is `multi:softmax`, of which the wrapper computes probabilities itself.
    is_softmax: bool,
}

impl XGBClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let wrapper = Wrapper::read(fields)?;
        let count = match (wrapper.booster.objective(), wrapper.booster.columns()) {
            ("binary:logistic", 1) => 2,
            ("multi:softmax" | "multi:softprob", columns) => columns,
            (objective, columns) => {
                let what = format!("a classifier with the objective `{objective}` and {columns} columns of scores");
                return Err(fields.unsupported("objective", what));
            }
        };
        if fields.count("n_classes_")? != count {
            return Err(fields.damaged("n_classes_", format!("scores of {count} classes")));
        }
        let numbers: Vec<i64> = (0..).take(count).collect();
        // Until 1.7 an attribute, since then always these.
        if fields.has("classes_") {
            let classes = fields.ints("classes_")?;
            if classes != numbers {
                return Err(fields.unsupported("classes_", "classes other than 0, 1, 2, …"));
            }
        }
        let is_softmax = wrapper.booster.objective() == "multi:softmax";
        let kind = if is_softmax { IntKind::Int { bytes: 4, signed: true } } else { IntKind::I64 };
        let labels = Arc::new(Classes::Ints(numbers.clone(), kind));
        Ok(Self { wrapper, classes: Arc::new(Classes::Ints(numbers, IntKind::I64)), labels, is_softmax })
    }
}

impl Estimator for XGBClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::PredictProba | Method::Apply) {
            return plan.no_method(method);
        }
        let booster = &self.wrapper.booster;
        let asked = self.wrapper.asked(method, params, plan)?;
        let is_plain = asked.margin || asked.leaves;
        let asked = if self.is_softmax && !asked.leaves { asked.raw() } else { asked };
        let mut answer = booster.answer(&asked, input, plan);
        if is_plain {
            return Ok(booster.output(&asked, answer));
        }
        if self.is_softmax {
            answer = plan.push(BoostedLink::Softmax, &[answer]);
        }
        let is_binary = booster.columns() == 1;
        if method == Method::PredictProba {
            return Ok(Output::matrix(if is_binary { plan.push(BothSides::Complement, &[answer]) } else { answer }));
        }
        let number =
            if is_binary { plan.push(GreaterThan { bound: 0.5 }, &[answer]) } else { plan.push(Argmax, &[answer]) };
        Ok(Output::column(plan.push(TakeLabels::of(&self.labels), &[number])))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.wrapper.booster.n_features())
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.wrapper.feature_names()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.wrapper.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.wrapper.computed()
    }
}
