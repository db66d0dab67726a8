//! From the neighbours within a radius to votes for their classes.

use std::sync::Arc;

use super::VoteSum;
use super::lists::{List, weigh};
use super::search::Search;
use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum;
use crate::operator::Operator;
use crate::operators::Check;
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// The votes for each class of one output. Inputs: the neighbours' numbers; where they weigh 1 / distance, the distances;
/// last the rows as they came, where `class_mode` is there. → (n, n_classes).
#[derive(Debug)]
pub struct RadiusVotes {
    /// The class number of each point.
    pub codes: Arc<[u32]>,
    /// How many classes there are.
    pub classes: usize,
    /// Whether neighbours weigh 1 / distance.
    pub by_distance: bool,
    /// In which order a class's weights are added.
    pub sum: VoteSum,
    /// What a row without neighbours votes for.
    pub outliers: Outliers,
    /// Where `RadiusNeighborsClassMode` may count.
    pub class_mode: Option<ClassMode>,
}

/// `RadiusNeighborsClassMode`, which looks at no rows before it searches, and has outliers of its own.
#[derive(Debug)]
pub struct ClassMode {
    /// What a row without neighbours votes for.
    pub outliers: Outliers,
    /// Which rows it is used for.
    pub search: Arc<Search>,
    /// The validation of all others.
    pub check: Check,
}

/// What a row without neighbours votes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outliers {
    /// Such rows are an error.
    Refused,
    /// This class.
    Class(usize),
    /// No class.
    None,
}

impl RadiusVotes {
    /// What rows without neighbours vote for.
    fn outliers_of(&self, class_mode: &ClassMode, rows: &Value<'_>) -> Result<Outliers, InputError> {
        let (precision, sparse) = match rows {
            Value::Floats(_, precision) => (Some(*precision), false),
            Value::Sparse(csr) => match csr.dtype {
                NumberType::Float(precision) => (Some(precision), true),
                NumberType::Int(_) => (None, true),
            },
            // A DataFrame is not an array in C order, which that needs.
            _ => (None, false),
        };
        match &*class_mode.search {
            Search::Brute(points, brute) if matches!(brute.heap_for(points, precision, sparse), Ok(Some(_))) => {
                Ok(class_mode.outliers)
            }
            _ => class_mode.check.run(&[rows]).map(|_| self.outliers),
        }
    }
}

impl Operator for RadiusVotes {
    const NAME: &'static str = "radius_votes";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::NumberLists(neighbors) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let outliers = match (&self.class_mode, inputs.last()) {
            (Some(class_mode), Some(rows)) if rows.rows() > 0 => self.outliers_of(class_mode, rows)?,
            _ => self.outliers,
        };
        let mut votes = vec![0.0; neighbors.len() * self.classes];
        let (mut weights, mut of_class) = (Vec::new(), Vec::new());
        for (row, votes) in votes.chunks_exact_mut(self.classes).enumerate() {
            let List { points, distances } = List::of(row, inputs, self.by_distance)?;
            if points.is_empty() {
                match outliers {
                    Outliers::Refused => {
                        let what =
                            "no neighbors found: try a larger radius, give a label for outliers, or remove such rows";
                        return Err(InputError::refused(what).in_row(row));
                    }
                    Outliers::Class(class) => votes[class] = 1.0,
                    Outliers::None => {}
                }
                continue;
            }
            let codes = points.iter().map(|&point| self.codes.get(point).map_or(0, |&code| code as usize));
            let Some(distances) = distances else {
                codes.for_each(|code| votes[code] += 1.0);
                continue;
            };
            weigh(distances, &mut weights);
            match self.sum {
                VoteSum::InOrder => codes.zip(&weights).for_each(|(code, weight)| votes[code] += weight),
                VoteSum::Pairwise => {
                    for (class, vote) in votes.iter_mut().enumerate() {
                        of_class.clear();
                        let weight = |(code, weight): (usize, &f64)| if code == class { *weight } else { 0.0 };
                        of_class.extend(codes.clone().zip(&weights).map(weight));
                        *vote = pairwise_sum(&of_class);
                    }
                }
            }
        }
        Ok(Value::Floats(Matrix::new(neighbors.len(), self.classes, votes), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes, {:?}, outliers: {:?}", self.classes, self.sum, self.outliers)
    }
}

/// The column of the greatest value in each row, the first of equals, or the number of columns where all are zero: the
/// place of the outliers' label. (n, k) → (n, 1).
#[derive(Debug)]
pub struct ArgmaxOrOutlier;

impl Operator for ArgmaxOrOutlier {
    const NAME: &'static str = "argmax_or_outlier";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let number = |scores: &[f64]| match scores.iter().all(|score| *score == 0.0) {
            true => scores.len(),
            false => crate::operators::argmax(scores),
        };
        let numbers: Vec<i64> = scores.iter_rows().map(|row| i64::try_from(number(row)).unwrap_or(0)).collect();
        Ok(Value::Ints(Matrix::new(scores.rows, 1, numbers), IntKind::I64))
    }
}
