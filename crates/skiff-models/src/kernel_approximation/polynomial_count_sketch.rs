//! `sklearn.kernel_approximation.PolynomialCountSketch`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, CountSketch, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const POLYNOMIAL_COUNT_SKETCH: Class = class! {
    /// Features whose products approximate a polynomial kernel.
    ///
    /// # Reads
    /// `indexHash_`, `bitHash_`, `degree`, `gamma`, `coef0`, `n_components`.
    /// # Transforms
    /// For each degree the signed sum of the features `√gamma x`, and of `√coef0`, that `indexHash_` puts into the same
    /// of `n_components` positions; then the circular convolution of these sketches.
    /// # Older versions
    /// The state has been the same since 0.24, which introduced the class.
    paths: ["sklearn.kernel_approximation.PolynomialCountSketch"],
    training_only: ["_n_features_out", "random_state"],
    read: PolynomialCountSketch::read,
};

/// What each component costs while a few rows are transformed: complex numbers for each row, and their spectrum. Nothing
/// in a file is as long as `n_components` says.
const ROW_BYTES: usize = 256;

/// A fitted `PolynomialCountSketch`.
#[derive(Debug)]
pub struct PolynomialCountSketch {
    sketch: Arc<CountSketch>,
    width: usize,
}

impl PolynomialCountSketch {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let (degree, components) = (fields.count("degree")?, fields.count("n_components")?);
        let (gamma, coef0) = (fields.float("gamma")?, fields.float("coef0")?);
        let shape = fields.array("indexHash_")?.shape;
        let &[rows, columns] = &shape[..] else {
            return Err(fields.unexpected("indexHash_", "an array of two dimensions"));
        };
        fields.expect_len("indexHash_", rows, degree)?;
        let places = fields.ints("indexHash_")?.into_iter();
        let places = places.map(|place| usize::try_from(place).ok().filter(|&place| place < components));
        let places: Option<Vec<usize>> = places.collect();
        let places = places.ok_or_else(|| fields.damaged("indexHash_", "an index beyond `n_components`"))?;
        let signs = fields.numbers("bitHash_")?.data;
        fields.expect_len("bitHash_", signs.len(), places.len())?;
        let constant = (coef0 != 0.0).then(|| coef0.sqrt());
        let width = columns.checked_sub(usize::from(constant.is_some()));
        let width = width.ok_or_else(|| fields.damaged("indexHash_", "the column for `coef0` is missing"))?;
        if degree == 0 || components == 0 {
            return Err(fields.damaged("degree", "no degree, or no component"));
        }
        fields.expect_n_features("indexHash_", width)?;
        fields.spend("n_components", components.saturating_mul(ROW_BYTES))?;
        let sketch = CountSketch { places, signs, columns, components, scale: gamma.sqrt(), constant };
        Ok(Self { sketch: Arc::new(sketch), width })
    }
}

impl Estimator for PolynomialCountSketch {
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
        let x = plan.check(input, ArrayRule::FLOATS.sparse(SparseRule::Densify), self.width);
        Ok(Output::matrix(plan.push(&self.sketch, &[x])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.sketch.components)?;
        Ok(names::class_prefix(header, self.sketch.components))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.width)
    }
}
