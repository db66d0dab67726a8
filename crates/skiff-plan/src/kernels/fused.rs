//! Products of matrices summed as BLAS sums an element of them: feature by feature, with fused multiply-adds. Where two
//! classes have the same score but for the last bits, these decide which of them is the label.
//!
//! Eight rows are processed together, one in each lane, so that every sum is computed term by term and still fills the
//! registers: a row has the same bits alone and in a batch.

use crate::value::{Matrix, Precision};

/// How many rows go side by side.
const LANES: usize = 8;

/// How many sums of a row are under way at a time, to hide the latency of each.
const SUMS: usize = 4;

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
    let row = |at: usize| &x[at * width..(at + 1) * width];
    let arch = pulp::Arch::new();
    let mut first = 0;
    let mut lanes = vec![[T::default(); LANES]; width];
    while first < rows {
        let out = &mut out[first * outputs..];
        if rows - first < LANES / 2 {
            let alone: Vec<[T; 1]> = row(first).iter().map(|&value| [value]).collect();
            // Without inlining down to `mul_add` there would be a call of `fma` for each product.
            arch.dispatch(
                #[inline(always)]
                || block(&alone, w, 1, out),
            );
            first += 1;
            continue;
        }
        let count = LANES.min(rows - first);
        for lane in 0..count {
            for (feature, &value) in lanes.iter_mut().zip(row(first + lane)) {
                feature[lane] = value;
            }
        }
        arch.dispatch(
            #[inline(always)]
            || block(&lanes, w, count, out),
        );
        first += count;
    }
    out
}

/// All products of the `rows` rows in the lanes of `x`.
#[inline(always)]
fn block<T: Float, const N: usize>(x: &[[T; N]], w: &[T], rows: usize, out: &mut [T]) {
    let outputs = w.len() / x.len();
    for start in (0..outputs).step_by(SUMS) {
        let count = SUMS.min(outputs - start);
        // Past the last output the last one is computed again.
        let w_rows: [&[T]; SUMS] = std::array::from_fn(|at| {
            let row = start + at.min(count - 1);
            &w[row * x.len()..(row + 1) * x.len()]
        });
        let mut sums = [[T::default(); N]; SUMS];
        for (feature, x) in x.iter().enumerate() {
            for (sum, w) in sums.iter_mut().zip(w_rows) {
                for lane in 0..N {
                    sum[lane] = x[lane].fused(w[feature], sum[lane]);
                }
            }
        }
        for lane in 0..rows {
            let out = &mut out[lane * outputs + start..][..count];
            for (out, sum) in out.iter_mut().zip(&sums) {
                *out = sum[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_is_summed_in_order_with_one_rounding_each() {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 31.0 - 16.0;
        for (n, m, k) in [(1, 1, 0), (3, 2, 1), (5, 9, 7), (8, 4, 8), (13, 6, 133), (21, 3, 2)] {
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
