//! The joint log-likelihood of categorical naive Bayes.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// For each class the sum over the features of the logarithm in the column of the row's category, plus the log prior.
/// Numbers are cut to integers, as `astype(int)` does.
#[derive(Debug)]
pub struct CategoricalLogLikelihood {
    /// For each feature (n_classes, n_categories).
    pub tables: Vec<Matrix<'static, f64>>,
    /// One for each class.
    pub log_priors: Vec<f64>,
}

impl Operator for CategoricalLogLikelihood {
    const NAME: &'static str = "categorical_log_likelihood";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let classes = self.log_priors.len();
        let mut data = vec![0.0; x.rows * classes];
        for (at, (row, sums)) in x.iter_rows().zip(data.chunks_exact_mut(classes.max(1))).enumerate() {
            for (feature, (&value, table)) in row.iter().zip(&self.tables).enumerate() {
                let category = category(value, table.cols).map_err(|error| {
                    let what = match error {
                        Category::Negative => "Negative values in data passed to CategoricalNB (input X).".to_owned(),
                        Category::Unknown => {
                            format!(
                                "category {value} of feature {feature} is out of bounds: the training data had {}",
                                table.cols
                            )
                        }
                    };
                    InputError::refused(what).in_row(at)
                })?;
                for (class, sum) in sums.iter_mut().enumerate() {
                    *sum += table.row(class)[category];
                }
            }
            for (sum, prior) in sums.iter_mut().zip(&self.log_priors) {
                *sum += prior;
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, classes, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.tables.len(), self.log_priors.len())
    }
}

/// What is wrong with a category.
enum Category {
    Negative,
    Unknown,
}

fn category(value: f64, count: usize) -> Result<usize, Category> {
    let cut = value.trunc();
    if cut < 0.0 {
        return Err(Category::Negative);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float that is no usize saturates")]
    let index = cut as usize;
    if index < count { Ok(index) } else { Err(Category::Unknown) }
}
