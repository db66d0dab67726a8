//! The initial scores of gradient boosting from its `init` estimator.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The raw scores that boosting starts from, in `float64`: the `init` estimator's result on the scale of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostingStart {
    /// The conversion of the result to scores.
    pub link: StartLink,
    /// How far from 0 and 1 probabilities are kept.
    pub eps: f64,
    /// By how many floats, of the width of the `init` estimator's result, the second of two probabilities is moved. It
    /// is 0, except to find the scores for another rounding of it: next to 1, floats are few on the scale of the
    /// odds.
    pub ulps: i8,
}

/// From results to raw scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartLink {
    /// As they are: regressions.
    Identity,
    /// `log(p / (1 - p))` of the second of two probabilities.
    Logit,
    /// Half of that: the exponential loss.
    HalfLogit,
    /// `log(p)` of each probability: several classes, before scikit-learn 1.4.
    Log,
    /// `log(p / geometric mean)` of each probability: several classes.
    SymmetricLog,
}

impl BoostingStart {
    fn row(self, row: &[f64], precision: Precision, scores: &mut Vec<f64>) {
        let clip = |p: f64| p.clamp(self.eps, 1.0 - self.eps);
        let odds = || logit(clip(moved(row[1], self.ulps, precision)));
        match self.link {
            StartLink::Identity => scores.extend_from_slice(row),
            StartLink::Logit => scores.push(odds()),
            StartLink::HalfLogit => scores.push(0.5 * odds()),
            StartLink::Log => scores.extend(row.iter().map(|&p| clip(p).ln())),
            StartLink::SymmetricLog => {
                let logs: f64 = row.iter().map(|&p| clip(p).ln()).sum();
                #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
                let mean = (logs / row.len() as f64).exp();
                scores.extend(row.iter().map(|&p| (clip(p) / mean).ln()));
            }
        }
    }
}

/// The float that is `ulps` floats of this width after `p`.
fn moved(p: f64, ulps: i8, precision: Precision) -> f64 {
    let steps = 0..ulps.unsigned_abs();
    match precision {
        Precision::Single => {
            #[expect(clippy::cast_possible_truncation, reason = "it was computed as `f32`")]
            let p = p as f32;
            steps.fold(p, |p, _| if ulps < 0 { p.next_down() } else { p.next_up() }).into()
        }
        Precision::Double => steps.fold(p, |p, _| if ulps < 0 { p.next_down() } else { p.next_up() }),
    }
}

/// `scipy.special.logit`, which goes another way where the quotient is near 1.
fn logit(p: f64) -> f64 {
    if (0.3..=0.65).contains(&p) {
        let s = 2.0 * (p - 0.5);
        s.ln_1p() - (-s).ln_1p()
    } else {
        (p / (1.0 - p)).ln()
    }
}

impl Operator for BoostingStart {
    const NAME: &'static str = "boosting_start";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let numbers: Matrix<'_, f64>;
        let (answers, precision) = match inputs[0] {
            Value::Floats(answers, precision) => (answers, *precision),
            // An `init` estimator may return integers: a dummy with an integer constant.
            Value::Ints(answers, _) => {
                #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
                let as_floats = answers.map(|&answer| answer as f64);
                numbers = as_floats;
                (&numbers, Precision::Double)
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let binary = matches!(self.link, StartLink::Logit | StartLink::HalfLogit);
        if binary && answers.cols != 2 {
            return Err(InputError::refused("the `init` estimator of the boosting does not have two classes"));
        }
        let mut scores = Vec::with_capacity(answers.data.len());
        for row in answers.iter_rows() {
            self.row(row, precision, &mut scores);
        }
        let cols = if binary { 1 } else { answers.cols };
        Ok(Value::Floats(Matrix::new(answers.rows, cols, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{:?}", self.link)
    }
}
