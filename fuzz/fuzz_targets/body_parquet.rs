//! The target `body_parquet` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("body_parquet");
