//! `KBinsDiscretizer`: from values to the numbers of bins, and back to their centres.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, Matrix, NumberType, Value};

/// The number of the bin of each value, or a column for each bin. (n, n_features) → the same shape and dtype, or
/// (n, bins of all columns).
#[derive(Debug)]
pub struct Discretize {
    /// The inner edges of each column, ascending.
    pub edges: Vec<Vec<f64>>,
    /// Whether values just below an edge are counted above it, as before 1.2.
    pub tolerant: bool,
    /// The encoding of the bins.
    pub form: BinForm,
}

/// The encoding of bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinForm {
    /// Nothing.
    Ordinal,
    /// A 1 in the column of the bin, sparse.
    OneHot,
    /// A 1 in the column of the bin, dense.
    OneHotDense,
}

impl Discretize {
    fn bin(&self, x: f64, edges: &[f64]) -> usize {
        let x = if self.tolerant { x + (1e-8 + 1e-5 * x.abs()) } else { x };
        edges.partition_point(|&edge| edge <= x)
    }

    /// The first column of each feature's bins, and how many there are in all.
    fn offsets(&self) -> (Vec<usize>, usize) {
        let mut next = 0;
        let offsets = self.edges.iter().map(|edges| {
            let offset = next;
            next += edges.len() + 1;
            offset
        });
        (offsets.collect(), next)
    }
}

impl Operator for Discretize {
    const NAME: &'static str = "discretize";

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ bins")]
    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let bins = x.iter_rows().flat_map(|row| row.iter().zip(&self.edges)).map(|(&x, edges)| self.bin(x, edges));
        let (offsets, width) = self.offsets();
        let columns = bins.enumerate().map(|(at, bin)| offsets[at % offsets.len().max(1)] + bin);
        match self.form {
            BinForm::Ordinal => {
                let bins = columns.enumerate().map(|(at, column)| (column - offsets[at % offsets.len()]) as f64);
                Ok(Value::Floats(Matrix::new(x.rows, x.cols, bins.collect::<Vec<_>>()), *precision))
            }
            BinForm::OneHot => {
                let indices: Vec<u32> = columns.map(|column| u32::try_from(column).unwrap_or(u32::MAX)).collect();
                let indptr: Vec<usize> = (0..=x.rows).map(|row| row * x.cols).collect();
                let data = vec![1.0; indices.len()];
                let dtype = NumberType::Float(*precision);
                Ok(Value::Sparse(Csr {
                    rows: x.rows,
                    cols: width,
                    indptr: indptr.into(),
                    indices: indices.into(),
                    data: data.into(),
                    dtype,
                }))
            }
            BinForm::OneHotDense => {
                let mut data = vec![0.0; x.rows * width];
                for (at, column) in columns.enumerate() {
                    data[at / x.cols.max(1) * width + column] = 1.0;
                }
                Ok(Value::Floats(Matrix::new(x.rows, width, data), *precision))
            }
        }
    }

    fn describe(&self) -> String {
        format!("{} columns, {} bins, {:?}", self.edges.len(), self.offsets().1, self.form)
    }
}

/// The center of the bin with each value as its index, which may be negative from the end. Shape and dtype are kept.
#[derive(Debug)]
pub struct BinCenters {
    /// The centres of each column's bins.
    pub centers: Vec<Vec<f64>>,
}

impl BinCenters {
    fn center(&self, bin: f64, column: usize) -> Result<f64, InputError> {
        let centers = &self.centers[column];
        #[expect(clippy::cast_possible_truncation, reason = "`astype(np.int64)`")]
        let whole = bin as i64;
        let count = i64::try_from(centers.len()).unwrap_or(i64::MAX);
        let at = if whole < 0 { whole.saturating_add(count) } else { whole };
        let center = usize::try_from(at).ok().and_then(|at| centers.get(at));
        center.copied().ok_or_else(|| InputError::refused(format!("no bin {whole} in column {column} of {count} bins")))
    }
}

impl Operator for BinCenters {
    const NAME: &'static str = "bin_centers";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            for (column, &bin) in row.iter().enumerate() {
                data.push(precision.round(self.center(bin, column)?));
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{} columns", self.centers.len())
    }
}
