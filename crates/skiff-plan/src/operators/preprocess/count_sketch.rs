//! `PolynomialCountSketch`.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The circular convolution of several count sketches of a row. (n, n_features) → (n, components), in `float64`.
#[derive(Debug)]
pub struct CountSketch {
    /// The index of each column in each sketch, sketch by sketch, below `components`.
    pub places: Vec<usize>,
    /// 1 or -1 for each of them.
    pub signs: Vec<f64>,
    /// How many columns there are, the constant included.
    pub columns: usize,
    /// The length of a sketch.
    pub components: usize,
    /// What each feature is multiplied by.
    pub scale: f64,
    /// A last column.
    pub constant: Option<f64>,
}

impl Operator for CountSketch {
    const NAME: &'static str = "count_sketch";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.rows * self.components);
        let hashes = || self.places.chunks_exact(self.columns.max(1)).zip(self.signs.chunks_exact(self.columns.max(1)));
        for row in x.iter_rows() {
            let values: Vec<f64> = row.iter().map(|value| self.scale * value).chain(self.constant).collect();
            let mut all: Option<Vec<f64>> = None;
            for (places, signs) in hashes() {
                let mut sketch = vec![0.0; self.components];
                for ((&place, sign), value) in places.iter().zip(signs).zip(&values) {
                    sketch[place] += sign * value;
                }
                all = Some(match all {
                    None => sketch,
                    Some(before) => convolve(&before, &sketch),
                });
            }
            data.extend(all.unwrap_or_else(|| vec![0.0; self.components]));
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.components, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} columns → {}", self.columns, self.components)
    }

    fn most_rows(&self) -> Option<usize> {
        Some((1 << 22) / self.components.max(1) + 1)
    }
}

/// `Σ a[i] b[(k - i) mod n]`, which scikit-learn computes by Fourier transforms.
fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let n = a.len();
    let mut out = vec![0.0; n];
    for (shift, &factor) in a.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
        let (end, start) = out.split_at_mut(shift);
        for (value, b) in start.iter_mut().chain(end).zip(b) {
            *value += factor * b;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::convolve;

    #[test]
    fn a_convolution_goes_round() {
        assert_eq!(convolve(&[1.0, 2.0, 0.0], &[1.0, 0.0, 3.0]), [7.0, 2.0, 3.0]);
    }
}
