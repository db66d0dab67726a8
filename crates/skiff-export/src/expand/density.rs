//! Likelihoods and densities.

use skiff_plan::operators::{
    CategoricalLogLikelihood, GaussianDistances, GaussianLogLikelihood, GaussianScores, Mahalanobis,
};
use skiff_plan::value::Matrix;

use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType, Dim, TensorId};

/// Σ over the features of each row of a tensor (n, k, features): (n, k).
fn sum_of_last(builder: &mut Builder, x: TensorId, count: usize) -> TensorId {
    let sum = builder.sum(x, 2);
    builder.reshape(sum, &[Dim::Batch, Dim::Fixed(count)])
}

/// A row for each row, as (n, 1, features).
fn spread(builder: &mut Builder, x: TensorId) -> TensorId {
    let width = builder.width(x);
    builder.reshape(x, &[Dim::Batch, Dim::Fixed(1), Dim::Fixed(width)])
}

impl Expand for GaussianLogLikelihood {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let of_rows = precision.promote(self.moments);
        let precision = of_rows.promote(self.priors);
        let (means, variances) = (builder.matrix(&self.means), builder.matrix(&self.variances));
        let spread = spread(builder, x);
        let difference = builder.sub(spread, means);
        let square = builder.mul(difference, difference);
        let terms = builder.div(square, variances);
        let distance = sum_of_last(builder, terms, self.means.rows);
        let half = builder.times(distance, 0.5);
        let offsets = builder.row(&self.offsets);
        let density = builder.sub(offsets, half);
        let density = builder.rounded(density, of_rows);
        let priors = builder.row(&self.log_priors);
        let joint = builder.add(priors, density);
        Ok(Block::floats(builder.rounded(joint, precision), precision))
    }
}

impl Expand for CategoricalLogLikelihood {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let categories = builder.cast(x, DType::I64);
        let classes = self.log_priors.len();
        let mut sum = None;
        for (feature, table) in self.tables.iter().enumerate() {
            let category = builder.column(categories, feature);
            let table = builder.transposed(table);
            let logs = builder.gather(table, category, 0);
            let logs = builder.reshape(logs, &[Dim::Batch, Dim::Fixed(classes)]);
            sum = Some(match sum {
                None => logs,
                Some(sum) => builder.add(sum, logs),
            });
        }
        let sum = sum.ok_or_else(|| Reason::new("there is no feature"))?;
        let priors = builder.row(&self.log_priors);
        Ok(Block::doubles(builder.add(sum, priors)))
    }
}

impl Expand for Mahalanobis {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let location = builder.row(&self.location);
        let centered = builder.sub(x, location);
        let precision = builder.transposed(&self.precision);
        let products = builder.matmul(centered, precision);
        let terms = builder.mul(centered, products);
        let sum = builder.sum(terms, 1);
        let is_negative = builder.below(sum, 0.0);
        Ok(Block::doubles(builder.number_where(is_negative, f64::NAN, sum)))
    }
}

impl Expand for GaussianScores {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        if inputs[0].numbers()?.dtype != skiff_plan::value::NumberType::Float(precision) {
            return Err(Reason::new("scores of integers are not exported"));
        }
        let precision = precision.promote(self.precision);
        let squares = squares(builder, x, &self.distances);
        let (inner, outer) = (builder.row(&self.inner), builder.row(&self.outer));
        let sum = builder.add(squares, inner);
        let half = builder.times(sum, -0.5);
        let scores = builder.add(half, outer);
        Ok(Block::floats(builder.rounded(scores, precision), precision))
    }
}

fn squares(builder: &mut Builder, x: TensorId, distances: &GaussianDistances) -> TensorId {
    let sum_of_squares = |builder: &mut Builder, x: TensorId| {
        let squares = builder.mul(x, x);
        builder.sum(squares, 1)
    };
    match distances {
        GaussianDistances::OfCentered { means, factors } => {
            let mut columns = Vec::with_capacity(factors.len());
            for (mean, factor) in means.iter_rows().zip(factors) {
                let (mean, factor) = (builder.row(mean), builder.transposed(factor));
                let centered = builder.sub(x, mean);
                let products = builder.matmul(centered, factor);
                columns.push(sum_of_squares(builder, products));
            }
            builder.concat(&columns, 1)
        }
        GaussianDistances::OfProducts { factors, offsets } => {
            let mut columns = Vec::with_capacity(offsets.len());
            for (k, offset) in offsets.iter().enumerate() {
                let factor = factors.get(k).or(factors.last());
                let factor = factor.map(|factor| builder.transposed(factor));
                let products = factor.map_or(x, |factor| builder.matmul(x, factor));
                let offset = builder.row(offset);
                let difference = builder.sub(products, offset);
                columns.push(sum_of_squares(builder, difference));
            }
            builder.concat(&columns, 1)
        }
        GaussianDistances::Diagonal { means, precisions } => {
            let scaled = Matrix::new(
                means.rows,
                means.cols,
                means.data.iter().zip(precisions.data.iter()).map(|(mean, p)| mean * p).collect::<Vec<_>>(),
            );
            let of_means: Vec<f64> = means
                .iter_rows()
                .zip(scaled.iter_rows())
                .map(|(mean, scaled)| mean.iter().zip(scaled).map(|(mean, scaled)| mean * scaled).sum())
                .collect();
            let (of_means, scaled, precisions) =
                (builder.row(&of_means), builder.transposed(&scaled), builder.transposed(precisions));
            let both = builder.matmul(x, scaled);
            let both = builder.times(both, 2.0);
            let squares = builder.mul(x, x);
            let of_rows = builder.matmul(squares, precisions);
            let less = builder.sub(of_means, both);
            builder.add(less, of_rows)
        }
        GaussianDistances::Spherical { means, precisions } => {
            let of_row = sum_of_squares(builder, x);
            let of_means: Vec<f64> = means
                .iter_rows()
                .zip(precisions)
                .map(|(mean, p)| mean.iter().map(|value| value * value).sum::<f64>() * p)
                .collect();
            let (of_means, means, precisions) =
                (builder.row(&of_means), builder.transposed(means), builder.row(precisions));
            let both = builder.matmul(x, means);
            let both = builder.mul(both, precisions);
            let both = builder.times(both, 2.0);
            let of_rows = builder.mul(of_row, precisions);
            let less = builder.sub(of_means, both);
            builder.add(less, of_rows)
        }
    }
}
