//! Selection of features by a score or a p-value of each: `SelectKBest` and its siblings.

use std::cmp::Ordering;

use skiff_plan::operators::Finite;
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use super::selector_mixin::{SelectedColumns, selects_columns};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const SELECT_K_BEST: Class = class! {
    /// The `k` features with the greatest scores.
    ///
    /// # Reads
    /// `scores_`, `k`. `score_func` is not called.
    /// # Transforms
    /// The columns of the `k` greatest scores, the last of equal ones; NaN is the smallest. All with `k='all'`.
    /// `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.feature_selection._univariate_selection.SelectKBest", "sklearn.feature_selection.univariate_selection.SelectKBest"],
    read: UnivariateSelection::read_k_best,
};

pub(crate) const SELECT_PERCENTILE: Class = class! {
    /// A given percentage of the features, with the greatest scores.
    ///
    /// # Reads
    /// `scores_`, `percentile`. `score_func` is not called.
    /// # Transforms
    /// The columns whose score is above the percentile `100 - percentile` of all scores, and of those that equal it the
    /// first, as far as the percentage allows; NaN is the smallest. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// The state has been the same since 0.17. Before 0.24 the percentile is numpy's of that time, which weighted the scores
    /// next to it: of two equal ones it may be another number.
    paths: ["sklearn.feature_selection._univariate_selection.SelectPercentile", "sklearn.feature_selection.univariate_selection.SelectPercentile"],
    read: UnivariateSelection::read_percentile,
};

pub(crate) const SELECT_FPR: Class = class! {
    /// The features with small p-values: the test of the false positive rate.
    ///
    /// # Reads
    /// `pvalues_`, `alpha`. `score_func` is not called.
    /// # Transforms
    /// The columns with `pvalues_ < alpha`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.feature_selection._univariate_selection.SelectFpr", "sklearn.feature_selection.univariate_selection.SelectFpr"],
    read: UnivariateSelection::read_fpr,
};

pub(crate) const SELECT_FDR: Class = class! {
    /// The features with small p-values, by the Benjamini-Hochberg procedure: the false discovery rate.
    ///
    /// # Reads
    /// `pvalues_`, `alpha`. `score_func` is not called.
    /// # Transforms
    /// The columns whose p-value is not above the greatest `p₍ᵢ₎ ≤ alpha · i / n` of the sorted ones.
    /// `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// In 0.17 the procedure compared with `alpha · (i - 1) / n`.
    paths: ["sklearn.feature_selection._univariate_selection.SelectFdr", "sklearn.feature_selection.univariate_selection.SelectFdr"],
    read: UnivariateSelection::read_fdr,
};

pub(crate) const SELECT_FWE: Class = class! {
    /// The features with small p-values, by Bonferroni's bound: the family-wise error rate.
    ///
    /// # Reads
    /// `pvalues_`, `alpha`. `score_func` is not called.
    /// # Transforms
    /// The columns with `pvalues_ < alpha / n_features`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.feature_selection._univariate_selection.SelectFwe", "sklearn.feature_selection.univariate_selection.SelectFwe"],
    read: UnivariateSelection::read_fwe,
};

pub(crate) const GENERIC_UNIVARIATE_SELECT: Class = class! {
    /// Univariate feature selection by any of the other selectors.
    ///
    /// # Reads
    /// `mode`, `param`; `scores_` or `pvalues_`, whichever the mode uses. `score_func` is not called.
    /// # Transforms
    /// What the selector of that `mode` does: `SelectPercentile`, `SelectKBest`, `SelectFpr`, `SelectFdr` or
    /// `SelectFwe`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// In 0.17 the mode `fdr` compared with `alpha · (i - 1) / n`.
    paths: ["sklearn.feature_selection._univariate_selection.GenericUnivariateSelect", "sklearn.feature_selection.univariate_selection.GenericUnivariateSelect"],
    read: UnivariateSelection::read_generic,
};

/// The selected columns of a univariate filter.
#[derive(Debug)]
pub struct UnivariateSelection {
    columns: SelectedColumns,
}

/// The selection of features.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Filter {
    /// A percentage of all.
    Percentile(f64),
    /// This many; `None` for all.
    KBest(Option<usize>),
    /// By p-values, below this.
    Fpr(f64),
    /// By the Benjamini-Hochberg procedure.
    Fdr(f64),
    /// By Bonferroni's bound.
    Fwe(f64),
}

/// One number for each feature, and their dtype.
struct Scores {
    values: Vec<f64>,
    precision: Precision,
}

impl Filter {
    /// `k`, or the parameter that replaces it.
    fn k_best(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        match fields.scalar(name)?.as_str() {
            Some("all") => Ok(Self::KBest(None)),
            Some(other) => Err(fields.unsupported(name, format!("`{other}`"))),
            None => Ok(Self::KBest(Some(fields.count(name)?))),
        }
    }

    fn looks_at_scores(self) -> bool {
        matches!(self, Self::Percentile(_) | Self::KBest(_))
    }
}

impl UnivariateSelection {
    fn read_k_best(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read(fields, Filter::k_best(fields, "k")?)
    }

    fn read_percentile(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read(fields, Filter::Percentile(fields.float("percentile")?))
    }

    fn read_fpr(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read(fields, Filter::Fpr(fields.float("alpha")?))
    }

    fn read_fdr(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read(fields, Filter::Fdr(fields.float("alpha")?))
    }

    fn read_fwe(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read(fields, Filter::Fwe(fields.float("alpha")?))
    }

    fn read_generic(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let filter = match fields.string("mode")?.as_str() {
            "percentile" => Filter::Percentile(fields.float("param")?),
            "k_best" => Filter::k_best(fields, "param")?,
            "fpr" => Filter::Fpr(fields.float("param")?),
            "fdr" => Filter::Fdr(fields.float("param")?),
            "fwe" => Filter::Fwe(fields.float("param")?),
            other => return Err(fields.unsupported("mode", format!("`{other}`"))),
        };
        Self::read(fields, filter)
    }

    /// Reads the scores or p-values, and finds out which columns `filter` selects.
    fn read(fields: &Fields<'_, '_>, filter: Filter) -> Result<Self, ReadError> {
        let name = if filter.looks_at_scores() { "scores_" } else { "pvalues_" };
        let numbers = fields.numbers(name)?;
        if numbers.shape.len() != 1 {
            return Err(fields.unexpected(name, "an array of one dimension"));
        }
        let scores = Scores { values: numbers.data, precision: numbers.precision };
        // 0.17 counted the ranks of sorted p-values from 0.
        let first_rank = if fields.before(0, 18) { 0 } else { 1 };
        let support = match filter {
            Filter::Percentile(percentile) => scores.above_percentile(percentile, fields.before(0, 24)),
            Filter::KBest(None) => vec![true; scores.values.len()],
            Filter::KBest(Some(k)) => scores.greatest(k),
            Filter::Fpr(alpha) => scores.below(alpha),
            Filter::Fdr(alpha) => scores.false_discoveries(alpha, first_rank),
            Filter::Fwe(alpha) => scores.below(alpha / real(scores.values.len())),
        };
        fields.training_only(&["alpha", "k", "mode", "param", "percentile", "pvalues_", "score_func", "scores_"]);
        Ok(Self { columns: SelectedColumns::new(fields, name, support, Finite::All)? })
    }
}

impl Estimator for UnivariateSelection {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.columns.lower(method, input, plan)
    }

    selects_columns!(self => self.columns);
}

impl Scores {
    /// `_clean_nans`: the least number of the dtype for NaN.
    fn without_nan(&self) -> Vec<f64> {
        let least = match self.precision {
            Precision::Single => f64::from(f32::MIN),
            Precision::Double => f64::MIN,
        };
        self.values.iter().map(|&score| if score.is_nan() { least } else { score }).collect()
    }

    /// The last `k` of a stable sort.
    fn greatest(&self, k: usize) -> Vec<bool> {
        let scores = self.without_nan();
        let mut support = vec![false; scores.len()];
        let mut order: Vec<(f64, &mut bool)> = scores.into_iter().zip(&mut support).collect();
        order.sort_by(|(a, _), (b, _)| order_of(*a, *b));
        order.into_iter().rev().take(k).for_each(|(_, stays)| *stays = true);
        support
    }

    fn above_percentile(&self, percentile: f64, is_weighted: bool) -> Vec<bool> {
        let count = self.values.len();
        if percentile == 100.0 || percentile == 0.0 || count == 0 {
            return vec![percentile == 100.0; count];
        }
        let scores = self.without_nan();
        let threshold = self.percentile(&scores, 100.0 - percentile, is_weighted);
        let mut support: Vec<bool> = scores.iter().map(|&score| score > threshold).collect();
        #[expect(clippy::as_conversions, reason = "`int()`, of a share of the number of columns")]
        #[expect(clippy::cast_possible_truncation, reason = "as above")]
        let most = (real(count) * percentile / 100.0) as i64;
        let taken = support.iter().filter(|&&stays| stays).count();
        let left = most.saturating_sub(i64::try_from(taken).unwrap_or(i64::MAX));
        // Python's `ties[:left]`, which counts from the end where `left` is negative.
        let ties = scores.iter().filter(|&&score| score == threshold).count();
        let kept = match usize::try_from(left) {
            Ok(left) => left,
            Err(_) => ties.saturating_sub(usize::try_from(left.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        let tied = support.iter_mut().zip(&scores).filter(|(_, score)| **score == threshold);
        tied.take(kept).for_each(|(stays, _)| *stays = true);
        support
    }

    /// `np.percentile`, between two neighbours in the sorted scores. Each step is rounded to the dtype. Before numpy 1.20, they
    /// were weighted, in double precision: of two equal scores the percentile may then be another number.
    fn percentile(&self, scores: &[f64], percent: f64, is_weighted: bool) -> f64 {
        let round = |value: f64| if is_weighted { value } else { self.precision.round(value) };
        let mut sorted = scores.to_vec();
        sorted.sort_by(|a, b| order_of(*a, *b));
        let place = round(round(round(percent) / 100.0) * real(sorted.len().saturating_sub(1)));
        #[expect(clippy::as_conversions, reason = "at most the number of scores")]
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above")]
        let below = place.floor() as usize;
        let last = || sorted.last().copied().unwrap_or(f64::NAN);
        let at = |place: usize| sorted.get(place).copied().unwrap_or_else(last);
        let (low, high, share) = (at(below), at(below.saturating_add(1)), round(place - place.floor()));
        if is_weighted {
            return self.precision.round(low * (1.0 - share) + high * share);
        }
        let gap = round(high - low);
        match share >= 0.5 {
            true => round(high - round(gap * round(1.0 - share))),
            false => round(low + round(gap * share)),
        }
    }

    fn below(&self, bound: f64) -> Vec<bool> {
        let bound = self.precision.round(bound);
        self.values.iter().map(|&value| value < bound).collect()
    }

    fn false_discoveries(&self, alpha: f64, first_rank: usize) -> Vec<bool> {
        let mut sorted: Vec<f64> = self.values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_by(|a, b| order_of(*a, *b));
        let step = alpha / real(self.values.len());
        let ranked = sorted.iter().zip(first_rank..);
        let greatest = ranked.filter(|&(&value, rank)| value <= step * real(rank)).map(|(&value, _)| value).last();
        self.values.iter().map(|&value| greatest.is_some_and(|greatest| value <= greatest)).collect()
    }
}

/// The order of numbers none of which is NaN: zeros of both signs are equal, unlike in `total_cmp`.
fn order_of(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> Scores {
        Scores { values: values.to_vec(), precision: Precision::Double }
    }

    #[test]
    fn of_equal_scores_the_last_are_the_greatest() {
        let scores = scores(&[1.0, 3.0, f64::NAN, 3.0, 3.0]);
        assert_eq!(scores.greatest(2), [false, false, false, true, true]);
        assert_eq!(scores.greatest(9), [true; 5]);
    }

    /// Answers of scikit-learn 0.20.4 with numpy 1.16 and of 1.5.2 with numpy 2.0.
    #[test]
    fn a_percentile_between_equal_scores_is_that_of_the_numpy_of_the_day() {
        // The scores, the percentage, and the columns that are selected by either.
        type Selection<'a> = (&'a [f64], f64, &'a [u8], &'a [u8]);
        let cases: [Selection<'_>; 6] = [
            (&[0.2, 0.2, 0.9, 1.7, 2.9], 92.0, &[1, 1, 1, 1, 1], &[1, 0, 1, 1, 1]),
            (&[0.9, 0.9, 2.9, 0.9, 0.9, 1.8, 0.9, 0.9], 76.0, &[0, 0, 1, 0, 0, 1, 0, 0], &[1, 1, 1, 1, 1, 1, 0, 0]),
            (&[1.8, 1.8, 1.8], 70.0, &[0, 0, 0], &[1, 1, 0]),
            (&[0.3, 0.3], 54.0, &[0, 0], &[1, 0]),
            (&[0.1, 0.1, 0.1, 2.5, 2.1, 2.3], 93.0, &[1, 1, 1, 1, 1, 1], &[1, 1, 0, 1, 1, 1]),
            (&[1.8, 1.8, 0.8, 1.6, 3.0], 43.0, &[0, 0, 0, 0, 1], &[1, 0, 0, 0, 1]),
        ];
        for (values, percentile, old, new) in cases {
            let support = |is_weighted| -> Vec<u8> {
                scores(values).above_percentile(percentile, is_weighted).into_iter().map(u8::from).collect()
            };
            assert_eq!((support(true), support(false)), (old.to_vec(), new.to_vec()), "{values:?}");
        }
        // All of them NaN, as `f_classif` of constant columns.
        assert_eq!(scores(&[f64::NAN; 5]).above_percentile(60.0, true), [false; 5]);
    }

    #[test]
    fn of_scores_at_the_percentile_the_first_are_kept() {
        let scores = scores(&[1.0, 3.0, 0.0, 3.0, 3.0]);
        assert_eq!(scores.above_percentile(40.0, false), [false, true, false, true, false]);
    }
}
