/* cc predict.c -Icrates/skiff-capi/include -Ltarget/release -lskiff_c -o predict && ./predict examples/iris-svc.joblib */
#include <stdio.h>
#include <skiff.h>

int main(int argc, char **argv) {
  skiff_error *error = NULL;
  skiff_model *model = skiff_open(argc > 1 ? argv[1] : "examples/iris-svc.joblib", NULL, &error);
  double rows[] = {5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3};
  skiff_answer *answer = model ? skiff_call_rows(model, "predict", NULL, rows, 2, 4, &error) : NULL;
  if (!answer) {
    fprintf(stderr, "%s: %s\n", skiff_error_code(error), skiff_error_message(error));
    skiff_error_free(error);
    skiff_model_free(model);
    return 1;
  }
  const skiff_string *labels = skiff_answer_strings(answer, 0);
  for (size_t row = 0; row < skiff_answer_length(answer, 0); row++) printf("%s\n", labels[row].data);
  skiff_answer_free(answer);
  skiff_model_free(model);
  return 0;
}
