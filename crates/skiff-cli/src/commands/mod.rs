//! One file for each command.

pub mod convert;
pub mod disassemble;
pub mod encrypt;
pub mod inspect;
pub mod keygen;
pub mod plan;
pub mod predict;
pub mod scan;
pub mod sign;
pub mod supported;
pub mod verify;
mod verify_signature;
