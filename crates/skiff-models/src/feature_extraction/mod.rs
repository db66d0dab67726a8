//! `sklearn.feature_extraction`.

mod count_vectorizer;
mod dict_vectorizer;
mod feature_hasher;
mod hashing_vectorizer;
mod patch_extractor;
mod tfidf_transformer;
mod tfidf_vectorizer;
mod vectorizer_mixin;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    count_vectorizer::COUNT_VECTORIZER,
    dict_vectorizer::DICT_VECTORIZER,
    feature_hasher::FEATURE_HASHER,
    hashing_vectorizer::HASHING_VECTORIZER,
    patch_extractor::PATCH_EXTRACTOR,
    tfidf_transformer::TFIDF_TRANSFORMER,
    tfidf_vectorizer::TFIDF_VECTORIZER,
];
