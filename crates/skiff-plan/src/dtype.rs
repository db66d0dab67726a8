//! The dtypes that numbers have in scikit-learn, whatever they are stored as.

/// 2³¹.
const TWO_31: f64 = 2_147_483_648.0;
/// 2⁶³.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// The dtype that a float block has in scikit-learn. Numbers are stored as `f64` either way; a `float32` block has only
/// values that `float32` can represent, and operators that compute one round ([`Precision::round`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `float32`.
    Single,
    /// `float64`.
    Double,
}

/// The dtype that an integer block has in scikit-learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `bool`: 0 and 1.
    Bool,
    /// `int64`, `uint8`, …: the size in bytes and the sign.
    Int {
        /// 1, 2, 4 or 8.
        bytes: u8,
        /// False for unsigned integers.
        signed: bool,
    },
}

impl IntKind {
    /// `int64`.
    pub const I64: Self = Self::Int { bytes: 8, signed: true };

    /// `value` as an element of this dtype: what is too large wraps round, as numpy's arithmetic does.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wrapping is the purpose")]
    pub fn wrap(self, value: i64) -> i64 {
        match self {
            Self::Bool => i64::from(value != 0),
            Self::Int { bytes: 1, signed: true } => i64::from(value as i8),
            Self::Int { bytes: 2, signed: true } => i64::from(value as i16),
            Self::Int { bytes: 4, signed: true } => i64::from(value as i32),
            Self::Int { bytes: 1, signed: false } => i64::from(value as u8),
            Self::Int { bytes: 2, signed: false } => i64::from(value as u16),
            Self::Int { bytes: 4, signed: false } => i64::from(value as u32),
            Self::Int { .. } => value,
        }
    }

    /// `value` as an element of this dtype, like [`Self::wrap`], and that as `float64`.
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "numpy's astype(float64) rounds as well")]
    pub fn to_f64(self, value: i64) -> f64 {
        match self {
            Self::Int { bytes: 8, signed: false } => value as u64 as f64,
            kind => kind.wrap(value) as f64,
        }
    }

    /// `value` as numpy stores it in an array of this dtype: cut to an integer, and beyond the dtype what x86-64's
    /// conversions make of it (C leaves that open).
    #[expect(clippy::cast_possible_truncation, reason = "within the range, or compared with it")]
    pub fn cast(self, value: f64) -> i64 {
        let narrow = |value: f64| match value.trunc() {
            whole if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&whole) => whole as i64,
            _ => i64::from(i32::MIN),
        };
        let wide = |value: f64| if (-TWO_63..TWO_63).contains(&value) { value as i64 } else { i64::MIN };
        match self {
            Self::Bool => i64::from(value != 0.0),
            Self::Int { bytes: 1 | 2, .. } | Self::Int { bytes: 4, signed: true } => self.wrap(narrow(value)),
            Self::Int { bytes: 4, signed: false } if value >= TWO_31 => {
                self.wrap(narrow(value - TWO_31) ^ i64::from(i32::MIN))
            }
            Self::Int { bytes: 4, signed: false } => self.wrap(narrow(value)),
            Self::Int { bytes: 8, signed: false } if value >= TWO_63 => wide(value - TWO_63) ^ i64::MIN,
            Self::Int { .. } => self.wrap(wide(value)),
        }
    }

    /// The narrowest of `float32` and `float64` that numpy promotes it to with a `float32`: bool and integers of up to
    /// 16 bits become `float32`.
    pub fn to_float(self) -> Precision {
        match self {
            Self::Bool | Self::Int { bytes: 1 | 2, .. } => Precision::Single,
            Self::Int { .. } => Precision::Double,
        }
    }
}

/// The dtype in scikit-learn of numbers that are stored as `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// A float dtype.
    Float(Precision),
    /// An integer dtype or bool (sparse counts and indicators, all exact in an `f64`).
    Int(IntKind),
}

impl Precision {
    /// `value` as an element of this dtype.
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::Double => value,
            #[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the purpose")]
            Self::Single => f64::from(value as f32),
        }
    }

    /// `np.finfo(dtype).eps`.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::Double => f64::EPSILON,
            Self::Single => f64::from(f32::EPSILON),
        }
    }

    /// numpy's dtype of the result of an operation on two arrays of these dtypes.
    pub fn promote(self, other: Self) -> Self {
        if self == Self::Single && other == Self::Single { Self::Single } else { Self::Double }
    }
}

impl NumberType {
    /// `value`, which is whole where this is an integer dtype, as an element of it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "sparse integers are held as f64")]
    pub fn wrap(self, value: f64) -> f64 {
        match self {
            Self::Float(precision) => precision.round(value),
            Self::Int(kind) => kind.wrap(value as i64) as f64,
        }
    }

    /// `value` as an element of this dtype; integers are left alone, since nothing here makes fractions of them.
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::Float(precision) => precision.round(value),
            Self::Int(_) => value,
        }
    }
}
