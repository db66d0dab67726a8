//! What happens to documents before they are cut into words, where user code cuts them.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::table::Texts;
use crate::text::{Analyzer, Scratch};
use crate::value::Value;

/// Documents to texts, decoded, in lower case and without accents as the vectoriser has it.
#[derive(Debug)]
pub struct PreprocessTexts {
    /// The vectoriser's analyzer, whose tokens play no part.
    pub analyzer: Arc<Analyzer>,
}

impl Operator for PreprocessTexts {
    const NAME: &'static str = "preprocess_texts";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let mut scratch = Scratch::default();
        let mut texts = Vec::new();
        self.analyzer.decoding.each_document(inputs[0], |document| {
            texts.push(self.analyzer.preprocess(document, &mut scratch).to_owned());
            Ok(())
        })?;
        Ok(Value::Texts(Texts::from_iter(texts)))
    }
}
