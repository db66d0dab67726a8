//! The target `scan` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("scan");
