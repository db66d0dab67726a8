//! All rows of the data at once, for models that look at more than one row.

use std::sync::Arc;

use skiff::Scalar;
use skiff::table::{Column, Dicts, Texts};
use skiff::value::Columns;

use super::{Batch, Content};
use crate::report::Failure;

impl Batch {
    /// One batch of the rows of all; `None` where there is none.
    pub fn whole(batches: impl Iterator<Item = Result<Self, Failure>>) -> Result<Option<Self>, Failure> {
        let batches: Vec<Self> = batches.collect::<Result<_, _>>()?;
        let lines = batches.iter().flat_map(|batch| batch.lines.iter().copied()).collect();
        let (mut columns, mut texts, mut dicts) = (Vec::new(), Vec::new(), Vec::new());
        for batch in batches {
            match batch.content {
                Content::Columns(part) => columns.push(part),
                Content::Texts(part) => texts.push(part),
                Content::Dicts(part) => dicts.push(part),
            }
        }
        // A file has one kind of them.
        let content = if !columns.is_empty() {
            Content::Columns(joined(columns))
        } else if !texts.is_empty() {
            Content::Texts(joined_texts(&texts))
        } else if !dicts.is_empty() {
            let rows = dicts.into_iter().flat_map(|part| part.rows.into_owned()).collect::<Vec<_>>();
            Content::Dicts(Dicts { rows: rows.into() })
        } else {
            return Ok(None);
        };
        Ok(Some(Self { lines, content }))
    }
}

fn joined(parts: Vec<Columns<'static>>) -> Columns<'static> {
    let rows = parts.iter().map(|part| part.rows).sum();
    let names = parts.first().and_then(|part| part.names.as_ref().map(Arc::clone));
    let mut columns: Vec<Vec<Column<'static>>> = Vec::new();
    for part in parts {
        columns.resize_with(part.columns.len().max(columns.len()), Vec::new);
        for (all, column) in columns.iter_mut().zip(part.columns) {
            all.push(column);
        }
    }
    let columns = columns.into_iter().map(joined_column).collect();
    Columns::new(rows, names, columns).expect("each batch has all columns, in equal length")
}

fn joined_texts(parts: &[Texts<'_>]) -> Texts<'static> {
    parts.iter().flat_map(Texts::iter).collect()
}

/// One column of its parts, which are of one type, but that text with missing cells is objects.
fn joined_column(parts: Vec<Column<'static>>) -> Column<'static> {
    let floats = parts.iter().map(|part| match part {
        Column::Floats(values, precision) => Some((values.iter().copied(), *precision)),
        _ => None,
    });
    if let Some(floats) = floats.collect::<Option<Vec<_>>>()
        && let Some(&(_, precision)) = floats.first()
    {
        return Column::Floats(floats.into_iter().flat_map(|(values, _)| values).collect(), precision);
    }
    let ints = parts.iter().map(|part| match part {
        Column::Ints(values, kind) => Some((values.iter().copied(), *kind)),
        _ => None,
    });
    if let Some(ints) = ints.collect::<Option<Vec<_>>>()
        && let Some(&(_, kind)) = ints.first()
    {
        return Column::Ints(ints.into_iter().flat_map(|(values, _)| values).collect(), kind);
    }
    let texts = parts.iter().map(|part| match part {
        Column::Texts(texts) => Some(texts.slice(0, texts.len())),
        _ => None,
    });
    if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
        return Column::Texts(joined_texts(&texts));
    }
    let objects = parts.into_iter().flat_map(|part| match part {
        Column::Floats(values, _) => values.iter().copied().map(Scalar::Float).collect::<Vec<_>>(),
        Column::Ints(values, _) => values.iter().copied().map(Scalar::Int).collect(),
        Column::Texts(texts) => texts.iter().map(|text| Scalar::Str(text.to_owned())).collect(),
        Column::Objects(values) => values.into_owned(),
    });
    Column::Objects(objects.collect())
}
