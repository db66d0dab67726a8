//! Versions of scikit-learn, which determine the meaning of a state.

use std::fmt;

/// `major.minor` of `_sklearn_version`: no patch release has changed a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// What models of scikit-learn-intelex, which records no version, are taken to be of: the newest of the catalog.
    pub(crate) fn of_patched() -> Self {
        let newest = skiff_sklearn::Version::NEWEST.to_string();
        Self::parse(&newest).unwrap_or(Self::new(1, 9))
    }

    /// `1.9.1`, `0.24.dev0`, `1.0rc1`: the first two numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            part.get(..digits)?.parse().ok()
        });
        Some(Self { major: numbers.next()??, minor: numbers.next()?? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn releases_and_candidates_are_read() {
        for (text, version) in [("1.9.1", (1, 9)), ("0.20.4", (0, 20)), ("1.10.dev0", (1, 10)), ("1.0rc1", (1, 0))] {
            assert_eq!(Version::parse(text), Some(Version::new(version.0, version.1)), "{text}");
        }
        assert_eq!(Version::parse("unknown"), None);
        assert!(Version::new(1, 10) > Version::new(1, 9));
    }
}
