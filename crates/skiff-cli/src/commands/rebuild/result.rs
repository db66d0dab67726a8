//! What a rebuilt model is next to the old one: bit for bit, by its data and by its scores.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use skiff::{Diff, Passport};

use crate::shown::shown;

/// How many recorded standard deviations a mean may lie off.
const DEVIATIONS: f64 = 2.0;
/// The least share of the mean, or of 1, that it may lie off: if all folds agree, rounding must be allowed.
const LEAST: f64 = 1e-6;

/// The comparison.
#[derive(Debug)]
pub struct Comparison {
    pub is_same: bool,
    /// How many values are the same, and how many differ.
    values: [usize; 2],
    /// Whether the data is as recorded; `None` if nothing is recorded that could be compared.
    data: Option<bool>,
    scores: Vec<Score>,
    /// Names with the old and the new version.
    versions: Vec<(String, Option<String>, Option<String>)>,
}

/// A score.
#[derive(Debug)]
struct Score {
    name: String,
    recorded: f64,
    /// The range of its mean.
    range: [f64; 2],
    /// The mean now, if it was computed.
    computed: Option<f64>,
}

impl Score {
    fn is_in_range(&self) -> bool {
        self.computed.is_some_and(|computed| self.range[0] <= computed && computed <= self.range[1])
    }
}

impl Comparison {
    pub fn new(diff: &Diff, old: &Passport, new: &Passport, data: Option<bool>) -> Self {
        let computed = new.scores();
        let scores = old.scores().into_iter().filter_map(|score| {
            let mean = mean(&score.folds)?;
            let squares = score.folds.iter().map(|fold| (fold - mean).powi(2)).collect::<Vec<_>>();
            let std = self::mean(&squares)?.sqrt();
            let width = (DEVIATIONS * std).max(LEAST * mean.abs().max(1.0));
            let computed = computed.iter().find(|computed| computed.name == score.name);
            Some(Score {
                name: score.name.to_owned(),
                recorded: mean,
                range: [mean - width, mean + width],
                computed: computed.and_then(|computed| self::mean(&computed.folds)),
            })
        });
        Self {
            is_same: diff.is_same(),
            values: [diff.same, diff.differences.len() + diff.left_out],
            data,
            scores: scores.collect(),
            versions: versions(old, new),
        }
    }

    /// Whether it is the same model, or one that is as good.
    pub fn is_good(&self) -> bool {
        self.is_same || (!self.scores.is_empty() && self.scores.iter().all(Score::is_in_range))
    }

    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        match (self.is_same, self.values) {
            (true, [same, _]) => writeln!(out, "  model: the same to the last bit, {same} values")?,
            (false, [same, 0]) => {
                writeln!(out, "  model: not everything could be compared; {same} values are the same")?;
            }
            (false, [same, 1]) => writeln!(out, "  model: 1 value differs, {same} are the same")?,
            (false, [same, others]) => writeln!(out, "  model: {others} values differ, {same} are the same")?,
        }
        let data = match self.data {
            Some(true) => "as recorded",
            Some(false) => "not as recorded",
            None => "not compared",
        };
        writeln!(out, "  data: {data}")?;
        if self.scores.is_empty() {
            writeln!(out, "  scores: none are recorded")?;
        }
        for score in &self.scores {
            let Score { name, recorded, range: [low, high], computed } = score;
            let range = format!("recorded {}, from {} to {}", rounded(*recorded), rounded(*low), rounded(*high));
            match computed {
                Some(mean) => {
                    let state = if score.is_in_range() { "in range" } else { "out of range" };
                    writeln!(out, "  {}: {} is {state}: {range}", shown(name), rounded(*mean))?;
                }
                None => writeln!(out, "  {}: was not computed again; {range}", shown(name))?,
            }
        }
        if !self.versions.is_empty() {
            let none = || "none".to_owned();
            let changes = self.versions.iter().map(|(name, old, new)| {
                format!("{name} {} → {}", old.clone().unwrap_or_else(none), new.clone().unwrap_or_else(none))
            });
            writeln!(out, "  versions: {}", shown(&changes.collect::<Vec<_>>().join(", ")))?;
        }
        Ok(())
    }

    pub fn to_json(&self) -> Json {
        let scores = self.scores.iter().map(|score| {
            json!({
                "name": score.name, "recorded": score.recorded, "low": score.range[0], "high": score.range[1],
                "computed": score.computed, "in_range": score.is_in_range(),
            })
        });
        let versions = self.versions.iter().map(|(name, old, new)| json!({ "name": name, "old": old, "new": new }));
        json!({
            "same": self.is_same,
            "values": { "same": self.values[0], "differing": self.values[1] },
            "same_data": self.data,
            "scores": scores.collect::<Vec<_>>(),
            "versions": versions.collect::<Vec<_>>(),
        })
    }
}

/// `None` of nothing, or if one of them is not finite.
fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count)).filter(|mean| mean.is_finite())
}

/// Six digits.
fn rounded(value: f64) -> String {
    let digits = format!("{value:.6}");
    match digits.trim_end_matches('0').trim_end_matches('.') {
        "" | "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}

/// The versions that differ.
fn versions(old: &Passport, new: &Passport) -> Vec<(String, Option<String>, Option<String>)> {
    let (old, new) = (old.versions(), new.versions());
    let of = |versions: &[(&str, &str)], name: &str| {
        versions.iter().find(|(known, _)| *known == name).map(|(_, version)| (*version).to_owned())
    };
    let added = new.iter().filter(|(name, _)| of(&old, name).is_none());
    let names = old.iter().chain(added).map(|(name, _)| *name);
    let pairs = names.map(|name| (name.to_owned(), of(&old, name), of(&new, name)));
    pairs.filter(|(_, old, new)| old != new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.765, 0.0, 12.0, -0.000_000_1, 1e-6].map(rounded), ["0.765", "0", "12", "0", "0.000001"]);
    }

    #[test]
    fn no_mean() {
        assert_eq!([mean(&[]), mean(&[f64::NAN]), mean(&[1.0, 3.0])], [None, None, Some(2.0)]);
    }
}
