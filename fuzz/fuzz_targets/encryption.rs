//! The target `encryption` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("encryption");
