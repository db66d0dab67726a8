//! From the neighbours within a radius to the mean of their targets.

use super::lists::{List, weigh};
use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::operator::{Operator, Scope};
use crate::types::ValueType;
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// The mean, weighted by 1 / distance or not, of the targets of each row's neighbours. Inputs: the neighbours' numbers
/// and, where they weigh, their distances.
///
/// numpy makes one array of what it computed row by row, so that its dtype depends on all rows: a row without neighbours
/// has NaN in the dtype of the targets, which for integers is what the cast makes of it.
#[derive(Debug)]
pub struct RadiusMeans {
    /// `_y`, (n_samples_fit, n_outputs).
    pub targets: Matrix<'static, f64>,
    /// Their dtype.
    pub dtype: NumberType,
    /// Whether neighbours weigh 1 / distance.
    pub by_distance: bool,
    /// What a row without neighbours gets.
    pub empty: EmptyMean,
}

/// The mean of no targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyMean {
    /// NaN as the dtype of the targets has it.
    Cast,
    /// NaN, or an error where neighbours weigh: before scikit-learn 0.20.
    Mean,
}

const NO_WEIGHTS: &str = "weights sum to zero, can't be normalized";

impl RadiusMeans {
    /// What a row without neighbours has: what C's cast makes of NaN, on the processors that have SSE2.
    pub fn nan(&self) -> f64 {
        match self.dtype {
            _ if self.empty == EmptyMean::Mean => f64::NAN,
            NumberType::Float(_) => f64::NAN,
            NumberType::Int(IntKind::Bool) => 1.0,
            NumberType::Int(IntKind::Int { bytes: 8, signed: true }) => -9_223_372_036_854_775_808.0,
            NumberType::Int(IntKind::Int { bytes: 8, signed: false }) => 9_223_372_036_854_775_808.0,
            NumberType::Int(IntKind::Int { bytes: 4, signed: true }) => -2_147_483_648.0,
            NumberType::Int(IntKind::Int { .. }) => 0.0,
        }
    }

    /// The mean of one row, and whether it is `float32`.
    fn mean(&self, list: &List<'_>, weights: &mut Vec<f64>, means: &mut Vec<f64>) -> Result<bool, InputError> {
        let outputs = self.targets.cols;
        let is_single = self.dtype == NumberType::Float(Precision::Single);
        if list.points.is_empty() {
            if self.by_distance && self.empty == EmptyMean::Mean {
                return Err(InputError::refused(NO_WEIGHTS));
            }
            means.extend(std::iter::repeat_n(self.nan(), outputs));
            return Ok(is_single);
        }
        let single = match list.distances {
            None => is_single,
            Some(distances) => weigh(distances, weights) && is_single,
        };
        let precision = if single { Precision::Single } else { Precision::Double };
        // numpy adds single outputs pairwise, and rows of several outputs one after the other.
        let sum = |terms: &[f64]| match outputs {
            1 => pairwise_sum_in(terms, precision),
            _ => terms.iter().fold(0.0, |sum, term| precision.round(sum + term)),
        };
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbours")]
        let whole = match list.distances {
            None => list.points.len() as f64,
            Some(_) => pairwise_sum_in(weights, precision),
        };
        if whole == 0.0 {
            return Err(InputError::refused(NO_WEIGHTS));
        }
        for output in 0..outputs {
            let targets = list.points.iter().map(|&point| {
                let target = self.targets.data.get(point * outputs + output);
                target.copied().unwrap_or(f64::NAN)
            });
            let terms: Vec<f64> = match list.distances {
                None => targets.collect(),
                Some(_) => targets.zip(&*weights).map(|(target, weight)| precision.round(target * weight)).collect(),
            };
            means.push(precision.round(sum(&terms) / whole));
        }
        Ok(single)
    }
}

impl Operator for RadiusMeans {
    const NAME: &'static str = "radius_means";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let outputs = self.targets.cols;
        let mut means = Vec::with_capacity(rows * outputs);
        let (mut weights, mut single, mut empty) = (Vec::new(), true, true);
        for row in 0..rows {
            let list = List::of(row, inputs, self.by_distance)?;
            empty &= list.points.is_empty();
            single &= self.mean(&list, &mut weights, &mut means).map_err(|error| error.in_row(row))?;
        }
        let means = Matrix::new(rows, outputs, means);
        Ok(match self.dtype {
            #[expect(clippy::cast_possible_truncation, reason = "what a cast of NaN makes is whole")]
            NumberType::Int(kind) if rows > 0 && empty && self.empty == EmptyMean::Cast => {
                Value::Ints(means.map(|&mean| mean as i64), kind)
            }
            NumberType::Float(Precision::Single) if single => Value::Floats(means, Precision::Single),
            _ => Value::Floats(means, Precision::Double),
        })
    }

    fn output_type(&self, _inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(match (self.scope(), self.dtype) {
            (Scope::Rows, NumberType::Float(_)) => ValueType::Dense { dtype: self.dtype, cols: self.targets.cols },
            _ => ValueType::Unknown,
        })
    }

    fn scope(&self) -> Scope {
        match self.dtype {
            NumberType::Float(Precision::Double) => Scope::Rows,
            NumberType::Float(Precision::Single) if !self.by_distance => Scope::Rows,
            _ => Scope::Batch,
        }
    }

    fn describe(&self) -> String {
        format!("{} outputs", self.targets.cols)
    }
}
