//! numpy's random states: recognized and kept inert. No prediction draws numbers from a stored state.

use skiff_pickle::{Graph, NodeId};

use crate::call::Call;

/// A random state, generator, bit generator or seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomState {
    /// `numpy.random.RandomState`.
    Legacy,
    /// `numpy.random.Generator`.
    Generator,
    /// `MT19937`, `PCG64`, ….
    BitGenerator,
    /// `SeedSequence`.
    Seed,
}

impl RandomState {
    /// The kind of the node at `id`, if it is from `numpy.random`.
    pub fn read(graph: &Graph, id: NodeId) -> Option<Self> {
        let call = Call::read(graph, id)?;
        let module = call.module.strip_prefix("numpy.random")?;
        if !(module.is_empty() || module.starts_with('.')) {
            return None;
        }
        Some(match call.name {
            // Capitals before numpy 1.17; the classes themselves in skops' files.
            "__randomstate_ctor" | "__RandomState_ctor" | "RandomState" => Self::Legacy,
            "__generator_ctor" | "Generator" => Self::Generator,
            "__bit_generator_ctor" => Self::BitGenerator,
            "__pyx_unpickle_SeedSequence" => Self::Seed,
            _ => return None,
        })
    }
}
