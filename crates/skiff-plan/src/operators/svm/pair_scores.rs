//! `sklearn.utils.multiclass._ovr_decision_function`, as support vector machines call it.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::operators::svm::pair_votes::pairs;
use crate::value::{Matrix, Precision, Value};

/// From the decision value of each pair of classes to a score for each class: its votes, plus the sum of its
/// confidences as `scale` brings them below 1/2. A value below 0 is a vote for the pair's second class.
#[derive(Debug)]
pub struct PairScores {
    /// How many classes there are.
    pub classes: usize,
    /// How confidences are added to votes.
    pub scale: ConfidenceScale,
    /// Whether decision values are confidences of the second class. They are those of the first one, but scikit-learn 0.17
    /// mistook them.
    pub turned: bool,
}

/// What is added to the votes for a class, of the sum of the confidences of its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfidenceScale {
    /// sum / (3 (|sum| + 1)).
    Bounded,
    /// sum (1/2 - epsilon) / the greatest |sum| of the whole table; nothing if all sums are equal. Before scikit-learn 0.21.
    WholeTable,
}

impl ConfidenceScale {
    /// The scores of votes and sums, each (n, classes).
    pub(crate) fn scores(self, mut votes: Vec<f64>, sums: &[f64]) -> Vec<f64> {
        match self {
            Self::Bounded => {
                for (votes, sum) in votes.iter_mut().zip(sums) {
                    *votes += sum / (3.0 * (sum.abs() + 1.0));
                }
            }
            Self::WholeTable => {
                // NaN is the greatest and the least, as in numpy.
                let any_nan = sums.iter().any(|sum| sum.is_nan());
                let greatest = |of: fn(f64) -> f64| match any_nan {
                    true => f64::NAN,
                    false => sums.iter().map(|sum| of(*sum)).fold(f64::NEG_INFINITY, f64::max),
                };
                let (most, least) = (greatest(|sum| sum), -greatest(|sum| -sum));
                if most != least {
                    let scale = (0.5 - f64::EPSILON) / most.abs().max(least.abs());
                    for (votes, sum) in votes.iter_mut().zip(sums) {
                        *votes += sum * scale;
                    }
                }
            }
        }
        votes
    }

    /// Whether it depends on all rows.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Bounded => Scope::Rows,
            Self::WholeTable => Scope::Batch,
        }
    }

    /// What a plan says of it.
    pub(crate) fn describe(self, classes: usize) -> String {
        match self {
            Self::Bounded => format!("{classes} classes"),
            Self::WholeTable => format!("{classes} classes, scaled by the whole table"),
        }
    }
}

impl Operator for PairScores {
    const NAME: &'static str = "pair_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(decisions, _) = inputs[0] else {
            return Err(InputError::wrong_kind("decision values", inputs[0]));
        };
        let mut votes = vec![0.0; decisions.rows * self.classes];
        let mut sums = votes.clone();
        let each = votes.chunks_exact_mut(self.classes.max(1)).zip(sums.chunks_exact_mut(self.classes.max(1)));
        for (row, (votes, sums)) in decisions.iter_rows().zip(each) {
            for ((first, second), &value) in pairs(self.classes).zip(row) {
                let confidence = if self.turned { value } else { -value };
                sums[first] -= confidence;
                sums[second] += confidence;
                votes[if value < 0.0 { second } else { first }] += 1.0;
            }
        }
        let scores = self.scale.scores(votes, &sums);
        Ok(Value::Floats(Matrix::new(decisions.rows, self.classes, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        self.scale.describe(self.classes)
    }

    fn scope(&self) -> Scope {
        self.scale.scope()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidences_are_scaled_by_the_whole_table() {
        let scores = |scale, rows: &[f64]| {
            let table = Value::Floats(Matrix::new(rows.len() / 3, 3, rows.to_vec()), Precision::Double);
            let scored = PairScores { classes: 3, scale, turned: false }.run(&[&table]).expect("decision values");
            match scored {
                Value::Floats(scores, _) => scores.data.to_vec(),
                other => panic!("{other:?}"),
            }
        };
        // Sums: 3, -1, -2 and 0, 0, 0.
        let rows = [1.0, 2.0, 0.0, 0.0, 0.0, 0.0];
        let unit = (0.5 - f64::EPSILON) / 3.0;
        let expected = [2.0 + 3.0 * unit, 1.0 - unit, -2.0 * unit, 2.0, 1.0, 0.0];
        assert_eq!(scores(ConfidenceScale::WholeTable, &rows), expected);
        assert_eq!(scores(ConfidenceScale::WholeTable, &rows[3..]), [2.0, 1.0, 0.0]);
        assert_eq!(scores(ConfidenceScale::Bounded, &rows)[..2], [2.0 + 3.0 / 12.0, 1.0 - 1.0 / 6.0]);
    }
}
