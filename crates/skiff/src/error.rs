//! The error type of the public API.

use std::fmt;
use std::path::{Path, PathBuf};

use skiff_export::ExportError;
use skiff_files::ErrorKind as FileErrorKind;
use skiff_files::write::WriteError;
use skiff_models::addresses::{AddressError, EstimatorAddress};
use skiff_models::fields::{ReadError, ReadErrorKind, Version};
use skiff_models::lowering::Refusal;
use skiff_models::{CallError, NamesError};
use skiff_plan::{InputError, InputErrorKind, ShapeError};
use skiff_scan::{Finding, Rating};

use crate::EncryptionError;
use crate::migration::Refusal as MigrationRefusal;
use crate::mlflow::MlflowError;

/// An error: what is wrong, where, its [kind](Error::kind), and [help](Error::help) on what to do.
#[derive(Debug)]
pub struct Error {
    inner: Box<Inner>,
    file: Option<PathBuf>,
    /// The version of scikit-learn that wrote the file, where an attribute is not known.
    version: Option<String>,
}

#[derive(Debug)]
enum Inner {
    File(skiff_files::Error),
    Read(ReadError),
    /// An address without an object, and the estimators in the file.
    Address(AddressError, Vec<EstimatorAddress>),
    Dangerous {
        name: String,
        sentence: String,
    },
    #[cfg(feature = "signing")]
    Signing(skiff_sign::Error),
    Encryption(EncryptionError),
    Untrusted(Vec<Finding>),
    Hostile {
        class: String,
        what: String,
    },
    NoEstimator(String),
    Several(Vec<EstimatorAddress>),
    Refusal(Refusal),
    Names(NamesError),
    Input(InputError),
    Shape(ShapeError),
    Target(String),
    Export(ExportError),
    Migration(MigrationRefusal),
    /// What would make a model smaller does not apply to it.
    Reduction(String),
    Mlflow(MlflowError),
    Write(WriteError),
}

/// The cause of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file is damaged, or not a model file.
    DamagedFile,
    /// The file names something that would run code, or access files, network or processes, if Python loaded it.
    Dangerous,
    /// The file names code that is neither on the allow-list nor trusted by the caller.
    Untrusted,
    /// The operating system could not read the file.
    UnreadableFile,
    /// The operating system could not write the file.
    UnwritableFile,
    /// The file, or a result of its model, would exceed the limits.
    Limit,
    /// A valid model that uses something that skiff does not support.
    NotSupported,
    /// An argument or the input data is wrong.
    WrongInput,
    /// The caller cancelled the call while it ran.
    Interrupted,
}

/// The help lists at most this many names; `skiff scan` lists all.
const NAMES_TO_TRUST: usize = 10;
/// The help lists at most this many estimators; `skiff inspect` lists all.
const ESTIMATORS_TO_LIST: usize = 20;

impl Error {
    pub(crate) fn dangerous(name: String, sentence: String) -> Self {
        Inner::Dangerous { name, sentence }.into()
    }

    /// The findings of a scan, the worst first.
    pub(crate) fn untrusted(findings: Vec<Finding>) -> Self {
        match findings.first() {
            Some(Finding { rating: Rating::Dangerous, name: Some(name), sentence, .. }) => {
                Self::dangerous(name.clone(), sentence.clone())
            }
            _ => Inner::Untrusted(findings).into(),
        }
    }

    pub(crate) fn hostile(class: String, what: String) -> Self {
        Inner::Hostile { class, what }.into()
    }

    pub(crate) fn no_estimator(found: String) -> Self {
        Inner::NoEstimator(found).into()
    }

    pub(crate) fn address(error: AddressError, found: Vec<EstimatorAddress>) -> Self {
        Inner::Address(error, found).into()
    }

    pub(crate) fn several(found: Vec<EstimatorAddress>) -> Self {
        Inner::Several(found).into()
    }

    pub(crate) fn target(what: String) -> Self {
        Inner::Target(what).into()
    }

    /// The operating system could not write a file.
    pub(crate) fn unwritable(error: std::io::Error) -> Self {
        Inner::Write(WriteError::Io(error)).into()
    }

    pub(crate) fn reduction(what: String) -> Self {
        Inner::Reduction(what).into()
    }

    pub(crate) fn migration(refusal: MigrationRefusal) -> Self {
        Inner::Migration(refusal).into()
    }

    /// With the version of scikit-learn that wrote the file, if known.
    #[must_use]
    pub(crate) fn written_by(mut self, version: Option<String>) -> Self {
        self.version = version;
        self
    }

    /// The possible origins of an unknown attribute.
    fn unknown_attribute(&self) -> String {
        let tool = "a tool or a subclass has set it, or the file was edited; it might change the predictions";
        match &self.version {
            Some(text) => match Version::parse(text) {
                Some(version) if version > NEWEST => format!(
                    "the file was written by scikit-learn {text}, which is newer than this skiff knows ({NEWEST}): a newer \
                     skiff may open it"
                ),
                _ => format!("scikit-learn {text} itself is not known to set it: {tool}"),
            },
            None => format!("the file does not say which scikit-learn wrote it: {tool}"),
        }
    }

    /// With the path of the file, unless the error has one.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.file.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The cause.
    pub fn kind(&self) -> ErrorKind {
        match &*self.inner {
            Inner::File(error) => match &error.kind {
                FileErrorKind::Io(_) => ErrorKind::UnreadableFile,
                FileErrorKind::Layers => ErrorKind::Limit,
                kind if kind.limit().is_some() => ErrorKind::Limit,
                FileErrorKind::Foreign(_) | FileErrorKind::ContainerVersion { .. } => ErrorKind::NotSupported,
                FileErrorKind::Encrypted | FileErrorKind::NoDigest => ErrorKind::WrongInput,
                _ => ErrorKind::DamagedFile,
            },
            Inner::Read(error) => match error.kind() {
                ReadErrorKind::UnknownClass { .. }
                | ReadErrorKind::UnknownAttribute { .. }
                | ReadErrorKind::CustomCode { .. }
                | ReadErrorKind::Unsupported(_) => ErrorKind::NotSupported,
                ReadErrorKind::Custom { .. } => ErrorKind::WrongInput,
                ReadErrorKind::TooDeep { .. } | ReadErrorKind::TooLarge | ReadErrorKind::Late => ErrorKind::Limit,
                ReadErrorKind::NoEstimator { .. } | ReadErrorKind::NotFitted { .. } => ErrorKind::WrongInput,
                _ => ErrorKind::DamagedFile,
            },
            Inner::Dangerous { .. } => ErrorKind::Dangerous,
            #[cfg(feature = "signing")]
            Inner::Signing(error) => match error {
                skiff_sign::Error::Bundle(_) => ErrorKind::DamagedFile,
                skiff_sign::Error::Read(..) => ErrorKind::UnreadableFile,
                skiff_sign::Error::Unsupported(_) => ErrorKind::NotSupported,
                _ => ErrorKind::WrongInput,
            },
            Inner::Encryption(error) => match error {
                EncryptionError::Damaged => ErrorKind::DamagedFile,
                EncryptionError::Header | EncryptionError::Size(_) | EncryptionError::Work { .. } => ErrorKind::Limit,
                EncryptionError::Version => ErrorKind::NotSupported,
                EncryptionError::Write(_) => ErrorKind::UnwritableFile,
                _ => ErrorKind::WrongInput,
            },
            Inner::Untrusted(findings) if is_damage(findings) => ErrorKind::DamagedFile,
            Inner::Untrusted(_) => ErrorKind::Untrusted,
            Inner::Hostile { .. } => ErrorKind::DamagedFile,
            Inner::Export(_) | Inner::Migration(_) | Inner::Reduction(_) | Inner::Mlflow(MlflowError::NoFlavor(_)) => {
                ErrorKind::NotSupported
            }
            Inner::Mlflow(_) => ErrorKind::DamagedFile,
            Inner::Refusal(refusal) if refusal.is_argument() => ErrorKind::WrongInput,
            Inner::Refusal(refusal) if !refusal.is_no_method() => ErrorKind::NotSupported,
            Inner::Names(NamesError::TooMany { .. }) => ErrorKind::Limit,
            Inner::Input(error) if matches!(error.kind(), InputErrorKind::TooLarge { .. }) => ErrorKind::Limit,
            Inner::Input(error) if matches!(error.kind(), InputErrorKind::Interrupted) => ErrorKind::Interrupted,
            Inner::Write(WriteError::Io(_)) => ErrorKind::UnwritableFile,
            Inner::Write(WriteError::Value(_)) => ErrorKind::DamagedFile,
            Inner::Write(WriteError::Level { .. }) => ErrorKind::WrongInput,
            Inner::Write(WriteError::Repeated(_)) => ErrorKind::Limit,
            Inner::Write(_) => ErrorKind::NotSupported,
            _ => ErrorKind::WrongInput,
        }
    }

    /// A stable code for programs: `unsupported-estimator`.
    pub fn code(&self) -> &'static str {
        match &*self.inner {
            Inner::File(error) => match &error.kind {
                FileErrorKind::Io(_) => "unreadable-file",
                FileErrorKind::Empty
                | FileErrorKind::NoModel(_)
                | FileErrorKind::Text(_)
                | FileErrorKind::Pointer(_) => "not-a-model",
                FileErrorKind::Foreign(_) | FileErrorKind::ZipContent(_) => "unsupported-format",
                FileErrorKind::ContainerVersion { .. } => "unsupported-format",
                FileErrorKind::Encrypted => "encrypted-file",
                FileErrorKind::NoDigest => "no-digest",
                FileErrorKind::Digest => "wrong-digest",
                _ if self.kind() == ErrorKind::Limit => "limit",
                _ => "damaged-file",
            },
            Inner::Read(error) => match error.kind() {
                ReadErrorKind::UnknownClass { .. } => "unsupported-estimator",
                ReadErrorKind::UnknownAttribute { .. } => "unknown-attribute",
                ReadErrorKind::CustomCode { .. } => "custom-code",
                ReadErrorKind::Custom { .. } => "custom-code-failed",
                ReadErrorKind::Unsupported(_) => "unsupported-value",
                ReadErrorKind::NoEstimator { .. } => "not-an-estimator",
                ReadErrorKind::NotFitted { .. } => "not-fitted",
                ReadErrorKind::Missing => "missing-attribute",
                ReadErrorKind::TooDeep { .. } | ReadErrorKind::TooLarge | ReadErrorKind::Late => "limit",
                _ => "damaged-model",
            },
            Inner::Dangerous { .. } => "dangerous-file",
            #[cfg(feature = "signing")]
            Inner::Signing(error) => error.code(),
            Inner::Encryption(error) => error.code(),
            Inner::Untrusted(findings) if is_damage(findings) => "damaged-model",
            Inner::Untrusted(_) => "untrusted-file",
            Inner::Hostile { .. } => "damaged-model",
            Inner::Address(..) => "no-such-address",
            Inner::NoEstimator(_) => "not-an-estimator",
            Inner::Several(_) => "several-estimators",
            Inner::Refusal(refusal) if refusal.is_no_method() => "no-such-method",
            Inner::Refusal(refusal) if refusal.is_argument() => "wrong-argument",
            Inner::Refusal(_) => "unsupported-method",
            Inner::Names(NamesError::NoMethod { .. }) => "no-such-method",
            Inner::Names(NamesError::Input(_)) => "wrong-names",
            Inner::Names(NamesError::TooMany { .. }) => "limit",
            Inner::Names(NamesError::Custom(_)) => "custom-code-failed",
            Inner::Target(_) => "unsupported-target",
            Inner::Export(_) => "not-exported",
            Inner::Migration(_) => "unsupported-migration",
            Inner::Reduction(_) => "not-applicable",
            Inner::Mlflow(MlflowError::NoFlavor(_)) => "unsupported-format",
            Inner::Mlflow(_) => "damaged-file",
            Inner::Write(WriteError::Io(_)) => "unwritable-file",
            Inner::Write(WriteError::Value(_)) => "damaged-model",
            Inner::Write(WriteError::Repeated(_)) => "limit",
            Inner::Write(_) => "unsupported-value",
            Inner::Shape(_) => "wrong-shape",
            Inner::Input(error) => match error.kind() {
                InputErrorKind::FeatureCount { .. } => "wrong-number-of-features",
                InputErrorKind::FeatureNames { .. } => "wrong-names",
                InputErrorKind::UnknownCategory { .. } => "unknown-category",
                InputErrorKind::ContainsNan | InputErrorKind::ContainsInfinity { .. } => "not-finite",
                InputErrorKind::Custom { .. } => "custom-code-failed",
                InputErrorKind::TooLarge { .. } => "limit",
                InputErrorKind::Interrupted => "interrupted",
                _ => "wrong-input",
            },
        }
    }

    /// What is wrong, without the location: that is in [`Error::offset`], [`Error::model_path`], [`Error::row`].
    pub fn message(&self) -> String {
        match &*self.inner {
            Inner::File(error) => error.kind.to_string(),
            Inner::Read(error) => error.kind().to_string(),
            Inner::Input(error) => match error.kind() {
                InputErrorKind::Custom { name, error, .. } => format!("the user code `{name}`: {error}"),
                _ => error.clone().without_row().to_string(),
            },
            _ => self.to_string(),
        }
    }

    /// The byte of the file (or of its decompressed content) at which the damage was found.
    pub fn offset(&self) -> Option<u64> {
        match &*self.inner {
            Inner::File(error) => error.offset,
            _ => None,
        }
    }

    /// The path in the model: `steps[1].estimators_[3].tree_`.
    pub fn model_path(&self) -> Option<&str> {
        match &*self.inner {
            Inner::Read(error) => Some(error.path()).filter(|path| !path.is_empty()),
            Inner::Untrusted(findings) => findings.first()?.path.as_deref().filter(|path| !path.is_empty()),
            Inner::Input(error) => match error.kind() {
                InputErrorKind::Custom { path, .. } => Some(&**path).filter(|path| !path.is_empty()),
                _ => None,
            },
            Inner::Migration(refusal) => Some(refusal.path.as_str()).filter(|path| !path.is_empty()),
            Inner::Write(WriteError::Unsayable { path, .. }) => Some(path.as_str()).filter(|path| !path.is_empty()),
            _ => None,
        }
    }

    /// The row of the table that is wrong, counted from 0.
    pub fn row(&self) -> Option<usize> {
        match &*self.inner {
            Inner::Input(error) => error.row(),
            _ => None,
        }
    }

    /// The value of a table that is wrong: a category that was not in the training data, text that is not a number.
    pub fn value(&self) -> Option<&str> {
        match &*self.inner {
            Inner::Input(error) => match error.kind() {
                InputErrorKind::UnknownCategory { value, .. } | InputErrorKind::NotANumber { value } => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The path of the file, if the error is about one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The field of [`crate::Limits`] that was exceeded.
    pub fn limit(&self) -> Option<&'static str> {
        match &*self.inner {
            Inner::File(error) => error.kind.limit(),
            Inner::Read(error) => matches!(error.kind(), ReadErrorKind::Late).then_some("time"),
            Inner::Input(error) => matches!(error.kind(), InputErrorKind::TooLarge { .. }).then_some("answer"),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<String> {
        match &*self.inner {
            _ if self.limit() == Some("answer") => Some(
                "predict fewer rows at a time, or open the model with a higher limit: `--limit-answer BYTES`, \
                 `skiff.Limits(answer=...)` in Python, `Limits::answer` in Rust"
                    .to_owned(),
            ),
            _ if self.limit().is_some() => self.limit().map(|name| {
                format!(
                    "if you trust the file, open it with a higher limit: `--limit-{name} N`, `skiff.Limits({name}=...)` in \
                     Python, `Limits::{name}` in Rust"
                )
            }),
            Inner::Read(error) => match error.kind() {
                ReadErrorKind::UnknownClass { class } if !class.starts_with("sklearn.") => {
                    Some(format!(
                        "skiff runs scikit-learn's own estimators and imports no others; {}",
                        hand_in(class)
                    ))
                }
                ReadErrorKind::CustomCode { name } => Some(hand_in(name)),
                ReadErrorKind::UnknownClass { .. } => Some("`skiff supported`, in Python `skiff.supported()`, lists the supported estimators".to_owned()),
                ReadErrorKind::UnknownAttribute { .. } => Some(self.unknown_attribute()),
                _ => None,
            },
            Inner::Encryption(error) => error.help().map(str::to_owned),
            #[cfg(feature = "signing")]
            Inner::Signing(error) => error.help().map(str::to_owned),
            Inner::File(error) if matches!(error.kind, FileErrorKind::Encrypted) => Some(
                "open it with `--identity FILE`, or with `--passphrase-env NAME` if it was encrypted with a passphrase"
                    .to_owned(),
            ),
            Inner::Export(ExportError::Operator { .. } | ExportError::Signature { .. }) => {
                Some("name the methods to export; skiff itself predicts with all of them".to_owned())
            }
            Inner::Dangerous { .. } => Some("do not load it in Python; `skiff scan` lists all findings".to_owned()),
            Inner::Untrusted(findings) => {
                let mut names: Vec<_> = findings.iter().filter_map(Finding::name_to_trust).collect();
                names.dedup();
                let names: Vec<_> = names.iter().take(NAMES_TO_TRUST).map(|name| format!("\"{name}\"")).collect();
                let help = format!(
                    "if you trust the author of the file and this code: trusted=[{}]",
                    names.join(", ")
                );
                (!names.is_empty()).then_some(help)
            }
            Inner::Several(found) => Some(format!("select one of them:\n{}", listed(found))),
            Inner::Address(_, found) if !found.is_empty() => {
                Some(format!("the estimators in the file:\n{}", listed(found)))
            }
            _ => None,
        }
    }
}

/// The newest scikit-learn whose files are known.
const NEWEST: Version = Version::new(1, 9);

/// The help for user code, which is not in the file.
fn hand_in(name: &str) -> String {
    format!(
        "register your own code for it: `skiff.open(path, custom={{\"{name}\": ...}})` in Python, `Options::custom` in Rust"
    )
}

/// The first few estimators of a file, with their addresses as arguments of `--at`.
fn listed(found: &[EstimatorAddress]) -> String {
    let lines = found.iter().take(ESTIMATORS_TO_LIST);
    let mut lines: Vec<_> = lines.map(|one| format!("  --at \"{}\"  {}", one.address, one.class)).collect();
    if found.len() > lines.len() {
        lines.push(format!("  and {} more", found.len() - lines.len()));
    }
    lines.join("\n")
}

/// Whether the first finding is about values, not code.
fn is_damage(findings: &[Finding]) -> bool {
    findings.first().is_some_and(Finding::is_damage)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.inner {
            Inner::File(error) => error.fmt(f),
            Inner::Read(error) => error.fmt(f),
            Inner::Address(error, _) => error.fmt(f),
            Inner::Encryption(error) => error.fmt(f),
            #[cfg(feature = "signing")]
            Inner::Signing(error) => error.fmt(f),
            Inner::Untrusted(findings) if is_damage(findings) => match findings.first() {
                Some(Finding { name: Some(name), sentence, .. }) => write!(f, "`{name}` {sentence}"),
                Some(Finding { sentence, .. }) => write!(f, "the file {sentence}"),
                None => Ok(()),
            },
            Inner::Untrusted(findings) => match findings.first() {
                Some(Finding { name: Some(name), sentence, .. }) => {
                    write!(f, "the file is not trusted: `{name}` {sentence}")
                }
                Some(Finding { sentence, .. }) => {
                    write!(f, "the file is not trusted: it {sentence}")
                }
                None => write!(f, "the file is not trusted"),
            },
            Inner::Dangerous { name, sentence } => write!(f, "the file is dangerous: `{name}` {sentence}"),
            Inner::Hostile { class, what } => write!(f, "damaged: a `{class}` {what}"),
            Inner::NoEstimator(found) => write!(f, "expected an estimator in the file, found {found}"),
            Inner::Several(found) => write!(f, "the file has {} estimators", found.len()),
            Inner::Refusal(refusal) => refusal.fmt(f),
            Inner::Names(error) => error.fmt(f),
            Inner::Input(error) => error.fmt(f),
            Inner::Shape(error) => error.fmt(f),
            Inner::Migration(refusal) => write!(f, "{refusal}"),
            Inner::Target(what) | Inner::Reduction(what) => f.write_str(what),
            Inner::Mlflow(error) => error.fmt(f),
            Inner::Export(error) => error.fmt(f),
            Inner::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.inner {
            Inner::Encryption(error) => error.source(),
            #[cfg(feature = "signing")]
            Inner::Signing(error) => error.source(),
            Inner::File(error) => error.source(),
            Inner::Read(error) => error.source(),
            Inner::Write(error) => error.source(),
            Inner::Input(error) => error.source(),
            Inner::Names(error) => error.source(),
            _ => None,
        }
    }
}

impl From<Inner> for Error {
    fn from(inner: Inner) -> Self {
        Self { inner: Box::new(inner), file: None, version: None }
    }
}

/// Implements the conversions from each stage's error.
macro_rules! from {
    ($($error:ty => $variant:ident,)*) => {
        $(
            impl From<$error> for Error {
                fn from(error: $error) -> Self {
                    Inner::$variant(error).into()
                }
            }
        )*
    };
}

from! {
    EncryptionError => Encryption,
    InputError => Input,
    NamesError => Names,
    ReadError => Read,
    Refusal => Refusal,
    ShapeError => Shape,
    WriteError => Write,
    skiff_files::Error => File,
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        Self::address(error, Vec::new())
    }
}

#[cfg(feature = "signing")]
impl From<skiff_sign::Error> for Error {
    fn from(error: skiff_sign::Error) -> Self {
        let path = error.path().map(Path::to_owned);
        Self { file: path, ..Inner::Signing(error).into() }
    }
}

impl From<MlflowError> for Error {
    fn from(error: MlflowError) -> Self {
        Inner::Mlflow(error).into()
    }
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Call(error) => error.into(),
            ExportError::Output(error) => WriteError::Io(error).into(),
            error => Inner::Export(error).into(),
        }
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refusal(refusal) => refusal.into(),
            CallError::Input(error) => error.into(),
        }
    }
}
