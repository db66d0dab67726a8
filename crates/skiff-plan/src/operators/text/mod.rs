//! From documents and mappings to columns, and back.

mod count_terms;
mod hash_terms;
mod list_terms;
mod preprocess_texts;
mod vectorize_dicts;
mod weigh_terms;

pub use count_terms::CountTerms;
pub use hash_terms::HashTerms;
pub use list_terms::ListTerms;
pub use preprocess_texts::PreprocessTexts;
pub use vectorize_dicts::{DictLayout, UnvectorizeDicts, VectorizeDicts};
pub use weigh_terms::{RowNorm, TermWeights, WeighTerms};
