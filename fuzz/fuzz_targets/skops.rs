//! The target `skops` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("skops");
