//! Products with matrices, and affine maps.

use skiff_plan::operators::{Affine, Center, Interpolate, Multiply, OutOfBounds, Project, SparseProduct};
use skiff_plan::value::{IntKind, NumberType, Precision};

use super::{Block, Expand, Floats, Numbers, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for Affine {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        if !self.coef.data.iter().all(|value| value.is_finite()) {
            return Err(Reason::new("its coefficients are not finite, and their products with zeros are not numbers"));
        }
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let coef = builder.transposed(&self.coef);
        let mut product = builder.matmul(x, coef);
        if !self.intercept.is_empty() {
            let intercept = builder.row(&self.intercept);
            product = builder.add(product, intercept);
        }
        let precision = match inputs[0].numbers()?.dtype {
            NumberType::Int(kind) => kind.to_float(),
            NumberType::Float(_) => precision,
        };
        let precision = precision.promote(self.precision);
        Ok(Block::floats(builder.rounded(product, precision), precision))
    }
}

impl Expand for SparseProduct {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let sparse = inputs[0].numbers()?.sparse;
        Ok(self.affine.expand(builder, inputs)?.sparse_if(sparse))
    }
}

impl Expand for Multiply {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Numbers { dtype, sparse, .. } = inputs[0].numbers()?;
        let x = inputs[0].to_floats(builder)?.tensor;
        let product = builder.times(x, self.factor);
        let (tensor, dtype) = match (dtype, self.whole) {
            (NumberType::Float(precision), _) => (builder.rounded(product, precision), dtype),
            (NumberType::Int(kind), true) => {
                let kind = if kind == IntKind::Bool { IntKind::I64 } else { kind };
                (builder.cast(product, DType::I64), NumberType::Int(kind))
            }
            (NumberType::Int(_), false) => (product, NumberType::Float(Precision::Double)),
        };
        Ok(Numbers { tensor, dtype, sparse }.into())
    }
}

impl Expand for Project {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let precision = match inputs[0].numbers()?.dtype {
            NumberType::Int(kind) => kind.to_float(),
            NumberType::Float(_) => precision,
        };
        let precision = precision.promote(self.precision);
        let components = builder.transposed(&self.components);
        let mut product = match &self.center {
            Center::Rows(mean) => {
                let mean = builder.row(mean);
                let centered = builder.sub(x, mean);
                let centered = builder.rounded(centered, precision);
                builder.matmul(centered, components)
            }
            Center::Products(mean) => {
                let product = builder.matmul(x, components);
                let dots = self.components.iter_rows().map(|component| dot(mean, component, self.precision));
                let offsets = builder.row(&dots.collect::<Vec<_>>());
                builder.sub(product, offsets)
            }
        };
        if !self.scale.is_empty() {
            let scale = builder.row(&self.scale);
            product = builder.div(product, scale);
        }
        Ok(Block::floats(builder.rounded(product, precision), precision))
    }
}

fn dot(x: &[f64], y: &[f64], precision: Precision) -> f64 {
    precision.round(x.iter().zip(y).map(|(x, y)| x * y).sum())
}

impl Expand for Interpolate {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        if precision == Precision::Single {
            return Err(Reason::new("an interpolation in float32 is not exported"));
        }
        let (first, last) = (self.xs[0], self.xs[self.xs.len() - 1]);
        let clipped = match self.out_of_bounds {
            OutOfBounds::Clip(low, high) => {
                let x = builder.at_least(x, low);
                builder.at_most(x, high)
            }
            OutOfBounds::Nan | OutOfBounds::Refuse => x,
        };
        let value = interpolated(builder, clipped, &self.xs, &self.ys);
        if self.xs.len() == 1 {
            return Ok(Block::doubles(value));
        }
        let (is_below, is_above) = (builder.below(clipped, first), builder.above(clipped, last));
        let is_beyond = builder.or(is_below, is_above);
        Ok(Block::doubles(builder.number_where(is_beyond, f64::NAN, value)))
    }
}

/// `np.interp` of one column: on straight lines between points, whose `xs` ascend.
pub(super) fn interpolated(builder: &mut Builder, x: TensorId, xs: &[f64], ys: &[f64]) -> TensorId {
    let last = xs.len() - 1;
    // How many points are not above `x`, less one: the interval.
    let points = builder.row(xs);
    let not_above = builder.less_or_equal(points, x);
    let count = builder.cast(not_above, DType::F64);
    let count = builder.sum(count, 1);
    let place = builder.plus(count, -1.0);
    let place = builder.at_least(place, 0.0);
    let slopes: Vec<f64> =
        (0..xs.len()).map(|at| if at == last { 0.0 } else { (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at]) }).collect();
    let place = builder.cast(place, DType::I64);
    let mut at = |values: &[f64]| {
        let values = builder.row(values);
        builder.gather(values, place, 0)
    };
    let (slope, start, value) = (at(&slopes), at(xs), at(ys));
    let distance = builder.sub(x, start);
    let rise = builder.mul(slope, distance);
    let between = builder.add(rise, value);
    // On a point its own value, whatever the slope; before the first one and after the last one the outermost values.
    let is_inside = builder.greater(x, start);
    let between = builder.choose(is_inside, between, value);
    let is_after = builder.greater_or_equal_number(x, xs[last]);
    let between = builder.number_where(is_after, ys[last], between);
    let is_nan = builder.is_nan(x);
    builder.choose(is_nan, x, between)
}
