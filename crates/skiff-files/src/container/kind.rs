//! The types of numbers in tensors.

use std::ops::RangeInclusive;

use crate::{DType, Endian};

/// A safetensors dtype that holds single numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    F16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

/// Each kind, its name in safetensors, and its bytes.
const KINDS: [(Kind, &str, usize); 12] = [
    (Kind::Bool, "BOOL", 1),
    (Kind::U8, "U8", 1),
    (Kind::I8, "I8", 1),
    (Kind::U16, "U16", 2),
    (Kind::I16, "I16", 2),
    (Kind::F16, "F16", 2),
    (Kind::U32, "U32", 4),
    (Kind::I32, "I32", 4),
    (Kind::F32, "F32", 4),
    (Kind::U64, "U64", 8),
    (Kind::I64, "I64", 8),
    (Kind::F64, "F64", 8),
];

impl Kind {
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    pub fn size(self) -> usize {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or(1, |(_, _, size)| *size)
    }

    pub fn parse(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    /// What an array's elements are, when they are single numbers in little-endian order.
    pub fn of(dtype: &DType) -> Option<Self> {
        let little = |size: usize, endian: &Endian| size == 1 || *endian == Endian::Little;
        Some(match dtype {
            DType::Bool => Self::Bool,
            DType::Int { size, endian } if little(*size, endian) => match size {
                1 => Self::I8,
                2 => Self::I16,
                4 => Self::I32,
                _ => Self::I64,
            },
            DType::UInt { size, endian } if little(*size, endian) => match size {
                1 => Self::U8,
                2 => Self::U16,
                4 => Self::U32,
                _ => Self::U64,
            },
            DType::Float { size: 2, endian: Endian::Little } => Self::F16,
            DType::Float { size: 4, endian: Endian::Little } => Self::F32,
            DType::Float { size: 8, endian: Endian::Little } => Self::F64,
            DType::DateTime { endian: Endian::Little, .. } | DType::TimeDelta { endian: Endian::Little, .. } => {
                Self::I64
            }
            _ => return None,
        })
    }

    /// The kinds in which numbers of this one may be stored, the smallest first.
    pub fn narrower(self) -> &'static [Self] {
        match self {
            Self::U64 => &[Self::U8, Self::U16, Self::U32],
            Self::U32 => &[Self::U8, Self::U16],
            Self::U16 => &[Self::U8],
            Self::I64 => &[Self::U8, Self::I8, Self::U16, Self::I16, Self::U32, Self::I32],
            Self::I32 => &[Self::U8, Self::I8, Self::U16, Self::I16],
            Self::I16 => &[Self::U8, Self::I8],
            Self::F64 => &[Self::U8, Self::I8, Self::U16, Self::I16, Self::U32, Self::I32, Self::F32],
            Self::F32 => &[Self::U8, Self::I8, Self::U16, Self::I16],
            Self::Bool | Self::U8 | Self::I8 | Self::F16 => &[],
        }
    }

    /// The integers that an integer of this kind can be; `None` for other kinds, and where it is not needed.
    pub fn range(self) -> Option<RangeInclusive<i64>> {
        Some(match self {
            Self::U8 => 0..=u8::MAX.into(),
            Self::I8 => i8::MIN.into()..=i8::MAX.into(),
            Self::U16 => 0..=u16::MAX.into(),
            Self::I16 => i16::MIN.into()..=i16::MAX.into(),
            Self::U32 => 0..=u32::MAX.into(),
            Self::I32 => i32::MIN.into()..=i32::MAX.into(),
            _ => return None,
        })
    }

    /// The least and the greatest of numbers of this kind, if all of them are integers, and none is a negative zero.
    pub fn whole_range(self, numbers: &[u64]) -> Option<(i64, i64)> {
        let mut range = (i64::MAX, i64::MIN);
        let mut meet = |value: i64| range = (range.0.min(value), range.1.max(value));
        match self {
            Self::F64 => {
                for &bits in numbers {
                    let value = whole(f64::from_bits(bits));
                    // Numbers that an `i64` rounds, or a float does, are too large to matter here.
                    if real(value).to_bits() != bits {
                        return None;
                    }
                    meet(value);
                }
            }
            Self::F32 => {
                for &bits in numbers {
                    let float = f32::from_bits(u32::try_from(bits).ok()?);
                    let value = whole(float.into());
                    if real(value).to_bits() != f64::from(float).to_bits() {
                        return None;
                    }
                    meet(value);
                }
            }
            Self::F16 | Self::Bool => return None,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => numbers.iter().for_each(|&bits| meet(self.signed(bits))),
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => {
                numbers.iter().for_each(|&bits| meet(i64::try_from(bits).unwrap_or(i64::MAX)));
            }
        }
        Some(range)
    }

    /// The bits of a number stored as `self`, as those of a `to`: the same number. `None` for pairs that
    /// [`Kind::narrower`] does not list.
    pub fn widen(self, bits: u64, to: Self) -> Option<u64> {
        if self == to {
            return Some(bits);
        }
        if !to.narrower().contains(&self) {
            return None;
        }
        Some(match to {
            Self::F64 if self == Self::F32 => f64::from(f32::from_bits(u32::try_from(bits).ok()?)).to_bits(),
            Self::F64 => match self {
                Self::I8 | Self::I16 | Self::I32 => f64::from(i32::try_from(self.signed(bits)).ok()?).to_bits(),
                _ => f64::from(u32::try_from(bits).ok()?).to_bits(),
            },
            Self::F32 => {
                f32::from(i16::try_from(self.signed(bits)).ok().map_or_else(
                    || u16::try_from(bits).map(Narrow::Unsigned).ok(),
                    |value| Some(Narrow::Signed(value)),
                )?)
                .to_bits()
                .into()
            }
            // Sign-extended, and cut off to the size.
            _ => self.signed(bits).cast_unsigned() & mask(to.size()),
        })
    }

    /// The bits of a number as those of the narrower `to`; [`Kind::widen`] shows whether it is the same number.
    pub fn narrow(self, bits: u64, to: Self) -> u64 {
        let value = match self {
            Self::F64 if to == Self::F32 => return u64::from(rounded(f64::from_bits(bits)).to_bits()),
            Self::F64 => whole(f64::from_bits(bits)),
            Self::F32 => whole(f32::from_bits(u32::try_from(bits).unwrap_or_default()).into()),
            _ => bits.cast_signed(),
        };
        value.cast_unsigned() & mask(to.size())
    }

    /// The bits of an integer of this kind.
    pub fn cut(self, value: i64) -> u64 {
        value.cast_unsigned() & mask(self.size())
    }

    /// An integer of this kind, sign-extended where it has a sign.
    pub fn signed(self, bits: u64) -> i64 {
        match self {
            Self::I8 | Self::I16 | Self::I32 => {
                let unused = 64 - 8 * u32::try_from(self.size()).unwrap_or(8);
                bits.wrapping_shl(unused).cast_signed().wrapping_shr(unused)
            }
            _ => bits.cast_signed(),
        }
    }
}

/// An integer of at most 16 bits.
enum Narrow {
    Signed(i16),
    Unsigned(u16),
}

impl From<Narrow> for f32 {
    fn from(value: Narrow) -> Self {
        match value {
            Narrow::Signed(value) => value.into(),
            Narrow::Unsigned(value) => value.into(),
        }
    }
}

fn mask(size: usize) -> u64 {
    match size {
        1 => 0xff,
        2 => 0xffff,
        4 => 0xffff_ffff,
        _ => u64::MAX,
    }
}

#[expect(clippy::as_conversions, reason = "rounds; callers compare with the original")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn rounded(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::as_conversions, reason = "saturates; callers compare with the original")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[expect(clippy::as_conversions, reason = "rounds; callers compare with the original")]
#[expect(clippy::cast_precision_loss, reason = "as above")]
fn real(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_widens_is_what_was_narrowed() {
        let values =
            [0.0, -0.0, 1.0, -1.0, 127.0, 128.0, -129.0, 65_535.0, 65_536.0, 4e9, -3e9, 0.5, 0.1, 1e300, f64::NAN];
        let fits =
            |value: f64, to: Kind| to.widen(Kind::F64.narrow(value.to_bits(), to), Kind::F64) == Some(value.to_bits());
        let fitting = |to: Kind| values.into_iter().filter(|&value| fits(value, to)).collect::<Vec<_>>();
        assert_eq!(fitting(Kind::U8), [0.0, 1.0, 127.0, 128.0]);
        assert_eq!(fitting(Kind::I8), [0.0, 1.0, -1.0, 127.0]);
        assert_eq!(fitting(Kind::I16), [0.0, 1.0, -1.0, 127.0, 128.0, -129.0]);
        assert_eq!(fitting(Kind::U32), [0.0, 1.0, 127.0, 128.0, 65_535.0, 65_536.0, 4e9]);
        assert!(fits(-0.0, Kind::F32) && fits(0.5, Kind::F32) && !fits(0.1, Kind::F32) && !fits(1e300, Kind::F32));
        assert!(!fits(-0.0, Kind::U8) && !fits(-0.0, Kind::I32));
        for value in [-128_i64, -1, 0, 255, 65_535, -32_768, i64::MIN] {
            for to in Kind::I64.narrower() {
                let back = to.widen(Kind::I64.narrow(value.cast_unsigned(), *to), Kind::I64);
                let fits = match to {
                    Kind::U8 => u8::try_from(value).is_ok(),
                    Kind::I8 => i8::try_from(value).is_ok(),
                    Kind::U16 => u16::try_from(value).is_ok(),
                    Kind::I16 => i16::try_from(value).is_ok(),
                    Kind::U32 => u32::try_from(value).is_ok(),
                    _ => i32::try_from(value).is_ok(),
                };
                assert_eq!(back == Some(value.cast_unsigned()), fits, "{value} {to:?}");
            }
        }
        let minus = Kind::F32.narrow((-5.0_f32).to_bits().into(), Kind::I8);
        assert_eq!(Kind::I8.widen(minus, Kind::F32), Some((-5.0_f32).to_bits().into()));
        assert_eq!(Kind::U16.widen(40_000, Kind::F32), Some(40_000.0_f32.to_bits().into()));
        assert_eq!(Kind::F32.widen(0, Kind::I64), None);
    }
}
