//! Where a version is: `URL/NAME@alias`, `URL/NAME:3`, `URL/NAME@sha256:…`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The longest name, in bytes.
const MOST_NAME: usize = 128;

/// The name of a model or an alias: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_valid = text.len() <= MOST_NAME
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| Error::Name(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256, written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Of a finished hash.
    pub(crate) fn of(hash: &[u8]) -> Self {
        Self(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The 64 digits.
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let is_valid = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_valid.then(|| Self(hex.to_owned())).ok_or_else(|| Error::DigestText(text.to_owned()))
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

/// Which version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// `@production`
    Alias(Name),
    /// `:3`
    Version(u64),
    /// `@sha256:…`, the digest of the model's file.
    Digest(Digest),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias(alias) => write!(f, "@{alias}"),
            Self::Version(version) => write!(f, ":{version}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

/// A model in a registry, or a version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A folder or a URL.
    pub registry: String,
    /// The model.
    pub model: Name,
    /// Which version, if the address names one.
    pub selector: Option<Selector>,
}

/// The schemes of the URLs that are registries.
const SCHEMES: [&str; 10] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "file", "oci"];

impl Address {
    /// Whether the text has the form of an address in an object store: `s3://…`.
    pub fn has_scheme(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| SCHEMES.contains(&scheme))
    }

    /// Which version, where one is needed.
    ///
    /// # Errors
    /// When the address names none.
    pub fn version(&self) -> Result<&Selector, Error> {
        self.selector.as_ref().ok_or_else(|| Error::NoSelector(self.to_string()))
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let not_an_address = || Error::Address(text.to_owned());
        let (registry, rest) = text.rsplit_once('/').ok_or_else(not_an_address)?;
        // `s3://bucket`, or a file in the root.
        if registry.is_empty() || registry.ends_with("/") {
            return Err(not_an_address());
        }
        let (name, selector) = match rest.split_once(['@', ':']) {
            None => (rest, None),
            Some((name, selector)) => {
                let is_number = rest.as_bytes().get(name.len()) == Some(&b':');
                (name, Some(selector_of(selector, is_number, text)?))
            }
        };
        Ok(Self { registry: registry.to_owned(), model: name.parse()?, selector })
    }
}

fn selector_of(text: &str, is_number: bool, address: &str) -> Result<Selector, Error> {
    match is_number {
        true => match text.parse() {
            Ok(version) if version > 0 => Ok(Selector::Version(version)),
            _ => Err(Error::VersionText(text.to_owned(), address.to_owned())),
        },
        false if text.starts_with("sha256:") => Ok(Selector::Digest(text.parse()?)),
        false => Ok(Selector::Alias(text.parse()?)),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.model)?;
        self.selector.as_ref().map_or(Ok(()), |selector| selector.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_read() {
        let digest = format!("/a/registry/churn@sha256:{}", "0a".repeat(32));
        for text in ["s3://bucket/churn@production", "s3://bucket/a/b/churn:3", "./registry/churn", &digest] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.model.as_str(), "churn");
        }
        let address: Address = "s3://bucket/a/churn:12".parse().unwrap();
        assert_eq!((address.registry.as_str(), address.selector), ("s3://bucket/a", Some(Selector::Version(12))));
    }

    #[test]
    fn what_is_no_address() {
        for text in [
            "churn@production",
            "/churn:1",
            "s3://bucket",
            "r/churn:0",
            "r/churn:last",
            "r/churn@",
            "r/@production",
            "r/churn@sha256:00",
            "r/../churn/..",
            "r/churn@a b",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a@b", "a:b", "ä", "a#1", &"a".repeat(129)] {
            assert!(name.parse::<Name>().is_err(), "{name}");
        }
        assert!("churn-2.v_1".parse::<Name>().is_ok());
    }
}
