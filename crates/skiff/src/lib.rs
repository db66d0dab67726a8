//! Opens saved scikit-learn models without Python and without running any code in them, and predicts what
//! scikit-learn predicts.
//!
//! ```no_run
//! use skiff::Table;
//!
//! # fn main() -> Result<(), skiff::Error> {
//! let model = skiff::open("model.joblib")?;
//! let table = Table::from_rows(1, 4, vec![5.1, 3.5, 1.4, 0.2])?;
//! let labels = model.predict(&table)?;
//! # drop(labels);
//! # Ok(())
//! # }
//! ```
//!
//! User code in a pipeline is an error that names it, unless it is registered: see [`Custom`].
//!
//! A file may be a pickle of any protocol, joblib, skops or `.skiff`, compressed or not. [`File`] gives access to its content;
//! [`Model`] predicts. All files are treated as untrusted: [`Limits`] bound memory and time.
#![forbid(unsafe_code)]

#[cfg(feature = "json")]
pub mod arrays;
mod changes;
mod conversions;
mod convert;
pub mod custom;
pub mod diff;
mod dump;
pub mod encryption;
mod error;
mod export;
mod file;
mod history;
pub mod html;
mod inspect;
mod migration;
pub mod mlflow;
mod model;
pub mod passport;
mod picture;
mod plain_loading;
mod rebuild;
mod scan;
#[cfg(feature = "signing")]
pub mod signing;
#[cfg(not(feature = "signing"))]
#[path = "signing/without.rs"]
pub mod signing;
pub mod slim;
mod target;
pub mod verify;
mod writing;

pub use changes::AnswersChange;
pub use conversions::Conversion;
pub use convert::{ConvertOptions, Converted, convert};
pub use diff::{Diff, diff};
pub use dump::Attachments;
pub use encryption::{EncryptionError, Identity, Recipients};
pub use error::{Error, ErrorKind};
pub use export::{ExportOptions, Exported, export};
pub use file::{File, Options, disassemble, disassemble_bytes, open};
pub use inspect::{EstimatorView, Inspection, class_name};
pub use model::{Model, evaluate};
pub use passport::Passport;
pub use plain_loading::{PlainLoading, PlainOutcome};
pub use rebuild::{Migration, Rebuilt};
pub use scan::{files_in, scan, scan_bytes};
pub use skiff_export::OnnxOptions;
pub use slim::{Slim, slim};
pub use target::{TARGETS, Target, targets_help};
pub use verify::{Verification, VerifyOptions, verify, verify_bytes};

pub use skiff_export::Target as ExportTarget;
pub use skiff_files::write::{Compression, remove_unfinished};
pub use skiff_files::{Interrupt, Limits, Scalar, TimeUnit, threads};
pub use skiff_migrate::Target as ScikitLearn;
pub use skiff_models::custom::Custom;
pub use skiff_models::lowering::Params;
pub use skiff_models::{Takes, addresses, registry};
pub use skiff_plan::table::Table;
pub use skiff_plan::{
    Answer, Categories, CategoryTypes, ColumnUse, EvaluateOptions, Method, OutputType, Plan, Progress, Rank,
    ShapeError, Signature, table, types, value,
};
pub use skiff_scan::{Finding, Rating, Trusted, UnknownAttribute, Verdict};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
