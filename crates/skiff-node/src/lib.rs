//! The native part of the npm package `skiff-node`, which `npm/index.js` calls and users do not: it takes what that file
//! has made of the user's rows, and returns arrays, or a failure as a value, which is thrown there as a `SkiffError`.
#![expect(missing_docs, reason = "functions of JavaScript, which index.d.ts documents")]
#![expect(missing_debug_implementations, reason = "objects of JavaScript, of which Rust has no view")]
#![expect(clippy::needless_pass_by_value, reason = "napi hands in what it converted")]

mod answer;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use skiff::arrays::NamedArray;
use skiff::{Method, Params, Table};
use skiff_embed::{EmbeddedModel, Failure, Opening, arguments, guarded};

use answer::JsArray;
use rows::JsRows;

/// A failure as a value.
#[napi(object, object_from_js = false)]
pub struct JsFailure {
    pub code: String,
    pub message: String,
}

/// What a function returns: its value, or why there is none.
type Outcome<T> = Either<T, JsFailure>;

fn outcome<T>(result: Result<T, Failure>) -> Outcome<T> {
    match result {
        Ok(value) => Either::A(value),
        Err(Failure { code, message }) => Either::B(JsFailure { code: code.to_owned(), message }),
    }
}

/// scikit-learn's names of all methods, of which a model has some.
#[napi]
pub fn methods() -> Vec<&'static str> {
    Method::ALL.iter().map(|method| method.name()).collect()
}

#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Fields of `OpenOptions` in index.d.ts.
#[napi(object, object_to_js = false)]
pub struct JsOptions {
    pub at: Option<String>,
    pub passphrase: Option<String>,
    pub identity: Option<String>,
}

/// A file to be opened, by its path or its content.
pub struct Open {
    source: Source,
    options: JsOptions,
}

enum Source {
    Path(PathBuf),
    Content(Vec<u8>),
}

impl Open {
    fn new(source: Either<String, Uint8Array>, options: JsOptions) -> Self {
        let source = match source {
            Either::A(path) => Source::Path(path.into()),
            Either::B(content) => Source::Content(content.to_vec()),
        };
        Self { source, options }
    }

    fn run(&mut self) -> Result<Arc<EmbeddedModel>, Failure> {
        let JsOptions { at, passphrase, identity } = &self.options;
        let opening = Opening { at: at.as_deref(), passphrase: passphrase.as_deref(), identity: identity.as_deref() };
        let model = guarded(|| match &mut self.source {
            Source::Path(path) => EmbeddedModel::open(path, &opening),
            Source::Content(content) => EmbeddedModel::read(std::mem::take(content), &opening),
        });
        model.map(Arc::new)
    }
}

impl Task for Open {
    type Output = Result<Arc<EmbeddedModel>, Failure>;
    type JsValue = Outcome<NativeModel>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _: Env, model: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(outcome(model.map(NativeModel)))
    }
}

#[napi]
pub fn open(source: Either<String, Uint8Array>, options: JsOptions) -> Outcome<NativeModel> {
    outcome(Open::new(source, options).run().map(NativeModel))
}

#[napi]
pub fn open_async(source: Either<String, Uint8Array>, options: JsOptions) -> AsyncTask<Open> {
    AsyncTask::new(Open::new(source, options))
}

/// A model that JavaScript holds; promises that are not kept yet hold it too.
#[napi]
pub struct NativeModel(Arc<EmbeddedModel>);

#[napi]
impl NativeModel {
    #[napi]
    pub fn methods(&self) -> Vec<&'static str> {
        self.0.model.methods().into_iter().map(Method::name).collect()
    }

    #[napi]
    pub fn inspect(&self) -> Outcome<String> {
        outcome(guarded(|| Ok(self.0.inspect().to_string())))
    }

    #[napi]
    pub fn signature(&self) -> Outcome<String> {
        outcome(guarded(|| Ok(self.0.signature().to_string())))
    }

    #[napi]
    pub fn call(&self, method: String, rows: JsRows, arguments: String) -> Outcome<Vec<JsArray>> {
        let call = Call::new(&self.0, &method, rows, &arguments).and_then(|call| call.run());
        outcome(call.map(answer::arrays))
    }

    #[napi]
    pub fn call_async(&self, method: String, rows: JsRows, arguments: String) -> Outcome<AsyncTask<Call>> {
        outcome(Call::new(&self.0, &method, rows, &arguments).map(AsyncTask::new))
    }
}

/// A method, its keyword arguments and its rows, copied from JavaScript, which may change them.
pub struct Call {
    model: Arc<EmbeddedModel>,
    method: Method,
    arguments: Params,
    table: Table<'static>,
}

impl Call {
    /// `given` are the arguments as JSON.
    fn new(model: &Arc<EmbeddedModel>, method: &str, rows: JsRows, given: &str) -> Result<Self, Failure> {
        guarded(|| {
            let (method, arguments) = (model.method(method)?, arguments(Some(given))?);
            Ok(Self { model: Arc::clone(model), method, arguments, table: rows.into_table(model, method)? })
        })
    }

    fn run(&self) -> Result<Vec<NamedArray>, Failure> {
        guarded(|| self.model.call(self.method, &self.arguments, &self.table))
    }
}

impl Task for Call {
    type Output = Result<Vec<NamedArray>, Failure>;
    type JsValue = Outcome<Vec<JsArray>>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _: Env, arrays: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(outcome(arrays.map(answer::arrays)))
    }
}
