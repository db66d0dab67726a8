//! Minor versions of scikit-learn, and ranges of them.

use std::fmt;

/// The minor versions in the catalog, the oldest first.
pub const VERSIONS: [&str; 18] = [
    "0.17", "0.18", "0.19", "0.20", "0.21", "0.22", "0.23", "0.24", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6",
    "1.7", "1.8", "1.9",
];

/// A minor version, as its index in [`VERSIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

/// The versions that have something, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Versions {
    /// The first that has it.
    pub since: Version,
    /// The last that has it.
    pub until: Version,
}

impl Version {
    /// The oldest version of the catalog.
    pub const OLDEST: Self = Self(0);
    /// The newest version of the catalog.
    pub const NEWEST: Self = Self(VERSIONS.len() as u8 - 1);

    /// The minor version that `text` begins with: `1.9`, `1.9.1`, `0.22.2.post1`.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.match_indices('.').nth(1).map_or(text.len(), |(end, _)| end);
        let place = VERSIONS.iter().position(|version| Some(*version) == text.get(..end))?;
        u8::try_from(place).ok().map(Self)
    }

    /// `1.9`.
    pub fn name(self) -> &'static str {
        VERSIONS.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Versions {
    /// Whether a version is one of them.
    pub fn contains(self, version: Version) -> bool {
        self.since <= version && version <= self.until
    }

    /// `0.17-` for all since, `0.17-0.21` for all from the first to the last.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (since, until) = text.split_once('-')?;
        let until = if until.is_empty() { Version::NEWEST } else { Version::parse(until)? };
        Some(Self { since: Version::parse(since)?, until })
    }

    /// The smallest range with both in it.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), until: self.until.max(other.until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_patches() {
        assert_eq!(Version::parse("1.9.1"), Some(Version::NEWEST));
        assert_eq!(Version::parse("0.22.2.post1").map(Version::name), Some("0.22"));
        assert_eq!(Version::parse("1.10"), None);
        assert_eq!(Version::parse("1"), None);
    }

    #[test]
    fn a_range_without_an_end_has_the_newest() {
        let range = Versions::parse("0.22-").expect("a range");
        assert!(range.contains(Version::NEWEST) && !range.contains(Version::OLDEST));
    }
}
