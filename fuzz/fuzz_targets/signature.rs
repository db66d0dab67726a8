//! The target `signature` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("signature");
