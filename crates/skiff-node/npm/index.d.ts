/** The version of skiff: "0.1.0". */
export const version: string;

/** Fields that are not there are as if they were `undefined`. */
export interface OpenOptions {
  /** The address of the estimator in a file with several objects: "['model']", "[0]". */
  at?: string;
  /** The passphrase of an encrypted file. */
  passphrase?: string;
  /** The content of an identity file: the key of an encrypted file. */
  identity?: string;
}

/**
 * Opens the model in a file, or in the content of one: pickle, joblib, skops, .skiff or JSON, compressed or encrypted.
 * Nothing in it is executed. Throws a `SkiffError` if it is not a model, or not one that skiff supports.
 */
export function open(source: string | URL | Uint8Array | ArrayBuffer, options?: OpenOptions): Model;

/** The same on another thread. The bytes of a Buffer are copied first. */
export function openAsync(source: string | URL | Uint8Array | ArrayBuffer, options?: OpenOptions): Promise<Model>;

/** Why skiff could not do what it was asked. */
export class SkiffError extends Error {
  private constructor();
  /** A short name for programs: "not-a-model", "wrong-argument", "wrong-number-of-features". */
  readonly code: string;
}

/** `null` and `undefined` are missing values, as NaN is. */
export type Cell = string | number | boolean | null | undefined;

/** Numbers are float64; a typed array has its own dtype. */
export type Column =
  | readonly Cell[]
  | Float64Array
  | Float32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

export type Rows =
  /** Rows of numbers, of texts, or of both. */
  | readonly (readonly Cell[])[]
  | readonly (Float64Array | Float32Array)[]
  /** Numbers row after row, with the number of rows and of columns. */
  | { data: Float64Array | Float32Array | readonly number[]; shape: readonly [number, number] }
  /** Sparse rows as scipy's csr_matrix has them: `data` of row i from indptr[i] to indptr[i + 1], each in its column of `indices`. */
  | SparseRows
  /** Documents; or one column of texts. */
  | readonly string[]
  /** Columns by name. */
  | { readonly [column: string]: Column }
  /** Rows by name. A name that a row does not have is a missing value. */
  | readonly { readonly [column: string]: Cell }[];

export interface SparseRows {
  data: Float64Array | Float32Array | readonly number[];
  indices: Int32Array | Uint32Array | readonly number[];
  indptr: Int32Array | Uint32Array | readonly number[];
  shape: readonly [number, number];
}

/** Keyword arguments of a method by their names in Python: `{ return_std: true }`, `{ n_neighbors: 3 }`. */
export interface Arguments {
  readonly [name: string]: string | number | boolean | null;
}

/** The elements of an array by its dtype, in C order; bools are bytes. */
export interface Elements {
  float64: Float64Array;
  float32: Float32Array;
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  str: string[];
}

export type DType = keyof Elements;

/** Lists in lists, as deep as the shape is long. */
export type Nested = number | string | boolean | Nested[];

/** One array of an answer. */
export type NdArray = {
  [D in DType]: {
    /** The method's name, or that with more behind it where there are several arrays. */
    readonly name: string;
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: Elements[D];
    /** Nested lists of plain numbers, booleans or strings. Throws if an integer is not a safe one. */
    toArray(): Nested;
  };
}[DType];

/** What a method returned. */
export interface Answer {
  /** All arrays: one for most methods, several for some. */
  readonly arrays: readonly NdArray[];
  /** The elements of the only array, in C order; throws a `SkiffError` if there are several. So do the others. */
  readonly data: Elements[DType];
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Nested lists of plain numbers, booleans or strings. */
  toArray(): Nested;
}

/** scikit-learn's names of the methods. */
export type MethodName =
  | "predict"
  | "predict_proba"
  | "predict_log_proba"
  | "predict_joint_log_proba"
  | "decision_function"
  | "transform"
  | "inverse_transform"
  | "score_samples"
  | "apply"
  | "decision_path"
  | "kneighbors"
  | "kneighbors_graph"
  | "radius_neighbors"
  | "radius_neighbors_graph"
  | "staged_predict"
  | "staged_predict_proba"
  | "staged_decision_function"
  | "mahalanobis"
  | "sample"
  | "gibbs";

type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;

/** `predict(rows)`, `predictProba(rows)`, …: an estimator has some of them, and throws for the others. */
export type Methods = { [M in MethodName as CamelCase<M>]: (rows: Rows, keywords?: Arguments) => Answer };

/** `predictAsync(rows)`, `predictProbaAsync(rows)`, …: on another thread. The rows are copied first. */
export type AsyncMethods = { [M in MethodName as `${CamelCase<M>}Async`]: (rows: Rows, keywords?: Arguments) => Promise<Answer> };

/** A model, opened by `open`. */
export interface Model extends Methods, AsyncMethods {
  /** The methods that the estimator has. */
  readonly methods: MethodName[];
  /** What is in the file: format, versions, estimators with parameters and methods, as `skiff inspect --format json`. */
  inspect(): { readonly [key: string]: unknown };
  signature(): Signature;
  /** The method of that name, with keyword arguments of it. */
  call(method: MethodName, rows: Rows, keywords?: Arguments): Answer;
  /** The same on another thread. The rows are copied first. */
  callAsync(method: MethodName, rows: Rows, keywords?: Arguments): Promise<Answer>;
}

/** What a model takes and returns. */
export interface Signature {
  readonly n_features_in: number | null;
  readonly feature_names_in: string[] | null;
  /** The classes of each output. */
  readonly classes: (string | number | boolean | null)[][];
  readonly methods: { readonly [method in MethodName]?: { readonly takes: string; readonly returns: string } };
}
