//! The target `npy` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("npy");
