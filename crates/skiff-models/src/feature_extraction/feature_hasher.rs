//! `sklearn.feature_extraction.FeatureHasher`.

use std::sync::Arc;

use skiff_plan::operators::HashTerms;
use skiff_plan::text::Analyzer;
use skiff_plan::value::{IntKind, NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::vectorizer_mixin::read_dtype;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Takes, class};

pub(crate) const FEATURE_HASHER: Class = class! {
    /// Sums the values of features in columns by hash, with the sign of the hash.
    ///
    /// # Reads
    /// `n_features`, `alternate_sign`, `input_type`, `dtype`. There is no fitted state.
    /// # Transforms
    /// Mappings to a sparse matrix: a text `v` of feature `f` counts 1 for `f=v`, a number counts for `f`.
    /// # Not supported
    /// `input_type='pair'` and `'string'`; unsigned and bool `dtype`.
    /// # Older versions
    /// `non_negative` (before 0.21) takes the sign off the sums; before 0.19 signs always alternated.
    paths: ["sklearn.feature_extraction._hash.FeatureHasher", "sklearn.feature_extraction.hashing.FeatureHasher"],
    read: FeatureHasher::read,
};

/// A fitted `FeatureHasher`.
#[derive(Debug)]
pub struct FeatureHasher {
    hashing: Hashing,
}

/// What `HashingVectorizer` has of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashing {
    n_features: u32,
    alternate_sign: bool,
    non_negative: bool,
    dtype: NumberType,
}

impl Hashing {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let n_features = fields.int("n_features")?;
        let in_range = u32::try_from(n_features).ok().filter(|&count| (1..=0x7fff_ffff).contains(&count));
        let n_features = in_range
            .ok_or_else(|| fields.damaged("n_features", format!("{n_features} is not a valid number of columns")))?;
        let dtype = read_dtype(fields, NumberType::Float(Precision::Double))?;
        if let NumberType::Int(IntKind::Bool | IntKind::Int { signed: false, .. }) = dtype {
            return Err(fields.unsupported("dtype", "an unsigned dtype"));
        }
        Ok(Self {
            n_features,
            alternate_sign: fields.bool_or("alternate_sign", true)?,
            non_negative: fields.bool_or("non_negative", false)?,
            dtype,
        })
    }

    pub(super) fn step(self, analyzer: Option<Arc<Analyzer>>, binary: bool) -> HashTerms {
        let Self { n_features, alternate_sign, non_negative, dtype } = self;
        HashTerms { analyzer, n_features, alternate_sign, non_negative, binary, dtype }
    }
}

impl FeatureHasher {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        match fields.string("input_type")?.as_str() {
            "dict" => Ok(Self { hashing: Hashing::read(fields)? }),
            other => Err(fields.unsupported("input_type", format!("`{other}`"))),
        }
    }
}

impl Estimator for FeatureHasher {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => Ok(Output::matrix(plan.push(self.hashing.step(None, false), &[input]))),
            _ => plan.no_method(method),
        }
    }

    fn takes(&self) -> Takes {
        Takes::Dicts
    }
}
