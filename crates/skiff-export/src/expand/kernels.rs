//! Kernel functions between rows and the rows of a fit.

use std::f64::consts::PI;

use skiff_plan::operators::{
    CenterKernel, KernelFunction, KernelNode, LogisticGaussian, PairwiseKernel, ProcessKernel, ProcessVariance,
    Smoothness,
};
use skiff_plan::value::Matrix;

use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, TensorId};

impl Expand for CenterKernel {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
        let count = self.rows.len() as f64;
        let sum = builder.sum(x, 1);
        let mean = builder.over(sum, count);
        let mean = builder.rounded(mean, precision);
        let rows = builder.row(&self.rows);
        let centered = builder.sub(x, rows);
        let centered = builder.rounded(centered, precision);
        let centered = builder.sub(centered, mean);
        let centered = builder.rounded(centered, precision);
        let centered = builder.plus(centered, self.all);
        Ok(Block::floats(builder.rounded(centered, precision), precision))
    }
}

impl Expand for PairwiseKernel {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let fitted = self.fitted();
        let precision = precision.promote(self.precision());
        let products = |builder: &mut Builder, x: TensorId| {
            let fitted = builder.transposed(fitted);
            builder.matmul(x, fitted)
        };
        let scaled = |builder: &mut Builder, gamma: f64, coef0: f64| {
            let products = products(builder, x);
            let scaled = builder.times(products, gamma);
            builder.plus(scaled, coef0)
        };
        let falling = |builder: &mut Builder, distances: TensorId, gamma: f64| {
            let scaled = builder.times(distances, -gamma);
            builder.exp(scaled)
        };
        let kernel = match self.function() {
            KernelFunction::Linear => products(builder, x),
            KernelFunction::Polynomial { gamma, coef0, degree } => {
                let (base, degree) = (scaled(builder, gamma, coef0), builder.number(degree));
                builder.pow(base, degree)
            }
            KernelFunction::Sigmoid { gamma, coef0 } => {
                let shifted = scaled(builder, gamma, coef0);
                builder.tanh(shifted)
            }
            KernelFunction::Rbf { gamma } => {
                let squares = builder.squared_distances(x, fitted);
                falling(builder, squares, gamma)
            }
            KernelFunction::Laplacian { gamma } => {
                let distances = builder.manhattan_distances(x, fitted);
                falling(builder, distances, gamma)
            }
            KernelFunction::Cosine => {
                let squares = builder.mul(x, x);
                let norm = builder.sum(squares, 1);
                let norm = builder.sqrt(norm);
                let is_zero = builder.is(norm, 0.0);
                let norm = builder.number_where(is_zero, 1.0, norm);
                let unit = builder.div(x, norm);
                products(builder, unit)
            }
            KernelFunction::Chi2 { gamma } => {
                let distances = chi2(builder, x, fitted);
                falling(builder, distances, gamma)
            }
            KernelFunction::AdditiveChi2 => {
                let distances = chi2(builder, x, fitted);
                builder.neg(distances)
            }
        };
        Ok(Block::floats(builder.rounded(kernel, precision), precision))
    }
}

/// Σ(x - y)² / (x + y), where terms of zeros are 0.
fn chi2(builder: &mut Builder, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    builder.over_pairs(x, points, |builder, x, y| {
        let (difference, sum) = (builder.sub(x, y), builder.add(x, y));
        let square = builder.mul(difference, difference);
        let is_zero = builder.is(sum, 0.0);
        let divisor = builder.number_where(is_zero, 1.0, sum);
        builder.div(square, divisor)
    })
}

impl Expand for ProcessKernel {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let mut stack: Vec<TensorId> = Vec::new();
        let missing = || Reason::new("its expression is not complete");
        for node in &self.nodes {
            let value = match node {
                KernelNode::Constant(value) => constant(builder, x, *value, self.fitted.rows),
                // Noise is of a row with itself, and never of a row with one of the fit.
                KernelNode::White(_) => constant(builder, x, 0.0, self.fitted.rows),
                KernelNode::Rbf(scales) => {
                    let squares = self.squares(builder, x, scales);
                    let half = builder.times(squares, -0.5);
                    builder.exp(half)
                }
                KernelNode::Matern(scales, smoothness) => {
                    let squares = self.squares(builder, x, scales);
                    matern(builder, squares, *smoothness)
                }
                KernelNode::RationalQuadratic { alpha, scale } => {
                    let squares = self.squares(builder, x, &[1.0]);
                    let share = builder.over(squares, 2.0 * alpha * scale * scale);
                    let (base, exponent) = (builder.plus(share, 1.0), builder.number(-alpha));
                    builder.pow(base, exponent)
                }
                KernelNode::ExpSineSquared { scale, period } => {
                    let squares = self.squares(builder, x, &[1.0]);
                    let distance = builder.sqrt(squares);
                    let angle = builder.times(distance, PI / period);
                    let sine = builder.sin(angle);
                    let sine = builder.over(sine, *scale);
                    let square = builder.mul(sine, sine);
                    let scaled = builder.times(square, -2.0);
                    builder.exp(scaled)
                }
                KernelNode::DotProduct(sigma) => {
                    let fitted = builder.transposed(&self.fitted);
                    let products = builder.matmul(x, fitted);
                    builder.plus(products, sigma * sigma)
                }
                KernelNode::Sum | KernelNode::Product => {
                    let (second, first) = (stack.pop().ok_or_else(missing)?, stack.pop().ok_or_else(missing)?);
                    if *node == KernelNode::Sum { builder.add(first, second) } else { builder.mul(first, second) }
                }
                KernelNode::Power(exponent) => {
                    let (base, exponent) = (stack.pop().ok_or_else(missing)?, builder.number(*exponent));
                    builder.pow(base, exponent)
                }
            };
            stack.push(value);
        }
        Ok(Block::doubles(stack.pop().ok_or_else(missing)?))
    }
}

impl Expand for ProcessVariance {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let (kernel, x) = (inputs[0].to_floats(builder)?.tensor, inputs[1].to_floats(builder)?.tensor);
        let prior = diagonal(builder, &self.kernel, x)?;
        let kernel = match &self.weights {
            Some(weights) => {
                let weights = builder.row(weights);
                builder.mul(kernel, weights)
            }
            None => kernel,
        };
        let inverse = builder.transposed(&self.inverse());
        let solution = builder.matmul(kernel, inverse);
        let squares = builder.mul(solution, solution);
        let known = builder.sum(squares, 1);
        let variance = builder.sub(prior, known);
        Ok(Block::doubles(if self.clips { builder.at_least(variance, 0.0) } else { variance }))
    }
}

/// The kernel of each row with itself, (n, 1).
fn diagonal(builder: &mut Builder, kernel: &ProcessKernel, x: TensorId) -> Result<TensorId, Reason> {
    let mut stack: Vec<TensorId> = Vec::new();
    let missing = || Reason::new("its expression is not complete");
    for node in &kernel.nodes {
        let value = match node {
            KernelNode::Constant(value) | KernelNode::White(value) => constant(builder, x, *value, 1),
            // Of a row with itself the distance is 0.
            KernelNode::Rbf(_)
            | KernelNode::Matern(..)
            | KernelNode::RationalQuadratic { .. }
            | KernelNode::ExpSineSquared { .. } => constant(builder, x, 1.0, 1),
            KernelNode::DotProduct(sigma) => {
                let squares = builder.mul(x, x);
                let sum = builder.sum(squares, 1);
                builder.plus(sum, sigma * sigma)
            }
            KernelNode::Sum | KernelNode::Product => {
                let (second, first) = (stack.pop().ok_or_else(missing)?, stack.pop().ok_or_else(missing)?);
                if *node == KernelNode::Sum { builder.add(first, second) } else { builder.mul(first, second) }
            }
            KernelNode::Power(exponent) => {
                let (base, exponent) = (stack.pop().ok_or_else(missing)?, builder.number(*exponent));
                builder.pow(base, exponent)
            }
        };
        stack.push(value);
    }
    stack.pop().ok_or_else(missing)
}

impl Expand for LogisticGaussian {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let (mean, variance) = (inputs[0].to_floats(builder)?.tensor, inputs[1].to_floats(builder)?.tensor);
        let (double, half) = (builder.times(variance, 2.0), builder.number(1.0));
        let alpha = builder.div(half, double);
        let (circle, deviation) = (builder.number(PI), builder.times(variance, 2.0 * PI));
        let share = builder.div(circle, alpha);
        let (above, below) = (builder.sqrt(share), builder.sqrt(deviation));
        let below = builder.times(below, 2.0);
        let mut sum = builder.number(0.0);
        for (lambda, coefficient) in Self::TERMS {
            let more = builder.plus(alpha, lambda * lambda);
            let share = builder.div(alpha, more);
            let root = builder.sqrt(share);
            let scaled = builder.times(mean, lambda);
            let argument = builder.mul(scaled, root);
            let error = builder.erf(argument);
            let part = builder.mul(above, error);
            let part = builder.div(part, below);
            let term = builder.times(part, coefficient);
            sum = builder.add(sum, term);
        }
        let constant = 0.5 * Self::TERMS.iter().map(|(_, coefficient)| coefficient).sum::<f64>();
        let second = builder.plus(sum, constant);
        let first = builder.minus_from(1.0, second);
        Ok(Block::doubles(builder.concat(&[first, second], 1)))
    }
}

/// The same number for each row and each row of the fit.
fn constant(builder: &mut Builder, x: TensorId, value: f64, count: usize) -> TensorId {
    let row = builder.array(&[1, count], &vec![value; count]);
    builder.repeat_rows(row, x)
}

/// Squares of distances after each feature is divided by its scale.
trait Squares {
    fn squares(&self, builder: &mut Builder, x: TensorId, scales: &[f64]) -> TensorId;
}

impl Squares for ProcessKernel {
    fn squares(&self, builder: &mut Builder, x: TensorId, scales: &[f64]) -> TensorId {
        let Matrix { rows, cols, .. } = self.fitted;
        let scale = |feature: usize| scales.get(feature).or(scales.first()).copied().unwrap_or(1.0);
        let scales: Vec<f64> = (0..cols).map(scale).collect();
        let fitted =
            self.fitted.iter_rows().flat_map(|row| row.iter().zip(&scales)).map(|(value, scale)| value / scale);
        let fitted = Matrix::new(rows, cols, fitted.collect::<Vec<_>>());
        let divisors = builder.row(&scales);
        let scaled = builder.div(x, divisors);
        builder.squared_distances(scaled, &fitted)
    }
}

fn matern(builder: &mut Builder, squares: TensorId, smoothness: Smoothness) -> TensorId {
    let distance = builder.sqrt(squares);
    match smoothness {
        Smoothness::Half => {
            let negative = builder.neg(distance);
            builder.exp(negative)
        }
        Smoothness::ThreeHalves | Smoothness::FiveHalves => {
            let root = if smoothness == Smoothness::ThreeHalves { 3.0_f64.sqrt() } else { 5.0_f64.sqrt() };
            let k = builder.times(distance, root);
            let mut polynomial = builder.plus(k, 1.0);
            if smoothness == Smoothness::FiveHalves {
                let square = builder.mul(k, k);
                let third = builder.over(square, 3.0);
                polynomial = builder.add(polynomial, third);
            }
            let negative = builder.neg(k);
            let exp = builder.exp(negative);
            builder.mul(polynomial, exp)
        }
        Smoothness::Infinite => {
            let half = builder.times(squares, -0.5);
            builder.exp(half)
        }
    }
}
