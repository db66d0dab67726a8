//! `sparse_encode`: rows as combinations of few atoms of a dictionary.

use crate::InputError;
use crate::kernels::dot;
use crate::kernels::sparse_coding::{Lars, Lasso, Path, Product, error_of_sum, orthogonal_matching_pursuit};
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The coefficients of each row in the atoms of a dictionary. (n, n_features) → (n, n_components), or twice as many columns
/// where signs are split.
#[derive(Debug)]
pub struct SparseCode {
    /// (n_components, n_features).
    dictionary: Matrix<'static, f64>,
    /// The dtype of the dictionary.
    precision: Precision,
    /// The products of the atoms with each other.
    gram: Matrix<'static, f64>,
    /// The atoms as far as the order of sums depends on them.
    terms: Vec<Terms>,
    /// How coefficients are found.
    coding: Coding,
    dtypes: CodeDtypes,
    /// Whether positive and negative coefficients stand in columns of their own.
    splits: bool,
}

/// The dtypes of a coding, which differ by algorithm and version.
#[derive(Clone, Copy, Debug)]
pub struct CodeDtypes {
    /// Of the products of the atoms with each other.
    pub gram: CodeDtype,
    /// Of everything else on the way.
    pub working: CodeDtype,
    /// Of what is returned, unless signs are split: that is always `float64`.
    pub answer: CodeDtype,
    /// Whether rows of another dtype than the dictionary are refused.
    pub one: bool,
}

/// A dtype by what it follows.
#[derive(Clone, Copy, Debug)]
pub enum CodeDtype {
    /// `float64`
    Double,
    /// That of the dictionary.
    Dictionary,
    /// That of the rows.
    Rows,
    /// What numpy promotes both to.
    Both,
}

impl CodeDtype {
    fn of(self, dictionary: Precision, rows: Precision) -> Precision {
        match self {
            Self::Double => Precision::Double,
            Self::Dictionary => dictionary,
            Self::Rows => rows,
            Self::Both => dictionary.promote(rows),
        }
    }
}

/// `transform_algorithm`, with the parameters that it looks at.
#[derive(Clone, Debug)]
pub enum Coding {
    /// `lasso_lars` and `lars`: a path of least angles. The penalty of the lasso is divided by the number of features.
    Lars(Lars),
    /// `lasso_cd`: coordinate descent.
    Lasso(Lasso),
    /// `omp`: orthogonal matching pursuit.
    MatchingPursuit {
        /// `transform_n_nonzero_coefs`
        count: usize,
    },
    /// `threshold`: products less a threshold.
    Threshold {
        /// `transform_alpha`
        alpha: f64,
        /// Whether negative coefficients become 0.
        positive: bool,
    },
}

impl SparseCode {
    /// A coding of `dictionary`.
    pub fn new(dictionary: Matrix<'static, f64>, precision: Precision, coding: Coding, dtypes: CodeDtypes) -> Self {
        let gram = dot::matmul_transposed(&dictionary, &dictionary);
        let gram = Matrix::new(dictionary.rows, dictionary.rows, gram);
        let terms = dictionary.iter_rows().map(Terms::of).collect();
        Self { dictionary, precision, gram, terms, coding, dtypes, splits: false }
    }

    /// The same, with positive and negative coefficients in columns of their own.
    #[must_use]
    pub fn splitting(self) -> Self {
        Self { splits: true, ..self }
    }

    /// How many columns come out.
    pub fn width(&self) -> usize {
        self.dictionary.rows * if self.splits { 2 } else { 1 }
    }

    /// The dictionary.
    pub fn dictionary(&self) -> &Matrix<'static, f64> {
        &self.dictionary
    }

    /// How coefficients are found.
    pub fn coding(&self) -> &Coding {
        &self.coding
    }

    /// Whether positive and negative coefficients stand in columns of their own.
    pub fn splits(&self) -> bool {
        self.splits
    }

    /// The dtype of the dictionary.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The coefficients of one row, of which these are the products with the atoms.
    fn code(&self, row: &[f64], products: &[f64], gram: &Gram<'_>, working: Precision) -> Result<Vec<f64>, InputError> {
        Ok(match &self.coding {
            Coding::Lars(lars) => {
                let products = self.with_errors(row, products, working);
                let solved = lars.solve(gram.products, &products, row.len(), gram.precision, working);
                solved.map_err(InputError::refused)?
            }
            Coding::Lasso(lasso) => lasso.solve(gram.products, products, working.round(dot::dot(row, row)), working),
            Coding::MatchingPursuit { count } => {
                let products = self.with_errors(row, products, working);
                let solved = orthogonal_matching_pursuit(gram.products, &products, *count, gram.precision);
                solved.map_err(InputError::refused)?
            }
            Coding::Threshold { alpha, positive } => {
                let shrunk = |product: f64| {
                    let size = working.round(product.abs() - alpha).max(0.0);
                    let value = if product == 0.0 { 0.0 } else { product.signum() * size };
                    if *positive { value.max(0.0) } else { value }
                };
                products.iter().map(|&product| shrunk(product)).collect()
            }
        })
    }
}

/// The terms of a vector's products, as far as the order of their sum depends on them.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// At most one is not 0.
    one: bool,
    /// All are multiples of [`UNIT`].
    coarse: bool,
}

/// The sums of products of multiples of it are exact, up to some size.
const UNIT: f64 = 0.125;

impl Terms {
    fn of(vector: &[f64]) -> Self {
        Self {
            one: vector.iter().filter(|value| **value != 0.0).count() <= 1,
            coarse: vector.iter().all(|value| (value / UNIT).fract() == 0.0),
        }
    }
}

/// The products of the atoms with each other, as they are computed with.
struct Gram<'g> {
    products: &'g Matrix<'g, f64>,
    precision: Precision,
}

impl SparseCode {
    /// The products of a row with the atoms, and how far they may be away from those of another order of summation.
    fn with_errors(&self, row: &[f64], products: &[f64], working: Precision) -> Vec<Product> {
        let (row_terms, row_norm) = (Terms::of(row), dot::dot(row, row).sqrt());
        let relative = error_of_sum(row.len(), working);
        let with_error = |(atom, (&value, terms)): (usize, (&f64, &Terms))| {
            let greatest = row_norm * self.gram.row(atom)[atom].sqrt();
            // As large as a number may be that counts squares of the unit exactly.
            let is_exact = row_terms.coarse && terms.coarse && greatest * working.epsilon() < UNIT * UNIT;
            let error = if row_terms.one || terms.one || is_exact { 0.0 } else { relative * greatest };
            Product { value, error }
        };
        products.iter().zip(&self.terms).enumerate().map(with_error).collect()
    }
}

impl Operator for SparseCode {
    const NAME: &'static str = "sparse_code";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, rows) = inputs[0] else {
            return Err(InputError::wrong_kind("floats", inputs[0]));
        };
        if self.dtypes.one && self.precision != *rows {
            let what = format!("the dictionary is {}, the rows {rows}: scikit-learn wants one dtype", self.precision);
            return Err(InputError::refused(what));
        }
        let of = |dtype: CodeDtype| dtype.of(self.precision, *rows);
        let (working, precision) = (of(self.dtypes.working), of(self.dtypes.gram));
        let answered = if self.splits { Precision::Double } else { of(self.dtypes.answer) };
        let products = self.gram.map(|value| precision.round(*value));
        let gram = Gram { products: &products, precision };
        let mut codes = Vec::with_capacity(x.rows * self.width());
        for (number, row) in x.iter_rows().enumerate() {
            let products = dot::matmul_transposed(&Matrix::new(1, row.len(), row), &self.dictionary);
            let products: Vec<f64> = products.into_iter().map(|value| working.round(value)).collect();
            let code = self.code(row, &products, &gram, working).map_err(|error| error.in_row(number))?;
            if self.splits {
                codes.extend(code.iter().map(|value| value.max(0.0)));
                codes.extend(code.iter().map(|value| -value.min(0.0)));
            } else {
                codes.extend(code.into_iter().map(|value| answered.round(value)));
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.width(), codes), answered))
    }

    fn describe(&self) -> String {
        let name = match &self.coding {
            Coding::Lars(Lars { path: Path::Lasso { .. }, .. }) => "lasso_lars",
            Coding::Lars(_) => "lars",
            Coding::Lasso(_) => "lasso_cd",
            Coding::MatchingPursuit { .. } => "omp",
            Coding::Threshold { .. } => "threshold",
        };
        format!("{} → {} by {name}", self.dictionary.cols, self.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_rounding_errors_decide_is_refused() {
        let twins = Matrix::new(3, 2, vec![0.6, 0.8, 0.6, 0.8, 1.0, 0.0]);
        let code = |row: [f64; 2], count: usize| {
            let own = CodeDtype::Dictionary;
            let dtypes = CodeDtypes { gram: own, working: own, answer: own, one: true };
            let path = Path::LeastAngle { positive: false };
            [Coding::MatchingPursuit { count }, Coding::Lars(Lars { path, most_steps: count, rounds: true })].map(
                |coding| {
                    let code = SparseCode::new(twins.clone(), Precision::Double, coding, dtypes);
                    let x = Value::Floats(Matrix::new(1, 2, row.to_vec()), Precision::Double);
                    code.run(&[&x]).map_err(|error| error.to_string())
                },
            )
        };
        // Neither of the two is taken.
        assert!(code([1.0, -1.0], 1).iter().all(Result::is_ok));
        for outcome in code([0.3, 0.7], 1) {
            let said = outcome.unwrap_err();
            assert!(said.contains("two atoms of the dictionary have the same product"), "{said}");
        }
    }

    #[test]
    fn a_dictionary_of_axes_is_coded_by_each_axis() {
        let dictionary = Matrix::new(3, 3, vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let lasso = Lasso { alpha: 0.5, most_rounds: 100, tolerance: 1e-8, positive: false, screens: true };
        let path = Path::Lasso { alpha: 0.5 / 3.0, positive: false };
        let codings = [
            (Coding::Lasso(lasso), [2.5, -0.5, 0.0]),
            (Coding::Lars(Lars { path, most_steps: 100, rounds: true }), [2.5, -0.5, 0.0]),
            (
                Coding::Lars(Lars { path: Path::LeastAngle { positive: false }, most_steps: 3, rounds: true }),
                [3.0, -1.0, 0.25],
            ),
            (Coding::MatchingPursuit { count: 2 }, [3.0, -1.0, 0.0]),
            (Coding::Threshold { alpha: 0.5, positive: true }, [2.5, 0.0, 0.0]),
        ];
        let x = Value::Floats(Matrix::new(1, 3, vec![3.0, -1.0, 0.25]), Precision::Double);
        for (coding, expected) in codings {
            let own = CodeDtype::Dictionary;
            let dtypes = CodeDtypes { gram: own, working: own, answer: own, one: true };
            let code = SparseCode::new(dictionary.clone(), Precision::Double, coding.clone(), dtypes);
            let Ok(Value::Floats(found, _)) = code.run(&[&x]) else { panic!("floats") };
            let is_close = found.data.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-7);
            assert!(is_close, "{coding:?}: {found:?}");
        }
    }
}
