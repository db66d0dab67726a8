//! `sklearn.metrics.DistanceMetric`: distances between two rows, summed feature by feature as scikit-learn sums them.

use super::pairwise_sum::pairwise_sum;
use crate::value::Precision;

/// A metric with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// √Σ(x - y)²
    Euclidean,
    /// Σ(x - y)²
    SquaredEuclidean,
    /// The square of the Euclidean distance as scipy computes it, from differences and not from products.
    SquaredDifferences,
    /// √Σ(x - y)²/V
    StandardizedEuclidean(Vec<f64>),
    /// Σ|x - y|
    Manhattan,
    /// max|x - y|
    Chebyshev,
    /// (Σ w |x - y|ᵖ)^(1/p)
    Minkowski {
        /// `p`
        p: f64,
        /// `w`, one for each feature.
        weights: Option<Vec<f64>>,
    },
    /// (Σ (w |x - y|)ᵖ)^(1/p): `wminkowski`, until scikit-learn 1.2.
    WeightedDifferences {
        /// `p`
        p: f64,
        /// `w`, one for each feature.
        weights: Vec<f64>,
    },
    /// √((x - y)ᵀ VI (x - y)); VI row by row.
    Mahalanobis(Vec<f64>),
    /// The share of features that differ.
    Hamming,
    /// Σ|x - y| / (|x| + |y|)
    Canberra,
    /// Σ|x - y| / Σ(|x| + |y|)
    BrayCurtis,
    /// On a sphere; the features are latitude and longitude in radians.
    Haversine,
    /// 1 - x·y / (|x| |y|)
    Cosine,
    /// The same for rows whose means were already subtracted ([`centered`]).
    Correlation,
    /// √(n Σ(x - y)² / m) over the m of n features that neither row lacks; NaN where there are none.
    NanEuclidean,
    /// A metric of truth values.
    Boolean(Boolean),
}

/// Metrics of truth values, by how often both are true and how often they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boolean {
    /// differ / (both + differ); 0 where none is true.
    Jaccard,
    /// The same, but NaN where none is true: before scikit-learn 0.20.
    JaccardOrNan,
    /// differ / n
    Matching,
    /// differ / (2 both + differ)
    Dice,
    /// (differ - both + n) / (differ + n)
    Kulsinski,
    /// 2 differ / (n + differ)
    RogersTanimoto,
    /// (n - both) / n
    RussellRao,
    /// differ / (differ + both / 2)
    SokalSneath,
    /// 2 r / (both neither + r), where r is how often only the one is true times how often only the other is.
    Yule,
}

impl Metric {
    /// Whether rows of `width` columns have such a distance.
    pub fn fits(&self, width: usize) -> bool {
        match self {
            Self::StandardizedEuclidean(variances) => variances.len() == width,
            Self::Minkowski { weights: Some(weights), .. } | Self::WeightedDifferences { weights, .. } => {
                weights.len() == width
            }
            Self::Mahalanobis(inverse) => Some(inverse.len()) == width.checked_mul(width),
            Self::Haversine => width == 2,
            _ => true,
        }
    }

    /// Whether `pairwise_distances` takes sparse rows.
    pub fn takes_sparse(&self) -> bool {
        matches!(self, Self::Euclidean | Self::Manhattan | Self::Cosine)
    }

    /// `rdist`: the distance, or what grows with it and is cheaper.
    pub fn reduced(&self, x: &[f64], y: &[f64]) -> f64 {
        self.reduced_by(x, y, |x, y| x - y)
    }

    /// `rdist` of `DistanceMetric32`, which subtracts in `float32` and goes on in `float64`.
    pub fn reduced_single(&self, x: &[f64], y: &[f64]) -> f64 {
        self.reduced_by(x, y, |x, y| Precision::Single.round(x - y))
    }

    #[inline(always)]
    fn reduced_by(&self, x: &[f64], y: &[f64], minus: impl Fn(f64, f64) -> f64) -> f64 {
        let pairs = || x.iter().zip(y).map(|(x, y)| (*x, *y));
        let differences = || pairs().map(|(x, y)| minus(x, y));
        match self {
            Self::Euclidean | Self::SquaredEuclidean | Self::SquaredDifferences => {
                differences().fold(0.0, |sum, d| sum + d * d)
            }
            Self::StandardizedEuclidean(variances) => {
                differences().zip(variances).fold(0.0, |sum, (d, variance)| sum + d * d / variance)
            }
            Self::Manhattan => differences().fold(0.0, |sum, d| sum + d.abs()),
            Self::Chebyshev => differences().fold(0.0, |max: f64, d| max.max(d.abs())),
            Self::Minkowski { p, weights: None } => differences().fold(0.0, |sum, d| sum + d.abs().powf(*p)),
            Self::Minkowski { p, weights: Some(weights) } => {
                differences().zip(weights).fold(0.0, |sum, (d, weight)| sum + weight * d.abs().powf(*p))
            }
            Self::WeightedDifferences { p, weights } => {
                differences().zip(weights).fold(0.0, |sum, (d, weight)| sum + (weight * d.abs()).powf(*p))
            }
            Self::Mahalanobis(inverse) => {
                let mut sum = 0.0;
                for ((x_i, y_i), row) in pairs().zip(inverse.chunks_exact(x.len().max(1))) {
                    let part = pairs().zip(row).fold(0.0, |part, ((x, y), v)| part + v * (x - y));
                    sum += part * (x_i - y_i);
                }
                sum
            }
            Self::Hamming => share(pairs().filter(|(x, y)| x != y).count(), x.len()),
            Self::Canberra => pairs().fold(0.0, |sum, (x, y)| {
                let whole = x.abs() + y.abs();
                if whole > 0.0 { sum + minus(x, y).abs() / whole } else { sum }
            }),
            Self::BrayCurtis => {
                let (part, whole) = pairs()
                    .fold((0.0, 0.0), |(part, whole), (x, y)| (part + minus(x, y).abs(), whole + (x.abs() + y.abs())));
                if whole > 0.0 { part / whole } else { 0.0 }
            }
            Self::Haversine => {
                let north = (0.5 * minus(x[0], y[0])).sin();
                let east = (0.5 * minus(x[1], y[1])).sin();
                north * north + x[0].cos() * y[0].cos() * east * east
            }
            Self::Cosine => {
                let dot = pairs().fold(0.0, |sum, (x, y)| sum + x * y);
                let size = |row: &[f64]| Some(norm(row)).filter(|norm| *norm != 0.0).unwrap_or(1.0);
                (1.0 - dot / (size(x) * size(y))).clamp(0.0, 2.0)
            }
            Self::Correlation => correlation(x, y, norm(x) * norm(y)),
            Self::NanEuclidean => {
                let present = || pairs().filter(|(x, y)| !x.is_nan() && !y.is_nan());
                present().fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y)) / share(present().count(), x.len())
            }
            Self::Boolean(metric) => metric.of(x, y),
        }
    }

    /// From `rdist` to the distance.
    pub fn finish(&self, reduced: f64) -> f64 {
        match self {
            Self::Euclidean | Self::StandardizedEuclidean(_) | Self::Mahalanobis(_) | Self::NanEuclidean => {
                reduced.sqrt()
            }
            Self::Minkowski { p, .. } | Self::WeightedDifferences { p, .. } => reduced.powf(1.0 / p),
            Self::Haversine => 2.0 * reduced.sqrt().asin(),
            _ => reduced,
        }
    }

    /// From a distance to its `rdist`.
    pub fn reduce(&self, distance: f64) -> f64 {
        match self {
            Self::Euclidean | Self::StandardizedEuclidean(_) | Self::Mahalanobis(_) | Self::NanEuclidean => {
                distance * distance
            }
            Self::Minkowski { p, .. } | Self::WeightedDifferences { p, .. } => distance.powf(*p),
            Self::Haversine => {
                let sine = (0.5 * distance).sin();
                sine * sine
            }
            _ => distance,
        }
    }

    /// The power that a k-d tree adds up, infinite for the greatest difference; `None` where k-d trees have no bound.
    pub fn power(&self) -> Option<f64> {
        match self {
            Self::Euclidean => Some(2.0),
            Self::Manhattan => Some(1.0),
            Self::Chebyshev => Some(f64::INFINITY),
            Self::Minkowski { p, weights: None } => Some(*p),
            _ => None,
        }
    }
}

impl Boolean {
    fn of(self, x: &[f64], y: &[f64]) -> f64 {
        let (mut both, mut differ, mut first) = (0_usize, 0_usize, 0_usize);
        for (x, y) in x.iter().zip(y) {
            first += usize::from(*x != 0.0 && *y == 0.0);
            both += usize::from(*x != 0.0 && *y != 0.0);
            differ += usize::from((*x != 0.0) != (*y != 0.0));
        }
        let n = x.len();
        match self {
            Self::Jaccard if both + differ == 0 => 0.0,
            Self::Jaccard | Self::JaccardOrNan => share(differ, both + differ),
            Self::Matching => share(differ, n),
            Self::Dice => share(differ, 2 * both + differ),
            Self::Kulsinski => share(differ + n - both, differ + n),
            Self::RogersTanimoto => share(2 * differ, n + differ),
            Self::RussellRao => share(n - both, n),
            Self::SokalSneath => share(2 * differ, 2 * differ + both),
            Self::Yule => {
                let apart = first * (differ - first);
                let alike = both * (n - both - differ);
                if apart == 0 { 0.0 } else { share(2 * apart, alike + apart) }
            }
        }
    }
}

/// A row without its mean.
pub(super) fn centered(row: &[f64]) -> impl Iterator<Item = f64> {
    #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
    let mean = pairwise_sum(row) / row.len() as f64;
    row.iter().map(move |value| value - mean)
}

pub(super) fn norm(row: &[f64]) -> f64 {
    row.iter().fold(0.0, |sum, value| sum + value * value).sqrt()
}

/// scipy's `cdist_cosine` of centred rows, `norms` being the product of theirs; NaN for a row of one value.
pub(super) fn correlation(x: &[f64], y: &[f64], norms: f64) -> f64 {
    let cosine = x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y) / norms;
    1.0 - if cosine.abs() > 1.0 { cosine.signum() } else { cosine }
}

#[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
