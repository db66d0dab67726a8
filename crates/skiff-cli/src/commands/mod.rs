//! One file for each command.

pub mod convert;
pub mod disassemble;
pub mod inspect;
pub mod plan;
pub mod predict;
pub mod scan;
pub mod supported;
pub mod verify;
