//! The target `kserve` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("kserve");
