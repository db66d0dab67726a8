//! `get_feature_names_out`, as scikit-learn's mixins have it.

use crate::model::NamesError;
use crate::plan::Header;

/// `OneToOneFeatureMixin`: the names that came in.
pub(crate) fn one_to_one(header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
    check(header, input)?;
    Ok(input.to_vec())
}

/// `ClassNamePrefixFeaturesOutMixin`: `pca0`, `pca1`, …
pub(crate) fn class_prefix(header: &Header, count: usize) -> Vec<String> {
    let class = header.class.to_lowercase();
    (0..count).map(|index| format!("{class}{index}")).collect()
}

/// `_check_feature_names_in`: as many names as features, and those of the fit where it had names.
pub(crate) fn check(header: &Header, input: &[String]) -> Result<(), NamesError> {
    if let Some(names) = &header.feature_names_in
        && names[..] != *input
    {
        return Err(NamesError::Input("input_features is not equal to feature_names_in_".to_owned()));
    }
    match header.n_features_in {
        Some(count) if count != input.len() => Err(NamesError::Input(format!(
            "input_features should have length equal to number of features ({count}), got {}",
            input.len()
        ))),
        _ => Ok(()),
    }
}
