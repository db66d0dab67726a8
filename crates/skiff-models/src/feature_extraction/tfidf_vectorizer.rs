//! `sklearn.feature_extraction.text.TfidfVectorizer`.

use std::sync::Arc;

use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::count_vectorizer::CountVectorizer;
use super::tfidf_transformer::TfidfTransformer;
use crate::computed::Computed;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, NamesError, Takes, class};

pub(crate) const TFIDF_VECTORIZER: Class = class! {
    /// Counts the terms of documents and weighs them: a `CountVectorizer` and a `TfidfTransformer` in one.
    ///
    /// # Reads
    /// What `CountVectorizer` reads, and the `TfidfTransformer` in `_tfidf`.
    /// # Transforms
    /// Documents to a sparse matrix of weights; `inverse_transform` lists the terms of each row that are not 0.
    /// # Not supported
    /// What `CountVectorizer` does not support.
    /// # Older versions
    /// `norm`, `use_idf`, `smooth_idf` and `sublinear_tf` are attributes of the vectorizer as well from 1.1; those of `_tfidf` are
    /// what counts. Before 0.20 the default `dtype` was `int64`, which weights turn into `float64`.
    paths: ["sklearn.feature_extraction.text.TfidfVectorizer"],
    read: TfidfVectorizer::read,
};

/// A fitted `TfidfVectorizer`.
#[derive(Debug)]
pub struct TfidfVectorizer {
    counts: CountVectorizer,
    /// `_tfidf`
    tfidf: Arc<Model>,
}

impl TfidfVectorizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let counts = CountVectorizer::with_default_dtype(fields, NumberType::Float(Precision::Double))?;
        let tfidf = fields.model("_tfidf")?;
        let Some(weights) = Self::weights(&tfidf) else {
            return Err(fields.unexpected("_tfidf", "a TfidfTransformer"));
        };
        if let Some(width) = weights.width() {
            fields.expect_len("_tfidf.idf_", width, counts.vocabulary.len())?;
        }
        fields.training_only(&["norm", "use_idf", "smooth_idf", "sublinear_tf"]);
        Ok(Self { counts, tfidf })
    }

    fn weights(model: &Model) -> Option<&TfidfTransformer> {
        model.downcast()
    }
}

impl Estimator for TfidfVectorizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, Self::weights(&self.tfidf)) {
            (Method::Transform, Some(weights)) => {
                let counts = self.counts.count(input, plan);
                Ok(Output::matrix(weights.weigh(counts, None, plan)))
            }
            (Method::InverseTransform, _) => Ok(self.counts.list(input, plan)),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, _header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(self.counts.names())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("_tfidf".to_owned(), Arc::clone(&self.tfidf))]
    }

    fn takes(&self) -> Takes {
        Takes::Texts
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![("idf_", Box::new(|attributes| Some(Computed::At(attributes.inner("_tfidf")?.node("idf_")?))))]
    }
}
