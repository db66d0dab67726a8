//! Two arrays of one shape, element by element.

use skiff_files::{Column, Scalar};

/// Of numpy's `allclose`.
const RELATIVE: f64 = 1e-5;
const ABSOLUTE: f64 = 1e-8;

/// How the elements of two arrays differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements {
    /// The number of elements of each array.
    pub count: usize,
    /// The number of elements that are not equal, NaN being equal to NaN.
    pub differing: usize,
    /// The greatest absolute difference of numbers: infinite between NaN and a number.
    pub greatest: Option<f64>,
    /// The index of the element with the greatest difference, or of the first that differs, in C order.
    pub at: usize,
    /// Whether all differ by at most 1e-8 + 1e-5 · |second|, as `numpy.allclose` has it.
    pub is_close: bool,
}

impl Elements {
    /// Those of two columns of one length; `None` if they cannot be compared, or are the same.
    pub(super) fn of(first: &Column<'_>, second: &Column<'_>) -> Result<Option<Self>, ()> {
        if let (Some(first), Some(second)) = (first.to_i64(), second.to_i64()) {
            let same = |(first, second): (&i64, &i64)| first == second;
            // The difference of 64-bit integers may have 65 bits.
            #[expect(clippy::cast_precision_loss, reason = "the difference is shown")]
            let distance =
                |(first, second): (&i64, &i64)| Some((i128::from(*first) - i128::from(*second)).abs() as f64);
            return Ok(Self::collect(&first, &second, same, distance));
        }
        if let (Some(first), Some(second)) = (first.to_f64(), second.to_f64()) {
            let same = |(first, second): (&f64, &f64)| is_same_float(*first, *second);
            let distance = |(first, second): (&f64, &f64)| {
                let distance = (first - second).abs();
                Some(if distance.is_nan() { f64::INFINITY } else { distance })
            };
            return Ok(Self::collect(&first, &second, same, distance));
        }
        let (first, second) = (first.to_scalars().ok_or(())?, second.to_scalars().ok_or(())?);
        let same = |(first, second): (&Scalar, &Scalar)| is_same(first, second);
        Ok(Self::collect(&first, &second, same, |_| None))
    }

    fn collect<T: Magnitude>(
        first: &[T],
        second: &[T],
        same: impl Fn((&T, &T)) -> bool,
        distance: impl Fn((&T, &T)) -> Option<f64>,
    ) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (place, pair) in first.iter().zip(second).enumerate() {
            if same(pair) {
                continue;
            }
            let distance = distance(pair);
            let is_close = distance.is_some_and(|distance| distance <= ABSOLUTE + RELATIVE * pair.1.magnitude());
            match &mut found {
                None => {
                    found = Some(Self { count: first.len(), differing: 1, greatest: distance, at: place, is_close });
                }
                Some(found) => {
                    found.differing += 1;
                    found.is_close &= is_close;
                    if distance > found.greatest {
                        (found.greatest, found.at) = (distance, place);
                    }
                }
            }
        }
        found
    }
}

/// The absolute value of a number.
trait Magnitude {
    fn magnitude(&self) -> f64;
}

impl Magnitude for i64 {
    #[expect(clippy::cast_precision_loss, reason = "a bound of a tolerance")]
    fn magnitude(&self) -> f64 {
        self.unsigned_abs() as f64
    }
}

impl Magnitude for f64 {
    fn magnitude(&self) -> f64 {
        self.abs()
    }
}

impl Magnitude for Scalar {
    fn magnitude(&self) -> f64 {
        0.0
    }
}

/// Whether two scalars are the same value: NaN is itself, 0.0 is not -0.0.
pub(super) fn is_same(first: &Scalar, second: &Scalar) -> bool {
    match (first, second) {
        (Scalar::Float(first), Scalar::Float(second)) => is_same_float(*first, *second),
        (Scalar::Complex(real, imaginary), Scalar::Complex(reals, imaginaries)) => {
            is_same_float(*real, *reals) && is_same_float(*imaginary, *imaginaries)
        }
        (Scalar::Interval(first), Scalar::Interval(second)) => {
            let ends = [(&first.left, &second.left), (&first.right, &second.right)];
            first.closed == second.closed && ends.iter().all(|(first, second)| is_same(first, second))
        }
        _ => first == second,
    }
}

fn is_same_float(first: f64, second: f64) -> bool {
    first.to_bits() == second.to_bits() || (first.is_nan() && second.is_nan())
}
