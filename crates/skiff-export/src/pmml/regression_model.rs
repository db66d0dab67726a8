//! `RegressionModel`: a linear predictor, or one for each class.

use super::expression::ExprId;
use super::names::Names;
use super::xml::{Xml, number};

/// One or more linear predictors and a link.
#[derive(Clone, Debug)]
pub(super) struct RegressionModel {
    /// `none`, `exp`, `logit`, `softmax` or `simplemax`.
    pub normalization: &'static str,
    pub tables: Vec<RegressionTable>,
}

/// A linear predictor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RegressionTable {
    pub intercept: f64,
    /// Fields and their coefficients.
    pub terms: Vec<(ExprId, f64)>,
    /// The class, by its number.
    pub class: Option<usize>,
}

impl RegressionModel {
    pub(super) fn fields(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.tables.iter().flat_map(|table| table.terms.iter().map(|(field, _)| *field))
    }

    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>, categories: &[String]) {
        for table in &self.tables {
            let intercept = number(table.intercept);
            let mut attributes = vec![("intercept", intercept.as_str())];
            if let Some(category) = table.class.and_then(|class| categories.get(class)) {
                attributes.push(("targetCategory", category));
            }
            if table.terms.is_empty() {
                xml.empty("RegressionTable", &attributes);
                continue;
            }
            xml.open("RegressionTable", &attributes);
            for (field, coefficient) in &table.terms {
                let attributes = [("name", names.of(*field)), ("coefficient", &number(*coefficient))];
                xml.empty("NumericPredictor", &attributes);
            }
            xml.close();
        }
    }
}
