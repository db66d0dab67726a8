//! numpy's random states: recognized, and the state of the legacy generator read.

use skiff_pickle::{Change, Graph, Node, NodeId};

use crate::call::Call;
use crate::numpy::NdArray;
use crate::scalar::Scalar;

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

/// The state of a `numpy.random.RandomState` over MT19937, as `get_state` gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyState {
    /// The 624 words of the generator.
    pub key: Vec<u32>,
    /// How many of them were used.
    pub pos: usize,
    /// The second of two Gaussian numbers, where only the first was given out.
    pub gauss: Option<f64>,
}

impl LegacyState {
    /// The state of the `RandomState` at `id`; `None` when it is none, or has another generator than MT19937.
    pub fn read(graph: &Graph, id: NodeId) -> Option<Self> {
        if RandomState::read(graph, id)? != RandomState::Legacy {
            return None;
        }
        let state = Call::read(graph, id)?.object.changes.iter().rev().find_map(|change| match change {
            Change::Build(state) => Some(*state),
            _ => None,
        })?;
        // A tuple before numpy 1.17.
        let (name, key, pos, has_gauss, gauss) = match graph.items(state) {
            Some(&[name, key, pos, has_gauss, gauss]) => (name, key, pos, has_gauss, gauss),
            Some(_) => return None,
            None => {
                let inner = entry(graph, state, "state")?;
                let of = |name| entry(graph, state, name);
                let generator = (entry(graph, inner, "key")?, entry(graph, inner, "pos")?);
                (of("bit_generator")?, generator.0, generator.1, of("has_gauss")?, of("gauss")?)
            }
        };
        if graph.str_of(name)? != "MT19937" {
            return None;
        }
        let key = NdArray::read(graph, key).ok()??.to_i64()?;
        let key = key.into_iter().map(u32::try_from).collect::<Result<_, _>>().ok()?;
        let scalar = |node| Scalar::read(graph, node).ok().flatten();
        let pos = usize::try_from(scalar(pos)?.as_i64()?).ok()?;
        let gauss = if scalar(has_gauss)?.as_i64()? == 0 { None } else { Some(scalar(gauss)?.as_f64()?) };
        Some(Self { key, pos, gauss })
    }
}

/// The value under `key` of the dict at `id`.
fn entry(graph: &Graph, id: NodeId, key: &str) -> Option<NodeId> {
    let Node::Dict(pairs) = graph.node(id) else { return None };
    pairs.iter().rev().find(|(name, _)| graph.str_of(*name) == Some(key)).map(|(_, value)| *value)
}
