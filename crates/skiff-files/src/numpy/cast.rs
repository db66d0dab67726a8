//! Conversions between numbers, rounded as by numpy's `astype`.
#![expect(clippy::as_conversions, reason = "rounding to the nearest is what `as` does here, and what numpy does")]

/// A number that any of numpy's real dtypes can become.
pub(crate) trait Real: Copy {
    fn from_i64(value: i64) -> Self;
    fn from_u64(value: u64) -> Self;
    fn from_f32(value: f32) -> Self;
    fn from_f64(value: f64) -> Self;
}

impl Real for f64 {
    fn from_i64(value: i64) -> Self {
        value as f64
    }
    fn from_u64(value: u64) -> Self {
        value as f64
    }
    fn from_f32(value: f32) -> Self {
        f64::from(value)
    }
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Real for f32 {
    // Not through f64, which would round twice.
    fn from_i64(value: i64) -> Self {
        value as f32
    }
    fn from_u64(value: u64) -> Self {
        value as f32
    }
    fn from_f32(value: f32) -> Self {
        value
    }
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

/// The nearest f64.
pub(crate) fn to_f64(value: i64) -> f64 {
    f64::from_i64(value)
}

/// IEEE's binary16, exactly.
pub(crate) fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // A subnormal: a multiple of 2⁻²⁴, which f32 represents exactly.
        0 => f32::from_bits(sign | (fraction as f32 * 2.0_f32.powi(-24)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// x87's ten bytes, rounded to the nearest f64, ties to even. `None` for what no x87 writes: `longdouble` has sixteen
/// bytes on other machines too, where they mean something else.
pub(crate) fn extended(bytes: [u8; 10]) -> Option<f64> {
    let [m0, m1, m2, m3, m4, m5, m6, m7, e0, e1] = bytes;
    let mantissa = u64::from_le_bytes([m0, m1, m2, m3, m4, m5, m6, m7]);
    let exponent = i32::from(u16::from_le_bytes([e0, e1]) & 0x7fff);
    let sign = if e1 & 0x80 == 0 { 1.0 } else { -1.0 };
    let integer_bit = mantissa >> 63 == 1;
    let magnitude = match exponent {
        0x7fff if !integer_bit => return None,
        0x7fff if mantissa << 1 == 0 => f64::INFINITY,
        0x7fff => f64::NAN,
        // Below 2⁻¹⁶³⁸², far below f64's least.
        0 => 0.0,
        _ if !integer_bit => return None,
        _ => scaled(mantissa, exponent - 16_383 - 63),
    };
    Some(magnitude * sign)
}

/// `mantissa` × 2^`power`, rounded once. The mantissa's highest bit is set.
fn scaled(mantissa: u64, power: i32) -> f64 {
    // The highest bit has the weight 2^(power + 63); f64 keeps 53 bits, but none below 2⁻¹⁰⁷⁴.
    let dropped = (-1_074 - power).max(11);
    if dropped > 64 {
        return 0.0;
    }
    let wide = u128::from(mantissa);
    let kept = wide >> dropped;
    let rest = wide & ((1 << dropped) - 1);
    let tie = 1 << (dropped - 1);
    let up = rest > tie || rest == tie && kept & 1 == 1;
    // At most 2⁵³, so exact.
    let kept = (kept + u128::from(up)) as f64;
    let power = power + dropped;
    if power > 971 {
        return f64::INFINITY;
    }
    // In two steps, since 2^power alone may be below f64's least normal; each is exact.
    let half = power / 2;
    kept * 2.0_f64.powi(half) * 2.0_f64.powi(power - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x0001, 2.0_f32.powi(-24)), (0x7c00, f32::INFINITY)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
    }

    #[test]
    fn extended_rounds_to_nearest() {
        let of = |mantissa: u64, exponent: u16| {
            let mut bytes = [0; 10];
            bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
            bytes[8..].copy_from_slice(&exponent.to_le_bytes());
            extended(bytes)
        };
        assert_eq!(of(1 << 63, 16_383), Some(1.0));
        assert_eq!(of(0xcccc_cccc_cccc_cccd, 16_379), Some(0.1));
        assert_eq!(of(1 << 63, 16_383 - 1_074), Some(f64::from_bits(1)));
        assert_eq!(of(u64::MAX, 16_383 + 1_023), Some(f64::INFINITY));
        assert_eq!(of(u64::MAX << 11, 16_383 + 1_023), Some(f64::MAX));
        assert_eq!(of(0, 0), Some(0.0));
        assert_eq!(of(1, 16_383), None);
    }
}
