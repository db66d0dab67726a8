//! How the answers of two models for the same rows differ.

use skiff_files::Scalar;
use skiff_plan::table::Table;
use skiff_plan::value::Value;
use skiff_plan::{Answer, Method};

use crate::{Error, Model};

/// What was measured on some rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// How many rows.
    pub rows: usize,
    /// The method whose numbers were compared.
    pub method: Option<Method>,
    /// The greatest difference between two numbers of it; infinite between NaN and a number.
    pub greatest_difference: Option<f64>,
    /// The share of rows with another label, for classifiers and clusterers.
    pub changed_labels: Option<f64>,
    /// How well the targets were predicted.
    pub metric: Option<Metric>,
    /// How long both models took, in seconds, where that was measured.
    pub seconds: Option<[f64; 2]>,
}

/// A metric of both models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// `accuracy`, or `r2`, as scikit-learn calls them.
    pub name: &'static str,
    /// Of the original model.
    pub before: f64,
    /// Of the smaller one.
    pub after: f64,
}

/// The answers of one model, block by block.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Of `predict`.
    pub predicted: Vec<Answer>,
    /// Of [`method_of`].
    pub numbers: Vec<Answer>,
    /// How long they took, in seconds.
    pub seconds: Option<f64>,
}

/// The methods whose numbers are compared, the first that a model has.
const COMPARED: [Method; 4] = [Method::PredictProba, Method::DecisionFunction, Method::Transform, Method::ScoreSamples];

/// The method besides `predict` whose numbers are compared.
pub fn method_of(model: &Model) -> Option<Method> {
    let methods = model.methods();
    COMPARED.into_iter().find(|method| methods.contains(method))
}

impl Answers {
    /// The answers of a model for a table.
    ///
    /// # Errors
    /// As [`Model::call`].
    pub fn of(model: &Model, table: &Table<'_>) -> Result<Self, Error> {
        let mut answers = Self::default();
        let start = std::time::Instant::now();
        if model.methods().contains(&Method::Predict) {
            answers.predicted.push(model.predict(table)?);
        }
        if let Some(method) = method_of(model) {
            answers.numbers.push(model.call(method, table)?);
        }
        answers.seconds = Some(start.elapsed().as_secs_f64());
        Ok(answers)
    }
}

impl Measured {
    /// Compares the answers of the original model and of the smaller one, and with the targets of the same rows if they are
    /// given, as text.
    pub fn of(model: &Model, before: &Answers, after: &Answers, targets: Option<&[String]>) -> Self {
        let [first, second] = [before, after].map(|answers| flat(&answers.predicted));
        let numbers = [before, after].map(|answers| flat(&answers.numbers).numbers);
        let is_labelled = !first.labels.is_empty();
        let method = method_of(model).filter(|_| !before.numbers.is_empty());
        let method = method.or((!first.numbers.is_empty()).then_some(Method::Predict));
        let greatest_difference = match (numbers[0].is_empty(), first.numbers.is_empty()) {
            (false, _) => Some(greatest(&numbers[0], &numbers[1])),
            (true, false) => Some(greatest(&first.numbers, &second.numbers)),
            (true, true) => None,
        };
        let rows = [&before.predicted, &before.numbers].map(|blocks| blocks.iter().map(Answer::rows).sum::<usize>());
        let rows = rows[0].max(rows[1]);
        let width = first.labels.len().checked_div(rows.max(1)).unwrap_or(0).max(1);
        let changed_labels = is_labelled.then(|| {
            let pairs = first.labels.chunks(width).zip(second.labels.chunks(width));
            share(pairs.filter(|(first, second)| first != second).count(), rows)
        });
        let metric = targets.and_then(|targets| match is_labelled {
            true => Some(Metric {
                name: "accuracy",
                before: accuracy(&first.labels, targets)?,
                after: accuracy(&second.labels, targets)?,
            }),
            false => {
                Some(Metric { name: "r2", before: r2(&first.numbers, targets)?, after: r2(&second.numbers, targets)? })
            }
        });
        let seconds = before.seconds.zip(after.seconds).map(|(before, after)| [before, after]);
        Self { rows, method, greatest_difference, changed_labels, metric, seconds }
    }
}

/// The numbers and labels of answers, row by row.
#[derive(Default)]
struct Flat {
    numbers: Vec<f64>,
    labels: Vec<String>,
}

fn flat(answers: &[Answer]) -> Flat {
    let mut flat = Flat::default();
    answers.iter().for_each(|answer| flat.add(answer));
    flat
}

impl Flat {
    fn add(&mut self, answer: &Answer) {
        match answer {
            Answer::One(value, _) => self.add_value(value),
            Answer::List(items) | Answer::Tuple(items) => items.iter().for_each(|item| self.add(item)),
        }
    }

    fn add_value(&mut self, value: &Value<'static>) {
        match value {
            Value::Floats(matrix, _) => self.numbers.extend_from_slice(&matrix.data),
            #[expect(clippy::cast_precision_loss, reason = "counts and labels of clusters are small")]
            Value::Ints(matrix, _) => self.labels.extend(matrix.data.iter().map(|&number| (number as f64).to_string())),
            Value::Sparse(csr) => self.numbers.extend_from_slice(&csr.to_dense().data),
            Value::Labels(labels) => {
                for (place, &code) in labels.codes.iter().enumerate() {
                    let class = labels.classes.get(place % labels.cols.max(1));
                    let class = class.and_then(|classes| classes.get(code as usize)).unwrap_or(Scalar::None);
                    self.labels.push(class.to_string());
                }
            }
            Value::Columns(columns) => {
                for column in &columns.columns {
                    for row in 0..columns.rows {
                        match column.get(row) {
                            Some(scalar) if scalar.as_f64().is_some() => self.numbers.extend(scalar.as_f64()),
                            other => self.labels.push(other.unwrap_or(Scalar::None).to_string()),
                        }
                    }
                }
            }
            Value::Many(values) => values.iter().for_each(|value| self.add_value(value)),
            Value::Texts(_) | Value::Dicts(_) | Value::TermLists(_) | Value::NumberLists(_) => {}
        }
    }
}

fn greatest(first: &[f64], second: &[f64]) -> f64 {
    if first.len() != second.len() {
        return f64::INFINITY;
    }
    first.iter().zip(second).fold(0.0, |greatest, (first, second)| match first - second {
        _ if first.to_bits() == second.to_bits() || first == second => greatest,
        difference if difference.is_nan() => f64::INFINITY,
        difference => f64::max(greatest, difference.abs()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "fewer rows than 2^53")]
fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

/// `None` for several outputs, or another number of targets.
fn accuracy(labels: &[String], targets: &[String]) -> Option<f64> {
    let is_same = |(label, target): &(&String, &String)| {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        label == target || number(label).is_some_and(|label| Some(label) == number(target))
    };
    (labels.len() == targets.len()).then(|| share(labels.iter().zip(targets).filter(is_same).count(), targets.len()))
}

/// As scikit-learn's `r2_score`; `None` for several outputs, and targets that are no numbers.
fn r2(numbers: &[f64], targets: &[String]) -> Option<f64> {
    let targets: Vec<f64> = targets.iter().map(|target| target.trim().parse().ok()).collect::<Option<_>>()?;
    if numbers.len() != targets.len() || targets.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "fewer rows than 2^53")]
    let mean = targets.iter().sum::<f64>() / targets.len() as f64;
    let error: f64 = numbers.iter().zip(&targets).map(|(number, target)| (target - number).powi(2)).sum();
    let variance: f64 = targets.iter().map(|target| (target - mean).powi(2)).sum();
    (variance > 0.0).then(|| 1.0 - error / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_scikit_learns() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(accuracy(&texts(&["1", "no", "0"]), &texts(&["1.0", "no", "1"])), Some(2.0 / 3.0));
        assert_eq!(accuracy(&texts(&["1"]), &[]), None);
        assert_eq!(r2(&[1.0, 2.0, 4.0], &texts(&["1", "2", "3"])), Some(0.5));
        assert_eq!(r2(&[1.0], &texts(&["x"])), None);
        assert_eq!((greatest(&[1.0, f64::NAN], &[1.5, f64::NAN]), greatest(&[1.0], &[f64::NAN])), (0.5, f64::INFINITY));
    }
}
