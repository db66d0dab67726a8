//! Embeddings by the neighbors of rows.

use skiff_plan::operators::{Barycenters, GeodesicKernel};
use skiff_plan::value::Precision;

use super::neighbors::of_kinds;
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, Dim, TensorId};

/// How many neighbors a system of equations is written out for.
const MOST_NEIGHBORS: usize = 24;

impl Expand for Barycenters {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let neighbors = of_kinds(builder, inputs[1].neighbors()?, None);
        if precision.promote(self.precision) == Precision::Single {
            return Err(Reason::new("barycenters in float32 are not exported"));
        }
        let count = builder.width(neighbors);
        if count > MOST_NEIGHBORS {
            return Err(Reason::new(format!("barycenters of more than {MOST_NEIGHBORS} neighbors are not exported")));
        }
        let points = builder.matrix(&self.points);
        let width = self.points.cols;
        let of_neighbor = |builder: &mut Builder, table: TensorId, at: usize, width: usize| {
            let neighbor = builder.column(neighbors, at);
            let row = builder.gather(table, neighbor, 0);
            builder.reshape(row, &[Dim::Batch, Dim::Fixed(width)])
        };
        let differences: Vec<TensorId> = (0..count)
            .map(|at| {
                let point = of_neighbor(builder, points, at, width);
                builder.sub(point, x)
            })
            .collect();
        // The products of the differences with each other, below the diagonal and on it.
        let mut gram: Vec<Vec<TensorId>> = Vec::with_capacity(count);
        for i in 0..count {
            let row = (0..=i).map(|j| {
                let product = builder.mul(differences[i], differences[j]);
                builder.sum(product, 1)
            });
            gram.push(row.collect());
        }
        let diagonal: Vec<TensorId> = (0..count).map(|at| gram[at][at]).collect();
        let diagonal = builder.concat(&diagonal, 1);
        let trace = builder.sum(diagonal, 1);
        let (share, is_positive) = (builder.times(trace, self.regularization), builder.above(trace, 0.0));
        let regularization = builder.number(self.regularization);
        let added = builder.choose(is_positive, share, regularization);
        for (at, row) in gram.iter_mut().enumerate() {
            row[at] = builder.add(row[at], added);
        }
        let weights = solved(builder, gram);
        let all = builder.concat(&weights, 1);
        let sum = builder.sum(all, 1);
        let embedding = builder.matrix(&self.embedding);
        let components = self.embedding.cols;
        let mut embedded = None;
        for (at, weight) in weights.into_iter().enumerate() {
            let weight = builder.div(weight, sum);
            let weight = builder.rounded(weight, precision);
            let own = of_neighbor(builder, embedding, at, components);
            let term = builder.mul(weight, own);
            embedded = Some(match embedded {
                None => term,
                Some(sum) => builder.add(sum, term),
            });
        }
        embedded.map(Block::doubles).ok_or_else(|| Reason::new("it has no neighbors"))
    }
}

/// The solution of `A x = 1` for each row, by the Cholesky factor of A, of which the lower triangle is given.
#[expect(clippy::needless_range_loop, reason = "rows and columns of a matrix, as the method numbers them")]
fn solved(builder: &mut Builder, mut a: Vec<Vec<TensorId>>) -> Vec<TensorId> {
    let n = a.len();
    for j in 0..n {
        for i in j..n {
            let mut sum = a[i][j];
            for k in 0..j {
                let product = builder.mul(a[i][k], a[j][k]);
                sum = builder.sub(sum, product);
            }
            a[i][j] = if i == j { builder.sqrt(sum) } else { builder.div(sum, a[j][j]) };
        }
    }
    let mut x: Vec<TensorId> = Vec::with_capacity(n);
    for i in 0..n {
        let mut sum = builder.number(1.0);
        for k in 0..i {
            let product = builder.mul(a[i][k], x[k]);
            sum = builder.sub(sum, product);
        }
        x.push(builder.div(sum, a[i][i]));
    }
    for i in (0..n).rev() {
        let mut sum = x[i];
        for k in i + 1..n {
            let product = builder.mul(a[k][i], x[k]);
            sum = builder.sub(sum, product);
        }
        x[i] = builder.div(sum, a[i][i]);
    }
    x
}

impl Expand for GeodesicKernel {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        if matches!(inputs[0], Block::Within(_)) {
            return Err(Reason::new("geodesic distances over neighbors within a radius are not exported"));
        }
        let Floats { tensor: distances, precision, .. } = inputs[0].to_floats(builder)?;
        if precision.promote(self.precision) == Precision::Single {
            return Err(Reason::new("geodesic distances in float32 are not exported"));
        }
        let neighbors = of_kinds(builder, inputs[1].neighbors()?, None);
        let beyond = builder.matrix(&self.distances);
        let mut least = None;
        for at in 0..builder.width(neighbors) {
            let (neighbor, distance) = (builder.column(neighbors, at), builder.column(distances, at));
            let row = builder.gather(beyond, neighbor, 0);
            let row = builder.reshape(row, &[Dim::Batch, Dim::Fixed(self.distances.cols)]);
            let path = builder.add(row, distance);
            least = Some(match least {
                None => path,
                Some(least) => {
                    let is_less = builder.less(path, least);
                    builder.choose(is_less, path, least)
                }
            });
        }
        let least = least.ok_or_else(|| Reason::new("it has no neighbors"))?;
        let square = builder.mul(least, least);
        Ok(Block::doubles(builder.times(square, -0.5)))
    }
}
