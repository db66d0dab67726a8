//! What readers made of nodes: thousands of arrays share a dtype, which need not be taken apart for each of them.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::NodeId;
use crate::ids::IdMap;

/// Values by node. A copy of the graph begins without any.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<IdMap<Box<dyn Any + Send>>>);

/// Honest files share a handful. A file that has more of them is read as if nothing were remembered.
const MOST: usize = 1_024;

impl Remembered {
    pub fn get<T: Any + Clone>(&self, id: NodeId) -> Option<T> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.get(&id)?.downcast_ref::<T>().cloned()
    }

    pub fn insert<T: Any + Send>(&self, id: NodeId, value: T) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() < MOST {
            values.insert(id, Box::new(value));
        }
    }

    /// Forgets everything: a node has changed, and others may be made of it.
    pub fn clear(&mut self) {
        let values = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !values.is_empty() {
            values.clear();
        }
    }
}

impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered")
    }
}
