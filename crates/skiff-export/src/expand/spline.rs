//! `SplineTransformer`.

use skiff_plan::operators::{Extrapolation, Spline, SplineBasis};
use skiff_plan::value::{Matrix, Precision};

use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType, Dim, TensorId};

impl Expand for Spline {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let precision = if self.sparse { Precision::Double } else { precision };
        let mut columns = Vec::with_capacity(self.bases.len());
        for (column, (basis, degree)) in self.bases.iter().zip(self.degrees()).enumerate() {
            let x = builder.column(x, column);
            let splines = self.column(builder, x, basis, degree)?;
            let left_out = usize::from(!self.include_bias);
            columns.push(builder.slice(splines, 1, 0, basis.coefficients.cols - left_out));
        }
        let splines = builder.concat(&columns, 1);
        Ok(Block::floats(builder.rounded(splines, precision), precision))
    }
}

/// The splines of one column.
trait OfColumn {
    fn column(
        &self,
        builder: &mut Builder,
        x: TensorId,
        basis: &SplineBasis,
        degree: usize,
    ) -> Result<TensorId, Reason>;
}

impl OfColumn for Spline {
    fn column(
        &self,
        builder: &mut Builder,
        x: TensorId,
        basis: &SplineBasis,
        degree: usize,
    ) -> Result<TensorId, Reason> {
        let (first, last) = basis.bounds();
        let splines = match self.extrapolation {
            Extrapolation::Refuse | Extrapolation::Continue => at(builder, x, basis),
            Extrapolation::Periodic => {
                let period = last - first;
                if period <= 0.0 {
                    return Err(Reason::new("a period without length is not exported"));
                }
                let less = builder.plus(x, -first);
                let share = builder.over(less, period);
                let rounds = builder.floor(share);
                let rounds = builder.times(rounds, period);
                let rest = builder.sub(less, rounds);
                let x = builder.plus(rest, first);
                at(builder, x, basis)
            }
            Extrapolation::Constant | Extrapolation::Linear => {
                let (low, high) = (basis.knots[degree], basis.knots[basis.knots.len() - 1 - degree]);
                if low > high {
                    return Err(Reason::new("straight lines that cross each other are not exported"));
                }
                let is_linear = self.extrapolation == Extrapolation::Linear;
                let reached = if is_linear && degree <= 1 { degree + 1 } else { degree };
                let count = basis.coefficients.cols;
                // Only the splines next to the bound are not zero beyond it.
                let kept = |values: Vec<f64>, is_low: bool| -> Vec<f64> {
                    let is_kept = |at: usize| if is_low { at < reached } else { count - 1 - at < reached };
                    values.iter().enumerate().map(|(at, value)| if is_kept(at) { *value } else { 0.0 }).collect()
                };
                let mut line = |bound: f64, is_low: bool| {
                    let values = builder.row(&kept(basis.at(bound), is_low));
                    if !is_linear {
                        return values;
                    }
                    let slopes = builder.row(&kept(basis.slopes(bound), is_low));
                    let distance = builder.plus(x, -bound);
                    let rise = builder.mul(distance, slopes);
                    builder.add(values, rise)
                };
                let (below, above) = (line(low, true), line(high, false));
                let (is_below, is_above) = (builder.below(x, low), builder.above(x, high));
                let inside = at(builder, x, basis);
                let splines = builder.choose(is_below, below, inside);
                builder.choose(is_above, above, splines)
            }
        };
        if !self.nan_is_zero {
            return Ok(splines);
        }
        let is_nan = builder.is_nan(x);
        Ok(builder.number_where(is_nan, 0.0, splines))
    }
}

/// All splines at `x`, by Cox and de Boor: (n, n_splines).
fn at(builder: &mut Builder, x: TensorId, basis: &SplineBasis) -> TensorId {
    let (knots, degree, last) = (&basis.knots, basis.degree, basis.count() - 1);
    // The last interval that begins not above x; beyond the knots the outermost one.
    let starts = builder.row(&knots[..=last]);
    let is_reached = builder.less_or_equal(starts, x);
    let reached = builder.cast(is_reached, DType::F64);
    let count = builder.sum(reached, 1);
    let interval = builder.plus(count, -1.0);
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ knots")]
    let (least, most) = (degree as f64, last as f64);
    let interval = builder.at_least(interval, least);
    let interval = builder.at_most(interval, most);
    let interval = builder.cast(interval, DType::I64);
    // What the knots are, so many places after the interval: `after` counts from the degree's places before it.
    let knot = |builder: &mut Builder, before: usize, after: usize| {
        let own = |at: usize| (at + after).checked_sub(before).and_then(|at| knots.get(at)).copied().unwrap_or(0.0);
        let row = builder.row(&(0..=last).map(own).collect::<Vec<_>>());
        builder.gather(row, interval, 0)
    };
    let mut values = vec![builder.number(1.0)];
    for k in 1..=degree {
        let mut next: Vec<Option<TensorId>> = vec![None; k + 1];
        for (place, &value) in values.iter().enumerate() {
            let (left, right) = (knot(builder, k, place + 1), knot(builder, 0, place + 1));
            let width = builder.sub(right, left);
            let is_wide = builder.above(width, 0.0);
            let one = builder.number(1.0);
            let divisor = builder.choose(is_wide, width, one);
            let share = builder.div(value, divisor);
            let zero = builder.number(0.0);
            let share = builder.choose(is_wide, share, zero);
            let (to_right, to_left) = (builder.sub(right, x), builder.sub(x, left));
            for (target, distance) in [(place, to_right), (place + 1, to_left)] {
                let part = builder.mul(share, distance);
                next[target] = Some(match next[target] {
                    None => part,
                    Some(sum) => builder.add(sum, part),
                });
            }
        }
        values = next.into_iter().flatten().collect();
    }
    let width = basis.coefficients.cols;
    let mut splines = None;
    for (place, value) in values.into_iter().enumerate() {
        let row = |interval: usize| {
            let function = (interval + place).checked_sub(degree).filter(|&at| at < basis.coefficients.rows);
            function.map_or_else(|| vec![0.0; width], |function| basis.coefficients.row(function).to_vec())
        };
        let table = Matrix::new(last + 1, width, (0..=last).flat_map(row).collect::<Vec<_>>());
        let table = builder.matrix(&table);
        let coefficients = builder.gather(table, interval, 0);
        let coefficients = builder.reshape(coefficients, &[Dim::Batch, Dim::Fixed(width)]);
        let part = builder.mul(coefficients, value);
        splines = Some(match splines {
            None => part,
            Some(sum) => builder.add(sum, part),
        });
    }
    splines.unwrap_or(x)
}
