//! `sklearn.preprocessing.PolynomialFeatures`.

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Polynomial, SparseRule};
use skiff_plan::value::{IntKind, Matrix, Value};
use skiff_plan::{Method, Output, ValueId};

use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, NamesError, class};
use crate::names;

pub(crate) const POLYNOMIAL_FEATURES: Class = class! {
    /// Products of features, up to a degree.
    ///
    /// # Reads
    /// `degree`, `interaction_only`, `include_bias`, and the number of features of the fit.
    /// # Transforms
    /// A column of ones (where `include_bias`), then all products of `degree` features and fewer, in lexicographic order;
    /// sparse rows stay sparse.
    /// # Not supported
    /// More than 2²⁴ columns, or 2²⁶ factors in all of them.
    /// # Older versions
    /// The number of features is `n_input_features_` before 1.0. A pair as `degree` is new in 1.0.
    paths: [
        "sklearn.preprocessing._polynomial.PolynomialFeatures",
        "sklearn.preprocessing._data.PolynomialFeatures",
        "sklearn.preprocessing.data.PolynomialFeatures",
    ],
    read: PolynomialFeatures::read,
};

/// A fitted `PolynomialFeatures`.
#[derive(Debug)]
pub struct PolynomialFeatures {
    features: usize,
    /// `degree`: the least and the greatest number of factors.
    degrees: (usize, usize),
    /// `interaction_only`.
    interaction_only: bool,
    /// `include_bias`.
    bias: bool,
    /// Whether products were made from the first factor to the last.
    in_order: bool,
    /// Whether sparse rows are taken, since 0.20.
    sparse: SparseRule,
}

/// The most columns: more would let a small file use all memory.
const MOST_COLUMNS: usize = 1 << 24;

/// Nor more factors in all columns together.
const MOST_FACTORS: usize = 1 << 26;

impl PolynomialFeatures {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let features = match fields.header().n_features_in {
            Some(features) => features,
            None => fields.count("n_input_features_")?,
        };
        let degrees = read_degrees(fields)?;
        let model = Self {
            features,
            degrees,
            interaction_only: fields.bool("interaction_only")?,
            bias: fields.bool("include_bias")?,
            in_order: fields.before(0, 22),
            sparse: if fields.before(0, 20) { SparseRule::Refuse } else { SparseRule::Accept },
        };
        // Beyond the number of factors in regular files, counting itself would take long.
        let full = if degrees.1 <= 256 { model.step().full_width() } else { None };
        let width = full.filter(|&full| full <= MOST_COLUMNS && full.saturating_mul(degrees.1) <= MOST_FACTORS);
        let width = width.and_then(|_| model.step().width()).ok_or_else(|| {
            fields.unsupported("degree", format!("more than {MOST_COLUMNS} columns of {features} features"))
        })?;
        if fields.has("n_output_features_") {
            fields.expect_len("n_output_features_", fields.count("n_output_features_")?, width)?;
        }
        fields.training_only(&["_max_degree", "_min_degree", "_n_out_full", "n_input_features_", "order"]);
        Ok(model)
    }

    fn step(&self) -> Polynomial {
        Polynomial {
            features: self.features,
            least: self.degrees.0,
            most: self.degrees.1,
            interaction_only: self.interaction_only,
            bias: self.bias,
            in_order: self.in_order,
        }
    }
}

fn read_degrees(fields: &Fields<'_, '_>) -> Result<(usize, usize), ReadError> {
    let node = fields.required("degree")?;
    if !matches!(Scalar::read(fields.graph(), node), Ok(Some(_))) {
        let path = fields.path_of("degree");
        let bound = |scalar: Scalar| scalar.as_i64().and_then(|degree| usize::try_from(degree).ok());
        let &[least, most] = fields.list("degree")?.as_slice() else {
            return Err(fields.unexpected("degree", "a number or a pair of numbers"));
        };
        let (least, most) = (bound(fields.scalar_at(least, &path)?), bound(fields.scalar_at(most, &path)?));
        return match (least, most) {
            (Some(least), Some(most)) if least <= most => Ok((least, most)),
            _ => Err(fields.damaged("degree", "the minimum degree is above the maximum")),
        };
    }
    Ok((0, fields.count("degree")?))
}

impl Estimator for PolynomialFeatures {
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
        let x = plan.check(input, ArrayRule::FLOATS.sparse(self.sparse), self.features);
        Ok(Output::matrix(plan.push(self.step(), &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        if input.len() != self.features {
            return Err(NamesError::Input(format!("{} names for {} features", input.len(), self.features)));
        }
        let mut all = Vec::new();
        for combination in self.step().combinations() {
            // Each name is about as long as those of its factors together.
            let factors = combination.iter().filter_map(|&factor| input.get(factor));
            names::spend(factors.fold(0, |sum: usize, name| sum.saturating_add(name.len())))?;
            let mut parts = Vec::new();
            for run in combination.chunk_by(|a, b| a == b) {
                let name = run.first().and_then(|&factor| input.get(factor)).map_or("", String::as_str);
                parts.push(if run.len() == 1 { name.to_owned() } else { format!("{name}^{}", run.len()) });
            }
            all.push(if parts.is_empty() { "1".to_owned() } else { parts.join(" ") });
        }
        Ok(all)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let powers = |_: &Attributes<'_>| {
            let combinations = self.step().combinations();
            // The most numbers in `powers_` of a regular file.
            combinations.len().checked_mul(self.features).filter(|&numbers| numbers <= MOST_FACTORS)?;
            let count = |combination: Vec<usize>| {
                let mut powers = vec![0_i64; self.features];
                for factor in combination {
                    powers.get_mut(factor).into_iter().for_each(|power| *power += 1);
                }
                powers
            };
            let powers: Vec<i64> = combinations.into_iter().flat_map(count).collect();
            let rows = powers.len().checked_div(self.features)?;
            Some(Computed::matrix(Value::Ints(Matrix::new(rows, self.features, powers), IntKind::I64)))
        };
        vec![("powers_", Box::new(powers))]
    }
}
