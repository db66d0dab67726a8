//! The index of a value among known values, under Python's equality.

use std::collections::HashMap;

use skiff_files::{Closed, Scalar, TimeUnit};

use super::times;
use crate::value::{Classes, IntKind};

/// Known values by index. `1`, `1.0` and `True` are the same value, NaN is NaN, text is text; nothing is allocated
/// to look a value up.
#[derive(Debug, Default)]
pub struct Categories {
    /// How many there are.
    pub len: usize,
    /// Integers near each other: the index of `first + index`, or `NONE`.
    near: Vec<u32>,
    first: i64,
    /// Whole numbers far from each other.
    whole: HashMap<i64, u32>,
    /// Other numbers, by their bits.
    broken: HashMap<u64, u32>,
    texts: HashMap<Box<str>, u32>,
    none: Option<u32>,
    nan: Option<u32>,
    /// Bytes, times, and integers that are too large.
    others: HashMap<Key, u32>,
    /// The unit of those that are dates.
    time_unit: Option<TimeUnit>,
    /// Which types of values there are.
    types: Types,
}

/// The types of values among categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Types {
    /// `True` and `False`.
    pub bools: bool,
    /// Integers.
    pub ints: bool,
    /// Other numbers than NaN.
    pub floats: bool,
    /// Text.
    pub texts: bool,
    /// `None`.
    pub none: bool,
    /// NaN.
    pub nan: bool,
    /// Anything else: bytes, times.
    pub others: bool,
}

impl Types {
    fn add(&mut self, value: &Scalar) {
        match value {
            Scalar::Bool(_) => self.bools = true,
            Scalar::Int(_) | Scalar::BigInt(_) => self.ints = true,
            Scalar::Float(value) if value.is_nan() => self.nan = true,
            Scalar::Float(_) => self.floats = true,
            Scalar::Str(_) => self.texts = true,
            Scalar::None => self.none = true,
            _ => self.others = true,
        }
    }

    /// The types of both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            bools: self.bools || other.bools,
            ints: self.ints || other.ints,
            floats: self.floats || other.floats,
            texts: self.texts || other.texts,
            none: self.none || other.none,
            nan: self.nan || other.nan,
            others: self.others || other.others,
        }
    }
}

/// The key under which values that are not plain numbers or text are equal.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Bytes(Vec<u8>),
    Integer(String),
    Complex(u64, u64),
    DateTime(i128),
    TimeDelta(i128, bool),
    Interval(End, End, Closed),
}

/// An end of an interval: `1` and `1.0` are the same.
#[derive(Debug, PartialEq, Eq, Hash)]
enum End {
    Whole(i64),
    Broken(u64),
    Moment(i128),
}

impl End {
    fn of(value: &Scalar) -> Option<Self> {
        match value {
            Scalar::Int(value) => Some(Self::Whole(*value)),
            Scalar::Float(value) if value.is_nan() => None,
            Scalar::Float(value) => Some(whole(*value).map_or(Self::Broken(value.to_bits()), Self::Whole)),
            Scalar::DateTime(steps, unit) | Scalar::Timestamp(steps, unit) => {
                times::instant(*steps, *unit).map(Self::Moment)
            }
            _ => None,
        }
    }
}

impl Key {
    /// `None` for values that equal nothing: NaT, and objects.
    fn of(value: &Scalar) -> Option<Self> {
        Some(match value {
            Scalar::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Scalar::BigInt(digits) => Self::Integer(digits.clone()),
            Scalar::Complex(re, im) if !re.is_nan() && !im.is_nan() => {
                // Zeros of both signs are equal.
                Self::Complex((re + 0.0).to_bits(), (im + 0.0).to_bits())
            }
            Scalar::DateTime(steps, unit) | Scalar::Timestamp(steps, unit) => {
                Self::DateTime(times::instant(*steps, *unit)?)
            }
            Scalar::Interval(interval) => {
                Self::Interval(End::of(&interval.left)?, End::of(&interval.right)?, interval.closed)
            }
            Scalar::TimeDelta(steps, unit) => {
                let (length, months) = times::duration(*steps, *unit)?;
                Self::TimeDelta(length, months)
            }
            _ => return None,
        })
    }
}

/// Marks an absent index.
const NONE: u32 = u32::MAX;

impl Categories {
    /// The values of `classes`; of equal ones the last, as in a Python dict. `None` for more than 2³² - 1.
    pub fn new(classes: &Classes) -> Option<Self> {
        let len = classes.len();
        u32::try_from(len).ok().filter(|&len| len < NONE)?;
        let mut categories = Self { len, ..Self::default() };
        match classes {
            // A difference that wrapped is not used: the value is looked up among the others.
            Classes::Ints(values, IntKind::Int { bytes: 8, signed: false })
                if values.iter().any(|&value| value < 0) =>
            {
                for place in 0..len {
                    let (Some(value), Ok(at)) = (classes.get(place), u32::try_from(place)) else { continue };
                    categories.add(&value, at);
                }
            }
            Classes::Ints(values, kind) => {
                let types = &mut categories.types;
                (types.bools, types.ints) = (*kind == IntKind::Bool, *kind != IntKind::Bool);
                categories.whole = values.iter().copied().zip(0..).collect();
            }
            Classes::Floats(values, _) => {
                for (&value, place) in values.iter().zip(0..) {
                    categories.types.add(&Scalar::Float(value));
                    categories.add_number(value, place);
                }
            }
            Classes::Strings(values) => {
                categories.types.texts = true;
                categories.texts = values.iter().map(|text| text.as_str().into()).zip(0..).collect();
            }
            Classes::Objects(values) | Classes::Values(values, _) => {
                for (value, place) in values.iter().zip(0..) {
                    categories.add(value, place);
                }
            }
        }
        categories.spread();
        Some(categories)
    }

    fn add(&mut self, value: &Scalar, place: u32) {
        self.types.add(value);
        match value {
            Scalar::None => self.none = Some(place),
            Scalar::Bool(value) => drop(self.whole.insert(i64::from(*value), place)),
            Scalar::Int(value) => drop(self.whole.insert(*value, place)),
            Scalar::Float(value) => self.add_number(*value, place),
            Scalar::Str(text) => drop(self.texts.insert(text.as_str().into(), place)),
            other => {
                if let Scalar::DateTime(_, unit) | Scalar::Timestamp(_, unit) = other {
                    self.time_unit.get_or_insert(*unit);
                }
                Key::of(other).map(|key| self.others.insert(key, place));
            }
        }
    }

    fn add_number(&mut self, value: f64, place: u32) {
        match whole(value) {
            _ if value.is_nan() => self.nan = Some(place),
            Some(value) => drop(self.whole.insert(value, place)),
            None => drop(self.broken.insert(value.to_bits(), place)),
        }
    }

    /// Makes a plain table of the whole numbers where it would not be much longer than they are many.
    fn spread(&mut self) {
        let (Some(&first), Some(&last)) = (self.whole.keys().min(), self.whole.keys().max()) else { return };
        let most = self.whole.len().saturating_mul(4).saturating_add(256);
        let Some(span) = last.checked_sub(first).and_then(|span| usize::try_from(span).ok()) else { return };
        if span >= most {
            return;
        }
        self.near = vec![NONE; span + 1];
        self.first = first;
        for (value, place) in std::mem::take(&mut self.whole) {
            if let Ok(at) = usize::try_from(value - first) {
                self.near[at] = place;
            }
        }
    }

    /// The index of an integer.
    pub fn of_int(&self, value: i64) -> Option<u32> {
        if self.near.is_empty() {
            return self.whole.get(&value).copied();
        }
        let at = usize::try_from(value.checked_sub(self.first)?).ok()?;
        self.near.get(at).copied().filter(|&place| place != NONE)
    }

    /// The index of a number.
    pub fn of_float(&self, value: f64) -> Option<u32> {
        match whole(value) {
            Some(value) => self.of_int(value),
            None if value.is_nan() => self.nan,
            None => self.broken.get(&value.to_bits()).copied(),
        }
    }

    /// The index of a string.
    pub fn of_text(&self, text: &str) -> Option<u32> {
        self.texts.get(text).copied()
    }

    /// The index of any value.
    pub fn of_scalar(&self, value: &Scalar) -> Option<u32> {
        match value {
            Scalar::None => self.none,
            Scalar::Bool(value) => self.of_int(i64::from(*value)),
            Scalar::Int(value) => self.of_int(*value),
            Scalar::Float(value) => self.of_float(*value),
            Scalar::Object(object) if object.equals_number => self.of_float(object.number?),
            Scalar::Str(text) => self.of_text(text),
            other => self.others.get(&Key::of(other)?).copied(),
        }
    }

    /// The texts among them, with their places, in no order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, u32)> {
        self.texts.iter().map(|(text, place)| (&**text, *place))
    }

    /// The numbers among them but NaN, with their places, in the order of these; `None` where a float cannot hold one.
    pub fn numbers(&self) -> Option<Vec<(f64, u32)>> {
        let near = (self.first..).zip(self.near.iter().copied()).filter(|(_, place)| *place != NONE);
        let far = self.whole.iter().map(|(&value, &place)| (value, place));
        #[expect(clippy::cast_precision_loss, reason = "the way back shows what was lost")]
        let float = |(value, place): (i64, u32)| {
            let float = value as f64;
            (whole(float) == Some(value)).then_some((float, place))
        };
        let mut numbers = near.chain(far).map(float).collect::<Option<Vec<_>>>()?;
        numbers.extend(self.broken.iter().map(|(&bits, &place)| (f64::from_bits(bits), place)));
        numbers.sort_by_key(|(_, place)| *place);
        Some(numbers)
    }

    /// All of them but missing ones, in the order of their places, if they are text and plain numbers.
    pub fn values(&self) -> Option<Vec<Scalar>> {
        if self.types.others {
            return None;
        }
        let number = |value: f64| match whole(value) {
            Some(whole) if self.types.bools && !self.types.ints => Scalar::Bool(whole != 0),
            Some(whole) if !self.types.floats => Scalar::Int(whole),
            _ => Scalar::Float(value),
        };
        let mut all: Vec<(u32, Scalar)> =
            self.numbers()?.into_iter().map(|(value, place)| (place, number(value))).collect();
        all.extend(self.texts().map(|(text, place)| (place, Scalar::Str(text.to_owned()))));
        all.sort_by_key(|(place, _)| *place);
        Some(all.into_iter().map(|(_, value)| value).collect())
    }

    /// Which types of values there are.
    pub fn types(&self) -> Types {
        self.types
    }

    /// The unit of those that are dates, if any are.
    pub fn time_unit(&self) -> Option<TimeUnit> {
        self.time_unit
    }

    /// Whether any of them is a number, NaN included.
    pub fn has_numbers(&self) -> bool {
        !(self.near.is_empty() && self.whole.is_empty() && self.broken.is_empty())
            || self.nan.is_some()
            || self.others.keys().any(|key| matches!(key, Key::Integer(_) | Key::Complex(..)))
    }
}

/// The whole number that a float is, if it is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the way back shows what was lost")]
fn whole(value: f64) -> Option<i64> {
    let near = value as i64;
    (near as f64 == value && near != i64::MAX).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Precision;

    #[test]
    fn values_are_listed_in_order() {
        let text = |text: &str| Scalar::Str(text.to_owned());
        let mixed = [text("b"), Scalar::Int(3), Scalar::None, text("a"), Scalar::Float(f64::NAN)];
        let categories = Categories::new(&Classes::Objects(mixed.to_vec())).expect("few");
        assert_eq!(categories.values(), Some(vec![text("b"), Scalar::Int(3), text("a")]));
        let floats = Categories::new(&Classes::Floats(vec![0.5, 2.0], Precision::Double)).expect("few");
        assert_eq!(floats.values(), Some(vec![Scalar::Float(0.5), Scalar::Float(2.0)]));
        let bytes = Categories::new(&Classes::Objects(vec![Scalar::Bytes(vec![1])])).expect("few");
        assert_eq!(bytes.values(), None);
    }

    #[test]
    fn values_are_found_as_python_compares_them() {
        let text = Scalar::Str("1".to_owned());
        let values = [Scalar::Int(1), Scalar::Float(2.5), text.clone(), Scalar::None, Scalar::Float(f64::NAN)];
        let categories = Categories::new(&Classes::Objects(values.to_vec())).expect("few");
        for (value, place) in [
            (Scalar::Float(1.0), Some(0)),
            (Scalar::Bool(true), Some(0)),
            (Scalar::Float(2.5), Some(1)),
            (text, Some(2)),
            (Scalar::None, Some(3)),
            (Scalar::Float(-f64::NAN), Some(4)),
            (Scalar::Bool(false), None),
            (Scalar::Float(1.5), None),
            (Scalar::Float(f64::INFINITY), None),
        ] {
            assert_eq!(categories.of_scalar(&value), place, "{value}");
        }
    }

    #[test]
    fn numbers_far_apart_and_near_are_found() {
        for values in [vec![i64::MIN, 0, i64::MAX - 1], vec![-3, 5, 6]] {
            let categories = Categories::new(&Classes::Ints(values.clone(), IntKind::I64)).expect("few");
            for (value, place) in values.into_iter().zip(0..) {
                assert_eq!(categories.of_int(value), Some(place));
                assert_eq!(categories.of_int(value + 1).filter(|&at| at == place), None);
            }
        }
        let floats = Categories::new(&Classes::Floats(vec![-0.0, 0.5, 1e300], Precision::Double)).expect("few");
        assert_eq!((floats.of_float(0.0), floats.of_float(1e300), floats.of_float(1e299)), (Some(0), Some(2), None));
    }
}
