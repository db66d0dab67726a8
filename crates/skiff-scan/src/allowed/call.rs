//! A call that the allow-list is asked about.

use skiff_pickle::{Graph, NodeId};

use super::form::Values;
use super::kind::Kind;
use super::made::{Made, State, is_plain, name_of};

/// A call, as the lists of the packages look at it.
#[derive(Clone, Copy)]
pub(super) struct Call<'g> {
    pub values: &'g Values<'g>,
    pub module: &'g str,
    pub name: &'g str,
    pub arguments: &'g [NodeId],
}

/// `None` for a name of another package.
pub(super) type Called = Option<Result<Made, &'static str>>;

impl<'g> Call<'g> {
    pub fn graph(&self) -> &'g Graph {
        self.values.graph
    }

    pub fn argument(&self, index: usize) -> Option<NodeId> {
        self.arguments.get(index).copied()
    }

    pub fn global(&self, index: usize) -> Option<(&'g str, &'g str)> {
        self.argument(index).and_then(|id| name_of(self.graph(), id))
    }

    pub fn text(&self, index: usize) -> Option<&'g str> {
        self.argument(index).and_then(|id| self.graph().str_of(id))
    }

    /// What it makes of at least `least` arguments of these kinds.
    pub fn makes(&self, least: usize, kinds: &[Kind], state: State) -> Result<Made, &'static str> {
        if self.count() >= least && self.values.all_fit(self.arguments, kinds) { Ok(Made::of(state)) } else { Err("") }
    }

    pub fn count(&self) -> usize {
        self.arguments.len()
    }

    /// Whether all arguments are numbers, texts, bytes or `None`.
    pub fn is_plain(&self) -> bool {
        self.arguments.iter().all(|&argument| is_plain(self.graph(), argument))
    }
}
