//! Which instructions the kernels use.

use std::sync::OnceLock;

use pulp::Arch;

/// The environment variable that, being `off`, keeps kernels from using more than the instructions that every processor
/// of the target has. Answers are the same bits; tests run both ways.
const VARIABLE: &str = "SKIFF_SIMD";

/// The widest instructions that the processor has and [`VARIABLE`] allows.
#[inline]
pub(crate) fn arch() -> Arch {
    static ALLOWED: OnceLock<Arch> = OnceLock::new();
    *ALLOWED.get_or_init(|| match std::env::var_os(VARIABLE) {
        Some(value) if value == "off" => Arch::Scalar,
        _ => Arch::new(),
    })
}

/// Whether registers are as wide and as many as those of AVX-512.
#[inline]
pub(crate) fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return matches!(arch(), Arch::V4(_));
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Computes an expression with the instructions of [`arch`]: it is inlined, down to the last `mul_add`, into a function
/// that is compiled for them.
///
/// Closures given to `dispatch` are inlined only if they consume what they capture. For others the compiler makes a
/// function around the closure, which it need not inline, and which is compiled for every processor: there each `mul_add`
/// is a call of `fma`.
macro_rules! vectorized {
    ($body:expr) => {{
        let consumed = $crate::kernels::arch::Consumed;
        $crate::kernels::arch::arch().dispatch(
            #[inline(always)]
            || {
                let _moved = consumed;
                $body
            },
        )
    }};
}
pub(crate) use vectorized;

/// What the closure of [`vectorized`] consumes.
pub(crate) struct Consumed;
