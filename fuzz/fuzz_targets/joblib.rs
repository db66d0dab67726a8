//! The target `joblib` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("joblib");
