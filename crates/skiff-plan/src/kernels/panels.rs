//! Products of a row with many others, each summed as BLAS sums an element of a product of matrices: feature by feature,
//! with fused multiply-adds. If distances are computed from such products, their last bits decide which of two centers or
//! neighbours is nearer.

use std::ops::Range;

use super::arch::vectorized;
use crate::value::Matrix;

/// The number of interleaved rows: four registers of AVX2, enough sums to hide the latency of one.
pub(crate) const LANES: usize = 16;

/// Rows in groups with interleaved features, so that each sum is a lane. The order of no sum depends on
/// the width of the processor's registers; a processor without fused multiply-add computes the same, slowly.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// Group by group, feature by feature; the last group is filled up with zeros.
    lanes: Vec<[f64; LANES]>,
}

impl Panels {
    pub(crate) fn new(matrix: &Matrix<'_, f64>) -> Self {
        let Matrix { rows, cols, .. } = *matrix;
        let mut lanes = vec![[0.0; LANES]; rows.div_ceil(LANES) * cols];
        for (at, row) in matrix.iter_rows().enumerate() {
            for (lanes, value) in lanes[at / LANES * cols..].iter_mut().zip(row) {
                lanes[at % LANES] = *value;
            }
        }
        Self { rows, cols, lanes }
    }

    /// Calls `visit(first, products)` for each of some groups of rows: the number of its first row, and the products of each
    /// of `xs` with its rows and with the zeros that fill it up. The products have the same bits as those of
    /// [`Self::products`].
    #[inline(always)]
    pub(super) fn each_group<const R: usize>(
        &self,
        groups: Range<usize>,
        xs: [&[f64]; R],
        mut visit: impl FnMut(usize, &[[f64; LANES]; R]),
    ) {
        let lanes = &self.lanes[groups.start * self.cols..groups.end * self.cols];
        for (group, lanes) in groups.zip(lanes.chunks_exact(self.cols.max(1))) {
            visit(group * LANES, &sums(lanes, xs));
        }
    }

    /// How many groups there are.
    pub(super) fn count(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// The groups of rows, each feature by feature.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[[f64; LANES]]> {
        self.lanes.chunks_exact(self.cols.max(1))
    }

    /// The rows again.
    pub(crate) fn to_matrix(&self) -> Matrix<'static, f64> {
        let (rows, cols) = (self.rows, self.cols);
        let places = (0..rows).flat_map(|row| (0..cols).map(move |col| (row / LANES * cols + col, row % LANES)));
        Matrix::new(rows, cols, places.map(|(place, lane)| self.lanes[place][lane]).collect::<Vec<_>>())
    }

    /// The products of `x` with every row, into `out`.
    pub(crate) fn products(&self, x: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.resize(self.rows.div_ceil(LANES) * LANES, 0.0);
        let (out_groups, _) = out.as_chunks_mut::<LANES>();
        vectorized!({
            self.each_group(
                0..self.count(),
                [x],
                #[inline(always)]
                |first, [products]| out_groups[first / LANES] = *products,
            );
        });
        out.truncate(self.rows);
    }

    /// The groups from `first` on, one after the other: feature by feature, as many as there are columns.
    pub(super) fn groups_from(&self, first: usize) -> &[[f64; LANES]] {
        &self.lanes[first * self.cols..]
    }

    /// The products of `x` with the rows from group `first` on, or its squared distances from them, into `out`: one
    /// product and one sum after the other, without fused multiply-adds.
    #[inline(always)]
    pub(crate) fn pairings<const SQUARED_DISTANCE: bool>(&self, x: &[f64], first: usize, out: &mut [[f64; LANES]]) {
        if self.cols == 0 {
            return out.fill([0.0; LANES]);
        }
        let groups = self.lanes[first * self.cols..].chunks_exact(self.cols.max(1));
        for (group, out) in groups.zip(out) {
            let mut sums = [0.0; LANES];
            for (lanes, x) in group.iter().zip(x) {
                for lane in 0..LANES {
                    sums[lane] += match SQUARED_DISTANCE {
                        true => (x - lanes[lane]) * (x - lanes[lane]),
                        false => x * lanes[lane],
                    };
                }
            }
            *out = sums;
        }
    }

    /// The same of a row of a sparse matrix, here with its zeros: scipy multiplies and adds one after the other, without
    /// fused multiply-adds.
    pub(crate) fn products_of_sparse(&self, x: &[f64], out: &mut Vec<f64>) {
        out.clear();
        for group in self.lanes.chunks_exact(self.cols.max(1)) {
            let mut sums = [0.0; LANES];
            for (lanes, x) in group.iter().zip(x).filter(|(_, x)| **x != 0.0) {
                for lane in 0..LANES {
                    sums[lane] += x * lanes[lane];
                }
            }
            out.extend(sums);
        }
        out.resize(self.rows, 0.0);
    }
}

#[inline(always)]
fn sums<const R: usize>(group: &[[f64; LANES]], xs: [&[f64]; R]) -> [[f64; LANES]; R] {
    let mut sums = [[0.0; LANES]; R];
    let xs = xs.map(|x| &x[..group.len()]);
    for (feature, lanes) in group.iter().enumerate() {
        for (sums, x) in sums.iter_mut().zip(xs) {
            let x = x[feature];
            for lane in 0..LANES {
                sums[lane] = x.mul_add(lanes[lane], sums[lane]);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_is_summed_in_order_with_one_rounding_each() {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 31.0 - 16.0;
        for (rows, cols) in [(0, 3), (1, 0), (1, 1), (16, 2), (17, 5), (40, 33)] {
            let matrix = Matrix::new(rows, cols, (0..rows * cols).map(number).collect::<Vec<_>>());
            let x: Vec<f64> = (0..cols).map(|at| number(at + 77)).collect();
            let mut found = Vec::new();
            Panels::new(&matrix).products(&x, &mut found);
            let expected: Vec<f64> = matrix
                .iter_rows()
                .map(|row| row.iter().zip(&x).fold(0.0, |sum: f64, (y, x)| x.mul_add(*y, sum)))
                .collect();
            assert_eq!(found, expected);
            Panels::new(&matrix).products_of_sparse(&x, &mut found);
            let expected: Vec<f64> =
                matrix.iter_rows().map(|row| row.iter().zip(&x).fold(0.0, |sum, (y, x)| sum + x * y)).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_sparse_row_that_is_a_point_has_its_square_as_product() {
        let point = [1.308, 7.435, 0.0, 3.308];
        let square = point.iter().fold(0.0, |sum, x| sum + x * x);
        let mut found = Vec::new();
        Panels::new(&Matrix::new(1, 4, point.to_vec())).products_of_sparse(&point, &mut found);
        assert_eq!(found, [square]);
    }
}
