//! `sklearn.preprocessing.Normalizer`.

use skiff_plan::operators::{ArrayRule, Norm, Normalize, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const NORMALIZER: Class = class! {
    /// Scales each row to a norm of 1.
    ///
    /// # Reads
    /// `norm`.
    /// # Transforms
    /// Each row divided by its norm; rows with norm 0 are unchanged.
    /// # Older versions
    /// Before 0.23 the `'max'` norm was the greatest element with its sign, since then it is the greatest absolute value.
    /// From 1.0 a dense row whose norm is below ten times the machine's precision is unchanged as well.
    paths: ["sklearn.preprocessing._data.Normalizer", "sklearn.preprocessing.data.Normalizer"],
    read: Normalizer::read,
};

/// A fitted `Normalizer`.
#[derive(Debug)]
pub struct Normalizer {
    norm: Norm,
    /// Norms below this count as 0 in dense rows, in units of the precision of the dtype.
    tiny: bool,
}

impl Normalizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let norm = match fields.string("norm")?.as_str() {
            "l1" => Norm::Sum,
            "l2" => Norm::Euclidean,
            "max" if fields.before(0, 23) => Norm::SignedMaximum,
            "max" => Norm::Maximum,
            other => return Err(fields.unsupported("norm", format!("`{other}`"))),
        };
        fields.training_only(&["copy"]);
        Ok(Self { norm, tiny: !fields.before(1, 0) })
    }
}

impl Estimator for Normalizer {
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
        let x = plan.check(input, ArrayRule::FLOATS.sparse(SparseRule::Accept), None);
        Ok(Output::matrix(plan.push(Normalize { norm: self.norm, tiny: self.tiny }, &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }
}
