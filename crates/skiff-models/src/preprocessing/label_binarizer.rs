//! `sklearn.preprocessing.LabelBinarizer`.

use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, ArrayRule, BinarizeLabels, Concatenate, Finite, GreaterThan, Layout, SparseRule, TakeLabels,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::encoders::KnownCategories;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LABEL_BINARIZER: Class = class! {
    /// One column for each class: for labels, not for features.
    ///
    /// # Reads
    /// `classes_`, `y_type_`, `neg_label`, `pos_label`, `sparse_output`, `sparse_input_`.
    /// # Transforms
    /// `pos_label` in the column of the label's class and `neg_label` in all others; two classes share one column, that of
    /// the second, as long as the given labels have at most two values. Unknown labels are in no column.
    /// Multilabel rows are unchanged except for the two numbers.
    /// `inverse_transform` takes the class of the greatest number; of two classes the second where its number is above
    /// `threshold`, by default the middle of `neg_label` and `pos_label`; of multilabel rows the labels above it.
    /// # Not supported
    /// Numbers where `classes_` holds text; where it holds numbers, text that may be one of them, which numpy turns into text
    /// to compare.
    /// `inverse_transform` of sparse rows with negative numbers and no positive one.
    /// # Older versions
    /// The state has been the same since 0.17. Since 1.8 the columns of signed integers have their dtype.
    paths: ["sklearn.preprocessing._label.LabelBinarizer", "sklearn.preprocessing.label.LabelBinarizer"],
    read: LabelBinarizer::read,
};

/// A fitted `LabelBinarizer`.
#[derive(Debug)]
pub struct LabelBinarizer {
    known: KnownCategories,
    target: Target,
    neg_label: i64,
    pos_label: i64,
    sparse_output: bool,
    /// Whether the training labels were sparse: `inverse_transform` returns such labels.
    sparse_input: bool,
    /// Whether signed integers keep their dtype.
    keeps_dtype: bool,
}

/// `y_type_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Binary,
    Multiclass,
    Multilabel,
}

/// The attributes of a `LabelBinarizer` in an estimator that encodes its labels with it.
pub(crate) struct EncodedLabels {
    pub(crate) classes: Arc<Classes>,
    pub(crate) y_type: String,
    /// Whether the labels of the fit were sparse; only those of several labels for each row can be.
    pub(crate) sparse_input: bool,
}

impl EncodedLabels {
    /// Those of the attribute `name`.
    pub(crate) fn read(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        fields.object_in(
            name,
            "a `LabelBinarizer`",
            |object| object.name == "LabelBinarizer",
            |binarizer| {
                binarizer.training_only(&["neg_label", "pos_label", "sparse_output"]);
                let classes = binarizer.classes("classes_")?;
                let y_type = binarizer.string("y_type_")?;
                Ok(Self { classes, y_type, sparse_input: binarizer.bool("sparse_input_")? })
            },
        )
    }
}

impl LabelBinarizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "classes_")?;
        if known.len() != 1 || known.of(0).is_empty() {
            return Err(fields.unexpected("classes_", "an array of labels"));
        }
        let target = match fields.string("y_type_")?.as_str() {
            "binary" => Target::Binary,
            "multiclass" => Target::Multiclass,
            "multilabel-indicator" => Target::Multilabel,
            other => return Err(fields.unsupported("y_type_", format!("`{other}`"))),
        };
        if target == Target::Binary && known.of(0).len() > 2 {
            return Err(fields.damaged("y_type_", "it is binary, but `classes_` has more than two classes"));
        }
        let sparse_input = fields.bool("sparse_input_")?;
        if sparse_input && target != Target::Multilabel {
            return Err(fields.unsupported("sparse_input_", "a sparse column of labels"));
        }
        Ok(Self {
            known,
            target,
            neg_label: fields.int("neg_label")?,
            pos_label: fields.int("pos_label")?,
            sparse_output: fields.bool("sparse_output")?,
            sparse_input,
            keeps_dtype: !fields.before(1, 8),
        })
    }
}

impl LabelBinarizer {
    fn class_list(&self) -> &Arc<Classes> {
        self.known.of(0)
    }

    /// How many columns the labels of the fit got.
    pub(crate) fn outputs(&self) -> usize {
        match self.target {
            Target::Binary => 1,
            Target::Multiclass | Target::Multilabel => self.class_list().len(),
        }
    }

    /// `inverse_transform` of as many columns of scores as [`LabelBinarizer::outputs`], by the threshold in the middle.
    pub(crate) fn labels_of(&self, scores: ValueId, plan: &mut Lowering<'_>) -> Output {
        #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "Python's division rounds as well")]
        let threshold = (self.neg_label.saturating_add(self.pos_label)) as f64 / 2.0;
        self.labels_above(scores, threshold, plan)
    }

    fn labels_above(&self, scores: ValueId, threshold: f64, plan: &mut Lowering<'_>) -> Output {
        let classes = TakeLabels::of(self.class_list());
        if self.target == Target::Multiclass {
            let numbers = plan.push(Argmax, &[scores]);
            return Output::column(plan.push(classes, &[numbers]));
        }
        let dense = plan.push(Concatenate { layout: Layout::Dense }, &[scores]);
        // Of one class, every row is of that class.
        let only = self.target == Target::Binary && self.class_list().len() == 1;
        let bound = if only { f64::INFINITY } else { threshold };
        let above = plan.push(GreaterThan { bound }, &[dense]);
        match (self.target, self.sparse_input) {
            (Target::Binary, _) => Output::column(plan.push(classes, &[above])),
            (_, false) => Output::matrix(above),
            (_, true) => Output::matrix(plan.push(Concatenate { layout: Layout::Sparse }, &[above])),
        }
    }
}

impl Estimator for LabelBinarizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let step = BinarizeLabels {
                    classes: Arc::clone(self.known.lookup_of(0)),
                    multilabel: self.target == Target::Multilabel,
                    neg_label: self.neg_label,
                    pos_label: self.pos_label,
                    sparse: self.sparse_output,
                    keeps_dtype: self.keeps_dtype,
                };
                Ok(Output::matrix(plan.push(step, &[input])))
            }
            Method::InverseTransform => {
                let rule = ArrayRule::FLOATS.finite(Finite::Any).sparse(SparseRule::Accept).any_names();
                let x = plan.check(input, rule, self.outputs());
                Ok(match params.float("threshold") {
                    None => self.labels_of(x, plan),
                    Some(threshold) => self.labels_above(x, threshold, plan),
                })
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.known.classes.clone()
    }
}
