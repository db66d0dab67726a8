//! `SplineTransformer`: B-splines of each feature.

use crate::InputError;
use crate::operators::{Operator, to_sparse};
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// The values of the splines of each column. (n, n_features) → (n, columns of all splines).
#[derive(Debug)]
pub struct Spline {
    /// One for each column, all of one degree.
    pub bases: Vec<SplineBasis>,
    /// What happens beyond the knots.
    pub extrapolation: Extrapolation,
    /// Whether the last spline of each column is there.
    pub include_bias: bool,
    /// Whether NaN becomes zeros.
    pub nan_is_zero: bool,
    /// Whether what comes out is sparse, and `float64` for any rows.
    pub sparse: bool,
}

/// The splines of one column. There are more than `2 degree + 1` knots, ascending and finite;
/// of degree 0 with straight lines beyond them at least 3.
#[derive(Clone, Debug)]
pub struct SplineBasis {
    /// `t`
    pub knots: Vec<f64>,
    /// `c`: the coefficients of the splines, (knots - degree - 1, n_splines).
    pub coefficients: Matrix<'static, f64>,
    /// `k`
    pub degree: usize,
}

/// What happens beyond the outermost knots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extrapolation {
    /// An error.
    Refuse,
    /// The values at the bounds.
    Constant,
    /// On straight lines.
    Linear,
    /// As the polynomials go on.
    Continue,
    /// From the other end.
    Periodic,
}

impl SplineBasis {
    /// How many basis functions the knots have.
    pub fn count(&self) -> usize {
        self.knots.len() - self.degree - 1
    }

    /// Where the splines begin and end.
    pub fn bounds(&self) -> (f64, f64) {
        (self.knots[self.degree], self.knots[self.count()])
    }

    /// The first of the basis functions of `degree` that are not 0 at `x`, and their values, by Cox and de Boor.
    fn basis(&self, x: f64, degree: usize) -> (usize, Vec<f64>) {
        let (knots, last) = (&self.knots, self.count() - 1);
        // The last interval that begins not above x; beyond the knots the outermost one.
        let interval = knots[..=last].partition_point(|&knot| knot <= x).saturating_sub(1).clamp(self.degree, last);
        let mut values = vec![1.0];
        for k in 1..=degree {
            let mut next = vec![0.0; k + 1];
            for (at, value) in values.iter().enumerate() {
                let (left, right) = (knots[interval + at + 1 - k], knots[interval + at + 1]);
                if right > left {
                    let share = value / (right - left);
                    next[at] += share * (right - x);
                    next[at + 1] += share * (x - left);
                }
            }
            values = next;
        }
        (interval - degree, values)
    }

    /// All splines at `x`.
    pub fn at(&self, x: f64) -> Vec<f64> {
        let (first, values) = self.basis(x, self.degree);
        self.combined(values.iter().enumerate().map(|(at, &value)| (first + at, value)))
    }

    /// Their slopes.
    pub fn slopes(&self, x: f64) -> Vec<f64> {
        let Some(lower) = self.degree.checked_sub(1) else { return vec![0.0; self.coefficients.cols] };
        let (first, values) = self.basis(x, lower);
        #[expect(clippy::cast_precision_loss, reason = "a small degree")]
        let degree = self.degree as f64;
        let mut slopes = vec![0.0; values.len() + 1];
        for (at, value) in values.iter().enumerate() {
            let width = self.knots[first + at + self.degree] - self.knots[first + at];
            let part = if width > 0.0 { degree * value / width } else { 0.0 };
            slopes[at] -= part;
            slopes[at + 1] += part;
        }
        // The basis functions begin one knot earlier.
        self.combined(slopes.into_iter().enumerate().map(|(at, slope)| (first + at - 1, slope)))
    }

    fn combined(&self, basis: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
        let mut splines = vec![0.0; self.coefficients.cols];
        for (function, value) in basis {
            for (spline, coefficient) in splines.iter_mut().zip(self.coefficients.row(function)) {
                *spline += value * coefficient;
            }
        }
        splines
    }
}

impl Spline {
    /// The splines of column `column` at `x`, `degree` being what scikit-learn takes for theirs there; `None` beyond the
    /// knots where that is an error.
    fn of(&self, column: usize, x: f64, degree: usize) -> Option<Vec<f64>> {
        let basis = &self.bases[column];
        let zeros = || vec![0.0; basis.coefficients.cols];
        if x.is_nan() {
            return self.nan_is_zero.then(zeros);
        }
        let (first, last) = basis.bounds();
        match self.extrapolation {
            Extrapolation::Refuse => (first <= x && x <= last).then(|| basis.at(x)),
            Extrapolation::Continue => Some(basis.at(x)),
            Extrapolation::Periodic => {
                let period = last - first;
                let x = if period > 0.0 { first + (x - first).rem_euclid(period) } else { 0.0 };
                Some(basis.at(x))
            }
            Extrapolation::Constant | Extrapolation::Linear => {
                let (low, high) = (basis.knots[degree], basis.knots[basis.knots.len() - 1 - degree]);
                if low <= x && x <= high {
                    return Some(basis.at(x));
                }
                let linear = self.extrapolation == Extrapolation::Linear;
                // For degrees below 2 the line of one spline more is not 0.
                let reached = if linear && degree <= 1 { degree + 1 } else { degree };
                let mut splines = zeros();
                let last = splines.len() - 1;
                // With a raised degree `low` may be above `high`, and `x` beyond both.
                for (bound, is_beyond, is_below) in [(low, x < low, true), (high, x > high, false)] {
                    if !is_beyond {
                        continue;
                    }
                    let values = basis.at(bound);
                    let slopes = linear.then(|| basis.slopes(bound));
                    for j in 0..reached.min(splines.len()) {
                        let at = if is_below { j } else { last - j };
                        // Not a slope of 0: infinity times 0 is NaN.
                        splines[at] = values[at] + slopes.as_ref().map_or(0.0, |slopes| (x - bound) * slopes[at]);
                    }
                }
                Some(splines)
            }
        }
    }

    /// What scikit-learn takes for the degree in each column: where it goes on in lines, it raises a degree below 2 for all
    /// columns that follow.
    pub fn degrees(&self) -> Vec<usize> {
        let mut degree = self.bases.first().map_or(0, |basis| basis.degree);
        let each = self.bases.iter().map(|_| {
            let here = degree;
            if self.extrapolation == Extrapolation::Linear && degree <= 1 {
                degree += 1;
            }
            here
        });
        each.collect()
    }

    /// scikit-learn replaces what is beyond the bounds by the lower one, in the dtype of the rows, before scipy computes a
    /// sparse matrix, which fails where that is beyond them too: `float32` and integers round.
    fn check_bounds_of(&self, x: &Matrix<'_, f64>, dtype: NumberType) -> Result<(), InputError> {
        if !matches!(self.extrapolation, Extrapolation::Constant | Extrapolation::Linear) {
            return Ok(());
        }
        for (column, basis) in self.bases.iter().enumerate() {
            let (low, high) = basis.bounds();
            let is_beyond = |value: f64| !(low..=high).contains(&value);
            let replaced = match dtype {
                NumberType::Float(precision) => precision.round(low),
                NumberType::Int(IntKind::Bool) => f64::from(u8::from(low != 0.0)),
                #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "numpy's casts")]
                NumberType::Int(kind) => kind.wrap(low as i64) as f64,
            };
            if is_beyond(replaced) && x.iter_rows().any(|row| row.get(column).is_some_and(|&value| is_beyond(value))) {
                let what =
                    format!("Out of bounds w/ x: the lower bound of the knots, {low}, as {dtype} is beyond them");
                return Err(InputError::refused(what));
            }
        }
        Ok(())
    }
}

impl Operator for Spline {
    const NAME: &'static str = "spline";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Some((x, precision)) = inputs[0].to_floats() else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        if self.sparse {
            let dtype = match inputs[0] {
                Value::Ints(_, kind) => NumberType::Int(*kind),
                _ => NumberType::Float(precision),
            };
            self.check_bounds_of(&x, dtype)?;
        }
        let precision = if self.sparse { Precision::Double } else { precision };
        let degrees = self.degrees();
        let left_out = usize::from(!self.include_bias);
        let width: usize = self.bases.iter().map(|basis| basis.coefficients.cols - left_out).sum();
        let mut data = Vec::with_capacity(x.rows * width);
        for (row, values) in x.iter_rows().enumerate() {
            for (column, (&value, &degree)) in values.iter().zip(&degrees).enumerate() {
                let beyond = || InputError::refused("`X` contains values beyond the limits of the knots.").in_row(row);
                let splines = self.of(column, value, degree).ok_or_else(beyond)?;
                data.extend(splines[..splines.len() - left_out].iter().map(|&value| precision.round(value)));
            }
        }
        let splines = Value::Floats(Matrix::new(x.rows, width, data), precision);
        if self.sparse { to_sparse(&splines).map(Value::Sparse) } else { Ok(splines) }
    }

    fn describe(&self) -> String {
        format!("{} columns, {:?}", self.bases.len(), self.extrapolation)
    }
}
