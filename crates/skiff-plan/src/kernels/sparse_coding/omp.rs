//! `sklearn.linear_model._omp._gram_omp`.

use super::{Lower, largest};
use crate::value::{Matrix, Precision};

/// Orthogonal matching pursuit: at most `count` atoms, each time the one whose product with what is left is greatest. A
/// `count` of at least 1 and at most as many as there are atoms.
pub fn orthogonal_matching_pursuit(
    gram: &Matrix<'_, f64>,
    products: &[f64],
    count: usize,
    gram_precision: Precision,
) -> Vec<f64> {
    let atoms = products.len();
    let least = gram_precision.epsilon();
    let mut order: Vec<usize> = (0..atoms).collect();
    let mut left = products.to_vec();
    let mut lower = Lower::new(count, gram_precision);
    let (mut solution, mut active) = (Vec::new(), 0);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    while active < count {
        let best = largest(left.iter().map(|value| value.abs()));
        // The same atom twice, or one whose product is next to nothing.
        if best < active || best >= atoms || left[best] * left[best] < least {
            break;
        }
        let own = gram.row(order[best])[order[best]];
        let mut row: Vec<f64> = order[..active].iter().map(|&other| gram.row(order[best])[other]).collect();
        lower.solve(&mut row);
        let rest = own - dot(&row, &row);
        if active > 0 && rest <= least {
            break;
        }
        for (column, value) in row.iter().enumerate() {
            lower.set(active, column, *value);
        }
        lower.set(active, active, rest.sqrt());
        order.swap(active, best);
        active += 1;
        let known: Vec<f64> = order[..active].iter().map(|&atom| products[atom]).collect();
        solution = lower.solve_both(&known);
        left = order
            .iter()
            .map(|&atom| {
                let of_active = order[..active].iter().map(|&other| gram.row(atom)[other]);
                products[atom] - of_active.zip(&solution).map(|(gram, value)| gram * value).sum::<f64>()
            })
            .collect();
    }
    let mut coefficients = vec![0.0; atoms];
    for (atom, value) in order.into_iter().zip(solution) {
        coefficients[atom] = value;
    }
    coefficients
}
