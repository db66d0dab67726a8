//! Kernel values between rows and support vectors, and their weighted sums in libsvm's order.
//!
//! Eight rows are processed together, one in each lane. Every sum over features and over support vectors is computed term by
//! term, as in libsvm. Squared distances take fused multiply-adds: what they round less, an exponential of them cannot show.
//! Products, which may cancel, are rounded before they are added.
//! Of a row alone, support vectors are side by side ([`Panels::pairings`](super::panels::Panels::pairings)). Lanes are
//! independent of each other: a row has the same bits alone and in a batch.

use pulp::{Simd, WithSimd};

use super::arch::arch;
use super::exp;
use super::panels::{self, Panels};
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
    for (at, out) in out.iter_mut().enumerate() {
        *out = [0.0; LANES];
        for (x, &y) in x.iter().zip(vectors.row(first + at)) {
            for lane in 0..LANES {
                out[lane] = match SQUARED_DISTANCE {
                    true => (x[lane] - y).mul_add(x[lane] - y, out[lane]),
                    false => out[lane] + x[lane] * y,
                };
            }
        }
    }
}

/// The same of support vectors that go side by side: from group `first` on, as many groups as `out` has places for.
pub(crate) fn pairings_of_rows<const SQUARED_DISTANCE: bool>(
    x: &[Lanes],
    vectors: &Panels,
    first: usize,
    out: &mut [Lanes],
) {
    let (out, _) = out.as_chunks_mut();
    arch().dispatch(OfRows::<SQUARED_DISTANCE> { x, vectors: vectors.groups_from(first), out });
}

/// The same of one row.
pub(crate) fn pairings_of_row<const SQUARED_DISTANCE: bool>(
    x: &[f64],
    vectors: &Panels,
    first: usize,
    out: &mut [[f64; panels::LANES]],
) {
    arch().dispatch(OfRow::<SQUARED_DISTANCE> { x, vectors: vectors.groups_from(first), out });
}

/// The rows in the lanes of registers, each number of a support vector in all lanes.
struct OfRows<'a, const SQUARED_DISTANCE: bool> {
    x: &'a [Lanes],
    vectors: &'a [[f64; panels::LANES]],
    out: &'a mut [[Lanes; panels::LANES]],
}

impl<const SQUARED_DISTANCE: bool> WithSimd for OfRows<'_, SQUARED_DISTANCE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums at a time as hide the latency of each and stay in registers.
        match S::F64_LANES {
            8 => self.by::<S, 1, 8>(simd),
            4 => self.by::<S, 2, 4>(simd),
            2 => self.by::<S, 4, 2>(simd),
            _ => self.by::<S, 8, 1>(simd),
        }
    }
}

impl<const SQUARED_DISTANCE: bool> OfRows<'_, SQUARED_DISTANCE> {
    /// With `C` registers for the rows, `N` support vectors at a time.
    #[inline(always)]
    fn by<S: Simd, const C: usize, const N: usize>(self, simd: S) {
        let Self { x, vectors, out } = self;
        let (x, _) = S::as_simd_f64s(x.as_flattened()).0.as_chunks::<C>();
        if x.is_empty() {
            return out.fill([[0.0; LANES]; panels::LANES]);
        }
        for (group, out) in vectors.chunks_exact(x.len()).zip(out) {
            for (part, out) in out.as_chunks_mut::<N>().0.iter_mut().enumerate() {
                let mut sums = [[simd.splat_f64s(0.0); C]; N];
                for (x, vectors) in x.iter().zip(group) {
                    let vectors = &vectors.as_chunks::<N>().0[part];
                    for vector in 0..N {
                        let y = simd.splat_f64s(vectors[vector]);
                        for at in 0..C {
                            sums[vector][at] = add_term::<S, SQUARED_DISTANCE>(simd, x[at], y, sums[vector][at]);
                        }
                    }
                }
                for (sums, out) in sums.iter().zip(out) {
                    S::as_mut_simd_f64s(out).0.copy_from_slice(sums);
                }
            }
        }
    }
}

/// Support vectors in the lanes of registers, each number of the row in all lanes.
struct OfRow<'a, const SQUARED_DISTANCE: bool> {
    x: &'a [f64],
    vectors: &'a [[f64; panels::LANES]],
    out: &'a mut [[f64; panels::LANES]],
}

impl<const SQUARED_DISTANCE: bool> WithSimd for OfRow<'_, SQUARED_DISTANCE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.by::<S, 2, 4>(simd),
            4 => self.by::<S, 4, 2>(simd),
            2 => self.by::<S, 8, 1>(simd),
            _ => self.by::<S, 16, 1>(simd),
        }
    }
}

impl<const SQUARED_DISTANCE: bool> OfRow<'_, SQUARED_DISTANCE> {
    /// With `C` registers for a group, `N` groups at a time.
    #[inline(always)]
    fn by<S: Simd, const C: usize, const N: usize>(self, simd: S) {
        let Self { x, vectors, out } = self;
        if x.is_empty() {
            return out.fill([0.0; panels::LANES]);
        }
        let several = x.len() * N;
        let (mut whole, mut places) = (vectors.chunks_exact(several), out.chunks_exact_mut(N));
        for (groups, out) in (&mut whole).zip(&mut places) {
            groups_with::<S, SQUARED_DISTANCE, C, N>(simd, x, groups, out);
        }
        let done = vectors.len() / several * N;
        let done = done.min(out.len() / N * N);
        for (group, out) in vectors[done * x.len()..].chunks_exact(x.len()).zip(&mut out[done..]) {
            groups_with::<S, SQUARED_DISTANCE, C, 1>(simd, x, group, std::slice::from_mut(out));
        }
    }
}

/// `N` groups of support vectors with a row.
#[inline(always)]
fn groups_with<S: Simd, const SQUARED_DISTANCE: bool, const C: usize, const N: usize>(
    simd: S,
    x: &[f64],
    groups: &[[f64; panels::LANES]],
    out: &mut [[f64; panels::LANES]],
) {
    // Each as long as the row, so that nothing is checked within the loop.
    let groups: [&[[S::f64s; C]]; N] = std::array::from_fn(|group| {
        let group = &groups[group * x.len()..][..x.len()];
        &S::as_simd_f64s(group.as_flattened()).0.as_chunks::<C>().0[..x.len()]
    });
    let mut sums = [[simd.splat_f64s(0.0); C]; N];
    for (feature, &x) in x.iter().enumerate() {
        let x = simd.splat_f64s(x);
        for group in 0..N {
            for at in 0..C {
                let y = groups[group][feature][at];
                sums[group][at] = add_term::<S, SQUARED_DISTANCE>(simd, x, y, sums[group][at]);
            }
        }
    }
    for (sums, out) in sums.iter().zip(out) {
        S::as_mut_simd_f64s(out).0.copy_from_slice(sums);
    }
}

#[inline(always)]
fn add_term<S: Simd, const SQUARED_DISTANCE: bool>(simd: S, x: S::f64s, y: S::f64s, sum: S::f64s) -> S::f64s {
    if SQUARED_DISTANCE {
        let difference = simd.sub_f64s(x, y);
        simd.mul_add_f64s(difference, difference, sum)
    } else {
        simd.add_f64s(sum, simd.mul_f64s(x, y))
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
    let width = places.len().max(1);
    for (at, places) in places.chunks(TOGETHER).enumerate() {
        let first = at * TOGETHER;
        match *places {
            [a] => accumulate_some(values, coefficients, width, first, [a], sums),
            [a, b] => accumulate_some(values, coefficients, width, first, [a, b], sums),
            [a, b, c] => accumulate_some(values, coefficients, width, first, [a, b, c], sums),
            [a, b, c, d] => accumulate_some(values, coefficients, width, first, [a, b, c, d], sums),
            _ => {}
        }
    }
}

/// How many sums stay in registers while all support vectors are added.
const TOGETHER: usize = 4;

/// The same for the coefficients from `first` on of the `width` that each support vector has.
#[inline(always)]
fn accumulate_some<const N: usize, const P: usize>(
    values: &[[f64; N]],
    coefficients: &[f64],
    width: usize,
    first: usize,
    places: [usize; P],
    sums: &mut [[f64; N]],
) {
    let mut own = places.map(|place| sums[place]);
    for (value, coefficients) in values.iter().zip(coefficients.chunks_exact(width)) {
        for (sum, coefficient) in own.iter_mut().zip(&coefficients[first..first + P]) {
            for lane in 0..N {
                sum[lane] += coefficient * value[lane];
            }
        }
    }
    for (place, sum) in places.into_iter().zip(own) {
        sums[place] = sum;
    }
}
