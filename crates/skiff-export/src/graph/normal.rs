//! The normal distribution, by the approximations that `skiff_plan::kernels::normal` computes with.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

use skiff_plan::kernels::normal::{ERF, ERFC_FAR, ERFC_NEAR};

use super::{Builder, TensorId};

impl Builder {
    /// `p[0] xⁿ + … + p[n]`.
    fn polynomial(&mut self, x: TensorId, coefficients: &[f64]) -> TensorId {
        let (first, rest) = coefficients.split_first().expect("a constant has coefficients");
        let mut sum = self.number(*first);
        for &coefficient in rest {
            let product = self.mul(sum, x);
            sum = self.plus(product, coefficient);
        }
        sum
    }

    fn ratio(&mut self, x: TensorId, (above, below): (&[f64], &[f64])) -> TensorId {
        let (above, below) = (self.polynomial(x, above), self.polynomial(x, below));
        self.div(above, below)
    }

    /// The error function within 1 of zero.
    fn erf_near_zero(&mut self, x: TensorId) -> TensorId {
        let square = self.mul(x, x);
        let ratio = self.ratio(square, ERF);
        self.mul(x, ratio)
    }

    /// `1 - erf(x)` for numbers that are not negative.
    fn erfc_of_size(&mut self, size: TensorId) -> TensorId {
        let square = self.mul(size, size);
        let negative = self.neg(square);
        let scale = self.exp(negative);
        let (near, far) = (self.ratio(size, ERFC_NEAR), self.ratio(size, ERFC_FAR));
        let is_near = self.below(size, 8.0);
        let ratio = self.choose(is_near, near, far);
        let tail = self.mul(scale, ratio);
        // Where the exponential is 0, so is the product.
        let is_nothing = self.is(scale, 0.0);
        let tail = self.number_where(is_nothing, 0.0, tail);
        let small = self.erf_near_zero(size);
        let rest = self.minus_from(1.0, small);
        let is_small = self.below(size, 1.0);
        self.choose(is_small, rest, tail)
    }

    /// The error function.
    pub(crate) fn erf(&mut self, x: TensorId) -> TensorId {
        let near = self.erf_near_zero(x);
        let size = self.abs(x);
        let tail = self.erfc_of_size(size);
        let far = self.minus_from(1.0, tail);
        let (negative, is_negative) = (self.neg(far), self.below(x, 0.0));
        let far = self.choose(is_negative, negative, far);
        let is_far = self.above(size, 1.0);
        self.choose(is_far, far, near)
    }

    /// The probability that a standard normal number is not above `x`.
    pub(crate) fn ndtr(&mut self, x: TensorId) -> TensorId {
        let scaled = self.times(x, FRAC_1_SQRT_2);
        let near = self.erf_near_zero(scaled);
        let near = self.times(near, 0.5);
        let near = self.plus(near, 0.5);
        let size = self.abs(scaled);
        let tail = self.erfc_of_size(size);
        let tail = self.times(tail, 0.5);
        let (rest, is_above) = (self.minus_from(1.0, tail), self.above(scaled, 0.0));
        let far = self.choose(is_above, rest, tail);
        let is_near = self.below(size, FRAC_1_SQRT_2);
        self.choose(is_near, near, far)
    }

    /// The number that a standard normal one is not above with probability `p`; infinite at 0 and 1, NaN beyond.
    pub(crate) fn ndtri(&mut self, p: TensorId) -> TensorId {
        let (rest, is_above) = (self.minus_from(1.0, p), self.above(p, 0.5));
        let low = self.choose(is_above, rest, p);
        let log = self.log(low);
        let double = self.times(log, -2.0);
        let t = self.sqrt(double);
        let (above, below) = (self.polynomial(t, &[0.27061, 2.30753]), self.polynomial(t, &[0.04481, 0.99229, 1.0]));
        let start = self.div(above, below);
        let mut x = self.sub(start, t);
        for _ in 0..4 {
            let found = self.ndtr(x);
            let error = self.sub(found, low);
            let scaled = self.times(error, SQRT_2 * PI.sqrt());
            let square = self.mul(x, x);
            let half = self.times(square, 0.5);
            let exp = self.exp(half);
            let step = self.mul(scaled, exp);
            let bend = self.mul(x, step);
            let bend = self.times(bend, 0.5);
            let bend = self.plus(bend, 1.0);
            let step = self.div(step, bend);
            x = self.sub(x, step);
        }
        let negative = self.neg(x);
        let x = self.choose(is_above, negative, x);
        let (is_zero, is_one) = (self.is(p, 0.0), self.is(p, 1.0));
        let x = self.number_where(is_zero, f64::NEG_INFINITY, x);
        self.number_where(is_one, f64::INFINITY, x)
    }
}
