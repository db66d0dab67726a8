//! `GaussianMixture.sample`.

use crate::InputError;
use crate::kernels::random::RandomState;
use crate::operator::{Operator, Scope};
use crate::value::{IntKind, Matrix, Precision, Value};

/// As many points as rows come in, drawn from Gaussians whose features do not depend on each other; and the number of the
/// Gaussian that each is from.
#[derive(Debug)]
pub struct DrawMixture {
    /// `weights_`
    pub weights: Vec<f64>,
    /// `means_`, (n_components, n_features).
    pub means: Matrix<'static, f64>,
    /// The standard deviations, (n_components, n_features).
    pub deviations: Matrix<'static, f64>,
    /// The state that each call begins with.
    pub random: RandomState,
}

impl Operator for DrawMixture {
    const NAME: &'static str = "draw_mixture";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        RandomState::check_chances(&self.weights)?;
        let mut random = self.random.clone();
        let counts = random.multinomial(rows as u64, &self.weights);
        let mut points = Vec::with_capacity(rows * self.means.cols);
        let mut labels = Vec::with_capacity(rows);
        let components = self.means.iter_rows().zip(self.deviations.iter_rows()).zip(counts);
        for (label, ((means, deviations), count)) in (0..).zip(components) {
            for _ in 0..count {
                let parameters = means.iter().zip(deviations);
                points.extend(parameters.map(|(mean, deviation)| mean + random.standard_normal() * deviation));
                labels.push(label);
            }
        }
        Ok(Value::Many(vec![
            Value::Floats(Matrix::new(rows, self.means.cols, points), Precision::Double),
            Value::Ints(Matrix::new(rows, 1, labels), IntKind::I64),
        ]))
    }

    fn counts_rows(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("{} Gaussians, {} features", self.means.rows, self.means.cols)
    }

    /// How many points each Gaussian has is drawn for all of them.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
