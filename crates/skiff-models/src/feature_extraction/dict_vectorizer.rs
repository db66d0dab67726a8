//! `sklearn.feature_extraction.DictVectorizer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, DictLayout, Dtype, SparseRule, UnvectorizeDicts, VectorizeDicts};
use skiff_plan::text::Terms;
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::vectorizer_mixin::{numbered, pairs_of, read_dtype};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Takes, class};

pub(crate) const DICT_VECTORIZER: Class = class! {
    /// Turns mappings from feature names to values into rows.
    ///
    /// # Reads
    /// `vocabulary_`, `feature_names_`, `separator`, `sparse`, `dtype`.
    /// # Transforms
    /// A number of feature `f` to the column of `f`; a text `v` to 1 in the column of `f=v`, and so each text of a list.
    /// Features that were not in the training data are ignored. `inverse_transform` returns mappings of nonzero values.
    /// # Not supported
    /// Feature names that are not strings.
    /// # Older versions
    /// Lists count from 0.24. Before 1.0, dense rows kept the later of two values for one column, where they are added now.
    paths: [
        "sklearn.feature_extraction._dict_vectorizer.DictVectorizer",
        "sklearn.feature_extraction.dict_vectorizer.DictVectorizer",
    ],
    read: DictVectorizer::read,
};

/// A fitted `DictVectorizer`.
#[derive(Debug)]
pub struct DictVectorizer {
    /// `vocabulary_`
    vocabulary: Arc<Terms>,
    /// `separator`
    separator: String,
    /// `dtype`
    dtype: NumberType,
    /// Whether `dtype` is one of numpy's, which makes NaN of `None`.
    none_is_nan: bool,
    /// `sparse`
    layout: DictLayout,
    takes_lists: bool,
}

impl DictVectorizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let node = fields.required("vocabulary_")?;
        let pairs = pairs_of(fields.graph(), node).ok_or_else(|| fields.unexpected("vocabulary_", "a dict"))?;
        let terms = numbered(fields, "vocabulary_", &pairs)?;
        let names = fields.list("feature_names_")?;
        fields.expect_len("feature_names_", names.len(), terms.len())?;
        let differs = names.iter().zip(&terms).position(|(&name, term)| fields.graph().text_of(name) != Some(term));
        if let Some(index) = differs {
            return Err(fields.damaged("feature_names_", format!("name {index} differs from `vocabulary_`")));
        }
        let twice = |index| fields.damaged("vocabulary_", format!("term {index} occurs twice"));
        let dtype = read_dtype(fields, NumberType::Float(Precision::Double))?;
        let of_python = |node| matches!(fields.graph().global(node), Some(("builtins" | "__builtin__", _)));
        fields.training_only(&["sort"]);
        Ok(Self {
            vocabulary: Arc::new(Terms::new(terms.iter().copied()).map_err(twice)?),
            separator: fields.string("separator")?,
            dtype,
            none_is_nan: !fields.optional("dtype").is_some_and(of_python),
            layout: match fields.bool("sparse")? {
                true => DictLayout::Sparse,
                false if fields.before(1, 0) => DictLayout::DenseLast,
                false => DictLayout::Dense,
            },
            takes_lists: !fields.before(0, 24),
        })
    }
}

impl Estimator for DictVectorizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let step = VectorizeDicts {
                    vocabulary: Arc::clone(&self.vocabulary),
                    separator: self.separator.clone(),
                    dtype: self.dtype,
                    none_is_nan: self.none_is_nan,
                    layout: self.layout,
                    takes_lists: self.takes_lists && self.layout != DictLayout::DenseLast,
                };
                Ok(Output::matrix(plan.push(step, &[input])))
            }
            Method::InverseTransform => {
                // `check_array` alone: the number of features is not compared.
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept).any_names();
                let x = plan.check(input, rule, None);
                let names = Arc::clone(&self.vocabulary);
                Ok(Output::column(plan.push(UnvectorizeDicts { names }, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, _header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(self.vocabulary.iter().map(str::to_owned).collect())
    }

    fn takes(&self) -> Takes {
        Takes::Dicts
    }
}
