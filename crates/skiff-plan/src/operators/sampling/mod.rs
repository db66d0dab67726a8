//! Random numbers from fitted distributions.

mod boltzmann;
mod draw_mixture;

pub use boltzmann::{BoltzmannMachine, GibbsStep, PseudoLikelihood};
pub use draw_mixture::DrawMixture;
