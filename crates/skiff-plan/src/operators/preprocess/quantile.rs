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
    /// Whether `float32` rows are compared with bounds in `float32`, as numpy did before its version 2.
    pub narrows_bounds: bool,
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
        Self {
            quantiles,
            references,
            normal,
            inverse,
            uniform_is_near: false,
            refuse_negative: false,
            narrows_bounds: false,
            mirrored,
            mirrored_references,
        }
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
        // The distribution function of normal numbers is `float64`.
        let round = |value: f64| if self.inverse && self.normal { value } else { precision.round(value) };
        let bound = |value: f64| if self.narrows_bounds { round(value) } else { value };
        let (is_low, is_high) = match self.normal || self.uniform_is_near {
            true => (round(x - round(NEAR)) < bound(low), round(x + round(NEAR)) > bound(high)),
            false => (x == bound(low), x == bound(high)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(normal: bool, narrows_bounds: bool, rows: &[f32]) -> Vec<f64> {
        let references = vec![0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
        let mut quantile = Quantile::new(vec![vec![-3.1, -1.0, 2.7, 3.1]], references, normal, false);
        quantile.narrows_bounds = narrows_bounds;
        rows.iter().map(|&x| Precision::Single.round(quantile.at(x.into(), 0, Precision::Single))).collect()
    }

    /// Answers of scikit-learn 1.2.2 with numpy 1.23, and of 1.5.2 with numpy 2.0.
    #[test]
    fn bounds_of_narrow_rows_are_compared_as_numpy_does() {
        let rows = [-3.1, 3.1, -1.0, 2.7];
        let third = [0.333_333_343_267_440_8, 0.666_666_686_534_881_6];
        assert_eq!(of(false, true, &rows), [0.0, 1.0, third[0], third[1]]);
        let new = [1.513_768_843_608_431_8e-8, 0.999_999_940_395_355_2, third[0], third[1]];
        assert_eq!(of(false, false, &rows), new);
        let normal = of(true, false, &rows);
        assert_eq!(normal[..2], [-5.199_337_482_452_393, 5.199_337_482_452_393]);
        // Steps of `float32` are wider than what is near: 1.5.2 answers -2.2822952 for the second of four equal quantiles.
        let references: Vec<f64> = (0..90).map(|place| f64::from(place) / 89.0).collect();
        let mut quantiles = vec![-3.1, -3.1];
        quantiles.extend((0..88).map(|place| -2.9 + f64::from(place) * 0.1));
        let quantile = Quantile::new(vec![quantiles], references, true, false);
        let x = Precision::Single.round(-3.1);
        assert!((quantile.at(x, 0, Precision::Single) - -2.282_295_2).abs() < 1e-5);
    }
}
