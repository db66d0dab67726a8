//! Arithmetic on columns, selection and concatenation.

use skiff_plan::operators::{
    Arithmetic, BothSides, Columnwise, Concatenate, ConstantRow, Difference, DivideByNonzeroRowSum, DivideByRowSum,
    Elementwise, FloatFunction, Function, InsertColumns, Item, Layout, LogAbove, LogSumExp, NameColumns, NumpyFunction,
    OnesForZeros, PlaceColumns, Repeat, Rounding, SelectColumns, Softmax, SubtractLogSumExp, Test, Ufunc,
};
use skiff_plan::types::ColumnType;
use skiff_plan::value::{IntKind, NumberType, Precision};

use super::checks::{is_numeric, side_by_side};
use super::{Block, Column, Expand, Floats, Numbers, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for BothSides {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let first = match self {
            Self::Complement => builder.minus_from(1.0, x),
            Self::Negative => builder.neg(x),
        };
        let first = builder.rounded(first, precision);
        Ok(Block::floats(builder.concat(&[first, x], 1), precision))
    }
}

impl Expand for Columnwise {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let values: Vec<f64> = match (sparse, self.arithmetic, self.cast) {
            (true, Arithmetic::Add | Arithmetic::Subtract, _) => return Ok(inputs[0].clone()),
            (true, Arithmetic::Divide, _) => {
                self.values.iter().map(|&value| self.precision.round(1.0 / value)).collect()
            }
            (false, _, true) => self.values.iter().map(|&value| precision.round(value)).collect(),
            _ => self.values.clone(),
        };
        let values = builder.row(&values);
        let result = match (self.arithmetic, sparse) {
            (Arithmetic::Add, _) => builder.add(x, values),
            (Arithmetic::Subtract, _) => builder.sub(x, values),
            (Arithmetic::Multiply, _) | (Arithmetic::Divide, true) => builder.mul(x, values),
            (Arithmetic::Divide, false) => builder.div(x, values),
        };
        Ok(Block::floats(builder.rounded(result, precision), precision).sparse_if(sparse))
    }
}

impl Expand for Concatenate {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let any_sparse = inputs.iter().any(|input| matches!(input, Block::Numbers(numbers) if numbers.sparse));
        let sparse = match self.layout {
            Layout::Sparse => true,
            Layout::Any | Layout::Checked => any_sparse,
            Layout::Dense | Layout::Separate => false,
        };
        let mut columns = Vec::new();
        let mut parts = Vec::with_capacity(inputs.len());
        for input in inputs {
            if self.layout == Layout::Separate
                || matches!(input, Block::Columns { columns, .. } if !columns.iter().all(is_numeric))
            {
                columns = inputs.iter().map(|input| input.to_columns(builder)).collect::<Result<Vec<_>, _>>()?;
                break;
            }
            parts.push(match input {
                Block::Columns { columns, .. } if columns.is_empty() => continue,
                Block::Columns { columns, .. } => side_by_side(builder, columns)?,
                other => other.numbers()?,
            });
        }
        if !columns.is_empty() {
            return Ok(Block::Columns { names: None, columns: columns.concat() });
        }
        // A block without columns has a dtype all the same, but nothing to put side by side.
        let dtype = parts.iter().map(|part| part.dtype).reduce(NumberType::promote);
        let dtype = dtype.unwrap_or(NumberType::Float(Precision::Double));
        let of = if matches!(dtype, NumberType::Int(_)) { DType::I64 } else { DType::F64 };
        let tensors: Vec<TensorId> =
            parts.iter().filter(|part| builder.width(part.tensor) > 0).map(|part| part.tensor).collect();
        let tensors: Vec<TensorId> = tensors.into_iter().map(|tensor| builder.cast(tensor, of)).collect();
        if tensors.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        Ok(Numbers { tensor: builder.concat(&tensors, 1), dtype, sparse }.into())
    }
}

impl Expand for Difference {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let (first, second) = (builder.column(x, 0), builder.column(x, 1));
        let difference = builder.sub(second, first);
        Ok(Block::floats(builder.rounded(difference, precision), precision))
    }
}

impl Expand for DivideByRowSum {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let sum = builder.sum(x, 1);
        let shares = builder.div(x, sum);
        Ok(Block::floats(builder.rounded(shares, precision), precision))
    }
}

impl Expand for DivideByNonzeroRowSum {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let sum = builder.sum(x, 1);
        let is_zero = builder.is(sum, 0.0);
        let divisor = builder.number_where(is_zero, 1.0, sum);
        let shares = builder.div(x, divisor);
        Ok(Block::floats(builder.rounded(shares, precision), precision))
    }
}

impl Expand for Elementwise {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let smallest = match precision {
            Precision::Double => f64::MIN_POSITIVE,
            Precision::Single => f64::from(f32::MIN_POSITIVE),
        };
        let value = match self.function {
            Function::Cos => builder.cos(x),
            Function::Exp => builder.exp(x),
            Function::Expit => {
                let negative = builder.neg(x);
                builder.logistic_of_negative(negative)
            }
            Function::Exp2 => {
                let two = builder.number(2.0);
                builder.pow(two, x)
            }
            Function::Log => builder.log(x),
            Function::Negative => builder.neg(x),
            Function::Relu => builder.at_least(x, 0.0),
            Function::SmallestForZero => {
                let is_zero = builder.is(x, 0.0);
                builder.number_where(is_zero, smallest, x)
            }
            Function::Sqrt => builder.sqrt(x),
            Function::Square => builder.mul(x, x),
            Function::Tanh => builder.tanh(x),
            Function::Add(constant) => builder.plus(x, constant),
            Function::Multiply(constant) => builder.times(x, constant),
            Function::Divide(constant) => builder.over(x, constant),
            Function::Power(constant) => {
                let constant = builder.number(constant);
                builder.pow(x, constant)
            }
            Function::Clip(low, high) => {
                let x = builder.at_least(x, low);
                builder.at_most(x, high)
            }
        };
        // Of a sparse matrix the stored elements are seen alone: the zeros between them stay.
        let value = match sparse {
            true => {
                let is_zero = builder.is(x, 0.0);
                builder.choose(is_zero, x, value)
            }
            false => value,
        };
        Ok(Block::floats(builder.rounded(value, precision), precision).sparse_if(sparse))
    }
}

impl Expand for InsertColumns {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let numbers = inputs[0].numbers()?;
        let tensor = placed(builder, numbers.tensor, &self.places, self.width, 0.0);
        Ok(Numbers { tensor, ..numbers }.into())
    }
}

impl Expand for PlaceColumns {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        Ok(Block::floats(placed(builder, x, &self.places, self.width, self.fill), precision))
    }
}

/// The columns of `x` at `places` among `width` columns, all others holding `fill`.
pub(super) fn placed(builder: &mut Builder, x: TensorId, places: &[usize], width: usize, fill: f64) -> TensorId {
    if places.iter().copied().eq(0..width) {
        return x;
    }
    let own = builder.width(x);
    let filled = builder.array(&[1, 1], &[fill]);
    let filled = builder.cast(filled, builder.dtype(x));
    let filled = builder.repeat_rows(filled, x);
    let both = builder.concat(&[x, filled], 1);
    // Of several columns at one place the last one counts.
    let from = |place: usize| places.iter().rposition(|&other| other == place).unwrap_or(own);
    let columns: Vec<usize> = (0..width).map(from).collect();
    builder.columns(both, &columns)
}

impl Expand for LogAbove {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let above = builder.plus(x, -self.bound);
        let above = builder.rounded(above, precision);
        let log = builder.log(above);
        Ok(Block::floats(builder.rounded(log, precision), precision))
    }
}

impl Expand for LogSumExp {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let sum = builder.log_sum_exp(x);
        Ok(Block::floats(builder.rounded(sum, precision), precision))
    }
}

impl Expand for SubtractLogSumExp {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let sum = builder.log_sum_exp(x);
        let less = builder.sub(x, sum);
        Ok(Block::floats(builder.rounded(less, precision), precision))
    }
}

impl Expand for NameColumns {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        Ok(Block::Columns { names: Some(self.names.clone()), columns: inputs[0].to_columns(builder)? })
    }
}

impl Expand for OnesForZeros {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let sum = builder.sum(x, 1);
        let is_zero = builder.is(sum, 0.0);
        Ok(Block::floats(builder.number_where(is_zero, 1.0, x), precision))
    }
}

impl Expand for Item {
    fn expand(&self, _: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        match inputs[0] {
            Block::Many(blocks) => blocks.get(self.index).cloned().ok_or_else(|| Reason::new("there is no such value")),
            _ => Err(Reason::new("it takes one of several values")),
        }
    }
}

impl Expand for Repeat {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let like = inputs[0].any_tensor()?;
        match &self.row {
            ConstantRow::Floats(row, precision) => {
                let row = builder.array(&[1, row.len()], row);
                Ok(Block::floats(builder.repeat_rows(row, like), *precision))
            }
            ConstantRow::Ints(row, kind) => {
                let values = builder.integers(row);
                let row = builder.reshape(values, &[crate::graph::Dim::Fixed(1), crate::graph::Dim::Fixed(row.len())]);
                let tensor = builder.repeat_rows(row, like);
                Ok(Numbers { tensor, dtype: NumberType::Int(*kind), sparse: false }.into())
            }
            ConstantRow::Zero => {
                let numbers = inputs[0].numbers()?;
                let zero = builder.array(&[1, 1], &[0.0]);
                let zero = builder.cast(zero, builder.dtype(numbers.tensor));
                Ok(Numbers { tensor: builder.repeat_rows(zero, like), ..numbers }.into())
            }
        }
    }
}

impl Expand for SelectColumns {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let names = match inputs[0] {
            Block::Columns { names, .. } => names.as_deref(),
            _ => None,
        };
        let places = self.places_in(inputs[0].width(builder), names);
        let places = places.map_err(|_| Reason::new("it selects columns that the table does not have"))?;
        match inputs[0] {
            Block::Columns { names, columns } => {
                if self.series && columns.len() == 1 && !is_numeric(&columns[0]) {
                    return Err(Reason::new(
                        "it takes documents, whose words no ONNX operator splits as scikit-learn does",
                    ));
                }
                let names = names.as_ref().map(|names| places.iter().map(|&at| names[at].clone()).collect());
                Ok(Block::Columns { names, columns: places.iter().map(|&at| columns[at]).collect() })
            }
            other => {
                let numbers = other.numbers()?;
                if places.is_empty() {
                    return Ok(Block::Columns { names: None, columns: Vec::new() });
                }
                Ok(Numbers { tensor: builder.columns(numbers.tensor, &places), ..numbers }.into())
            }
        }
    }
}

impl Expand for Softmax {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let shares = softmax(builder, x);
        Ok(Block::floats(builder.rounded(shares, precision), precision))
    }
}

/// `exp(x - max)` over its row sum.
pub(super) fn softmax(builder: &mut Builder, x: TensorId) -> TensorId {
    let max = builder.max(x, 1);
    let shifted = builder.sub(x, max);
    let exp = builder.exp(shifted);
    let sum = builder.sum(exp, 1);
    builder.div(exp, sum)
}

impl Expand for Ufunc {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        if let Block::Columns { names, columns } = inputs[0] {
            let each = columns.iter().map(|column| {
                let numbers = column.numbers().ok_or_else(|| Reason::new("it computes with a column of text"))?;
                let Numbers { tensor, dtype, .. } = ufunc(builder, self.function, numbers)?;
                Ok(Column { tensor, kind: ColumnType::Numbers(dtype) })
            });
            return Ok(Block::Columns { names: names.clone(), columns: each.collect::<Result<_, _>>()? });
        }
        let numbers = inputs[0].numbers()?;
        if numbers.sparse {
            return Err(Reason::new("it computes with a sparse matrix"));
        }
        Ok(ufunc(builder, self.function, numbers)?.into())
    }
}

fn ufunc(builder: &mut Builder, function: NumpyFunction, x: Numbers) -> Result<Numbers, Reason> {
    let NumberType::Float(precision) = x.dtype else {
        return Err(Reason::new("a function of integers is not exported yet"));
    };
    let bools = |builder: &mut Builder, tensor: TensorId| Numbers {
        tensor: builder.cast(tensor, DType::I64),
        dtype: NumberType::Int(IntKind::Bool),
        sparse: false,
    };
    let tensor = x.tensor;
    let scaled = |builder: &mut Builder, decimals: i32| {
        let power = 10_f64.powi(decimals.saturating_abs());
        let scaled = if decimals > 0 { builder.times(tensor, power) } else { builder.over(tensor, power) };
        let round = builder.round(scaled);
        if decimals > 0 { builder.over(round, power) } else { builder.times(round, power) }
    };
    let value = match function {
        NumpyFunction::Float(function) => float_function(builder, function, tensor)?,
        NumpyFunction::Absolute => builder.abs(tensor),
        NumpyFunction::Negative => builder.neg(tensor),
        NumpyFunction::Sign => builder.sign(tensor),
        NumpyFunction::Square => builder.mul(tensor, tensor),
        NumpyFunction::Reciprocal => {
            let one = builder.number(1.0);
            builder.div(one, tensor)
        }
        NumpyFunction::Whole(Rounding::Floor) => builder.floor(tensor),
        NumpyFunction::Whole(Rounding::Ceil) => builder.ceil(tensor),
        NumpyFunction::Whole(Rounding::Trunc) => {
            let (down, up, is_negative) = (builder.floor(tensor), builder.ceil(tensor), builder.below(tensor, 0.0));
            builder.choose(is_negative, up, down)
        }
        NumpyFunction::Whole(Rounding::Nearest) | NumpyFunction::Round { decimals: 0 } => builder.round(tensor),
        NumpyFunction::Round { decimals } => scaled(builder, decimals),
        NumpyFunction::Clip { low, high } => {
            let above = builder.at_least(tensor, low);
            builder.at_most(above, high)
        }
        NumpyFunction::NanToNum { .. } => return Err(Reason::new("`nan_to_num` is not exported yet")),
        NumpyFunction::Test(test) => {
            let (is_nan, is_infinite) = (builder.is_nan(tensor), builder.is_inf(tensor));
            let result = match test {
                Test::Nan => is_nan,
                Test::Infinite => is_infinite,
                Test::Finite => {
                    let neither = builder.or(is_nan, is_infinite);
                    builder.not(neither)
                }
            };
            return Ok(bools(builder, result));
        }
    };
    Ok(Numbers { tensor: builder.rounded(value, precision), ..x })
}

fn float_function(builder: &mut Builder, function: FloatFunction, x: TensorId) -> Result<TensorId, Reason> {
    Ok(match function {
        FloatFunction::Cos => builder.cos(x),
        FloatFunction::Degrees => builder.times(x, 180.0 / std::f64::consts::PI),
        FloatFunction::Exp => builder.exp(x),
        FloatFunction::Exp2 => {
            let two = builder.number(2.0);
            builder.pow(two, x)
        }
        FloatFunction::Expit => {
            let negative = builder.neg(x);
            builder.logistic_of_negative(negative)
        }
        FloatFunction::Expm1 => builder.expm1(x),
        FloatFunction::Fabs => builder.abs(x),
        FloatFunction::Log => builder.log(x),
        FloatFunction::Log10 => {
            let log = builder.log(x);
            builder.over(log, std::f64::consts::LN_10)
        }
        FloatFunction::Log1p => builder.log1p(x),
        FloatFunction::Log2 => {
            let log = builder.log(x);
            builder.over(log, std::f64::consts::LN_2)
        }
        FloatFunction::Logit => {
            let rest = builder.minus_from(1.0, x);
            let odds = builder.div(x, rest);
            builder.log(odds)
        }
        FloatFunction::Radians => builder.times(x, std::f64::consts::PI / 180.0),
        FloatFunction::Sin => builder.sin(x),
        FloatFunction::Sqrt => builder.sqrt(x),
        FloatFunction::Tanh => builder.tanh(x),
        FloatFunction::Arccos
        | FloatFunction::Arccosh
        | FloatFunction::Arcsin
        | FloatFunction::Arcsinh
        | FloatFunction::Arctan
        | FloatFunction::Arctanh
        | FloatFunction::Cbrt
        | FloatFunction::Cosh
        | FloatFunction::Digamma
        | FloatFunction::Entr
        | FloatFunction::Erf
        | FloatFunction::Erfc
        | FloatFunction::Exp10
        | FloatFunction::Gammaln
        | FloatFunction::LogExpit
        | FloatFunction::Ndtr
        | FloatFunction::Ndtri
        | FloatFunction::Sinc
        | FloatFunction::Sinh
        | FloatFunction::Tan => return Err(Reason::new("ONNX runtimes do not have this function of float64")),
    })
}
