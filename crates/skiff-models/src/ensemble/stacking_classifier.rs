//! `sklearn.ensemble.StackingClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Concatenate, LabelNumbers, Layout, SelectColumns, Selection, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::heterogeneous::takes_rows_of;
use super::stacking::Stacking;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};

pub(crate) const STACKING_CLASSIFIER: Class = class! {
    /// A classifier on the outputs of other classifiers.
    ///
    /// # Reads
    /// `estimators_` and `final_estimator_`, any supported ones; `stack_method_`, `passthrough`, `classes_`; the names in
    /// `estimators`, of which `'drop'` removes one.
    /// # Predicts
    /// Each method of the final estimator, whose labels are indices of the classes, on the result of `transform`.
    /// # Transforms
    /// The results of `stack_method_` of each classifier, side by side: the second of two probabilities, labels as indices;
    /// and the rows themselves with `passthrough=True`.
    /// # Not supported
    /// Prefitted classifiers (`cv='prefit'`) with the `stack_method_` `predict` and labels that are not numbers.
    /// # Older versions
    /// New in 0.22, labels of several outputs with 1.2.
    paths: ["sklearn.ensemble._stacking.StackingClassifier"],
    read: StackingClassifier::read,
};

/// A fitted `StackingClassifier`.
#[derive(Debug)]
pub struct StackingClassifier {
    stacking: Stacking,
    /// `classes_`, of each output.
    classes: Vec<Arc<Classes>>,
    /// Whether the labels have several outputs.
    several: bool,
}

impl StackingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let stacking = Stacking::read(fields)?;
        let several = fields.graph().items(fields.required("classes_")?).is_some();
        let classes = fields.classes_list("classes_")?;
        if classes.iter().any(|classes| classes.is_empty()) || classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        fields.training_only(&["_label_encoder", "_le"]);
        Ok(Self { stacking, classes, several })
    }

    /// `len(self.classes_) == 2`, which of several outputs counts the outputs.
    fn two(&self) -> bool {
        match &self.classes[..] {
            [classes] if !self.several => classes.len() == 2,
            several => several.len() == 2,
        }
    }

    /// The labels whose numbers the final estimator predicts.
    fn labels(&self, method: Method, output: &Output, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let Output::One(value, rank) = *output else {
            return plan.unsupported(method, "a final estimator with several outputs");
        };
        let numbers = plan.push(LabelNumbers, &[value]);
        Ok(Output::One(plan.push(TakeLabels { classes: self.classes.clone().into() }, &[numbers]), rank))
    }

    /// Of several outputs, the probabilities of their first classes side by side, as scikit-learn has it.
    fn first_columns(&self, method: Method, output: Output, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let Output::List(outputs) = output else {
            return plan.unsupported(method, "a final estimator that returns one array for several outputs");
        };
        let mut parts = Vec::with_capacity(outputs.len());
        for output in outputs {
            let Some(value) = output.value() else {
                return plan.unsupported(method, "a final estimator that returns lists of lists");
            };
            parts.push(plan.push(SelectColumns { by: Selection::Places(vec![0]), series: false }, &[value]));
        }
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Dense }, &parts)))
    }
}

impl Estimator for StackingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let output = self.stacking.finish(method, self.two(), input, plan, params)?;
                self.labels(method, &output, plan)
            }
            Method::PredictProba => {
                let output = self.stacking.finish(method, self.two(), input, plan, params)?;
                if self.several { self.first_columns(method, output, plan) } else { Ok(output) }
            }
            Method::DecisionFunction => self.stacking.finish(method, self.two(), input, plan, params),
            Method::Transform => Ok(Output::matrix(self.stacking.transform(self.two(), input, plan)?)),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.classes.clone()
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        self.stacking.feature_names_out(header, input, "stackingclassifier")
    }

    takes_rows_of!(self => self.stacking.estimators);

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.stacking.inner()
    }
}
