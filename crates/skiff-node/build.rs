//! What Node.js needs of the linker.

fn main() {
    napi_build::setup();
}
