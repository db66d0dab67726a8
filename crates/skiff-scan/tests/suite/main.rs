//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod attributes;
mod forms;
mod helper_objects;
mod pickled;
mod zips;
