//! The target `decode` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("decode");
