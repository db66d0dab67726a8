// Asks the recorded calls in a file, in the form that crates/skiff-embed/tests/recorded describes:
// node recorded.js QUESTIONS ANSWERS
"use strict";

const fs = require("fs");
const skiff = require("skiff-node");

const bytes = fs.readFileSync(process.argv[2]);
let at = 0;
const u8 = () => bytes[at++];
const u32 = () => bytes.readUInt32BE((at += 4) - 4);
const f64 = () => bytes.readDoubleBE((at += 8) - 8);
const text = () => {
  const length = u32();
  return bytes.toString("utf8", at, (at += length));
};
const list = (length, item) => Array.from({ length }, item);

function rows(number) {
  const [kind, nRows, nColumns] = [u8(), u32(), u32()];
  if (kind === 0) {
    const data = Float64Array.from(list(nRows * nColumns, f64));
    // Both forms of numbers in turn. A list without rows has no width.
    const row = (_, row) => Array.from(data.subarray(row * nColumns, (row + 1) * nColumns));
    return number % 2 || nRows === 0 ? { data, shape: [nRows, nColumns] } : list(nRows, row);
  }
  if (kind === 1) return list(nRows, text);
  if (kind === 3) {
    const indptr = list(nRows + 1, u32);
    const indices = list(indptr[nRows], u32);
    const data = list(indptr[nRows], f64);
    const shape = [nRows, nColumns];
    // Both forms in turn.
    if (number % 2) return { data, indices, indptr, shape };
    return { data: Float64Array.from(data), indices: Int32Array.from(indices), indptr: Uint32Array.from(indptr), shape };
  }
  const names = u8() ? list(nColumns, text) : null;
  const columns = list(nColumns, () => (u8() ? list(nRows, () => (u8() ? text() : null)) : list(nRows, f64)));
  if (!names) return list(nRows, (_, row) => columns.map((column) => column[row]));
  // Columns by name, and rows by name, in turn. An object has numeric names in another order.
  const records = () => list(nRows, (_, row) => Object.fromEntries(names.map((name, at) => [name, columns[at][row]])));
  return number % 2 ? Object.fromEntries(names.map((name, at) => [name, columns[at]])) : records();
}

const parts = [];
const put = {
  u32: (value) => parts.push(Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])),
  text: (value) => {
    const utf8 = Buffer.from(value);
    put.u32(utf8.length);
    parts.push(utf8);
  },
  eight: (values, write) => {
    const buffer = Buffer.alloc(values.length * 8);
    values.forEach((value, at) => write(buffer, value, at * 8));
    parts.push(buffer);
  },
};

function answer({ name, dtype, shape, data }) {
  put.text(name);
  put.text(dtype);
  put.u32(shape.length);
  shape.forEach(put.u32);
  put.u32(data.length);
  if (dtype === "str") data.forEach(put.text);
  else if (dtype.startsWith("float")) put.eight(data, (buffer, value, at) => buffer.writeDoubleBE(value, at));
  else put.eight(data, (buffer, value, at) => buffer.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)), at));
}

const models = new Map();
const opened = (path, address) => {
  const key = `${path} ${address}`;
  // Some from memory, so that both ways are tried.
  const source = models.size % 2 ? path : fs.readFileSync(path);
  if (!models.has(key)) models.set(key, skiff.open(source, address ? { at: address } : {}));
  return models.get(key);
};

async function main() {
  const count = u32();
  for (let number = 0; number < count; number++) {
    const [path, address, method] = [text(), text(), text()];
    const json = text();
    const keywords = json ? JSON.parse(json) : undefined;
    const given = rows(number);
    try {
      const model = opened(path, address);
      const { arrays } = number % 3 ? model.call(method, given, keywords) : await model.callAsync(method, given, keywords);
      put.u32(arrays.length);
      arrays.forEach(answer);
    } catch (error) {
      put.u32(0xffffffff);
      put.text(String(error.code));
      put.text(error.message);
    }
  }
  fs.writeFileSync(process.argv[3], Buffer.concat(parts));
}

main();
