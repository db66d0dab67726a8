//! `np.add.reduce` over contiguous numbers: numpy's pairwise summation, addition by addition.

use crate::value::Precision;

/// How many numbers numpy adds with eight running sums before it halves.
const BLOCK: usize = 128;

/// The sum of `values` in numpy's order (`pairwise_sum` of `loops_utils.h`), so that it has numpy's bits.
pub fn pairwise_sum(values: &[f64]) -> f64 {
    let count = values.len();
    if count < 8 {
        return values.iter().fold(-0.0, |sum, value| sum + value) + 0.0;
    }
    if count <= BLOCK {
        let (eights, rest) = values.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for (index, eight) in eights.iter().enumerate() {
            for (sum, value) in sums.iter_mut().zip(eight) {
                *sum = if index == 0 { *value } else { *sum + value };
            }
        }
        let whole = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        return rest.iter().fold(whole, |sum, value| sum + value);
    }
    // Each half is a multiple of eight, but for the last; the depth is the logarithm of the length.
    let half = count / 2 / 8 * 8;
    let (first, second) = values.split_at(half);
    pairwise_sum(first) + pairwise_sum(second)
}

/// The same in the dtype of the numbers: of `float32` every addition is rounded.
pub fn pairwise_sum_in(values: &[f64], precision: Precision) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a `float32` block holds only what a `float32` can hold")]
    match precision {
        Precision::Double => pairwise_sum(values),
        Precision::Single => {
            f64::from(pairwise_sum_of_single(&values.iter().map(|&value| value as f32).collect::<Vec<_>>()))
        }
    }
}

fn pairwise_sum_of_single(values: &[f32]) -> f32 {
    let count = values.len();
    if count < 8 {
        return values.iter().fold(-0.0, |sum, value| sum + value) + 0.0;
    }
    if count > BLOCK {
        let (first, second) = values.split_at(count / 2 / 8 * 8);
        return pairwise_sum_of_single(first) + pairwise_sum_of_single(second);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (index, eight) in eights.iter().enumerate() {
        for (sum, value) in sums.iter_mut().zip(eight) {
            *sum = if index == 0 { *value } else { *sum + value };
        }
    }
    let whole = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    rest.iter().fold(whole, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::pairwise_sum;

    #[test]
    fn sums_are_numpys() {
        // `np.add.reduce(1 / np.arange(1.0, n + 1))` of numpy 2.
        for (count, bits) in [(7, HARMONIC_7), (9, HARMONIC_9), (300, HARMONIC_300)] {
            let values: Vec<f64> = (1..=count).map(|index| 1.0 / f64::from(index)).collect();
            assert_eq!(pairwise_sum(&values).to_bits(), bits, "{count}");
        }
        assert_eq!(pairwise_sum(&[]).to_bits(), 0);
    }

    const HARMONIC_7: u64 = 0x4004_be2b_e2be_2be2;
    const HARMONIC_9: u64 = 0x4006_a1ba_1ba1_ba1b;
    const HARMONIC_300: u64 = 0x4019_2172_a3e6_965a;
}
