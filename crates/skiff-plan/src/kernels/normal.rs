//! The normal distribution: `scipy.special.erf`, `ndtr` and `ndtri`.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// The numerator and the denominator of the error function over `x`, in `x²`, for `x` within 1 of zero.
pub const ERF: (&[f64], &[f64]) = (
    &[
        9.604_973_739_870_516,
        90.026_019_720_384_27,
        2_232.005_345_946_843,
        7_003.325_141_128_051,
        55_592.301_301_039_49,
    ],
    &[
        1.0,
        33.561_714_164_750_31,
        521.357_949_780_152_7,
        4_594.323_829_709_801,
        22_629.000_061_389_095,
        49_267.394_260_863_59,
    ],
);

/// Those of `erfc(x) exp(x²)`, in `x`, from 1 to 8.
pub const ERFC_NEAR: (&[f64], &[f64]) = (
    &[
        2.461_969_814_735_305e-10,
        0.564_189_564_831_068_9,
        7.463_210_564_422_699,
        48.637_197_098_568_14,
        196.520_832_956_077_1,
        526.445_194_995_477_3,
        934.528_527_171_957_6,
        1_027.551_886_895_157_2,
        557.535_335_369_399_4,
    ],
    &[
        1.0,
        13.228_195_115_474_499,
        86.707_214_088_598_97,
        354.937_778_887_819_9,
        975.708_501_743_205_5,
        1_823.909_166_879_097_3,
        2_246.337_608_187_109_7,
        1_656.663_091_941_613_4,
        557.535_340_817_727_7,
    ],
);

/// Those from 8 on.
pub const ERFC_FAR: (&[f64], &[f64]) = (
    &[
        0.564_189_583_547_755_1,
        1.275_366_707_599_781,
        5.019_050_422_511_805,
        6.160_210_979_930_536,
        7.409_742_699_504_489_5,
        2.978_866_653_721_002_2,
    ],
    &[
        1.0,
        2.260_528_632_201_172_6,
        9.396_035_249_380_015,
        12.048_953_980_809_666,
        17.081_445_074_756_59,
        9.608_968_090_632_859,
        3.369_076_451_000_815,
    ],
);

/// `p[0] xⁿ + … + p[n]`.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The error function, by the rational approximations of Cephes, which scipy uses.
pub fn erf(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return 1.0 - erfc(x);
    }
    let z = x * x;
    x * polynomial(z, ERF.0) / polynomial(z, ERF.1)
}

/// `1 - erf(x)`, without the loss of digits for large `x`.
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let size = x.abs();
    if size < 1.0 {
        return 1.0 - erf(x);
    }
    let scale = (-x * x).exp();
    let ratio = if size < 8.0 {
        polynomial(size, ERFC_NEAR.0) / polynomial(size, ERFC_NEAR.1)
    } else {
        polynomial(size, ERFC_FAR.0) / polynomial(size, ERFC_FAR.1)
    };
    // Where the exponential is 0, so is the product.
    let tail = if scale == 0.0 { 0.0 } else { scale * ratio };
    if x < 0.0 { 2.0 - tail } else { tail }
}

/// The probability that a standard normal number is not above `x`.
pub fn ndtr(x: f64) -> f64 {
    let scaled = x * FRAC_1_SQRT_2;
    if scaled.abs() < FRAC_1_SQRT_2 {
        return 0.5 + 0.5 * erf(scaled);
    }
    let tail = 0.5 * erfc(scaled.abs());
    if scaled > 0.0 { 1.0 - tail } else { tail }
}

/// The number that a standard normal one is not above with probability `p`; infinite at 0 and 1, NaN beyond.
pub fn ndtri(p: f64) -> f64 {
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if !(0.0..1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        return -ndtri(1.0 - p);
    }
    // Abramowitz and Stegun's 26.2.22, and Halley's steps, each of which triples the digits.
    let t = (-2.0 * p.ln()).sqrt();
    let mut x = (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + t * 0.04481)) - t;
    for _ in 0..4 {
        let step = (ndtr(x) - p) * SQRT_2 * PI.sqrt() * (x * x / 2.0).exp();
        x -= step / (1.0 + x * step / 2.0);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-14 * expected.abs()
    }

    #[test]
    fn values_are_scipys() {
        for (x, expected) in [
            (0.3, 0.328_626_759_459_127_4),
            (1.5, 0.966_105_146_475_310_8),
            (-2.5, -0.999_593_047_982_555),
            (4.0, 0.999_999_984_582_742_1),
        ] {
            assert!(close(erf(x), expected), "erf({x}) = {}", erf(x));
        }
        for (x, expected) in [
            (-8.0, 6.220_960_574_271_74e-16),
            (-1.2, 0.115_069_670_221_708_22),
            (0.4, 0.655_421_741_610_324_2),
            (3.0, 0.998_650_101_968_369_9),
        ] {
            assert!(close(ndtr(x), expected), "ndtr({x}) = {}", ndtr(x));
        }
        for (p, expected) in [
            (1e-7, -5.199_337_582_192_816_5),
            (0.01, -2.326_347_874_040_840_8),
            (0.4999, -0.000_250_662_830_088_007_5),
            (0.75, 0.674_489_750_196_081_7),
            (1.0 - 1e-7, 5.199_337_582_290_661),
        ] {
            assert!((ndtri(p) - expected).abs() < 1e-12, "ndtri({p}) = {}", ndtri(p));
        }
        assert!(ndtri(1.5).is_nan() && ndtri(f64::NAN).is_nan());
        assert!(ndtr(f64::NEG_INFINITY) == 0.0 && ndtr(f64::INFINITY) == 1.0);
    }
}
