//! The target `mlflow_json` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("mlflow_json");
