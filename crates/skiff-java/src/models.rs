//! The models that Java has open, by handles that are never used again: a handle of a closed model is an error, never a
//! pointer to freed memory.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use skiff_embed::{EmbeddedModel, Failure};

#[derive(Default)]
struct Models {
    last: i64,
    open: HashMap<i64, Arc<EmbeddedModel>>,
}

static MODELS: LazyLock<RwLock<Models>> = LazyLock::new(RwLock::default);

/// Keeps a model, and returns its handle.
pub(crate) fn add(model: EmbeddedModel) -> i64 {
    let mut models = MODELS.write().unwrap_or_else(PoisonError::into_inner);
    models.last += 1;
    let handle = models.last;
    models.open.insert(handle, Arc::new(model));
    handle
}

/// The model of a handle, which lives on for its calls if it is closed meanwhile.
pub(crate) fn get(handle: i64) -> Result<Arc<EmbeddedModel>, Failure> {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    let model = models.open.get(&handle).map(Arc::clone);
    model.ok_or_else(|| Failure { code: "closed-model", message: "the model is closed".to_owned() })
}

/// Closes a model; nothing happens if it was closed before.
pub(crate) fn remove(handle: i64) {
    let model = MODELS.write().unwrap_or_else(PoisonError::into_inner).open.remove(&handle);
    // Freed after the lock.
    drop(model);
}
