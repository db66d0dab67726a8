//! The target `evaluate` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("evaluate");
