//! The methods of a model as one graph.

use skiff_models::Model;
use skiff_models::lowering::Params;
use skiff_plan::types::{ColumnType, ValueType};
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Method, Output, Plan, Rank};

use crate::ExportError;
use crate::expand::{self, Block, Column, Numbers, Reason, Refused};
use crate::graph::{Builder, DType, Dim, Graph, TensorId};

/// The methods of a model as one graph, and why the others are not in it.
#[derive(Debug)]
pub(crate) struct ModelGraph {
    pub graph: Graph,
    pub methods: Vec<Method>,
    pub refused: Vec<ExportError>,
}

/// The graph of `methods`, of which none may fail; of all methods that can be exported where none are named. The way
/// back takes what a transformer returns, so that it is exported alone, when it is asked for.
pub(crate) fn graph(model: &Model, methods: Option<&[Method]>) -> Result<ModelGraph, ExportError> {
    let mut builder = Builder::default();
    let mut found = ModelGraph { graph: Graph::default(), methods: Vec::new(), refused: Vec::new() };
    let mut table: Option<(ValueType, Block)> = None;
    let all = model.methods();
    for &method in methods.unwrap_or(&all) {
        if methods.is_none() && method == Method::InverseTransform {
            continue;
        }
        match add(model, method, &mut builder, &mut table) {
            Ok(outputs) => {
                for (name, tensor) in outputs {
                    builder.output(name, tensor);
                }
                found.methods.push(method);
            }
            Err(error) if methods.is_some() => return Err(error),
            Err(error) => found.refused.push(error),
        }
    }
    if found.methods.is_empty() {
        return Err(match found.refused.into_iter().next() {
            Some(error) => error,
            None => ExportError::Nothing { estimator: model.header().class.clone() },
        });
    }
    found.graph = builder.finish().map_err(ExportError::Mistake)?;
    Ok(found)
}

/// The outputs of one method.
fn add(
    model: &Model,
    method: Method,
    builder: &mut Builder,
    table: &mut Option<(ValueType, Block)>,
) -> Result<Vec<(String, TensorId)>, ExportError> {
    let plan = model.plan(method, &Params::default()).map_err(skiff_models::CallError::from)?;
    let form = |reason: Reason| ExportError::Signature {
        method,
        estimator: model.header().class.clone(),
        reason: reason.to_string(),
    };
    let of_input = model.signature(method)?.input;
    let input = match table {
        Some((other, block)) if *other == of_input => block.clone(),
        Some(_) => return Err(form(Reason::new("it takes another table than the methods before it: export it alone"))),
        None => {
            let block = input(builder, &of_input).map_err(form)?;
            table.insert((of_input, block)).1.clone()
        }
    };
    let values = expand::values(&plan, builder, &input);
    let values = values.map_err(|refused| refusal(method, &plan, &refused))?;
    let mut outputs = Vec::new();
    collect(builder, plan.output(), &values, method.name().to_owned(), &mut outputs).map_err(form)?;
    Ok(outputs)
}

fn refusal(method: Method, plan: &Plan, refused: &Refused) -> ExportError {
    let node = &plan.nodes()[refused.node];
    ExportError::Operator {
        method,
        estimator: node.estimator.to_string(),
        operator: node.operator.name(),
        reason: refused.reason.to_string(),
    }
}

/// The inputs of a graph for a table of this type: one named `X` where all columns are numbers, else one for each column,
/// with the column's name.
fn input(builder: &mut Builder, table: &ValueType) -> Result<Block, Reason> {
    const DOUBLE: NumberType = NumberType::Float(Precision::Double);
    match table {
        ValueType::Dense { dtype: NumberType::Float(_), cols } | ValueType::Sparse { cols, .. } => {
            let tensor = builder.input("X".to_owned(), DType::F64, *cols);
            let sparse = matches!(table, ValueType::Sparse { .. });
            Ok(Numbers { tensor, dtype: DOUBLE, sparse }.into())
        }
        ValueType::Columns { names, columns } => {
            let numbers = columns.iter().all(|column| *column == ColumnType::Numbers(DOUBLE));
            let whole = numbers.then(|| builder.input("X".to_owned(), DType::F64, columns.len()));
            let mut blocks = Vec::with_capacity(columns.len());
            for (place, &kind) in columns.iter().enumerate() {
                // A name that is empty, or that another column has as well, is no name of an input.
                let own = names.as_ref().and_then(|names| names.get(place));
                let is_unique = |name: &&String| {
                    let all = names.as_deref().unwrap_or_default();
                    !name.is_empty() && all.iter().filter(|other| other == name).count() == 1
                };
                let name = own.filter(is_unique).cloned().unwrap_or_else(|| format!("x{place}"));
                let tensor = match (whole, kind) {
                    (Some(whole), _) => builder.column(whole, place),
                    (None, ColumnType::Numbers(NumberType::Float(_))) => builder.input(name, DType::F64, 1),
                    (None, ColumnType::Numbers(NumberType::Int(_))) => builder.input(name, DType::I64, 1),
                    (None, ColumnType::Texts | ColumnType::Objects) => builder.input(name, DType::Str, 1),
                };
                blocks.push(Column { tensor, kind });
            }
            Ok(Block::Columns { names: names.clone(), columns: blocks })
        }
        ValueType::Dense { dtype: NumberType::Int(_), .. } => Err(Reason::new("it takes a table of integers")),
        ValueType::Labels(_) => Err(Reason::new("it takes labels")),
        ValueType::Texts => Err(Reason::new("it takes documents, which no operator splits as scikit-learn does")),
        ValueType::Dicts => Err(Reason::new("it takes mappings, which no tensor holds")),
        ValueType::TermLists(_) | ValueType::NumberLists(_) | ValueType::Many(_) | ValueType::Unknown => {
            Err(Reason::new("the type of its input is known only with the rows"))
        }
    }
}

/// The tensors that a method returns: named as the method, and numbered where it returns several.
fn collect(
    builder: &mut Builder,
    output: &Output,
    values: &[Block],
    name: String,
    outputs: &mut Vec<(String, TensorId)>,
) -> Result<(), Reason> {
    match output {
        Output::One(value, rank) => {
            let tensors = returned(builder, &values[value.index()], *rank)?;
            match tensors.as_slice() {
                [(None, only)] => outputs.push((name, *only)),
                several => outputs.extend(several.iter().enumerate().map(|(at, (own, tensor))| {
                    let own = own.clone().unwrap_or_else(|| at.to_string());
                    (format!("{name}_{own}"), *tensor)
                })),
            }
        }
        Output::List(items) | Output::Tuple(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(builder, item, values, format!("{name}_{at}"), outputs)?;
            }
        }
        Output::Constant(values) => {
            let values = builder.integers(values);
            outputs.push((name, values));
        }
    }
    Ok(())
}

/// One value in scikit-learn's shape; a table of columns of different types as one tensor for each column.
fn returned(builder: &mut Builder, block: &Block, rank: Rank) -> Result<Vec<(Option<String>, TensorId)>, Reason> {
    let tensor = match block {
        Block::Numbers(numbers) => match numbers.dtype {
            NumberType::Float(Precision::Double) => numbers.tensor,
            NumberType::Float(Precision::Single) => builder.cast(numbers.tensor, DType::F32),
            NumberType::Int(skiff_plan::value::IntKind::Bool) => builder.cast(numbers.tensor, DType::Bool),
            NumberType::Int(_) => builder.cast(numbers.tensor, DType::I64),
        },
        Block::Labels { codes, classes } => expand::labels(builder, *codes, classes)?,
        Block::Columns { names, columns } => {
            let name = |at: usize| names.as_ref().and_then(|names| names.get(at).cloned());
            let all = columns.iter().enumerate().map(|(at, column)| (name(at), column.tensor));
            let all: Vec<_> = all.collect();
            return match all.is_empty() {
                true => Err(Reason::new("it returns a table without columns")),
                false => Ok(all),
            };
        }
        Block::Neighbors(neighbors) => expand::in_order(builder, *neighbors),
        Block::Within(_) => return Err(Reason::new("neighbors within a radius are lists of different lengths")),
        Block::Many(_) => return Err(Reason::new("it returns several values at once")),
    };
    let width = builder.width(tensor);
    let tensor = match rank {
        Rank::Zero => return Err(Reason::new("it returns one number for all rows")),
        Rank::One => builder.reshape(tensor, &[Dim::Batch]),
        Rank::OneOrTwo if width == 1 => builder.reshape(tensor, &[Dim::Batch]),
        Rank::Two | Rank::OneOrTwo => tensor,
        Rank::Three { depth } => {
            let depth = depth.max(1);
            builder.reshape(tensor, &[Dim::Batch, Dim::Fixed(width / depth), Dim::Fixed(depth)])
        }
    };
    Ok(vec![(None, tensor)])
}
