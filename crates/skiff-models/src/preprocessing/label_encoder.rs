//! `sklearn.preprocessing.LabelEncoder`.

use std::sync::Arc;

use skiff_plan::operators::{CastLabels, Encode, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::encoders::KnownCategories;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LABEL_ENCODER: Class = class! {
    /// The number of each label: for labels, not for features.
    ///
    /// # Reads
    /// `classes_`.
    /// # Transforms
    /// The index of each label in `classes_`; unknown labels are an error. `inverse_transform` maps indices to labels.
    /// # Not supported
    /// Numbers if `classes_` is text, which numpy would convert to text.
    /// # Older versions
    /// Since 1.1 labels are first cast to the dtype of `classes_`.
    paths: ["sklearn.preprocessing._label.LabelEncoder", "sklearn.preprocessing.label.LabelEncoder"],
    read: LabelEncoder::read,
};

/// A fitted `LabelEncoder`.
#[derive(Debug)]
pub struct LabelEncoder {
    known: KnownCategories,
    /// Whether labels are cast.
    cast: bool,
}

impl LabelEncoder {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "classes_")?;
        match known.len() {
            1 => Ok(Self { known, cast: !fields.before(1, 1) }),
            _ => Err(fields.unexpected("classes_", "an array of labels")),
        }
    }
}

impl Estimator for LabelEncoder {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let class = self.known.of(0);
        match method {
            Method::Transform => {
                let integers = self.cast && matches!(**class, Classes::Ints(..));
                let labels = plan.push(CastLabels { integers }, &[input]);
                let estimator = plan.header().class.clone();
                let columns = self.known.lookup.clone();
                let step = Encode { estimator, columns, mixed_is_object: false, refuse_unknown: true };
                Ok(Output::column(plan.push(step, &[labels])))
            }
            Method::InverseTransform => {
                let codes = plan.push(CastLabels { integers: false }, &[input]);
                Ok(Output::column(plan.push(TakeLabels { classes: Arc::from([Arc::clone(class)]) }, &[codes])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.known.classes.clone()
    }
}
