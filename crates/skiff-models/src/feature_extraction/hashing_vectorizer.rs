//! `sklearn.feature_extraction.text.HashingVectorizer`.

use skiff_plan::operators::{RowNorm, WeighTerms};
use skiff_plan::{Method, Output, ValueId};

use super::feature_hasher::Hashing;
use super::tfidf_transformer::read_norm;
use super::vectorizer_mixin::{Analysis, read_analyzer};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Takes, class};

pub(crate) const HASHING_VECTORIZER: Class = class! {
    /// Counts the terms of documents in columns by hash, with the sign of the hash.
    ///
    /// # Reads
    /// `n_features`, `alternate_sign`, `binary`, `norm`, `dtype`, and the parameters of the analysis that
    /// `CountVectorizer` reads. There is no fitted state.
    /// # Transforms
    /// Documents to a sparse matrix: MurmurHash3 (32 bits, seed 0) of each term in UTF-8 determines a column and a sign; sums
    /// of 0 are stored. Rows are divided by their `norm`.
    /// # Not supported
    /// What `CountVectorizer` does not support; unsigned and bool `dtype`.
    /// # Older versions
    /// `non_negative` (before 0.21) takes the sign off the sums; before 0.19 signs always alternated.
    /// Small letters are Python 2's in its files.
    paths: ["sklearn.feature_extraction.text.HashingVectorizer"],
    read: HashingVectorizer::read,
};

/// A fitted `HashingVectorizer`.
#[derive(Debug)]
pub struct HashingVectorizer {
    /// What `build_analyzer()` makes.
    analysis: Analysis,
    hashing: Hashing,
    /// `binary`
    binary: bool,
    /// `norm`
    norm: Option<RowNorm>,
}

impl HashingVectorizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self {
            analysis: read_analyzer(fields)?,
            hashing: Hashing::read(fields)?,
            binary: fields.bool("binary")?,
            norm: read_norm(fields)?,
        })
    }
}

impl Estimator for HashingVectorizer {
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
        let (analyzer, documents) = self.analysis.prepare(input, plan);
        let mut x = plan.push(self.hashing.step(Some(analyzer), self.binary), &[documents]);
        if self.norm.is_some() {
            let estimator = plan.header().class.clone();
            let step = WeighTerms { sublinear: false, idf: None, norm: self.norm, dense_is_double: false, estimator };
            x = plan.push(step, &[x]);
        }
        Ok(Output::matrix(x))
    }

    fn takes(&self) -> Takes {
        Takes::Texts
    }
}
