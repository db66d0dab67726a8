//! Rows alone and in batches: a result must have the same bits in both.

use std::sync::Arc;

use skiff_plan::table::{Dicts, Table};
use skiff_plan::value::{Matrix, TermLists, Value};
use skiff_plan::{Answer, Output, Plan, evaluate, evaluate_in_blocks};

/// How the results of `plan` for blocks of three rows of `table`, and for each row alone, differ from `together`, its
/// result for the whole table; `None` if each bit is the same.
pub fn difference_of_rows(plan: &Plan, table: &Table<'_>, together: &Answer) -> Option<String> {
    match evaluate_in_blocks(plan, table, 3) {
        Err(error) => return Some(format!("in blocks: {error}")),
        Ok(blocks) if !same_bits(together, &blocks) => {
            return Some("blocks of three rows are not what they are in the batch".to_owned());
        }
        Ok(_) => {}
    }
    let together = of_rows(plan.output(), together.clone());
    (0..table.rows()).find_map(|row| match evaluate(plan, &table.slice_rows(row, 1)) {
        Err(error) => Some(format!("row {row} alone: {error}")),
        Ok(alone) => {
            let same = same_bits(&row_of(&together, row), &of_rows(plan.output(), alone));
            (!same).then(|| format!("row {row} alone is not what it is in the batch"))
        }
    })
}

/// A result without values that belong to the model and not to rows.
fn of_rows(output: &Output, answer: Answer) -> Answer {
    match (output, answer) {
        (Output::Tuple(outputs), Answer::Tuple(answers)) => {
            let pairs = outputs.iter().zip(answers);
            let of_rows = pairs.filter(|(output, _)| !matches!(output, Output::Constant(_)));
            Answer::Tuple(of_rows.map(|(_, answer)| answer).collect())
        }
        (_, answer) => answer,
    }
}

/// Row `row` of a result, as a result.
fn row_of(answer: &Answer, row: usize) -> Answer {
    match answer {
        Answer::List(items) => Answer::List(items.iter().map(|item| row_of(item, row)).collect()),
        Answer::Tuple(items) => Answer::Tuple(items.iter().map(|item| row_of(item, row)).collect()),
        Answer::One(value, rank) => Answer::One(row_of_value(value, row), *rank),
    }
}

fn row_of_value(value: &Value<'static>, row: usize) -> Value<'static> {
    match value {
        Value::Floats(floats, precision) => {
            Value::Floats(Matrix::new(1, floats.cols, floats.row(row).to_vec()), *precision)
        }
        Value::Ints(ints, kind) => Value::Ints(Matrix::new(1, ints.cols, ints.row(row).to_vec()), *kind),
        Value::Sparse(csr) => Value::Sparse(csr.slice_rows(row, 1).into_owned()),
        Value::Labels(labels) => {
            let mut labels = labels.clone();
            labels.codes = labels.codes[row * labels.cols..(row + 1) * labels.cols].to_vec();
            labels.rows = 1;
            Value::Labels(labels)
        }
        Value::Columns(columns) => Value::Columns(columns.slice_rows(row, 1)).into_owned(),
        Value::Texts(texts) => Value::Texts(texts.slice(row, 1)).into_owned(),
        Value::Dicts(dicts) => Value::Dicts(Dicts { rows: vec![dicts.rows[row].clone()].into() }),
        Value::TermLists(lists) => {
            let numbers = lists.numbers[lists.bounds[row]..lists.bounds[row + 1]].to_vec();
            Value::TermLists(TermLists { bounds: vec![0, numbers.len()], numbers, terms: Arc::clone(&lists.terms) })
        }
        Value::NumberLists(lists) => Value::NumberLists(lists.slice_rows(row, 1)),
        Value::Many(values) => Value::Many(values.iter().map(|value| row_of_value(value, row)).collect()),
    }
}

/// Whether two results are the same to the last bit.
pub fn same_bits(a: &Answer, b: &Answer) -> bool {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    match (a, b) {
        (Answer::List(a), Answer::List(b)) | (Answer::Tuple(a), Answer::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_bits(a, b))
        }
        (Answer::One(Value::Floats(a, _), _), Answer::One(Value::Floats(b, _), _)) => bits(&a.data) == bits(&b.data),
        (Answer::One(Value::Ints(a, _), _), Answer::One(Value::Ints(b, _), _)) => a == b,
        (Answer::One(Value::Labels(a), _), Answer::One(Value::Labels(b), _)) => a.codes == b.codes,
        (Answer::One(Value::Sparse(a), _), Answer::One(Value::Sparse(b), _)) => {
            a.indptr == b.indptr && a.indices == b.indices && bits(&a.data) == bits(&b.data)
        }
        (a, b) => format!("{a:?}") == format!("{b:?}"),
    }
}
