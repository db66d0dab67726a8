// skiff: answers of saved scikit-learn models, without Python. Written by cbindgen: see crates/skiff-capi.
//
// A function that fails returns NULL and, where `error` is not NULL, stores an error there. What a function returns is the
// caller's to free by the function that ends in `_free`; pointers within an answer live as long as the answer. All functions
// may be called from any thread, and a model from several at once.

#ifndef SKIFF_H
#define SKIFF_H

#include <stddef.h>
#include <stdint.h>

// The structs of the Arrow C Data Interface, as its specification has them.
struct ArrowArray;
struct ArrowSchema;

// The arrays that a method returned: one for most methods, several for some.
typedef struct skiff_answer skiff_answer;

// Why a function failed.
typedef struct skiff_error skiff_error;

// A model, ready to answer. It does not change: any number of threads may use one at a time.
typedef struct skiff_model skiff_model;

// A text in UTF-8. There is a NUL behind it, and there may be some within.
typedef struct skiff_string {
  // The first byte.
  const char *data;
  // How many bytes there are before the NUL at its end.
  size_t length;
} skiff_string;

// How a file is opened. Fields that are NULL are as if they were not there; so is a NULL pointer to all of them.
typedef struct skiff_options {
  // The address of the estimator in a file with several objects: "['model']", "[0]".
  const char *at;
  // The passphrase of an encrypted file.
  const char *passphrase;
  // The content of an identity file: the key of an encrypted file.
  const char *identity;
} skiff_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// How many arrays there are; 0 for NULL. Where a function takes an `index` that is not below this, it returns NULL or 0.
//
// # Safety
// `answer` is NULL or an answer.
size_t skiff_answer_count(const struct skiff_answer *answer);

// The name of an array: its method's, "predict_proba", or that with more behind it where there are several.
//
// # Safety
// `answer` is NULL or an answer.
const char *skiff_answer_name(const struct skiff_answer *answer, size_t index);

// The dtype of an array, as numpy names it: "float64", "float32", "bool", "int64", "uint8", … or "str".
//
// # Safety
// `answer` is NULL or an answer.
const char *skiff_answer_dtype(const struct skiff_answer *answer, size_t index);

// How many axes an array has.
//
// # Safety
// `answer` is NULL or an answer.
size_t skiff_answer_dimensions(const struct skiff_answer *answer, size_t index);

// The length of each axis: as many as there are dimensions.
//
// # Safety
// `answer` is NULL or an answer.
const size_t *skiff_answer_shape(const struct skiff_answer *answer, size_t index);

// How many elements an array has: the product of its shape.
//
// # Safety
// `answer` is NULL or an answer.
size_t skiff_answer_length(const struct skiff_answer *answer, size_t index);

// The elements of an array of dtype float64, in C order; NULL if it is of another dtype.
//
// # Safety
// `answer` is NULL or an answer.
const double *skiff_answer_float64(const struct skiff_answer *answer, size_t index);

// The elements of an array of dtype float32, in C order; NULL if it is of another dtype.
//
// # Safety
// `answer` is NULL or an answer.
const float *skiff_answer_float32(const struct skiff_answer *answer, size_t index);

// The elements of an array of any integer dtype or bool, widened to int64, in C order; NULL if it is of another dtype.
// Those of uint64 keep their bits.
//
// # Safety
// `answer` is NULL or an answer.
const int64_t *skiff_answer_int64(const struct skiff_answer *answer, size_t index);

// The elements of an array of dtype str, in C order; NULL if it is of another dtype.
//
// # Safety
// `answer` is NULL or an answer.
const struct skiff_string *skiff_answer_strings(const struct skiff_answer *answer, size_t index);

// Frees an answer and all that its functions returned; NULL is none.
//
// # Safety
// `answer` is NULL or an answer that is not used afterwards.
void skiff_answer_free(struct skiff_answer *answer);

// A short name of what went wrong, for programs: "not-a-model", "wrong-input", "damaged-model".
//
// # Safety
// `error` is an error that was not freed.
const char *skiff_error_code(const struct skiff_error *error);

// What went wrong, for people, as UTF-8.
//
// # Safety
// `error` is an error that was not freed.
const char *skiff_error_message(const struct skiff_error *error);

// Frees an error; NULL is none.
//
// # Safety
// `error` is NULL or an error that is not used afterwards.
void skiff_error_free(struct skiff_error *error);

// Calls a method ("predict", "predict_proba", "transform", …; NULL is "predict") with `n_rows` rows of `n_columns`
// numbers, one row after the other. NaN is a missing value. The numbers are not copied. `arguments` are the method's
// keyword arguments as a JSON object, `{"return_std": true}`, or NULL; so they are of the other functions.
//
// # Safety
// `model` is a model, `method` and `arguments` are NULL or texts, `rows` points to `n_rows * n_columns` numbers, `error`
// is NULL or writable.
struct skiff_answer *skiff_call_rows(const struct skiff_model *model,
                                     const char *method,
                                     const char *arguments,
                                     const double *rows,
                                     size_t n_rows,
                                     size_t n_columns,
                                     struct skiff_error **error);

// Calls a method with sparse rows, as scipy's `csr_matrix` has them: the numbers of row `i` are those from
// `indptr[i]` to `indptr[i + 1]` of `data`, each in its column of `indices`; all other cells are 0. Nothing is copied if
// the columns ascend within each row.
//
// # Safety
// `model` is a model, `method` and `arguments` are NULL or texts, `indptr` points to `n_rows + 1` numbers, `indices` and
// `data` to as many as the last one of `indptr` says, `error` is NULL or writable.
struct skiff_answer *skiff_call_sparse(const struct skiff_model *model,
                                       const char *method,
                                       const char *arguments,
                                       const size_t *indptr,
                                       const uint32_t *indices,
                                       const double *data,
                                       size_t n_rows,
                                       size_t n_columns,
                                       struct skiff_error **error);

// Calls a method with `n_rows` rows of `n_columns` texts in UTF-8, one row after the other; NULL among them is a missing
// value. A model of text takes one column of documents. `names` are the names of the columns, or NULL.
//
// # Safety
// `model` is a model, `method` and `arguments` are NULL or texts, `cells` points to `n_rows * n_columns` pointers that are NULL or texts,
// `names` is NULL or points to `n_columns` texts, `error` is NULL or writable.
struct skiff_answer *skiff_call_strings(const struct skiff_model *model,
                                        const char *method,
                                        const char *arguments,
                                        const char *const *cells,
                                        size_t n_rows,
                                        size_t n_columns,
                                        const char *const *names,
                                        struct skiff_error **error);

// Calls a method with a record batch of the Arrow C Data Interface: a struct whose children are the columns. They are
// read as pandas does: bools, integers and floats of any width, text in any layout, dictionaries, decimals, timestamps;
// null is a missing value. Both stay the caller's, who releases them afterwards.
//
// # Safety
// `model` is a model, `method` and `arguments` are NULL or texts, `array` and `schema` are valid as the interface says and not released,
// `error` is NULL or writable.
struct skiff_answer *skiff_call_arrow(const struct skiff_model *model,
                                      const char *method,
                                      const char *arguments,
                                      const struct ArrowArray *array,
                                      const struct ArrowSchema *schema,
                                      struct skiff_error **error);

// Opens the model in a file: pickle, joblib, skops or .skiff, compressed or encrypted. Nothing in it is executed.
//
// # Safety
// `path` is a text (in the file system's encoding), `options` NULL or options, `error` NULL or writable.
struct skiff_model *skiff_open(const char *path, const struct skiff_options *options, struct skiff_error **error);

// Opens the model in a file's content. The bytes are copied: they may be freed or changed afterwards.
//
// # Safety
// `data` points to `length` bytes, `options` is NULL or options, `error` NULL or writable.
struct skiff_model *skiff_open_memory(const void *data,
                                      size_t length,
                                      const struct skiff_options *options,
                                      struct skiff_error **error);

// Frees a model; NULL is none. Answers stay.
//
// # Safety
// `model` is NULL or a model that is not used afterwards.
void skiff_model_free(struct skiff_model *model);

// What is in the file, as JSON: format, versions, estimators with parameters and methods. `skiff inspect --format json`
// prints the same.
//
// # Safety
// `model` is a model, `error` NULL or writable.
char *skiff_inspect(const struct skiff_model *model, struct skiff_error **error);

// What the model takes and returns, as JSON: `n_features_in`, `feature_names_in`, `classes`, and for each method the
// types of its input and its output.
//
// # Safety
// `model` is a model, `error` NULL or writable.
char *skiff_signature(const struct skiff_model *model, struct skiff_error **error);

// Frees a text that a function returned; NULL is none.
//
// # Safety
// `text` is NULL or a text of `skiff_inspect` or `skiff_signature` that is not used afterwards.
void skiff_text_free(char *text);

// The version of this library: "0.1.0". Not to be freed.
const char *skiff_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SKIFF_H */
