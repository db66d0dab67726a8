//! From neighbours to the weight of each class among them.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// For each row the summed weights of the neighbours of each class, neighbour by neighbour. Inputs: the neighbours'
/// numbers and, where they have some, their weights.
#[derive(Debug)]
pub struct NeighborVotes {
    /// `_y` of one output: the class number of each point.
    pub codes: Arc<[u32]>,
    /// How many classes there are.
    pub classes: usize,
    /// How the weights of a class are added.
    pub sum: VoteSum,
}

/// In which order a class's weights are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteSum {
    /// One after the other: `predict_proba`.
    InOrder,
    /// numpy's pairwise sum over all neighbours, 0 for those of other classes: `weighted_mode`.
    Pairwise,
}

impl Operator for NeighborVotes {
    const NAME: &'static str = "neighbor_votes";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(neighbors, _) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let weights = match inputs.get(1) {
            None => None,
            Some(Value::Floats(weights, _)) => Some(weights),
            Some(other) => return Err(InputError::wrong_kind("weights", other)),
        };
        let mut votes = vec![0.0; neighbors.rows * self.classes];
        let mut of_class = vec![0.0; neighbors.cols];
        for (row, votes) in votes.chunks_exact_mut(self.classes).enumerate() {
            let codes = neighbors.row(row).iter().map(|&point| {
                let code = usize::try_from(point).ok().and_then(|point| self.codes.get(point));
                code.map_or(0, |&code| code as usize)
            });
            match (weights, self.sum) {
                (None, _) => codes.for_each(|code| votes[code] += 1.0),
                (Some(weights), VoteSum::InOrder) => {
                    codes.zip(weights.row(row)).for_each(|(code, weight)| votes[code] += weight);
                }
                (Some(weights), VoteSum::Pairwise) => {
                    for (class, vote) in votes.iter_mut().enumerate() {
                        for ((of_class, code), weight) in of_class.iter_mut().zip(codes.clone()).zip(weights.row(row)) {
                            *of_class = if code == class { *weight } else { 0.0 };
                        }
                        *vote = crate::kernels::pairwise_sum::pairwise_sum(&of_class);
                    }
                }
            }
        }
        Ok(Value::Floats(Matrix::new(neighbors.rows, self.classes, votes), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes, {:?}", self.classes, self.sum)
    }
}
