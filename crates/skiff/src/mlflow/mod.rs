//! The model folders of MLflow: which file in one is the model, and writing one.
//!
//! `MLmodel`, a YAML file, is untrusted like any model file. What it says is trusted is not: lists of types that loaders
//! should accept are reported and ignored, and so is code in the folder.

mod registry;
mod save;
mod yaml;

use std::borrow::Cow;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use skiff_files::Limits;
use skiff_files::json::{Document, Id, Json};

use crate::Error;
use yaml::Entries;

pub use registry::{RegisteredModel, RegisteredVersion, registered_models};
pub use save::MlflowOptions;

/// The name of the file that makes a folder one of MLflow's.
pub const MLMODEL: &str = "MLmodel";
/// The module whose `_load_pyfunc` loads what skiff writes: `python/skiff/mlflow.py`.
pub(crate) const LOADER: &str = "skiff.mlflow";
/// The modules that load a scikit-learn model and nothing else.
pub(crate) const LOADERS: [&str; 2] = ["mlflow.sklearn", LOADER];
/// The longest `MLmodel` that is read, in bytes. MLflow's have a few thousand; examples and signatures of hundreds of
/// columns some ten thousand.
const MOST_BYTES: u64 = 1 << 20;

/// What `MLmodel` says.
#[derive(Clone, Debug, PartialEq)]
pub struct MlflowModel {
    entries: Entries,
}

/// Why a folder is not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MlflowError {
    /// `MLmodel` is not what MLflow writes: the reason.
    Damaged(String),
    /// It has other flavors.
    NoFlavor(Vec<String>),
    /// The path of the model leaves the folder.
    Outside(String),
    /// A file of a registry is not what MLflow writes: the reason.
    Registry(String),
}

impl fmt::Display for MlflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(why) => write!(f, "`{MLMODEL}` is damaged: {why}"),
            Self::Registry(why) => write!(f, "MLflow's registry is damaged: {why}"),
            Self::NoFlavor(found) => {
                let found = if found.is_empty() { "none".to_owned() } else { format!("`{}`", found.join("`, `")) };
                write!(f, "expected the MLflow flavor `sklearn`, found {found}")
            }
            Self::Outside(path) => write!(f, "`{MLMODEL}` names a model outside of its folder: `{path}`"),
        }
    }
}

/// The file of the model at `path`: the one that `MLmodel` names, if that is a folder with one, else `path` itself.
pub(crate) fn model_file(path: &Path) -> Result<Cow<'_, Path>, Error> {
    Ok(match MlflowModel::in_folder(path)? {
        Some(mlmodel) => Cow::Owned(mlmodel.file(path)?),
        None => Cow::Borrowed(path),
    })
}

impl MlflowModel {
    /// What `MLmodel` in `folder` says; `None` if there is no such file, or `folder` is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what MLflow writes.
    pub fn in_folder(folder: impl AsRef<Path>) -> Result<Option<Self>, Error> {
        let path = folder.as_ref().join(MLMODEL);
        match path.is_file() {
            true => Self::read(&path).map(Some),
            false => Ok(None),
        }
    }

    /// What the file at `path` says.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let damaged = |why: String| Error::from(MlflowError::Damaged(why)).in_file(path);
        let limits = Limits { decompressed: MOST_BYTES, ..Limits::default() };
        let bytes = skiff_files::bytes(path, &limits).map_err(|error| Error::from(error).in_file(path))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(damaged(format!("expected at most {MOST_BYTES} bytes")));
        }
        let text = str::from_utf8(&bytes).map_err(|_| damaged("expected UTF-8 text".to_owned()))?;
        Ok(Self { entries: Entries::parse(text).map_err(damaged)? })
    }

    /// The model's file, in `folder`.
    pub(crate) fn file(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = self.path().map_err(|error| Error::from(error).in_file(folder))?;
        Ok(folder.join(path))
    }

    fn path(&self) -> Result<&str, MlflowError> {
        let own = self.get(&["flavors", "sklearn", "pickled_model"]);
        let found = own.or_else(|| {
            let function = |name| self.get(&["flavors", "python_function", name]);
            let is_known = function("loader_module").is_some_and(|module| LOADERS.contains(&module));
            // MLflow 1 named the file in `data`.
            is_known.then(|| function("model_path").or_else(|| function("data")))?
        });
        let path = found.ok_or_else(|| MlflowError::NoFlavor(self.flavors()))?;
        let is_inside = |component: Component<'_>| matches!(component, Component::Normal(_));
        match !path.is_empty() && Path::new(path).components().all(is_inside) {
            true => Ok(path),
            false => Err(MlflowError::Outside(path.to_owned())),
        }
    }

    fn get(&self, path: &[&str]) -> Option<&str> {
        self.entries.get(path)
    }

    /// The names of its flavors.
    pub fn flavors(&self) -> Vec<String> {
        self.entries.names_in("flavors")
    }

    /// The module that `mlflow.pyfunc.load_model` imports.
    pub(crate) fn loader_module(&self) -> Option<&str> {
        self.get(&["flavors", "python_function", "loader_module"])
    }

    /// The folder of Python code from which `mlflow.pyfunc.load_model` imports.
    pub(crate) fn code(&self) -> Option<&str> {
        let of = |flavor| self.get(&["flavors", flavor, "code"]);
        of("python_function").or_else(|| of("sklearn"))
    }

    /// The JSON of the signature's `inputs`, `outputs` or `params`.
    pub fn signature(&self, part: &str) -> Option<&str> {
        self.get(&["signature", part])
    }

    /// What it says as text: pairs of a name and a text, which may contain anything that the folder's author wrote.
    pub fn summary(&self) -> Vec<(String, String)> {
        let mut lines = vec![("flavors".to_owned(), self.flavors().join(", "))];
        let mut line = |name: &str, text: Option<String>| lines.extend(text.map(|text| (name.to_owned(), text)));
        let entry = |path: &[&str]| self.get(path).map(str::to_owned);
        line("MLflow", entry(&["mlflow_version"]));
        line("created", entry(&["utc_time_created"]));
        line("run", entry(&["run_id"]));
        for part in ["inputs", "outputs", "params"] {
            line(part, self.signature(part).map(described));
        }
        let mut ignored = Vec::new();
        if self.entries.has(&["flavors", "sklearn", "skops_trusted_types"]) {
            ignored.push("its list of trusted types");
        }
        if self.code().is_some() {
            ignored.push("its Python code");
        }
        line("ignored", (!ignored.is_empty()).then(|| ignored.join(", ")));
        lines
    }
}

/// How many columns of a signature are described.
const SHOWN: usize = 100;
/// The most values in a signature: a few for each column.
const MOST_VALUES: u64 = 1 << 16;

/// The columns of a signature: names with their types. What is not understood is shown as it is.
fn described(text: &str) -> String {
    let columns = Document::parse(text.as_bytes(), MOST_VALUES).ok().and_then(|document| {
        let Json::Array(columns) = document.value(0) else { return None };
        let shown = columns.iter().take(SHOWN).map(|&column| column_described(&document, column));
        let mut shown = shown.collect::<Option<Vec<_>>>()?;
        if columns.len() > SHOWN {
            shown.push(format!("… ({} in all)", columns.len()));
        }
        Some(shown.join(", "))
    });
    columns.unwrap_or_else(|| text.to_owned())
}

/// `name: double`, `float64 (-1, 4)`.
fn column_described(document: &Document<'_>, column: Id) -> Option<String> {
    let kind = match document.get(column, "tensor-spec") {
        Some(spec) => {
            let dtype = document.text_of(document.get(spec, "dtype")?)?;
            let Json::Array(shape) = document.value(document.get(spec, "shape")?) else { return None };
            let length = |&length: &Id| match document.value(length) {
                Json::Number(range) => Some(document.number(range)),
                _ => None,
            };
            format!("{dtype} ({})", shape.iter().map(length).collect::<Option<Vec<_>>>()?.join(", "))
        }
        None => document.text_of(document.get(column, "type")?)?.to_owned(),
    };
    Some(match document.get(column, "name").and_then(|name| document.text_of(name)) {
        Some(name) => format!("{name}: {kind}"),
        None => kind,
    })
}
