// What the package takes, returns and refuses, by assertions: node calls.js EXAMPLES ENCRYPTED IDENTITY
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");
const skiff = require("skiff-node");

const [examples, encrypted, identity] = process.argv.slice(2);
const example = (name) => path.join(examples, name);
const FLOWERS = [
  [5.1, 3.5, 1.4, 0.2],
  [6.7, 3.0, 5.2, 2.3],
];
const PASSENGERS = {
  rank: [3, 1],
  sex: ["male", "female"],
  age: [22, null],
  fare: Float64Array.of(7.25, 71),
  port: ["S", "C"],
  alone: [1, 0],
};

function fails(run, code, part) {
  assert.throws(run, (error) => {
    assert.ok(error instanceof skiff.SkiffError && error instanceof Error, String(error));
    assert.strictEqual(error.code, code);
    assert.ok(error.message.includes(part), error.message);
    return true;
  });
}

function numbers() {
  const model = skiff.open(example("iris-svc.joblib"));
  const labels = model.predict(FLOWERS);
  assert.deepStrictEqual(labels.toArray(), ["setosa", "virginica"]);
  assert.deepStrictEqual([labels.dtype, labels.shape, labels.arrays[0].name], ["str", [2], "predict"]);
  const scores = model.decisionFunction(FLOWERS);
  assert.ok(scores.data instanceof Float64Array);
  assert.deepStrictEqual(scores.shape, [2, 3]);
  const data = Float64Array.from(FLOWERS.flat());
  const same = [
    FLOWERS.map((row) => Float64Array.from(row)),
    { data, shape: [2, 4] },
    { data: FLOWERS.flat(), shape: [2, 4] },
    { data: new Float64Array(data.buffer, 0, 8), shape: [2, 4] },
  ];
  for (const rows of same) assert.deepStrictEqual(model.decisionFunction(rows).data, scores.data);
  const shared = new Float64Array(new SharedArrayBuffer(64));
  shared.set(data);
  assert.deepStrictEqual(model.decisionFunction({ data: shared, shape: [2, 4] }).data, scores.data);
  assert.deepStrictEqual(scores.toArray(), [Array.from(scores.data.subarray(0, 3)), Array.from(scores.data.subarray(3))]);
  assert.deepStrictEqual(model.call("decision_function", FLOWERS).data, scores.data);
  const single = model.predict({ data: Float32Array.from(data), shape: [2, 4] });
  assert.deepStrictEqual(single.toArray(), labels.toArray());
}

/** Two digits, of which most pixels are 0. */
function sparseRows() {
  const model = skiff.open(example("digits-forest.joblib"), { at: "steps[1][1]" });
  const rows = { data: [1, 4, 7, 10, 13, 16], indices: [2, 3, 20, 0, 10, 63], indptr: [0, 3, 6], shape: [2, 64] };
  const dense = [new Float64Array(64), new Float64Array(64)];
  rows.indices.forEach((column, at) => (dense[at < 3 ? 0 : 1][column] = rows.data[at]));
  const expected = model.predictProba(dense).data;
  const typed = { data: Float64Array.from(rows.data), indices: Int32Array.from(rows.indices), indptr: Int32Array.from(rows.indptr) };
  for (const same of [rows, { ...rows, ...typed }, { ...rows, data: Float32Array.from(rows.data) }]) {
    assert.deepStrictEqual(model.predictProba(same).data, expected);
  }
  fails(() => model.predict({ ...rows, shape: [2, 63] }), "wrong-input", "63");
  fails(() => model.predict({ ...rows, shape: [2] }), "wrong-argument", "two lengths");
  fails(() => model.predict({ ...rows, indptr: [0, 3] }), "wrong-input", "");
  fails(() => model.predict({ ...rows, indptr: [0, 7, 6] }), "wrong-input", "");
  const unsorted = { data: [7, 1, 3, 1, 10, 13, 16], indices: [20, 2, 3, 3, 0, 10, 63], indptr: [0, 4, 7], shape: [2, 64] };
  assert.deepStrictEqual(model.predictProba(unsorted).data, expected);
  fails(() => model.predict({ ...rows, indices: [2, -1, 20, 0, 10, 63] }), "wrong-argument", "indices[1]");
  fails(() => model.predict({ ...rows, data: [1, "x", 7, 10, 13, 16] }), "wrong-argument", "data[1]");
  fails(() => model.predict({ ...rows, data: [1] }), "wrong-input", "");
}

/** Recorded cases have arguments that models take. */
function keywords() {
  const model = skiff.open(example("iris-svc.joblib"));
  assert.deepStrictEqual(model.predict(FLOWERS, {}).toArray(), ["setosa", "virginica"]);
  fails(() => model.predict(FLOWERS, { return_std: true }), "wrong-argument", "no argument `return_std`");
  fails(() => model.predict(FLOWERS, [true]), "wrong-argument", "as an object");
  fails(() => model.predict(FLOWERS, { a: [1] }), "wrong-argument", "argument `a`");
  fails(() => model.predict(FLOWERS, { a: NaN }), "wrong-argument", "not finite");
}

function knowledge() {
  const model = skiff.open(pathToFileURL(example("iris-svc.joblib")));
  assert.ok(model.methods.includes("predict") && !model.methods.includes("transform"));
  const signature = model.signature();
  assert.deepStrictEqual(signature.classes, [["setosa", "versicolor", "virginica"]]);
  assert.strictEqual(signature.n_features_in, 4);
  assert.strictEqual(signature.methods.predict.returns.includes("n_samples"), true, signature.methods.predict.returns);
  assert.ok(JSON.stringify(model.inspect()).includes("SVC"));
  assert.match(skiff.version, /^\d+\.\d+\.\d+$/);
}

function textsAndColumns() {
  const spam = skiff.open(fs.readFileSync(example("spam-filter.joblib")));
  assert.deepStrictEqual(spam.predict(["free prize, call now", "see you at lunch"]).toArray(), ["spam", "ham"]);
  const model = skiff.open(example("passengers.joblib"));
  const shares = model.predictProba(PASSENGERS);
  assert.deepStrictEqual(shares.shape, [2, 2]);
  const names = Object.keys(PASSENGERS);
  const records = [0, 1].map((row) => Object.fromEntries(names.map((name) => [name, PASSENGERS[name][row]])));
  assert.deepStrictEqual(model.predictProba(records).data, shares.data);
  delete records[1].age;
  assert.deepStrictEqual(model.predictProba(records).data, shares.data);
  const typed = { ...PASSENGERS, rank: Int32Array.of(3, 1), alone: BigInt64Array.of(1n, 0n) };
  assert.deepStrictEqual(model.predictProba(typed).data, shares.data);
}

function mistakes() {
  const model = skiff.open(example("iris-svc.joblib"));
  fails(() => model.predict([[1, 2, 3]]), "wrong-number-of-features", "3 features");
  fails(() => model.predict([]), "wrong-input", "0");
  fails(() => model.transform(FLOWERS), "wrong-argument", "no method `transform`; it has predict");
  fails(() => model.predict([[1, 2, 3, 4], [1, 2]]), "wrong-argument", "row 1: expected 4 cells, found 2");
  fails(() => model.predict([[1, 2, 3, 4], 5]), "wrong-argument", "row 1: expected a list of cells, found a number");
  fails(() => model.predict([1, 2, 3, 4]), "wrong-argument", "row 0: expected a list of cells");
  fails(() => model.predict(3), "wrong-argument", "found a number");
  fails(() => model.predict(), "wrong-argument", "found a undefined");
  fails(() => model.predict([[1, 2, {}, 4]]), "wrong-argument", "column `2`, row 0: expected a string");
  fails(() => model.predict({ data: new Float64Array(7), shape: [2, 4] }), "wrong-argument", "found 7");
  fails(() => model.predict({ data: new Float64Array(8), shape: [2.5, 4] }), "wrong-argument", "[2.5, 4]");
  fails(() => model.predict({ data: new Float64Array(8), shape: [2 ** 31, 2 ** 31] }), "wrong-argument", "found 8");
  fails(() => model.predict({ a: [1, 2], b: [1] }), "wrong-argument", "column `b`: expected 2 rows, found 1");
  fails(() => model.predict({ a: "text" }), "wrong-argument", "column `a`: expected a list");
}

function files() {
  fails(() => skiff.open("/nowhere/model.pkl"), "unreadable-file", "/nowhere/model.pkl");
  fails(() => skiff.open(Buffer.from("not a model")), "not-a-model", "");
  fails(() => skiff.open(3), "wrong-argument", "expected a path");
  fails(() => skiff.open(example("iris-svc.joblib"), { adress: "[0]" }), "wrong-argument", "no option `adress`");
  fails(() => skiff.open(example("iris-svc.joblib"), { at: 0 }), "wrong-argument", "expected a string as `at`");
  const key = fs.readFileSync(identity, "utf8");
  assert.deepStrictEqual(skiff.open(encrypted, { identity: key }).predict(FLOWERS).toArray(), ["setosa", "virginica"]);
  fails(() => skiff.open(encrypted), "encrypted-file", "");
  fails(() => skiff.open(encrypted, { identity: key, passphrase: "x" }), "wrong-argument", "found both");
  assert.throws(() => new skiff.Model(), TypeError);
}

async function promises() {
  const model = await skiff.openAsync(example("iris-svc.joblib"));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const many = { data: new Float64Array(4 * 400000).fill(1.5), shape: [400000, 4] };
  const waiting = model.decisionFunctionAsync(many);
  many.data.fill(NaN);
  const answer = await waiting;
  clearInterval(timer);
  assert.ok(turns > 0, "the event loop did not turn while a model answered");
  assert.ok(answer.data.every((value) => value === answer.data[0] || Number.isFinite(value)));
  const all = await Promise.all(Array.from({ length: 200 }, () => model.predictAsync(FLOWERS)));
  for (const labels of all) assert.deepStrictEqual(labels.toArray(), ["setosa", "virginica"]);
  const failed = (error) => error instanceof skiff.SkiffError && error.code;
  assert.strictEqual(await model.predictAsync([[1]]).catch(failed), "wrong-number-of-features");
  assert.strictEqual(await model.predictAsync(3).catch(failed), "wrong-argument");
  assert.strictEqual(await model.transformAsync(FLOWERS).catch(failed), "wrong-argument");
  assert.strictEqual(await skiff.openAsync("/nowhere").catch(failed), "unreadable-file");
  assert.strictEqual(await skiff.openAsync("/nowhere", { x: "" }).catch(failed), "wrong-argument");
}

async function leaks() {
  const content = fs.readFileSync(example("iris-svc.joblib"));
  const model = skiff.open(content);
  const ask = async (times) => {
    for (let time = 0; time < times; time++) {
      model.decisionFunction(FLOWERS);
      if (time % 10 === 0) await model.predictAsync(FLOWERS);
      if (time % 100 === 0) {
        skiff.open(content).predict(FLOWERS);
        assert.throws(() => model.predict([[1]]));
      }
    }
    global.gc();
    // Finalizers of arrays run in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 50));
    global.gc();
    return process.memoryUsage().rss / 2 ** 20;
  };
  await ask(10000);
  const before = await ask(10000);
  const after = await ask(10000);
  console.log(`resident memory after 20,000 calls ${before.toFixed(1)} MiB, after 30,000 ${after.toFixed(1)} MiB`);
  assert.ok(after - before < 8, `${before} MiB became ${after} MiB`);
}

async function main() {
  numbers();
  sparseRows();
  keywords();
  knowledge();
  textsAndColumns();
  mistakes();
  files();
  await promises();
  await leaks();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
