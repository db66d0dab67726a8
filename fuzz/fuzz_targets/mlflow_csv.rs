//! The target `mlflow_csv` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("mlflow_csv");
