//! A smaller file for the same model: without what only training needs, in narrower numbers, and compressed.

mod cut;
mod ensembles;
mod features;
#[cfg(feature = "json")]
mod json;
mod lossy;
mod measure;
mod objects;
mod options;
mod rounding;
mod state;
mod thresholds;
mod training;

use std::path::Path;

use skiff_files::write::Compression;
use skiff_files::{Codec, Graph};
use skiff_scan as scan;

use self::objects::reachable;
use crate::target::Kind;
use crate::writing::named;
use crate::{ConvertOptions, Converted, Error, File, Options};

pub use measure::{Answers, Measured, Metric, method_of};
pub use options::{Changed, Lossy, Precision, Pruning};
pub use training::{Dropped, TRAINING, Training};

/// A model that has been made smaller, before it is written.
#[derive(Debug)]
pub struct Slim {
    file: File,
    before: u64,
    dropped: Vec<Dropped>,
    thresholds: usize,
    changed: Vec<Changed>,
    notes: Vec<String>,
}

impl Slim {
    /// The model of a file, without what only training needs. Every method of its estimators answers as before, to the
    /// last bit: [`TRAINING`] lists what is dropped, and thresholds of trees are rounded to the `float32` that decides alike.
    ///
    /// # Errors
    /// When the result cannot be read although the model could.
    pub fn of(file: &File) -> Result<Self, Error> {
        let mut graph = file.contents().graph.clone_with_room();
        let mut notes = Vec::new();
        let mut dropped = Vec::new();
        match user_code(&graph) {
            // It may read whatever the estimators have that it holds.
            Some(name) => notes.push(format!("nothing is dropped: `{name}` is not scikit-learn's, and may read it")),
            None => dropped = training::drop_all(&mut graph),
        }
        let thresholds = thresholds::narrow(&mut graph);
        let before = file.contents().size;
        let slim = Self { file: file.with_graph(graph), before, dropped, thresholds, changed: Vec::new(), notes };
        // A reader refuses an estimator without an attribute that it needs.
        if file.model(None).is_ok() {
            slim.file.model(None)?;
        }
        Ok(slim)
    }

    /// The content of the new file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The size of the original file in bytes.
    pub fn before(&self) -> u64 {
        self.before
    }

    /// What was dropped, the largest first.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// How many trees have narrower thresholds.
    pub fn thresholds(&self) -> usize {
        self.thresholds
    }

    /// What the user should know, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Writes the model to `output` in the format of its extension, compressed as well as the format can be, unless the
    /// options or the extension set the compression.
    ///
    /// # Errors
    /// As [`crate::convert`].
    pub fn write(&self, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<Converted, Error> {
        self.file.convert(&output, &smallest(output.as_ref(), options)?)
    }
}

/// Makes the model of the file at `input` smaller, and writes it to `output`: [`Slim::of`] and [`Slim::write`].
///
/// # Errors
/// As both.
pub fn slim(input: impl AsRef<Path>, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<Slim, Error> {
    // A wrong option is an error before anything is read.
    smallest(output.as_ref(), options)?.check(&output)?;
    let opening: Options = options.opening();
    let slim = Slim::of(&File::open(input, &opening)?)?;
    slim.write(output, options)?;
    Ok(slim)
}

/// The options with the best compression of the output's format, if they set none.
fn smallest(output: &Path, options: &ConvertOptions) -> Result<ConvertOptions, Error> {
    let (target, by_name) = named(output, options)?;
    let best = match target.kind {
        Kind::Skiff => Some((Codec::Zstd, 19)),
        Kind::Joblib => Some((Codec::Xz, 6)),
        Kind::Skops => Some((Codec::Deflate, 9)),
        // `pickle.load` decompresses nothing.
        Kind::Pickle | Kind::Json => None,
    };
    let mut options = options.clone();
    if by_name.is_none()
        && options.compression.is_none()
        && let Some((codec, level)) = best
    {
        options.compression = Some(Compression::at(codec, Some(level))?);
    }
    Ok(options)
}

/// Something in the model that is not of the packages that models consist of.
fn user_code(graph: &Graph) -> Option<String> {
    reachable(graph).iter().zip(graph.ids()).filter(|(is_reached, _)| **is_reached).find_map(|(_, id)| {
        let (module, name) = graph.global(id)?;
        (!scan::is_listed(module, name)).then(|| format!("{module}.{name}"))
    })
}
