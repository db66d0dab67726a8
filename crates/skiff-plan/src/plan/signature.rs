//! What a method takes and returns, before there are any rows.

use std::fmt;

use super::{Output, Plan, Rank};
use crate::InputError;
use crate::types::ValueType;

/// What a method takes and returns: the dtypes, shapes and names.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The type of the table of rows.
    pub input: ValueType,
    /// What is returned.
    pub output: OutputType,
}

/// The type of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputType {
    /// One array, with its number of dimensions.
    One(ValueType, Rank),
    /// A list of arrays.
    List(Vec<Self>),
    /// A tuple of arrays.
    Tuple(Vec<Self>),
    /// An array of a number of integers, independent of the rows.
    Constant(usize),
}

impl Plan {
    /// What the method takes and returns for tables of type `input`.
    ///
    /// # Errors
    /// When scikit-learn would reject such a table, whatever its rows contain.
    pub fn signature(&self, input: &ValueType) -> Result<Signature, InputError> {
        let types = self.types(input)?;
        let type_of = |value: super::ValueId| types[value.index()].clone();
        Ok(Signature { input: input.clone(), output: OutputType::of(&self.output, &type_of) })
    }

    /// The types of the plan's values, by their number.
    pub(crate) fn types(&self, input: &ValueType) -> Result<Vec<ValueType>, InputError> {
        let mut types = Vec::with_capacity(self.nodes.len() + 1);
        types.push(input.clone());
        for node in &self.nodes {
            let inputs: Vec<&ValueType> = node.inputs.iter().map(|input| &types[input.index()]).collect();
            let output = node.operator.output_type(&inputs)?;
            types.push(output);
        }
        Ok(types)
    }
}

impl OutputType {
    fn of(output: &Output, type_of: &impl Fn(super::ValueId) -> ValueType) -> Self {
        let all = |items: &[Output]| items.iter().map(|item| Self::of(item, type_of)).collect();
        match output {
            Output::One(value, rank) => Self::One(type_of(*value), *rank),
            Output::List(items) => Self::List(all(items)),
            Output::Tuple(items) => Self::Tuple(all(items)),
            Output::Constant(values) => Self::Constant(values.len()),
        }
    }
}

/// `float64 (n_samples, 3)`, or a line for each array or column.
impl fmt::Display for OutputType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = match self {
            Self::One(value, rank) => return write_array(f, value, *rank),
            Self::Constant(count) => return write!(f, "int64 ({count},)"),
            Self::List(items) => ("[", items, "]"),
            Self::Tuple(items) => ("(", items, ")"),
        };
        let (open, items, close) = items;
        f.write_str(open)?;
        for (index, item) in items.iter().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(close)
    }
}

/// As an array of two dimensions.
impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_array(f, self, Rank::Two)
    }
}

fn write_array(f: &mut fmt::Formatter<'_>, value: &ValueType, rank: Rank) -> fmt::Result {
    let rank = match (rank, value.cols()) {
        (Rank::OneOrTwo, Some(1)) => Rank::One,
        (Rank::OneOrTwo, _) => Rank::Two,
        (rank, _) => rank,
    };
    let cols = |cols: usize| match rank {
        Rank::Zero => "()".to_owned(),
        Rank::One => "(n_samples,)".to_owned(),
        Rank::Two | Rank::OneOrTwo => format!("(n_samples, {cols})"),
        Rank::Three { depth } => format!("(n_samples, {}, {depth})", cols / depth.max(1)),
    };
    match value {
        ValueType::Dense { dtype, cols: count } => write!(f, "{dtype} {}", cols(*count)),
        ValueType::Sparse { dtype, cols: count } => write!(f, "sparse {dtype} {}", cols(*count)),
        ValueType::Labels(classes) => {
            let first = classes.first().map(|classes| classes.to_string()).unwrap_or_default();
            let alike = classes.iter().all(|classes| classes.to_string() == first);
            write!(f, "{} {}", if alike { first.as_str() } else { "object" }, cols(classes.len()))
        }
        ValueType::Columns { names, columns } => {
            write!(f, "{} columns", columns.len())?;
            let name = |index: usize| names.as_ref().and_then(|names| names.get(index));
            for (index, column) in columns.iter().enumerate() {
                let separator = if index == 0 { ": " } else { ", " };
                match name(index) {
                    Some(name) => write!(f, "{separator}`{name}` {column}")?,
                    None => write!(f, "{separator}{column}")?,
                }
            }
            Ok(())
        }
        ValueType::Texts => f.write_str("str (n_samples,)"),
        ValueType::Dicts => f.write_str("dict (n_samples,)"),
        ValueType::TermLists(_) => f.write_str("a list of str for each row"),
        ValueType::NumberLists(dtype) => write!(f, "a list of {dtype} for each row"),
        ValueType::Many(types) => {
            for (index, one) in types.iter().enumerate() {
                write!(f, "{}{one}", if index == 0 { "" } else { ", " })?;
            }
            Ok(())
        }
        ValueType::Unknown => f.write_str("depends on the rows"),
    }
}
