//! CatBoost's statistics of categories: what was counted of the target in the fit, as numbers.

use std::collections::HashMap;
use std::sync::Arc;

use crate::InputError;
use crate::kernels::cat_trees::CatSplit;
use crate::operators::Operator;
use crate::value::{Matrix, Precision, Value};

/// Appends a column for each counter.
#[derive(Debug)]
pub struct CatCounters {
    /// The counters, in the order of their columns.
    pub counters: Arc<[CatCounter]>,
    /// How many columns rows have before.
    pub width: usize,
}

/// A statistic of one category, or of a combination of several.
#[derive(Debug)]
pub struct CatCounter {
    /// The columns of the categories that are combined.
    pub categories: Vec<u32>,
    /// The questions that are combined with them.
    pub splits: Vec<CatSplit>,
    /// What was counted.
    pub table: Arc<CatTable>,
    /// What is made of it.
    pub statistic: CatStatistic,
    /// `(count + prior[0]) / (total + prior[1])`
    pub prior: [f32; 2],
    /// Added to the quotient, before it is scaled.
    pub shift: f32,
    /// What that is multiplied by.
    pub scale: f32,
}

/// What was counted, for each combination that was met in the fit.
#[derive(Debug)]
pub struct CatTable {
    /// The place of each combination, by its hash.
    pub places: HashMap<u64, u32>,
    /// The counts of each place.
    pub counts: CatCounts,
}

/// Counts.
#[derive(Debug)]
pub enum CatCounts {
    /// How many rows had each class of the target: so many numbers for each place.
    Classes(usize, Vec<i32>),
    /// A sum of targets and the number of rows.
    Means(Vec<(f32, i32)>),
    /// The number of rows, and the number of all.
    Rows(Vec<i32>, i32),
}

/// What is made of counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatStatistic {
    /// The share of the classes above this one.
    ClassesAbove(usize),
    /// The share of this class.
    Class(usize),
    /// The mean, or the share of the rows.
    Share,
}

impl CatCounts {
    /// For how many places there are counts.
    pub fn places(&self) -> usize {
        match self {
            Self::Classes(classes, counts) => counts.len() / (*classes).max(1),
            Self::Means(means) => means.len(),
            Self::Rows(counts, _) => counts.len(),
        }
    }

    /// The numerator and the denominator at a place, or those of what was never met.
    fn at(&self, place: Option<u32>, statistic: CatStatistic) -> (f32, f32) {
        match (self, place) {
            (Self::Classes(classes, counts), Some(place)) => {
                let counts = &counts[place as usize * classes..][..*classes];
                let sum = |counts: &[i32]| counts.iter().copied().fold(0, i32::wrapping_add);
                let share = match statistic {
                    CatStatistic::Class(class) => counts[class],
                    CatStatistic::ClassesAbove(class) => sum(&counts[class + 1..]),
                    CatStatistic::Share => 0,
                };
                (single(share), single(sum(counts)))
            }
            (Self::Means(means), Some(place)) => {
                let (sum, count) = means[place as usize];
                (sum, single(count))
            }
            (Self::Rows(counts, all), Some(place)) => (single(counts[place as usize]), single(*all)),
            (Self::Rows(_, all), None) => (0.0, single(*all)),
            (Self::Classes(..) | Self::Means(_), None) => (0.0, 0.0),
        }
    }
}

impl CatCounter {
    fn value(&self, row: &[f64]) -> f64 {
        const MULTIPLIER: u64 = 0x4906_ba49_4954_cb65;
        let mixed = |hash: u64, next: u64| MULTIPLIER.wrapping_mul(hash.wrapping_add(MULTIPLIER.wrapping_mul(next)));
        let hash = self.categories.iter().fold(0, |hash, &column| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the column holds hashes")]
            let category = row[column as usize] as u32;
            // As an `int`, whose sign is spread over the upper half.
            mixed(hash, i64::from(category.cast_signed()).cast_unsigned())
        });
        let hash = self.splits.iter().fold(hash, |hash, split| mixed(hash, u64::from(split.holds(row))));
        let place = self.table.places.get(&hash).copied();
        let (count, total) = self.table.counts.at(place, self.statistic);
        let share = (count + self.prior[0]) / (total + self.prior[1]);
        f64::from((share + self.shift) * self.scale)
    }
}

#[expect(clippy::cast_precision_loss, reason = "CatBoost converts counts so as well")]
fn single(count: i32) -> f32 {
    count as f32
}

impl Operator for CatCounters {
    const NAME: &'static str = "cat_counters";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else { return Err(InputError::wrong_kind("numbers", inputs[0])) };
        let width = self.width + self.counters.len();
        let mut data = Vec::with_capacity(x.rows * width);
        for row in x.iter_rows() {
            data.extend_from_slice(row);
            data.extend(self.counters.iter().map(|counter| counter.value(row)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, width, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} counters", self.counters.len())
    }
}
