//! `sklearn.gaussian_process.kernels`.

use crate::operator::{Operator, Scope};
use crate::types::ValueType;
use crate::value::{Matrix, Precision, Value};
use crate::{InputError, InputErrorKind};

/// The kernel between each row and each row of a fit. (n, n_features) → (n, n_fit), in `float64`.
#[derive(Debug)]
pub struct ProcessKernel {
    /// The expression, its operands before their operators.
    pub nodes: Vec<KernelNode>,
    /// The rows of the fit, (n_fit, n_features).
    pub fitted: Matrix<'static, f64>,
}

/// A kernel, or a combination of the previous ones.
#[derive(Clone, Debug, PartialEq)]
pub enum KernelNode {
    /// A constant.
    Constant(f64),
    /// Noise: something of a row with itself, and 0 of two rows.
    White(f64),
    /// exp(-d² / 2), where d is the distance after each feature is divided by its scale.
    Rbf(Vec<f64>),
    /// Matérn's, for some ν.
    Matern(Vec<f64>, Smoothness),
    /// (1 + d² / (2 α scale²))^-α
    RationalQuadratic {
        /// α
        alpha: f64,
        /// The scale.
        scale: f64,
    },
    /// exp(-2 (sin(π d / period) / scale)²)
    ExpSineSquared {
        /// The scale.
        scale: f64,
        /// The period.
        period: f64,
    },
    /// x·y + σ²
    DotProduct(f64),
    /// The sum of the last two.
    Sum,
    /// The product of the last two.
    Product,
    /// The last one to a power.
    Power(f64),
}

/// ν of Matérn's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoothness {
    /// 1/2
    Half,
    /// 3/2
    ThreeHalves,
    /// 5/2
    FiveHalves,
    /// ∞
    Infinite,
}

impl ProcessKernel {
    /// The kernel of two rows, or of a row with itself.
    fn of(&self, x: &[f64], y: &[f64], is_same: bool, stack: &mut Vec<f64>) -> f64 {
        stack.clear();
        let square = |scales: &[f64]| {
            let pairs = x.iter().zip(y).enumerate();
            pairs.fold(0.0, |sum, (at, (x, y))| {
                let scale = scales.get(at).or(scales.first()).copied().unwrap_or(1.0);
                let difference = x / scale - y / scale;
                sum + difference * difference
            })
        };
        for node in &self.nodes {
            let value = match node {
                KernelNode::Constant(value) => *value,
                KernelNode::White(noise) => {
                    if is_same {
                        *noise
                    } else {
                        0.0
                    }
                }
                KernelNode::Rbf(scales) => (-0.5 * square(scales)).exp(),
                KernelNode::Matern(scales, smoothness) => smoothness.of(square(scales).sqrt()),
                KernelNode::RationalQuadratic { alpha, scale } => {
                    (1.0 + square(&[1.0]) / (2.0 * alpha * scale * scale)).powf(-alpha)
                }
                KernelNode::ExpSineSquared { scale, period } => {
                    let sine = (std::f64::consts::PI / period * square(&[1.0]).sqrt()).sin() / scale;
                    (-2.0 * sine * sine).exp()
                }
                KernelNode::DotProduct(sigma) => x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y) + sigma * sigma,
                KernelNode::Sum | KernelNode::Product => {
                    let (second, first) = (stack.pop().unwrap_or(f64::NAN), stack.pop().unwrap_or(f64::NAN));
                    if *node == KernelNode::Sum { first + second } else { first * second }
                }
                KernelNode::Power(exponent) => stack.pop().unwrap_or(f64::NAN).powf(*exponent),
            };
            stack.push(value);
        }
        stack.pop().unwrap_or(f64::NAN)
    }

    /// The kernel of each row with itself.
    fn diagonal(&self, x: &Matrix<'_, f64>) -> Vec<f64> {
        let mut stack = Vec::new();
        x.iter_rows().map(|row| self.of(row, row, true, &mut stack)).collect()
    }
}

impl Smoothness {
    fn of(self, distance: f64) -> f64 {
        match self {
            Self::Half => (-distance).exp(),
            Self::ThreeHalves => {
                let k = distance * 3.0_f64.sqrt();
                (1.0 + k) * (-k).exp()
            }
            Self::FiveHalves => {
                let k = distance * 5.0_f64.sqrt();
                (1.0 + k + k * k / 3.0) * (-k).exp()
            }
            Self::Infinite => (-(distance * distance) / 2.0).exp(),
        }
    }
}

impl Operator for ProcessKernel {
    const NAME: &'static str = "process_kernel";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let (mut data, mut stack) = (Vec::with_capacity(x.rows * self.fitted.rows), Vec::new());
        for row in x.iter_rows() {
            data.extend(self.fitted.iter_rows().map(|fitted| self.of(row, fitted, false, &mut stack)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.fitted.rows, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} nodes, {} rows", self.nodes.len(), self.fitted.rows)
    }
}

/// The variance of a Gaussian process at each row. Inputs: the kernel with the rows of the fit (n, n_fit), and the rows.
/// → (n, 1).
#[derive(Debug)]
pub struct ProcessVariance {
    /// The kernel.
    pub kernel: std::sync::Arc<ProcessKernel>,
    /// `L_`, of which the lower triangle counts; no element of its diagonal is 0.
    pub lower: Matrix<'static, f64>,
    /// What each row of the fit is multiplied by before.
    pub weights: Option<Vec<f64>>,
    /// Whether a negative variance, which rounding makes, is 0.
    pub clips: bool,
}

impl ProcessVariance {
    /// The inverse of `L_`.
    pub fn inverse(&self) -> Matrix<'static, f64> {
        let size = self.lower.rows;
        let mut inverse = vec![0.0; size * size];
        for column in 0..size {
            for row in column..size {
                let lower = self.lower.row(row);
                let known = (column..row).fold(0.0, |sum, at| sum + lower[at] * inverse[at * size + column]);
                let one = if row == column { 1.0 } else { 0.0 };
                inverse[row * size + column] = (one - known) / lower[row];
            }
        }
        Matrix::new(size, size, inverse)
    }

    /// `solve_triangular(L_, row)`
    fn solve(&self, row: &[f64], solution: &mut [f64]) {
        for (at, (lower, value)) in self.lower.iter_rows().zip(row).enumerate() {
            let value = self.weights.as_ref().map_or(*value, |weights| weights[at] * value);
            let known = lower[..at].iter().zip(&*solution).fold(0.0, |sum, (a, b)| sum + a * b);
            solution[at] = (value - known) / lower[at];
        }
    }
}

impl Operator for ProcessVariance {
    const NAME: &'static str = "process_variance";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Value::Floats(kernel, _), Value::Floats(x, _)) = (inputs[0], inputs[1]) else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let mut solution = vec![0.0; self.lower.rows];
        let mut variances = self.kernel.diagonal(x);
        for (variance, row) in variances.iter_mut().zip(kernel.iter_rows()) {
            self.solve(row, &mut solution);
            *variance -= solution.iter().fold(0.0, |sum, value| sum + value * value);
            if self.clips && *variance < 0.0 {
                *variance = 0.0;
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, 1, variances), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} rows", self.lower.rows)
    }
}

/// The covariance of a Gaussian process between all rows of the batch. Inputs: the kernel with the rows of the fit
/// (n, n_fit), and the rows. → (n, n n_targets), of which each n_targets belong to one pair of rows.
#[derive(Debug)]
pub struct ProcessCovariance {
    /// What the variance is made of.
    pub variance: std::sync::Arc<ProcessVariance>,
    /// What it is multiplied by for each target.
    pub scales: Vec<f64>,
}

/// The covariance of 16,384 rows: more would be more memory than anybody expects of so few rows.
const MOST_BYTES: usize = 1 << 31;

impl Operator for ProcessCovariance {
    const NAME: &'static str = "process_covariance";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Value::Floats(kernel, _), Value::Floats(x, _)) = (inputs[0], inputs[1]) else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let width = x.rows.saturating_mul(self.scales.len());
        let bytes = x.rows.saturating_mul(width).saturating_mul(size_of::<f64>());
        if bytes > MOST_BYTES {
            let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
            return Err(InputError::new(InputErrorKind::TooLarge { rows: x.rows, bytes, most }));
        }
        let mut solutions = vec![0.0; kernel.data.len()];
        for (row, solution) in kernel.iter_rows().zip(solutions.chunks_exact_mut(kernel.cols.max(1))) {
            self.variance.solve(row, solution);
        }
        let solutions = Matrix::new(x.rows, kernel.cols, solutions);
        let (mut data, mut stack) = (Vec::with_capacity(x.rows * width), Vec::new());
        for (row, (a, solved)) in x.iter_rows().zip(solutions.iter_rows()).enumerate() {
            for (column, (b, other)) in x.iter_rows().zip(solutions.iter_rows()).enumerate() {
                let prior = self.variance.kernel.of(a, b, row == column, &mut stack);
                let known = solved.iter().zip(other).fold(0.0, |sum, (a, b)| sum + a * b);
                data.extend(self.scales.iter().map(|scale| (prior - known) * scale));
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, width, data), Precision::Double))
    }

    /// As wide as there are rows.
    fn output_type(&self, _inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(ValueType::Unknown)
    }

    fn describe(&self) -> String {
        format!("{} rows, all rows at once", self.variance.lower.rows)
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
