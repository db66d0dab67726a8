//! Weighted sums of kernel values: what support vector machines decide by.

use std::ops::Range;
use std::sync::OnceLock;

use crate::InputError;
use crate::kernels::arch::vectorized;
use crate::kernels::panels::{self, Panels};
use crate::kernels::support::{self, LANES, Lanes};
use crate::operator::Operator;
use crate::value::{Csr, Matrix, Precision, Value};

/// The decision values of libsvm's `svm_predict_values`: for each pair of classes, or for the only output, the sum of
/// the kernel values of the support vectors times their coefficients, plus the intercept. Each kernel value is computed
/// once for all pairs; the sums go over the support vectors in libsvm's order.
#[derive(Debug)]
pub struct SupportVectors {
    /// What a row and a support vector are compared by.
    pub kernel: Kernel,
    /// The support vectors, class after class.
    pub vectors: Vectors,
    /// For each support vector, one coefficient for each other class (`dual_coef_` transposed); for regression one.
    pub coefficients: Vec<f64>,
    /// How many support vectors each class has; a single number where there are no classes.
    pub counts: Vec<usize>,
    /// One for each pair of classes, or a single one.
    pub intercepts: Vec<f64>,
    /// The support vectors side by side, for rows that come alone; made when the first one does.
    panels: OnceLock<Panels>,
}

/// A kernel with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// x·y
    Linear,
    /// (gamma x·y + coef0) to the power of `degree`; a negative one counts as 0, as in libsvm's `powi`.
    Polynomial {
        /// `_gamma`
        gamma: f64,
        /// `coef0`
        coef0: f64,
        /// `degree`
        degree: i64,
    },
    /// exp(-gamma |x - y|²)
    Rbf {
        /// `_gamma`
        gamma: f64,
    },
    /// tanh(gamma x·y + coef0)
    Sigmoid {
        /// `_gamma`
        gamma: f64,
        /// `coef0`
        coef0: f64,
    },
    /// The rows are precomputed kernel values.
    Precomputed,
}

/// The support vectors, as the fit had them.
#[derive(Clone, Debug)]
pub enum Vectors {
    /// (n_support, n_features).
    Dense(Matrix<'static, f64>),
    /// The same, sparse, with columns ascending in each row.
    Sparse(Csr<'static>),
    /// `kernel='precomputed'`: the column of each support vector.
    Columns(Vec<usize>),
}

/// How many support vectors' kernel values are buffered: 16 KiB of them, for as many rows as there are lanes.
const PANEL: usize = 256;

/// Up to how many rows are computed one by one, with support vectors side by side: fewer than half of the lanes.
const FEW_ROWS: usize = 3;

/// The most numbers of support vectors that are copied for that: 64 MiB.
const MOST_IN_PANELS: usize = 8 << 20;

impl Vectors {
    /// How many support vectors there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Dense(matrix) => matrix.rows,
            Self::Sparse(csr) => csr.rows,
            Self::Columns(columns) => columns.len(),
        }
    }
}

impl Operator for SupportVectors {
    const NAME: &'static str = "support_vectors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, decisions) = match (inputs[0], &self.vectors) {
            (Value::Floats(x, _), Vectors::Sparse(vectors)) => (x.rows, self.of_sparse(&sparse_rows(x), vectors)),
            (Value::Floats(x, _), vectors) => (x.rows, self.of_dense(x, vectors)),
            // Graphs of neighbors have their columns by distance.
            (Value::Sparse(x), Vectors::Sparse(vectors)) => (x.rows, self.of_sparse(&x.sorted(), vectors)),
            (other, _) => return Err(InputError::wrong_kind("a dense table of numbers", other)),
        };
        Ok(Value::Floats(Matrix::new(rows, self.intercepts.len(), decisions), Precision::Double))
    }

    fn describe(&self) -> String {
        let count: usize = self.counts.iter().sum();
        format!("{:?}, {count} support vectors → {}", self.kernel, self.intercepts.len())
    }
}

impl SupportVectors {
    /// Of its parts, which are described at the fields.
    pub fn new(
        kernel: Kernel,
        vectors: Vectors,
        coefficients: Vec<f64>,
        counts: Vec<usize>,
        intercepts: Vec<f64>,
    ) -> Self {
        Self { kernel, vectors, coefficients, counts, intercepts, panels: OnceLock::new() }
    }

    fn of_dense(&self, x: &Matrix<'_, f64>, vectors: &Vectors) -> Vec<f64> {
        let panels = match vectors {
            Vectors::Dense(vectors) if vectors.data.len() <= MOST_IN_PANELS => {
                Some(self.panels.get_or_init(|| Panels::new(vectors)))
            }
            _ => None,
        };
        let mut out = vec![0.0; x.rows * self.intercepts.len()];
        if let Some(panels) = panels.filter(|_| x.rows <= FEW_ROWS) {
            for (row, x) in x.iter_rows().enumerate() {
                let sums = vectorized!({
                    self.sums(
                        #[inline(always)]
                        |Range { start, end }, values: &mut [[f64; 1]; PANEL]| {
                            let (groups, _) = values.as_flattened_mut().as_chunks_mut();
                            let groups = &mut groups[..(end - start).div_ceil(panels::LANES)];
                            self.kernel.of_row(x, panels, start / panels::LANES, groups);
                        },
                    )
                });
                self.write(&sums, row, 1, &mut out);
            }
            return out;
        }
        let mut lanes: Vec<Lanes> = vec![[0.0; LANES]; x.cols];
        for first in (0..x.rows).step_by(LANES) {
            let rows = LANES.min(x.rows - first);
            for lane in 0..rows {
                for (feature, &value) in lanes.iter_mut().zip(x.row(first + lane)) {
                    feature[lane] = value;
                }
            }
            let sums = vectorized!({
                self.sums(
                    #[inline(always)]
                    |Range { start, end }, values: &mut [Lanes; PANEL]| match (panels, vectors) {
                        (Some(panels), _) => {
                            let values = &mut values[..(end - start).next_multiple_of(panels::LANES)];
                            self.kernel.of_rows(&lanes, panels, start / panels::LANES, values);
                        }
                        (None, Vectors::Dense(vectors)) => {
                            self.kernel.dense(&lanes, vectors, start, &mut values[..end - start]);
                        }
                        (None, Vectors::Columns(columns)) => {
                            for (value, &column) in values.iter_mut().zip(&columns[start..end]) {
                                *value = lanes[column];
                            }
                        }
                        (None, Vectors::Sparse(_)) => unreachable!("`run` takes sparse support vectors elsewhere"),
                    },
                )
            });
            self.write(&sums, first, rows, &mut out);
        }
        out
    }

    fn of_sparse(&self, x: &Csr<'_>, vectors: &Csr<'static>) -> Vec<f64> {
        let mut out = vec![0.0; x.rows * self.intercepts.len()];
        for first in (0..x.rows).step_by(LANES) {
            let rows = LANES.min(x.rows - first);
            let sums = vectorized!({
                self.sums(
                    #[inline(always)]
                    |range, values: &mut [Lanes; PANEL]| {
                        let values = &mut values[..range.len()];
                        for lane in 0..rows {
                            let row = x.row(first + lane);
                            for (value, vector) in values.iter_mut().zip(range.clone()) {
                                value[lane] = self.kernel.pairing(row, vectors.row(vector));
                            }
                        }
                        self.kernel.finish(values.as_flattened_mut());
                    },
                )
            });
            self.write(&sums, first, rows, &mut out);
        }
        out
    }

    /// The sums of every pair for `N` rows that go side by side; `kernel_values(range, values)` fills in those of the
    /// support vectors `range`, which begins at a multiple of [`PANEL`].
    #[inline(always)]
    fn sums<const N: usize>(&self, kernel_values: impl Fn(Range<usize>, &mut [[f64; N]; PANEL])) -> Vec<[f64; N]> {
        let mut sums = vec![[0.0; N]; self.intercepts.len()];
        let mut buffer = [[0.0; N]; PANEL];
        let mut buffered = 0..0;
        for (Range { mut start, end }, places) in self.classes() {
            let width = places.len();
            while start < end {
                if start == buffered.end {
                    buffered = start..self.vectors.count().min(start + PANEL);
                    kernel_values(buffered.clone(), &mut buffer);
                }
                let next = end.min(buffered.end);
                let values = &buffer[start - buffered.start..next - buffered.start];
                support::accumulate(values, &self.coefficients[start * width..next * width], &places, &mut sums);
                start = next;
            }
        }
        sums
    }

    /// The support vectors of each class, and the sums that each of them adds to.
    fn classes(&self) -> impl Iterator<Item = (Range<usize>, Vec<usize>)> {
        let mut end = 0;
        self.counts.iter().enumerate().map(move |(class, &count)| {
            let start = end;
            end += count;
            (start..end, places(class, self.counts.len()))
        })
    }

    fn write<const N: usize>(&self, sums: &[[f64; N]], first: usize, rows: usize, out: &mut [f64]) {
        let outputs = self.intercepts.len();
        for lane in 0..rows {
            let out = &mut out[(first + lane) * outputs..(first + lane + 1) * outputs];
            for ((out, sum), intercept) in out.iter_mut().zip(sums).zip(&self.intercepts) {
                *out = sum[lane] + intercept;
            }
        }
    }
}

/// The indices of the sums of `class` against each other class among all pairs; a single sum where there is one class.
fn places(class: usize, classes: usize) -> Vec<usize> {
    if classes <= 1 {
        return vec![0];
    }
    let others = (0..classes).filter(|&other| other != class);
    others
        .map(|other| {
            let (first, second) = (class.min(other), class.max(other));
            // Pairs before those that begin with `first`, then those of `first` before `second`.
            first * (2 * classes - first - 1) / 2 + (second - first - 1)
        })
        .collect()
}

impl Kernel {
    /// Kernel values of the rows in `lanes` with the support vectors from `start` on.
    #[inline(always)]
    fn dense(&self, lanes: &[Lanes], vectors: &Matrix<'_, f64>, start: usize, values: &mut [Lanes]) {
        match self {
            Self::Rbf { .. } => support::pairings::<true>(lanes, vectors, start, values),
            _ => support::pairings::<false>(lanes, vectors, start, values),
        }
        self.finish(values.as_flattened_mut());
    }

    /// The same of support vectors side by side, from group `first` on.
    #[inline(always)]
    fn of_rows(&self, lanes: &[Lanes], vectors: &Panels, first: usize, values: &mut [Lanes]) {
        match self {
            Self::Rbf { .. } => support::pairings_of_rows::<true>(lanes, vectors, first, values),
            _ => support::pairings_of_rows::<false>(lanes, vectors, first, values),
        }
        self.finish(values.as_flattened_mut());
    }

    /// The same of one row.
    #[inline(always)]
    fn of_row(&self, x: &[f64], vectors: &Panels, first: usize, values: &mut [[f64; panels::LANES]]) {
        match self {
            Self::Rbf { .. } => support::pairings_of_row::<true>(x, vectors, first, values),
            _ => support::pairings_of_row::<false>(x, vectors, first, values),
        }
        self.finish(values.as_flattened_mut());
    }

    /// From products or squared distances to kernel values.
    #[inline(always)]
    fn finish(&self, values: &mut [f64]) {
        match *self {
            Self::Linear | Self::Precomputed => {}
            Self::Rbf { gamma } => support::radial(values, gamma),
            Self::Polynomial { gamma, coef0, degree } => {
                for value in values {
                    *value = power(gamma * *value + coef0, degree);
                }
            }
            Self::Sigmoid { gamma, coef0 } => {
                for value in values {
                    *value = (gamma * *value + coef0).tanh();
                }
            }
        }
    }

    /// The product, or the squared distance, of two sparse rows, in libsvm's order.
    fn pairing(&self, x: (&[u32], &[f64]), y: (&[u32], &[f64])) -> f64 {
        let squared_distance = matches!(self, Self::Rbf { .. });
        let (mut i, mut j, mut sum) = (0, 0, 0.0);
        while i < x.0.len() && j < y.0.len() {
            let (column_x, column_y) = (x.0[i], y.0[j]);
            if column_x == column_y {
                sum += if squared_distance { (x.1[i] - y.1[j]) * (x.1[i] - y.1[j]) } else { x.1[i] * y.1[j] };
            } else if squared_distance {
                let lone = if column_x > column_y { y.1[j] } else { x.1[i] };
                sum += lone * lone;
            }
            i += usize::from(column_x <= column_y);
            j += usize::from(column_y <= column_x);
        }
        if squared_distance {
            for value in x.1[i..].iter().chain(&y.1[j..]) {
                sum += value * value;
            }
        }
        sum
    }
}

/// libsvm's `powi`.
#[inline(always)]
fn power(base: f64, times: i64) -> f64 {
    let (mut square, mut result, mut times) = (base, 1.0, times);
    while times > 0 {
        if times % 2 == 1 {
            result *= square;
        }
        square *= square;
        times /= 2;
    }
    result
}

/// `csr_matrix(x)`: the elements that are not 0.
fn sparse_rows(x: &Matrix<'_, f64>) -> Csr<'static> {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for row in x.iter_rows() {
        for (column, &value) in (0..).zip(row) {
            if value != 0.0 {
                indices.push(column);
                data.push(value);
            }
        }
        indptr.push(data.len());
    }
    Csr {
        rows: x.rows,
        cols: x.cols,
        indptr: indptr.into(),
        indices: indices.into(),
        data: data.into(),
        dtype: crate::value::NumberType::Float(Precision::Double),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: usize = 311;

    fn machine(kernel: Kernel) -> SupportVectors {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 310.0 - 1.6;
        // More than are buffered at a time.
        SupportVectors::new(
            kernel,
            Vectors::Dense(Matrix::new(VECTORS, 5, (0..VECTORS * 5).map(number).collect::<Vec<_>>())),
            (0..VECTORS * 2).map(|at| number(at + 100)).collect(),
            vec![4, 290, VECTORS - 294],
            vec![0.25, -0.5, 1.5],
        )
    }

    const KERNELS: [Kernel; 4] = [
        Kernel::Linear,
        Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 3 },
        Kernel::Rbf { gamma: 0.4 },
        Kernel::Sigmoid { gamma: 0.1, coef0: -0.2 },
    ];

    /// `svm_predict_values`, implemented again without blocking.
    fn plainly(machine: &SupportVectors, x: &[f64]) -> Vec<f64> {
        let Vectors::Dense(vectors) = &machine.vectors else { panic!("dense support vectors") };
        let value = |vector: usize| {
            let pairs = || x.iter().zip(vectors.row(vector));
            let dot: f64 = pairs().map(|(x, y)| x * y).sum();
            match machine.kernel {
                Kernel::Rbf { gamma } => (-gamma * pairs().map(|(x, y)| (x - y) * (x - y)).sum::<f64>()).exp(),
                Kernel::Polynomial { gamma, coef0, degree } => power(gamma * dot + coef0, degree),
                Kernel::Sigmoid { gamma, coef0 } => (gamma * dot + coef0).tanh(),
                Kernel::Linear | Kernel::Precomputed => dot,
            }
        };
        let starts = [0, 4, 294, VECTORS];
        let mut out = Vec::new();
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            let mut sum = 0.0;
            for k in starts[i]..starts[i + 1] {
                sum += machine.coefficients[k * 2 + (j - 1)] * value(k);
            }
            for k in starts[j]..starts[j + 1] {
                sum += machine.coefficients[k * 2 + i] * value(k);
            }
            out.push(sum + machine.intercepts[out.len()]);
        }
        out
    }

    #[test]
    fn sums_are_libsvms_and_a_row_has_the_same_bits_alone_and_in_a_batch() {
        for kernel in KERNELS {
            let machine = machine(kernel);
            let x = Matrix::new(21, 5, (0..105).map(|at| f64::from(at % 17) * 0.3 - 2.0).collect::<Vec<_>>());
            let all = machine.of_dense(&x, &machine.vectors);
            for row in 0..x.rows {
                let alone = machine.of_dense(&Matrix::new(1, 5, x.row(row)), &machine.vectors);
                let batch = &all[row * 3..row * 3 + 3];
                assert_eq!(alone, batch);
                for (found, expected) in batch.iter().zip(plainly(&machine, x.row(row))) {
                    assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{kernel:?}");
                }
            }
        }
    }

    #[test]
    fn sparse_support_vectors_give_what_dense_ones_give() {
        for kernel in KERNELS {
            let dense = machine(kernel);
            let Vectors::Dense(vectors) = &dense.vectors else { panic!("dense support vectors") };
            let thin = vectors.map(|&value| if value < 0.3 { 0.0 } else { value });
            let sparse = SupportVectors { vectors: Vectors::Sparse(sparse_rows(&thin)), ..machine(kernel) };
            let dense = SupportVectors { vectors: Vectors::Dense(thin), ..dense };
            let x = Matrix::new(9, 5, (0..45).map(|at| f64::from(at % 4) - 1.0).collect::<Vec<_>>());
            let Vectors::Sparse(vectors) = &sparse.vectors else { panic!("sparse support vectors") };
            // libsvm's own sums of sparse rows have no fused multiply-adds.
            let found = sparse.of_sparse(&sparse_rows(&x), vectors);
            for (found, expected) in found.iter().zip(dense.of_dense(&x, &dense.vectors)) {
                assert!((found - expected).abs() <= 1e-13 * (1.0 + expected.abs()), "{kernel:?}");
            }
        }
    }

    /// The rows of a graph of neighbors.
    #[test]
    fn columns_of_sparse_rows_may_have_any_order() {
        let x = sparse_rows(&Matrix::new(1, 5, vec![0.5, 0.0, -1.0, 2.0, 0.25]));
        let mut turned = x.clone();
        turned.indices.to_mut().reverse();
        turned.data.to_mut().reverse();
        for kernel in KERNELS {
            let Vectors::Dense(vectors) = machine(kernel).vectors else { panic!("dense support vectors") };
            let sparse = SupportVectors { vectors: Vectors::Sparse(sparse_rows(&vectors)), ..machine(kernel) };
            let decisions = |x: &Csr<'static>| match sparse.run(&[&Value::Sparse(x.clone())]) {
                Ok(Value::Floats(decisions, _)) => decisions.data.to_vec(),
                other => panic!("{other:?}"),
            };
            assert_eq!(decisions(&turned), decisions(&x));
        }
    }
}
