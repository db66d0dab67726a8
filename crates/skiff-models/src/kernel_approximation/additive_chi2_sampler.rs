//! `sklearn.kernel_approximation.AdditiveChi2Sampler`.

use std::sync::Arc;

use skiff_plan::operators::{AdditiveChi2, ArrayRule, Dtype, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const ADDITIVE_CHI2_SAMPLER: Class = class! {
    /// Features whose products approximate the additive χ² kernel.
    ///
    /// # Reads
    /// `sample_steps`, `sample_interval`.
    /// # Transforms
    /// For each feature `√(x i)`, with the interval i, and for each further step j `√(2 x i / cosh(π j i))` times the
    /// cosine and the sine of `j i log x`; zeros stay zero. Negative numbers are an error. For integers the result is truncated to
    /// integers.
    /// # Not supported
    /// Integers of 8 and 16 bits.
    /// # Older versions
    /// Until 1.4 the interval that was used is in `sample_interval_` and `_sample_interval`.
    paths: ["sklearn.kernel_approximation.AdditiveChi2Sampler"],
    training_only: ["_sample_interval", "sample_interval", "sample_interval_"],
    read: AdditiveChi2Sampler::read,
};

/// A fitted `AdditiveChi2Sampler`.
#[derive(Debug)]
pub struct AdditiveChi2Sampler {
    features: Arc<AdditiveChi2>,
}

impl AdditiveChi2Sampler {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let steps = fields.count("sample_steps")?;
        let names = ["sample_interval", "_sample_interval", "sample_interval_"];
        let interval = match (fields.first_of(&names), steps) {
            (Some(name), _) => fields.float(name)?,
            (None, 1) => 0.8,
            (None, 2) => 0.5,
            (None, 3) => 0.4,
            (None, _) => return Err(fields.damaged("sample_interval", "no interval for so many steps")),
        };
        if steps == 0 || steps > MOST_STEPS {
            return Err(fields.damaged("sample_steps", format!("expected 1 to {MOST_STEPS}")));
        }
        Ok(Self { features: Arc::new(AdditiveChi2 { steps, interval }) })
    }
}

/// The most steps: each computes two columns from every column.
const MOST_STEPS: usize = 1 << 12;

impl Estimator for AdditiveChi2Sampler {
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
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept), None);
        Ok(Output::matrix(plan.push(&self.features, &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let class = header.class.to_lowercase();
        let roots = input.iter().map(|name| format!("{class}_{name}_sqrt"));
        let waves = (1..self.features.steps).flat_map(|step| {
            let of = |wave: &'static str| input.iter().map(move |name| (name, wave));
            of("cos").chain(of("sin")).map(move |(name, wave)| (name, wave, step))
        });
        let waves = waves.map(|(name, wave, step)| format!("{class}_{name}_{wave}{step}"));
        names::collect(roots.chain(waves))
    }
}
