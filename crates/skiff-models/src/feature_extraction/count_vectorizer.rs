//! `sklearn.feature_extraction.text.CountVectorizer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Check, CountTerms, Dtype, ListTerms, SparseRule};
use skiff_plan::text::Terms;
use skiff_plan::value::{IntKind, NumberType};
use skiff_plan::{Method, Output, ValueId};

use super::vectorizer_mixin::{Analysis, read_analyzer, read_dtype, read_vocabulary};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Takes, class};

pub(crate) const COUNT_VECTORIZER: Class = class! {
    /// Counts the terms of documents.
    ///
    /// # Reads
    /// `vocabulary_` (or the fixed `vocabulary` of a vectoriser without a fit), and every parameter of the analysis:
    /// `lowercase`, `strip_accents`, `analyzer`, `token_pattern`, `stop_words`, `ngram_range`, `binary`, `dtype`,
    /// `encoding`, `decode_error`.
    /// # Transforms
    /// Documents to a sparse matrix of counts. Lower case, accents and word characters are Python 3.13's (Unicode 15.1); a
    /// file written under another Python was fitted with the tables of that Python, which differ in rare and newer letters.
    /// `inverse_transform` lists the terms of each row that are not 0.
    /// # Not supported
    /// Callables (`preprocessor`, `tokenizer`, `analyzer`), unless they are registered, and
    /// `strip_accents` at all; `input='file'` and `'filename'`; of `token_pattern` backreferences, conditions, atomic groups and verbose patterns; encodings other
    /// than UTF-8, ASCII and Latin-1 for documents that are bytes.
    /// # Older versions
    /// `stop_words_`, the terms that the fit left out, is in files before 1.5, and is passed over.
    /// Files of Python 2 have each letter made small by itself, also a sigma at the end of a word.
    /// Before 0.22, `strip_accents='unicode'` left texts alone that were decomposed already. The English stop words of
    /// files without a version (0.17) have `fify` for `fifty`.
    paths: ["sklearn.feature_extraction.text.CountVectorizer"],
    read: CountVectorizer::read,
};

/// A fitted `CountVectorizer`.
#[derive(Debug)]
pub struct CountVectorizer {
    /// What `build_analyzer()` makes.
    analysis: Analysis,
    /// `vocabulary_`
    pub(super) vocabulary: Arc<Terms>,
    /// `binary`
    binary: bool,
    /// `dtype`
    dtype: NumberType,
}

impl CountVectorizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::with_default_dtype(fields, NumberType::Int(IntKind::I64))
    }

    /// As [`CountVectorizer::read`], with the `dtype` that `TfidfVectorizer` has by default.
    pub(super) fn with_default_dtype(fields: &Fields<'_, '_>, default: NumberType) -> Result<Self, ReadError> {
        let analysis = read_analyzer(fields)?;
        let dtype = read_dtype(fields, default)?;
        let vocabulary = read_vocabulary(fields)?;
        fields.training_only(&["max_df", "min_df", "max_features", "stop_words_"]);
        Ok(Self { analysis, vocabulary, binary: fields.bool("binary")?, dtype })
    }

    /// The counts of documents.
    pub(super) fn count(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let (analyzer, documents) = self.analysis.prepare(input, plan);
        let vocabulary = Arc::clone(&self.vocabulary);
        plan.push(CountTerms { analyzer, vocabulary, binary: self.binary, dtype: self.dtype }, &[documents])
    }

    /// `inverse_transform`
    pub(super) fn list(&self, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        // `check_array` alone: neither names nor the number of features are compared.
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept).any_names();
        let x =
            plan.push(Check::new(&plan.header().class, plan.header().feature_names_in.as_ref(), rule, None), &[input]);
        Output::column(plan.push(ListTerms { vocabulary: Arc::clone(&self.vocabulary) }, &[x]))
    }

    /// `get_feature_names_out()`
    pub(super) fn names(&self) -> Vec<String> {
        self.vocabulary.iter().map(str::to_owned).collect()
    }
}

impl Estimator for CountVectorizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => Ok(Output::matrix(self.count(input, plan))),
            Method::InverseTransform => Ok(self.list(input, plan)),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, _header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(self.names())
    }

    fn takes(&self) -> Takes {
        Takes::Texts
    }
}
