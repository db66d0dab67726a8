//! `label_binarize`: from labels to a column for each class.

use std::collections::HashSet;
use std::sync::Arc;

use skiff_files::Scalar;

use crate::kernels::categories::Categories;
use crate::operator::{Operator, Scope};
use crate::operators::to_sparse;
use crate::table::Column;
use crate::types::ValueType;
use crate::value::{IntKind, Matrix, Value};
use crate::{InputError, InputErrorKind};

/// One column for each class, or one for two classes. (n, 1) labels → (n, 1 or k) integers; (n, k) multilabel rows →
/// (n, k). Needs the whole batch: how many columns there are depends on how many values its labels take.
#[derive(Debug)]
pub struct BinarizeLabels {
    /// `classes_`.
    pub classes: Arc<Categories>,
    /// Whether the fit had multilabel rows.
    pub multilabel: bool,
    /// The value in the columns of other classes.
    pub neg_label: i64,
    /// The value in the column of the label's class.
    pub pos_label: i64,
    /// Whether the columns are sparse: those of `neg_label`, which is 0 then, are left out.
    pub sparse: bool,
    /// Whether signed integers keep their dtype.
    pub keeps_dtype: bool,
}

/// The column of each label, none for unknown ones, and how many values they take: 0, 1, 2 or more.
struct Codes {
    codes: Vec<Option<u32>>,
    distinct: usize,
    kind: IntKind,
}

impl BinarizeLabels {
    fn of_labels(&self, input: &Value<'_>) -> Result<Value<'static>, InputError> {
        let Codes { codes, distinct, kind } = self.codes(input)?;
        let (rows, classes) = (codes.len(), self.classes.len);
        let is_binary = distinct <= 2;
        let kind = if self.keeps_dtype { kind } else { IntKind::I64 };
        let (neg, pos) = (self.neg_label, self.pos_label);
        let matrix = match (is_binary, classes) {
            (true, 1) => Matrix::filled(rows, 1, neg),
            (true, 2) => {
                let values = codes.iter().map(|&code| if code == Some(1) { pos } else { neg });
                Matrix::new(rows, 1, values.collect::<Vec<_>>())
            }
            _ => {
                let mut data = vec![neg; rows * classes];
                for (row, code) in data.chunks_exact_mut(classes).zip(&codes) {
                    if let Some(code) = code {
                        row[*code as usize] = pos;
                    }
                }
                Matrix::new(rows, classes, data)
            }
        };
        if self.sparse {
            return to_sparse(&Value::Ints(matrix, IntKind::I64)).map(Value::Sparse);
        }
        Ok(Value::Ints(matrix, kind))
    }

    fn codes(&self, input: &Value<'_>) -> Result<Codes, InputError> {
        let text_and_numbers =
            || InputError::refused("labels and classes have different types: one is text, the other numbers");
        let not_labels =
            |what: &str| InputError::refused(format!("{what} target data is not supported with label binarization"));
        let classes = &*self.classes;
        let numbers = |codes: Vec<Option<u32>>, distinct: usize, kind| match classes.has_numbers() {
            true => Ok(Codes { codes, distinct, kind }),
            false => Err(text_and_numbers()),
        };
        let floats = |values: &[f64]| {
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(InputError::new(InputErrorKind::ContainsNan).in_row(row));
            }
            if values.iter().any(|value| value.fract() != 0.0) {
                return Err(not_labels("continuous"));
            }
            let distinct = distinct(values.iter().map(|value| (value + 0.0).to_bits()));
            numbers(values.iter().map(|&value| classes.of_float(value)).collect(), distinct, IntKind::I64)
        };
        let ints = |values: &[i64], kind: IntKind| {
            let kept = if matches!(kind, IntKind::Int { signed: true, .. }) { kind } else { IntKind::I64 };
            numbers(values.iter().map(|&value| classes.of_int(value)).collect(), distinct(values), kept)
        };
        let texts = |all: &mut dyn Iterator<Item = &str>, distinct: usize| {
            // numpy turns integers into text to compare; no label is the text of a class, unless it is said to be.
            let may_be_number = |text: &str| text.parse::<i64>().is_ok_and(|value| classes.of_int(value).is_some());
            let own = classes.types();
            let are_integers = own.ints && !own.floats;
            let code = |text: &str| match classes.has_numbers() {
                false => Ok(classes.of_text(text)),
                true if are_integers && !may_be_number(text) => Ok(None),
                true => Err(text_and_numbers()),
            };
            let codes = all.map(code).collect::<Result<_, _>>()?;
            Ok(Codes { codes, distinct, kind: IntKind::I64 })
        };
        match input {
            Value::Floats(x, _) => floats(&x.data),
            Value::Ints(x, kind) => ints(&x.data, *kind),
            Value::Texts(all) => texts(&mut all.iter(), distinct(all.iter())),
            Value::Columns(columns) => match &columns.columns[..] {
                [Column::Floats(values, _)] => floats(values),
                [Column::Ints(values, kind)] => ints(values, *kind),
                [Column::Texts(all)] => texts(&mut all.iter(), distinct(all.iter())),
                [Column::Objects(values)] => {
                    let all: Option<Vec<&str>> = values.iter().map(Scalar::as_str).collect();
                    let all = all.ok_or_else(|| not_labels("unknown"))?;
                    texts(&mut all.iter().copied(), distinct(&all))
                }
                _ => Err(InputError::wrong_kind("one column of labels", input)),
            },
            other => Err(InputError::wrong_kind("labels", other)),
        }
    }

    /// Rows of zeros and another number.
    fn of_multilabel(&self, input: &Value<'_>) -> Result<Value<'static>, InputError> {
        if !self.multilabel {
            return Err(InputError::refused("the object was not fitted with multilabel input"));
        }
        if input.cols() != self.classes.len {
            return Err(InputError::new(InputErrorKind::FeatureCount {
                expected: self.classes.len,
                found: input.cols(),
            }));
        }
        let (x, kind_of_rows) = match input {
            Value::Floats(x, _) => (x.clone().into_owned(), IntKind::I64),
            #[expect(clippy::cast_precision_loss, reason = "of two values, of which labels are made")]
            Value::Ints(x, kind) => (x.map(|&value| value as f64), *kind),
            Value::Sparse(csr) => (csr.to_dense(), IntKind::I64),
            other => return Err(InputError::wrong_kind("multilabel rows", other)),
        };
        let is_indicator = distinct(x.data.iter().map(|value| (value + 0.0).to_bits())) <= 2
            && x.data.iter().all(|value| value.is_finite() && value.fract() == 0.0);
        if !is_indicator {
            return Err(InputError::refused("multioutput target data is not supported with label binarization"));
        }
        let kind = match kind_of_rows {
            kind @ IntKind::Int { signed: true, .. } if self.keeps_dtype => kind,
            _ => IntKind::I64,
        };
        let (neg, pos) = (self.neg_label, self.pos_label);
        if matches!(kind_of_rows, IntKind::Int { signed: false, .. }) && (neg < 0 || pos < 0) {
            return Err(InputError::refused("a negative label in rows of an unsigned dtype"));
        }
        // scikit-learn writes the two labels into an array of the rows' dtype: in one of truth values all are 1 or 0.
        let written = |label: i64| if kind_of_rows == IntKind::Bool { i64::from(label != 0) } else { label };
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
        let x = x.map(|&value| match value == 0.0 {
            true => written(neg),
            // Nonzero values are unchanged if 1 is to be written.
            false if pos == 1 => value as i64,
            false => written(pos),
        });
        if self.sparse {
            return to_sparse(&Value::Ints(x, IntKind::I64)).map(Value::Sparse);
        }
        Ok(Value::Ints(x, kind))
    }
}

/// How many different ones there are, at most 3.
fn distinct<T: std::hash::Hash + Eq>(values: impl IntoIterator<Item = T>) -> usize {
    let mut seen = HashSet::new();
    for value in values {
        seen.insert(value);
        if seen.len() > 2 {
            break;
        }
    }
    seen.len()
}

impl Operator for BinarizeLabels {
    const NAME: &'static str = "binarize_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            input if input.rows() == 0 => Err(InputError::refused("y has 0 samples")),
            input if input.cols() == 1 && !matches!(input, Value::Sparse(_)) => self.of_labels(input),
            input => self.of_multilabel(input),
        }
    }

    /// Of labels of one or two classes there are one or two columns: how many depends on the labels.
    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        let Some(empty) = inputs[0].empty() else { return Ok(ValueType::Unknown) };
        let value = match &empty {
            input if input.cols() != 1 || matches!(input, Value::Sparse(_)) => self.of_multilabel(input)?,
            _ if self.classes.len <= 2 => return Ok(ValueType::Unknown),
            input => self.of_labels(input)?,
        };
        Ok(ValueType::of(&value))
    }

    fn describe(&self) -> String {
        format!("{} classes, {} and {}, all rows at once", self.classes.len, self.neg_label, self.pos_label)
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
