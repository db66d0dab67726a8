//! Opening a model file.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skiff_files::{Bytes, Graph, Interrupt, Limits, ModelFile, NodeId};
use skiff_models::addresses::{self, EstimatorAddress};
use skiff_models::custom::Custom;
use skiff_scan::{Rating, Trusted};

use crate::inspect::written_with;
use crate::mlflow::{self, MlflowModel};
use crate::passport::{Passport, PassportError};
use crate::{Error, Identity, Model, encryption};

/// How a file is opened. Every function that reads a file takes these options.
///
/// ```
/// use skiff::{Limits, Options};
///
/// let options = Options { at: Some("['model']".to_owned()), ..Options::from(Limits::default()) };
/// assert!(options.open("missing.joblib").is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Limits of memory and time.
    pub limits: Limits,
    /// The address of the estimator in a file that has several objects: `[0]`, `['model']`.
    pub at: Option<String>,
    /// User code for the functions and classes that the model names and that are not scikit-learn's.
    pub custom: Custom,
    /// The key or passphrase of an encrypted file.
    pub identity: Option<Identity>,
}

impl Options {
    /// The estimator in the file at `path`: the one at [`Options::at`], else the only one, or the root.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, is not a model, or contains something that skiff does not support; when it has
    /// several estimators, all of which the error then names; when it is encrypted for another identity.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Model, Error> {
        File::open(path, self)?.model(None)
    }

    /// The same, with the time limit starting now.
    pub(crate) fn started(&self) -> Self {
        Self { limits: self.limits.started(), ..self.clone() }
    }
}

impl From<Limits> for Options {
    fn from(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// The estimator in the file at `path`: the only one, or the root. [`Options::open`] opens under other limits, one of
/// several estimators, models with user code, and encrypted files.
///
/// # Errors
/// As [`Options::open`].
pub fn open(path: impl AsRef<Path>) -> Result<Model, Error> {
    Options::default().open(path)
}

/// Prints the opcodes of the pickles in the file at `path`, decompressed, without running them.
///
/// # Errors
/// When the file cannot be read or is not a pickle, when it is encrypted for another identity, and when `out` cannot
/// be written to. A damaged pickle is printed up to the damage.
pub fn disassemble(path: impl AsRef<Path>, options: &Options, out: &mut dyn io::Write) -> Result<(), Error> {
    let (path, limits) = (&mlflow::model_file(path.as_ref())?, &options.limits);
    let mut print = || {
        let bytes =
            encryption::plain(skiff_files::bytes(path, limits)?, options.identity.as_ref(), limits)?.into_bytes();
        Ok(skiff_files::disassemble_bytes(bytes, Some(path), limits, out)?)
    };
    print().map_err(|error: Error| error.in_file(path))
}

/// Like [`disassemble`], for a file in memory.
///
/// # Errors
/// As [`disassemble`].
pub fn disassemble_bytes(bytes: Vec<u8>, options: &Options, out: &mut dyn io::Write) -> Result<(), Error> {
    let limits = &options.limits;
    let bytes = encryption::plain(bytes.into(), options.identity.as_ref(), limits)?.into_bytes();
    Ok(skiff_files::disassemble_bytes(bytes, None, limits, out)?)
}

/// An opened file: the inert object graph, and its origin.
#[derive(Debug)]
pub struct File {
    file: ModelFile,
    /// The options it was opened with; their time limit started then.
    options: Options,
    path: Option<PathBuf>,
    mlflow: Option<MlflowModel>,
    /// The bytes of the file, encrypted and compressed as they are.
    source: Bytes,
}

impl File {
    pub(crate) fn new(file: ModelFile, path: Option<PathBuf>) -> Self {
        let source = file.content.clone();
        Self { file, path, options: Options::default(), mlflow: None, source }
    }

    /// The same file with another graph, to which nodes were added.
    pub(crate) fn with_graph(&self, graph: Graph) -> Self {
        let ModelFile { roots, first_end, format, content, size, companions, trailing, .. } = &self.file;
        let ModelFile { passport, samples, history, .. } = &self.file;
        let file = ModelFile {
            graph,
            roots: roots.clone(),
            first_end: *first_end,
            format: format.clone(),
            content: content.clone(),
            size: *size,
            companions: companions.clone(),
            trailing: *trailing,
            passport: passport.clone(),
            samples: *samples,
            history: history.clone(),
        };
        let (options, path, source) = (self.options.clone(), self.path.clone(), self.source.clone());
        Self { file, options, path, mlflow: None, source }
    }

    /// The same file without recorded rows.
    pub(crate) fn without_samples(mut self) -> Self {
        self.file.samples = None;
        self
    }

    /// Opens and reads the file at `path`, or the model in a folder of MLflow's. Nothing in it is executed, imported, opened or fetched.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, is not a model file, or exceeds the limits; when it is
    /// encrypted for another identity.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        Self::open_by(path.as_ref(), options, skiff_files::bytes)
    }

    /// Like [`File::open`], from a copy in memory: a large file is mapped otherwise, and truncating it meanwhile
    /// ends the process. For processes that must outlive whatever is done to the file.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open_copied(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        Self::open_by(path.as_ref(), options, skiff_files::copied_bytes)
    }

    fn open_by(
        path: &Path,
        options: &Options,
        bytes: impl FnOnce(&Path, &Limits) -> Result<Bytes, skiff_files::Error>,
    ) -> Result<Self, Error> {
        let options = options.started();
        let mlflow = MlflowModel::in_folder(path)?;
        let path = &match &mlflow {
            Some(mlflow) => Cow::Owned(mlflow.file(path)?),
            None => Cow::Borrowed(path),
        };
        let bytes = bytes(path, &options.limits).map_err(Error::from);
        let file = bytes.and_then(|bytes| Self::from_bytes(bytes, Some(path), options));
        file.map(|file| Self { mlflow, ..file }).map_err(|error| error.in_file(path))
    }

    /// Reads a file from its bytes.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn read(bytes: Vec<u8>, options: &Options) -> Result<Self, Error> {
        Self::from_bytes(bytes.into(), None, options.started())
    }

    /// `path` is the origin of the bytes; it is not opened.
    pub(crate) fn from_bytes(bytes: Bytes, path: Option<&Path>, options: Options) -> Result<Self, Error> {
        let file = encryption::read(bytes.clone(), path, options.identity.as_ref(), &options.limits)?;
        Ok(Self { file, options, path: path.map(Path::to_owned), mlflow: None, source: bytes })
    }

    /// The object graph, and the format of the file.
    pub fn contents(&self) -> &ModelFile {
        &self.file
    }

    /// The passport of a `.skiff`; `None` for other formats.
    ///
    /// # Errors
    /// When there is a passport that cannot be read.
    pub fn passport(&self) -> Result<Option<Passport>, PassportError> {
        self.file.passport.as_deref().map(Passport::parse).transpose()
    }

    /// What `MLmodel` says, if it was opened from a folder of MLflow's.
    pub fn mlflow(&self) -> Option<&MlflowModel> {
        self.mlflow.as_ref()
    }

    /// Cancels reading of its models from another thread: [`Limits::interrupt`].
    pub fn interrupt(&self) -> Interrupt {
        self.options.limits.interrupt.clone().unwrap_or_default()
    }

    /// The address that it was opened with.
    pub(crate) fn at(&self) -> Option<&str> {
        self.options.at.as_deref()
    }

    /// The limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// How many pickles follow the first: Python's loaders do not read them, and neither does [`File::model`].
    pub fn further_pickles(&self) -> usize {
        self.file.roots.len().saturating_sub(1)
    }

    /// The offset at which a loader that reads the file as a stream stops: after the first pickle, if that is not
    /// compressed.
    pub fn stream_end(&self) -> Option<usize> {
        let is_plain = self.file.format.layers.is_empty();
        (is_plain && self.file.first_end < self.file.content.len()).then_some(self.file.first_end)
    }

    /// The bytes of the file as it was opened.
    pub(crate) fn source(&self) -> &[u8] {
        &self.source
    }

    /// The path it was opened from.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The estimators that are not part of another one, each with its address.
    pub fn estimators(&self) -> Vec<EstimatorAddress> {
        addresses::estimators(&self.file.graph, self.file.graph.root())
    }

    /// The estimator at the address `at`; without one, that at [`Options::at`], else the only estimator in the
    /// file.
    ///
    /// # Errors
    /// When the file names something dangerous anywhere; when there is no estimator, or there are
    /// several and none was selected; when the estimator cannot be read.
    pub fn model(&self, at: Option<&str>) -> Result<Model, Error> {
        self.model_with(at, &self.options.custom)
    }

    /// Like [`File::model`], with user code in place of the options', for code that depends on the file.
    ///
    /// # Errors
    /// Those of [`File::model`], and when the code does not have the methods that its position in the model needs.
    pub fn model_with(&self, at: Option<&str>, custom: &Custom) -> Result<Model, Error> {
        self.model_at(at.or(self.options.at.as_deref()), custom).map_err(|error| match &self.path {
            Some(path) => error.in_file(path),
            None => error,
        })
    }

    /// skiff would not run any of it; but a prediction would suggest that the file is a harmless model.
    pub(crate) fn refuse_dangerous(&self) -> Result<(), Error> {
        let graph = &self.file.graph;
        let is_skops = self.file.format.content == skiff_files::Content::Skops;
        if let Some((name, sentence)) = skiff_scan::first_danger(graph, is_skops) {
            return Err(Error::dangerous(name, sentence));
        }
        if let Some((id, what)) = skiff_scan::hostile_numbers(graph) {
            let class = skiff_files::class_path(graph, id).unwrap_or_default();
            return Err(Error::hostile(class, what));
        }
        // The graph has what follows the model only as far as it can be read at once.
        if self.file.trailing.content > 0
            && let Some(bytes) = graph.shared_buffer(1)
        {
            let verdict = skiff_scan::scan_without_estimators(&bytes, None, &self.options.limits, &Trusted::default());
            let dangerous = verdict.findings.into_iter().find(|finding| finding.rating == Rating::Dangerous);
            if let Some(finding) = dangerous {
                return Err(Error::dangerous(finding.name.unwrap_or_default(), finding.sentence));
            }
        }
        Ok(())
    }

    fn model_at(&self, at: Option<&str>, custom: &Custom) -> Result<Model, Error> {
        let graph = &self.file.graph;
        self.refuse_dangerous()?;
        let (node, address) = match at {
            Some(address) => (self.node_at(address)?, address.to_owned()),
            None => {
                let mut found = self.estimators();
                match found.len() {
                    // The whole file is an object of a class of user code.
                    0 if custom.get(&class_path(graph, graph.root())).is_some() => (graph.root(), String::new()),
                    0 => return Err(Error::no_estimator(skiff_files::describe(graph, graph.root()))),
                    1 => {
                        let only = found.remove(0);
                        (only.node, only.address)
                    }
                    _ => return Err(Error::several(found)),
                }
            }
        };
        self.read_model(node, &address, custom)
    }

    /// What is at an address.
    pub(crate) fn node_at(&self, address: &str) -> Result<NodeId, Error> {
        let graph = &self.file.graph;
        let node = addresses::resolve(graph, graph.root(), address);
        node.map_err(|error| Error::address(error, self.estimators()))
    }

    /// The estimator at `node`, in a file that was checked not to be dangerous.
    pub(crate) fn read_model(&self, node: NodeId, address: &str, custom: &Custom) -> Result<Model, Error> {
        let graph = &self.file.graph;
        let read = skiff_models::Model::read_with(graph, node, address, custom, &self.options.limits);
        Ok(self.part(read.map_err(|error| Error::from(error).written_by(written_with(graph)))?))
    }

    /// An estimator that was read from this file, or one nested in it, on its own.
    pub fn part(&self, model: Arc<skiff_models::Model>) -> Model {
        Model::new(model, self.options.limits.answer)
    }
}

/// The class of the object at `node`; `None` if it is not an object.
fn class_path(graph: &Graph, node: NodeId) -> String {
    skiff_files::class_path(graph, node).unwrap_or_default()
}
