//! Products of features: `PolynomialFeatures.transform`.

use crate::InputError;
use crate::operator::{BLOCK_BYTES, Operator};
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// All products of up to `most` features, those of fewer than `least` left out.
///
/// Dense products are made as scikit-learn makes them: each is a product of one factor less, which begins with the
/// second factor, times the first. Sparse products go from the first factor to the last.
#[derive(Debug)]
pub struct Polynomial {
    /// How many features come in.
    pub features: usize,
    /// The least number of factors.
    pub least: usize,
    /// The greatest number of factors.
    pub most: usize,
    /// Whether no feature is its own factor.
    pub interaction_only: bool,
    /// Whether there is a column of ones first.
    pub bias: bool,
    /// Whether dense products go from the first factor to the last as well (before 0.22).
    pub in_order: bool,
}

impl Polynomial {
    /// How many products of exactly `factors` features there are; `None` past 2⁶⁴.
    fn count(&self, factors: usize) -> Option<usize> {
        let mut count: usize = 1;
        for chosen in 0..factors {
            let choices = match self.interaction_only {
                true => self.features.saturating_sub(chosen),
                false => self.features.checked_add(chosen)?,
            };
            count = count.checked_mul(choices)? / (chosen + 1);
        }
        Some(count)
    }

    /// How many columns come out; `None` past 2⁶⁴.
    pub fn width(&self) -> Option<usize> {
        let mut width = usize::from(self.bias);
        for factors in self.least.max(1)..=self.most {
            width = width.checked_add(self.count(factors)?)?;
        }
        Some(width)
    }

    /// As [`Polynomial::width`], with the products that `least` leaves out: what is made on the way.
    pub fn full_width(&self) -> Option<usize> {
        Self { least: 0, ..*self }.width()
    }

    /// The factors of each column, in order; none for the column of ones.
    pub fn combinations(&self) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        if self.bias {
            all.push(Vec::new());
        }
        for factors in self.least.max(1)..=self.most {
            if self.features == 0 || (self.interaction_only && factors > self.features) {
                break;
            }
            let mut combination: Vec<usize> = match self.interaction_only {
                true => (0..factors).collect(),
                false => vec![0; factors],
            };
            loop {
                all.push(combination.clone());
                // The next one in lexicographic order.
                let highest = |place: usize| match self.interaction_only {
                    true => self.features - factors + place,
                    false => self.features - 1,
                };
                let Some(place) = (0..factors).rev().find(|&place| combination[place] < highest(place)) else { break };
                combination[place] += 1;
                for later in place + 1..factors {
                    combination[later] = combination[later - 1] + usize::from(self.interaction_only);
                }
            }
        }
        all
    }

    fn dense_row(&self, x: &[f64], precision: Precision, scratch: &mut Vec<f64>, starts: &mut Vec<usize>) {
        let features = self.features;
        scratch.clear();
        scratch.extend_from_slice(x);
        // Where the products that begin with each feature start, and where the last ones end.
        starts.clear();
        starts.extend(0..=features);
        for _ in 2..=self.most {
            let end = scratch.len();
            let last_end = starts[features];
            let mut new_starts = Vec::with_capacity(features + 1);
            for (feature, &factor) in x.iter().enumerate() {
                new_starts.push(scratch.len());
                let start = if self.interaction_only { starts[feature + 1] } else { starts[feature] };
                for at in start..last_end {
                    scratch.push(precision.round(scratch[at] * factor));
                }
            }
            debug_assert!(last_end == end, "products of one factor less end the row");
            new_starts.push(scratch.len());
            *starts = new_starts;
        }
    }
}

impl Operator for Polynomial {
    const NAME: &'static str = "polynomial";

    fn most_rows(&self) -> Option<usize> {
        let widest = self.full_width()?.checked_mul(size_of::<(u32, f64)>())?;
        Some((BLOCK_BYTES / widest.max(1)).max(1))
    }

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, precision) if self.in_order && self.most > 2 => {
                let combinations = self.combinations();
                let mut data = Vec::with_capacity(x.rows * combinations.len());
                for row in x.iter_rows() {
                    let product =
                        |factors: &Vec<usize>| factors.iter().fold(1.0, |all, &at| precision.round(all * row[at]));
                    data.extend(combinations.iter().map(product));
                }
                Ok(Value::Floats(Matrix::new(x.rows, combinations.len(), data), *precision))
            }
            Value::Floats(x, precision) => {
                let width = self.width().unwrap_or(0);
                let products = width - usize::from(self.bias);
                let mut data = Vec::with_capacity(x.rows * width);
                let (mut scratch, mut starts) = (Vec::new(), Vec::new());
                for row in x.iter_rows() {
                    if self.bias {
                        data.push(1.0);
                    }
                    if self.most > 0 {
                        self.dense_row(row, *precision, &mut scratch, &mut starts);
                        data.extend_from_slice(&scratch[scratch.len() - products..]);
                    }
                }
                Ok(Value::Floats(Matrix::new(x.rows, width, data), *precision))
            }
            Value::Sparse(x) => Ok(Value::Sparse(self.sparse(x))),
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        let width = self.width().unwrap_or(0);
        format!("{} → {width}, {} to {} factors", self.features, self.least, self.most)
    }
}

impl Polynomial {
    fn sparse(&self, x: &Csr<'_>) -> Csr<'static> {
        let dtype = match x.dtype {
            NumberType::Int(_) => NumberType::Float(Precision::Double),
            dtype @ NumberType::Float(_) => dtype,
        };
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        for row in 0..x.rows {
            let (columns, values) = x.row(row);
            let mut first = 0;
            if self.bias {
                indices.push(0);
                data.push(1.0);
                first = 1;
            }
            for factors in self.least.max(1)..=self.most {
                let stored = Stored { columns, values, dtype };
                self.products(stored, factors, first, &mut indices, &mut data);
                first += self.count(factors).unwrap_or(0);
            }
            indptr.push(data.len());
        }
        let (rows, cols) = (x.rows, self.width().unwrap_or(0));
        Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype }
    }

    /// The products of exactly `factors` stored elements of one row, in lexicographic order.
    fn products(&self, stored: Stored<'_>, factors: usize, first: usize, indices: &mut Vec<u32>, data: &mut Vec<f64>) {
        let count = stored.columns.len();
        let distinct = usize::from(self.interaction_only);
        if count == 0 || (self.interaction_only && factors > count) {
            return;
        }
        let mut chosen: Vec<usize> = (0..factors).map(|place| place * distinct).collect();
        loop {
            let mut product = stored.values[chosen[0]];
            for &at in &chosen[1..] {
                product = stored.dtype.round(product * stored.values[at]);
            }
            let columns = chosen.iter().map(|&at| stored.columns[at] as usize);
            let place = first + self.rank(columns, factors);
            indices.push(u32::try_from(place).unwrap_or(u32::MAX));
            data.push(product);
            let highest = |place: usize| if self.interaction_only { count - factors + place } else { count - 1 };
            let Some(place) = (0..factors).rev().find(|&place| chosen[place] < highest(place)) else { return };
            chosen[place] += 1;
            for later in place + 1..factors {
                chosen[later] = chosen[later - 1] + distinct;
            }
        }
    }

    /// The index of a combination among all of its length, in lexicographic order.
    fn rank(&self, columns: impl Iterator<Item = usize>, factors: usize) -> usize {
        // Those that come later share a beginning and then go on higher: count what is left, from the end.
        let total = self.count(factors).unwrap_or(0);
        let mut later = 0;
        for (place, column) in columns.enumerate() {
            let left = factors - place;
            let higher = self.features - column - 1;
            later += match self.interaction_only {
                true => choose(higher, left),
                false => choose(higher + left - 1, left),
            };
        }
        total - 1 - later
    }
}

/// One row of a sparse matrix.
#[derive(Clone, Copy)]
struct Stored<'x> {
    columns: &'x [u32],
    values: &'x [f64],
    dtype: NumberType,
}

/// The binomial coefficient, which is at most the width of the step here.
fn choose(n: usize, k: usize) -> usize {
    (0..k).fold(1, |count, at| count * n.saturating_sub(at) / (at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polynomial(interaction_only: bool, bias: bool, least: usize) -> Polynomial {
        Polynomial { features: 4, least, most: 3, interaction_only, bias, in_order: false }
    }

    #[test]
    fn dense_and_sparse_products_are_those_of_the_combinations() {
        let rows = Matrix::new(2, 4, vec![2.0, 3.0, 5.0, 7.0, 0.0, 3.0, 0.0, 4.0]);
        let sparse = crate::operators::arrays::concatenate::to_sparse(&Value::Floats(rows.clone(), Precision::Double));
        let sparse = Value::Sparse(sparse.expect("numbers"));
        for (interaction_only, bias, least) in [(false, true, 0), (true, true, 0), (true, false, 2), (false, false, 3)]
        {
            let step = polynomial(interaction_only, bias, least);
            let combinations = step.combinations();
            assert_eq!(Some(combinations.len()), step.width());
            let expected: Vec<f64> = rows
                .iter_rows()
                .flat_map(|row| combinations.iter().map(|one| one.iter().map(|&at| row[at]).product()))
                .collect();
            let Ok(Value::Floats(dense, _)) = step.run(&[&Value::Floats(rows.clone(), Precision::Double)]) else {
                panic!("not dense")
            };
            assert_eq!(dense.data[..], expected);
            let Ok(Value::Sparse(products)) = step.run(&[&sparse]) else { panic!("not sparse") };
            assert_eq!(products.to_dense().data[..], expected);
        }
    }
}
