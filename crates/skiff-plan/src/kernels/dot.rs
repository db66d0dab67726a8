//! Products of rows with the rows of a coefficient matrix.
//!
//! Every product is summed in the same order: eight partial sums over the features, added pairwise at the end, without
//! fused multiply-add. So a row's result does not depend on the other rows, nor on the width of the processor's
//! registers. (scikit-learn's BLAS differs between one row and a batch in the last bits.)

use super::arch::vectorized;
use crate::value::{Csr, Matrix, Precision};

/// How many partial sums there are: one AVX-512 register, two of AVX2, four of SSE2.
const LANES: usize = 8;

/// The product of `x` (n, k) with the transpose of `w` (m, k), row by row: n × m values.
pub(crate) fn matmul_transposed(x: &Matrix<'_, f64>, w: &Matrix<'_, f64>) -> Vec<f64> {
    let mut out = vec![0.0; x.rows * w.rows];
    if w.rows == 1 {
        // Few features and one output: as one expression.
        match x.cols {
            1 => return few::<1>(x, w, out),
            2 => return few::<2>(x, w, out),
            3 => return few::<3>(x, w, out),
            4 => return few::<4>(x, w, out),
            5 => return few::<5>(x, w, out),
            6 => return few::<6>(x, w, out),
            7 => return few::<7>(x, w, out),
            _ => {}
        }
    }
    if w.rows > 0 {
        vectorized!({
            for (x, out) in x.iter_rows().zip(out.chunks_exact_mut(w.rows)) {
                products(x, w, out);
            }
        });
    }
    out
}

/// [`matmul_transposed`] for one output and `K` features, fewer than there are partial sums.
fn few<const K: usize>(x: &Matrix<'_, f64>, w: &Matrix<'_, f64>, mut out: Vec<f64>) -> Vec<f64> {
    let ([w], _) = w.data.as_chunks::<K>() else { return out };
    for (x, out) in x.data.as_chunks::<K>().0.iter().zip(&mut out) {
        let mut sums = [0.0; LANES];
        for feature in 0..K {
            sums[feature] += x[feature] * w[feature];
        }
        *out = pairwise(sums);
    }
    out
}

/// As [`matmul_transposed`] for sparse rows; sums go over the stored elements in their order, as scipy's do, and each
/// product and each sum is rounded to `precision`.
pub(crate) fn sparse_matmul_transposed(x: &Csr<'_>, w: &Matrix<'_, f64>, precision: Precision) -> Vec<f64> {
    let mut out = vec![0.0; x.rows * w.rows];
    if w.rows == 0 {
        return out;
    }
    for (row, out) in out.chunks_exact_mut(w.rows).enumerate() {
        let (columns, values) = x.row(row);
        for (output, w) in out.iter_mut().zip(w.iter_rows()) {
            let products = columns.iter().zip(values).map(|(&column, value)| value * w[column as usize]);
            *output = match precision {
                Precision::Double => products.sum(),
                Precision::Single => products.fold(0.0, |sum, term| precision.round(sum + precision.round(term))),
            };
        }
    }
    out
}

/// Σ x·w in the order that the module's words describe.
pub(crate) fn dot(x: &[f64], w: &[f64]) -> f64 {
    vectorized!(lanes_dot(x, w))
}

/// One row of `x` with four rows of `w` at a time, so that each load of `x` serves four sums.
#[inline(always)]
fn products(x: &[f64], w: &Matrix<'_, f64>, out: &mut [f64]) {
    let k = x.len();
    let mut quads = out.chunks_exact_mut(4);
    let mut first = 0;
    for quad in &mut quads {
        let [a, b, c, d] = [0, 1, 2, 3].map(|row| w.row(first + row));
        quad.copy_from_slice(&four_dots(x, [&a[..k], &b[..k], &c[..k], &d[..k]]));
        first += 4;
    }
    for (row, value) in quads.into_remainder().iter_mut().enumerate() {
        *value = lanes_dot(x, w.row(first + row));
    }
}

#[inline(always)]
fn four_dots(x: &[f64], w: [&[f64]; 4]) -> [f64; 4] {
    let mut sums = [[0.0; LANES]; 4];
    let whole = x.len() / LANES * LANES;
    let mut at = 0;
    while at < whole {
        let x: &[f64; LANES] = x[at..at + LANES].try_into().expect("a slice of LANES elements");
        for (sums, w) in sums.iter_mut().zip(w) {
            let w: &[f64; LANES] = w[at..at + LANES].try_into().expect("a slice of LANES elements");
            for lane in 0..LANES {
                sums[lane] += x[lane] * w[lane];
            }
        }
        at += LANES;
    }
    let mut out = [0.0; 4];
    for ((out, sums), w) in out.iter_mut().zip(sums).zip(w) {
        *out = finish(sums, &x[whole..], &w[whole..]);
    }
    out
}

#[inline(always)]
fn lanes_dot(x: &[f64], w: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (x_lanes, x_rest) = x.as_chunks::<LANES>();
    let (w_lanes, w_rest) = w.as_chunks::<LANES>();
    for (x, w) in x_lanes.iter().zip(w_lanes) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * w[lane];
        }
    }
    finish(sums, x_rest, w_rest)
}

/// The partial sums and what was left over, added in one fixed order.
#[inline(always)]
fn finish(mut sums: [f64; LANES], x: &[f64], w: &[f64]) -> f64 {
    for ((sum, x), w) in sums.iter_mut().zip(x).zip(w) {
        *sum += x * w;
    }
    pairwise(sums)
}

#[inline(always)]
fn pairwise(sums: [f64; LANES]) -> f64 {
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_same_bits_alone_and_beside_others() {
        for (n, m, k) in [(1, 1, 0), (3, 1, 1), (3, 1, 5), (4, 1, 7), (5, 9, 7), (4, 4, 8), (3, 6, 133)] {
            let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 31.0 - 16.0;
            let x = Matrix::new(n, k, (0..n * k).map(number).collect::<Vec<_>>());
            let w = Matrix::new(m, k, (0..m * k).map(|at| number(at + 5)).collect::<Vec<_>>());
            let all = matmul_transposed(&x, &w);
            for row in 0..n {
                let alone = matmul_transposed(&Matrix::new(1, k, x.row(row)), &w);
                assert_eq!(alone, all[row * m..(row + 1) * m]);
                for (output, w) in w.iter_rows().enumerate() {
                    assert_eq!(dot(x.row(row), w).to_bits(), all[row * m + output].to_bits());
                }
            }
        }
    }
}
