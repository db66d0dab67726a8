//! The closed set of tensor primitives. They are named after ONNX's operators and mean the same, with attributes where
//! ONNX has constant inputs.

use std::sync::Arc;

use super::{Constant, Forest};

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DType {
    F64,
    F32,
    I64,
    Bool,
    Str,
}

/// The length of a tensor's dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dim {
    /// As many as there are rows.
    Batch,
    Fixed(usize),
}

/// The element type and shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorType {
    pub dtype: DType,
    pub shape: Vec<Dim>,
}

/// An operation on tensors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Primitive {
    Abs,
    Add,
    And,
    /// The place of the greatest element, as an axis of length 1; of equals the first or the last one.
    ArgMax {
        axis: usize,
        last: bool,
    },
    /// The place of the least element, the first of equals, as an axis of length 1.
    ArgMin {
        axis: usize,
    },
    Cast(DType),
    Ceil,
    Concat {
        axis: usize,
    },
    Constant(Arc<Constant>),
    Cos,
    /// Sums along an axis, one after the other.
    CumSum {
        axis: usize,
    },
    Div,
    Equal,
    Exp,
    /// The first input, whose first dimension is 1, as often as the second one has rows.
    Expand,
    Floor,
    Gather {
        axis: usize,
    },
    GatherElements {
        axis: usize,
    },
    Greater,
    GreaterOrEqual,
    IsInf,
    IsNaN,
    /// Strings to their places in a list, -1 for others.
    LabelEncoder(Arc<Vec<(String, i64)>>),
    Less,
    LessOrEqual,
    Log,
    MatMul,
    Mul,
    Neg,
    Not,
    Or,
    Pow,
    /// All reductions keep the axis, with length 1.
    ReduceMax {
        axis: usize,
    },
    ReduceMin {
        axis: usize,
    },
    ReduceSum {
        axis: usize,
    },
    /// The first input. Rows for which the second one, (n, 1), holds are refused: the graph fails when it runs.
    RefuseWhere(&'static str),
    Reshape(Vec<Dim>),
    /// To the nearest whole number, of two the even one.
    Round,
    Sign,
    Sin,
    Slice {
        axis: usize,
        start: usize,
        end: usize,
    },
    Sqrt,
    Sub,
    Tanh,
    /// The `k` least elements along the last axis, in ascending order, and their places.
    TopK {
        k: usize,
    },
    /// One number for each tree: (n, n_features) → (n, trees).
    TreeEnsemble(Arc<Forest>),
    Where,
}

impl Primitive {
    /// The types of its outputs, for inputs of these types. An error is a mistake of an expansion.
    pub(crate) fn output_types(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, String> {
        let one = |dtype: DType, shape: Vec<Dim>| Ok(vec![TensorType { dtype, shape }]);
        let axis_as = |axis: usize, length: usize| {
            let mut shape = inputs[0].shape.clone();
            *shape.get_mut(axis).ok_or("no such axis")? = Dim::Fixed(length);
            Ok::<_, String>(shape)
        };
        let fixed = |tensor: usize, axis: usize| match inputs[tensor].shape.get(axis) {
            Some(Dim::Fixed(length)) => Ok(*length),
            _ => Err(format!("axis {axis} of {:?} has no known length", inputs[tensor])),
        };
        match self {
            Self::Abs
            | Self::Ceil
            | Self::Cos
            | Self::CumSum { .. }
            | Self::Exp
            | Self::Floor
            | Self::Log
            | Self::Neg
            | Self::Not
            | Self::RefuseWhere(_)
            | Self::Round
            | Self::Sign
            | Self::Sin
            | Self::Sqrt
            | Self::Tanh => Ok(vec![inputs[0].clone()]),
            Self::IsInf | Self::IsNaN => one(DType::Bool, inputs[0].shape.clone()),
            Self::Add | Self::And | Self::Div | Self::Mul | Self::Or | Self::Pow | Self::Sub => {
                same_dtype(inputs)?;
                one(inputs[0].dtype, broadcast(inputs)?)
            }
            Self::Equal | Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual => {
                same_dtype(inputs)?;
                one(DType::Bool, broadcast(inputs)?)
            }
            Self::Where => {
                same_dtype(&inputs[1..])?;
                one(inputs[1].dtype, broadcast(inputs)?)
            }
            Self::ArgMax { axis, .. } | Self::ArgMin { axis } => one(DType::I64, axis_as(*axis, 1)?),
            Self::ReduceMax { axis } | Self::ReduceMin { axis } | Self::ReduceSum { axis } => {
                one(inputs[0].dtype, axis_as(*axis, 1)?)
            }
            Self::Cast(dtype) => one(*dtype, inputs[0].shape.clone()),
            Self::Constant(constant) => Ok(vec![constant.tensor_type()]),
            Self::Concat { axis } => {
                same_dtype(inputs)?;
                let lengths = (0..inputs.len()).map(|input| fixed(input, *axis));
                one(inputs[0].dtype, axis_as(*axis, lengths.sum::<Result<_, _>>()?)?)
            }
            Self::Expand => {
                let mut shape = inputs[0].shape.clone();
                *shape.first_mut().ok_or("no row to repeat")? = Dim::Batch;
                one(inputs[0].dtype, shape)
            }
            Self::Gather { axis } => {
                let (before, after) = inputs[0].shape.split_at(*axis);
                let shape = before.iter().chain(&inputs[1].shape).chain(&after[1..]).copied().collect();
                one(inputs[0].dtype, shape)
            }
            Self::GatherElements { .. } => one(inputs[0].dtype, inputs[1].shape.clone()),
            Self::LabelEncoder(_) => one(DType::I64, inputs[0].shape.clone()),
            Self::MatMul => {
                let ([rows, inner], [own, columns]) = (&inputs[0].shape[..], &inputs[1].shape[..]) else {
                    return Err("a product of tensors that are not matrices".to_owned());
                };
                match inner == own {
                    true => one(inputs[0].dtype, vec![*rows, *columns]),
                    false => Err(format!("a product of matrices of {inner:?} columns and {own:?} rows")),
                }
            }
            Self::Reshape(shape) => one(inputs[0].dtype, shape.clone()),
            Self::Slice { axis, start, end } => {
                let length = fixed(0, *axis)?;
                match start <= end && *end <= length {
                    true => one(inputs[0].dtype, axis_as(*axis, end - start)?),
                    false => Err(format!("the part {start} to {end} of {length}")),
                }
            }
            Self::TopK { k } => {
                let last = inputs[0].shape.len().saturating_sub(1);
                let shape = axis_as(last, *k)?;
                let indices = TensorType { dtype: DType::I64, shape: shape.clone() };
                Ok(vec![TensorType { dtype: inputs[0].dtype, shape }, indices])
            }
            Self::TreeEnsemble(forest) => match fixed(0, 1)? == forest.n_features {
                true => one(DType::F64, axis_as(1, forest.trees.len())?),
                false => Err(format!("trees of {} features", forest.n_features)),
            },
        }
    }
}

fn same_dtype(inputs: &[&TensorType]) -> Result<(), String> {
    match inputs.windows(2).find(|pair| pair[0].dtype != pair[1].dtype) {
        None => Ok(()),
        Some(pair) => Err(format!("tensors of {:?} and {:?}", pair[0].dtype, pair[1].dtype)),
    }
}

/// The shape of an elementwise operation on tensors of these shapes.
fn broadcast(inputs: &[&TensorType]) -> Result<Vec<Dim>, String> {
    let rank = inputs.iter().map(|input| input.shape.len()).max().unwrap_or(0);
    let mut shape = vec![Dim::Fixed(1); rank];
    for input in inputs {
        for (all, &own) in shape[rank - input.shape.len()..].iter_mut().zip(&input.shape) {
            match (*all, own) {
                (all, own) if all == own => {}
                (_, Dim::Fixed(1)) => {}
                (Dim::Fixed(1), own) => *all = own,
                (one, other) => return Err(format!("lengths {one:?} and {other:?} do not go together")),
            }
        }
    }
    Ok(shape)
}
