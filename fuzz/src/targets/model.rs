//! Estimators from any graph.

use skiff::File;

use crate::ask;

/// How many estimators of a file are evaluated.
const MOST_MODELS: usize = 4;

/// Each estimator in a file is an error with a reason, or predicts.
pub fn model(bytes: &[u8]) -> bool {
    let Ok(file) = File::read(bytes.to_vec(), &crate::limits().into()) else { return true };
    assert!(!file.inspect().format.is_empty(), "a file of no format");
    let with_itself = skiff::diff([&file, &file], None).expect("no address is asked for");
    assert!(with_itself.differences.is_empty(), "a file differs from itself: {:?}", with_itself.differences);
    for found in file.estimators().iter().take(MOST_MODELS) {
        match file.model(Some(&found.address)) {
            Ok(model) => ask::everything(&model),
            Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error"),
        }
    }
    true
}
