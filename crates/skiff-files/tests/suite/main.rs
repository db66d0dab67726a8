//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod attributes;
mod container;
mod contents;
mod damage;
mod fixtures;
mod forms;
mod model_json;
mod models;
mod pickled;
mod say;
mod skops;
mod traps;
mod write;
mod zips;
