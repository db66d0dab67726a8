//! `skiff convert`: a model as another kind of file.

use skiff::ConvertOptions;

use crate::Outcome;
use crate::args::{Convert, limits};

/// Writes the new file.
pub fn run(arguments: &Convert) -> Outcome {
    let options = ConvertOptions {
        limits: limits(arguments.limit_decompressed),
        compression: arguments.compress,
        protocol: arguments.protocol,
    };
    Ok(skiff::convert(&arguments.input, &arguments.output, &options)?)
}
