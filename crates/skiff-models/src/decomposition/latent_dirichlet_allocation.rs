//! `sklearn.decomposition.LatentDirichletAllocation`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, SparseRule, TopicShares};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const LATENT_DIRICHLET_ALLOCATION: Class = class! {
    /// Topics of documents, by variational inference.
    ///
    /// # Reads
    /// `exp_dirichlet_component_`, `components_`, `doc_topic_prior_`, `max_doc_update_iter`, `mean_change_tol`.
    /// # Transforms
    /// The share of each topic in each document: from equal shares on, the counts of its words are spread over the
    /// topics until the mean change is below `mean_change_tol`, document by document, as scikit-learn iterates.
    /// Negative counts are an error. `normalize=False` returns the numbers before they are divided by their sum.
    /// # Not supported
    /// `perplexity` and `score`, which are of all rows together.
    /// # Older versions
    /// In 0.17 the shares were not divided by their sum. `normalize` is of 1.6. Before 0.24 rows were always `float64`.
    paths: ["sklearn.decomposition._lda.LatentDirichletAllocation", "sklearn.decomposition.online_lda.LatentDirichletAllocation"],
    training_only: ["_n_components", "batch_size", "bound_", "doc_topic_prior", "evaluate_every", "learning_decay", "learning_method", "learning_offset", "max_iter", "n_batch_iter_", "n_components", "n_iter_", "n_jobs", "n_topics", "perp_tol", "random_state", "random_state_", "topic_word_prior", "topic_word_prior_", "total_samples", "verbose"],
    read: LatentDirichletAllocation::read,
};

/// A fitted `LatentDirichletAllocation`.
#[derive(Debug)]
pub struct LatentDirichletAllocation {
    shares: Arc<TopicShares>,
    /// The dtype of the rows.
    dtype: Dtype,
    /// Whether the shares add up to 1.
    normalizes: bool,
    /// Whether the caller may say so.
    asks: bool,
}

impl LatentDirichletAllocation {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = "exp_dirichlet_component_";
        let numbers = fields.numbers(name)?;
        let precision = numbers.precision;
        let words = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
        fields.expect_n_features(name, words.cols)?;
        let most_rounds = fields.count("max_doc_update_iter")?;
        if most_rounds > MOST_ROUNDS {
            return Err(fields.unsupported("max_doc_update_iter", format!("more than {MOST_ROUNDS} rounds")));
        }
        let shares = TopicShares {
            words: words.transposed(),
            prior: fields.float("doc_topic_prior_")?,
            most_rounds,
            tolerance: fields.float("mean_change_tol")?,
            precision,
            normalizes: true,
        };
        let dtype = match fields.numbers("components_")?.precision {
            Precision::Single => Dtype::Single,
            Precision::Double => Dtype::Double,
        };
        let (normalizes, asks) = (!fields.before(0, 18), !fields.before(1, 6));
        Ok(Self { shares: Arc::new(shares), dtype, normalizes, asks })
    }
}

/// The most rounds for each row; no document needs more.
const MOST_ROUNDS: usize = 1 << 20;

impl Estimator for LatentDirichletAllocation {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let normalizes = if self.asks { params.flag("normalize", true) } else { self.normalizes };
        let rule = ArrayRule::FLOATS.dtype(self.dtype).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.shares.words.rows);
        Ok(Output::matrix(match normalizes {
            true => plan.push(&self.shares, &[x]),
            false => plan.push(TopicShares { normalizes, ..TopicShares::clone(&self.shares) }, &[x]),
        }))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.shares.words.cols)?;
        Ok(names::class_prefix(header, self.shares.words.cols))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.shares.words.rows)
    }
}
