//! Objects of JSON that are objects: serde also reads a struct from a list of its fields.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A struct that is read from an object, and from nothing else.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

struct OfMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Pair<'a> {
        name: String,
        #[serde(borrow)]
        data: &'a RawValue,
    }

    #[test]
    fn a_list_is_no_object() {
        let Object(pair) = serde_json::from_str::<Object<Pair<'_>>>(r#"{"data": [1,  2], "name": "a"}"#).unwrap();
        assert_eq!((pair.name.as_str(), pair.data.get()), ("a", "[1,  2]"));
        assert!(serde_json::from_str::<Pair<'_>>(r#"["a", 1]"#).is_ok());
        let error = serde_json::from_str::<Object<Pair<'_>>>(r#"["a", 1]"#).unwrap_err();
        assert!(error.to_string().starts_with("invalid type: sequence, expected an object"), "{error}");
        assert!(serde_json::from_str::<Object<Pair<'_>>>("null").is_err());
    }
}
