//! `random_state`: where the random numbers of a method come from.

use skiff_files::{LegacyState, Scalar};
use skiff_plan::Method;
use skiff_plan::kernels::random::RandomState;

use crate::fields::Fields;
use crate::lowering::{Lowering, Refusal};

/// What `check_random_state(random_state)` gives a method that draws.
#[derive(Clone, Debug)]
pub(crate) enum RandomSource {
    /// The same numbers in every call: of an integer, which is a seed, or of a `RandomState`, which is in the file as it
    /// was when the file was written. scikit-learn goes on in the latter from call to call; a model that never changes
    /// answers as the first call does.
    State(RandomState),
    /// `None`: other numbers in every call.
    Unseeded,
    /// What scikit-learn refuses, and generators other than MT19937.
    Unknown,
}

impl RandomSource {
    /// Reads the attribute `name`.
    pub(crate) fn read(fields: &Fields<'_, '_>, name: &str) -> Self {
        let Some(node) = fields.optional(name) else { return Self::Unseeded };
        let state = match Scalar::read(fields.graph(), node) {
            Ok(Some(Scalar::Int(seed))) => u32::try_from(seed).ok().map(RandomState::new),
            Ok(Some(Scalar::Bool(seed))) => Some(RandomState::new(u32::from(seed))),
            _ => LegacyState::read(fields.graph(), node)
                .and_then(|LegacyState { key, pos, gauss }| RandomState::of_state(&key, pos, gauss)),
        };
        state.map_or(Self::Unknown, Self::State)
    }

    /// Whether there is no `random_state`.
    pub(crate) fn is_unseeded(&self) -> bool {
        matches!(self, Self::Unseeded)
    }

    /// The state that a call of `method` begins with.
    ///
    /// # Errors
    /// When it is another one each time, or one that skiff does not know.
    pub(crate) fn start(&self, method: Method, plan: &Lowering<'_>) -> Result<RandomState, Refusal> {
        match self {
            Self::State(state) => Ok(state.clone()),
            Self::Unseeded => {
                plan.unsupported(method, "`random_state=None`, which draws other random numbers in every call")
            }
            Self::Unknown => plan.unsupported(method, "a `random_state` that is no seed and no MT19937"),
        }
    }
}
