//! `sklearn.preprocessing.Binarizer`.

use skiff_plan::operators::{ArrayRule, Binarize, Dtype, RefuseSparse, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const BINARIZER: Class = class! {
    /// 1 for what is above a threshold, else 0.
    ///
    /// # Reads
    /// `threshold`.
    /// # Transforms
    /// `X > threshold`, in the dtype of `X`; sparse rows stay sparse, which a threshold below 0 does not allow.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.preprocessing._data.Binarizer", "sklearn.preprocessing.data.Binarizer"],
    read: Binarizer::read,
};

/// A fitted `Binarizer`.
#[derive(Debug)]
pub struct Binarizer {
    /// `threshold`.
    threshold: f64,
}

impl Binarizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let threshold = fields.float("threshold")?;
        fields.training_only(&["copy"]);
        Ok(Self { threshold })
    }
}

impl Estimator for Binarizer {
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
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, None);
        if self.threshold < 0.0 {
            let message = "Cannot binarize a sparse matrix with threshold < 0";
            x = plan.push(RefuseSparse { message }, &[x]);
        }
        Ok(Output::matrix(plan.push(Binarize { threshold: self.threshold }, &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }
}
