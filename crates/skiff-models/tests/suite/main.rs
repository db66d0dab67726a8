//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod answers;
mod custom;
mod edited;
mod exceptions;
mod fixtures;
mod hostile;
mod signatures;
mod spliced_states;
mod unknown_attributes;

use skiff_testing::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
