//! skiff for C: models are opened from files or memory and asked about rows of numbers, strings or Arrow arrays.
//!
//! Every function may be called from any thread, and a model from several at once. None calls back into the program, but
//! for an Arrow array's own `release`, which is left to the caller. A pointer that a function returns is the caller's,
//! who gives it to the `…_free` function of its type; pointers within an answer live as long as the answer.
//!
//! A function that fails returns NULL and, where `error` is not NULL, stores an error there. Panics end in an error,
//! too: none crosses into the program.
#![expect(unsafe_code, reason = "C hands in pointers; each function says what they must be")]
#![expect(non_camel_case_types, reason = "types have the names that they have in C")]

mod answer;
mod arrow;
mod error;
mod input;
mod model;

pub use answer::{
    skiff_answer, skiff_answer_count, skiff_answer_dimensions, skiff_answer_dtype, skiff_answer_float32,
    skiff_answer_float64, skiff_answer_free, skiff_answer_int64, skiff_answer_length, skiff_answer_name,
    skiff_answer_shape, skiff_answer_strings, skiff_string,
};
pub use arrow::{ArrowArray, ArrowSchema};
pub use error::{skiff_error, skiff_error_code, skiff_error_free, skiff_error_message};
pub use input::{skiff_call_arrow, skiff_call_rows, skiff_call_strings};
pub use model::{
    skiff_inspect, skiff_model, skiff_model_free, skiff_open, skiff_open_memory, skiff_options, skiff_signature,
    skiff_text_free, skiff_version,
};
