//! The target `container` for libFuzzer.
#![no_main]

skiff_fuzz::fuzzer!("container");
