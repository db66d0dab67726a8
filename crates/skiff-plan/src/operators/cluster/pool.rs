//! `FeatureAgglomeration`: one number for each cluster of features.

use crate::InputError;
use crate::operators::Operator;
use crate::value::{Matrix, Precision, Value};

/// The features of each cluster as one. (n, n_features) → (n, count).
#[derive(Debug)]
pub struct Pool {
    /// The cluster of each feature, below `count`.
    pub clusters: Vec<usize>,
    /// How many clusters there are; each has a feature.
    pub count: usize,
    /// The pooling function.
    pub pooling: Pooling,
}

/// The pooling function of the features of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// `np.mean`, in `float64`.
    Mean,
    /// `np.mean` in the dtype of the rows: before scikit-learn 0.20.
    MeanAsGiven,
    /// `np.median`
    Median,
    /// `np.max`
    Max,
    /// `np.min`
    Min,
}

impl Operator for Pool {
    const NAME: &'static str = "pool";

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let precision = if self.pooling == Pooling::Mean { Precision::Double } else { *precision };
        let mut data = Vec::with_capacity(x.rows * self.count);
        let mut members: Vec<Vec<f64>> = vec![Vec::new(); self.count];
        for row in x.iter_rows() {
            members.iter_mut().for_each(Vec::clear);
            for (&value, &cluster) in row.iter().zip(&self.clusters) {
                members[cluster].push(value);
            }
            data.extend(members.iter_mut().map(|values| match self.pooling {
                Pooling::Mean => values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64,
                Pooling::MeanAsGiven => {
                    let sum = values.iter().fold(0.0, |sum, value| precision.round(sum + value));
                    precision.round(sum / values.len() as f64)
                }
                Pooling::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                Pooling::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
                Pooling::Median => precision.round(median(values, precision)),
            }));
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.count, data), precision))
    }

    fn describe(&self) -> String {
        format!("{} → {}, {:?}", self.clusters.len(), self.count, self.pooling)
    }
}

/// The middle of finite numbers, or the mean of both in the middle.
fn median(values: &mut [f64], precision: Precision) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.get(half), values.len() % 2) {
        (Some(&middle), 1) => middle,
        (Some(&upper), _) => precision.round(values[half - 1] + upper) / 2.0,
        (None, _) => f64::NAN,
    }
}
