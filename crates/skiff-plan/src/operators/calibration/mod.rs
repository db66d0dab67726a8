//! From scores to calibrated probabilities.

mod calibrate;
mod sigmoid;
mod to_logits;

pub use calibrate::Calibrate;
pub use sigmoid::Sigmoid;
pub use to_logits::ToLogits;
