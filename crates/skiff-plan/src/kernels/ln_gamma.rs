//! The logarithm of the gamma function, C's `lgamma`, of positive numbers.

/// From here on the asymptotic series is exact to the last places.
const SERIES_FROM: f64 = 10.0;

/// ln Γ(x) for x > 0; NaN elsewhere, where no model asks.
pub fn ln_gamma(x: f64) -> f64 {
    // Bernoulli's numbers: B₂ / (1·2), B₄ / (3·4), …
    const TERMS: [f64; 7] =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut product) = (x, 1.0);
    while x < SERIES_FROM {
        product *= x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * z + term) / x;
    ((x - 0.5) * x.ln() - x) + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - f64::ln(product)
}

#[cfg(test)]
mod tests {
    use super::ln_gamma;

    #[test]
    fn values_are_cs() {
        for (x, expected) in [
            (0.5, 0.572_364_942_924_700_1),
            (1.0, 0.0),
            (1.5, -0.120_782_237_635_245_43),
            (2.0, 0.0),
            (3.5, 1.200_973_602_347_073_8),
            (7.0, 6.579_251_212_010_101),
            (50.5, 146.519_255_490_720_6),
            (1000.0, 5_905.220_423_209_181),
        ] {
            let found = ln_gamma(x);
            assert!((found - expected).abs() <= 2e-14 * f64::abs(expected).max(1.0), "{x}: {found}");
        }
    }
}
