//! Opening models, asking them, and what is known of them before any rows.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use skiff::arrays::NamedArray;
use skiff::types::ValueType;
use skiff::value::Classes;
use skiff::{File, Identity, Method, Model, Options, Params, Scalar, Table};

use crate::failure::Failure;

/// A model, ready to answer. It does not change: any number of threads may use one at a time.
#[derive(Debug)]
pub struct EmbeddedModel {
    /// The model itself.
    pub model: Model,
    file: File,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    /// The address of the estimator in a file with several objects: "['model']", "[0]".
    pub at: Option<&'a str>,
    /// The passphrase of an encrypted file.
    pub passphrase: Option<&'a str>,
    /// The content of an identity file: the key of an encrypted file.
    pub identity: Option<&'a str>,
}

impl Opening<'_> {
    fn options(&self) -> Result<Options, Failure> {
        let identity = match (self.passphrase, self.identity) {
            (None, None) => None,
            (Some(passphrase), None) => Some(Identity::passphrase(passphrase)?),
            (None, Some(identity)) => Some(Identity::read(identity.as_bytes())?),
            (Some(_), Some(_)) => {
                return Err(Failure::argument("expected either a passphrase or an identity, found both"));
            }
        };
        Ok(Options { at: self.at.map(str::to_owned), identity, ..Options::default() })
    }
}

impl EmbeddedModel {
    /// The model in a file: pickle, joblib, skops, `.skiff` or JSON, compressed or encrypted. Nothing in it is executed.
    ///
    /// # Errors
    /// When it cannot be read, or is not a model that skiff supports.
    pub fn open(path: &Path, opening: &Opening<'_>) -> Result<Self, Failure> {
        Self::of(File::open(path, &opening.options()?)?)
    }

    /// The same for the content of a file.
    ///
    /// # Errors
    /// When it is not a model that skiff supports.
    pub fn read(bytes: Vec<u8>, opening: &Opening<'_>) -> Result<Self, Failure> {
        Self::of(File::read(bytes, &opening.options()?)?)
    }

    fn of(file: File) -> Result<Self, Failure> {
        Ok(Self { model: file.model(None)?, file })
    }

    /// What is in the file: format, versions, estimators with parameters and methods. `skiff inspect --format json`
    /// prints the same.
    pub fn inspect(&self) -> Json {
        self.file.inspect().to_json()
    }

    /// What the model takes and returns: `n_features_in`, `feature_names_in`, `classes`, and for each method the types
    /// of its input and its output.
    pub fn signature(&self) -> Json {
        let method = |method: Method| {
            let signature = self.model.signature(method).ok()?;
            let types = json!({ "takes": signature.input.to_string(), "returns": signature.output.to_string() });
            Some((method.name().to_owned(), types))
        };
        let classes = |classes: &Classes| {
            (0..classes.len())
                .map(|index| classes.get(index).map_or(Json::Null, |class| class_label(&class)))
                .collect::<Json>()
        };
        json!({
            "n_features_in": self.model.n_features_in(),
            "feature_names_in": self.model.feature_names_in().map(|names| names.to_vec()),
            "classes": self.model.classes().iter().map(|all| classes(all)).collect::<Vec<_>>(),
            "methods": self.model.methods().into_iter().filter_map(method).collect::<Map<_, _>>(),
        })
    }

    /// The method of that name.
    ///
    /// # Errors
    /// When the model does not have it.
    pub fn method(&self, name: &str) -> Result<Method, Failure> {
        let known = self.model.methods();
        let found = name.parse::<Method>().ok().filter(|method| known.contains(method));
        found.ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(|method| method.name()).collect();
            Failure::argument(format!("the model has no method `{name}`; it has {}", known.join(", ")))
        })
    }

    /// Whether a method takes documents, a text for each row.
    ///
    /// # Errors
    /// When the model does not have the method.
    pub fn takes_documents(&self, method: Method) -> Result<bool, Failure> {
        Ok(matches!(self.model.signature(method)?.input, ValueType::Texts))
    }

    /// The arrays that a method returns: one for most methods and arguments, several for some.
    ///
    /// # Errors
    /// When the table is not what the method takes, or the method does not have one of the arguments.
    pub fn call(&self, method: Method, arguments: &Params, table: &Table<'_>) -> Result<Vec<NamedArray>, Failure> {
        // A plan without arguments is kept.
        let answer = match arguments.is_empty() {
            true => self.model.call(method, table)?,
            false => self.model.call_with(method, arguments, table)?,
        };
        Ok(NamedArray::of(method.name(), answer)?)
    }
}

/// A class as JSON: what it was in Python.
fn class_label(class: &Scalar) -> Json {
    match class {
        Scalar::None => Json::Null,
        Scalar::Bool(value) => json!(value),
        Scalar::Int(value) => json!(value),
        Scalar::Float(value) => json!(value),
        Scalar::Str(text) => json!(text),
        other => json!(other.to_string()),
    }
}
