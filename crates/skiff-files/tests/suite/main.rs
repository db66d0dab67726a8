//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod container;
mod contents;
mod damage;
mod fixtures;
mod model_json;
mod models;
mod say;
mod skops;
mod traps;
mod write;
