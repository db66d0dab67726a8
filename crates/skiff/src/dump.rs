//! Writes an object that this process's Python has pickled as a model file of any format.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use skiff_files::{Bytes, Limits, NodeId};

use crate::writing::{Held, Writing};
use crate::{ConvertOptions, Error, File, TARGETS};

/// What a `.skiff` can hold in addition to the model; other formats cannot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attachments<'a> {
    /// Where the model comes from: the text of a JSON object.
    pub passport: Option<&'a str>,
    /// Recorded rows with the model's predictions.
    pub samples: Option<&'a File>,
}

impl File {
    /// Reads a pickle that this process's own Python has made, whose large buffers are out of band
    /// (`buffer_callback=`). Its size is not limited.
    ///
    /// # Errors
    /// When it is not a complete pickle.
    pub fn of_pickle(pickle: Bytes, buffers: impl IntoIterator<Item = Bytes>) -> Result<Self, Error> {
        let all = u64::MAX;
        let limits = Limits { decompressed: all, ratio: all, nodes: all, decoded: all, ..Limits::default() };
        Ok(Self::new(skiff_files::read_with_buffers(pickle, buffers, &limits)?, None))
    }

    /// Like [`File::convert_to`], with attachments.
    ///
    /// # Errors
    /// As [`File::convert_to`].
    pub fn dump(
        &self,
        name: &str,
        options: &ConvertOptions,
        attachments: Attachments<'_>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        Ok(Writing::of(Path::new(name), options)?.write(&self.held(attachments), out)?)
    }

    /// Like [`File::convert`], with attachments.
    ///
    /// # Errors
    /// As [`File::convert`].
    pub fn dump_to(
        &self,
        path: impl AsRef<Path>,
        options: &ConvertOptions,
        attachments: Attachments<'_>,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let written = Writing::of(path, options)?.whole_file(&self.held(attachments), path);
        written.map_err(|error| Error::from(error).in_file(path))
    }

    /// The object at `node` as a `.skiff` of its own, from which another process reads a copy.
    ///
    /// # Errors
    /// As [`File::dump`].
    pub fn skiff_of(&self, node: NodeId) -> Result<Vec<u8>, Error> {
        let mut graph = self.contents().graph.clone_with_room();
        graph.set_root(node);
        let mut bytes = Vec::new();
        let options =
            ConvertOptions { format: TARGETS.iter().find(|target| target.name == "skiff"), ..Default::default() };
        let held = Held { graph: Cow::Owned(graph), passport: None, history: None, samples: None };
        Writing::of(Path::new(""), &options)?.write(&held, &mut bytes)?;
        Ok(bytes)
    }

    fn held<'a>(&'a self, attachments: Attachments<'a>) -> Held<'a> {
        let samples = attachments.samples.map(|samples| Cow::Borrowed(&samples.contents().graph));
        let passport = attachments.passport.map(Cow::Borrowed);
        Held { graph: Cow::Borrowed(&self.contents().graph), passport, history: None, samples }
    }
}
