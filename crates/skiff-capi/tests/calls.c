/* What tests/c.rs cannot see from Rust: the header, the library, and C's own view of both. */
#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skiff.h>

/* The structs of the Arrow C Data Interface, as its specification has them. */
struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children, *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  struct ArrowArray **children, *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

static int released = 0;
static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; released++; }
static void release_array(struct ArrowArray *array) { array->release = NULL; released++; }

static skiff_model *opened(const char *path) {
  skiff_error *error = NULL;
  skiff_model *model = skiff_open(path, NULL, &error);
  if (!model) { fprintf(stderr, "%s: %s\n", path, skiff_error_message(error)); abort(); }
  return model;
}

static const double ROWS[8] = {5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3};

static void rows_of_numbers(const skiff_model *model) {
  skiff_answer *labels = skiff_call_rows(model, NULL, NULL, ROWS, 2, 4, NULL);
  assert(skiff_answer_count(labels) == 1 && skiff_answer_dimensions(labels, 0) == 1);
  assert(!strcmp(skiff_answer_name(labels, 0), "predict") && !strcmp(skiff_answer_dtype(labels, 0), "str"));
  const skiff_string *strings = skiff_answer_strings(labels, 0);
  assert(strings[0].length == 6 && !strcmp(strings[0].data, "setosa") && !strcmp(strings[1].data, "virginica"));
  assert(!skiff_answer_float64(labels, 0) && !skiff_answer_int64(labels, 0) && !skiff_answer_float32(labels, 0));
  assert(!skiff_answer_name(labels, 1) && !skiff_answer_shape(labels, 1) && skiff_answer_length(labels, 1) == 0);
  skiff_answer *scores = skiff_call_rows(model, "decision_function", NULL, ROWS, 2, 4, NULL);
  const size_t *shape = skiff_answer_shape(scores, 0);
  assert(shape[0] == 2 && shape[1] == 3 && skiff_answer_length(scores, 0) == 6);
  const double *values = skiff_answer_float64(scores, 0);
  for (int i = 0; i < 6; i++) printf("%.17g\n", values[i]);
  skiff_answer_free(labels);
  skiff_answer_free(scores);
  skiff_answer *none = skiff_call_rows(model, "predict", NULL, NULL, 0, 4, NULL);
  assert(!none);
}

static void fails(skiff_answer *answer, skiff_error *error, const char *code, const char *part) {
  if (answer || !error) { fprintf(stderr, "expected %s: %s\n", code, part); abort(); }
  if (strcmp(skiff_error_code(error), code) || !strstr(skiff_error_message(error), part)) {
    fprintf(stderr, "found %s: %s\n", skiff_error_code(error), skiff_error_message(error));
    abort();
  }
  skiff_error_free(error);
}

/* The call comes first: C does not say in which order arguments are computed. */
#define FAILS(call, code, part) do { skiff_answer *answer = (call); fails(answer, error, code, part); } while (0)

static void mistakes(const skiff_model *model) {
  skiff_error *error = NULL;
  FAILS(skiff_call_rows(model, "predict", NULL, ROWS, 2, 3, &error), "wrong-number-of-features", "3 features");
  FAILS(skiff_call_rows(model, "transform", NULL, ROWS, 2, 4, &error), "wrong-argument", "no method `transform`");
  FAILS(skiff_call_rows(model, "\xff", NULL, ROWS, 2, 4, &error), "wrong-argument", "UTF-8");
  FAILS(skiff_call_rows(NULL, "predict", NULL, ROWS, 2, 4, &error), "wrong-argument", "NULL");
  FAILS(skiff_call_rows(model, "predict", NULL, NULL, 2, 4, &error), "wrong-argument", "NULL");
  FAILS(skiff_call_rows(model, "predict", NULL, ROWS, SIZE_MAX, 4, &error), "wrong-argument", "memory");
  assert(!skiff_call_rows(model, "predict", NULL, ROWS, 2, 3, NULL));
  skiff_model *no = skiff_open("/nowhere/model.pkl", NULL, &error);
  assert(!no && !strcmp(skiff_error_code(error), "unreadable-file"));
  skiff_error_free(error);
  no = skiff_open_memory("not a model", 11, NULL, &error);
  assert(!no && !strcmp(skiff_error_code(error), "not-a-model"));
  skiff_error_free(error);
  assert(!skiff_open(NULL, NULL, NULL));
  skiff_model_free(NULL); skiff_answer_free(NULL); skiff_error_free(NULL); skiff_text_free(NULL);
}

/* Two digits, of which most pixels are 0. */
static void sparse(const char *path) {
  skiff_options options = {"steps[1][1]", NULL, NULL};
  skiff_model *model = skiff_open(path, &options, NULL);
  assert(model);
  double rows[128] = {0}, data[8];
  size_t indptr[3] = {0, 5, 8};
  uint32_t indices[8] = {2, 3, 20, 35, 60, 0, 10, 63};
  for (int i = 0; i < 8; i++) rows[(i < 5 ? 0 : 64) + indices[i]] = data[i] = 3 * i + 1;
  skiff_answer *dense = skiff_call_rows(model, "predict_proba", NULL, rows, 2, 64, NULL);
  skiff_answer *answer = skiff_call_sparse(model, "predict_proba", NULL, indptr, indices, data, 2, 64, NULL);
  assert(dense && answer && skiff_answer_length(answer, 0) == 20);
  assert(!memcmp(skiff_answer_float64(dense, 0), skiff_answer_float64(answer, 0), 20 * sizeof(double)));
  skiff_answer_free(dense);
  skiff_answer_free(answer);
  skiff_error *error = NULL;
  FAILS(skiff_call_sparse(model, "predict", NULL, indptr, indices, data, 2, 63, &error), "wrong-input", "63");
  FAILS(skiff_call_sparse(model, "predict", NULL, indptr, NULL, data, 2, 64, &error), "wrong-argument", "`indices`");
  FAILS(skiff_call_sparse(model, "predict", NULL, NULL, indices, data, 2, 64, &error), "wrong-argument", "`indptr`");
  FAILS(skiff_call_sparse(model, "predict", NULL, indptr, indices, data, SIZE_MAX, 64, &error), "wrong-argument", "memory");
  indptr[1] = 9;
  FAILS(skiff_call_sparse(model, "predict", NULL, indptr, indices, data, 2, 64, &error), "wrong-input", "");
  skiff_model_free(model);
}

/* A regressor of three features whose `predict` has `return_std`. */
static void keywords(const char *path) {
  skiff_model *model = opened(path);
  double rows[6] = {0.5, 0.25, 0.75, 0, 2, 3};
  skiff_error *error = NULL;
  skiff_answer *answer = skiff_call_rows(model, "predict", "{\"return_std\": true}", rows, 2, 3, &error);
  if (!answer) { fprintf(stderr, "%s\n", skiff_error_message(error)); abort(); }
  assert(skiff_answer_count(answer) == 2 && skiff_answer_length(answer, 1) == 2);
  skiff_answer_free(answer);
  answer = skiff_call_rows(model, "predict", "{\"return_std\": false}", rows, 2, 3, NULL);
  assert(skiff_answer_count(answer) == 1);
  skiff_answer_free(answer);
  FAILS(skiff_call_rows(model, "predict", "{\"return\": 1}", rows, 2, 3, &error), "wrong-argument", "`return`");
  FAILS(skiff_call_rows(model, "predict", "return_std=True", rows, 2, 3, &error), "wrong-argument", "JSON");
  FAILS(skiff_call_rows(model, "predict", "{\"return_std\": [true]}", rows, 2, 3, &error), "wrong-argument", "`return_std`");
  skiff_model_free(model);
}

static void memory_and_texts(const char *path) {
  FILE *file = fopen(path, "rb");
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char *data = malloc(length);
  assert(fread(data, 1, length, file) == (size_t)length);
  fclose(file);
  skiff_model *model = skiff_open_memory(data, length, NULL, NULL);
  free(data);
  assert(model);
  const char *messages[2] = {"free prize, call now", "see you at lunch"};
  skiff_answer *answer = skiff_call_strings(model, "predict", NULL, messages, 2, 1, NULL, NULL);
  assert(answer && skiff_answer_length(answer, 0) == 2);
  const skiff_string *labels = skiff_answer_strings(answer, 0);
  printf("%s %s\n", labels[0].data, labels[1].data);
  skiff_answer_free(answer);
  char *text = skiff_signature(model, NULL);
  assert(strstr(text, "\"methods\"") && strstr(text, "\"predict\""));
  skiff_text_free(text);
  text = skiff_inspect(model, NULL);
  assert(strstr(text, "\"estimators\""));
  skiff_text_free(text);
  skiff_model_free(model);
}

/* Two passengers behind an offset, with a missing age, and ports as a dictionary. */
static void arrow(const char *path) {
  skiff_model *model = opened(path);
  double rank[3] = {9, 3, 1}, fare[3] = {0, 7.25, 71}, alone[3] = {0, 1, 0}, age[3] = {0, 22, 0};
  unsigned char ages = 2;
  int32_t sexes[4] = {0, 0, 4, 10};
  int8_t ports[3] = {0, 1, 0};
  int32_t port_offsets[3] = {0, 1, 2};
  const void *b_rank[2] = {NULL, rank}, *b_fare[2] = {NULL, fare}, *b_alone[2] = {NULL, alone}, *b_age[2] = {&ages, age};
  const void *b_sex[3] = {NULL, sexes, "malefemale"}, *b_port[2] = {NULL, ports}, *b_values[3] = {NULL, port_offsets, "CS"};
  struct ArrowArray values = {2, 0, 0, 3, 0, b_values, NULL, NULL, release_array, NULL};
  struct ArrowSchema value_schema = {"u", "", NULL, 0, 0, NULL, NULL, release_schema, NULL};
  struct ArrowArray columns[6] = {
    {2, 0, 1, 2, 0, b_rank, NULL, NULL, release_array, NULL}, {2, 0, 1, 3, 0, b_sex, NULL, NULL, release_array, NULL},
    {2, 1, 1, 2, 0, b_age, NULL, NULL, release_array, NULL}, {2, 0, 1, 2, 0, b_fare, NULL, NULL, release_array, NULL},
    {2, 0, 1, 2, 0, b_port, NULL, &values, release_array, NULL}, {2, 0, 1, 2, 0, b_alone, NULL, NULL, release_array, NULL},
  };
  const char *names[6] = {"rank", "sex", "age", "fare", "port", "alone"}, *formats[6] = {"g", "u", "g", "g", "c", "g"};
  struct ArrowSchema schemas[6];
  struct ArrowArray *array_children[6];
  struct ArrowSchema *schema_children[6];
  for (int i = 0; i < 6; i++) {
    struct ArrowSchema schema = {formats[i], names[i], NULL, 2, 0, NULL, i == 4 ? &value_schema : NULL, release_schema, NULL};
    schemas[i] = schema;
    array_children[i] = &columns[i];
    schema_children[i] = &schemas[i];
  }
  const void *none[1] = {NULL};
  struct ArrowArray batch = {2, 0, 0, 1, 6, none, array_children, NULL, release_array, NULL};
  struct ArrowSchema schema = {"+s", "", NULL, 0, 6, schema_children, NULL, release_schema, NULL};
  skiff_error *error = NULL;
  skiff_answer *answer = skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error);
  if (!answer) { fprintf(stderr, "%s\n", skiff_error_message(error)); abort(); }
  const double *shares = skiff_answer_float64(answer, 0);
  for (int i = 0; i < 4; i++) printf("%.17g\n", shares[i]);
  skiff_answer_free(answer);
  assert(released == 0);
  sexes[2] = -1;
  FAILS(skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error), "wrong-argument", "column `sex`");
  sexes[2] = 4;
  ports[1] = 7;
  FAILS(skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error), "wrong-argument", "column `port`: Invalid argument error: Value at position 0 out of bounds: 7");
  ports[1] = 1;
  columns[0].length = 1;
  FAILS(skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error), "wrong-argument", "found 1");
  columns[0].length = 2;
  schemas[0].format = "td?";
  FAILS(skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error), "wrong-argument", "td?");
  batch.release = NULL;
  FAILS(skiff_call_arrow(model, "predict_proba", NULL, &batch, &schema, &error), "wrong-argument", "released");
  skiff_model_free(model);
}

static void *many_calls(void *model) {
  for (int i = 0; i < 200; i++) {
    skiff_answer *answer = skiff_call_rows(model, "predict", NULL, ROWS, 2, 4, NULL);
    assert(!strcmp(skiff_answer_strings(answer, 0)[1].data, "virginica"));
    skiff_answer_free(answer);
  }
  return NULL;
}

int main(int argc, char **argv) {
  assert(argc == 6 && strlen(skiff_version()) > 4);
  skiff_model *model = opened(argv[1]);
  rows_of_numbers(model);
  mistakes(model);
  memory_and_texts(argv[2]);
  arrow(argv[3]);
  sparse(argv[4]);
  keywords(argv[5]);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, many_calls, model);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  skiff_model_free(model);
  return 0;
}
