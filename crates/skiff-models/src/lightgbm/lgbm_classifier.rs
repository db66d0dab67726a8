//! `lightgbm.LGBMClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, BothSides, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::wrapper::Wrapper;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};

pub(crate) const LGBM_CLASSIFIER: Class = class! {
    /// LightGBM's classifier.
    ///
    /// # Reads
    /// `_Booster` ([Booster](lightgbm.basic.Booster)) and the classes of `_le`.
    /// # Predicts
    /// Probabilities: those of the booster; of two classes the second has the booster's, and the first what is left of 1.
    /// The label is that of the greatest, the first of equals. With `raw_score` or `pred_leaf` both methods give what the
    /// booster does. `start_iteration` and `num_iteration` are as for the booster.
    /// # Not supported
    /// What the booster does not; custom objectives, for which LightGBM predicts raw scores; one class alone.
    /// `skiff.load` does not make the estimator: LightGBM would.
    /// # Older versions
    /// As the booster.
    paths: ["lightgbm.sklearn.LGBMClassifier"],
    read: LGBMClassifier::read,
};

/// A fitted `LGBMClassifier`.
#[derive(Debug)]
pub struct LGBMClassifier {
    wrapper: Wrapper,
    classes: Arc<Classes>,
}

impl LGBMClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let wrapper = Wrapper::read(fields)?;
        let path = fields.path_of("_le");
        let encoder = fields.required("_le")?;
        let classes = fields.instance_at(encoder, &path)?.and_then(|encoder| encoder.attribute("classes_"));
        let classes = classes.ok_or_else(|| fields.unexpected("_le", "a `LabelEncoder`"))?;
        let classes = fields.classes_at(classes, &format!("{path}.classes_"))?;
        fields.training_only(&["_classes"]);
        match wrapper.n_classes() {
            Some(count) if count == classes.len() => Ok(Self { wrapper, classes }),
            Some(count) => Err(fields.unsupported("_le", format!("{} classes with scores of {count}", classes.len()))),
            None => Err(fields.unsupported("_Booster", "an objective that is not for classification")),
        }
    }
}

impl Estimator for LGBMClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::PredictProba) {
            return plan.no_method(method);
        }
        let booster = &self.wrapper.booster;
        let asked = booster.asked(method, params, plan)?;
        let answer = booster.answer(&asked, input, plan);
        if asked.raw || asked.leaves {
            return Ok(booster.output(&asked, answer));
        }
        let probabilities = if booster.columns() == 1 { plan.push(BothSides::Complement, &[answer]) } else { answer };
        if method == Method::PredictProba {
            return Ok(Output::matrix(probabilities));
        }
        let number = plan.push(Argmax, &[probabilities]);
        Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[number])))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.wrapper.booster.n_features())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.wrapper.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.wrapper.computed()
    }
}
