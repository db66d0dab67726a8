//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod convert;
mod errors;
mod examples;
mod image;
mod interrupts;
mod keys;
mod oci;
mod overwriting;
mod passport;
mod predict;
mod registry;
mod slim;
mod sql;
mod supported;
mod tables;
mod usage;
mod wandb;
