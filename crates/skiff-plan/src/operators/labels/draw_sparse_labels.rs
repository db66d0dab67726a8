//! `random_choice_csc`: labels drawn at random into a sparse matrix.

use std::collections::HashSet;

use crate::InputError;
use crate::kernels::random::RandomState;
use crate::operator::{Operator, Scope};
use crate::value::{Csr, IntKind, NumberType, Value};

/// A label for each row and output, drawn whatever the row holds: as many zeros as their chance asks for, in rows drawn
/// without replacement, and the other labels between them. Shape: (n_samples, n_outputs), sparse.
#[derive(Debug)]
pub struct DrawSparseLabels {
    /// How each output is drawn.
    pub outputs: Vec<SparseDraw>,
    /// The random numbers; `None` where no label depends on them.
    pub random: Option<SparseRandom>,
}

/// The labels of one output.
#[derive(Debug)]
pub struct SparseDraw {
    /// The labels but zero, each with its chance.
    pub labels: Vec<(i64, f64)>,
    /// The chance of zero.
    pub zero: f64,
}

/// Where random numbers come from.
#[derive(Debug)]
pub struct SparseRandom {
    /// The state that each call begins with.
    pub state: RandomState,
    /// Whether it is that of a seed, from which scikit-learn starts again for each array that it draws.
    pub restarts: bool,
    /// The chances of the probabilities that `predict` draws first and does not need.
    pub before: Vec<Vec<f64>>,
}

impl Operator for DrawSparseLabels {
    const NAME: &'static str = "draw_sparse_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let mut state = self.random.as_ref().map(|random| random.state.clone());
        if let (Some(random), Some(state)) = (&self.random, &mut state)
            && !random.restarts
        {
            for chances in &random.before {
                RandomState::check_chances(chances)?;
                for _ in 0..rows {
                    state.multinomial(1, chances);
                }
            }
        }
        let mut entries: Vec<(usize, u32, f64)> = Vec::new();
        for (column, draw) in (0..).zip(&self.outputs) {
            let drawn = self.draw(draw, rows, &mut state);
            entries.extend(drawn.into_iter().map(|(row, label)| (row, column, label)));
        }
        entries.sort_unstable_by_key(|&(row, column, _)| (row, column));
        let mut indptr = vec![0; rows + 1];
        for &(row, ..) in &entries {
            indptr[row + 1] += 1;
        }
        for row in 0..rows {
            indptr[row + 1] += indptr[row];
        }
        let indices: Vec<u32> = entries.iter().map(|&(_, column, _)| column).collect();
        let data: Vec<f64> = entries.iter().map(|&(.., label)| label).collect();
        Ok(Value::Sparse(Csr {
            rows,
            cols: self.outputs.len(),
            indptr: indptr.into(),
            indices: indices.into(),
            data: data.into(),
            dtype: NumberType::Int(IntKind::I64),
        }))
    }

    fn counts_rows(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("{} outputs", self.outputs.len())
    }

    /// Rows are drawn among all rows.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

impl DrawSparseLabels {
    /// The rows with a label that is not zero, and the label.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "labels and counts are below 2⁵³, and `int(…)` cuts as scikit-learn does"
    )]
    fn draw(&self, draw: &SparseDraw, rows: usize, state: &mut Option<RandomState>) -> Vec<(usize, f64)> {
        match &draw.labels[..] {
            [] => return Vec::new(),
            [(label, _)] if self.random.is_none() => return (0..rows).map(|row| (row, *label as f64)).collect(),
            _ => {}
        }
        let (Some(random), Some(state)) = (&self.random, state) else { return Vec::new() };
        let count = ((rows as f64 * (1.0 - draw.zero)) as usize).min(rows);
        let mut fresh = random.state.clone();
        let chosen = sample_without_replacement(rows, count, if random.restarts { &mut fresh } else { &mut *state });
        let total: f64 = draw.labels.iter().map(|(_, chance)| chance).sum();
        let mut fresh = random.state.clone();
        let state = if random.restarts { &mut fresh } else { state };
        let label = |row| {
            let number = state.random_sample();
            let mut sum = 0.0;
            let place = draw.labels.iter().position(|(_, chance)| {
                sum += chance / total;
                number <= sum
            });
            let (label, _) = draw.labels[place.unwrap_or(draw.labels.len() - 1)];
            (row, label as f64)
        };
        chosen.into_iter().map(label).collect()
    }
}

/// `sklearn.utils.random.sample_without_replacement(population, samples, method='auto')`.
#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
fn sample_without_replacement(population: usize, samples: usize, random: &mut RandomState) -> Vec<usize> {
    let ratio = if population == 0 { 1.0 } else { samples as f64 / population as f64 };
    let below = |bound: usize, random: &mut RandomState| random.choice(bound, 1)[0];
    if ratio > 0.01 && ratio < 0.99 {
        return random.choice_without_replacement(population, samples);
    }
    if ratio < 0.2 {
        let (mut chosen, mut seen) = (Vec::with_capacity(samples), HashSet::new());
        while chosen.len() < samples {
            let row = below(population, random);
            if seen.insert(row) {
                chosen.push(row);
            }
        }
        return chosen;
    }
    let mut chosen: Vec<usize> = (0..samples).collect();
    for row in samples..population {
        let place = below(row + 1, random);
        if let Some(slot) = chosen.get_mut(place) {
            *slot = row;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Matrix;

    #[test]
    fn a_label_that_all_rows_have_needs_no_random_numbers() {
        let outputs = vec![SparseDraw { labels: vec![(3, 1.0)], zero: 0.0 }, SparseDraw { labels: vec![], zero: 1.0 }];
        let rows = Value::Ints(Matrix::new(2, 1, vec![0; 2]), IntKind::I64);
        let Ok(Value::Sparse(found)) = (DrawSparseLabels { outputs, random: None }).run(&[&rows]) else {
            panic!("a sparse matrix")
        };
        assert_eq!(
            (&found.indptr[..], &found.indices[..], &found.data[..]),
            (&[0, 1, 2][..], &[0, 0][..], &[3.0, 3.0][..])
        );
    }

    #[test]
    fn few_and_many_rows_are_each_chosen_once() {
        for (population, samples) in [(1000, 3), (10, 5), (300, 299), (4, 4), (0, 0)] {
            let chosen = sample_without_replacement(population, samples, &mut RandomState::new(1));
            let seen: HashSet<usize> = chosen.iter().copied().collect();
            assert!(chosen.len() == samples && seen.len() == samples && seen.iter().all(|&row| row < population));
        }
    }
}
