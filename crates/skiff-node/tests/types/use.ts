// What index.d.ts allows and what it must not: each `@ts-expect-error` fails the check if there is no error. It is run as
// well, so that the types are those that the values have.
import * as assert from "node:assert";
import * as fs from "node:fs";
import * as skiff from "skiff-node";

async function main(path: string): Promise<void> {
  const model: skiff.Model = skiff.open(path);
  const rows = [[5.1, 3.5, 1.4, 0.2]];
  const labels: skiff.Answer = model.predict(rows);
  const array = labels.arrays[0];
  if (array.dtype === "str") assert.strictEqual(array.data[0].length, 6);
  else assert.fail(`expected text, found ${array.dtype}`);
  const scores = model.decisionFunction({ data: Float64Array.from(rows[0]), shape: [1, 4] }).arrays[0];
  if (scores.dtype === "float64") assert.ok(scores.data.subarray(0, 1) instanceof Float64Array);
  const later: Promise<skiff.Answer> = model.predictAsync(rows);
  assert.deepStrictEqual((await later).toArray(), ["setosa"]);
  const classes: (string | number | boolean | null)[] = model.signature().classes[0];
  assert.strictEqual(classes.length, 3);
  const methods: skiff.MethodName[] = model.methods;
  assert.ok(methods.includes("predict"));
  const again = await skiff.openAsync(fs.readFileSync(path), { at: undefined });
  assert.deepStrictEqual(again.call("predict", rows).shape, [1]);
  try {
    model.predict([["text", null, 3, true]]);
    assert.fail("expected an error");
  } catch (error) {
    assert.ok(error instanceof skiff.SkiffError);
    const code: string = error.code;
    assert.strictEqual(typeof code, "string");
  }
}

/** Never run: what must not compile, and forms of rows that must. */
export function neverRun(model: skiff.Model): void {
  model.predict(["a document"]);
  model.predict({ age: [3, null], city: ["Oslo", "Rome"], code: Int32Array.of(1, 2), id: BigInt64Array.of(1n, 2n) });
  model.predict([{ age: 3, city: "Oslo" }, { age: null }]);
  model.predict([Float64Array.of(1, 2)]);
  model.predict({ data: [1], indices: [0], indptr: Uint32Array.of(0, 1), shape: [1, 2] }, { return_std: true, n: null });
  // @ts-expect-error an argument is a single value
  model.predict([[1]], { return_std: [true] });
  // @ts-expect-error a row alone is not rows
  model.predict([1, 2, 3]);
  // @ts-expect-error no such method
  model.predictProbability([[1]]);
  // @ts-expect-error scikit-learn's names are those of `call`
  model.predict_proba([[1]]);
  // @ts-expect-error no such method
  model.call("predictProba", [[1]]);
  // @ts-expect-error no such option
  skiff.open("path", { adress: "[0]" });
  // @ts-expect-error a path is not a number
  skiff.open(3);
  // @ts-expect-error an answer does not change
  model.predict([[1]]).arrays = [];
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
