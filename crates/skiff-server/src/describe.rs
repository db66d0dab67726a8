//! What a model takes and returns, as a client of Open Inference Protocol sees it.

use serde_json::{Value as Json, json};
use skiff::types::{ColumnType, ValueType};
use skiff::value::{NumberType, Precision};
use skiff::{OutputType, Rank};

use crate::repository::Loaded;
use crate::tensor::integer_name;

/// An input or output of a model.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) datatype: &'static str,
    /// -1 for the number of rows, and for what is not known.
    pub(crate) shape: Vec<i64>,
}

impl Described {
    /// As `GET /v2/models/NAME` lists it.
    pub(crate) fn metadata(&self) -> Json {
        json!({ "name": self.name, "datatype": self.datatype, "shape": self.shape })
    }

    /// As Triton's configuration lists it.
    pub(crate) fn config(&self) -> Json {
        let data_type = match self.datatype {
            "BYTES" => "TYPE_STRING".to_owned(),
            other => format!("TYPE_{other}"),
        };
        json!({ "name": self.name, "data_type": data_type, "dims": self.shape })
    }
}

/// The name of a model's one input.
pub(crate) const INPUT: &str = "X";

/// What a model takes: one array, or a tensor for each column of a DataFrame.
pub(crate) fn inputs(loaded: &Loaded) -> Vec<Described> {
    let one = |datatype, shape| vec![Described { name: INPUT.to_owned(), datatype, shape }];
    match &loaded.input {
        ValueType::Columns { names: Some(names), columns } if names.len() == columns.len() => {
            let column = |(name, column): (&String, &ColumnType)| Described {
                name: name.clone(),
                datatype: match column {
                    ColumnType::Numbers(dtype) => number_name(*dtype),
                    ColumnType::Texts | ColumnType::Objects => "BYTES",
                },
                shape: vec![-1],
            };
            names.iter().zip(columns).map(column).collect()
        }
        ValueType::Columns { columns, .. } => {
            let is_text = columns.iter().any(|column| !matches!(column, ColumnType::Numbers(_)));
            one(if is_text { "BYTES" } else { "FP64" }, vec![-1, length(columns.len())])
        }
        ValueType::Texts | ValueType::Dicts => one("BYTES", vec![-1]),
        ValueType::Dense { dtype, cols } | ValueType::Sparse { dtype, cols } => {
            one(number_name(*dtype), vec![-1, length(*cols)])
        }
        _ => one("FP64", vec![-1, -1]),
    }
}

/// What each method returns.
pub(crate) fn outputs(loaded: &Loaded) -> Vec<Described> {
    let mut all = Vec::new();
    for &method in &loaded.methods {
        if let Ok(signature) = loaded.model.signature(method) {
            describe(method.name(), &signature.output, &mut all);
        }
    }
    all
}

fn describe(name: &str, output: &OutputType, all: &mut Vec<Described>) {
    let (value, rank) = match output {
        OutputType::One(value, rank) => (value, *rank),
        OutputType::Constant(count) => {
            all.push(Described { name: name.to_owned(), datatype: "INT64", shape: vec![length(*count)] });
            return;
        }
        OutputType::List(items) | OutputType::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                describe(&format!("{name}_{index}"), item, all);
            }
            return;
        }
    };
    let cols = value.cols();
    let shape = match (rank, cols) {
        (Rank::Zero, _) => Vec::new(),
        (Rank::One, _) | (Rank::OneOrTwo, Some(1)) => vec![-1],
        (Rank::Two | Rank::OneOrTwo, cols) => vec![-1, cols.map_or(-1, length)],
        (Rank::Three { depth }, cols) => vec![-1, cols.map_or(-1, |cols| length(cols / depth.max(1))), length(depth)],
    };
    let mut push = |name: String, datatype, shape| all.push(Described { name, datatype, shape });
    match value {
        ValueType::Dense { dtype, .. } | ValueType::Sparse { dtype, .. } => {
            push(name.to_owned(), number_name(*dtype), shape);
        }
        ValueType::Labels(classes) => match &classes[..] {
            [one] => push(name.to_owned(), class_name(one), shape),
            several => {
                for (index, classes) in several.iter().enumerate() {
                    push(format!("{name}_{index}"), class_name(classes), vec![-1]);
                }
            }
        },
        ValueType::Columns { names, columns } => {
            for (index, column) in columns.iter().enumerate() {
                let own = names.as_ref().and_then(|names| names.get(index));
                let own = own.map_or_else(|| index.to_string(), String::clone);
                let datatype = match column {
                    ColumnType::Numbers(dtype) => number_name(*dtype),
                    ColumnType::Texts | ColumnType::Objects => "BYTES",
                };
                push(format!("{name}:{own}"), datatype, vec![-1]);
            }
        }
        ValueType::Texts | ValueType::Dicts | ValueType::TermLists(_) | ValueType::NumberLists(_) => {
            push(name.to_owned(), "BYTES", vec![-1]);
        }
        _ => push(name.to_owned(), "FP64", vec![-1, -1]),
    }
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(-1)
}

fn number_name(dtype: NumberType) -> &'static str {
    match dtype {
        NumberType::Float(Precision::Single) => "FP32",
        NumberType::Float(Precision::Double) => "FP64",
        NumberType::Int(kind) => integer_name(kind),
    }
}

fn class_name(classes: &skiff::value::Classes) -> &'static str {
    match classes {
        skiff::value::Classes::Ints(_, kind) => integer_name(*kind),
        skiff::value::Classes::Floats(_, precision) => number_name(NumberType::Float(*precision)),
        _ => "BYTES",
    }
}
