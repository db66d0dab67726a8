//! `MultiLabelBinarizer`: sets of labels as rows of zeros and ones, and back.

use std::sync::Arc;

use skiff_files::Scalar;

use crate::InputError;
use crate::kernels::categories::Categories;
use crate::operator::Operator;
use crate::table::DictValue;
use crate::text::Terms;
use crate::value::{Csr, IntKind, NumberType, TermLists, Value};

/// A one in the column of each label of a row, whose labels are all those in the values of a mapping; labels that are of no
/// class are left out. (n, 1) → (n, n_classes).
#[derive(Debug)]
pub struct BinarizeLabelSets {
    /// `classes_`
    pub classes: Arc<Categories>,
    /// Whether what comes out is sparse.
    pub sparse: bool,
    /// Whether a label that is no class is an error: before scikit-learn 0.20.
    pub refuses_unknown: bool,
}

impl Operator for BinarizeLabelSets {
    const NAME: &'static str = "binarize_label_sets";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Dicts(dicts) = inputs[0] else {
            return Err(InputError::wrong_kind("a set of labels for each row", inputs[0]));
        };
        let (rows, cols) = (dicts.len(), self.classes.len);
        let mut indptr = Vec::with_capacity(rows + 1);
        let mut indices: Vec<u32> = Vec::new();
        indptr.push(0);
        for row in dicts.rows.iter() {
            let labels = row.iter().flat_map(|(_, value)| match value {
                DictValue::One(label) => std::slice::from_ref(label),
                DictValue::Many(labels) => labels.as_slice(),
            });
            // A NaN equals no class, not even one that is NaN.
            let labels = labels.filter(|label| !matches!(label, Scalar::Float(value) if value.is_nan()));
            let mut found = Vec::new();
            for label in labels {
                match self.classes.of_scalar(label) {
                    Some(class) => found.push(class),
                    None if self.refuses_unknown => {
                        let message = format!("found the unknown label {label} during transform");
                        return Err(InputError::refused(message).in_row(indptr.len() - 1));
                    }
                    None => {}
                }
            }
            found.sort_unstable();
            found.dedup();
            indices.extend(found);
            indptr.push(indices.len());
        }
        let data = vec![1.0; indices.len()];
        let dtype = NumberType::Int(IntKind::I64);
        let csr = Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype };
        Ok(match self.sparse {
            true => Value::Sparse(csr),
            false => Value::Ints(csr.to_dense().map(|&value| i64::from(value != 0.0)), IntKind::I64),
        })
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes.len)
    }
}

/// The labels whose columns hold a one. (n, n_classes) → a list for each row.
#[derive(Debug)]
pub struct LabelSets {
    /// `classes_`, as text.
    pub classes: Arc<Terms>,
}

impl Operator for LabelSets {
    const NAME: &'static str = "label_sets";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (expected, found) = (self.classes.len(), inputs[0].cols());
        if expected != found {
            return Err(InputError::refused(format!("Expected indicator for {expected} classes, but got {found}")));
        }
        let others = || InputError::refused("Expected only 0s and 1s in label indicator.");
        let (mut bounds, mut numbers) = (vec![0], Vec::new());
        match inputs[0] {
            Value::Sparse(x) => {
                if x.data.iter().any(|value| *value != 0.0 && *value != 1.0) {
                    return Err(others());
                }
                for row in 0..x.rows {
                    numbers.extend_from_slice(x.row(row).0);
                    bounds.push(numbers.len());
                }
            }
            value => {
                let (x, _) = value.to_floats().ok_or_else(|| InputError::wrong_kind("numbers", value))?;
                if x.data.iter().any(|value| *value != 0.0 && *value != 1.0) {
                    return Err(others());
                }
                for row in x.iter_rows() {
                    numbers
                        .extend((0..).zip(row).filter(|(_, value)| **value != 0.0).map(|(column, _): (u32, _)| column));
                    bounds.push(numbers.len());
                }
            }
        }
        Ok(Value::TermLists(TermLists { bounds, numbers, terms: Arc::clone(&self.classes) }))
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Dicts;
    use crate::value::Classes;

    #[test]
    fn sets_of_labels_come_back_without_unknown_ones() {
        let names = ["a", "b", "c"];
        let classes = Classes::Strings(names.iter().map(|&name| name.to_owned()).collect());
        let classes = Arc::new(Categories::new(&classes).unwrap());
        let labels = |names: &[&str]| DictValue::Many(names.iter().map(|&name| Scalar::Str(name.to_owned())).collect());
        let rows = vec![vec![(String::new(), labels(&["c", "a", "c", "z"]))], vec![(String::new(), labels(&[]))]];
        let input = Value::Dicts(Dicts { rows: rows.into() });
        for sparse in [false, true] {
            let binarize = |refuses_unknown| {
                BinarizeLabelSets { classes: Arc::clone(&classes), sparse, refuses_unknown }.run(&[&input])
            };
            assert!(binarize(true).is_err());
            let ones = binarize(false).unwrap();
            let terms = Arc::new(Terms::new(names.into_iter()).unwrap());
            let Ok(Value::TermLists(lists)) = (LabelSets { classes: terms }).run(&[&ones]) else { panic!("lists") };
            assert_eq!(lists.row(0).collect::<Vec<_>>(), ["a", "c"]);
            assert_eq!(lists.row(1).count(), 0);
        }
    }
}
