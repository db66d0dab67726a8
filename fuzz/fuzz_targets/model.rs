//! The target `model` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("model");
