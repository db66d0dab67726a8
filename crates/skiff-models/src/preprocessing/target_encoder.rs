//! `sklearn.preprocessing.TargetEncoder`.

use std::sync::Arc;

use skiff_plan::operators::{Encode, EncodeTarget};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use super::encoders::{self, KnownCategories};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const TARGET_ENCODER: Class = class! {
    /// Categories by the mean of the target among their rows.
    ///
    /// # Reads
    /// `categories_`, `encodings_`, `target_mean_`, `target_type_`, `classes_`.
    /// # Transforms
    /// The encoding of each category, `target_mean_` for unknown ones; of a multiclass target one column for each
    /// class. `fit_transform`, which scikit-learn does by cross fitting, is another thing.
    /// # Older versions
    /// Multiclass targets are of 1.4.
    paths: ["sklearn.preprocessing._target_encoder.TargetEncoder"],
    training_only: ["_infrequent_enabled", "categories", "classes_", "cv", "random_state", "shuffle", "smooth", "target_type"],
    read: TargetEncoder::read,
};

/// A fitted `TargetEncoder`.
#[derive(Debug)]
pub struct TargetEncoder {
    known: KnownCategories,
    encodings: Arc<EncodeTarget>,
    /// `classes_` as text, of a multiclass target.
    classes: Vec<String>,
}

impl TargetEncoder {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "categories_")?;
        fields.expect_n_features("categories_", known.len())?;
        let is_multiclass = fields.string("target_type_")? == "multiclass";
        let means = match is_multiclass {
            true => fields.vector("target_mean_")?,
            false => vec![fields.float("target_mean_")?],
        };
        let classes = match is_multiclass {
            true => {
                let classes = fields.classes("classes_")?;
                fields.expect_len("classes_", classes.len(), means.len())?;
                (0..classes.len())
                    .filter_map(|code| classes.get(code))
                    .map(|class| encoders::python_str(&class, Precision::Double))
                    .collect()
            }
            false => Vec::new(),
        };
        let path = fields.path_of("encodings_");
        let nodes = fields.list("encodings_")?;
        fields.expect_len("encodings_", nodes.len(), known.len().saturating_mul(means.len()))?;
        let mut encodings = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let numbers = fields.numbers_at(node, &path)?;
            let categories = known.classes.get(index / means.len().max(1)).map_or(0, |classes| classes.len());
            if numbers.data.len() != categories {
                return Err(fields.unexpected_at(node, &path, "a number for each category"));
            }
            encodings.push(numbers.data);
        }
        Ok(Self { known, encodings: Arc::new(EncodeTarget { encodings, means }), classes })
    }
}

impl Estimator for TargetEncoder {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let x = plan.check(input, encoders::rule(plan.header(), (1, 0)), self.known.len());
        let estimator = plan.header().class.clone();
        let columns = self.known.lookup.clone();
        let encode = Encode { estimator, columns, mixed_is_object: false, refuse_unknown: false };
        let codes = plan.push(encode, &[x]);
        Ok(Output::matrix(plan.push(&self.encodings, &[codes])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        if self.classes.is_empty() {
            return Ok(input.to_vec());
        }
        names::collect(input.iter().flat_map(|name| self.classes.iter().map(move |class| format!("{name}_{class}"))))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.known.len())
    }
}
