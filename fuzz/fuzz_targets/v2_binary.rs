//! The target `v2_binary` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("v2_binary");
