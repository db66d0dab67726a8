//! The target `v2_json` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("v2_json");
