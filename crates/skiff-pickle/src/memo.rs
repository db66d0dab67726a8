//! The memo: numbered values of a pickle, for references.

use std::collections::BTreeMap;

use crate::NodeId;

/// Consecutive numbers are in a vector, others in a map, so a large number costs
/// no more memory than a small one.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    dense: Vec<NodeId>,
    /// Disjoint from `dense`.
    sparse: BTreeMap<u64, NodeId>,
}

impl Memo {
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<NodeId> {
        match usize::try_from(key).ok().and_then(|key| self.dense.get(key)) {
            Some(&id) => Some(id),
            None => self.sparse.get(&key).copied(),
        }
    }

    #[inline]
    pub(crate) fn put(&mut self, key: u64, id: NodeId) {
        match usize::try_from(key).unwrap_or(usize::MAX) {
            key if key < self.dense.len() => {
                if let Some(place) = self.dense.get_mut(key) {
                    *place = id;
                }
            }
            next if next == self.dense.len() => {
                self.dense.push(id);
                if !self.sparse.is_empty() {
                    self.sparse.remove(&key);
                }
            }
            _ => {
                self.sparse.insert(key, id);
            }
        }
    }

    /// The number of entries, which is the key that `MEMOIZE` uses next, even if it exists already.
    #[inline]
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.dense.len().saturating_add(self.sparse.len())).unwrap_or(u64::MAX)
    }
}
