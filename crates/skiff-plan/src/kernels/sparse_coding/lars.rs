//! `sklearn.linear_model._least_angle._lars_path_solver` with a Gram matrix, up to its end.

use super::{DEPENDENT_ATOMS, EQUAL_ATOMS, Lower, Product, error_of_sum, is_decided, largest};
use crate::value::{Matrix, Precision};

/// Least angle regression.
#[derive(Clone, Debug)]
pub struct Lars {
    /// Which path is followed.
    pub path: Path,
    /// How many steps there are at most.
    pub most_steps: usize,
    /// Whether products are rounded to as many decimals as their dtype has: from 1.0 on.
    pub rounds: bool,
}

/// Which path is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Path {
    /// That of least angles.
    LeastAngle {
        /// Whether no coefficient is negative.
        positive: bool,
    },
    /// That of the lasso.
    Lasso {
        /// The penalty at which it ends.
        alpha: f64,
        /// Whether no coefficient is negative.
        positive: bool,
    },
}

/// `np.finfo(np.float32).tiny`
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// How close a penalty is to the one at which the path ends: `np.finfo(np.float32).eps`.
const CLOSE: f64 = f32::EPSILON as f64;
/// The pivot below which an atom is said to depend on others.
const LEAST_PIVOT: f64 = 1e-7;

impl Lars {
    /// The coefficients at the end of the path of a signal of `samples` numbers, whose products with the atoms are
    /// `products`; an error in words where scikit-learn's own algorithm contradicts itself.
    ///
    /// # Errors
    /// When two coefficients would leave at once, the factors of the Gram matrix are no numbers, rounding errors decide
    /// which atom is taken, or scikit-learn's own loop would never end.
    pub fn solve(
        &self,
        gram: &Matrix<'_, f64>,
        products: &[Product],
        samples: usize,
        gram_precision: Precision,
        precision: Precision,
    ) -> Result<Vec<f64>, &'static str> {
        let atoms = products.len();
        let size = self.most_steps.min(atoms);
        let state = State {
            own: self,
            gram,
            all_products: products,
            samples,
            precision,
            lower: Lower::new(size, gram_precision),
            order: (0..atoms).collect(),
            products: products.to_vec(),
            independence: 1.0,
            signs: vec![0.0; size],
            active: Vec::new(),
        };
        state.follow()
    }

    fn end(&self) -> f64 {
        match self.path {
            Path::LeastAngle { .. } => 0.0,
            Path::Lasso { alpha, .. } => alpha,
        }
    }

    fn is_lasso(&self) -> bool {
        matches!(self.path, Path::Lasso { .. })
    }

    fn is_positive(&self) -> bool {
        matches!(self.path, Path::Lasso { positive: true, .. } | Path::LeastAngle { positive: true })
    }
}

struct State<'s> {
    own: &'s Lars,
    gram: &'s Matrix<'s, f64>,
    /// The products of all atoms with the signal.
    all_products: &'s [Product],
    samples: usize,
    precision: Precision,
    /// The Cholesky factor of the Gram matrix of the active atoms.
    lower: Lower,
    /// The atoms, active ones first.
    order: Vec<usize>,
    /// The products of the others with what is left of the signal, in their order.
    products: Vec<Product>,
    /// The smallest share of an active atom that does not depend on those before: what errors are divided by.
    independence: f64,
    /// The signs of the active ones.
    signs: Vec<f64>,
    active: Vec<usize>,
}

impl State<'_> {
    #[expect(clippy::cast_precision_loss, reason = "signals have fewer than 2⁵³ numbers")]
    fn follow(mut self) -> Result<Vec<f64>, &'static str> {
        let atoms = self.order.len();
        let precision = self.precision;
        let round = |value: f64| precision.round(value);
        let mut coefficients = vec![0.0; atoms];
        let mut before = coefficients.clone();
        let (mut alpha_before, mut steps, mut drops) = (0.0, 0, false);
        let end = self.own.end();
        // How many atoms were put back since one last became active: at most each once, then the products are all 0, and
        // the same two atoms take turns.
        let mut put_back = 0;
        loop {
            let positive = self.own.is_positive();
            let size = |value: f64| if positive { value } else { value.abs() };
            let place = largest(&self.products, size);
            let signed = self.products.get(place).map(|product| product.value);
            let greatest = signed.map_or(0.0, size);
            let alpha = round(greatest / self.samples as f64);
            if alpha <= end + CLOSE {
                if (alpha - end).abs() > CLOSE && steps > 0 {
                    let share = (alpha_before - end) / (alpha_before - alpha);
                    for (value, before) in coefficients.iter_mut().zip(&before) {
                        *value = round(before + round(share * round(*value - before)));
                    }
                }
                return Ok(coefficients);
            }
            if steps >= self.own.most_steps || self.active.len() >= atoms {
                return Ok(coefficients);
            }
            if !drops && !is_decided(&self.products, place, size) {
                return Err(EQUAL_ATOMS);
            }
            if !drops && !self.append(place, signed.unwrap_or(0.0))? {
                put_back += 1;
                if put_back > atoms + 2 {
                    return Err("the path of the lasso never ends: its penalty is negative or no number");
                }
                continue;
            }
            put_back = 0;
            if self.own.is_lasso() && steps > 0 && alpha_before < alpha {
                // The penalty grows: numerical errors are greater than what is left.
                return Ok(coefficients);
            }
            let count = self.active.len();
            let (direction, scale) = self.direction()?;
            let along: Vec<f64> = self.order[count..]
                .iter()
                .map(|&atom| {
                    let row = self.gram.row(atom);
                    let active = self.order[..count].iter().map(|&other| row[other]);
                    let sum = round(active.zip(&direction).map(|(gram, value)| gram * value).sum::<f64>());
                    if self.own.rounds { around(sum, precision) } else { sum }
                })
                .collect();
            let pairs = || self.products.iter().map(|product| product.value).zip(&along);
            let none = match precision {
                Precision::Single => f64::from(f32::MAX),
                Precision::Double => f64::MAX,
            };
            let least = |values: &mut dyn Iterator<Item = f64>| {
                values.map(round).filter(|value| *value > 0.0).fold(none, f64::min)
            };
            let mut step = least(&mut pairs().map(|(c, a)| round(greatest - c) / round(round(scale - a) + TINY)));
            if !positive {
                step = step.min(least(&mut pairs().map(|(c, a)| round(greatest + c) / round(round(scale + a) + TINY))));
            }
            step = step.min(round(greatest / scale));
            drops = false;
            let ends: Vec<f64> = self
                .active
                .iter()
                .zip(&direction)
                .map(|(&atom, d)| round(-coefficients[atom] / round(d + TINY)))
                .collect();
            let first_end = least(&mut ends.iter().copied());
            let mut gone = Vec::new();
            if first_end < step {
                // Some coefficients have changed their sign.
                gone = (0..ends.len()).rev().filter(|&at| ends[at] == first_end).collect();
                for &at in &gone {
                    self.signs[at] = -self.signs[at];
                }
                if self.own.is_lasso() {
                    step = first_end;
                }
                drops = true;
            }
            steps += 1;
            before = std::mem::replace(&mut coefficients, vec![0.0; atoms]);
            alpha_before = alpha;
            for (&atom, direction) in self.active.iter().zip(&direction) {
                coefficients[atom] = round(before[atom] + round(step * direction));
            }
            let error =
                error_of_sum(count, self.lower.precision).max(error_of_sum(count, precision)) / self.independence;
            for (product, along) in self.products.iter_mut().zip(&along) {
                let moved = round(step * along);
                product.value = round(product.value - moved);
                product.error += error * moved.abs();
            }
            if drops && self.own.is_lasso() {
                let &[place] = &gone[..] else {
                    return Err("several coefficients of the least angle path reach zero in one step");
                };
                self.drop(place, &coefficients);
            }
        }
    }

    /// Makes the atom at `place` among the others active; `false`, and the atom out of the question, where it depends on
    /// those that are.
    fn append(&mut self, place: usize, product: f64) -> Result<bool, &'static str> {
        let count = self.active.len();
        let positive = self.own.is_positive();
        self.signs[count] = match positive {
            true => 1.0,
            false if product == 0.0 => 0.0,
            false => product.signum(),
        };
        self.products.swap(place, 0);
        self.order.swap(count + place, count);
        let gram = self.gram.row(self.order[count]);
        let mut row: Vec<f64> = self.order[..count].iter().map(|&other| gram[other]).collect();
        let own = gram[self.order[count]];
        self.lower.solve(&mut row);
        let square: f64 = row.iter().map(|value| value * value).sum();
        let pivot = self.lower.precision.round((own - square).abs().sqrt()).max(f64::EPSILON);
        let error = error_of_sum(count, self.lower.precision) / self.independence * own;
        if count > 0 && (own - square).abs() <= error && (own - square).abs() + error >= LEAST_PIVOT * LEAST_PIVOT {
            return Err(DEPENDENT_ATOMS);
        }
        for (column, value) in row.iter().enumerate() {
            self.lower.set(count, column, *value);
        }
        self.lower.set(count, count, pivot);
        if pivot < LEAST_PIVOT {
            // scikit-learn puts the product back in its place, and not the atom.
            self.products[0] = Product { value: 0.0, error: 0.0 };
            self.products.swap(place, 0);
            return Ok(false);
        }
        self.independence = self.independence.min(pivot * pivot / own);
        self.products.remove(0);
        self.active.push(self.order[count]);
        Ok(true)
    }

    /// The direction in which the active coefficients go, and the product that all active atoms have with it.
    fn direction(&mut self) -> Result<(Vec<f64>, f64), &'static str> {
        let precision = self.lower.precision;
        let signs = &self.signs[..self.active.len()];
        let product = |direction: &[f64]| direction.iter().zip(signs).map(|(a, b)| a * b).sum::<f64>();
        let mut direction = self.lower.solve_both(signs);
        if let [0.0] = direction[..] {
            return Ok((vec![1.0], 1.0));
        }
        let mut scale = precision.round(1.0 / precision.round(product(&direction)).sqrt());
        if !scale.is_finite() {
            // The factor is too ill-conditioned: its diagonal grows until it is not.
            let mut lower = Lower { size: self.lower.size, data: self.lower.data.clone(), precision };
            let mut added = f64::EPSILON;
            for _ in 0..1000 {
                for at in 0..signs.len() {
                    lower.set(at, at, lower.at(at, at) + added);
                }
                direction = lower.solve_both(signs);
                scale = 1.0 / product(&direction).max(f64::EPSILON).sqrt();
                if scale.is_finite() {
                    break;
                }
                added *= 2.0;
            }
            if !scale.is_finite() {
                return Err("the products of the dictionary's atoms are no numbers that can be solved for");
            }
        }
        direction.iter_mut().for_each(|value| *value = precision.round(*value * scale));
        Ok((direction, scale))
    }

    /// Takes the active atom at `place` out of the active ones.
    fn drop(&mut self, place: usize, coefficients: &[f64]) {
        self.delete_row(place);
        let atom = self.active.remove(place);
        let count = self.active.len();
        self.order[place..=count].rotate_left(1);
        let row = self.gram.row(atom);
        let terms = || row.iter().zip(coefficients).map(|(gram, value)| gram * value);
        let Product { value, error } = self.all_products[atom];
        let value = self.precision.round(value - self.precision.round(terms().sum::<f64>()));
        let of_terms = error_of_sum(count, self.precision) * terms().map(f64::abs).sum::<f64>() / self.independence;
        self.products.insert(0, Product { value, error: error + of_terms });
        self.signs[place..].rotate_left(1);
        if let Some(last) = self.signs.last_mut() {
            *last = 0.0;
        }
    }

    /// `cholesky_delete`: the factor without one row and column, triangular again by rotations.
    fn delete_row(&mut self, place: usize) {
        let (count, lower) = (self.active.len(), &mut self.lower);
        for row in place..count - 1 {
            for column in 0..=row + 1 {
                lower.set(row, column, lower.at(row + 1, column));
            }
        }
        for at in place..count - 1 {
            let (a, b) = (lower.at(at, at), lower.at(at, at + 1));
            let length = a.hypot(b);
            // Diagonals are never negative.
            let (c, s) = if length == 0.0 { (1.0, 0.0) } else { (a / length, b / length) };
            lower.set(at, at, length);
            lower.set(at, at + 1, 0.0);
            for row in at + 1..count - 1 {
                let (a, b) = (lower.at(row, at), lower.at(row, at + 1));
                lower.set(row, at, c * a + s * b);
                lower.set(row, at + 1, c * b - s * a);
            }
        }
    }
}

/// `np.around(value, decimals=np.finfo(dtype).precision)`
fn around(value: f64, precision: Precision) -> f64 {
    let tens = match precision {
        Precision::Single => 1e6,
        Precision::Double => 1e15,
    };
    precision.round(precision.round(precision.round(value * tens).round_ties_even()) / tens)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two atoms, one twice the other: after the first, the second is put back.
    fn solve(path: Path) -> Result<Vec<f64>, &'static str> {
        let lars = Lars { path, most_steps: 1000, rounds: true };
        let products = [1.0, 2.0].map(|value| Product { value, error: 0.0 });
        let gram = Matrix::new(2, 2, vec![1.0, 2.0, 2.0, 4.0]);
        lars.solve(&gram, &products, 2, Precision::Double, Precision::Double)
    }

    #[test]
    fn a_path_that_would_never_end_is_refused() {
        for positive in [false, true] {
            assert!(solve(Path::Lasso { alpha: 0.25, positive }).is_ok());
            for alpha in [-1.0, f64::NAN] {
                let refused = solve(Path::Lasso { alpha, positive });
                assert_eq!(refused, Err("the path of the lasso never ends: its penalty is negative or no number"));
            }
        }
    }
}
