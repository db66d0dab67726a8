//! Σx² of a row, in the orders of the libraries that scikit-learn uses for it. If distances are computed from such sums,
//! their last bits decide which of two centres or neighbours is nearer.

use super::arch::vectorized;

/// BLAS's `ddot`, as OpenBLAS has it for the processors with AVX2 (Haswell, Zen): sixteen elements at a time by fused
/// multiply-adds in sixteen sums, the rest one by one. `mul_add` is exact on every processor.
pub fn blas(row: &[f64]) -> f64 {
    let (sixteens, rest) = row.as_chunks::<16>();
    let mut sums = [0.0; 16];
    vectorized!({
        for chunk in sixteens {
            for lane in 0..16 {
                sums[lane] = chunk[lane].mul_add(chunk[lane], sums[lane]);
            }
        }
    });
    let lane = |at: usize| (sums[at] + sums[at + 4]) + (sums[at + 8] + sums[at + 12]);
    let sum = if sixteens.is_empty() { 0.0 } else { (lane(0) + lane(1)) + (lane(2) + lane(3)) };
    rest.iter().fold(sum, |sum, x| sum + x * x)
}

/// numpy's `einsum('ij,ij->i')`: two sums, of the even and of the odd indices; the last eight elements backwards.
pub fn einsum(row: &[f64]) -> f64 {
    let (eights, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 2];
    for eight in eights {
        for pair in [3, 2, 1, 0] {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let x = eight[pair * 2 + lane];
                *sum += x * x;
            }
        }
    }
    for pair in rest.chunks(2) {
        for (sum, x) in sums.iter_mut().zip(pair) {
            *sum += x * x;
        }
    }
    sums[0] + sums[1]
}

/// The same of `float32`: four sums, within sixteen elements from the back.
pub fn einsum_single(row: &[f32]) -> f32 {
    let (sixteens, rest) = row.as_chunks::<16>();
    let mut sums = [0.0; 4];
    for sixteen in sixteens {
        for four in [3, 2, 1, 0] {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let x = sixteen[four * 4 + lane];
                *sum += x * x;
            }
        }
    }
    for four in rest.chunks(4) {
        for (sum, x) in sums.iter_mut().zip(four) {
            *sum += x * x;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// The same until numpy 1.19: within eight elements from the front, and the rest from the back.
pub fn old_einsum(row: &[f64]) -> f64 {
    let (eights, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 2];
    for pair in eights.as_flattened().chunks_exact(2) {
        for (sum, x) in sums.iter_mut().zip(pair) {
            *sum += x * x;
        }
    }
    rest.iter().rev().fold(sums[0] + sums[1], |sum, x| sum + x * x)
}

/// One after the other: rows of sparse matrices.
pub fn in_order(row: &[f64]) -> f64 {
    row.iter().fold(0.0, |sum, x| sum + x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_adds_everything_once() {
        for n in [0_u32, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 100] {
            let row: Vec<f64> = (0..n).map(f64::from).collect();
            let expected: f64 = row.iter().map(|x| x * x).sum();
            for found in [blas(&row), einsum(&row), old_einsum(&row), in_order(&row)] {
                assert_eq!(found, expected, "{n}");
            }
        }
    }
}
