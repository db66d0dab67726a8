//! The flags of `skiff export`.

use std::path::PathBuf;

use clap::Args;
use skiff::{ExportTarget, Method};

use super::model::OpenArguments;
use super::values;

/// `skiff export`
#[derive(Debug, Args)]
pub struct Export {
    /// The model file, or - for standard input.
    pub model: PathBuf,
    /// The file to write, whose extension selects the target, or - for standard output.
    pub output: PathBuf,
    /// The methods to export, separated by commas: all that can be exported but inverse_transform, unless this names some.
    #[arg(long, short, value_name = "NAMES", value_delimiter = ',', value_parser = values::method)]
    pub method: Vec<Method>,
    /// How deep a tree is drawn: to .dot, .svg and .txt.
    #[arg(long, value_name = "LEVELS", conflicts_with = "method")]
    pub max_depth: Option<usize>,
    /// Write ONNX with numbers of float32, those of inputs and outputs too, for runtimes that have no others.
    #[arg(long, conflicts_with = "max_depth")]
    pub float32: bool,
    /// The version of ONNX's operators, 13 to 21, for older runtimes [default: 21].
    #[arg(long, value_name = "VERSION", conflicts_with = "max_depth")]
    pub opset: Option<i64>,
    /// The target of standard output [default: onnx].
    #[arg(long, value_name = "TARGET", value_parser = values::export_target)]
    pub to: Option<ExportTarget>,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub open: OpenArguments,
}
