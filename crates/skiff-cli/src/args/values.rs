//! Parsers of the values of flags.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::ValueEnum;
use skiff::slim::Pruning;
use skiff::{ExportTarget, Method, Scalar};

use super::predict::Dtype;

/// The known name that is most like `name`, if one is like it at all.
pub fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_lowercase();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(score, _)| *score > 0.8).map(|(_, known)| known)
}

/// A method by scikit-learn's name.
pub fn method(name: &str) -> Result<Method, String> {
    name.parse().map_err(|error| match similar(name, Method::ALL.iter().map(|method| method.name())) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("{error}"),
    })
}

/// The name of a target of exports.
pub fn export_target(name: &str) -> Result<ExportTarget, String> {
    ExportTarget::of_name(name).ok_or_else(|| {
        let known: Vec<&str> = ExportTarget::all().map(ExportTarget::name).collect();
        format!("expected {}", known.join(", "))
    })
}

/// `name=value`, the value a Python literal: None, True and False in any case, 3, 0.5, or a string with or without
/// quotes.
pub fn parameter(text: &str) -> Result<(String, Scalar), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let quoted = ['\'', '"'].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let value = match value.to_ascii_lowercase().as_str() {
        _ if quoted.is_some() => Scalar::Str(quoted.unwrap_or_default().to_owned()),
        "none" => Scalar::None,
        "true" => Scalar::Bool(true),
        "false" => Scalar::Bool(false),
        _ => match (value.parse(), value.parse()) {
            (Ok(value), _) => Scalar::Int(value),
            (_, Ok(value)) => Scalar::Float(value),
            _ => Scalar::Str(value.to_owned()),
        },
    };
    Ok((name.trim().to_owned(), value))
}

/// `column=type`; the column's name may have a `=` in it.
pub fn dtype(text: &str) -> Result<(String, Dtype), String> {
    let (column, dtype) = text.rsplit_once('=').ok_or("expected COLUMN=TYPE")?;
    let dtype = Dtype::from_str(dtype, true).map_err(|_| {
        let known: Vec<_> = Dtype::value_variants()
            .iter()
            .filter_map(|one| Some(one.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("expected one of {} as the type", known.join(", "))
    })?;
    Ok((column.to_owned(), dtype))
}

/// A delimiter.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [b'"' | b'\n' | b'\r'] => Err("this character has a special meaning in CSV".to_owned()),
            [byte] if byte.is_ascii() => Ok(*byte),
            _ => Err("expected one ASCII character, or `tab`".to_owned()),
        },
    }
}

/// A decimal point.
pub fn decimal(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'+' | b'-') => Ok(*byte),
        _ => Err("expected one character, such as `,`".to_owned()),
    }
}

/// A time limit.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "expected a number of seconds, 0 or more".to_owned())
}

/// How many bits learned numbers get.
pub fn bits(text: &str) -> Result<u8, String> {
    match text {
        "8" => Ok(8),
        _ => Err("expected 8".to_owned()),
    }
}

/// A number of trees, or an alpha.
pub fn pruning(text: &str) -> Result<Pruning, String> {
    let alpha = text.parse().ok().filter(|alpha: &f64| alpha.is_finite() && *alpha >= 0.0);
    match text.parse() {
        Ok(0) => Err("expected at least one tree".to_owned()),
        Ok(count) => Ok(Pruning::First(count)),
        Err(_) => alpha
            .map(Pruning::CostComplexity)
            .ok_or_else(|| "expected a number of trees, or an alpha: 0.001".to_owned()),
    }
}

/// A share of all.
pub fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A number of things of which there must be one.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected a whole number, 1 or more".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_python_literals() {
        for (text, value) in [
            ("a=3", Scalar::Int(3)),
            ("a=0.5", Scalar::Float(0.5)),
            ("a=TRUE", Scalar::Bool(true)),
            ("a=false", Scalar::Bool(false)),
            ("a=none", Scalar::None),
            ("a='true'", Scalar::Str("true".to_owned())),
            ("a=distance", Scalar::Str("distance".to_owned())),
        ] {
            assert_eq!(parameter(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(parameter("a").is_err());
    }

    #[test]
    fn names_that_are_nearly_right_are_found() {
        let known = ["predict", "predict_proba", "transform"];
        assert_eq!(similar("predict_prob", known), Some("predict_proba"));
        assert_eq!(similar("Transfrom", known), Some("transform"));
        assert_eq!(similar("xyz", known), None);
    }

    #[test]
    fn types_of_columns_have_names_with_any_character() {
        assert_eq!(dtype("a=b=STR"), Ok(("a=b".to_owned(), Dtype::Str)));
        assert!(dtype("a=text").is_err());
    }
}
