// node example.js model.joblib
const skiff = require("skiff-node");

const model = skiff.open(process.argv[2] ?? "examples/iris-svc.joblib");
console.log(model.signature().classes[0]);

const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.7, 3.0, 5.2, 2.3],
];
console.log(model.predict(flowers).toArray());

const scores = model.decisionFunction(flowers);
console.log(scores.dtype, scores.shape, scores.data.length);

// On another thread, while this one serves others.
model.predictAsync(flowers).then(
  (labels) => console.log(labels.toArray()[1]),
  (error) => console.error(error.code, error.message),
);
