//! What a model card and a bill of materials say about a model, from its file and its passport.

use std::path::Path;

use sha2::{Digest, Sha256};
use skiff::passport::Value;
use skiff::{EstimatorView, File, Inspection, Method, Model, Options, Passport, Takes};
use skiff_files::sha256_of;

use crate::input;
use crate::report::Failure;

/// A model, and what is known of it.
pub struct Facts {
    /// The name of the file, without folders.
    pub name: String,
    /// The SHA-256 of the file.
    pub digest: String,
    /// What is in the file.
    pub inspection: Inspection,
    /// What it predicts.
    pub task: Task,
    /// The columns that it takes, or how many, as far as known; a pipeline takes those of its first step.
    pub features: Option<String>,
}

/// What a model predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Labels of a table's rows.
    Classification,
    /// Labels of documents.
    TextClassification,
    /// Numbers.
    Regression,
    /// Clusters, scores, other columns.
    Other,
}

impl Task {
    /// The name that model hubs have for it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Classification => Some("tabular-classification"),
            Self::TextClassification => Some("text-classification"),
            Self::Regression => Some("tabular-regression"),
            Self::Other => None,
        }
    }

    /// Of a model; of one that skiff cannot read, nothing is known.
    fn of(model: Option<&Model>) -> Self {
        let Some(model) = model else { return Self::Other };
        match (model.classes().is_empty(), model.takes()) {
            (false, Takes::Texts) => Self::TextClassification,
            (false, _) => Self::Classification,
            // Clusterers and outlier detectors have `predict` too, but these answer whole numbers.
            (true, _) => match model.signature(Method::Predict) {
                Ok(signature) if signature.output.to_string().contains("float") => Self::Regression,
                _ => Self::Other,
            },
        }
    }
}

impl Facts {
    /// Reads a model's file.
    pub fn read(path: &Path, options: &Options) -> Result<Self, Failure> {
        let (file, digest): (_, [u8; 32]) = match input::is_standard(path) {
            true => {
                let bytes = input::standard(&options.limits)?;
                let digest = Sha256::digest(&bytes).into();
                (File::read(bytes, options)?, digest)
            }
            false => {
                let file = File::open(path, options)?;
                // Of a folder of MLflow's, the model in it.
                let path = file.path().unwrap_or(path);
                let digest = sha256_of(path)
                    .map_err(|error| Failure::unreadable(path, format!("cannot read the file: {error}")))?;
                (file, digest)
            }
        };
        let mut inspection = file.inspect();
        let model = file.model(None).ok();
        if let Some(address) = &options.at {
            // A wrong address is an error.
            file.model(Some(address))?;
            inspection.estimators.retain(|estimator| estimator.address == *address);
        }
        // A version in a registry has the name of the file that was pushed.
        let named = if input::is_standard(path) { input::shown(path) } else { file.path().unwrap_or(path) };
        let name = named.file_name().unwrap_or(named.as_os_str()).to_string_lossy().into_owned();
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let features = model.as_ref().and_then(|model| match model.feature_names_seen() {
            Some(names) => Some(names.join(", ")),
            None => Some(model.n_features_in()?.to_string()),
        });
        Ok(Self { name, digest, inspection, task: Task::of(model.as_ref()), features })
    }

    /// The estimator, if there is one; the first of several.
    pub fn estimator(&self) -> Option<&EstimatorView> {
        self.inspection.estimators.first()
    }

    /// The passport.
    pub fn passport(&self) -> Option<&Passport> {
        self.inspection.passport.as_ref()
    }

    /// A text of the passport.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.passport()?.get(path)?.as_text()
    }

    /// When the model was written, as far as its passport says; the beginning of time if it does not, or says something
    /// that is no time.
    pub fn created(&self) -> &str {
        const UNKNOWN: &str = "1970-01-01T00:00:00Z";
        let shape = |text: &str| -> String {
            text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect()
        };
        self.text(&["created"]).filter(|text| shape(text) == "0000-00-00T00:00:00Z").unwrap_or(UNKNOWN)
    }

    /// The hyperparameters: those of nested estimators too, if the passport has them.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let recorded = self.passport().and_then(|passport| passport.get(&["estimator", "parameters"]));
        match recorded.map(Value::pairs) {
            Some(pairs) if !pairs.is_empty() => {
                pairs.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
            }
            _ => self.estimator().map(|estimator| estimator.parameters.clone()).unwrap_or_default(),
        }
    }

    /// The versions of packages: of the passport, or as far as the file itself shows them.
    pub fn versions(&self) -> Vec<(String, String)> {
        let recorded = self.passport().map(Passport::versions).unwrap_or_default();
        if !recorded.is_empty() {
            return recorded.into_iter().map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
        }
        let written = self.inspection.written_by.iter().filter_map(|by| by.split_once(' '));
        // `numpy 2` and `0.17 or earlier` are no versions.
        let exact = written.filter(|(_, version)| version.contains('.') && !version.contains(' '));
        exact.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
    }

    /// Measured numbers: scores of cross-validation, by their means, and metrics.
    pub fn measures(&self) -> Vec<Measure> {
        let Some(passport) = self.passport() else { return Vec::new() };
        let scores = passport.scores().into_iter().filter_map(|scores| {
            let (mean, folds) = (scores.mean?, scores.folds.len());
            Some(Measure { name: scores.name.to_owned(), value: mean, std: scores.std, folds: Some(folds) })
        });
        let metrics = passport.metrics().into_iter();
        let metrics = metrics.map(|(name, value)| Measure { name: name.to_owned(), value, std: None, folds: None });
        scores.chain(metrics).filter(|measure| measure.value.is_finite()).collect()
    }

    /// The data that it was trained on: a name, and the entries of the passport.
    pub fn datasets(&self) -> Vec<(String, Vec<(String, String)>)> {
        let Some(data) = self.passport().and_then(|passport| passport.get(&["data"])) else { return Vec::new() };
        let parts = [("training data", Some(data)), ("X", data.get("X")), ("y", data.get("y"))];
        let parts = parts.into_iter().filter_map(|(name, part)| Some((name, part?)));
        let described = parts.map(|(name, part)| {
            let named = part.get("path").or(part.get("uri")).and_then(Value::as_text).unwrap_or(name);
            let scalars = part.pairs().iter().filter(|(_, value)| !matches!(value, Value::List(_) | Value::Object(_)));
            let text = |value: &Value| value.as_text().map_or_else(|| value.to_string(), str::to_owned);
            (named.to_owned(), scalars.map(|(name, value)| (name.clone(), text(value))).collect::<Vec<_>>())
        });
        described.filter(|(_, entries)| entries.iter().any(|(name, _)| name != "kind")).collect()
    }
}

/// A number that says how good a model is.
pub struct Measure {
    pub name: String,
    pub value: f64,
    /// The standard deviation over folds.
    pub std: Option<f64>,
    /// How many folds there were; `None` if it is no mean.
    pub folds: Option<usize>,
}
