//! `LatentDirichletAllocation.transform`: the topics of documents.

use crate::InputError;
use crate::operators::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// The share of each topic in each row of word counts, found by iteration, row by row. (n, n_words) → (n, n_topics).
#[derive(Clone, Debug)]
pub struct TopicShares {
    /// `exp_dirichlet_component_`, transposed: (n_words, n_topics).
    pub words: Matrix<'static, f64>,
    /// `doc_topic_prior_`
    pub prior: f64,
    /// `max_doc_update_iter`
    pub most_rounds: usize,
    /// `mean_change_tol`
    pub tolerance: f64,
    /// The dtype of the words.
    pub precision: Precision,
    /// Whether shares add up to 1.
    pub normalizes: bool,
}

impl TopicShares {
    /// `_update_doc_distribution` of one document, of whose words with these numbers there are so many.
    fn of_document(&self, words: &[usize], counts: &[f64], precision: Precision) -> Vec<f64> {
        let topics = self.words.cols;
        let round = |value: f64| precision.round(value);
        let epsilon = match precision {
            Precision::Single => f64::from(f32::EPSILON),
            Precision::Double => f64::EPSILON,
        };
        let mut shares = vec![1.0; topics];
        let mut weights = shares.clone();
        let total = self.dirichlet_total(&shares, precision);
        for (weight, &share) in weights.iter_mut().zip(&shares) {
            *weight = round(round(psi(share, precision) - total).exp());
        }
        for _ in 0..self.most_rounds {
            let mut next = vec![0.0; topics];
            for (&word, &count) in words.iter().zip(counts) {
                let of_topics = self.words.row(word);
                let norm = round(weights.iter().zip(of_topics).fold(0.0, |sum, (a, b)| sum + a * b)) + epsilon;
                let ratio = round(count / round(norm));
                for (next, of_topic) in next.iter_mut().zip(of_topics) {
                    *next += ratio * of_topic;
                }
            }
            let prior = round(self.prior);
            for (next, weight) in next.iter_mut().zip(&weights) {
                *next = round(round(weight * round(*next)) + prior);
            }
            let total = self.dirichlet_total(&next, precision);
            for (weight, &share) in weights.iter_mut().zip(&next) {
                *weight = round(round(psi(share, precision) - total).exp());
            }
            #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ topics")]
            let change = shares.iter().zip(&next).map(|(a, b)| (a - b).abs()).sum::<f64>() / topics as f64;
            shares = next;
            if change < self.tolerance {
                break;
            }
        }
        if self.normalizes {
            let sum = round(shares.iter().sum());
            shares.iter_mut().for_each(|share| *share = round(*share / sum));
        }
        shares
    }

    fn dirichlet_total(&self, shares: &[f64], precision: Precision) -> f64 {
        psi(shares.iter().fold(0.0, |sum, share| precision.round(sum + share)), precision)
    }
}

/// scikit-learn's own ψ, "optimized for speed, not accuracy".
fn psi(x: f64, precision: Precision) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let round = |value: f64| precision.round(value);
    if x <= 1e-6 {
        return round(-EULER - 1.0 / x);
    }
    let (mut x, mut result) = (x, 0.0);
    while x < 6.0 {
        result = round(result - 1.0 / x);
        x = round(x + 1.0);
    }
    let r = round(1.0 / x);
    result = round(result + (x.ln() - 0.5 * r));
    let r = round(r * r);
    round(result - r * ((1.0 / 12.0) - r * ((1.0 / 120.0) - r * (1.0 / 252.0))))
}

impl Operator for TopicShares {
    const NAME: &'static str = "topic_shares";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let mut data = Vec::with_capacity(inputs[0].rows() * self.words.cols);
        let negative = || InputError::refused("Negative values in data passed to LatentDirichletAllocation.transform");
        let mut document = |row: usize, words: &[usize], counts: &[f64], precision: Precision| {
            if counts.iter().any(|&count| count < 0.0) {
                return Err(negative().in_row(row));
            }
            data.extend(self.of_document(words, counts, precision));
            Ok(())
        };
        let precision = match inputs[0] {
            Value::Floats(x, precision) => {
                for (row, values) in x.iter_rows().enumerate() {
                    let present = values.iter().enumerate().filter(|(_, value)| **value != 0.0);
                    let (words, counts): (Vec<usize>, Vec<f64>) = present.map(|(word, count)| (word, *count)).unzip();
                    document(row, &words, &counts, *precision)?;
                }
                *precision
            }
            Value::Sparse(x) => {
                let precision = match x.dtype {
                    NumberType::Float(precision) => precision,
                    NumberType::Int(_) => Precision::Double,
                };
                for row in 0..x.rows {
                    let (columns, counts) = x.row(row);
                    let words: Vec<usize> = columns.iter().map(|&column| column as usize).collect();
                    document(row, &words, counts, precision)?;
                }
                precision
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        Ok(Value::Floats(Matrix::new(inputs[0].rows(), self.words.cols, data), precision))
    }

    fn describe(&self) -> String {
        format!("{} words, {} topics, at most {} rounds", self.words.rows, self.words.cols, self.most_rounds)
    }
}
