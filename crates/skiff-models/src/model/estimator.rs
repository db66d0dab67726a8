//! What each model provides.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Answer, Method, Output, ValueId};

use super::{Model, NamesError};

use crate::computed::{Attributes, Computed};
use crate::lowering::{Header, Lowering, Params, Refusal};

/// A fitted estimator: its methods as operators, and what users ask of it.
pub trait Estimator: Any + Debug + Send + Sync {
    /// Adds the operators of `method`, applied to `input`, to `plan`.
    ///
    /// # Errors
    /// [`Lowering::no_method`] for what scikit-learn's estimator has not; [`Lowering::unsupported`] for what it has and
    /// skiff does not answer.
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal>;

    /// `classes_` of each output; empty for what is no classifier.
    fn classes(&self) -> Vec<Arc<Classes>> {
        Vec::new()
    }

    /// `get_feature_names_out(input_features)`, where `input` are the names of the columns that come in.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or the names do not fit.
    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let _ = input;
        Err(NamesError::no_method(header))
    }

    /// What a method that takes no rows returns, such as `get_support`; `None` for what has no such method.
    fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        let _ = (method, params);
        None
    }

    /// How many columns the estimator takes, for files of versions that did not record `n_features_in_`.
    fn n_features_in(&self) -> Option<usize> {
        None
    }

    /// The names of the columns that the estimator takes, where an estimator within knows them.
    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        None
    }

    /// Whether the estimator, or one within, selects columns by name.
    fn selects_by_name(&self) -> bool {
        false
    }

    /// What its methods take. A pipeline takes what its first step takes.
    fn takes(&self) -> Takes {
        Takes::Table
    }

    /// Whether its methods take one column alone, as a series: of those that take tables, user code may.
    fn takes_series(&self) -> bool {
        self.takes() != Takes::Table
    }

    /// What `score` is; `None` for what has no such `score`.
    fn scoring(&self) -> Option<Scoring> {
        if self.classes().is_empty() { None } else { Some(Scoring::Accuracy) }
    }

    /// The attributes that scikit-learn computes when asked, each with what computes it from those in the file.
    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        Vec::new()
    }

    /// Of a pipeline: the steps `part` as a pipeline of their own; `None` for anything else, and where there is no step.
    fn part(&self, part: Range<usize>) -> Option<Box<dyn Estimator>> {
        let _ = part;
        None
    }

    /// The estimators within, each with its path from here: `steps[0]`, `estimators_[3]`.
    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        Vec::new()
    }
}

/// The name of an attribute that scikit-learn computes when asked, and what computes it: `None` where it has none.
pub type ComputedAttribute<'e> = (&'static str, Box<dyn Fn(&Attributes<'_>) -> Option<Computed> + 'e>);

/// scikit-learn's default scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scoring {
    /// The share of rows of which every label is right.
    Accuracy,
    /// R², the share of the variance that is explained, as a mean over the outputs.
    R2,
    /// D², the share of the Tweedie deviance of this power that is explained.
    D2(f64),
    /// The mean of `score_samples`, which looks at no `y`.
    MeanOfSamples,
}

/// What an estimator's methods take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Rows of numbers or of columns.
    Table,
    /// Documents.
    Texts,
    /// Mappings of feature names to values.
    Dicts,
}
