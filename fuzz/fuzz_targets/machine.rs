//! The target `machine` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("machine");
