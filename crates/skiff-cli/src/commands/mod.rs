//! One file for each command.

pub mod completions;
pub mod convert;
pub mod diff;
pub mod disassemble;
pub mod encrypt;
pub mod export;
pub mod image;
pub mod inspect;
pub mod keygen;
pub mod man;
mod page;
pub mod plan;
pub mod predict;
pub mod rebuild;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(not(feature = "registry"))]
#[path = "registry/without.rs"]
pub mod registry;
pub mod scan;
pub mod serve;
pub mod sign;
pub mod slim;
pub mod sql;
pub mod supported;
pub mod verify;
mod verify_signature;
pub mod version;
