//! `OneHotEncoder` before 0.20, and the legacy mode of 0.20 and 0.21: whole numbers only.

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Concatenate, Layout, OneHotWhole, SelectColumns, Selection};
use skiff_plan::value::NumberType;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};

/// The state of the old encoder.
#[derive(Debug)]
pub(super) struct Legacy {
    /// `n_values_`, one for each encoded feature.
    counts: Vec<i64>,
    /// `feature_indices_`, without its last.
    starts: Vec<i64>,
    /// `active_features_`, where `n_values` is `'auto'`.
    kept: Option<Vec<i64>>,
    width: usize,
    refuse_unknown: bool,
    /// `categorical_features`: the encoded columns in ascending order; `None` for all.
    selected: Option<Vec<usize>>,
}

impl Legacy {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let named = |new: &'static str, old: &'static str| if fields.has(new) { new } else { old };
        let counts = fields.ints(named("_n_values_", "n_values_"))?;
        let indices_name = named("_feature_indices_", "feature_indices_");
        let mut starts = fields.ints(indices_name)?;
        fields.expect_len(indices_name, starts.len(), counts.len() + 1)?;
        let last = starts.pop().unwrap_or(0);
        let rises = starts.iter().zip(&counts).all(|(start, count)| *start >= 0 && *count >= 0);
        if !rises || last < 0 {
            return Err(fields.damaged(indices_name, "a negative number of values"));
        }
        let active_name = named("_active_features_", "active_features_");
        let auto = match fields.optional(named("_n_values", "n_values")) {
            Some(node) => fields.graph().str_of(node) == Some("auto"),
            None => fields.has(active_name),
        };
        let kept = if auto { Some(fields.ints(active_name)?) } else { None };
        if kept.as_ref().is_some_and(|kept| !kept.is_sorted()) {
            return Err(fields.damaged(active_name, "not in ascending order"));
        }
        let width = match &kept {
            Some(kept) => kept.len(),
            // Wide tables that are mostly empty are a few bytes in the file.
            None => usize::try_from(last)
                .ok()
                .filter(|&last| last <= 1 << 24)
                .ok_or_else(|| fields.unsupported(indices_name, "more than 2²⁴ columns"))?,
        };
        let refuse_unknown = fields.string("handle_unknown")? != "ignore";
        let selected = match Self::read_selected(fields)? {
            Some(selected) => Some(places(&selected, counts.len()).ok_or_else(|| {
                fields.unsupported("categorical_features", "columns other than by a mask or by nonnegative indices")
            })?),
            None => None,
        };
        fields.training_only(&["active_features_", "feature_indices_", "n_values_"]);
        Ok(Self { counts, starts, kept, width, refuse_unknown, selected })
    }

    pub(super) fn n_features_in(&self) -> Option<usize> {
        match &self.selected {
            // How many others there were was not recorded.
            Some(_) => None,
            None => Some(self.counts.len()),
        }
    }

    pub(super) fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        dtype: NumberType,
        sparse: bool,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let x = plan.check(input, ArrayRule::FLOATS, self.n_features_in());
        let step = OneHotWhole {
            counts: self.counts.clone(),
            starts: self.starts.clone(),
            kept: self.kept.clone(),
            width: self.width,
            refuse_unknown: self.refuse_unknown,
            dtype,
            sparse,
        };
        let Some(selected) = &self.selected else { return Ok(Output::matrix(plan.push(step, &[x]))) };
        let columns = |by| SelectColumns { by, series: false };
        let encoded = plan.push(columns(Selection::Places(selected.clone())), &[x]);
        let encoded = plan.push(step, &[encoded]);
        let others = plan.push(columns(Selection::Others(selected.clone())), &[x]);
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Any }, &[encoded, others])))
    }
}

/// The indices of the selected columns, from a mask or from indices.
fn places(selected: &[Scalar], count: usize) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = match selected.iter().all(|item| matches!(item, Scalar::Bool(_))) {
        true => {
            let selected = selected.iter().enumerate().filter(|(_, item)| **item == Scalar::Bool(true));
            selected.map(|(at, _)| at).collect()
        }
        false => selected.iter().map(|item| usize::try_from(item.as_i64()?).ok()).collect::<Option<_>>()?,
    };
    places.sort_unstable();
    places.dedup();
    (places.len() == count).then_some(places)
}
