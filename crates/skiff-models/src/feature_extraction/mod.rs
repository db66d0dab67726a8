//! `sklearn.feature_extraction`.

mod count_vectorizer;
mod dict_vectorizer;
mod feature_hasher;
mod hashing_vectorizer;
mod tfidf_transformer;
mod tfidf_vectorizer;
mod vectorizer_mixin;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<count_vectorizer::CountVectorizer>(),
    Entry::of::<dict_vectorizer::DictVectorizer>(),
    Entry::of::<feature_hasher::FeatureHasher>(),
    Entry::of::<hashing_vectorizer::HashingVectorizer>(),
    Entry::of::<tfidf_transformer::TfidfTransformer>(),
    Entry::of::<tfidf_vectorizer::TfidfVectorizer>(),
];
