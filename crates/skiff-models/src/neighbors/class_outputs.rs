//! The outputs of the classifiers of neighbours: `classes_` and `_y`.

use std::sync::Arc;

use skiff_plan::value::Classes;

use crate::conversions::index;
use crate::fields::{Fields, ReadError};

/// One output: its classes, and the class number of each point.
#[derive(Debug)]
pub(super) struct ClassOutput {
    pub(super) classes: Arc<Classes>,
    pub(super) codes: Arc<[u32]>,
}

/// All outputs of a fit of that many points, and whether there may be several: `outputs_2d_`.
pub(super) fn read_outputs(fields: &Fields<'_, '_>, points: usize) -> Result<(Vec<ClassOutput>, bool), ReadError> {
    let several = fields.bool("outputs_2d_")?;
    let classes = fields.classes_list("classes_")?;
    if !several && classes.len() != 1 {
        return Err(fields.damaged("classes_", "several lists of classes for one output"));
    }
    let array = fields.array("_y")?;
    let (rows, width) = match array.shape[..] {
        [rows] => (rows, 1),
        [rows, width] => (rows, width),
        _ => return Err(fields.unexpected("_y", "an array of one or two dimensions")),
    };
    fields.expect_len("_y", rows, points)?;
    fields.expect_len("classes_", classes.len(), width)?;
    let codes = fields.ints("_y")?;
    let mut outputs = Vec::with_capacity(width);
    for (output, classes) in classes.into_iter().enumerate() {
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "an output without classes"));
        }
        let codes = codes.iter().skip(output).step_by(width);
        let codes = codes.map(|&code| u32::try_from(code).ok().filter(|&code| index(code) < classes.len()));
        let codes = codes.collect::<Option<Arc<[u32]>>>();
        let codes = codes.ok_or_else(|| fields.damaged("_y", "a number that is no class's"))?;
        outputs.push(ClassOutput { classes, codes });
    }
    Ok((outputs, several))
}
