//! Keyword arguments of a method: `return_std=True`, `n_neighbors=3`.

use serde_json::{Map, Value as Json};
use skiff::{Params, Scalar};

use crate::failure::Failure;

/// Arguments out of the text of a JSON object: `{"return_std": true}`. `None` and an empty text are none.
///
/// # Errors
/// When it is not such a text, or a value is a list or an object.
pub fn arguments(json: Option<&str>) -> Result<Params, Failure> {
    let Some(text) = json.filter(|text| !text.is_empty()) else { return Ok(Params::default()) };
    let given: Map<String, Json> = serde_json::from_str(text)
        .map_err(|error| Failure::argument(format!("expected arguments as a JSON object: {error}")))?;
    let scalar = |(name, value): (String, Json)| match of_json(value) {
        Some(value) => Ok((name, value)),
        None => Err(Failure::argument(format!("the argument `{name}` is not a single value"))),
    };
    Ok(Params::new(given.into_iter().map(scalar).collect::<Result<Vec<_>, _>>()?))
}

fn of_json(value: Json) -> Option<Scalar> {
    Some(match value {
        Json::Null => Scalar::None,
        Json::Bool(value) => Scalar::Bool(value),
        Json::String(text) => Scalar::Str(text),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Scalar::Int(value),
            None => Scalar::Float(number.as_f64()?),
        },
        Json::Array(_) | Json::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_object_is_arguments() {
        let given = arguments(Some(r#"{"a": true, "b": 3, "c": 0.5, "d": "x", "e": null}"#)).unwrap();
        let found = ["a", "b", "c", "d", "e"].map(|name| given.get(name).cloned());
        let expected =
            [Scalar::Bool(true), Scalar::Int(3), Scalar::Float(0.5), Scalar::Str("x".to_owned()), Scalar::None];
        assert_eq!(found, expected.map(Some));
        assert!(arguments(None).unwrap().is_empty() && arguments(Some("")).unwrap().is_empty());
        for wrong in ["[]", "{", r#"{"a": [1]}"#, r#"{"a": {}}"#] {
            assert_eq!(arguments(Some(wrong)).unwrap_err().code, "wrong-argument", "{wrong}");
        }
    }
}
