//! `sklearn.multiclass.OutputCodeClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Concatenate, Dtype, Layout, SparseRule, SumUp, TakeLabels};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::binary::{self, Binary};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, class, delegates_rows};
use crate::neighbors::NearestPoint;

pub(crate) const OUTPUT_CODE_CLASSIFIER: Class = class! {
    /// A binary code for each class, each digit of which an estimator predicts.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers; `code_book_`, `classes_`.
    /// # Predicts
    /// The class whose code is nearest to the estimators' scores, the first of equals: `decision_function`, or the
    /// probability where there is none.
    /// # Older versions
    /// Before 1.0 rows had to be finite numbers.
    paths: ["sklearn.multiclass.OutputCodeClassifier"],
    training_only: ["code_size", "estimator", "n_jobs", "random_state"],
    read: OutputCodeClassifier::read,
};

/// A fitted `OutputCodeClassifier`.
#[derive(Debug)]
pub struct OutputCodeClassifier {
    /// `estimators_`
    estimators: Vec<Binary>,
    /// `code_book_`, (n_classes, n_estimators).
    codes: NearestPoint,
    classes: Arc<Classes>,
    /// Before 1.0.
    rule: Option<ArrayRule>,
}

impl OutputCodeClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        let estimators = Binary::read_all(fields)?;
        let codes = fields.matrix("code_book_")?;
        fields.expect_len("code_book_", codes.rows, classes.len())?;
        fields.expect_len("code_book_", codes.cols, estimators.len())?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        let codes = NearestPoint::new(fields, codes, Precision::Double);
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric);
        let rule = if fields.before(0, 24) { rule } else { rule.sparse(SparseRule::Accept) };
        let is_checked = fields.before(1, 0) && !fields.before(0, 19);
        Ok(Self { estimators, codes, classes, rule: is_checked.then_some(rule) })
    }
}

impl Estimator for OutputCodeClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let x = self.rule.map_or(input, |rule| plan.check(input, rule, None));
        let scores = self.estimators.iter().map(|one| one.score(x, plan)).collect::<Result<Vec<_>, _>>()?;
        let scores = plan.push(Concatenate { layout: Layout::Dense }, &scores);
        let scores = plan.push(SumUp::as_double(), &[scores]);
        // `euclidean_distances` takes no NaN and no infinities: an inner estimator may make them of finite rows.
        let scores = plan.check(scores, ArrayRule::FLOATS.any_names(), self.estimators.len());
        let numbers = self.codes.push(scores, plan);
        Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        binary::inner(&self.estimators)
    }

    delegates_rows!(self => self.estimators.iter().find_map(Binary::model));
}
