//! What a Python at hand has pickled, written as a model file of any kind.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use skiff_files::{Bytes, Limits, NodeId};

use crate::writing::{Held, Writing};
use crate::{ConvertOptions, Error, File, TARGETS};

/// What a `.skiff` holds beside the model; other files have no place for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Where the model comes from: the text of a JSON object.
    pub passport: Option<&'a str>,
    /// Rows that were recorded with their answers.
    pub samples: Option<&'a File>,
}

impl File {
    /// Reads a pickle that this program's own Python has made, whose large buffers were kept apart
    /// (`buffer_callback=`). It may be as large as it is.
    ///
    /// # Errors
    /// When it is no whole pickle.
    pub fn of_pickle(pickle: Bytes, buffers: impl IntoIterator<Item = Bytes>) -> Result<Self, Error> {
        let all = u64::MAX;
        let limits = Limits { decompressed: all, ratio: all, nodes: all, decoded: all, ..Limits::default() };
        Ok(Self::new(skiff_files::read_with_buffers(pickle, buffers, &limits)?, None))
    }

    /// As [`File::convert_to`], with what is `beside` the model.
    ///
    /// # Errors
    /// As [`File::convert_to`].
    pub fn dump(
        &self,
        name: &str,
        options: &ConvertOptions,
        beside: Beside<'_>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        Ok(Writing::of(Path::new(name), options)?.write(&self.held(beside), out)?)
    }

    /// As [`File::convert`], with what is `beside` the model.
    ///
    /// # Errors
    /// As [`File::convert`].
    pub fn dump_to(&self, path: impl AsRef<Path>, options: &ConvertOptions, beside: Beside<'_>) -> Result<(), Error> {
        let path = path.as_ref();
        let written = Writing::of(path, options)?.whole_file(&self.held(beside), path);
        written.map_err(|error| Error::from(error).in_file(path))
    }

    /// The object at `node` as a `.skiff` of its own: what a copy of it in another process is read from.
    ///
    /// # Errors
    /// As [`File::dump`].
    pub fn skiff_of(&self, node: NodeId) -> Result<Vec<u8>, Error> {
        let mut graph = self.contents().graph.clone_with_room();
        graph.set_root(node);
        let mut bytes = Vec::new();
        let options =
            ConvertOptions { format: TARGETS.iter().find(|target| target.name == "skiff"), ..Default::default() };
        let held = Held { graph: &graph, passport: None, samples: None };
        Writing::of(Path::new(""), &options)?.write(&held, &mut bytes)?;
        Ok(bytes)
    }

    fn held<'a>(&'a self, beside: Beside<'a>) -> Held<'a> {
        let samples = beside.samples.map(|samples| Cow::Borrowed(&samples.contents().graph));
        Held { graph: &self.contents().graph, passport: beside.passport, samples }
    }
}
