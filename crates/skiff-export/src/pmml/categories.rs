//! Operators on columns of text, where a document knows missing values and a graph does not.

use std::rc::Rc;

use skiff_files::Scalar as FileScalar;
use skiff_plan::kernels::categories::Categories;
use skiff_plan::operators::{AnyOperator, Encode, Impute, Missing, MissingMask};
use skiff_plan::types::ColumnType;
use skiff_plan::value::{IntKind, NumberType};

use super::expression::Scalar;
use super::translation::{Translation, Value};
use crate::expand::Reason;
use crate::graph::Bits;

impl Translation {
    /// The numbers of categories. Texts are looked up in a table, with a number for missing ones.
    pub(super) fn encode(&mut self, encode: &Encode, input: &Value) -> Result<Value, Reason> {
        let columns: Vec<(Scalar, ColumnType)> = match input {
            Value::Columns { columns, .. } => columns.clone(),
            Value::Numbers { columns, dtype, .. } => {
                columns.iter().map(|column| (column.clone(), ColumnType::Numbers(*dtype))).collect()
            }
            Value::Labels { .. } | Value::Many(_) | Value::Neighbors(_) => {
                return Err(Reason::new("it takes labels as columns"));
            }
        };
        let mut codes = Vec::with_capacity(columns.len());
        for ((scalar, kind), categories) in columns.into_iter().zip(&encode.columns) {
            if matches!(kind, ColumnType::Numbers(_)) {
                let one = Encode {
                    estimator: encode.estimator.clone(),
                    columns: vec![categories.clone()],
                    mixed_is_object: encode.mixed_is_object,
                    refuse_unknown: encode.refuse_unknown,
                };
                let column = Value::Columns { names: None, columns: vec![(scalar, kind)] };
                codes.extend(self.expanded(&AnyOperator::from(one), &[&column])?.floats().unwrap_or_default());
            } else {
                codes.push(self.text_codes(scalar, categories)?);
            }
        }
        Ok(Value::Numbers { columns: codes, dtype: NumberType::Int(IntKind::I64), sparse: false })
    }

    fn text_codes(&mut self, column: Scalar, categories: &Categories) -> Result<Scalar, Reason> {
        let types = categories.types();
        if types.bools || types.ints || types.floats || types.others {
            return Err(Reason::new("its categories are of several types, which no field of a document holds"));
        }
        let missing = match (categories.of_float(f64::NAN), categories.of_scalar(&FileScalar::None)) {
            (Some(nan), Some(none)) if nan != none => {
                return Err(Reason::new("`NaN` and `None` are two of its categories, and PMML has one missing value"));
            }
            (nan, none) => nan.or(none).map_or(-1.0, f64::from),
        };
        let mut table: Vec<(String, Bits)> =
            categories.texts().map(|(text, place)| (text.to_owned(), Bits::of(f64::from(place)))).collect();
        table.sort_by(|(_, a), (_, b)| a.value().total_cmp(&b.value()));
        if table.iter().any(|(text, _)| text.trim() != text || text.is_empty()) {
            return Err(Reason::new("its categories begin or end in white space, which evaluators of PMML drop"));
        }
        Ok(self.expressions.map(column, &Rc::new(table), -1.0, missing))
    }

    /// Missing values replaced, those of texts included.
    pub(super) fn impute(&mut self, impute: &Impute, operator: &AnyOperator, input: &Value) -> Result<Value, Reason> {
        let mut value = self.expanded(operator, &[input])?;
        let is_absent = matches!(impute.missing, Missing::Nan | Missing::Na | Missing::Value(FileScalar::None));
        if let (Value::Columns { columns, .. }, true) = (&mut value, is_absent) {
            for ((scalar, kind), fill) in columns.iter_mut().zip(impute.fills.iter().flatten()) {
                if let (ColumnType::Texts | ColumnType::Objects, FileScalar::Str(text)) = (*kind, fill) {
                    let is_missing = self.expressions.is_missing(scalar.clone());
                    let text = Scalar::Str(text.to_string().into());
                    *scalar = self.expressions.choose(is_missing, text, scalar.clone());
                }
            }
        }
        Ok(value)
    }

    /// Where values are missing, of columns of numbers.
    pub(super) fn missing_mask(
        &mut self,
        mask: &MissingMask,
        operator: &AnyOperator,
        input: &Value,
    ) -> Result<Value, Reason> {
        if let Value::Columns { columns, .. } = input {
            let is_text = |&feature: &usize| {
                columns.get(feature).is_some_and(|(_, kind)| !matches!(kind, ColumnType::Numbers(_)))
            };
            if mask.features.iter().any(is_text) {
                return Err(Reason::new("where texts are missing is not exported to PMML"));
            }
        }
        self.expanded(operator, &[input])
    }
}
