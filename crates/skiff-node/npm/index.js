"use strict";

const { fileURLToPath } = require("url");

const native = require("./skiff.node");
const { nativeArguments, nativeRows, WrongArgument } = require("./rows.js");

/** Why skiff could not do what it was asked: a `code` for programs, and a `message`. */
class SkiffError extends Error {
  constructor({ code, message }) {
    super(message);
    this.name = "SkiffError";
    this.code = code;
  }
}

/** What a native function returned, or the failure that it returned instead, thrown. */
function returned(outcome) {
  if (typeof outcome === "object" && typeof outcome.code === "string") throw new SkiffError(outcome);
  return outcome;
}

/** Runs a function whose wrong arguments are `WrongArgument`s. */
function checked(run) {
  try {
    return run();
  } catch (error) {
    throw error instanceof WrongArgument ? new SkiffError({ code: "wrong-argument", message: error.message }) : error;
  }
}

/** One array of an answer: its elements in C order, and their shape. */
class NdArray {
  constructor({ name, dtype, shape, data }) {
    Object.assign(this, { name, dtype, shape, data });
    Object.freeze(this);
  }

  /** Nested lists of plain numbers, booleans or strings; a number alone where there are no axes. */
  toArray() {
    const elements = Array.from(this.data, (element) => this.#plain(element));
    let start = 0;
    const nested = (axis) => {
      if (axis === this.shape.length) return elements[start++];
      return Array.from({ length: this.shape[axis] }, () => nested(axis + 1));
    };
    return nested(0);
  }

  #plain(element) {
    if (this.dtype === "bool") return element !== 0;
    if (typeof element !== "bigint") return element;
    const number = Number(element);
    if (Number.isSafeInteger(number)) return number;
    throw new SkiffError({ code: "limit", message: `${element} is not a safe integer: use \`data\`` });
  }
}

/** What a method returned: one array for most, several for some. */
class Answer {
  constructor(arrays) {
    this.arrays = arrays.map((array) => new NdArray(array));
    Object.freeze(this);
  }

  /** The only array. */
  #only() {
    if (this.arrays.length === 1) return this.arrays[0];
    const names = this.arrays.map((array) => array.name).join(", ");
    throw new SkiffError({ code: "several-arrays", message: `use \`arrays\`: the answer has ${names || "none"}` });
  }

  get data() {
    return this.#only().data;
  }

  get dtype() {
    return this.#only().dtype;
  }

  get shape() {
    return this.#only().shape;
  }

  toArray() {
    return this.#only().toArray();
  }
}

/** Only `open` and `openAsync` have it. */
const OPENED = Symbol("opened");

/** A model, opened by `open`. Promises of several methods may be waited for at a time. */
class Model {
  #native;

  constructor(opened, model) {
    if (opened !== OPENED) throw new TypeError("models are opened by `open`");
    this.#native = model;
  }

  /** scikit-learn's names of the methods that it has. */
  get methods() {
    return this.#native.methods();
  }

  inspect() {
    return JSON.parse(returned(this.#native.inspect()));
  }

  signature() {
    return JSON.parse(returned(this.#native.signature()));
  }

  call(method, rows, keywords) {
    const given = checked(() => [nativeRows(rows), nativeArguments(keywords)]);
    return new Answer(returned(this.#native.call(String(method), ...given)));
  }

  async callAsync(method, rows, keywords) {
    const given = checked(() => [nativeRows(rows), nativeArguments(keywords)]);
    return new Answer(returned(await returned(this.#native.callAsync(String(method), ...given))));
  }
}

/** `predict_proba` as `predictProba`. */
const camelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

for (const method of native.methods()) {
  const functions = {
    [camelCase(method)]: function (rows, keywords) {
      return this.call(method, rows, keywords);
    },
    [`${camelCase(method)}Async`]: function (rows, keywords) {
      return this.callAsync(method, rows, keywords);
    },
  };
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(Model.prototype, name, { value, writable: true, configurable: true });
  }
}

const OPTIONS = ["at", "passphrase", "identity"];

/** The arguments of the native functions that open models. */
function opening(source, options = {}) {
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  const given = bytes instanceof URL ? fileURLToPath(bytes) : bytes;
  if (typeof given !== "string" && !(given instanceof Uint8Array)) {
    throw new WrongArgument("expected a path, a URL of a file, or a Buffer");
  }
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) throw new WrongArgument(`no option \`${name}\`; the options are ${OPTIONS.join(", ")}`);
    if (value !== undefined && typeof value !== "string") throw new WrongArgument(`expected a string as \`${name}\``);
  }
  return [given, options];
}

function open(source, options) {
  const given = checked(() => opening(source, options));
  return new Model(OPENED, returned(native.open(...given)));
}

async function openAsync(source, options) {
  const given = checked(() => opening(source, options));
  return new Model(OPENED, returned(await native.openAsync(...given)));
}

module.exports = { open, openAsync, Model, Answer, NdArray, SkiffError, version: native.version() };
