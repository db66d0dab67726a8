//! Scalers, bins, powers, products of features and imputation.

use std::f64::consts::PI;
use std::slice::from_ref;

use skiff_files::Scalar;
use skiff_plan::operators::{
    AdditiveChi2, BinForm, Binarize, Discretize, Impute, Missing, MissingMask, Norm, Normalize, Polynomial, Power,
    PowerFamily,
};
use skiff_plan::types::ColumnType;
use skiff_plan::value::{IntKind, NumberType};

use super::checks::{is_numeric, side_by_side};
use super::{Block, Column, Expand, Floats, Numbers, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for Binarize {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let numbers = inputs[0].numbers()?;
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let is_above = builder.above(x, precision.round(self.threshold));
        // Of a sparse matrix only stored elements are above a threshold.
        let is_above = match numbers.sparse {
            true => {
                let is_zero = builder.is(x, 0.0);
                let is_stored = builder.not(is_zero);
                builder.and(is_above, is_stored)
            }
            false => is_above,
        };
        Ok(Numbers { tensor: builder.cast(is_above, builder.dtype(numbers.tensor)), ..numbers }.into())
    }
}

impl Expand for Discretize {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let mut columns = Vec::with_capacity(self.edges.len());
        for (column, edges) in self.edges.iter().enumerate() {
            let mut x = builder.column(x, column);
            if self.tolerant {
                let size = builder.abs(x);
                let share = builder.times(size, 1e-5);
                let tolerance = builder.plus(share, 1e-8);
                x = builder.add(x, tolerance);
            }
            let bin = if edges.is_empty() {
                let zero = builder.array(&[1, 1], &[0.0]);
                builder.repeat_rows(zero, x)
            } else {
                let edges = builder.row(edges);
                let is_reached = builder.less_or_equal(edges, x);
                let is_reached = builder.cast(is_reached, DType::F64);
                builder.sum(is_reached, 1)
            };
            columns.push(match self.form {
                BinForm::Ordinal => bin,
                BinForm::OneHot | BinForm::OneHotDense => {
                    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ bins")]
                    let bins: Vec<f64> = (0..=edges.len()).map(|bin| bin as f64).collect();
                    let bins = builder.row(&bins);
                    let is_bin = builder.equal(bin, bins);
                    builder.cast(is_bin, DType::F64)
                }
            });
        }
        Ok(Block::floats(builder.concat(&columns, 1), precision).sparse_if(self.form == BinForm::OneHot))
    }
}

impl Expand for Normalize {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let norm = match self.norm {
            Norm::Sum => {
                let size = builder.abs(x);
                builder.sum(size, 1)
            }
            Norm::Euclidean => {
                let square = builder.mul(x, x);
                let sum = builder.sum(square, 1);
                builder.sqrt(sum)
            }
            Norm::Maximum => {
                let size = builder.abs(x);
                builder.max(size, 1)
            }
            Norm::SignedMaximum => builder.max(x, 1),
        };
        let norm = builder.rounded(norm, precision);
        let is_zero = match self.tiny && !sparse {
            true => builder.below(norm, 10.0 * precision.epsilon()),
            false => builder.is(norm, 0.0),
        };
        let norm = builder.number_where(is_zero, 1.0, norm);
        let shares = builder.div(x, norm);
        Ok(Block::floats(builder.rounded(shares, precision), precision).sparse_if(sparse))
    }
}

impl Expand for Power {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let columns: Vec<TensorId> = self
            .lambdas
            .iter()
            .enumerate()
            .map(|(column, &lambda)| {
                let x = builder.column(x, column);
                self.column(builder, x, lambda)
            })
            .collect();
        let values = builder.concat(&columns, 1);
        Ok(Block::floats(builder.rounded(values, precision), precision))
    }
}

/// The powers of one column.
trait OfColumn {
    fn column(&self, builder: &mut Builder, x: TensorId, lambda: f64) -> TensorId;
}

impl OfColumn for Power {
    fn column(&self, builder: &mut Builder, x: TensorId, lambda: f64) -> TensorId {
        let power = |builder: &mut Builder, base: TensorId, exponent: f64| {
            let exponent = builder.number(exponent);
            builder.pow(base, exponent)
        };
        let inverse = |value: f64| self.precision.round(1.0 / value);
        match (self.family, self.inverse) {
            (PowerFamily::BoxCox { .. }, false) if lambda.abs() < 1e-19 => builder.log(x),
            (PowerFamily::BoxCox { .. }, false) => {
                let log = builder.log(x);
                let scaled = builder.times(log, lambda);
                let less = builder.expm1(scaled);
                builder.over(less, lambda)
            }
            (PowerFamily::BoxCox { .. }, true) if lambda == 0.0 => builder.exp(x),
            (PowerFamily::BoxCox { back_by_logarithms: true }, true) => {
                let scaled = builder.times(x, lambda);
                let log = builder.log1p(scaled);
                let log = builder.over(log, lambda);
                builder.exp(log)
            }
            (PowerFamily::BoxCox { .. }, true) => {
                let scaled = builder.times(x, lambda);
                let base = builder.plus(scaled, 1.0);
                power(builder, base, inverse(lambda))
            }
            (PowerFamily::YeoJohnson { by_logarithms }, back) => {
                let other = self.precision.round(2.0 - lambda);
                let is_negative = builder.below(x, 0.0);
                // Each side sees the numbers of its own sign alone.
                let above = builder.at_least(x, 0.0);
                let below = builder.at_most(x, 0.0);
                let below = builder.neg(below);
                let side = |builder: &mut Builder, x: TensorId, lambda: f64, is_zero: bool| match (back, is_zero) {
                    (false, true) => builder.log1p(x),
                    (false, false) if by_logarithms => {
                        let log = builder.log1p(x);
                        let scaled = builder.times(log, lambda);
                        let less = builder.expm1(scaled);
                        builder.over(less, lambda)
                    }
                    (false, false) => {
                        let base = builder.plus(x, 1.0);
                        let powers = power(builder, base, lambda);
                        let less = builder.plus(powers, -1.0);
                        builder.over(less, lambda)
                    }
                    (true, true) => {
                        let exp = builder.exp(x);
                        builder.plus(exp, -1.0)
                    }
                    (true, false) => {
                        let scaled = builder.times(x, lambda);
                        let base = builder.plus(scaled, 1.0);
                        let powers = power(builder, base, inverse(lambda));
                        builder.plus(powers, -1.0)
                    }
                };
                let above = side(builder, above, lambda, lambda.abs() < f64::EPSILON);
                let below = side(builder, below, other, (lambda - 2.0).abs() <= f64::EPSILON);
                let below = builder.neg(below);
                builder.choose(is_negative, below, above)
            }
        }
    }
}

impl Expand for Polynomial {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let mut parts = Vec::new();
        let all = self.combinations();
        // Those of as many factors lie next to each other.
        for group in all.chunk_by(|a, b| a.len() == b.len()) {
            let factors = group[0].len();
            if factors == 0 {
                let one = builder.array(&[1, 1], &[1.0]);
                parts.push(builder.repeat_rows(one, x));
                continue;
            }
            // From the last factor to the first one, as dense products are made.
            let mut product = None;
            for place in (0..factors).rev() {
                let columns: Vec<usize> = group.iter().map(|one| one[place]).collect();
                let factor = builder.columns(x, &columns);
                product = Some(match product {
                    None => factor,
                    Some(product) => {
                        let product = builder.mul(product, factor);
                        builder.rounded(product, precision)
                    }
                });
            }
            parts.extend(product);
        }
        if parts.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        Ok(Block::floats(builder.concat(&parts, 1), precision).sparse_if(sparse))
    }
}

impl Expand for AdditiveChi2 {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let is_zero = builder.is(x, 0.0);
        // Where there is nothing, the logarithm of 1 stands in.
        let known = builder.number_where(is_zero, 1.0, x);
        let log = builder.log(known);
        let log_step = builder.times(log, self.interval);
        let double = builder.times(known, 2.0);
        let step = builder.times(double, self.interval);
        let root = builder.times(known, self.interval);
        let mut blocks = vec![builder.sqrt(root)];
        for j in 1..self.steps {
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let j = j as f64;
            let share = builder.over(step, (PI * j * self.interval).cosh());
            let factor = builder.sqrt(share);
            let angle = builder.times(log_step, j);
            for wave in [builder.cos(angle), builder.sin(angle)] {
                blocks.push(builder.mul(factor, wave));
            }
        }
        let blocks: Vec<TensorId> = blocks.into_iter().map(|block| builder.number_where(is_zero, 0.0, block)).collect();
        let values = builder.concat(&blocks, 1);
        Ok(Block::floats(builder.rounded(values, precision), precision).sparse_if(sparse))
    }
}

/// Which numbers are missing; `None` where none can be.
fn missing_numbers(builder: &mut Builder, missing: &Missing, x: TensorId) -> Result<TensorId, Reason> {
    let value = match missing {
        Missing::Nan | Missing::Na => f64::NAN,
        Missing::Value(value) => value.as_f64().ok_or_else(|| Reason::new("its missing value is not a number"))?,
    };
    Ok(if value.is_nan() { builder.is_nan(x) } else { builder.is(x, value) })
}

impl Expand for Impute {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let kept: Vec<(usize, &Scalar)> =
            self.fills.iter().enumerate().filter_map(|(column, fill)| Some((column, fill.as_ref()?))).collect();
        if kept.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        let numbers = match inputs[0] {
            _ if self.objects => None,
            Block::Columns { columns, .. } if columns.iter().all(is_numeric) => Some(side_by_side(builder, columns)?),
            Block::Numbers(numbers) => Some(*numbers),
            _ => None,
        };
        if let Some(numbers) = numbers {
            let NumberType::Float(precision) = numbers.dtype else {
                return Err(Reason::new("missing integers are not exported yet"));
            };
            let fills: Option<Vec<f64>> = kept.iter().map(|(_, fill)| fill.as_f64()).collect();
            let fills = fills.ok_or_else(|| Reason::new("it fills numbers with what is not a number"))?;
            let fills = builder.row(&fills.into_iter().map(|fill| precision.round(fill)).collect::<Vec<_>>());
            let x = builder.columns(numbers.tensor, &kept.iter().map(|(column, _)| *column).collect::<Vec<_>>());
            let is_missing = missing_numbers(builder, &self.missing, x)?;
            return Ok(Numbers { tensor: builder.choose(is_missing, fills, x), ..numbers }.into());
        }
        let columns = inputs[0].to_columns(builder)?;
        let filled = kept.iter().map(|&(column, fill)| filled(builder, &self.missing, columns[column], fill));
        Ok(Block::Columns { names: None, columns: filled.collect::<Result<_, _>>()? })
    }
}

/// A column with `fill` where a value is missing.
fn filled(builder: &mut Builder, missing: &Missing, column: Column, fill: &Scalar) -> Result<Column, Reason> {
    match (column.kind, fill, missing) {
        (ColumnType::Numbers(NumberType::Float(_)), fill, _) if fill.as_f64().is_some() => {
            let is_missing = missing_numbers(builder, missing, column.tensor)?;
            let fill = fill.as_f64().unwrap_or(f64::NAN);
            Ok(Column { tensor: builder.number_where(is_missing, fill, column.tensor), ..column })
        }
        // Strings are never NaN or `None` in a graph.
        (ColumnType::Texts | ColumnType::Objects, Scalar::Str(_), Missing::Nan | Missing::Na) => Ok(column),
        (ColumnType::Texts | ColumnType::Objects, Scalar::Str(_), Missing::Value(Scalar::None)) => Ok(column),
        (ColumnType::Texts | ColumnType::Objects, Scalar::Str(fill), Missing::Value(Scalar::Str(missing))) => {
            let (missing, fill) = (builder.strings(from_ref(missing)), builder.strings(from_ref(fill)));
            let is_missing = builder.equal(column.tensor, missing);
            Ok(Column { tensor: builder.choose(is_missing, fill, column.tensor), ..column })
        }
        _ => Err(Reason::new("it fills a column with a value of another type")),
    }
}

impl Expand for MissingMask {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let numbers = match inputs[0] {
            Block::Columns { columns, .. } => side_by_side(builder, columns)?,
            other => other.numbers()?,
        };
        if self.features.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        let x = builder.cast(numbers.tensor, DType::F64);
        let x = builder.columns(x, &self.features);
        let is_missing = missing_numbers(builder, &self.missing, x)?;
        let sparse = self.sparse.unwrap_or(numbers.sparse);
        let tensor = builder.cast(is_missing, DType::I64);
        Ok(Numbers { tensor, dtype: NumberType::Int(IntKind::Bool), sparse }.into())
    }
}
