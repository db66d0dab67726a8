//! `sklearn.gaussian_process.kernels`.

use std::sync::OnceLock;

use crate::kernels::arch::vectorized;
use crate::kernels::exp::exp;
use crate::kernels::panels::{LANES, Panels};
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
    /// Made when it is first needed.
    scaled: OnceLock<ScaledRows>,
}

/// The rows of the fit over the scales that nodes divide them by, side by side.
#[derive(Debug)]
struct ScaledRows {
    /// Those over each of the scales that occur.
    all: Vec<Scaled>,
    /// Which of them each node takes that compares rows.
    of_nodes: Vec<Option<usize>>,
}

/// The rows of the fit over scales.
#[derive(Debug)]
struct Scaled {
    /// One for each feature.
    scales: Vec<f64>,
    rows: Panels,
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
    /// Of its parts, which are described at the fields.
    pub fn new(nodes: Vec<KernelNode>, fitted: Matrix<'static, f64>) -> Self {
        Self { nodes, fitted, scaled: OnceLock::new() }
    }

    /// The kernel of a row with all rows of the fit, and with the zeros that fill up the last group of them.
    fn of_fitted(&self, x: &[f64], stack: &mut Stack) {
        let ScaledRows { all, of_nodes } = self.scaled.get_or_init(|| self.scale());
        stack.used = 0;
        vectorized!({
            for (node, place) in self.nodes.iter().zip(of_nodes) {
                let scaled = || place.map(|place| &all[place]).expect("this node compares rows");
                match node {
                    KernelNode::Constant(value) => stack.push().as_flattened_mut().fill(*value),
                    KernelNode::White(_) => stack.push().as_flattened_mut().fill(0.0),
                    KernelNode::DotProduct(sigma) => {
                        let values = stack.push();
                        scaled().rows.pairings::<false>(x, 0, values);
                        each(values.as_flattened_mut(), |product| product + sigma * sigma);
                    }
                    KernelNode::Sum | KernelNode::Product => {
                        let is_sum = *node == KernelNode::Sum;
                        let (first, second) = stack.last_two();
                        for (first, second) in first.as_flattened_mut().iter_mut().zip(second.as_flattened()) {
                            *first = if is_sum { *first + second } else { *first * second };
                        }
                    }
                    KernelNode::Power(exponent) => each(stack.last().as_flattened_mut(), |value| value.powf(*exponent)),
                    KernelNode::Rbf(_)
                    | KernelNode::Matern(..)
                    | KernelNode::RationalQuadratic { .. }
                    | KernelNode::ExpSineSquared { .. } => {
                        let Scaled { scales, rows } = scaled();
                        stack.row.clear();
                        stack.row.extend(x.iter().zip(scales).map(|(x, scale)| x / scale));
                        let (values, row) = stack.push_with_row();
                        rows.pairings::<true>(row, 0, values);
                        node.of_squares(values.as_flattened_mut());
                    }
                }
            }
        });
    }

    fn scale(&self) -> ScaledRows {
        let (mut all, mut of_nodes) = (Vec::<Scaled>::new(), Vec::with_capacity(self.nodes.len()));
        for node in &self.nodes {
            if !node.compares_rows() {
                of_nodes.push(None);
                continue;
            }
            let scales = each_feature(node.scales(), self.fitted.cols);
            let known = all.iter().position(|known| known.scales == scales);
            of_nodes.push(Some(known.unwrap_or_else(|| {
                let over = |row: &[f64]| row.iter().zip(&scales).map(|(x, scale)| x / scale).collect::<Vec<_>>();
                let rows: Vec<f64> = self.fitted.iter_rows().flat_map(over).collect();
                let rows = Panels::new(&Matrix::new(self.fitted.rows, self.fitted.cols, rows));
                all.push(Scaled { scales, rows });
                all.len() - 1
            })));
        }
        ScaledRows { all, of_nodes }
    }

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
                KernelNode::Rbf(_)
                | KernelNode::Matern(..)
                | KernelNode::RationalQuadratic { .. }
                | KernelNode::ExpSineSquared { .. } => {
                    let mut value = [square(node.scales())];
                    node.of_squares(&mut value);
                    value[0]
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

/// Values of kernel expressions of one row with each row of the fit.
#[derive(Default)]
struct Stack {
    groups: usize,
    values: Vec<Vec<[f64; LANES]>>,
    used: usize,
    /// The row over the scales of a node.
    row: Vec<f64>,
}

impl Stack {
    fn push(&mut self) -> &mut [[f64; LANES]] {
        self.push_with_row().0
    }

    fn push_with_row(&mut self) -> (&mut [[f64; LANES]], &[f64]) {
        if self.used == self.values.len() {
            self.values.push(vec![[0.0; LANES]; self.groups]);
        }
        self.used += 1;
        (&mut self.values[self.used - 1], &self.row)
    }

    fn last(&mut self) -> &mut [[f64; LANES]] {
        &mut self.values[self.used - 1]
    }

    /// Takes the last off.
    fn last_two(&mut self) -> (&mut [[f64; LANES]], &[[f64; LANES]]) {
        self.used -= 1;
        let (first, second) = self.values.split_at_mut(self.used);
        (&mut first[self.used - 1], &second[0])
    }
}

/// A function of each value, in its place.
#[inline(always)]
fn each(values: &mut [f64], function: impl Fn(f64) -> f64) {
    for value in values {
        *value = function(*value);
    }
}

/// As many scales as there are features.
fn each_feature(scales: &[f64], features: usize) -> Vec<f64> {
    (0..features).map(|at| scales.get(at).or(scales.first()).copied().unwrap_or(1.0)).collect()
}

impl KernelNode {
    /// Whether it is a function of two rows, and not a constant or of other nodes.
    fn compares_rows(&self) -> bool {
        match self {
            Self::Rbf(_)
            | Self::Matern(..)
            | Self::RationalQuadratic { .. }
            | Self::ExpSineSquared { .. }
            | Self::DotProduct(_) => true,
            Self::Constant(_) | Self::White(_) | Self::Sum | Self::Product | Self::Power(_) => false,
        }
    }

    /// What features are divided by; none where they are not.
    fn scales(&self) -> &[f64] {
        match self {
            Self::Rbf(scales) | Self::Matern(scales, _) => scales,
            _ => &[],
        }
    }

    /// From squared distances to values.
    #[inline(always)]
    fn of_squares(&self, values: &mut [f64]) {
        match *self {
            Self::Matern(_, smoothness) => match smoothness {
                Smoothness::Half => each(values, |square| Smoothness::Half.of(square.sqrt())),
                Smoothness::ThreeHalves => each(values, |square| Smoothness::ThreeHalves.of(square.sqrt())),
                Smoothness::FiveHalves => each(values, |square| Smoothness::FiveHalves.of(square.sqrt())),
                Smoothness::Infinite => each(values, |square| Smoothness::Infinite.of(square.sqrt())),
            },
            Self::RationalQuadratic { alpha, scale } => {
                each(values, |square| (1.0 + square / (2.0 * alpha * scale * scale)).powf(-alpha));
            }
            Self::ExpSineSquared { scale, period } => each(values, |square| {
                let sine = (std::f64::consts::PI / period * square.sqrt()).sin() / scale;
                exp(-2.0 * sine * sine)
            }),
            _ => each(values, |square| exp(-0.5 * square)),
        }
    }
}

impl Smoothness {
    #[inline(always)]
    fn of(self, distance: f64) -> f64 {
        match self {
            Self::Half => exp(-distance),
            Self::ThreeHalves => {
                let k = distance * 3.0_f64.sqrt();
                (1.0 + k) * exp(-k)
            }
            Self::FiveHalves => {
                let k = distance * 5.0_f64.sqrt();
                (1.0 + k + k * k / 3.0) * exp(-k)
            }
            Self::Infinite => exp(-(distance * distance) / 2.0),
        }
    }
}

impl Operator for ProcessKernel {
    const NAME: &'static str = "process_kernel";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.rows * self.fitted.rows);
        let mut stack = Stack { groups: self.fitted.rows.div_ceil(LANES), ..Stack::default() };
        for row in x.iter_rows() {
            self.of_fitted(row, &mut stack);
            data.extend_from_slice(&stack.last().as_flattened()[..self.fitted.rows]);
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
