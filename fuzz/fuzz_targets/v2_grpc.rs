//! The target `v2_grpc` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("v2_grpc");
