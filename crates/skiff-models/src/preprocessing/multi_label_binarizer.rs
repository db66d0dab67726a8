//! `sklearn.preprocessing.MultiLabelBinarizer`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{BinarizeLabelSets, LabelSets};
use skiff_plan::text::Terms;
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::encoders::KnownCategories;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Takes, class};

pub(crate) const MULTI_LABEL_BINARIZER: Class = class! {
    /// One column for each class, for rows that have any number of labels.
    ///
    /// # Reads
    /// `classes_`, `sparse_output`.
    /// # Transforms
    /// 1 in the columns of the labels of a row and 0 in all others; labels that are of no class are left out. Rows are lists,
    /// tuples or sets of labels in Python, and mappings elsewhere, of whose values all labels count:
    /// `{"labels": ["red", "round"]}`. `inverse_transform` takes zeros and ones, and returns the labels of each row.
    /// # Older versions
    /// The state has been the same since 0.17; what is cached in it since 0.24 is of no account.
    paths: ["sklearn.preprocessing._label.MultiLabelBinarizer", "sklearn.preprocessing.label.MultiLabelBinarizer"],
    training_only: ["_cached_dict", "classes"],
    read: MultiLabelBinarizer::read,
};

/// A fitted `MultiLabelBinarizer`.
#[derive(Debug)]
pub struct MultiLabelBinarizer {
    known: KnownCategories,
    sparse_output: bool,
    /// Before 0.20.
    refuses_unknown: bool,
    /// `classes_` as text.
    names: Arc<Terms>,
}

impl MultiLabelBinarizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "classes_")?;
        let [classes] = &known.classes[..] else {
            return Err(fields.unexpected("classes_", "an array of one dimension"));
        };
        let names = names(classes).ok_or_else(|| fields.damaged("classes_", "a class stands there twice"))?;
        let (sparse_output, refuses_unknown) = (fields.bool("sparse_output")?, fields.before(0, 20));
        Ok(Self { sparse_output, refuses_unknown, known, names: Arc::new(names) })
    }
}

/// The classes as text; `None` where one is there twice.
fn names(classes: &Classes) -> Option<Terms> {
    let texts = |text: &dyn Fn(Scalar) -> String| -> Vec<String> {
        (0..classes.len()).filter_map(|code| classes.get(code)).map(text).collect()
    };
    let unique = |names: &[String]| Terms::new(names.iter().map(String::as_str)).ok();
    let plain = texts(&|class| match class {
        Scalar::Str(text) => text,
        other => other.to_string(),
    });
    // `1` and `'1'` are two classes: then each is written as Python would.
    let written = || texts(&|class| class.to_string());
    unique(&plain).or_else(|| unique(&written())).or_else(|| {
        // Each NaN of a fit is a class of its own.
        let (written, nan) = (written(), Scalar::Float(f64::NAN).to_string());
        let others: Vec<String> = written.iter().filter(|name| **name != nan).cloned().collect();
        unique(&others).and_then(|_| Terms::with_repeats(written.iter().map(String::as_str)).ok())
    })
}

impl Estimator for MultiLabelBinarizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let classes = Arc::clone(self.known.lookup_of(0));
                let (sparse, refuses_unknown) = (self.sparse_output, self.refuses_unknown);
                let binarize = BinarizeLabelSets { classes, sparse, refuses_unknown };
                Ok(Output::matrix(plan.push(binarize, &[input])))
            }
            Method::InverseTransform => {
                Ok(Output::matrix(plan.push(LabelSets { classes: Arc::clone(&self.names) }, &[input])))
            }
            _ => plan.no_method(method),
        }
    }

    fn takes(&self) -> Takes {
        Takes::Dicts
    }
}
