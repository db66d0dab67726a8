//! A result as named columns of cells.

use skiff::table::Column;
use skiff::value::{Classes, IntKind, NumberType, Precision, Value};
use skiff::{Answer, Method, Model, Rank, Scalar};

/// The names of the columns of a method's result.
#[derive(Debug)]
pub struct Names {
    /// `prediction`, `probability`, …; empty for transformed columns, which have their own names.
    stem: &'static str,
    /// The names of single columns: of classes, or of features.
    each: Option<Vec<String>>,
}

impl Names {
    /// The names for a method of a model: probabilities and scores by class, transformed columns by feature.
    pub fn of(model: &Model, method: Method) -> Self {
        let classes = || match &model.classes()[..] {
            [one] => Some((0..one.len()).filter_map(|code| one.get(code)).map(|class| cell(&class)).collect()),
            _ => None,
        };
        match method {
            Method::Predict | Method::StagedPredict => Self { stem: "prediction", each: None },
            Method::PredictProba | Method::StagedPredictProba => Self { stem: "probability", each: classes() },
            Method::PredictLogProba => Self { stem: "log_probability", each: classes() },
            Method::DecisionFunction | Method::StagedDecisionFunction => Self { stem: "score", each: classes() },
            Method::ScoreSamples => Self { stem: "score", each: None },
            Method::Transform => Self { stem: "", each: model.feature_names_out(None).ok() },
            Method::InverseTransform => Self { stem: "", each: model.feature_names_in().map(|names| names.to_vec()) },
            other => Self { stem: other.name(), each: None },
        }
    }

    fn of_column(&self, column: usize, count: usize, rank: Rank, suffix: &str) -> String {
        let stem = self.stem;
        match &self.each {
            Some(each) if each.len() == count && stem.is_empty() => format!("{}{suffix}", each[column]),
            Some(each) if each.len() == count => format!("{stem}_{}{suffix}", each[column]),
            _ if rank == Rank::One && !stem.is_empty() => format!("{stem}{suffix}"),
            _ if stem.is_empty() => format!("x{column}{suffix}"),
            _ => format!("{stem}{suffix}_{column}"),
        }
    }
}

/// The columns of a result, each with its name.
pub fn columns<'a>(answer: &'a Answer, names: &Names) -> Vec<(String, Cells<'a>)> {
    let mut columns = Vec::new();
    collect(of_rows(answer, names), "", names, &mut columns);
    columns
}

/// The part of a result that has an element for each row.
pub fn of_rows<'a>(answer: &'a Answer, names: &Names) -> &'a Answer {
    match answer {
        // A forest's `decision_path` also returns the start of each tree's nodes, which does not belong to rows.
        Answer::Tuple(parts) if names.stem == Method::DecisionPath.name() => parts.first().unwrap_or(answer),
        _ => answer,
    }
}

fn collect<'a>(answer: &'a Answer, suffix: &str, names: &Names, columns: &mut Vec<(String, Cells<'a>)>) {
    match answer {
        Answer::List(items) | Answer::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{suffix}_{index}"), names, columns);
            }
        }
        Answer::One(value, rank) => {
            let count = value.cols();
            let each = 0..count;
            columns.extend(each.map(|column| (names.of_column(column, count, *rank, suffix), Cells { value, column })));
        }
    }
}

/// One column of a value.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    value: &'a Value<'static>,
    column: usize,
}

impl Cells<'_> {
    /// The element at `row`.
    pub fn get(&self, row: usize) -> Scalar {
        let column = self.column;
        match self.value {
            Value::Floats(matrix, Precision::Double) => Scalar::Float(matrix.row(row)[column]),
            Value::Floats(matrix, Precision::Single) => Scalar::Float(shortest_single(matrix.row(row)[column])),
            Value::Ints(matrix, IntKind::Bool) => Scalar::Bool(matrix.row(row)[column] != 0),
            Value::Ints(matrix, _) => Scalar::Int(matrix.row(row)[column]),
            Value::Labels(labels) => {
                let code = labels.codes[row * labels.cols + column] as usize;
                let classes: &Classes = &labels.classes[column];
                classes.get(code).unwrap_or(Scalar::None)
            }
            Value::Columns(columns) => columns.columns[column].get(row).unwrap_or(Scalar::None),
            Value::Texts(texts) => Scalar::Str(texts.get(row).unwrap_or_default().to_owned()),
            Value::Sparse(csr) => {
                let (indices, data) = csr.row(row);
                let cells = indices.iter().zip(data).filter(|(index, _)| **index as usize == column);
                // The sum of no numbers is not negative zero.
                number(cells.fold(0.0, |sum, (_, value)| sum + value), csr.dtype)
            }
            Value::Dicts(dicts) => Scalar::Str(format!("{:?}", dicts.rows[row])),
            Value::TermLists(lists) => Scalar::Str(lists.row(row).collect::<Vec<_>>().join(" ")),
            Value::NumberLists(_) => {
                let numbers: Vec<_> = self.numbers(row).iter().flatten().map(cell).collect();
                Scalar::Str(format!("[{}]", numbers.join(", ")))
            }
            Value::Many(_) => Scalar::None,
        }
    }

    /// The numbers at `row`, where each row has a list of them.
    pub fn numbers(&self, row: usize) -> Option<Vec<Scalar>> {
        match self.value {
            Value::NumberLists(lists) => Some(lists.row(row).iter().map(|&value| number(value, lists.dtype)).collect()),
            _ => None,
        }
    }
}

/// A number that is stored as `f64`, with its dtype in scikit-learn.
pub fn number(value: f64, dtype: NumberType) -> Scalar {
    match dtype {
        NumberType::Float(Precision::Double) => Scalar::Float(value),
        NumberType::Float(Precision::Single) => Scalar::Float(shortest_single(value)),
        NumberType::Int(IntKind::Bool) => Scalar::Bool(value != 0.0),
        #[expect(clippy::cast_possible_truncation, reason = "integers are stored exactly")]
        NumberType::Int(_) => Scalar::Int(value as i64),
    }
}

/// The shortest decimal that is this `float32`, as numpy prints it.
fn shortest_single(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "the value is a float32")]
    let single = value as f32;
    format!("{single:?}").parse().unwrap_or(value)
}

/// A scalar as a cell of a table: a missing one is empty.
pub fn cell(scalar: &Scalar) -> String {
    match scalar {
        Scalar::None => String::new(),
        Scalar::Float(value) if value.is_nan() => String::new(),
        Scalar::Float(value) => format!("{value:?}"),
        Scalar::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Scalar::Str(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A cell of a kept column.
pub fn kept_cell(column: &Column<'_>, row: usize) -> String {
    cell(&column.get(row).unwrap_or(Scalar::None))
}
