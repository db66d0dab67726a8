//! Products of matrices summed as BLAS sums an element of them: feature by feature, with fused multiply-adds. Where two
//! classes have the same score but for the last bits, these decide which of them is the label.
//!
//! Each element is one chain of multiply-adds in the order of the features, whatever is computed next to it: in a batch
//! some outputs of some rows, which share what they load; for a row alone, its outputs. Where a chain is interrupted, its
//! sum is stored in its own precision, which loses nothing. So a row has the same bits alone and in a batch, and on any
//! width of registers.

use std::ops::Range;

use super::arch::vectorized;
use crate::value::{Matrix, Precision};

/// How many rows share each load of the coefficients.
const ROWS: usize = 4;

/// How many outputs a row alone sums at a time, to hide the latency of each sum.
const SUMS: usize = 12;

/// How many features' coefficients are arranged at a time: with those of as many outputs as go together, 24 KiB, which
/// stay in the first-level cache while all rows pass.
const FEATURES: usize = 256;

/// The product of `x` (n, k) with the transpose of `w` (m, k), row by row: n × m values. Two matrices of `float32` are
/// multiplied in `float32`.
pub(crate) fn matmul_transposed(x: &Matrix<'_, f64>, w: &Matrix<'_, f64>, precision: Precision) -> Vec<f64> {
    if x.cols == 0 || w.rows == 0 {
        return vec![0.0; x.rows * w.rows];
    }
    match precision {
        Precision::Double => product(x.rows, x.cols, &x.data, &w.data),
        Precision::Single => {
            let out = product(x.rows, x.cols, &narrow(&x.data), &narrow(&w.data));
            out.into_iter().map(f64::from).collect()
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a `float32` block holds only what a `float32` can hold")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// `float32` or `float64`.
trait Float: Copy + Default {
    /// `self * a + b`, rounded once.
    fn fused(self, a: Self, b: Self) -> Self;
}

impl Float for f64 {
    #[inline(always)]
    fn fused(self, a: Self, b: Self) -> Self {
        self.mul_add(a, b)
    }
}

impl Float for f32 {
    #[inline(always)]
    fn fused(self, a: Self, b: Self) -> Self {
        self.mul_add(a, b)
    }
}

fn product<T: Float>(rows: usize, width: usize, x: &[T], w: &[T]) -> Vec<T> {
    let outputs = w.len() / width;
    let mut out = vec![T::default(); rows * outputs];
    vectorized!({
        // Arranging the coefficients takes as long as some rows.
        if rows < ROWS {
            for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(outputs)) {
                alone(x, w, out);
            }
        } else {
            let mut first = 0;
            while first < outputs {
                // One, two or three registers of AVX2.
                first += match (size_of::<T>(), outputs - first) {
                    (8, ..=4) => strip::<T, 4>(width, x, w, first, outputs, &mut out),
                    (8, ..=8) => strip::<T, 8>(width, x, w, first, outputs, &mut out),
                    (8, _) => strip::<T, 12>(width, x, w, first, outputs, &mut out),
                    (_, ..=8) => strip::<T, 8>(width, x, w, first, outputs, &mut out),
                    (_, ..=16) => strip::<T, 16>(width, x, w, first, outputs, &mut out),
                    _ => strip::<T, 24>(width, x, w, first, outputs, &mut out),
                };
            }
        }
    });
    out
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
                *sum = x.fused(w[feature], *sum);
            }
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}

/// The outputs from `start` on, `N` of them or what there is, of all rows; returns how many.
#[inline(always)]
fn strip<T: Float, const N: usize>(
    width: usize,
    x: &[T],
    w: &[T],
    start: usize,
    outputs: usize,
    out: &mut [T],
) -> usize {
    let count = N.min(outputs - start);
    // Feature by feature the coefficients of each output; zeros past the last one.
    let mut panel = [[T::default(); N]; FEATURES];
    for first in (0..width).step_by(FEATURES) {
        let features = first..width.min(first + FEATURES);
        for lane in 0..count {
            let w = &w[(start + lane) * width..][features.clone()];
            for (panel, w) in panel.iter_mut().zip(w) {
                panel[lane] = *w;
            }
        }
        let panel = &panel[..features.len()];
        let mut groups = x.chunks_exact(ROWS * width);
        let mut out_groups = out.chunks_exact_mut(ROWS * outputs);
        for (x, out) in (&mut groups).zip(&mut out_groups) {
            block::<T, N, ROWS>(x, width, features.clone(), panel, out, start, count);
        }
        let rest = out_groups.into_remainder();
        for (x, out) in groups.remainder().chunks_exact(width).zip(rest.chunks_exact_mut(outputs)) {
            block::<T, N, 1>(x, width, features.clone(), panel, out, start, count);
        }
    }
    count
}

/// Adds the products of some features to the outputs from `start` on of `R` rows.
#[inline(always)]
fn block<T: Float, const N: usize, const R: usize>(
    x: &[T],
    width: usize,
    features: Range<usize>,
    panel: &[[T; N]],
    out: &mut [T],
    start: usize,
    count: usize,
) {
    let outputs = out.len() / R;
    let rows: [&[T]; R] = std::array::from_fn(|row| &x[row * width..][features.clone()][..panel.len()]);
    let mut sums = [[T::default(); N]; R];
    for (row, sums) in sums.iter_mut().enumerate() {
        sums[..count].copy_from_slice(&out[row * outputs + start..][..count]);
    }
    for (feature, w) in panel.iter().enumerate() {
        for (sums, x) in sums.iter_mut().zip(rows) {
            let x = x[feature];
            for lane in 0..N {
                sums[lane] = x.fused(w[lane], sums[lane]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        out[row * outputs + start..][..count].copy_from_slice(&sums[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_is_summed_in_order_with_one_rounding_each() {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 31.0 - 16.0;
        for (n, m, k) in
            [(1, 1, 0), (3, 2, 1), (5, 9, 7), (8, 4, 8), (13, 6, 133), (21, 3, 2), (6, 29, 5), (7, 13, 600)]
        {
            let x = Matrix::new(n, k, (0..n * k).map(number).collect::<Vec<_>>());
            let w = Matrix::new(m, k, (0..m * k).map(|at| number(at + 5)).collect::<Vec<_>>());
            let expected: Vec<f64> = x
                .iter_rows()
                .flat_map(|x| w.iter_rows().map(move |w| x.iter().zip(w).fold(0.0, |sum, (x, w)| x.mul_add(*w, sum))))
                .collect();
            assert_eq!(matmul_transposed(&x, &w, Precision::Double), expected);
            for row in 0..n {
                let alone = matmul_transposed(&Matrix::new(1, k, x.row(row)), &w, Precision::Double);
                assert_eq!(alone, expected[row * m..(row + 1) * m]);
            }
            let narrow = |matrix: &Matrix<'_, f64>| matrix.map(|&value| Precision::Single.round(value));
            let (x, w) = (narrow(&x), narrow(&w));
            let expected = x.iter_rows().flat_map(|x| {
                w.iter_rows().map(|w| {
                    let pairs = x.iter().zip(w).map(|(&x, &w)| (x as f32, w as f32));
                    f64::from(pairs.fold(0.0, |sum: f32, (x, w)| x.mul_add(w, sum)))
                })
            });
            assert_eq!(matmul_transposed(&x, &w, Precision::Single), expected.collect::<Vec<_>>());
        }
    }
}
