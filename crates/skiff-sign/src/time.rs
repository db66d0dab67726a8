//! Points in time, as certificates have them: to the second, in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::DateTime;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(Duration);

impl Time {
    /// The current time of this machine's clock.
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    pub(crate) fn since_epoch(seconds: Duration) -> Self {
        Self(seconds)
    }
}

/// `now`, a day (`2026-11-25`, from its first second), or a second (`2026-11-25T16:00:00Z`).
impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" {
            return Ok(Self::now());
        }
        let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
        let time = DateTime::from_str(&whole);
        time.map(|time| Self(time.unix_duration()))
            .map_err(|_| "expected `now`, `2026-11-25` or `2026-11-25T16:00:00Z`")
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_unix_duration(Duration::from_secs(self.0.as_secs())) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{} s after 1970", self.0.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_seconds_are_read() {
        let shown = |text: &str| text.parse::<Time>().map(|time| time.to_string());
        assert_eq!(shown("2026-11-25"), Ok("2026-11-25T00:00:00Z".to_owned()));
        assert_eq!(shown("2026-11-25T16:00:07Z"), Ok("2026-11-25T16:00:07Z".to_owned()));
        assert!(shown("now").is_ok());
        for text in ["", "tomorrow", "2026-13-01", "2026-11-25T16:00:07", "é026-11-25"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
