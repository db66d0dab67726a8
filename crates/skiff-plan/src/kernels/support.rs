//! Kernel values between rows and support vectors, and their weighted sums in libsvm's order.
//!
//! Eight rows are processed together, one in each lane, so that every sum over features and over support vectors is computed
//! term by term, as in libsvm, and still fills the registers. Of a row alone, support vectors are side by side
//! ([`Panels::pairings`](super::panels::Panels::pairings)). Lanes are independent of each other: a row has the same bits
//! alone and in a batch.

use super::exp;
use crate::value::Matrix;

/// How many rows go side by side.
pub(crate) const LANES: usize = 8;

/// One number for each of the rows that go side by side.
pub(crate) type Lanes = [f64; LANES];

/// Products or squared distances of the rows `x` (feature by feature) with `vectors` from `first` on, one for each
/// element of `out`.
#[inline(always)]
pub(crate) fn pairings<const SQUARED_DISTANCE: bool>(
    x: &[Lanes],
    vectors: &Matrix<'_, f64>,
    first: usize,
    out: &mut [Lanes],
) {
    let mut at = first;
    let mut quads = out.chunks_exact_mut(4);
    for quad in &mut quads {
        let [a, b, c, d] = [0, 1, 2, 3].map(|vector| &vectors.row(at + vector)[..x.len()]);
        let mut sums = [[0.0; LANES]; 4];
        for (feature, x) in x.iter().enumerate() {
            for (sum, y) in sums.iter_mut().zip([a[feature], b[feature], c[feature], d[feature]]) {
                add_term::<SQUARED_DISTANCE>(sum, x, y);
            }
        }
        quad.copy_from_slice(&sums);
        at += 4;
    }
    for out in quads.into_remainder() {
        let mut sum = [0.0; LANES];
        for (x, &y) in x.iter().zip(vectors.row(at)) {
            add_term::<SQUARED_DISTANCE>(&mut sum, x, y);
        }
        *out = sum;
        at += 1;
    }
}

#[inline(always)]
fn add_term<const SQUARED_DISTANCE: bool>(sum: &mut Lanes, x: &Lanes, y: f64) {
    for lane in 0..LANES {
        if SQUARED_DISTANCE {
            let difference = x[lane] - y;
            sum[lane] += difference * difference;
        } else {
            sum[lane] += x[lane] * y;
        }
    }
}

/// `exp(-gamma · distance²)` of each element.
#[inline(always)]
pub(crate) fn radial(values: &mut [f64], gamma: f64) {
    for value in &mut *values {
        *value *= -gamma;
    }
    exp::exp_in_place(values);
}

/// Adds each kernel value, times the coefficients of its support vector, to as many sums: `sums[places[r]] +=
/// coefficients[vector][r] · values[vector]`, one support vector after the other, for `N` rows side by side.
#[inline(always)]
pub(crate) fn accumulate<const N: usize>(
    values: &[[f64; N]],
    coefficients: &[f64],
    places: &[usize],
    sums: &mut [[f64; N]],
) {
    if let &[place] = places {
        let mut sum = sums[place];
        for (value, &coefficient) in values.iter().zip(coefficients) {
            for lane in 0..N {
                sum[lane] += coefficient * value[lane];
            }
        }
        sums[place] = sum;
        return;
    }
    for (value, coefficients) in values.iter().zip(coefficients.chunks_exact(places.len().max(1))) {
        for (&place, &coefficient) in places.iter().zip(coefficients) {
            let sum = &mut sums[place];
            for lane in 0..N {
                sum[lane] += coefficient * value[lane];
            }
        }
    }
}
