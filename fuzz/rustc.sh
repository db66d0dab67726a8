#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER under `cargo xtask fuzz`: the compiler, with what libFuzzer is guided by in our own
# crates. Any stable compiler has it. What we depend on, and what only fuzzes, is compiled as for the tests, so that a
# build of the fuzzers takes little more than our own crates once more.
rustc=$1
shift
case " $* " in
*" --crate-name skiff "* | *" --crate-name skiff_pickle "* | *" --crate-name skiff_files "* | \
*" --crate-name skiff_models "* | *" --crate-name skiff_scan "* | *" --crate-name skiff_sign "* | *" --crate-name skiff_server "* | \
*" --crate-name skiff_arrow "*)
    set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
