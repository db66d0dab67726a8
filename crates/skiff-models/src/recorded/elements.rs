//! The elements of results, one by one, and the names of their dtypes.

use skiff_files::{DType, Endian, Scalar};
use skiff_plan::value::{Classes, Columns, Csr, IntKind, Labels, Precision, Value, ValueKind};

/// numpy's name of a dtype, without its byte order, and without the length of strings.
pub(super) fn name_of(dtype: &DType) -> String {
    match dtype {
        DType::Bool => "bool".to_owned(),
        DType::Int { size, .. } => format!("int{}", size * 8),
        DType::UInt { size, .. } => format!("uint{}", size * 8),
        DType::Float { size, .. } => format!("float{}", size * 8),
        DType::Str { .. } => "str".to_owned(),
        DType::Object => "object".to_owned(),
        other => other.to_string(),
    }
}

pub(super) fn dtype_of(value: &Value<'_>) -> String {
    let int = |kind: IntKind| match kind {
        IntKind::Bool => "bool".to_owned(),
        IntKind::Int { bytes, signed: true } => format!("int{}", u32::from(bytes) * 8),
        IntKind::Int { bytes, signed: false } => format!("uint{}", u32::from(bytes) * 8),
    };
    let float = |precision: Precision| match precision {
        Precision::Single => "float32".to_owned(),
        Precision::Double => "float64".to_owned(),
    };
    let values = |kind: ValueKind| match kind {
        ValueKind::Bytes(len) => name_of(&DType::Bytes { len }),
        ValueKind::DateTime(unit) => name_of(&DType::DateTime { unit, endian: Endian::Little }),
        ValueKind::TimeDelta(unit) => name_of(&DType::TimeDelta { unit, endian: Endian::Little }),
        ValueKind::Text => "StringDType()".to_owned(),
    };
    match value {
        Value::Floats(_, precision) => float(*precision),
        Value::Ints(_, kind) => int(*kind),
        Value::Labels(labels) => match labels.classes.first().map(|classes| &**classes) {
            Some(Classes::Ints(_, kind)) => int(*kind),
            Some(Classes::Floats(_, precision)) => float(*precision),
            Some(Classes::Strings(_)) => "str".to_owned(),
            Some(Classes::Values(_, kind)) => values(*kind),
            Some(Classes::Objects(_)) | None => "object".to_owned(),
        },
        Value::Texts(_) => "str".to_owned(),
        other => other.kind().to_owned(),
    }
}

/// The elements row by row; `None` if the value does not have scalars.
pub(super) fn scalars(value: &Value<'_>) -> Option<Vec<Scalar>> {
    Some(match value {
        Value::Floats(matrix, _) => matrix.data.iter().map(|&value| Scalar::Float(value)).collect(),
        Value::Ints(matrix, IntKind::Bool) => matrix.data.iter().map(|&value| Scalar::Bool(value != 0)).collect(),
        Value::Ints(matrix, _) => matrix.data.iter().map(|&value| Scalar::Int(value)).collect(),
        Value::Labels(labels) => labels_of(labels)?,
        Value::Columns(columns) => column_scalars(columns)?,
        Value::Texts(texts) => texts.iter().map(|text| Scalar::Str(text.to_owned())).collect(),
        Value::Sparse(_) | Value::Dicts(_) | Value::TermLists(_) | Value::NumberLists(_) | Value::Many(_) => {
            return None;
        }
    })
}

fn labels_of(labels: &Labels) -> Option<Vec<Scalar>> {
    let each = labels.codes.iter().enumerate();
    let label = |(at, &code): (usize, &u32)| {
        let classes = labels.classes.get(at % labels.cols)?;
        Some(classes.get(usize::try_from(code).ok()?).unwrap_or(Scalar::None))
    };
    each.map(label).collect()
}

/// The elements of columns, row by row; `None` if a column is shorter than the others.
pub(super) fn column_scalars(columns: &Columns<'_>) -> Option<Vec<Scalar>> {
    let rows = 0..columns.rows;
    rows.flat_map(|row| columns.columns.iter().map(move |column| column.get(row))).collect()
}

/// The elements of a row that are not zero, columns ascending; duplicate entries are summed, as in scipy's `toarray`.
pub(super) fn sparse_row(csr: &Csr<'_>, row: usize) -> Vec<(u32, f64)> {
    let (indices, data) = csr.row(row);
    let mut elements: Vec<(u32, f64)> = indices.iter().copied().zip(data.iter().copied()).collect();
    elements.sort_by_key(|(column, _)| *column);
    elements.dedup_by(|next, sum| {
        let same = next.0 == sum.0;
        if same {
            sum.1 += next.1;
        }
        same
    });
    elements.retain(|(_, value)| *value != 0.0);
    elements
}
