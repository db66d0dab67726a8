//! libsvm's probabilities: a sigmoid for each pair of classes, then one distribution that agrees with all pairs.

use crate::InputError;
use crate::operator::Operator;
use crate::operators::svm::pair_votes::pairs;
use crate::value::{Matrix, Precision, Value};

/// From the decision value of each pair of classes to a probability for each class: `svm_predict_probability`. Platt's
/// sigmoids are coupled by the second method of Wu, Lin and Weng (2004), with libsvm's iterations and stopping rule.
#[derive(Debug)]
pub struct PairProbabilities {
    /// How many classes there are.
    pub classes: usize,
    /// `probA_`, the slope of each pair's sigmoid.
    pub slopes: Vec<f64>,
    /// `probB_`, the offset of each pair's sigmoid.
    pub offsets: Vec<f64>,
}

impl Operator for PairProbabilities {
    const NAME: &'static str = "pair_probabilities";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(decisions, _) = inputs[0] else {
            return Err(InputError::wrong_kind("decision values", inputs[0]));
        };
        let mut coupling = Coupling::new(self.classes);
        let mut probabilities = Vec::with_capacity(decisions.rows * self.classes);
        for row in decisions.iter_rows() {
            let sigmoids = row.iter().zip(&self.slopes).zip(&self.offsets);
            for (pair, ((&value, slope), offset)) in pairs(self.classes).zip(sigmoids) {
                let first = sigmoid(value * slope + offset);
                // C's `min(max(…))` by comparisons: a NaN decision yields the lower bound.
                let first = if first > MIN_PROBABILITY { first } else { MIN_PROBABILITY };
                let first = if first < 1.0 - MIN_PROBABILITY { first } else { 1.0 - MIN_PROBABILITY };
                coupling.set(pair, first);
            }
            probabilities.extend_from_slice(coupling.solve());
        }
        Ok(Value::Floats(Matrix::new(decisions.rows, self.classes, probabilities), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes)
    }
}

/// The bound of a pair's probability from 0 and 1.
const MIN_PROBABILITY: f64 = 1e-7;

/// `sigmoid_predict`: 1 / (1 + exp(x)) without cancellation.
fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { (-x).exp() / (1.0 + (-x).exp()) } else { 1.0 / (1.0 + x.exp()) }
}

/// `multiclass_probability` with its work space.
struct Coupling {
    classes: usize,
    /// r\[i\]\[j\], the probability of class i against class j.
    pairwise: Vec<f64>,
    /// Q of the quadratic form.
    form: Vec<f64>,
    /// Q·p.
    product: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Coupling {
    fn new(classes: usize) -> Self {
        let square = vec![0.0; classes * classes];
        let line = vec![0.0; classes];
        Self { classes, pairwise: square.clone(), form: square, product: line.clone(), probabilities: line }
    }

    fn set(&mut self, (first, second): (usize, usize), probability: f64) {
        self.pairwise[first * self.classes + second] = probability;
        self.pairwise[second * self.classes + first] = 1.0 - probability;
    }

    #[expect(clippy::cast_precision_loss, reason = "no model has 2⁵³ classes")]
    fn solve(&mut self) -> &[f64] {
        let k = self.classes;
        self.prepare();
        let (q, qp, p) = (&self.form, &mut self.product, &mut self.probabilities);
        p.fill(1.0 / k as f64);
        let tolerance = 0.005 / k as f64;
        for _ in 0..k.max(100) {
            let mut pqp = 0.0;
            for t in 0..k {
                qp[t] = 0.0;
                for j in 0..k {
                    qp[t] += q[t * k + j] * p[j];
                }
                pqp += p[t] * qp[t];
            }
            let mut worst = 0.0;
            for qp in &*qp {
                let error = (qp - pqp).abs();
                if error > worst {
                    worst = error;
                }
            }
            if worst < tolerance {
                break;
            }
            for t in 0..k {
                let step = (-qp[t] + pqp) / q[t * k + t];
                p[t] += step;
                pqp = (pqp + step * (step * q[t * k + t] + 2.0 * qp[t])) / (1.0 + step) / (1.0 + step);
                for j in 0..k {
                    qp[j] = (qp[j] + step * q[t * k + j]) / (1.0 + step);
                    p[j] /= 1.0 + step;
                }
            }
        }
        p
    }

    fn prepare(&mut self) {
        let (k, r, q) = (self.classes, &self.pairwise, &mut self.form);
        for t in 0..k {
            q[t * k + t] = 0.0;
            for j in 0..k {
                if j == t {
                    continue;
                }
                q[t * k + t] += r[j * k + t] * r[j * k + t];
                q[t * k + j] = if j < t { q[j * k + t] } else { -r[j * k + t] * r[t * k + j] };
            }
        }
    }
}
