//! `BernoulliRBM.score_samples` and `gibbs`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::kernels::random::RandomState;
use crate::kernels::{dot, fused};
use crate::operator::{Operator, Scope};
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// A restricted Boltzmann machine of binary units.
#[derive(Debug)]
pub struct BoltzmannMachine {
    /// `components_`, (n_components, n_features).
    pub components: Matrix<'static, f64>,
    /// `intercept_hidden_`
    pub hidden: Vec<f64>,
    /// `intercept_visible_`
    pub visible: Vec<f64>,
    /// Their dtype.
    pub precision: Precision,
}

impl BoltzmannMachine {
    /// What each hidden unit gets from a row: `v · components_ᵀ + intercept_hidden_`.
    fn hidden_sums(&self, row: &[f64], precision: Precision) -> Vec<f64> {
        let row = Matrix::new(1, row.len(), row);
        let products = match precision {
            Precision::Double => dot::matmul_transposed(&row, &self.components),
            Precision::Single => fused::matmul_transposed(&row, &self.components, None, precision),
        };
        let sum = |(product, intercept): (f64, &f64)| precision.round(precision.round(product) + intercept);
        products.into_iter().zip(&self.hidden).map(sum).collect()
    }

    /// `_free_energy` of a row.
    fn free_energy(&self, row: &[f64], precision: Precision) -> f64 {
        let visible = precision.round(dot::dot(row, &self.visible));
        let sums = self.hidden_sums(row, precision);
        let logarithms: Vec<f64> = sums.into_iter().map(|sum| precision.round(log_add_exp_zero(sum))).collect();
        precision.round(-visible - pairwise_sum_in(&logarithms, precision))
    }
}

/// `np.logaddexp(0, x)`
fn log_add_exp_zero(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The rows, dense, with the dtype of their products with numbers of this `precision`.
fn rows<'v>(value: &'v Value<'_>, precision: Precision) -> Result<(Cow<'v, Matrix<'v, f64>>, Precision), InputError> {
    let of = |dtype: NumberType| match dtype.promote(NumberType::Float(precision)) {
        NumberType::Float(precision) => precision,
        NumberType::Int(_) => Precision::Double,
    };
    match value {
        Value::Floats(x, own) => Ok((Cow::Borrowed(x), own.promote(precision))),
        #[expect(clippy::cast_precision_loss, reason = "numpy's products of floats and integers round as well")]
        Value::Ints(x, kind) => Ok((Cow::Owned(x.map(|&value| value as f64)), of(NumberType::Int(*kind)))),
        Value::Sparse(x) => Ok((Cow::Owned(x.to_dense()), of(x.dtype))),
        other => Err(InputError::wrong_kind("numbers", other)),
    }
}

/// `score_samples`: how much more likely each row is than the same row with one unit turned over, which is drawn.
/// (n, n_features) → (n, 1).
#[derive(Debug)]
pub struct PseudoLikelihood {
    /// The machine.
    pub machine: Arc<BoltzmannMachine>,
    /// The state that each call begins with.
    pub random: RandomState,
    /// Whether the last logarithm is of `float64` whatever comes in.
    pub widens: bool,
}

impl Operator for PseudoLikelihood {
    const NAME: &'static str = "pseudo_likelihood";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (x, precision) = rows(inputs[0], self.machine.precision)?;
        // scikit-learn computes the difference to sparse rows with units turned over as an `np.matrix`: in `float64`.
        let of_turned = if matches!(inputs[0], Value::Sparse(_)) { Precision::Double } else { precision };
        let of_energies = precision.promote(of_turned);
        let answered = if self.widens { Precision::Double } else { of_energies };
        // Units of integers are turned over in their own dtype.
        let integers = match inputs[0] {
            Value::Ints(_, kind) => Some(*kind),
            Value::Sparse(Csr { dtype: NumberType::Int(kind), .. }) => Some(*kind),
            _ => None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "integers that are held as float64")]
        let turn = |value: f64| match integers {
            Some(kind) => kind.to_f64(1_i64.wrapping_sub(value as i64)),
            None => of_turned.round(1.0 - value),
        };
        let mut random = self.random.clone();
        #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
        let width = x.cols as f64;
        let likelihood = |row: &[f64]| {
            let mut turned = row.to_vec();
            let unit = usize::try_from(random.randint(x.cols as u64)).unwrap_or(0);
            if let Some(value) = turned.get_mut(unit) {
                *value = turn(*value);
            }
            let energies = self.machine.free_energy(&turned, of_turned) - self.machine.free_energy(row, precision);
            answered.round(-width * answered.round(log_add_exp_zero(-of_energies.round(energies))))
        };
        let scores: Vec<f64> = x.iter_rows().map(likelihood).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 1, scores), answered))
    }

    fn describe(&self) -> String {
        format!("{} units", self.machine.components.cols)
    }

    /// A row's draw comes after those of the rows before it.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

/// `gibbs`: hidden units drawn for each row, and visible ones for these. (n, n_features) → (n, n_features).
#[derive(Debug)]
pub struct GibbsStep {
    /// The machine.
    pub machine: Arc<BoltzmannMachine>,
    /// The state that each call begins with.
    pub random: RandomState,
}

impl Operator for GibbsStep {
    const NAME: &'static str = "gibbs_step";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let machine = &self.machine;
        let (x, precision) = rows(inputs[0], machine.precision)?;
        let mut random = self.random.clone();
        let mut hidden = Vec::with_capacity(x.rows * machine.components.rows);
        for row in x.iter_rows() {
            for sum in machine.hidden_sums(row, precision) {
                hidden.push(random.random_sample() < precision.round(expit(sum)));
            }
        }
        let own = machine.precision;
        let mut visible = Vec::with_capacity(x.rows * x.cols);
        for row in 0..x.rows {
            let mut sums = vec![0.0; x.cols];
            let units = &hidden[row * machine.components.rows..(row + 1) * machine.components.rows];
            for (component, _) in machine.components.iter_rows().zip(units).filter(|(_, unit)| **unit) {
                for (sum, value) in sums.iter_mut().zip(component) {
                    *sum = own.round(*sum + value);
                }
            }
            for (sum, intercept) in sums.into_iter().zip(&machine.visible) {
                visible.push(i64::from(random.random_sample() < own.round(expit(own.round(sum + intercept)))));
            }
        }
        Ok(Value::Ints(Matrix::new(x.rows, x.cols, visible), IntKind::Bool))
    }

    fn describe(&self) -> String {
        let Matrix { rows, cols, .. } = self.machine.components;
        format!("{cols} → {rows} → {cols}")
    }

    /// All hidden units are drawn before the first visible one.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
