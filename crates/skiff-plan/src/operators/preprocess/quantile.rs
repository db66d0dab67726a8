//! `QuantileTransformer`: from values to the share of the fit below them, and back.

use crate::InputError;
use crate::kernels::interpolate::interpolate;
use crate::kernels::normal::{ndtr, ndtri};
use crate::operator::Operator;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// Each column by its quantiles, as a fraction or as a normal quantile. Shape and dtype are kept; of sparse rows the stored
/// elements are transformed.
#[derive(Debug)]
pub struct Quantile {
    /// The quantiles of each column, ascending.
    pub quantiles: Vec<Vec<f64>>,
    /// `references_`: their shares.
    pub references: Vec<f64>,
    /// Whether numbers are normal, and not uniform.
    pub normal: bool,
    /// Whether it is undone.
    pub inverse: bool,
    /// Whether uniform numbers near a bound are treated as equal to it, as before 0.21.
    pub uniform_is_near: bool,
    /// Whether negative elements of sparse rows are an error.
    pub refuse_negative: bool,
    /// For each column, the quantiles and references of the way from above, negated.
    mirrored: Vec<Vec<f64>>,
    mirrored_references: Vec<f64>,
}

/// Nearer to a bound than this is at the bound.
const NEAR: f64 = Quantile::NEAR;

impl Quantile {
    /// Nearer to a bound than this is at the bound.
    pub const NEAR: f64 = 1e-7;

    /// One list of quantiles for each column, each as long as `references`, and none of them empty.
    pub fn new(quantiles: Vec<Vec<f64>>, references: Vec<f64>, normal: bool, inverse: bool) -> Self {
        assert!(!references.is_empty(), "there is a reference");
        assert!(quantiles.iter().all(|column| column.len() == references.len()), "a quantile for each reference");
        let mirror = |values: &[f64]| values.iter().rev().map(|value| -value).collect::<Vec<f64>>();
        let mirrored = quantiles.iter().map(|column| mirror(column)).collect();
        let mirrored_references = mirror(&references);
        let (uniform_is_near, refuse_negative) = (false, false);
        Self { quantiles, references, normal, inverse, uniform_is_near, refuse_negative, mirrored, mirrored_references }
    }

    fn at(&self, x: f64, column: usize, precision: Precision) -> f64 {
        let (quantiles, references) = (&self.quantiles[column], &self.references);
        let (first, last) = (quantiles[0], quantiles[quantiles.len() - 1]);
        let (x, low, high) = match (self.inverse, self.normal) {
            (false, _) => (x, first, last),
            (true, true) => (ndtr(x), 0.0, 1.0),
            (true, false) if self.uniform_is_near => (x.clamp(0.0, 1.0), 0.0, 1.0),
            (true, false) => (x, 0.0, 1.0),
        };
        let (to_low, to_high) = if self.inverse { (first, last) } else { (0.0, 1.0) };
        let (is_low, is_high) = match self.normal || self.uniform_is_near {
            true => (x - NEAR < low, x + NEAR > high),
            false => (x == low, x == high),
        };
        let mut y = if is_low {
            to_low
        } else if is_high {
            to_high
        } else if x.is_nan() {
            x
        } else if self.inverse {
            interpolate(x, references, quantiles)
        } else {
            let up = interpolate(x, quantiles, references);
            let down = interpolate(-x, &self.mirrored[column], &self.mirrored_references);
            0.5 * (up - down)
        };
        y = precision.round(y);
        match (self.inverse, self.normal) {
            (true, _) => y,
            (false, true) => {
                let least = ndtri(NEAR - f64::EPSILON);
                ndtri(y).clamp(least, ndtri(1.0 - (NEAR - f64::EPSILON)))
            }
            (false, false) if self.uniform_is_near => y.clamp(NEAR - f64::EPSILON, 1.0 - (NEAR - f64::EPSILON)),
            (false, false) => y,
        }
    }
}

impl Operator for Quantile {
    const NAME: &'static str = "quantile";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, precision) => {
                let data = x.iter_rows().flat_map(|row| row.iter().enumerate());
                let data: Vec<f64> = data.map(|(column, &x)| precision.round(self.at(x, column, *precision))).collect();
                Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
            }
            Value::Sparse(csr) => {
                if self.refuse_negative && csr.data.iter().any(|&value| value < 0.0) {
                    let what = "QuantileTransformer only accepts non-negative sparse matrices.";
                    return Err(InputError::refused(what));
                }
                let precision = match csr.dtype {
                    NumberType::Float(precision) => precision,
                    NumberType::Int(_) => Precision::Double,
                };
                let data = csr.indices.iter().zip(csr.data.iter());
                let data = data.map(|(&column, &x)| csr.dtype.round(self.at(x, column as usize, precision)));
                Ok(Value::Sparse(Csr { data: data.collect(), ..csr.clone() }))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        let way = if self.inverse { "from" } else { "to" };
        let kind = if self.normal { "normal" } else { "uniform" };
        format!("{} columns, {way} {kind}", self.quantiles.len())
    }
}
