//! Rows as combinations of components, and their density.

use std::f64::consts::TAU;

use skiff_plan::operators::{Coding, CountSketch, LogDensity, RidgeCode, SparseCode};
use skiff_plan::value::{Matrix, Precision};

use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, TensorId};

impl Expand for RidgeCode {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let (mean_precision, own) = self.precisions();
        let x = match self.mean() {
            [] => x,
            mean => {
                let mean = builder.row(mean);
                let centered = builder.sub(x, mean);
                let centered = builder.rounded(centered, precision.promote(mean_precision));
                builder.rounded(centered, own)
            }
        };
        let codes = builder.matrix(&self.codes_of_features());
        let codes = builder.matmul(x, codes);
        Ok(Block::floats(builder.rounded(codes, own), own))
    }
}

impl Expand for SparseCode {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let Coding::Threshold { alpha, positive } = *self.coding() else {
            return Err(Reason::new("its codes are found step by step, each row as many as it needs"));
        };
        if precision == Precision::Single || self.precision() == Precision::Single {
            return Err(Reason::new("codes in float32 are not exported"));
        }
        let atoms = builder.transposed(self.dictionary());
        let products = builder.matmul(x, atoms);
        let size = builder.abs(products);
        let less = builder.plus(size, -alpha);
        let shrunk = builder.at_least(less, 0.0);
        let sign = builder.sign(products);
        let mut codes = builder.mul(sign, shrunk);
        if positive {
            codes = builder.at_least(codes, 0.0);
        }
        if self.splits() {
            let (above, below) = (builder.at_least(codes, 0.0), builder.at_most(codes, 0.0));
            let below = builder.neg(below);
            codes = builder.concat(&[above, below], 1);
        }
        Ok(Block::doubles(codes))
    }
}

impl Expand for LogDensity {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let precision = precision.promote(self.precision);
        let found = self.covariance.precision_matrix(self.precision);
        let (inverse, log_determinant) = found.map_err(|error| Reason::new(error.to_string()))?;
        let mean = builder.row(&self.mean);
        let centered = builder.sub(x, mean);
        let centered = builder.rounded(centered, precision);
        let inverse = builder.matrix(&inverse);
        let weighted = builder.matmul(centered, inverse);
        let products = builder.mul(weighted, centered);
        let distances = builder.sum(products, 1);
        let half = builder.times(distances, -0.5);
        #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
        let constant = 0.5 * (self.mean.len() as f64 * TAU.ln() - log_determinant);
        let density = builder.plus(half, -constant);
        Ok(Block::floats(builder.rounded(density, precision), precision))
    }
}

/// How many components a Fourier transform by matrices has at most.
const MOST_COMPONENTS: usize = 2048;

impl Expand for CountSketch {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let n = self.components;
        if n > MOST_COMPONENTS {
            return Err(Reason::new(format!("a Fourier transform of {n} components takes too large a matrix")));
        }
        let mut values = builder.times(x, self.scale);
        if let Some(constant) = self.constant {
            let constant = builder.array(&[1, 1], &[constant]);
            let constant = builder.repeat_rows(constant, x);
            values = builder.concat(&[values, constant], 1);
        }
        let mut sketches = Vec::new();
        for (places, signs) in self.places.chunks(self.columns.max(1)).zip(self.signs.chunks(self.columns.max(1))) {
            let mut matrix = vec![0.0; self.columns * n];
            for ((row, &place), sign) in matrix.chunks_mut(n.max(1)).zip(places).zip(signs) {
                row[place] += sign;
            }
            let matrix = builder.array(&[self.columns, n], &matrix);
            sketches.push(builder.matmul(values, matrix));
        }
        let Some((first, rest)) = sketches.split_first() else {
            return Err(Reason::new("it has no sketches"));
        };
        if rest.is_empty() {
            return Ok(Block::doubles(*first));
        }
        // A circular convolution is a product of Fourier transforms.
        let (cos, sin) = (wave(n, f64::cos), wave(n, f64::sin));
        let (cos, sin) = (builder.matrix(&cos), builder.matrix(&sin));
        let transform = |builder: &mut Builder, sketch: TensorId| {
            let (real, imaginary) = (builder.matmul(sketch, cos), builder.matmul(sketch, sin));
            (real, builder.neg(imaginary))
        };
        let (mut real, mut imaginary) = transform(builder, *first);
        for &sketch in rest {
            let (own, other) = transform(builder, sketch);
            let (a, b) = (builder.mul(real, own), builder.mul(imaginary, other));
            let (c, d) = (builder.mul(real, other), builder.mul(imaginary, own));
            (real, imaginary) = (builder.sub(a, b), builder.add(c, d));
        }
        let (a, b) = (builder.matmul(real, cos), builder.matmul(imaginary, sin));
        let back = builder.sub(a, b);
        #[expect(clippy::cast_precision_loss, reason = "a number of components")]
        let sketch = builder.over(back, n as f64);
        Ok(Block::doubles(sketch))
    }
}

/// `wave(2π i j / n)`
fn wave(n: usize, wave: fn(f64) -> f64) -> Matrix<'static, f64> {
    #[expect(clippy::cast_precision_loss, reason = "a number of components")]
    let at = |place: usize| wave(TAU * ((place / n * (place % n)) % n) as f64 / n as f64);
    Matrix::new(n, n, (0..n * n).map(at).collect::<Vec<_>>())
}
