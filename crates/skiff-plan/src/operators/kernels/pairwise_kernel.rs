//! `sklearn.metrics.pairwise.pairwise_kernels`.

use crate::InputError;
use crate::kernels::brute_force::{DistancesOf, Points};
use crate::kernels::metric::Metric;
use crate::kernels::{dot, row_square};
use crate::operator::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// The kernel between each row and each row of the fit. (n, n_features) → (n, n_fit).
#[derive(Debug)]
pub struct PairwiseKernel {
    function: KernelFunction,
    /// The rows of the fit; for cosines divided by their norms.
    fitted: Matrix<'static, f64>,
    /// The same, if the kernel is computed from distances.
    points: Option<Points>,
    /// Their dtype.
    precision: Precision,
}

/// A kernel with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KernelFunction {
    /// x·y
    Linear,
    /// (γ x·y + c₀)^degree
    Polynomial {
        /// γ
        gamma: f64,
        /// c₀
        coef0: f64,
        /// The power.
        degree: f64,
    },
    /// exp(-γ |x - y|²)
    Rbf {
        /// γ
        gamma: f64,
    },
    /// exp(-γ Σ|x - y|)
    Laplacian {
        /// γ
        gamma: f64,
    },
    /// tanh(γ x·y + c₀)
    Sigmoid {
        /// γ
        gamma: f64,
        /// c₀
        coef0: f64,
    },
    /// x·y / (|x| |y|)
    Cosine,
    /// exp(-γ Σ(x - y)² / (x + y)), of numbers that are not negative.
    Chi2 {
        /// γ
        gamma: f64,
    },
    /// -Σ(x - y)² / (x + y), of numbers that are not negative.
    AdditiveChi2,
}

impl PairwiseKernel {
    /// With the rows of a fit, (n_fit, n_features), of that dtype.
    pub fn new(function: KernelFunction, mut fitted: Matrix<'static, f64>, precision: Precision) -> Self {
        let points = match function {
            // Squares, which nothing takes the root of.
            KernelFunction::Rbf { .. } => Some(Metric::Euclidean),
            KernelFunction::Laplacian { .. } => Some(Metric::Manhattan),
            _ => None,
        };
        let points = points.map(|metric| Points::dense(fitted.clone(), metric, row_square::einsum));
        if function == KernelFunction::Cosine {
            for row in fitted.data.to_mut().chunks_exact_mut(fitted.cols.max(1)) {
                normalize(row);
            }
        }
        Self { function, fitted, points, precision }
    }

    /// The kernel.
    pub fn function(&self) -> KernelFunction {
        self.function
    }

    /// The rows of the fit; for cosines divided by their norms.
    pub fn fitted(&self) -> &Matrix<'static, f64> {
        &self.fitted
    }

    /// Their dtype.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How many rows there are.
    pub fn fitted_rows(&self) -> usize {
        self.fitted.rows
    }

    /// How many features they have.
    pub fn width(&self) -> usize {
        self.fitted.cols
    }

    /// Whether rows may be sparse.
    pub fn takes_sparse(&self) -> bool {
        !matches!(self.function, KernelFunction::Chi2 { .. } | KernelFunction::AdditiveChi2)
    }

    fn of_row(&self, x: &[f64], sparse: bool, out: &mut Vec<f64>) -> Result<(), InputError> {
        out.clear();
        let products = |out: &mut Vec<f64>, x: &[f64]| out.extend(self.fitted.iter_rows().map(|y| dot::dot(x, y)));
        match self.function {
            KernelFunction::Rbf { gamma } | KernelFunction::Laplacian { gamma } => {
                if let Some(points) = &self.points {
                    points.distances(x, sparse, DistancesOf::Pairwise, out);
                }
                out.iter_mut().for_each(|distance| *distance = (-gamma * *distance).exp());
            }
            KernelFunction::Linear => products(out, x),
            KernelFunction::Polynomial { gamma, coef0, degree } => {
                products(out, x);
                out.iter_mut().for_each(|value| *value = (gamma * *value + coef0).powf(degree));
            }
            KernelFunction::Sigmoid { gamma, coef0 } => {
                products(out, x);
                out.iter_mut().for_each(|value| *value = (gamma * *value + coef0).tanh());
            }
            KernelFunction::Cosine => {
                let mut x = x.to_vec();
                normalize(&mut x);
                products(out, &x);
            }
            KernelFunction::Chi2 { .. } | KernelFunction::AdditiveChi2 => {
                if x.iter().any(|&value| value < 0.0) {
                    return Err(InputError::refused("X contains negative values."));
                }
                let term = |(x, y): (&f64, &f64)| if x + y == 0.0 { 0.0 } else { (x - y) * (x - y) / (x + y) };
                out.extend(self.fitted.iter_rows().map(|y| -x.iter().zip(y).map(term).sum::<f64>()));
                if let KernelFunction::Chi2 { gamma } = self.function {
                    out.iter_mut().for_each(|value| *value = (gamma * *value).exp());
                }
            }
        }
        Ok(())
    }
}

/// The row divided by its norm; a row of zeros is unchanged.
fn normalize(row: &mut [f64]) {
    let norm = row_square::einsum(row).sqrt();
    if norm > 0.0 {
        row.iter_mut().for_each(|value| *value /= norm);
    }
}

impl Operator for PairwiseKernel {
    const NAME: &'static str = "pairwise_kernel";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (x, precision, sparse) = match inputs[0] {
            Value::Floats(x, precision) => (x.clone(), *precision, false),
            Value::Sparse(csr) => {
                let precision = match csr.dtype {
                    NumberType::Float(precision) => precision,
                    NumberType::Int(_) => Precision::Double,
                };
                (csr.to_dense(), precision, true)
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let precision = precision.promote(self.precision);
        let mut data = Vec::with_capacity(x.rows * self.fitted.rows);
        let mut kernel = Vec::new();
        for (row, values) in x.iter_rows().enumerate() {
            self.of_row(values, sparse, &mut kernel).map_err(|error| error.in_row(row))?;
            data.extend(kernel.iter().map(|&value| precision.round(value)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.fitted.rows, data), precision))
    }

    fn describe(&self) -> String {
        format!("{:?}, {} rows", self.function, self.fitted.rows)
    }
}
