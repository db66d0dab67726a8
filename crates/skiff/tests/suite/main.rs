//! The tests of the crate as its users see it, in one binary: each file here is a module of it.

mod attacks;
mod bombs;
mod column_uses;
mod containers;
mod convert;
mod damage;
#[cfg(feature = "encryption")]
mod encryption;
mod history;
mod honest;
mod mlflow;
mod packing;
mod pictures;
mod running;
#[cfg(feature = "signing")]
mod signatures;
mod tree;
mod verify;

use skiff_testing::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
