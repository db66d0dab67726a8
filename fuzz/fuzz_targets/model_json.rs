//! The target `model_json` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("model_json");
