//! `NMF.transform` and `MiniBatchNMF.transform`: how much of each component is in each row.

use crate::InputError;
use crate::kernels::dot;
use crate::kernels::pairwise_sum::pairwise_sum;
use crate::kernels::random::RandomState;
use crate::operator::{Operator, Scope};
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// The weights that multiply the components to the rows, none negative, found by iteration over the whole batch: it ends
/// when all rows together have changed little. (n, n_features) → (n, n_components).
#[derive(Clone, Debug)]
pub struct NonNegativeWeights {
    /// `components_`, (n_components, n_features).
    pub components: Matrix<'static, f64>,
    /// Their dtype.
    pub precision: Precision,
    /// How weights change from round to round.
    pub solver: WeightSolver,
    /// What the sum of the weights costs.
    pub l1: f64,
    /// What the sum of their squares costs.
    pub l2: f64,
    /// The change below which rounds end.
    pub tolerance: f64,
    /// How many rounds there are at most.
    pub most_rounds: usize,
    /// Whether negative rows are refused.
    pub strict: bool,
    /// Whether rows of another dtype than the components are refused.
    pub one_dtype: bool,
    /// Whether zeros that sparse rows do not store count as zeros where zeros are refused.
    pub counts_unstored: bool,
}

/// How weights change from round to round.
#[derive(Clone, Debug)]
pub enum WeightSolver {
    /// Coordinate descent, component by component.
    CoordinateDescent {
        /// The random numbers that order the components, where they are shuffled.
        shuffle: Option<RandomState>,
    },
    /// Multiplicative updates by the gradient of a β-divergence.
    Multiplicative {
        /// 2: Frobenius norm, 1: Kullback-Leibler, 0: Itakura-Saito.
        beta: f64,
        /// Which products are raised to [`EPSILON`] before they divide: those below it, or zeros only.
        raises_small: bool,
        /// When rounds end.
        ends: MultiplicativeEnd,
    },
}

/// When multiplicative updates end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiplicativeEnd {
    /// When the divergence has changed little in ten rounds: `NMF`.
    Divergence,
    /// When the weights have changed little: `MiniBatchNMF`.
    Weights,
}

/// `np.finfo(np.float32).eps`, which stands for zero in denominators.
const EPSILON: f64 = f32::EPSILON as f64;

/// The rows, dense or sparse.
enum Rows<'v> {
    Dense(&'v Matrix<'v, f64>),
    Sparse(&'v Csr<'v>),
}

impl Operator for NonNegativeWeights {
    const NAME: &'static str = "non_negative_weights";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, precision) = match inputs[0] {
            Value::Floats(x, precision) => (Rows::Dense(x), *precision),
            Value::Sparse(x) => match x.dtype {
                NumberType::Float(precision) => (Rows::Sparse(x), precision),
                NumberType::Int(_) => return Err(InputError::wrong_kind("floats", inputs[0])),
            },
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        self.refuse(&rows, precision)?;
        let weights = match &self.solver {
            WeightSolver::CoordinateDescent { shuffle } => self.descend(&rows, precision, shuffle.clone()),
            &WeightSolver::Multiplicative { beta, raises_small, ends } => {
                Multiplicative { own: self, rows: &rows, precision, beta, raises_small }.solve(ends)?
            }
        };
        Ok(Value::Floats(weights, precision))
    }

    fn describe(&self) -> String {
        let solver = match &self.solver {
            WeightSolver::CoordinateDescent { .. } => "coordinate descent".to_owned(),
            WeightSolver::Multiplicative { beta, .. } => format!("multiplicative, beta {beta}"),
        };
        let Matrix { rows, cols, .. } = self.components;
        format!("{cols} → {rows} by {solver}, at most {} rounds", self.most_rounds)
    }

    /// The rounds end for all rows at once.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

impl NonNegativeWeights {
    fn refuse(&self, rows: &Rows<'_>, precision: Precision) -> Result<(), InputError> {
        let least = rows.least(self.counts_unstored);
        if self.strict && least < 0.0 {
            return Err(InputError::refused("Negative values in data passed to NMF (input X)"));
        }
        if self.one_dtype && precision != self.precision {
            let what =
                format!("the components are {}, the rows {precision}: scikit-learn wants one dtype", self.precision);
            return Err(InputError::refused(what));
        }
        if matches!(self.solver, WeightSolver::Multiplicative { beta, ends: MultiplicativeEnd::Divergence, .. } if beta <= 0.0)
            && least == 0.0
        {
            return Err(InputError::refused(
                "When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small values to X, or use a \
                 positive beta_loss.",
            ));
        }
        Ok(())
    }

    /// `components_ · components_ᵀ`.
    fn gram(&self, precision: Precision) -> Matrix<'static, f64> {
        let k = self.components.rows;
        Matrix::new(k, k, rounded(dot::matmul_transposed(&self.components, &self.components), precision))
    }

    /// `_fit_coordinate_descent` without an update of the components.
    fn descend(&self, rows: &Rows<'_>, precision: Precision, mut shuffle: Option<RandomState>) -> Matrix<'static, f64> {
        let round = |value: f64| precision.round(value);
        let (n, k) = (rows.count(), self.components.rows);
        let mut weights = vec![0.0; n * k];
        let mut gram = self.gram(precision);
        let mut products = rows.times(&self.components, precision);
        if self.l2 != 0.0 {
            for at in 0..k {
                let value = &mut gram.data.to_mut()[at * k + at];
                *value = round(*value + round(self.l2));
            }
        }
        if self.l1 != 0.0 {
            products.iter_mut().for_each(|value| *value = round(*value - round(self.l1)));
        }
        let mut first = 0.0;
        for number in 0..self.most_rounds {
            let order = match &mut shuffle {
                Some(random) => random.permutation(k),
                None => (0..k).collect(),
            };
            let mut violation = 0.0;
            for component in order {
                let coefficients = gram.row(component);
                let curvature = coefficients[component];
                for row in 0..n {
                    let weights = &mut weights[row * k..(row + 1) * k];
                    let mut gradient = -products[row * k + component];
                    for (coefficient, weight) in coefficients.iter().zip(&*weights) {
                        gradient = round(gradient + round(coefficient * weight));
                    }
                    let weight = &mut weights[component];
                    let projected = if *weight == 0.0 { gradient.min(0.0) } else { gradient };
                    violation = round(violation + projected.abs());
                    if curvature != 0.0 {
                        *weight = round(*weight - round(gradient / curvature)).max(0.0);
                    }
                }
            }
            if number == 0 {
                first = violation;
            }
            if first == 0.0 || violation / first <= self.tolerance {
                break;
            }
        }
        Matrix::new(n, k, weights)
    }
}

/// Multiplicative updates of the weights of a batch.
struct Multiplicative<'s> {
    own: &'s NonNegativeWeights,
    rows: &'s Rows<'s>,
    /// The dtype of the rows and weights.
    precision: Precision,
    beta: f64,
    raises_small: bool,
}

impl Multiplicative<'_> {
    /// `_fit_multiplicative_update` without an update of the components, and `MiniBatchNMF._solve_W`.
    fn solve(&self, ends: MultiplicativeEnd) -> Result<Matrix<'static, f64>, InputError> {
        let NonNegativeWeights { components, tolerance, most_rounds, .. } = self.own;
        let (tolerance, n, k) = (*tolerance, self.rows.count(), components.rows);
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ components")]
        let start = self.precision.round((self.rows.mean(self.precision) / k as f64).sqrt());
        let mut weights = Matrix::new(n, k, vec![start; n * k]);
        let wide = self.precision.promote(self.own.precision);
        let parts = Parts {
            transposed: components.transposed(),
            gram: self.own.gram(self.own.precision),
            products: if self.beta == 2.0 { self.rows.times(components, wide) } else { Vec::new() },
        };
        let mut sums: Vec<f64> = components.iter_rows().map(|row| wide.round(pairwise_sum(row))).collect();
        let checks = ends == MultiplicativeEnd::Divergence && tolerance > 0.0;
        let first = if checks { self.divergence(&weights, &parts) } else { 0.0 };
        let mut before = first;
        for number in 1..=*most_rounds {
            let last = (ends == MultiplicativeEnd::Weights).then(|| weights.clone());
            // `MiniBatchNMF` adds the components up anew in each round.
            let mut fresh = sums.clone();
            let sums = if ends == MultiplicativeEnd::Divergence { &mut sums } else { &mut fresh };
            self.update(&mut weights, &parts, sums, wide);
            match ends {
                MultiplicativeEnd::Divergence => {
                    if self.beta < 1.0 {
                        let small = weights.data.to_mut().iter_mut().filter(|value| **value < f64::EPSILON);
                        small.for_each(|value| *value = 0.0);
                    }
                    if checks && number % 10 == 0 {
                        let error = self.divergence(&weights, &parts);
                        if (before - error) / first < tolerance {
                            break;
                        }
                        before = error;
                    }
                }
                MultiplicativeEnd::Weights => {
                    let last = last.iter().flat_map(|last| last.data.iter());
                    let change: Vec<f64> = weights.data.iter().zip(last).map(|(a, b)| a - b).collect();
                    if change.iter().any(|value| !value.is_finite()) {
                        return Err(InputError::refused("array must not contain infs or NaNs"));
                    }
                    if tolerance > 0.0 && norm(&change) / norm(&weights.data) <= tolerance {
                        break;
                    }
                }
            }
        }
        Ok(weights)
    }

    /// `_multiplicative_update_w`. `sums` are those of the components, which the penalty is added to in each round that
    /// keeps them, as scikit-learn does.
    fn update(&self, weights: &mut Matrix<'static, f64>, parts: &Parts, sums: &mut [f64], wide: Precision) {
        let (n, k) = (weights.rows, weights.cols);
        let NonNegativeWeights { components, l1, l2, .. } = self.own;
        let (l1, l2, beta) = (*l1, *l2, self.beta);
        let round = |value: f64| wide.round(value);
        let mut denominator;
        let numerator;
        if beta == 2.0 {
            numerator = parts.products.clone();
            denominator = rounded(dot::matmul_transposed(weights, &parts.gram), wide);
        } else {
            let ratio = |x: f64, product: f64| match beta {
                1.0 => round(x / product),
                0.0 => {
                    let inverse = round(1.0 / product);
                    round(round(inverse * inverse) * x)
                }
                _ => round(round(product.powf(beta - 2.0)) * x),
            };
            let raised = |product: f64, power: f64| if power < 0.0 { self.raised(product) } else { product };
            let power = |product: f64| round(raised(product, beta - 1.0).powf(beta - 1.0));
            denominator = Vec::with_capacity(n * k);
            if beta == 1.0 {
                if l1 > 0.0 {
                    sums.iter_mut().for_each(|sum| *sum = round(*sum + l1));
                }
                if l2 <= 0.0 {
                    sums.iter_mut().filter(|sum| **sum == 0.0).for_each(|sum| *sum = EPSILON);
                }
                (0..n).for_each(|_| denominator.extend_from_slice(sums));
            }
            match self.rows {
                Rows::Dense(x) => {
                    let products = rounded(dot::matmul_transposed(weights, &parts.transposed), wide);
                    let ratios: Vec<f64> = x
                        .data
                        .iter()
                        .zip(&products)
                        .map(|(x, product)| ratio(*x, raised(*product, beta - 2.0)))
                        .collect();
                    let ratios = Matrix::new(n, x.cols, ratios);
                    numerator = rounded(dot::matmul_transposed(&ratios, components), wide);
                    if beta != 1.0 {
                        let powers = Matrix::new(n, x.cols, products.into_iter().map(power).collect::<Vec<_>>());
                        denominator = rounded(dot::matmul_transposed(&powers, components), wide);
                    }
                }
                Rows::Sparse(x) => {
                    let stored = self.stored_products(x, weights, parts);
                    let data = x.data.iter().zip(stored).map(|(x, product)| ratio(*x, raised(product, beta - 2.0)));
                    let ratios = Csr { data: data.collect::<Vec<_>>().into(), ..Csr::clone(x) };
                    numerator = dot::sparse_matmul_transposed(&ratios, components, wide);
                    if beta != 1.0 {
                        for row in weights.iter_rows() {
                            let row = Matrix::new(1, k, row);
                            let powers = dot::matmul_transposed(&row, &parts.transposed).into_iter().map(power);
                            let powers = Matrix::new(1, x.cols, powers.collect::<Vec<_>>());
                            denominator.extend(rounded(dot::matmul_transposed(&powers, components), wide));
                        }
                    }
                }
            }
        }
        if l1 > 0.0 && beta != 1.0 {
            denominator.iter_mut().for_each(|value| *value = round(*value + l1));
        }
        let gamma = match beta {
            _ if beta < 1.0 => 1.0 / (2.0 - beta),
            _ if beta > 2.0 => 1.0 / (beta - 1.0),
            _ => 1.0,
        };
        for ((weight, numerator), mut denominator) in weights.data.to_mut().iter_mut().zip(numerator).zip(denominator) {
            if l2 > 0.0 {
                denominator = round(denominator + round(l2 * *weight));
            }
            if denominator == 0.0 {
                denominator = EPSILON;
            }
            let mut change = round(numerator / denominator);
            if gamma != 1.0 {
                change = round(change.powf(gamma));
            }
            *weight = self.precision.round(*weight * change);
        }
    }

    fn raised(&self, product: f64) -> f64 {
        let is_small = if self.raises_small { product < EPSILON } else { product == 0.0 };
        if is_small { EPSILON } else { product }
    }

    /// The products of weights and components where sparse rows have elements.
    fn stored_products(&self, x: &Csr<'_>, weights: &Matrix<'_, f64>, parts: &Parts) -> Vec<f64> {
        let mut products = Vec::with_capacity(x.data.len());
        for row in 0..x.rows {
            let (columns, _) = x.row(row);
            let of = |&column: &u32| dot::dot(weights.row(row), parts.transposed.row(column as usize));
            products.extend(columns.iter().map(of));
        }
        products
    }

    /// `_beta_divergence(X, W, H, beta, square_root=True)`.
    fn divergence(&self, weights: &Matrix<'_, f64>, parts: &Parts) -> f64 {
        let components = &self.own.components;
        let products_of_all = || dot::matmul_transposed(weights, &parts.transposed);
        let beta = self.beta;
        let value = if beta == 2.0 {
            match self.rows {
                Rows::Dense(x) => {
                    let differences = x.data.iter().zip(products_of_all()).map(|(x, product)| x - product);
                    let differences: Vec<f64> = differences.collect();
                    dot::dot(&differences, &differences) / 2.0
                }
                Rows::Sparse(x) => {
                    let turned = weights.transposed();
                    let squares = dot::matmul_transposed(&turned, &turned);
                    let product = dot::dot(&parts.products, &weights.data);
                    (dot::dot(&x.data, &x.data) + dot::dot(&squares, &parts.gram.data) - 2.0 * product) / 2.0
                }
            }
        } else {
            let all = match self.rows {
                Rows::Dense(_) => products_of_all(),
                Rows::Sparse(x) => self.stored_products(x, weights, parts),
            };
            let x: &[f64] = match self.rows {
                Rows::Dense(x) => &x.data,
                Rows::Sparse(x) => &x.data,
            };
            let pairs =
                x.iter().zip(&all).filter(|(x, _)| **x > EPSILON).map(|(x, product)| (*x, self.raised(*product)));
            let pairs: Vec<(f64, f64)> = pairs.collect();
            let sum =
                |f: &dyn Fn(f64, f64) -> f64| pairwise_sum(&pairs.iter().map(|&(x, y)| f(x, y)).collect::<Vec<_>>());
            match beta {
                1.0 => {
                    let of_weights = weights.transposed();
                    let of_weights: Vec<f64> = of_weights.iter_rows().map(pairwise_sum).collect();
                    let of_components: Vec<f64> = components.iter_rows().map(pairwise_sum).collect();
                    sum(&|x, product| x * (x / product).ln()) + dot::dot(&of_weights, &of_components) - sum(&|x, _| x)
                }
                0.0 => {
                    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ elements")]
                    let count = weights.rows as f64 * components.cols as f64;
                    sum(&|x, product| x / product) - count - sum(&|x, product| (x / product).ln())
                }
                _ => {
                    let powers: Vec<f64> = match self.rows {
                        Rows::Dense(_) => all.iter().map(|product| product.powf(beta)).collect(),
                        Rows::Sparse(_) => products_of_all().iter().map(|product| product.powf(beta)).collect(),
                    };
                    let mut value = sum(&|x, _| x.powf(beta)) - beta * sum(&|x, product| x * product.powf(beta - 1.0));
                    value += pairwise_sum(&powers) * (beta - 1.0);
                    value / (beta * (beta - 1.0))
                }
            }
        };
        (2.0 * value.max(0.0)).sqrt()
    }
}

/// What all rounds need.
struct Parts {
    /// The components as columns.
    transposed: Matrix<'static, f64>,
    /// Their products with each other.
    gram: Matrix<'static, f64>,
    /// The rows times the components, for the Frobenius norm.
    products: Vec<f64>,
}

impl Rows<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Dense(x) => x.rows,
            Self::Sparse(x) => x.rows,
        }
    }

    /// The rows times the transpose of `components`.
    fn times(&self, components: &Matrix<'_, f64>, precision: Precision) -> Vec<f64> {
        match self {
            Self::Dense(x) => rounded(dot::matmul_transposed(x, components), precision),
            Self::Sparse(x) => dot::sparse_matmul_transposed(x, components, precision),
        }
    }

    fn least(&self, counts_unstored: bool) -> f64 {
        let (data, all) = match self {
            Self::Dense(x) => (&x.data, true),
            Self::Sparse(x) => (&x.data, x.data.len() == x.rows * x.cols || (!counts_unstored && !x.data.is_empty())),
        };
        data.iter().copied().fold(if all { f64::INFINITY } else { 0.0 }, f64::min)
    }

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ elements")]
    fn mean(&self, precision: Precision) -> f64 {
        let (data, count) = match self {
            Self::Dense(x) => (&x.data, x.data.len()),
            Self::Sparse(x) => (&x.data, x.rows * x.cols),
        };
        precision.round(pairwise_sum(data) / count as f64)
    }
}

fn rounded(mut values: Vec<f64>, precision: Precision) -> Vec<f64> {
    if precision == Precision::Single {
        values.iter_mut().for_each(|value| *value = precision.round(*value));
    }
    values
}

fn norm(values: &[f64]) -> f64 {
    dot::dot(values, values).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(solver: WeightSolver) -> NonNegativeWeights {
        let components = Matrix::new(2, 2, vec![1.0, 0.0, 0.0, 2.0]);
        let precision = Precision::Double;
        let (tolerance, most_rounds) = (1e-12, 2000);
        NonNegativeWeights {
            components,
            precision,
            solver,
            l1: 0.0,
            l2: 0.0,
            tolerance,
            most_rounds,
            strict: true,
            one_dtype: true,
            counts_unstored: true,
        }
    }

    #[test]
    fn solvers_find_the_weights_of_rows_that_are_sums_of_components() {
        let x = Value::Floats(Matrix::new(2, 2, vec![3.0, 8.0, 1.0, 2.0]), Precision::Double);
        let multiplicative = |beta, ends| WeightSolver::Multiplicative { beta, raises_small: true, ends };
        let solvers = [
            WeightSolver::CoordinateDescent { shuffle: None },
            WeightSolver::CoordinateDescent { shuffle: Some(RandomState::new(0)) },
            multiplicative(2.0, MultiplicativeEnd::Divergence),
            multiplicative(1.0, MultiplicativeEnd::Divergence),
            multiplicative(1.5, MultiplicativeEnd::Weights),
            multiplicative(0.0, MultiplicativeEnd::Weights),
        ];
        for solver in solvers {
            let Ok(Value::Floats(found, _)) = weights(solver.clone()).run(&[&x]) else { panic!("floats") };
            for (found, expected) in found.data.iter().zip([3.0, 4.0, 1.0, 1.0]) {
                assert!((found - expected).abs() < 1e-6, "{solver:?}: {found} instead of {expected}");
            }
        }
    }

    #[test]
    fn negative_rows_are_refused() {
        let x = Value::Floats(Matrix::new(1, 2, vec![3.0, -8.0]), Precision::Double);
        assert!(weights(WeightSolver::CoordinateDescent { shuffle: None }).run(&[&x]).is_err());
    }
}
