//! `scipy.special.gammaln`, as Cephes has it.

const LOG_OF_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The logarithm of the absolute value of the gamma function.
pub fn gammaln(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::INFINITY;
    }
    if x < -34.0 {
        return reflected(-x);
    }
    if x < 13.0 {
        return small(x);
    }
    if x > 2.556_348e305 {
        return f64::INFINITY;
    }
    let stirling = (x - 0.5) * x.ln() - x + LOG_OF_ROOT_TWO_PI;
    if x > 1e8 {
        return stirling;
    }
    let p = 1.0 / (x * x);
    let series = if x >= 1000.0 {
        (7.936_507_936_507_937e-4 * p - 2.777_777_777_777_778e-3) * p + 0.083_333_333_333_333_33
    } else {
        polynomial(
            p,
            &[
                8.116_141_674_705_085e-4,
                -5.950_619_042_843_014e-4,
                7.936_503_404_577_169e-4,
                -2.777_777_777_300_997e-3,
                8.333_333_333_333_319e-2,
            ],
        )
    };
    stirling + series / x
}

/// Left of -34, by the gamma function of `q`, which is `-x`.
fn reflected(q: f64) -> f64 {
    const LOG_PI: f64 = 1.144_729_885_849_400_2;
    let whole = q.floor();
    if whole == q {
        return f64::INFINITY;
    }
    let fraction = if q - whole > 0.5 { whole + 1.0 - q } else { q - whole };
    let z = q * (std::f64::consts::PI * fraction).sin();
    if z == 0.0 { f64::INFINITY } else { LOG_PI - z.ln() - gammaln(q) }
}

/// Below 13: what lies between 2 and 3, and the factors that lead there.
fn small(x: f64) -> f64 {
    let (mut z, mut p, mut u) = (1.0, 0.0, x);
    while u >= 3.0 {
        p -= 1.0;
        u = x + p;
        z *= u;
    }
    while u < 2.0 {
        if u == 0.0 {
            return f64::INFINITY;
        }
        z /= u;
        p += 1.0;
        u = x + p;
    }
    let z = z.abs();
    if u == 2.0 {
        return z.ln();
    }
    let x = x + (p - 2.0);
    let above = polynomial(
        x,
        &[
            -1_378.251_525_691_208_6,
            -38_801.631_513_463_784,
            -331_612.992_738_871_2,
            -1_162_370.974_927_623,
            -1_721_737.008_208_396_6,
            -853_555.664_245_765_5,
        ],
    );
    let below = polynomial(
        x,
        &[
            1.0,
            -351.815_701_436_523_5,
            -17_064.210_665_188_116,
            -220_528.590_553_854_45,
            -1_139_334.443_679_825_2,
            -2_532_523.071_775_829_4,
            -2_018_891.414_335_327_7,
        ],
    );
    z.ln() + x * above / below
}

/// The polynomial with these coefficients, that of the highest power first.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::gammaln;

    #[test]
    fn values_are_scipys() {
        for (x, expected) in [
            (0.5, 0.572_364_942_924_700_1),
            (1.0, 0.0),
            (2.5, 0.284_682_870_472_919_2),
            (10.25, 13.368_023_671_476_046),
            (30.0, 71.257_038_967_168_01),
            (-2.5, -0.056_243_716_497_674_05),
            (-40.3, -110.075_481_007_337_76),
            (1e5, 1_051_287.708_973_656_9),
        ] {
            let found = gammaln(x);
            assert!((found - expected).abs() <= 1e-14 * expected.abs().max(1.0), "{x}: {found}");
        }
        assert_eq!(gammaln(-3.0), f64::INFINITY);
        assert!(gammaln(f64::NAN).is_nan());
    }
}
