//! `sklearn.linear_model._omp._gram_omp`.

use super::{DEPENDENT_ATOMS, EQUAL_ATOMS, Lower, Product, error_of_sum, is_decided, largest};
use crate::value::{Matrix, Precision};

/// Orthogonal matching pursuit: at most `count` atoms, each time the one whose product with what is left is greatest. A
/// `count` of at least 1 and at most as many as there are atoms.
///
/// # Errors
/// When rounding errors decide which atom is taken.
pub fn orthogonal_matching_pursuit(
    gram: &Matrix<'_, f64>,
    products: &[Product],
    count: usize,
    gram_precision: Precision,
) -> Result<Vec<f64>, &'static str> {
    let atoms = products.len();
    let least = gram_precision.epsilon();
    let mut order: Vec<usize> = (0..atoms).collect();
    let mut left = products.to_vec();
    let mut lower = Lower::new(count, gram_precision);
    let (mut solution, mut active) = (Vec::new(), 0);
    // The smallest share of an atom that does not depend on those before: what errors are divided by.
    let mut independence = 1.0_f64;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    while active < count {
        let best = largest(&left, f64::abs);
        // The same atom twice, or one whose product is next to nothing.
        if best < active || best >= atoms || left[best].value * left[best].value < least {
            break;
        }
        if !is_decided(&left, best, f64::abs) {
            return Err(EQUAL_ATOMS);
        }
        let own = gram.row(order[best])[order[best]];
        let mut row: Vec<f64> = order[..active].iter().map(|&other| gram.row(order[best])[other]).collect();
        lower.solve(&mut row);
        let rest = own - dot(&row, &row);
        let error = error_of_sum(active, gram_precision) / independence;
        if active > 0 && (rest - least).abs() <= error * own {
            return Err(DEPENDENT_ATOMS);
        }
        if active > 0 && rest <= least {
            break;
        }
        independence = independence.min(rest / own);
        for (column, value) in row.iter().enumerate() {
            lower.set(active, column, *value);
        }
        lower.set(active, active, rest.sqrt());
        order.swap(active, best);
        active += 1;
        let known: Vec<f64> = order[..active].iter().map(|&atom| products[atom].value).collect();
        solution = lower.solve_both(&known);
        let of_known = order[..active].iter().map(|&atom| products[atom].error).fold(0.0, f64::max);
        left = order
            .iter()
            .map(|&atom| {
                let Product { value, error } = products[atom];
                let of_active = || order[..active].iter().map(|&other| gram.row(atom)[other]).zip(&solution);
                let value = value - of_active().map(|(gram, value)| gram * value).sum::<f64>();
                let terms: f64 = of_active().map(|(gram, value)| (gram * value).abs()).sum();
                let of_terms = match terms == 0.0 {
                    true => 0.0,
                    false => (of_known + error_of_sum(active, gram_precision) * terms) / independence,
                };
                Product { value, error: error + of_terms }
            })
            .collect();
    }
    let mut coefficients = vec![0.0; atoms];
    for (atom, value) in order.into_iter().zip(solution) {
        coefficients[atom] = value;
    }
    Ok(coefficients)
}
