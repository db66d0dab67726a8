//! `scipy.special.digamma`, the logarithmic derivative of the gamma function, of positive numbers.

/// From here on the asymptotic series is accurate to the last bits.
const SERIES_FROM: f64 = 10.0;

/// ψ(x) for x > 0; NaN elsewhere, which no model uses.
pub fn digamma(x: f64) -> f64 {
    // Bernoulli's numbers over their indices: B₂/2, B₄/4, …
    const TERMS: [f64; 7] =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut below) = (x, 0.0);
    while x < SERIES_FROM {
        below += 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * z);
    x.ln() - 0.5 / x - series - below
}

#[cfg(test)]
mod tests {
    use super::digamma;

    #[test]
    fn values_are_scipys() {
        for (x, expected) in [
            (0.001, -1_000.575_571_931_810_3),
            (0.5, -1.963_510_026_021_423_5),
            (1.0, -0.577_215_664_901_532_9),
            (2.5, 0.703_156_640_645_243_2),
            (7.25, 1.910_453_526_883_736_2),
            (1e6, 13.815_510_057_964_19),
        ] {
            let found = digamma(x);
            assert!((found - expected).abs() <= 1e-12 * f64::abs(expected), "{x}: {found}");
        }
    }
}
