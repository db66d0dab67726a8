"use strict";

/** A wrong argument, which index.js throws on as a `SkiffError`. */
class WrongArgument extends Error {}

/** The arrays of numbers that may be a column, with numpy's names of their dtypes. */
const DTYPES = new Map([
  [Float64Array, "float64"],
  [Float32Array, "float32"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Uint16Array, "uint16"],
  [Uint32Array, "uint32"],
]);

const isTyped = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView);
const isList = (value) => Array.isArray(value) || isTyped(value);
const isNumber = (cell) => typeof cell === "number" || cell === null || cell === undefined;
const isObject = (value) => typeof value === "object" && value !== null;

/** What a value is, in a message. */
function kind(value) {
  if (value === null) return "null";
  return isList(value) ? "a list" : `a ${typeof value}`;
}

/**
 * The rows of a user as the native part takes them: `numbers`, one row after the other, `sparse`, or `columns`.
 * They are lists of numbers, strings or both, records, columns by name, `{ data, shape }`, or sparse ones.
 */
function nativeRows(rows) {
  if (Array.isArray(rows)) {
    const first = rows[0];
    if (isList(first)) return ofLists(rows);
    if (isObject(first)) return ofRecords(rows);
    if (typeof first === "string") return ofColumns(null, [rows], rows.length);
    if (rows.length > 0) throw new WrongArgument(`row 0: expected a list of cells, a string or an object, found ${kind(first)}`);
    return ofNumbers(new Float64Array(0), 0, 0);
  }
  if (!isObject(rows) || isList(rows)) {
    throw new WrongArgument(`expected a list of rows, columns by name, or { data, shape }, found ${kind(rows)}`);
  }
  if (Array.isArray(rows.shape) && isList(rows.data)) {
    return isList(rows.indices) && isList(rows.indptr) ? ofSparse(rows) : ofShape(rows);
  }
  const columns = Object.values(rows);
  for (const [name, cells] of Object.entries(rows)) {
    if (!isList(cells)) throw new WrongArgument(`column \`${name}\`: expected a list, found ${kind(cells)}`);
  }
  return ofColumns(Object.keys(rows), columns, columns.length > 0 ? columns[0].length : 0);
}

function ofNumbers(data, nRows, nColumns) {
  const isSingle = data instanceof Float32Array;
  return { numbers: { nRows, nColumns, isSingle, data: data instanceof Float64Array ? own(data) : Float64Array.from(data) } };
}

/** Memory that no other thread changes meanwhile. */
function own(data) {
  return data.buffer instanceof ArrayBuffer ? data : data.slice();
}

/** Whether a number fits in 32 bits. */
const isIndex = (number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32;

function checkShape(shape) {
  if (shape.length !== 2 || !shape.every(isIndex)) {
    throw new WrongArgument(`expected a shape of two lengths, found [${shape.join(", ")}]`);
  }
}

/** Numbers that are counts or columns. */
function indices(list, name) {
  return Uint32Array.from(list, (index, at) => {
    if (!isIndex(index)) throw new WrongArgument(`${name}[${at}]: expected an index, found ${index}`);
    return index;
  });
}

/** scipy's CSR form. */
function ofSparse({ data, indices: columns, indptr, shape }) {
  checkShape(shape);
  const isSingle = data instanceof Float32Array;
  const numbers = data instanceof Float64Array ? own(data) : Float64Array.from(data, (cell, at) => number(cell, `data[${at}]`));
  const [nRows, nColumns] = shape;
  return { sparse: { nRows, nColumns, isSingle, data: numbers, indices: indices(columns, "indices"), indptr: indices(indptr, "indptr") } };
}

function ofShape({ data, shape }) {
  checkShape(shape);
  if (data instanceof Float64Array || data instanceof Float32Array) return ofNumbers(data, ...shape);
  return ofNumbers(Float64Array.from(data, (cell, at) => number(cell, `data[${at}]`)), ...shape);
}

/** A number; NaN where it is missing. */
function number(cell, place) {
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell !== "number") throw new WrongArgument(`${place}: expected a number, found ${kind(cell)}`);
  return cell;
}

function ofLists(rows) {
  const width = rows[0].length;
  rows.forEach((row, at) => {
    if (!isList(row)) throw new WrongArgument(`row ${at}: expected a list of cells, found ${kind(row)}`);
    if (row.length !== width) throw new WrongArgument(`row ${at}: expected ${width} cells, found ${row.length}`);
  });
  const isNumeric = (row) => (isTyped(row) ? DTYPES.has(row.constructor) : row.every(isNumber));
  if (!rows.every(isNumeric)) {
    const column = (at) => rows.map((row) => row[at]);
    return ofColumns(null, Array.from({ length: width }, (_, at) => column(at)), rows.length);
  }
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    for (let place = 0; place < width; place++) data[at * width + place] = row[place] ?? NaN;
  });
  return ofNumbers(data, rows.length, width);
}

/** A name that a record does not have is a missing cell. */
function ofRecords(records) {
  const columns = new Map();
  records.forEach((record, at) => {
    if (!isObject(record) || isList(record)) throw new WrongArgument(`row ${at}: expected an object, found ${kind(record)}`);
    for (const [name, cell] of Object.entries(record)) {
      if (!columns.has(name)) columns.set(name, new Array(records.length).fill(null));
      columns.get(name)[at] = cell;
    }
  });
  return ofColumns([...columns.keys()], [...columns.values()], records.length);
}

function ofColumns(names, columns, nRows) {
  const label = (at) => `column \`${names ? names[at] : at}\``;
  const each = columns.map((cells, at) => {
    if (cells.length !== nRows) throw new WrongArgument(`${label(at)}: expected ${nRows} rows, found ${cells.length}`);
    return ofColumn(cells, label(at));
  });
  return { columns: { nRows, columns: each, ...(names && { names }) } };
}

function ofColumn(cells, label) {
  if (cells instanceof BigInt64Array) return { bigints: own(cells) };
  if (isTyped(cells)) {
    const dtype = DTYPES.get(cells.constructor);
    if (!dtype) throw new WrongArgument(`${label}: expected another array than a ${cells.constructor.name}`);
    return { numbers: cells instanceof Float64Array ? own(cells) : Float64Array.from(cells), dtype };
  }
  if (cells.every(isNumber)) return { numbers: Float64Array.from(cells, (cell) => cell ?? NaN), dtype: "float64" };
  return {
    cells: Array.from(cells, (cell, at) => {
      if (cell === undefined) return null;
      if (cell === null || ["string", "number", "boolean"].includes(typeof cell)) return cell;
      throw new WrongArgument(`${label}, row ${at}: expected a string, number, boolean or null, found ${kind(cell)}`);
    }),
  };
}

/** Keyword arguments of a method as JSON. */
function nativeArguments(given) {
  if (given === undefined || given === null) return "";
  if (!isObject(given) || isList(given)) throw new WrongArgument(`expected arguments as an object, found ${kind(given)}`);
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && !["string", "number", "boolean"].includes(typeof value)) {
      throw new WrongArgument(`argument \`${name}\`: expected a string, number, boolean or null, found ${kind(value)}`);
    }
    if (typeof value === "number" && !Number.isFinite(value)) throw new WrongArgument(`argument \`${name}\`: ${value} is not finite`);
  }
  return JSON.stringify(given);
}

module.exports = { nativeArguments, nativeRows, WrongArgument };
