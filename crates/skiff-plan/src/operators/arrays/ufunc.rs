//! numpy's functions of one number, for `FunctionTransformer`.

use std::borrow::Cow;

use skiff_files::Scalar;

use crate::InputError;
use crate::kernels::digamma::digamma;
use crate::kernels::gamma::gammaln;
use crate::kernels::normal;
use crate::operator::Operator;
use crate::operators::arrays::elementwise::expit_single;
use crate::table::Column;
use crate::value::{Columns, Csr, IntKind, Matrix, NumberType, Precision, Value};

/// Applies a function of numpy's or scipy's, with numpy's rules for the dtype of the result.
#[derive(Debug)]
pub struct Ufunc {
    /// Which function.
    pub function: NumpyFunction,
}

/// A numpy or scipy function that skiff implements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumpyFunction {
    /// A ufunc of floats.
    Float(FloatFunction),
    /// `np.absolute`: integers stay integers, as with all below.
    Absolute,
    /// `np.negative`
    Negative,
    /// `np.sign`
    Sign,
    /// `np.square`
    Square,
    /// `np.reciprocal`
    Reciprocal,
    /// `np.floor`, `np.ceil`, `np.trunc`, `np.rint`.
    Whole(Rounding),
    /// `np.round(x, decimals)`
    Round {
        /// `decimals`.
        decimals: i32,
    },
    /// `np.clip(x, low, high)`
    Clip {
        /// `a_min`.
        low: f64,
        /// `a_max`.
        high: f64,
    },
    /// `np.nan_to_num(x, nan=…, posinf=…, neginf=…)`
    NanToNum {
        /// `nan`
        nan: f64,
        /// `posinf`, or the greatest number of the dtype.
        positive: Option<f64>,
        /// `neginf`, or the least number of the dtype.
        negative: Option<f64>,
    },
    /// `np.isnan`, `np.isfinite`, `np.isinf`: bools.
    Test(Test),
}

/// Rounding to a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// Towards 0.
    Trunc,
    /// To the nearest, of two the even one.
    Nearest,
}

/// A question to a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `np.isnan`
    Nan,
    /// `np.isfinite`
    Finite,
    /// `np.isinf`
    Infinite,
}

/// Whose function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// `numpy`
    Numpy,
    /// `scipy.special`
    Special,
    /// Both have it under this name.
    Both,
}

impl Package {
    fn has(self, wanted: Self) -> bool {
        self == Self::Both || self == wanted
    }
}

/// Writes the list of float functions once: the enum, its names, whose it is, whether scipy's sparse matrices have it
/// (those that leave 0 at 0), and its values.
macro_rules! float_functions {
    ($($function:ident = $($name:literal)|+, $package:ident, $sparse:literal, $value:expr;)*) => {
        /// A ufunc whose results are floats for any input.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FloatFunction {
            $(#[doc = concat!("`", $($name, "` ",)+ "`")] $function,)*
        }

        impl FloatFunction {
            fn named(package: Package, name: &str) -> Option<Self> {
                match name {
                    $($($name)|+ if Package::$package.has(package) => Some(Self::$function),)*
                    _ => None,
                }
            }

            fn at(self, x: f64) -> f64 {
                let value: fn(f64) -> f64 = match self {
                    $(Self::$function => $value,)*
                };
                value(x)
            }

            fn is_sparse(self) -> bool {
                match self {
                    $(Self::$function => $sparse,)*
                }
            }
        }
    };
}

float_functions! {
    Arccos = "arccos" | "acos", Numpy, false, f64::acos;
    Arccosh = "arccosh" | "acosh", Numpy, false, f64::acosh;
    Arcsin = "arcsin" | "asin", Numpy, true, f64::asin;
    Arcsinh = "arcsinh" | "asinh", Numpy, true, f64::asinh;
    Arctan = "arctan" | "atan", Numpy, true, f64::atan;
    Arctanh = "arctanh" | "atanh", Numpy, true, f64::atanh;
    Cbrt = "cbrt", Both, false, f64::cbrt;
    Cos = "cos", Numpy, false, f64::cos;
    Cosh = "cosh", Numpy, false, f64::cosh;
    Degrees = "degrees" | "rad2deg", Numpy, true, |x| x * (180.0 / std::f64::consts::PI);
    Digamma = "digamma" | "psi", Special, false, psi;
    Entr = "entr", Special, false, entropy;
    Erf = "erf", Special, true, normal::erf;
    Erfc = "erfc", Special, false, normal::erfc;
    Exp = "exp", Numpy, false, f64::exp;
    Exp10 = "exp10", Special, false, |x| 10_f64.powf(x);
    Exp2 = "exp2", Both, false, f64::exp2;
    Expit = "expit", Special, false, |x| 1.0 / (1.0 + (-x).exp());
    Expm1 = "expm1", Both, true, f64::exp_m1;
    Fabs = "fabs", Numpy, false, f64::abs;
    Gammaln = "gammaln", Special, false, gammaln;
    Log = "log", Numpy, false, f64::ln;
    Log10 = "log10", Numpy, false, f64::log10;
    Log1p = "log1p", Both, true, f64::ln_1p;
    Log2 = "log2", Numpy, false, f64::log2;
    LogExpit = "log_expit", Special, false, log_expit;
    Logit = "logit", Special, false, |x| (x / (1.0 - x)).ln();
    Ndtr = "ndtr", Special, false, normal::ndtr;
    Ndtri = "ndtri", Special, false, normal::ndtri;
    Radians = "radians" | "deg2rad", Numpy, true, |x| x * (std::f64::consts::PI / 180.0);
    Sin = "sin", Numpy, true, f64::sin;
    Sinc = "sinc", Numpy, false, sinc;
    Sinh = "sinh", Numpy, true, f64::sinh;
    Sqrt = "sqrt", Numpy, true, f64::sqrt;
    Tan = "tan", Numpy, true, f64::tan;
    Tanh = "tanh", Numpy, true, f64::tanh;
}

/// `scipy.special.entr`
fn entropy(x: f64) -> f64 {
    match x {
        0.0 => 0.0,
        x if x < 0.0 => f64::NEG_INFINITY,
        x => -x * x.ln(),
    }
}

/// `scipy.special.psi`, also left of 0, by reflection.
fn psi(x: f64) -> f64 {
    match x {
        0.0 => f64::INFINITY.copysign(-x),
        x if x > 0.0 || x.is_nan() => digamma(x),
        x if x.fract() == 0.0 => f64::NAN,
        x => digamma(1.0 - x) - std::f64::consts::PI / (std::f64::consts::PI * x.fract()).tan(),
    }
}

/// `scipy.special.log_expit`
fn log_expit(x: f64) -> f64 {
    if x < 0.0 { x - x.exp().ln_1p() } else { -(-x).exp().ln_1p() }
}

/// `np.sinc`, which takes the least number for 0.
fn sinc(x: f64) -> f64 {
    let y = std::f64::consts::PI * if x == 0.0 { 1e-20 } else { x };
    y.sin() / y
}

impl NumpyFunction {
    /// The function of this name; functions with arguments have numpy's defaults.
    pub fn named(package: Package, name: &str) -> Option<Self> {
        if package == Package::Special {
            return FloatFunction::named(package, name).map(Self::Float);
        }
        Some(match name {
            "absolute" | "abs" => Self::Absolute,
            "negative" => Self::Negative,
            "sign" => Self::Sign,
            "square" => Self::Square,
            "reciprocal" => Self::Reciprocal,
            "floor" => Self::Whole(Rounding::Floor),
            "ceil" => Self::Whole(Rounding::Ceil),
            "trunc" => Self::Whole(Rounding::Trunc),
            "rint" => Self::Whole(Rounding::Nearest),
            "round" | "round_" | "around" => Self::Round { decimals: 0 },
            "clip" => Self::Clip { low: f64::NEG_INFINITY, high: f64::INFINITY },
            "isnan" => Self::Test(Test::Nan),
            "isfinite" => Self::Test(Test::Finite),
            "isinf" => Self::Test(Test::Infinite),
            "nan_to_num" => Self::NanToNum { nan: 0.0, positive: None, negative: None },
            _ => Self::Float(FloatFunction::named(package, name)?),
        })
    }

    fn at(self, x: f64) -> f64 {
        match self {
            Self::Float(function) => function.at(x),
            Self::Absolute => x.abs(),
            Self::Negative => -x,
            // Unlike `f64::signum`, 0 for 0.
            Self::Sign if x == 0.0 => 0.0,
            Self::Sign => x.signum(),
            Self::Square => x * x,
            Self::Reciprocal => 1.0 / x,
            Self::Whole(Rounding::Floor) => x.floor(),
            Self::Whole(Rounding::Ceil) => x.ceil(),
            Self::Whole(Rounding::Trunc) => x.trunc(),
            Self::Whole(Rounding::Nearest) | Self::Round { decimals: 0 } => x.round_ties_even(),
            Self::Round { decimals } if decimals > 0 => {
                let power = 10_f64.powi(decimals);
                (x * power).round_ties_even() / power
            }
            Self::Round { decimals } => {
                let power = 10_f64.powi(decimals.saturating_neg());
                (x / power).round_ties_even() * power
            }
            // Not `f64::clamp`: numpy has a result if `low` is above `high`.
            Self::Clip { .. } if x.is_nan() => x,
            Self::Clip { low, high } => x.max(low).min(high),
            Self::NanToNum { nan, .. } if x.is_nan() => nan,
            Self::NanToNum { positive, .. } if x == f64::INFINITY => positive.unwrap_or(f64::MAX),
            Self::NanToNum { negative, .. } if x == f64::NEG_INFINITY => negative.unwrap_or(f64::MIN),
            Self::NanToNum { .. } => x,
            Self::Test(Test::Nan) => f64::from(x.is_nan()),
            Self::Test(Test::Finite) => f64::from(x.is_finite()),
            Self::Test(Test::Infinite) => f64::from(x.is_infinite()),
        }
    }

    /// The same, computed in a precision.
    fn at_precision(self, x: f64, precision: Precision) -> f64 {
        match (self, precision) {
            (Self::Float(FloatFunction::Expit), Precision::Single) => expit_single(x),
            _ => precision.round(self.at(x)),
        }
    }

    /// The value at an integer, where the result is one.
    fn at_int(self, x: i64) -> Option<i64> {
        match self {
            Self::Absolute => Some(x.wrapping_abs()),
            Self::Negative => Some(x.wrapping_neg()),
            Self::Sign => Some(x.signum()),
            Self::Square => Some(x.wrapping_mul(x)),
            Self::Whole(_) | Self::Round { decimals: 0.. } | Self::NanToNum { .. } => Some(x),
            Self::Test(Test::Finite) => Some(1),
            Self::Test(_) => Some(0),
            // Division by 0 yields the smallest integer, as in numpy.
            Self::Reciprocal => Some(1_i64.checked_div(x).unwrap_or(i64::MIN)),
            Self::Float(_) | Self::Round { .. } | Self::Clip { .. } => None,
        }
    }

    /// The dtype of the result for integers.
    fn int_result(self, kind: IntKind) -> Result<NumberType, InputError> {
        match (self, kind) {
            (Self::Test(_), _) => Ok(NumberType::Int(IntKind::Bool)),
            (Self::Absolute | Self::NanToNum { .. }, kind) => Ok(NumberType::Int(kind)),
            (Self::Negative | Self::Sign, IntKind::Bool) => Err(InputError::refused("bools have no sign in numpy")),
            (Self::Negative | Self::Sign | Self::Square, IntKind::Int { .. }) => Ok(NumberType::Int(kind)),
            // `np.floor`, `np.ceil` and `np.trunc` leave integers alone; `np.rint` has no integers.
            (Self::Whole(Rounding::Floor | Rounding::Ceil | Rounding::Trunc), IntKind::Int { .. }) => {
                Ok(NumberType::Int(kind))
            }
            (Self::Round { decimals: 0.. }, IntKind::Int { .. }) => Ok(NumberType::Int(kind)),
            (Self::Reciprocal, IntKind::I64) => Ok(NumberType::Int(kind)),
            // Of one byte, and of bools, numpy makes `float16`.
            (Self::Float(_) | Self::Whole(Rounding::Nearest), IntKind::Int { bytes: 4 | 8, .. }) => {
                Ok(NumberType::Float(Precision::Double))
            }
            (Self::Float(_) | Self::Whole(Rounding::Nearest), IntKind::Int { bytes: 2, .. }) => {
                Ok(NumberType::Float(Precision::Single))
            }
            _ => Err(InputError::refused(format!("{self:?} of integers of this dtype is not supported"))),
        }
    }

    fn is_sparse(self) -> bool {
        match self {
            Self::Float(function) => function.is_sparse(),
            Self::Absolute | Self::Negative | Self::Whole(_) => true,
            Self::Sign
            | Self::Round { .. }
            | Self::Square
            | Self::Reciprocal
            | Self::Clip { .. }
            | Self::NanToNum { .. }
            | Self::Test(_) => false,
        }
    }

    fn floats(self, values: &[f64], precision: Precision) -> Numbers {
        if let Self::Test(_) = self {
            return Numbers::Ints(
                values.iter().map(|&value| i64::from(self.at(value) != 0.0)).collect(),
                IntKind::Bool,
            );
        }
        let function = self.of(precision);
        Numbers::Floats(values.iter().map(|&value| function.at_precision(value, precision)).collect(), precision)
    }

    /// The same function, of numbers of this dtype.
    fn of(self, precision: Precision) -> Self {
        let most = match precision {
            Precision::Double => f64::MAX,
            Precision::Single => f64::from(f32::MAX),
        };
        match self {
            Self::NanToNum { nan, positive, negative } => Self::NanToNum {
                nan,
                positive: Some(positive.unwrap_or(most)),
                negative: Some(negative.unwrap_or(-most)),
            },
            other => other,
        }
    }

    /// The value at a Python object, which the object's own operators compute: floors are integers, and a bool is one.
    fn object(self, value: &Scalar) -> Result<Scalar, InputError> {
        let refused = || self.refused(&format!("{value} among Python objects"));
        let int = |value: Option<i64>| value.map(Scalar::Int).ok_or_else(refused);
        match (self, value) {
            (Self::Absolute, Scalar::Float(x)) => Ok(Scalar::Float(x.abs())),
            (Self::Negative, Scalar::Float(x)) => Ok(Scalar::Float(-x)),
            (Self::Square, Scalar::Float(x)) => Ok(Scalar::Float(x * x)),
            (Self::Sign, Scalar::Float(x)) if !x.is_nan() => int(Some(i64::from(*x > 0.0) - i64::from(*x < 0.0))),
            #[expect(clippy::cast_possible_truncation, reason = "the range is asked for")]
            (Self::Whole(Rounding::Floor | Rounding::Ceil | Rounding::Trunc), Scalar::Float(x)) => {
                let whole = self.at(*x);
                int((whole.abs() < 2_f64.powi(63)).then_some(whole as i64))
            }
            (_, Scalar::Int(_) | Scalar::Bool(_)) => {
                let x = value.as_i64().ok_or_else(refused)?;
                match self {
                    Self::Absolute => int(x.checked_abs()),
                    Self::Negative => int(x.checked_neg()),
                    Self::Square => int(x.checked_mul(x)),
                    Self::Sign => int(Some(x.signum())),
                    Self::Whole(Rounding::Floor | Rounding::Ceil | Rounding::Trunc) => int(Some(x)),
                    _ => Err(refused()),
                }
            }
            _ => Err(refused()),
        }
    }

    fn refused(self, what: &str) -> InputError {
        InputError::refused(format!("{self:?} of {what}: expected a column of numbers"))
    }

    fn ints(self, values: &[i64], kind: IntKind) -> Result<Numbers, InputError> {
        Ok(match self.int_result(kind)? {
            NumberType::Int(kind) => {
                let value = |value| kind.wrap(self.at_int(value).unwrap_or(value));
                Numbers::Ints(values.iter().copied().map(value).collect(), kind)
            }
            #[expect(clippy::cast_precision_loss, reason = "numpy converts integers so as well")]
            NumberType::Float(precision) => Numbers::Floats(
                values.iter().map(|&value| self.at_precision(value as f64, precision)).collect(),
                precision,
            ),
        })
    }
}

/// The function on numbers.
enum Numbers {
    Floats(Vec<f64>, Precision),
    Ints(Vec<i64>, IntKind),
}

impl Numbers {
    fn into_value(self, rows: usize, cols: usize) -> Value<'static> {
        match self {
            Self::Floats(data, precision) => Value::Floats(Matrix::new(rows, cols, data), precision),
            Self::Ints(data, kind) => Value::Ints(Matrix::new(rows, cols, data), kind),
        }
    }

    fn into_column(self) -> Column<'static> {
        match self {
            Self::Floats(data, precision) => Column::Floats(Cow::Owned(data), precision),
            Self::Ints(data, kind) => Column::Ints(Cow::Owned(data), kind),
        }
    }
}

impl Operator for Ufunc {
    const NAME: &'static str = "ufunc";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let function = self.function;
        match inputs[0] {
            Value::Floats(x, precision) => Ok(function.floats(&x.data, *precision).into_value(x.rows, x.cols)),
            Value::Ints(x, kind) => Ok(function.ints(&x.data, *kind)?.into_value(x.rows, x.cols)),
            Value::Sparse(x) if function.is_sparse() => {
                let dtype = match x.dtype {
                    NumberType::Int(kind) => function.int_result(kind)?,
                    dtype @ NumberType::Float(_) => dtype,
                };
                let data = x.data.iter().map(|&value| dtype.wrap(function.at(value))).collect();
                Ok(Value::Sparse(Csr { data, dtype, ..x.clone() }))
            }
            Value::Columns(columns) => {
                let each = columns.columns.iter().map(|column| match column {
                    Column::Floats(values, precision) => Ok(function.floats(values, *precision).into_column()),
                    Column::Ints(values, kind) => Ok(function.ints(values, *kind)?.into_column()),
                    Column::Objects(values) => {
                        let each = values.iter().enumerate();
                        let each = each.map(|(row, value)| function.object(value).map_err(|error| error.in_row(row)));
                        Ok(Column::Objects(each.collect::<Result<_, _>>()?))
                    }
                    Column::Texts(_) => Err(function.refused("text")),
                });
                let (rows, names) = (columns.rows, columns.names.clone());
                Ok(Value::Columns(Columns { rows, names, origins: None, columns: each.collect::<Result<_, _>>()? }))
            }
            // numpy calls what the matrix has of that name, or multiplies it by itself, if it does not raise.
            Value::Sparse(_) => {
                Err(InputError::refused(format!("{:?} of a sparse matrix is not supported", self.function)))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_computed_by_their_own_operators() {
        let at = |name: &str, value: Scalar| {
            NumpyFunction::named(Package::Numpy, name).and_then(|named| named.object(&value).ok())
        };
        assert_eq!(at("floor", Scalar::Float(2.5)), Some(Scalar::Int(2)));
        assert_eq!(at("square", Scalar::Bool(true)), Some(Scalar::Int(1)));
        assert_eq!(at("absolute", Scalar::Float(-2.5)), Some(Scalar::Float(2.5)));
        assert_eq!(at("sign", Scalar::Float(-2.5)), Some(Scalar::Int(-1)));
        for (name, value) in [
            ("floor", Scalar::Float(f64::NAN)),
            ("sign", Scalar::Float(f64::NAN)),
            ("log1p", Scalar::Int(1)),
            ("absolute", Scalar::None),
            ("square", Scalar::Int(i64::MAX)),
        ] {
            assert_eq!(at(name, value), None, "{name}");
        }
    }

    #[test]
    fn functions_have_numpys_values() {
        let value = |name: &str, x: f64| NumpyFunction::named(Package::Numpy, name).map(|function| function.at(x));
        assert_eq!(value("sign", -0.0), Some(0.0));
        assert_eq!(value("rint", 2.5), Some(2.0));
        assert_eq!(value("log1p", 0.0), Some(0.0));
        assert_eq!(value("system", 0.0), None);
        let clip = NumpyFunction::Clip { low: 2.0, high: 1.0 };
        assert_eq!((clip.at(0.0), clip.at(5.0)), (1.0, 1.0));
        assert_eq!(NumpyFunction::Round { decimals: 1 }.at(0.25), 0.2);
        assert_eq!(NumpyFunction::Round { decimals: -1 }.at(25.0), 20.0);
    }
}
