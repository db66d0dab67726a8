//! scikit-learn's functions that scale columns by what they see in them: `scale`, `minmax_scale` and their like.

use crate::InputError;
use crate::kernels::normal::ndtri;
use crate::operator::{Operator, Scope};
use crate::operators::preprocess::quantile::Quantile;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// Scales each column, or each row, by its own statistics. NaN is passed over, and stays.
#[derive(Debug)]
pub struct Rescale {
    /// How.
    pub method: Rescaling,
    /// Whether rows are scaled: `axis=1`.
    pub by_row: bool,
}

/// What columns are scaled to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rescaling {
    /// `scale`
    Standard {
        /// `with_mean`
        mean: bool,
        /// `with_std`
        deviation: bool,
    },
    /// `minmax_scale`, to this range.
    Range(f64, f64),
    /// `maxabs_scale`
    MaxAbs,
    /// `robust_scale`
    Robust {
        /// `with_centering`
        center: bool,
        /// `with_scaling`, with the range of quantiles in percent.
        range: Option<(f64, f64)>,
        /// `unit_variance`
        unit_variance: bool,
    },
    /// `quantile_transform`
    Quantiles {
        /// `n_quantiles`
        count: usize,
        /// `subsample`: more rows than this are drawn from.
        subsample: usize,
        /// `output_distribution`
        normal: bool,
        /// See [`Quantile::uniform_is_near`]; there were also as many quantiles as asked for, whatever the number of rows.
        uniform_is_near: bool,
    },
}

impl Rescale {
    fn columns(&self, x: &Matrix<'_, f64>, precision: Precision) -> Result<Matrix<'static, f64>, InputError> {
        if let Rescaling::Quantiles { count, subsample, normal, uniform_is_near } = self.method {
            if x.rows > subsample {
                let what = format!("quantiles of {} rows, which scikit-learn draws from above {subsample}", x.rows);
                return Err(InputError::refused(what));
            }
            let count = if uniform_is_near { count } else { count.min(x.rows) };
            let mut quantile = quantiles(x, count, normal);
            quantile.uniform_is_near = uniform_is_near;
            return match quantile.run(&[&Value::Floats(x.clone(), precision)])? {
                Value::Floats(y, _) => Ok(y.into_owned()),
                other => Err(InputError::wrong_kind("numbers", &other)),
            };
        }
        let mut columns = x.transposed();
        let rows = x.rows.max(1);
        let data = columns.data.to_mut();
        match self.method {
            Rescaling::Standard { mean, deviation } => standardize(data, rows, mean, deviation, precision),
            _ => data.chunks_exact_mut(rows).for_each(|column| self.one(column, precision)),
        }
        Ok(columns.transposed())
    }

    /// What each sparse column is divided by; `None` for what would leave none of its zeros.
    fn column_scales(&self, x: &Csr<'_>) -> Option<Vec<f64>> {
        let precision = precision_of(x);
        let mut stored: Vec<Vec<f64>> = vec![Vec::new(); x.cols];
        for (&column, &value) in x.indices.iter().zip(x.data.iter()) {
            stored[column as usize].push(value);
        }
        let scale = |values: &Vec<f64>| {
            let zeros = x.rows.saturating_sub(values.len());
            Some(match self.method {
                Rescaling::Standard { mean: false, deviation: false } => 1.0,
                Rescaling::Standard { mean: false, deviation: true } => {
                    nonzero(variance(values, zeros), precision).sqrt()
                }
                Rescaling::MaxAbs => {
                    nonzero(values.iter().fold(0.0, |most: f64, value| most.max(value.abs())), precision)
                }
                Rescaling::Robust { center: false, range: None, .. } => 1.0,
                Rescaling::Robust { center: false, range: Some(range), unit_variance } => {
                    let all: Vec<f64> = values.iter().copied().chain(std::iter::repeat_n(0.0, zeros)).collect();
                    spread(&sorted(&all), range, unit_variance, precision)
                }
                _ => return None,
            })
        };
        stored.iter().map(scale).collect()
    }

    fn one(&self, column: &mut [f64], precision: Precision) {
        let round = |value: f64| precision.round(value);
        match self.method {
            Rescaling::Range(low, high) => {
                let (least, greatest) = (least(column), greatest(column));
                let scale = round(round(high - low) / nonzero(round(greatest - least), precision));
                let shift = round(low - round(least * scale));
                column.iter_mut().for_each(|value| *value = round(round(*value * scale) + shift));
            }
            Rescaling::MaxAbs => {
                let most = column.iter().map(|value| value.abs()).fold(f64::NAN, f64::max);
                let scale = nonzero(most, precision);
                column.iter_mut().for_each(|value| *value = round(*value / scale));
            }
            Rescaling::Robust { center, range, unit_variance } => {
                let sorted = sorted(column);
                if center {
                    let middle = round(median(&sorted));
                    column.iter_mut().for_each(|value| *value = round(*value - middle));
                }
                if let Some(range) = range {
                    let scale = spread(&sorted, range, unit_variance, precision);
                    column.iter_mut().for_each(|value| *value = round(*value / scale));
                }
            }
            Rescaling::Standard { .. } | Rescaling::Quantiles { .. } => {}
        }
    }
}

/// The distance of two percentiles, in normal deviations if so wished.
fn spread(sorted: &[f64], (low, high): (f64, f64), unit_variance: bool, precision: Precision) -> f64 {
    let distance = precision.round(percentile(sorted, high) - percentile(sorted, low));
    let scale = nonzero(distance, precision);
    if unit_variance { precision.round(scale / (ndtri(high / 100.0) - ndtri(low / 100.0))) } else { scale }
}

/// `mean_variance_axis`: of the stored elements that are known, and so many zeros.
fn variance(values: &[f64], zeros: usize) -> f64 {
    let known = || values.iter().filter(|value| !value.is_nan());
    #[expect(clippy::cast_precision_loss, reason = "numbers of rows")]
    let (count, zeros) = ((known().count() + zeros) as f64, zeros as f64);
    let mean = known().sum::<f64>() / count;
    (known().map(|value| (value - mean) * (value - mean)).sum::<f64>() + zeros * mean * mean) / count
}

/// `_handle_zeros_in_scale`
fn nonzero(scale: f64, precision: Precision) -> f64 {
    if scale < 10.0 * precision.epsilon() { 1.0 } else { scale }
}

/// `np.nanmean` and `np.nanstd`, summed from the first row to the last.
fn moments(column: &[f64], precision: Precision) -> (f64, f64) {
    let known = || column.iter().copied().filter(|value| !value.is_nan());
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let count = known().count() as f64;
    let sum = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |sum, value| precision.round(sum + value));
    let mean = precision.round(sum(&mut known()) / count);
    let square = |value: f64| {
        let difference = precision.round(value - mean);
        precision.round(difference * difference)
    };
    let variance = precision.round(sum(&mut known().map(square)) / count);
    (mean, precision.round(variance.sqrt()))
}

/// `scale` of columns of `rows` elements each.
fn standardize(data: &mut [f64], rows: usize, mean: bool, deviation: bool, precision: Precision) {
    let moments: Vec<_> = data.chunks_exact(rows).map(|column| moments(column, precision)).collect();
    if mean {
        for (column, (mean, _)) in data.chunks_exact_mut(rows).zip(&moments) {
            column.iter_mut().for_each(|value| *value = precision.round(*value - mean));
        }
        recenter(data, rows, precision);
    }
    if deviation {
        for (column, (_, deviation)) in data.chunks_exact_mut(rows).zip(&moments) {
            let scale = nonzero(*deviation, precision);
            column.iter_mut().for_each(|value| *value = precision.round(*value / scale));
        }
        if mean {
            recenter(data, rows, precision);
        }
    }
}

/// Subtracts the means once more where they are not near 0.
fn recenter(data: &mut [f64], rows: usize, precision: Precision) {
    let means: Vec<f64> = data.chunks_exact(rows).map(|column| moments(column, precision).0).collect();
    // `np.allclose(means, 0)`
    if means.iter().all(|mean| mean.abs() <= 1e-8) {
        return;
    }
    for (column, mean) in data.chunks_exact_mut(rows).zip(means) {
        column.iter_mut().for_each(|value| *value = precision.round(*value - mean));
    }
}

fn least(column: &[f64]) -> f64 {
    column.iter().copied().fold(f64::NAN, f64::min)
}

fn greatest(column: &[f64]) -> f64 {
    column.iter().copied().fold(f64::NAN, f64::max)
}

/// The numbers of a column in order, without NaN.
fn sorted(column: &[f64]) -> Vec<f64> {
    let mut known: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known
}

/// `np.median`
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted {
        [] => f64::NAN,
        _ if sorted.len() % 2 == 1 => sorted[half],
        _ => (sorted[half - 1] + sorted[half]) / 2.0,
    }
}

/// `np.percentile` by linear interpolation.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let place = percent / 100.0 * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the place lies within")]
    let before = (place.floor() as usize).min(last);
    let (low, high) = (sorted[before], sorted[(before + 1).min(last)]);
    let share = place - place.floor();
    // numpy's: from the nearer end.
    if share >= 0.5 { high - (high - low) * (1.0 - share) } else { low + (high - low) * share }
}

/// `QuantileTransformer(...).fit(x)`
fn quantiles(x: &Matrix<'_, f64>, count: usize, normal: bool) -> Quantile {
    let count = count.max(1);
    #[expect(clippy::cast_precision_loss, reason = "a number of quantiles")]
    let reference = |place: usize| if count == 1 { 0.0 } else { place as f64 * (1.0 / (count - 1) as f64) };
    let mut references: Vec<f64> = (0..count).map(reference).collect();
    if let [_, .., last] = &mut references[..] {
        *last = 1.0;
    }
    let columns = x.transposed();
    let each = columns.iter_rows().map(|column| {
        let sorted = sorted(column);
        let mut greatest = f64::NEG_INFINITY;
        let found = references.iter().map(|&reference| {
            let quantile = percentile(&sorted, reference * 100.0);
            // What rounding made less than the one before.
            greatest = if quantile.is_nan() { quantile } else { quantile.max(greatest) };
            greatest
        });
        found.collect()
    });
    Quantile::new(each.collect(), references.clone(), normal, false)
}

impl Operator for Rescale {
    const NAME: &'static str = "rescale";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, precision) if self.by_row => {
                Ok(Value::Floats(self.columns(&x.transposed(), *precision)?.transposed(), *precision))
            }
            Value::Floats(x, precision) => Ok(Value::Floats(self.columns(x, *precision)?, *precision)),
            Value::Sparse(x) if self.by_row => match self.method {
                Rescaling::MaxAbs => Ok(Value::Sparse(scaled(x, |row, _| row, &row_scales(x)))),
                _ => Err(InputError::wrong_kind("a dense table", inputs[0])),
            },
            Value::Sparse(x) => match self.column_scales(x) {
                Some(scales) => Ok(Value::Sparse(scaled(x, |_, column| column, &scales))),
                None => Err(InputError::wrong_kind("a dense table", inputs[0])),
            },
            other => Err(InputError::wrong_kind("a dense table", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}{}", self.method, if self.by_row { " of rows" } else { "" })
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

/// Sparse rows, each element over the scale of its row or column.
fn scaled(x: &Csr<'_>, place: impl Fn(usize, usize) -> usize, scales: &[f64]) -> Csr<'static> {
    let mut data = Vec::with_capacity(x.data.len());
    for row in 0..x.rows {
        let (columns, values) = x.row(row);
        let each = columns.iter().zip(values);
        data.extend(each.map(|(&column, value)| x.dtype.round(value * (1.0 / scales[place(row, column as usize)]))));
    }
    Csr { data: data.into(), ..x.clone() }.into_owned()
}

/// The greatest absolute value of each row.
fn row_scales(x: &Csr<'_>) -> Vec<f64> {
    let greatest = |row: usize| x.row(row).1.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    (0..x.rows).map(|row| nonzero(greatest(row), precision_of(x))).collect()
}

fn precision_of(x: &Csr<'_>) -> Precision {
    match x.dtype {
        NumberType::Float(precision) => precision,
        NumberType::Int(_) => Precision::Double,
    }
}
