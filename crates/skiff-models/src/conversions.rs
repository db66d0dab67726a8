//! Conversions of integers that are written `as`, with the reason why nothing is lost.

const _: () = assert!(usize::BITS >= u32::BITS, "indices of 32 bits are indices of memory");

/// A number of 32 bits as an index or a count.
#[expect(clippy::as_conversions, reason = "a `usize` is at least as wide")]
pub(crate) const fn index(number: u32) -> usize {
    number as usize
}

/// A count as numpy divides by it.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "exact up to 2⁵³; numpy rounds as well")]
pub(crate) const fn real(count: usize) -> f64 {
    count as f64
}
