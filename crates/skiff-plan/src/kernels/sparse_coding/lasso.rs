//! `sklearn.linear_model._cd_fast.enet_coordinate_descent_gram`, without a penalty of squares.

use crate::kernels::dot::dot;
use crate::value::{Matrix, Precision};

/// The lasso by cyclic coordinate descent.
#[derive(Clone, Debug)]
pub struct Lasso {
    /// The penalty of absolute values, times the number of samples.
    pub alpha: f64,
    /// How many rounds there are at most.
    pub most_rounds: usize,
    /// The change, and the duality gap relative to the square of the signal, at which rounds end.
    pub tolerance: f64,
    /// Whether no coefficient is negative.
    pub positive: bool,
    /// Whether atoms that the duality gap rules out are left out, and rounds that are not needed: from 1.8 on.
    pub screens: bool,
}

impl Lasso {
    /// The coefficients of a signal whose products with the atoms are `products`, and with itself `square`.
    pub fn solve(&self, gram: &Matrix<'_, f64>, products: &[f64], square: f64, precision: Precision) -> Vec<f64> {
        let mut state = State {
            own: self,
            gram,
            products,
            square,
            precision,
            coefficients: vec![0.0; products.len()],
            sums: vec![0.0; products.len()],
        };
        let least_change = precision.round(self.tolerance);
        let tolerance = precision.round(least_change * square);
        let mut active: Vec<usize> = (0..products.len()).collect();
        let screens = self.screens && self.alpha != 0.0;
        if self.screens {
            let gap = state.gap();
            if (0.0..=tolerance).contains(&gap.value) {
                return state.coefficients;
            }
            if screens {
                state.screen(&mut active, &gap);
            }
        }
        for number in 1..=self.most_rounds {
            let (greatest, change) = state.round(&active);
            let relative = change / greatest;
            let is_small = if self.screens { relative <= least_change } else { relative < least_change };
            if greatest == 0.0 || is_small || number == self.most_rounds {
                let gap = state.gap();
                if if self.screens { gap.value <= tolerance } else { gap.value < tolerance } {
                    break;
                }
                if screens {
                    state.screen(&mut active, &gap);
                }
            }
        }
        state.coefficients
    }
}

struct State<'s> {
    own: &'s Lasso,
    gram: &'s Matrix<'s, f64>,
    products: &'s [f64],
    square: f64,
    precision: Precision,
    coefficients: Vec<f64>,
    /// `Q w`
    sums: Vec<f64>,
}

/// The duality gap, and what it was made of.
struct Gap {
    value: f64,
    gradients: Vec<f64>,
    norm: f64,
}

impl State<'_> {
    /// One round over the `active` coefficients; the greatest of them, and their greatest change.
    fn round(&mut self, active: &[usize]) -> (f64, f64) {
        let precision = self.precision;
        let round = |value: f64| precision.round(value);
        let (mut greatest, mut greatest_change) = (0.0_f64, 0.0_f64);
        for &atom in active {
            let own = self.gram.row(atom)[atom];
            if own == 0.0 {
                continue;
            }
            let before = self.coefficients[atom];
            let product = if self.own.screens {
                round(round(self.products[atom] - self.sums[atom]) + round(before * own))
            } else {
                self.add(atom, -before);
                round(self.products[atom] - self.sums[atom])
            };
            let sign = if product == 0.0 { 0.0 } else { product.signum() };
            let value = match self.own.positive && product < 0.0 {
                true => 0.0,
                false => round(sign * round(product.abs() - round(self.own.alpha)).max(0.0) / own),
            };
            self.coefficients[atom] = value;
            self.add(atom, if self.own.screens { round(value - before) } else { value });
            greatest_change = greatest_change.max(round(value - before).abs());
            greatest = greatest.max(value.abs());
        }
        (greatest, greatest_change)
    }

    /// Adds `factor` times the products of `atom` with all to the sums.
    fn add(&mut self, atom: usize, factor: f64) {
        if factor != 0.0 {
            for (sum, gram) in self.sums.iter_mut().zip(self.gram.row(atom)) {
                *sum = self.precision.round(*sum + self.precision.round(factor * gram));
            }
        }
    }

    fn gap(&self) -> Gap {
        let alpha = self.precision.round(self.own.alpha);
        let round = |value: f64| self.precision.round(value);
        let products = round(dot(&self.coefficients, self.products));
        let squares = round(dot(&self.coefficients, &self.sums));
        let rest = round(self.square + squares - 2.0 * products);
        let gradients: Vec<f64> = self.products.iter().zip(&self.sums).map(|(q, sum)| round(q - sum)).collect();
        let norm = match self.own.positive {
            true => gradients.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            false => gradients.iter().map(|value| value.abs()).fold(0.0, f64::max),
        };
        if self.own.screens && alpha == 0.0 {
            let norm = dot(&gradients, &gradients);
            return Gap { value: norm, gradients, norm };
        }
        let absolute: f64 = round(self.coefficients.iter().map(|value| value.abs()).sum());
        let scale = if norm > alpha { alpha / norm } else { 1.0 };
        let value = match self.own.screens {
            true => {
                let primal = round(0.5 * rest + alpha * absolute);
                let dual = round(-0.5 * (scale * scale) * rest + scale * round(self.square - products));
                primal - dual
            }
            false => {
                let start = if norm > alpha { 0.5 * (rest + rest * (scale * scale)) } else { rest };
                start + (alpha * absolute - scale * self.square + scale * products)
            }
        };
        Gap { value: round(value), gradients, norm }
    }

    /// Leaves out of `active` what the gap rules out: Ndiaye and others' gap safe rules.
    fn screen(&mut self, active: &mut Vec<usize>, gap: &Gap) {
        let alpha = self.precision.round(self.own.alpha);
        let radius = (2.0 * gap.value.abs()).sqrt() / alpha;
        for atom in std::mem::take(active) {
            let own = self.gram.row(atom)[atom];
            if own == 0.0 {
                self.coefficients[atom] = 0.0;
                continue;
            }
            let correlation = gap.gradients[atom] / alpha.max(gap.norm);
            if (1.0 - correlation.abs()) / own.sqrt() <= radius {
                active.push(atom);
            } else if self.coefficients[atom] != 0.0 {
                self.add(atom, -self.coefficients[atom]);
                self.coefficients[atom] = 0.0;
            }
        }
    }
}
