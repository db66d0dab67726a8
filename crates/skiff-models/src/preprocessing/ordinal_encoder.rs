//! `sklearn.preprocessing.OrdinalEncoder`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_pickle::Node;
use skiff_plan::operators::{ArrayRule, Encode, Finite, OrdinalColumn, OrdinalInverse, TakeNumbers};
use skiff_plan::value::{Classes, NumberType, ValueKind};
use skiff_plan::{Method, Output, ValueId};

use super::encoders::{self, Decode, Infrequent, KnownCategories, Others, infrequent_categories, read_dtype};
use crate::conversions::{index, real};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, NamesError, class};
use crate::names;

pub(crate) const ORDINAL_ENCODER: Class = class! {
    /// The number of the category of each value.
    ///
    /// # Reads
    /// `categories_`, `handle_unknown`, `unknown_value`, `encoded_missing_value` with `_missing_indices`, the grouping of
    /// infrequent categories, `dtype`.
    /// # Transforms
    /// The index of the value in the column's categories; values are equal as in Python. `inverse_transform` returns the
    /// values back, `None` for unknown ones.
    /// # Older versions
    /// `unknown_value` is new in 0.24, missing values in 1.0, `encoded_missing_value` in 1.1, infrequent categories in
    /// 1.3.
    paths: ["sklearn.preprocessing._encoders.OrdinalEncoder"],
    read: OrdinalEncoder::read,
};

/// A fitted `OrdinalEncoder`.
#[derive(Debug)]
pub struct OrdinalEncoder {
    known: KnownCategories,
    infrequent: Infrequent,
    /// `_missing_indices`: the index of NaN among the categories of each column.
    missing: Vec<Option<u32>>,
    /// `encoded_missing_value`.
    encoded_missing: f64,
    /// `unknown_value`, where `handle_unknown` is `'use_encoded_value'`.
    unknown: Option<f64>,
    /// `dtype`.
    dtype: NumberType,
}

impl OrdinalEncoder {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "categories_")?;
        fields.expect_n_features("categories_", known.len())?;
        let missing = read_missing(fields, &known)?;
        let infrequent = Infrequent::read(fields, &known, &missing)?;
        let encoded_missing = fields.float_or_none("encoded_missing_value")?.unwrap_or(f64::NAN);
        let unknown = match fields.string_or_none("handle_unknown")?.as_deref() {
            None | Some("error") => None,
            Some("use_encoded_value") => Some(fields.float("unknown_value")?),
            Some(other) => return Err(fields.unsupported("handle_unknown", format!("`{other}`"))),
        };
        let dtype = read_dtype(fields, "dtype")?;
        fields.training_only(&["_categories", "categories", "max_categories", "min_frequency", "unknown_value"]);
        Ok(Self { known, infrequent, missing, encoded_missing, unknown, dtype })
    }

    fn tables(&self) -> Vec<Vec<f64>> {
        let table = |(column, missing): (usize, &Option<u32>)| {
            let count = self.known.of(column).len();
            let number = |code: usize| match missing {
                Some(missing) if index(*missing) == code => self.encoded_missing,
                _ => real(self.infrequent.place(column, code)),
            };
            (0..count).map(number).chain([self.unknown.unwrap_or(f64::NAN)]).collect()
        };
        self.missing.iter().enumerate().map(table).collect()
    }

    fn inverse(&self) -> (Vec<OrdinalColumn>, Decode) {
        let mut columns = Vec::new();
        let mut values = Vec::new();
        for (column, (classes, missing)) in self.known.classes.iter().zip(&self.missing).enumerate() {
            let grouped = self.infrequent.indices_of(column);
            let frequent = (0..classes.len()).filter(|code| grouped.is_none_or(|grouped| !grouped.contains(code)));
            let codes: Vec<u32> = frequent.filter_map(|code| u32::try_from(code).ok()).collect();
            let mut all: Vec<Scalar> = (0..classes.len()).filter_map(|code| classes.get(code)).collect();
            let mut add = |value: Scalar| {
                all.push(value);
                u32::try_from(all.len() - 1).unwrap_or(u32::MAX)
            };
            let infrequent = grouped.map(|grouped| {
                (real(classes.len() - grouped.len()), add(Scalar::Str("infrequent_sklearn".to_owned())))
            });
            let unknown = self.unknown.map(|encoded| (encoded, add(Scalar::None)));
            let missing = missing.map(|place| (self.encoded_missing, place));
            columns.push(OrdinalColumn { missing, infrequent, unknown, codes });
            values.push(all);
        }
        (columns, Decode::new(&self.known.classes, values, Others::Object))
    }
}

fn read_missing(fields: &Fields<'_, '_>, known: &KnownCategories) -> Result<Vec<Option<u32>>, ReadError> {
    let name = "_missing_indices";
    let mut missing = vec![None; known.len()];
    let Some(node) = fields.optional(name) else { return Ok(missing) };
    let Node::Dict(pairs) = fields.graph().node(node) else { return Err(fields.unexpected(name, "a dict")) };
    for &(column, place) in pairs {
        let [column, place] = [column, place].map(|node| fields.scalar_at(node, &fields.path_of(name)));
        let [column, place] = [column?, place?].map(|scalar| scalar.as_i64().and_then(|at| usize::try_from(at).ok()));
        let (Some(column), Some(place)) = (column, place) else {
            return Err(fields.unexpected(name, "indices by indices"));
        };
        match (known.classes.get(column).zip(missing.get_mut(column)), u32::try_from(place)) {
            (Some((classes, missing)), Ok(at)) if place < classes.len() => *missing = Some(at),
            _ => return Err(fields.damaged(name, format!("no category {place} in column {column}"))),
        }
    }
    Ok(missing)
}

impl Estimator for OrdinalEncoder {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let rule = encoders::rule(plan.header(), (1, 0));
                let x = plan.check(input, rule, self.known.len());
                let codes = plan.push(
                    Encode {
                        estimator: plan.header().class.clone(),
                        columns: self.known.lookup.clone(),
                        mixed_is_object: encoders::mixed_is_object(plan.header()),
                        refuse_unknown: self.unknown.is_none(),
                    },
                    &[x],
                );
                Ok(Output::matrix(plan.push(TakeNumbers { tables: self.tables(), dtype: self.dtype }, &[codes])))
            }
            Method::InverseTransform => {
                let old = plan.header().version.is_none_or(|version| version < crate::fields::Version::new(1, 0));
                let rule = ArrayRule::FLOATS.finite(if old { Finite::All } else { Finite::AllowNan }).any_names();
                let x = plan.check(input, rule, self.known.len());
                let is_time = |classes: &Arc<Classes>| {
                    matches!(&**classes, Classes::Values(_, ValueKind::DateTime(_) | ValueKind::TimeDelta(_)))
                };
                if self.unknown.is_some() && self.known.classes.iter().any(is_time) {
                    return plan.unsupported(
                        method,
                        "dates in object arrays, which are numbers or dates depending on their unit",
                    );
                }
                let (columns, decode) = self.inverse();
                let codes = plan.push(OrdinalInverse { columns }, &[x]);
                Ok(Output::matrix(decode.push(codes, plan)))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.known.len())
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![("infrequent_categories_", Box::new(infrequent_categories))]
    }
}
