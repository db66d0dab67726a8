//! `sklearn_pandas`: the mapper of columns that came before `ColumnTransformer`.

mod data_frame_mapper;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[data_frame_mapper::DATA_FRAME_MAPPER];
