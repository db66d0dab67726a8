//! The interface of each model.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Answer, Method, Output, ValueId};

use super::{Frame, Model, NamesError};

use crate::computed::{Attributes, Computed};
use crate::lowering::{Header, Lowering, Params, Refusal};

/// A fitted estimator: its methods as operators, and other properties.
pub trait Estimator: Any + Debug + Send + Sync {
    /// Adds the operators of `method`, applied to `input`, to `plan`.
    ///
    /// # Errors
    /// [`Lowering::no_method`] for methods that scikit-learn's estimator does not have; [`Lowering::unsupported`] for those that
    /// skiff does not support.
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal>;

    /// `classes_` of each output; empty if it is not a classifier.
    fn classes(&self) -> Vec<Arc<Classes>> {
        Vec::new()
    }

    /// `get_feature_names_out(input_features)`, where `input` are the names of the input columns.
    ///
    /// # Errors
    /// When scikit-learn's estimator has no such method, or the names do not match.
    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let _ = input;
        Err(NamesError::no_method(header))
    }

    /// `get_feature_names()` of what holds other transformers, before 1.2.
    ///
    /// # Errors
    /// When scikit-learn's estimator had no such method.
    fn old_feature_names(&self, header: &Header) -> Result<Vec<String>, NamesError> {
        Err(NamesError::no_method(header))
    }

    /// The container of the result of `transform`, of rows in the container `input`. `model` is this estimator.
    ///
    /// # Errors
    /// When a container is selected by `set_output`, and the columns have no names.
    fn frame(&self, model: &Model, _input: &Frame) -> Result<Frame, NamesError> {
        match model.header().wraps_output() {
            true => model.feature_names_out(None).map(Frame::Named),
            false => Ok(Frame::Array),
        }
    }

    /// The result of a method without rows, such as `get_support`; `None` if there is no such method.
    fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        let _ = (method, params);
        None
    }

    /// The number of columns that the estimator takes, for files of versions that did not record `n_features_in_`.
    fn n_features_in(&self) -> Option<usize> {
        None
    }

    /// The names of the columns that the estimator takes, if a nested estimator has them.
    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        None
    }

    /// Whether the estimator, or a nested one, selects columns by name.
    fn selects_by_name(&self) -> bool {
        false
    }

    /// The kind of input of its methods. A pipeline takes that of its first step.
    fn takes(&self) -> Takes {
        Takes::Table
    }

    /// Whether its methods also take a single column (a Series): among those that take tables, only user code may.
    fn takes_series(&self) -> bool {
        self.takes() != Takes::Table
    }

    /// The kind of `score`; `None` if there is none.
    fn scoring(&self) -> Option<Scoring> {
        if self.classes().is_empty() { None } else { Some(Scoring::Accuracy) }
    }

    /// The attributes that scikit-learn computes on access, each with a function that computes it from those in the file.
    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        Vec::new()
    }

    /// The steps `part` of a pipeline as a pipeline; `None` for other estimators, and if there is no step.
    fn part(&self, part: Range<usize>) -> Option<Box<dyn Estimator>> {
        let _ = part;
        None
    }

    /// The nested estimators, each with its relative path: `steps[0]`, `estimators_[3]`.
    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        Vec::new()
    }
}

/// The name of an attribute that scikit-learn computes on access, and the function that computes it, which returns `None` if there is none.
pub type ComputedAttribute<'e> = (&'static str, Box<dyn Fn(&Attributes<'_>) -> Option<Computed> + 'e>);

/// scikit-learn's default scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scoring {
    /// Accuracy: the fraction of rows for which every label is right.
    Accuracy,
    /// R², the fraction of explained variance, averaged over the outputs.
    R2,
    /// D², the fraction of explained Tweedie deviance of this power.
    D2(f64),
    /// The mean of `score_samples`, which ignores `y`.
    MeanOfSamples,
    /// The sum of `score_samples`, which looks at no `y`.
    SumOfSamples,
    /// The first of the arrays of `score_samples`, one number for each row, which ignores `y`.
    OfEachSample,
}

/// The kind of input of an estimator's methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Rows of numbers or of columns.
    Table,
    /// Documents.
    Texts,
    /// Mappings of feature names to values.
    Dicts,
}
