//! From scores and numbers to class labels.

use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, ArgmaxGroups, AtLeast, ClassIndicator, GreaterThan, Inliers, JoinLabels, LabelNumbers, LastArgmax,
    TakeLabels,
};
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};

use super::{Block, Expand, Numbers, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for Argmax {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        Ok(Block::ints(builder.arg_max(scores, 1)))
    }
}

impl Expand for LastArgmax {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        Ok(Block::ints(builder.last_arg_max(scores, 1)))
    }
}

impl Expand for ArgmaxGroups {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let mut codes = Vec::with_capacity(self.widths.len());
        for (output, width) in self.widths.iter().enumerate() {
            let start = output * self.stride;
            let group = builder.slice(scores, 1, start, start + width);
            codes.push(builder.arg_max(group, 1));
        }
        Ok(Block::ints(builder.concat(&codes, 1)))
    }
}

impl Expand for GreaterThan {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let is_above = builder.above(scores, self.bound);
        Ok(Block::ints(builder.cast(is_above, DType::I64)))
    }
}

impl Expand for AtLeast {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let reaches = builder.greater_or_equal_number(scores, self.bound);
        Ok(Block::ints(builder.cast(reaches, DType::I64)))
    }
}

impl Expand for Inliers {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let is_inlier = match self.inclusive {
            true => {
                let is_less = builder.below(scores, self.bound);
                builder.not(is_less)
            }
            false => builder.above(scores, self.bound),
        };
        let (inlier, outlier) = (builder.integer(1), builder.integer(-1));
        Ok(Block::ints(builder.choose(is_inlier, inlier, outlier)))
    }
}

impl Expand for TakeLabels {
    fn expand(&self, _: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        Ok(Block::Labels { codes: inputs[0].numbers()?.tensor, classes: Arc::clone(&self.classes) })
    }
}

impl Expand for LabelNumbers {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        label_numbers(builder, inputs[0])
    }
}

pub(super) fn label_numbers(builder: &mut Builder, block: &Block) -> Result<Block, Reason> {
    let Block::Labels { codes, classes } = block else { return Ok(block.clone()) };
    let dtype = match classes.first().map(|classes| &**classes) {
        Some(Classes::Ints(_, kind)) => NumberType::Int(*kind),
        Some(Classes::Floats(_, precision)) => NumberType::Float(*precision),
        _ => return Err(Reason::new("labels that are not numbers cannot be computed with")),
    };
    let tensor = labels(builder, *codes, classes)?;
    // Truth values are held as integers inside a graph.
    let of = if matches!(dtype, NumberType::Int(_)) { DType::I64 } else { DType::F64 };
    Ok(Numbers { tensor: builder.cast(tensor, of), dtype, sparse: false }.into())
}

impl Expand for JoinLabels {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let mut all = Vec::new();
        let mut parts = Vec::new();
        for input in inputs {
            if let Block::Labels { codes, classes } = input {
                parts.push(*codes);
                all.extend(classes.iter().cloned());
            }
        }
        if parts.len() == inputs.len() && kind(&all).is_some() {
            return Ok(Block::Labels { codes: builder.concat(&parts, 1), classes: all.into() });
        }
        let mut numbers = Vec::with_capacity(inputs.len());
        for input in inputs {
            numbers.push(label_numbers(builder, input)?.numbers()?);
        }
        let dtype = numbers.iter().map(|one| one.dtype).reduce(NumberType::promote);
        let dtype = dtype.ok_or_else(|| Reason::new("there is nothing to join"))?;
        let of = if matches!(dtype, NumberType::Int(_)) { DType::I64 } else { DType::F64 };
        let parts: Vec<_> = numbers.iter().map(|one| builder.cast(one.tensor, of)).collect();
        Ok(Numbers { tensor: builder.concat(&parts, 1), dtype, sparse: false }.into())
    }
}

impl Expand for ClassIndicator {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        // The column of each prediction, -1 for what is none of the classes.
        let columns = match inputs[0] {
            Block::Labels { codes, classes } => {
                let own = &classes[0];
                let column = |code: usize| own.get(code).and_then(|class| self.classes.position(&class));
                let columns: Vec<i64> = (0..own.len())
                    .map(|code| column(code).and_then(|column| i64::try_from(column).ok()).unwrap_or(-1))
                    .collect();
                let columns = builder.integers(&columns);
                builder.gather(columns, *codes, 0)
            }
            other => {
                let x = other.to_floats(builder)?.tensor;
                let values: Option<Vec<f64>> = (0..self.classes.len())
                    .map(|code| self.classes.get(code).and_then(|class| class.as_f64()))
                    .collect();
                let values = values.ok_or_else(|| Reason::new("it compares numbers with classes of another type"))?;
                let values = builder.row(&values);
                let is_class = builder.equal(x, values);
                return Ok(Block::doubles(hits(builder, is_class, self.hit, self.miss)));
            }
        };
        let count = i64::try_from(self.classes.len()).unwrap_or(i64::MAX);
        let all = builder.integers(&(0..count).collect::<Vec<_>>());
        let is_class = builder.equal(columns, all);
        Ok(Block::doubles(hits(builder, is_class, self.hit, self.miss)))
    }
}

fn hits(builder: &mut Builder, condition: TensorId, hit: f64, miss: f64) -> TensorId {
    let (hit, miss) = (builder.number(hit), builder.number(miss));
    builder.choose(condition, hit, miss)
}

/// What kind of tensor holds the labels of all columns: `None` where they are of several kinds, or of none.
fn kind(classes: &[Arc<Classes>]) -> Option<DType> {
    let one = |classes: &Classes| match classes {
        Classes::Ints(_, IntKind::Bool) => Some(DType::Bool),
        Classes::Ints(..) => Some(DType::I64),
        Classes::Floats(..) => Some(DType::F64),
        Classes::Strings(_) => Some(DType::Str),
        Classes::Objects(values) => values.iter().all(|value| value.as_str().is_some()).then_some(DType::Str),
        Classes::Values(..) => None,
    };
    let first = one(classes.first()?)?;
    classes.iter().all(|other| one(other) == Some(first)).then_some(first)
}

/// The labels themselves, for their numbers.
pub(crate) fn labels(builder: &mut Builder, codes: TensorId, classes: &[Arc<Classes>]) -> Result<TensorId, Reason> {
    let of = kind(classes).ok_or_else(|| {
        Reason::new("the labels are neither numbers, truth values nor strings, or of several types at once")
    })?;
    let mut columns = Vec::with_capacity(classes.len());
    for (column, classes) in classes.iter().enumerate() {
        let codes = builder.column(codes, column);
        let table = match &**classes {
            Classes::Ints(values, IntKind::Bool) => {
                builder.bools(&values.iter().map(|&value| value != 0).collect::<Vec<_>>())
            }
            Classes::Ints(values, _) => builder.integers(values),
            Classes::Floats(values, Precision::Single | Precision::Double) => builder.row(values),
            Classes::Strings(values) => builder.strings(values),
            Classes::Objects(values) | Classes::Values(values, _) => {
                let values = values.iter().map(|value| value.as_str().unwrap_or_default().to_owned());
                builder.strings(&values.collect::<Vec<_>>())
            }
        };
        columns.push(builder.gather(table, codes, 0));
    }
    debug_assert!(columns.iter().all(|&column| builder.dtype(column) == of), "labels of one kind");
    Ok(builder.concat(&columns, 1))
}
