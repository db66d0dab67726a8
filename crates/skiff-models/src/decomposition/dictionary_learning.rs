//! `sklearn.decomposition.DictionaryLearning`, `MiniBatchDictionaryLearning` and `SparseCoder`.

use std::sync::{Arc, OnceLock};

use skiff_plan::kernels::sparse_coding::{Lars, Lasso, Path};
use skiff_plan::operators::{Affine, ArrayRule, CodeDtype, CodeDtypes, Coding, SparseCode};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::components::transpose;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const DICTIONARY_LEARNING: Class = class! {
    /// A dictionary in which rows have few coefficients.
    ///
    /// # Reads
    /// `components_`, `transform_algorithm`, `transform_n_nonzero_coefs`, `transform_alpha`, `alpha`,
    /// `transform_max_iter`, `split_sign`, `positive_code`, `n_jobs`.
    /// # Transforms
    /// The coefficients of each row in the atoms `components_`, by scikit-learn's own algorithms step by step: the lasso by
    /// least angles (`lasso_lars`) or by coordinate descent (`lasso_cd`), least angles (`lars`), orthogonal matching
    /// pursuit (`omp`), or products less a threshold (`threshold`). `split_sign` puts positive and negative coefficients
    /// into columns of their own. `inverse_transform` is `X · components_`.
    /// # Not supported
    /// `positive_code` with `omp` and, since 0.22, `lars`, where scikit-learn raises. With `omp`, `lars` and `lasso_lars`, rows
    /// for which rounding errors decide which atom is taken: two atoms are the same, or have the same product with the row.
    /// # Older versions
    /// `inverse_transform` came with 1.7. Without `transform_alpha` the penalty was 1 before 1.2, and is `alpha` since.
    /// Before 0.22 there was no `transform_max_iter`. Before 1.8 coordinate descent ended at a change of 1e-4.
    paths: ["sklearn.decomposition._dict_learning.DictionaryLearning", "sklearn.decomposition.dict_learning.DictionaryLearning"],
    training_only: ["callback", "code_init", "dict_init", "error_", "fit_algorithm", "max_iter", "n_components", "n_iter_", "positive_dict", "random_state", "tol", "verbose"],
    read: SparseCoding::read,
};

pub(crate) const MINI_BATCH_DICTIONARY_LEARNING: Class = class! {
    /// A dictionary in which rows have few coefficients, fitted batch by batch.
    ///
    /// # Reads
    /// What `DictionaryLearning` reads.
    /// # Transforms
    /// As `DictionaryLearning`.
    /// # Not supported
    /// What `DictionaryLearning` does not support.
    /// # Older versions
    /// As `DictionaryLearning`.
    paths: ["sklearn.decomposition._dict_learning.MiniBatchDictionaryLearning", "sklearn.decomposition.dict_learning.MiniBatchDictionaryLearning"],
    training_only: ["_A", "_B", "_batch_size", "_ewa_cost", "_ewa_cost_min", "_fit_algorithm", "_inner_stats", "_n_components", "_no_improvement", "_random_state", "batch_size", "callback", "dict_init", "fit_algorithm", "inner_stats_", "iter_offset_", "max_iter", "max_no_improvement", "n_components", "n_iter", "n_iter_", "n_steps_", "positive_dict", "random_state", "random_state_", "shuffle", "tol", "verbose"],
    read: SparseCoding::read,
};

pub(crate) const SPARSE_CODER: Class = class! {
    /// Few coefficients in a given dictionary.
    ///
    /// # Reads
    /// `dictionary`, and what `DictionaryLearning` reads but `alpha`.
    /// # Transforms
    /// As `DictionaryLearning`, in the atoms `dictionary`. It needs no fit.
    /// # Not supported
    /// What `DictionaryLearning` does not support.
    /// # Older versions
    /// Before 0.24 the dictionary was in `components_`.
    paths: ["sklearn.decomposition._dict_learning.SparseCoder", "sklearn.decomposition.dict_learning.SparseCoder"],
    training_only: ["n_components", "n_components_"],
    read: SparseCoding::read_coder,
};

/// A dictionary and how rows are coded in it.
#[derive(Debug)]
pub struct SparseCoding {
    code: Arc<SparseCode>,
    /// The dtype of the dictionary.
    precision: Precision,
    /// Whether signs are split.
    splits: bool,
    /// Why scikit-learn raises in `transform`, where it does.
    raises: Option<&'static str>,
    /// Whether there is an `inverse_transform`.
    inverts: bool,
    /// By the dictionary, made when it is first asked for.
    back: OnceLock<Arc<Affine>>,
}

/// More steps than any row needs: what a file may ask for each row.
const MOST_STEPS: usize = 1 << 20;

impl SparseCoding {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        // Before 1.2 the penalty of the fit was not taken over.
        let alpha = if fields.before(1, 2) { None } else { fields.float_or_none("alpha")? };
        fields.training_only(&["alpha"]);
        Self::of(fields, "components_", alpha)
    }

    fn read_coder(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::of(fields, if fields.has("dictionary") { "dictionary" } else { "components_" }, None)
    }

    /// `alpha` is the penalty where `transform_alpha` is `None`.
    fn of(fields: &Fields<'_, '_>, dictionary: &str, alpha: Option<f64>) -> Result<Self, ReadError> {
        let numbers = fields.numbers(dictionary)?;
        let precision = numbers.precision;
        let atoms = numbers.into_matrix();
        let atoms = atoms.ok_or_else(|| fields.unexpected(dictionary, "an array of two dimensions"))?;
        fields.expect_n_features(dictionary, atoms.cols)?;
        if !atoms.data.iter().all(|value| value.is_finite()) {
            return Err(fields.damaged(dictionary, "it holds NaN or infinities"));
        }
        fields.spend(&fields.path_of(dictionary), atoms.rows.saturating_mul(atoms.rows).saturating_mul(8))?;
        let alpha = fields.float_or_none("transform_alpha")?.or(alpha).unwrap_or(1.0);
        let positive = fields.bool_or("positive_code", false)?;
        let (coding, raises) = read_coding(fields, atoms.rows, atoms.cols, alpha, positive)?;
        let splits = fields.bool("split_sign")?;
        // Several processes put their rows into an array of float64.
        let joins =
            !matches!(fields.int_or_none("n_jobs")?, None | Some(1)) && !matches!(coding, Coding::Threshold { .. });
        let mut dtypes = dtypes(fields, &coding);
        if joins {
            dtypes.answer = CodeDtype::Double;
        }
        let mut code = SparseCode::new(atoms, precision, coding, dtypes);
        if splits {
            code = code.splitting();
        }
        let inverts = !fields.before(1, 7);
        Ok(Self { code: Arc::new(code), precision, splits, raises, inverts, back: OnceLock::new() })
    }

    fn back(&self) -> Arc<Affine> {
        let mut coef = transpose(self.code.dictionary(), &[]);
        if self.splits {
            // Negative coefficients follow the positive ones.
            let both = coef.iter_rows().flat_map(|row| row.iter().copied().chain(row.iter().map(|value| -value)));
            coef = Matrix::new(coef.rows, 2 * coef.cols, both.collect::<Vec<_>>());
        }
        Arc::new(Affine::new(coef, Vec::new(), self.precision))
    }
}

/// `transform_algorithm` with its parameters, and why scikit-learn raises with them, where it does.
fn read_coding(
    fields: &Fields<'_, '_>,
    n_components: usize,
    n_features: usize,
    alpha: f64,
    positive: bool,
) -> Result<(Coding, Option<&'static str>), ReadError> {
    let features = real(n_features);
    let most_steps = match fields.int_or_none("transform_max_iter")? {
        Some(_) => fields.count("transform_max_iter")?,
        None => 1000,
    };
    if most_steps > MOST_STEPS {
        return Err(fields.unsupported("transform_max_iter", format!("more than {MOST_STEPS} steps")));
    }
    let count = match fields.int_or_none("transform_n_nonzero_coefs")? {
        Some(_) => fields.count("transform_n_nonzero_coefs")?,
        None => (n_features / 10).max(1).min(n_components),
    };
    let rounds = !fields.before(1, 0);
    let no_positive = positive.then_some("`positive_code=True`, which this algorithm does not have in scikit-learn");
    Ok(match fields.string("transform_algorithm")?.as_str() {
        "lasso_lars" => {
            let path = Path::Lasso { alpha: alpha / features, positive };
            // Before 0.22 the number of steps was that of `LassoLars` itself.
            let most_steps = if fields.before(0, 22) { 500 } else { most_steps };
            (Coding::Lars(Lars { path, most_steps, rounds }), None)
        }
        "lars" => {
            let lars = Lars { path: Path::LeastAngle { positive }, most_steps: count.min(MOST_STEPS), rounds };
            (Coding::Lars(lars), no_positive.filter(|_| !fields.before(0, 22)))
        }
        "lasso_cd" => {
            let alpha = alpha / features * features;
            let screens = !fields.before(1, 8);
            let tolerance = if screens { 1e-8 } else { 1e-4 };
            (Coding::Lasso(Lasso { alpha, most_rounds: most_steps, tolerance, positive, screens }), None)
        }
        "omp" => {
            let too_many = (count == 0 || count > n_components).then_some(
                "a number of coefficients that is 0 or more than there are atoms, where scikit-learn raises",
            );
            (Coding::MatchingPursuit { count: count.min(n_components) }, no_positive.or(too_many))
        }
        "threshold" => (Coding::Threshold { alpha, positive }, None),
        other => return Err(fields.unsupported("transform_algorithm", format!("`{other}`"))),
    })
}

/// The dtypes of each algorithm, as versions have them.
fn dtypes(fields: &Fields<'_, '_>, coding: &Coding) -> CodeDtypes {
    let gram = if fields.before(1, 8) { CodeDtype::Dictionary } else { CodeDtype::Rows };
    let mut dtypes = CodeDtypes { gram, working: CodeDtype::Both, answer: CodeDtype::Dictionary, one: false };
    match coding {
        Coding::Lars(_) if fields.before(1, 0) => dtypes.answer = CodeDtype::Double,
        Coding::Lars(_) => {}
        Coding::Lasso(_) if fields.before(1, 1) => {
            (dtypes.gram, dtypes.working, dtypes.answer) = (CodeDtype::Double, CodeDtype::Double, CodeDtype::Double);
        }
        Coding::Lasso(_) => dtypes.one = !fields.before(1, 8),
        Coding::MatchingPursuit { .. } if fields.before(1, 1) => dtypes.answer = CodeDtype::Double,
        Coding::MatchingPursuit { .. } => dtypes.answer = gram,
        Coding::Threshold { .. } => dtypes.answer = CodeDtype::Both,
    }
    dtypes
}

impl Estimator for SparseCoding {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                if let Some(what) = self.raises {
                    return plan.unsupported(method, what);
                }
                let x = plan.check(input, ArrayRule::FLOATS, self.code.dictionary().cols);
                Ok(Output::matrix(plan.push(&self.code, &[x])))
            }
            Method::InverseTransform if self.inverts => {
                let x = plan.check(input, ArrayRule::FLOATS.any_names(), self.code.width());
                Ok(Output::matrix(plan.push(self.back.get_or_init(|| self.back()), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.code.dictionary().rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.code.dictionary().cols)
    }
}
