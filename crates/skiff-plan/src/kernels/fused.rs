//! Products of matrices summed as BLAS sums an element of them: feature by feature, with fused multiply-adds. Where two
//! classes have the same score but for the last bits, these decide which of them is the label.
//!
//! Each element is one chain of multiply-adds in the order of the features, whatever is computed next to it: in a batch
//! some outputs of some rows, which share what they load; for a row alone, its outputs. Where a chain is interrupted, its
//! sum is stored in its own precision, which loses nothing. So a row has the same bits alone and in a batch, and on any
//! width of registers.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use pulp::{Simd, WithSimd};

use super::arch::{arch, vectorized};
use crate::value::{Matrix, Precision};

/// From how many rows on coefficients that are not kept are arranged: that takes as long as some rows.
const ENOUGH_ROWS: usize = 4;

/// How many outputs a row alone sums at a time if the coefficients are not arranged, to hide the latency of each sum.
const SUMS: usize = 12;

/// How many features' coefficients go together: with those of as many outputs as go together at most 128 KiB, which stay
/// in the second-level cache while all rows pass. There they come from as quickly as rows multiply them, and storing and
/// loading the sums between smaller parts takes longer.
const FEATURES: usize = 1024;

/// The most lanes of two registers: `float32` of AVX-512.
const MOST_LANES: usize = 32;

/// The most coefficients that are kept arranged.
const MOST_KEPT: usize = 1 << 17;

/// The product of `x` (n, k) with the transpose of `w` (m, k), row by row: n × m values. Two matrices of `float32` are
/// multiplied in `float32`. `arranged` belongs to `w`.
pub(crate) fn matmul_transposed(
    x: &Matrix<'_, f64>,
    w: &Matrix<'_, f64>,
    arranged: Option<&Arranged>,
    precision: Precision,
) -> Vec<f64> {
    if x.cols == 0 || w.rows == 0 {
        return vec![0.0; x.rows * w.rows];
    }
    match precision {
        Precision::Double => product(x, w, arranged),
        Precision::Single => product::<f32>(x, w, arranged).into_iter().map(f64::from).collect(),
    }
}

/// The coefficients of some outputs next to each other, feature by feature. They are kept if they are few: then one row is
/// computed as quickly as each of many. Made when they are first needed.
#[derive(Debug, Default)]
pub(crate) struct Arranged {
    double: OnceLock<Vec<f64>>,
    single: OnceLock<Vec<f32>>,
}

/// `float32` or `float64`.
trait Float: Copy + Default + 'static {
    /// A register of them.
    type Register<S: Simd>: Copy;

    /// How many it holds.
    fn lanes<S: Simd>() -> usize;

    /// The same number in each lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;

    /// `a * b + c` in each lane, rounded once.
    fn fused<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>) -> Self::Register<S>;

    /// Numbers as registers; those that do not fill the last one are left out.
    fn registers<S: Simd>(values: &[Self]) -> &[Self::Register<S>];

    /// The same, to be written.
    fn registers_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Register<S>];

    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// Numbers that this type can hold.
    fn numbers(values: &[f64]) -> Cow<'_, [Self]>;

    /// Where coefficients of this type are kept.
    fn kept(arranged: &Arranged) -> &OnceLock<Vec<Self>>;
}

impl Float for f64 {
    type Register<S: Simd> = S::f64s;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F64_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f64s {
        simd.splat_f64s(value)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_f64s(a, b, c)
    }

    #[inline(always)]
    fn registers<S: Simd>(values: &[Self]) -> &[S::f64s] {
        S::as_simd_f64s(values).0
    }

    #[inline(always)]
    fn registers_mut<S: Simd>(values: &mut [Self]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(values).0
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self.mul_add(a, b)
    }

    fn numbers(values: &[f64]) -> Cow<'_, [Self]> {
        Cow::Borrowed(values)
    }

    fn kept(arranged: &Arranged) -> &OnceLock<Vec<Self>> {
        &arranged.double
    }
}

impl Float for f32 {
    type Register<S: Simd> = S::f32s;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F32_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f32s {
        simd.splat_f32s(value)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_f32s(a, b, c)
    }

    #[inline(always)]
    fn registers<S: Simd>(values: &[Self]) -> &[S::f32s] {
        S::as_simd_f32s(values).0
    }

    #[inline(always)]
    fn registers_mut<S: Simd>(values: &mut [Self]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(values).0
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self.mul_add(a, b)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a `float32` block holds only what a `float32` can hold")]
    fn numbers(values: &[f64]) -> Cow<'_, [Self]> {
        values.iter().map(|&value| value as f32).collect()
    }

    fn kept(arranged: &Arranged) -> &OnceLock<Vec<Self>> {
        &arranged.single
    }
}

/// Where a group of outputs has its coefficients.
#[derive(Clone, Copy)]
enum Coefficients<'c, T> {
    /// Feature by feature, only those of the group.
    Arranged(&'c [T]),
    /// Output by output, those of all outputs.
    Rows(&'c [T]),
}

fn product<T: Float>(x: &Matrix<'_, f64>, w: &Matrix<'_, f64>, arranged: Option<&Arranged>) -> Vec<T> {
    let (rows, width, outputs) = (x.rows, x.cols, w.rows);
    let x = T::numbers(&x.data);
    let mut out = vec![T::default(); rows * outputs];
    let kept = arranged.filter(|_| w.data.len() <= MOST_KEPT);
    let kept = kept.map(|arranged| T::kept(arranged).get_or_init(|| arrange(&T::numbers(&w.data), width, outputs)));
    let w = if kept.is_some() { Cow::default() } else { T::numbers(&w.data) };
    if kept.is_none() && rows < ENOUGH_ROWS {
        vectorized!({
            for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(outputs)) {
                alone(x, &w, out);
            }
        });
        return out;
    }
    // Groups of one or two registers.
    let lanes = arch().dispatch(Lanes::<T>::default());
    let (mut first, mut place) = (0, 0);
    while first < outputs {
        let registers = registers_of(outputs - first, lanes);
        let group = registers * lanes;
        let w = match kept {
            Some(kept) => Coefficients::Arranged(&kept[place * width..(place + group) * width]),
            None => Coefficients::Rows(&w),
        };
        let (x, out) = (&x, &mut out);
        match registers {
            1 => arch().dispatch(Strip::<T, 1> { width, x, w, start: first, outputs, out }),
            _ => arch().dispatch(Strip::<T, 2> { width, x, w, start: first, outputs, out }),
        }
        first += group;
        place += group;
    }
    out
}

/// How many registers go together for so many outputs that are left.
fn registers_of(left: usize, lanes: usize) -> usize {
    if left <= lanes { 1 } else { 2 }
}

/// How many numbers a register holds.
#[derive(Default)]
struct Lanes<T>(std::marker::PhantomData<T>);

impl<T: Float> WithSimd for Lanes<T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        T::lanes::<S>()
    }
}

/// The coefficients group by group, feature by feature; zeros past the last output.
fn arrange<T: Float>(w: &[T], width: usize, outputs: usize) -> Vec<T> {
    let lanes = arch().dispatch(Lanes::<T>::default());
    let (mut all, mut first) = (Vec::new(), 0);
    while first < outputs {
        let group = registers_of(outputs - first, lanes) * lanes;
        let of = |feature: usize, output: usize| w.get(output * width + feature).copied().unwrap_or_default();
        all.extend((0..width).flat_map(|feature| (first..first + group).map(move |output| of(feature, output))));
        first += group;
    }
    all
}

/// All outputs of one row.
#[inline(always)]
fn alone<T: Float>(x: &[T], w: &[T], out: &mut [T]) {
    let last = out.len() - 1;
    for (group, out) in out.chunks_mut(SUMS).enumerate() {
        // Past the last output the last one is computed again.
        let w_rows: [&[T]; SUMS] = std::array::from_fn(|at| {
            let row = last.min(group * SUMS + at);
            &w[row * x.len()..][..x.len()]
        });
        let mut sums = [T::default(); SUMS];
        for (feature, x) in x.iter().enumerate() {
            for (sum, w) in sums.iter_mut().zip(w_rows) {
                *sum = x.mul_add(w[feature], *sum);
            }
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}

/// The outputs from `start` on, `C` registers of them or what there is, of all rows.
struct Strip<'s, T, const C: usize> {
    width: usize,
    x: &'s [T],
    w: Coefficients<'s, T>,
    start: usize,
    outputs: usize,
    out: &'s mut [T],
}

impl<T: Float, const C: usize> WithSimd for Strip<'_, T, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many rows share each load of the coefficients as registers can hold the sums of.
        if S::REGISTER_COUNT >= 32 { self.rows::<S, 8>(simd) } else { self.rows::<S, 4>(simd) }
    }
}

impl<T: Float, const C: usize> Strip<'_, T, C> {
    /// `R` rows at a time.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(self, simd: S) {
        let Self { width, x, w, start, outputs, out } = self;
        let group = C * T::lanes::<S>();
        let count = group.min(outputs - start);
        // Feature by feature the coefficients of each output; zeros past the last one.
        let mut arranged = match w {
            Coefficients::Arranged(_) => Vec::new(),
            Coefficients::Rows(_) => vec![T::default(); FEATURES * group],
        };
        for first in (0..width).step_by(FEATURES) {
            let features = first..width.min(first + FEATURES);
            let panel = match w {
                Coefficients::Arranged(all) => &all[features.start * group..features.end * group],
                Coefficients::Rows(w) => {
                    for lane in 0..count {
                        let w = &w[(start + lane) * width..][features.clone()];
                        for (panel, w) in arranged.chunks_exact_mut(group).zip(w) {
                            panel[lane] = *w;
                        }
                    }
                    &arranged[..features.len() * group]
                }
            };
            let panel = T::registers::<S>(panel);
            let mut groups = x.chunks_exact(R * width);
            let mut out_groups = out.chunks_exact_mut(R * outputs);
            for (x, out) in (&mut groups).zip(&mut out_groups) {
                block::<T, S, C, R>(simd, x, width, features.clone(), panel, out, start..start + count);
            }
            let rest = out_groups.into_remainder();
            for (x, out) in groups.remainder().chunks_exact(width).zip(rest.chunks_exact_mut(outputs)) {
                block::<T, S, C, 1>(simd, x, width, features.clone(), panel, out, start..start + count);
            }
        }
    }
}

/// Adds the products of some features to the outputs `range` of `R` rows.
#[inline(always)]
fn block<T: Float, S: Simd, const C: usize, const R: usize>(
    simd: S,
    x: &[T],
    width: usize,
    features: Range<usize>,
    panel: &[T::Register<S>],
    out: &mut [T],
    range: Range<usize>,
) {
    let outputs = out.len() / R;
    let rows: [&[T]; R] = std::array::from_fn(|row| &x[row * width..][features.clone()]);
    let mut sums = [[T::splat(simd, T::default()); C]; R];
    let mut numbers = [T::default(); MOST_LANES];
    let is_whole = range.len() == C * T::lanes::<S>();
    if features.start > 0 {
        for (sums, out) in sums.iter_mut().zip(out.chunks_exact(outputs)) {
            numbers[..range.len()].copy_from_slice(&out[range.clone()]);
            sums.copy_from_slice(&T::registers::<S>(&numbers)[..C]);
        }
    }
    // As long as the rows, so that nothing is checked within the loop.
    let panel = &panel.as_chunks::<C>().0[..features.len()];
    for (feature, w) in panel.iter().enumerate() {
        for row in 0..R {
            let x = T::splat(simd, rows[row][feature]);
            for at in 0..C {
                sums[row][at] = T::fused(simd, x, w[at], sums[row][at]);
            }
        }
    }
    for (sums, out) in sums.iter().zip(out.chunks_exact_mut(outputs)) {
        let out = &mut out[range.clone()];
        if is_whole {
            T::registers_mut::<S>(out)[..C].copy_from_slice(sums);
        } else {
            T::registers_mut::<S>(&mut numbers)[..C].copy_from_slice(sums);
            out.copy_from_slice(&numbers[..out.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_is_summed_in_order_with_one_rounding_each() {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 31.0 - 16.0;
        for (n, m, k) in [
            (1, 1, 0),
            (3, 2, 1),
            (5, 9, 7),
            (8, 4, 8),
            (13, 6, 133),
            (21, 3, 2),
            (6, 29, 5),
            (7, 13, 600),
            (9, 18, 1030),
            (5, 53, 131),
        ] {
            let x = Matrix::new(n, k, (0..n * k).map(number).collect::<Vec<_>>());
            let w = Matrix::new(m, k, (0..m * k).map(|at| number(at + 5)).collect::<Vec<_>>());
            let expected: Vec<f64> = x
                .iter_rows()
                .flat_map(|x| w.iter_rows().map(move |w| x.iter().zip(w).fold(0.0, |sum, (x, w)| x.mul_add(*w, sum))))
                .collect();
            let kept = Arranged::default();
            for arranged in [None, Some(&kept)] {
                assert_eq!(matmul_transposed(&x, &w, arranged, Precision::Double), expected);
                for row in 0..n {
                    let alone = matmul_transposed(&Matrix::new(1, k, x.row(row)), &w, arranged, Precision::Double);
                    assert_eq!(alone, expected[row * m..(row + 1) * m]);
                }
            }
            let narrow = |matrix: &Matrix<'_, f64>| matrix.map(|&value| Precision::Single.round(value));
            let (x, w) = (narrow(&x), narrow(&w));
            let expected = x.iter_rows().flat_map(|x| {
                w.iter_rows().map(|w| {
                    let pairs = x.iter().zip(w).map(|(&x, &w)| (x as f32, w as f32));
                    f64::from(pairs.fold(0.0, |sum: f32, (x, w)| x.mul_add(w, sum)))
                })
            });
            let expected = expected.collect::<Vec<_>>();
            for arranged in [None, Some(&kept)] {
                assert_eq!(matmul_transposed(&x, &w, arranged, Precision::Single), expected);
            }
        }
    }
}
