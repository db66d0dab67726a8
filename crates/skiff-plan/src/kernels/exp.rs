//! The exponential function without branches, so that whole slices of it run in SIMD registers.
//!
//! Cody and Waite's reduction `x = n·ln 2 + r`, the Taylor series of `exp(r)` to degree 13 for |r| ≤ ln 2 / 2 (what it
//! leaves out is below 2⁻⁵⁷ of the result), and `2ⁿ` as two factors, so that subnormal results are reached through
//! normal ones. The error is below one unit in the last place. Additions, multiplications and fused multiply-adds in one
//! order: every width of registers yields the same bits.

/// exp of each element, in place.
#[inline(always)]
pub(crate) fn exp_in_place(values: &mut [f64]) {
    for value in values {
        *value = exp(*value);
    }
}

/// Adding this to a float below 2⁵¹ rounds it to the nearest integer, which is then in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²

/// Beyond these the result is 0 or infinity anyway; within, `n` fits in the exponents of two floats.
const LOW: f64 = -746.0;
const HIGH: f64 = 710.0;

/// ln 2 in two parts: the first has 32 bits, so that its product with any `n` is exact (fdlibm's values).
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// `1 / k!` for k = 13 down to 2.
const TAYLOR: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];

/// exp(x): 0 below, infinity above, NaN for NaN.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Comparisons, not `max` and `min`: NaN must stay NaN.
    let x = if x < LOW { LOW } else { x };
    let x = if x > HIGH { HIGH } else { x };
    let n = x.mul_add(std::f64::consts::LOG2_E, ROUND) - ROUND;
    let high = x - n * LN2_HIGH;
    let low = n * LN2_LOW;
    let r = high - low;
    // The rounding error of `r` is added to the small terms.
    let lost = (high - r) - low;
    let mut sum = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        sum = sum.mul_add(r, *coefficient);
    }
    let fraction = 1.0 + (r + (r * r).mul_add(sum, lost));
    let half = n.mul_add(0.5, ROUND) - ROUND;
    fraction * power_of_two(half) * power_of_two(n - half)
}

/// `2ⁿ` for an integer `n` between -1022 and 1023.
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    f64::from_bits((n + 1023.0 + ROUND).to_bits() << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::arch::vectorized;

    /// The distance in units of the last place; equal infinities and NaNs are at distance 0.
    fn ulps(a: f64, b: f64) -> u64 {
        if a.is_nan() && b.is_nan() { 0 } else { a.to_bits().abs_diff(b.to_bits()) }
    }

    #[test]
    fn it_is_within_one_ulp_of_the_standard_librarys_over_the_whole_range() {
        let mut worst = 0;
        let steps = 2_000_003_u32;
        for step in 0..=steps {
            let x = -760.0 + 1480.0 * f64::from(step) / f64::from(steps);
            worst = worst.max(ulps(exp(x), x.exp()));
        }
        for step in 0..200_000_u32 {
            let x = (f64::from(step) - 100_000.0) * 1e-5;
            worst = worst.max(ulps(exp(x), x.exp()));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn the_ends_are_exact() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert_eq!(exp(709.782_712_893_384), 709.782_712_893_384_f64.exp());
        assert_eq!(exp(709.79), f64::INFINITY);
        assert!(exp(-745.1) > 0.0, "the smallest subnormal numbers are reached");
        assert_eq!(exp(-745.2), 0.0);
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(1e-320), 1.0);
    }

    #[test]
    fn a_slice_gives_the_bits_of_each_alone() {
        let numbers: Vec<f64> = (0..1003).map(|at| f64::from(at) * 0.71 - 400.0).collect();
        let mut slice = numbers.clone();
        vectorized!(exp_in_place(&mut slice));
        for (x, y) in numbers.iter().zip(slice) {
            assert_eq!(exp(*x).to_bits(), y.to_bits());
        }
    }
}
