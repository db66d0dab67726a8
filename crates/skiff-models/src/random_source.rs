//! `random_state`: where the random numbers of a method come from.

use skiff_files::{LegacyState, Scalar};
use skiff_pickle::NodeId;
use skiff_plan::Method;
use skiff_plan::kernels::random::RandomState;

use crate::fields::Fields;
use crate::lowering::{Lowering, Refusal};

/// What `check_random_state(random_state)` gives a method that draws.
#[derive(Clone, Debug)]
pub(crate) enum RandomSource {
    /// The same numbers in every call: of an integer, which is a seed.
    Seed(RandomState),
    /// A `RandomState` in the file, as it was when the file was written. scikit-learn goes on in it from call to call; a
    /// model that never changes answers as the first call does.
    Stored(RandomState, NodeId),
    /// `None`: other numbers in every call.
    Unseeded,
    /// What scikit-learn refuses, and generators other than MT19937.
    Unknown,
}

impl RandomSource {
    /// Reads the attribute `name`.
    pub(crate) fn read(fields: &Fields<'_, '_>, name: &str) -> Self {
        let Some(node) = fields.optional(name) else { return Self::Unseeded };
        let source = match Scalar::read(fields.graph(), node) {
            Ok(Some(Scalar::Int(seed))) => u32::try_from(seed).ok().map(|seed| Self::Seed(RandomState::new(seed))),
            Ok(Some(Scalar::Bool(seed))) => Some(Self::Seed(RandomState::new(u32::from(seed)))),
            _ => LegacyState::read(fields.graph(), node)
                .and_then(|LegacyState { key, pos, gauss }| RandomState::of_state(&key, pos, gauss))
                .map(|state| Self::Stored(state, node)),
        };
        source.unwrap_or(Self::Unknown)
    }

    /// Whether there is no `random_state`.
    pub(crate) fn is_unseeded(&self) -> bool {
        matches!(self, Self::Unseeded)
    }

    /// The state that a call of `method` begins with.
    ///
    /// # Errors
    /// When it is another one each time, or one that skiff does not know; when something else in the plan draws from the same
    /// `RandomState`: which of the two draws first, and how often, is not known here.
    pub(crate) fn start(&self, method: Method, plan: &mut Lowering<'_>) -> Result<RandomState, Refusal> {
        match self {
            Self::Seed(state) => Ok(state.clone()),
            Self::Stored(state, node) if plan.draws_from(*node) => Ok(state.clone()),
            Self::Stored(..) => plan.unsupported(
                method,
                "a `RandomState` that is drawn from more than once in one call, each time going on",
            ),
            Self::Unseeded => {
                plan.unsupported(method, "`random_state=None`, which draws other random numbers in every call")
            }
            Self::Unknown => plan.unsupported(method, "a `random_state` that is no seed and no MT19937"),
        }
    }
}
