//! The target `body_arrow` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("body_arrow");
