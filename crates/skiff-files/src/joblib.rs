//! joblib's files: pickles with arrays between the opcodes.
//!
//! The `BUILD` of a wrapper is followed by the array's bytes, or (objects) a nested pickle, or (before joblib 0.10)
//! the name of a companion file with them.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use skiff_pickle::{Error as PickleError, Graph, Host, Node, NodeId, Payload, Rest};

use crate::call::Call;
use crate::decompress::Inflation;
use crate::numpy::{DType, count, read_shape};
use crate::{Error, Instance, ValueError, ValueErrorKind, companion};

/// Reads joblib's content between the opcodes.
#[derive(Debug)]
pub struct Joblib<'a> {
    /// The directory of companion files, if the model was opened by path.
    pub(crate) directory: Option<&'a Path>,
    pub(crate) inflation: &'a mut Inflation,
    /// Where the arrays were that were read so far.
    pub layout: Layout,
    /// Whether padding precedes an array. joblib skips it since 1.2, and reads it as elements
    /// before.
    pub has_padding: bool,
    /// Reads as joblib did before 1.2.
    pub is_old: bool,
    /// The positions of raw bytes between the opcodes, including padding.
    pub(crate) gaps: Vec<Range<usize>>,
    /// The positions of the pickles of arrays of objects.
    pub inner: Vec<Range<usize>>,
    /// A companion that is named twice is read once.
    companions: HashMap<String, Payload>,
}

/// The location of a file's arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// In the opcodes: a plain pickle.
    #[default]
    Plain,
    /// Between the opcodes: joblib since 0.10.
    Inline,
    /// In companion files: joblib before 0.10.
    Companions,
}

impl<'a> Joblib<'a> {
    /// For a file whose companion files are in `directory`.
    pub fn new(directory: Option<&'a Path>, inflation: &'a mut Inflation) -> Self {
        Self {
            directory,
            inflation,
            layout: Layout::Plain,
            has_padding: false,
            is_old: false,
            gaps: Vec::new(),
            inner: Vec::new(),
            companions: HashMap::new(),
        }
    }

    /// The names of the companion files that were read.
    pub fn companions(&self) -> Vec<String> {
        let mut names: Vec<String> = self.companions.keys().cloned().collect();
        names.sort();
        names
    }

    fn inline(&mut self, rest: &mut Rest<'_>, wrapper: NodeId) -> Result<Payload, PickleError> {
        self.layout = Layout::Inline;
        let form = ArrayLayout::read(rest.graph, wrapper).map_err(|error| rest.error(Error::from(error)))?;
        let Some(length) = form.length else {
            // The inner pickle is read by a plain unpickler: it has no wrappers.
            let start = rest.offset();
            let root = rest.pickle(&mut ())?;
            self.inner.push(start..rest.offset());
            return Ok(Payload::Pickle(root));
        };
        rest.budget.array(length, rest.offset())?;
        let start = rest.offset();
        self.has_padding |= form.padded;
        if form.padded && !self.is_old {
            // One byte is the length of the padding; joblib writes 1 to 16, and reads any number.
            let span = rest.take(1)?;
            let padding = rest.graph.bytes(span).first().copied().unwrap_or(0);
            rest.take(padding.into())?;
        }
        let span = rest.take(length)?;
        self.gaps.push(start..rest.offset());
        Ok(Payload::Raw(span))
    }

    fn companion(&mut self, rest: &mut Rest<'_>, wrapper: NodeId) -> Result<Payload, PickleError> {
        self.layout = Layout::Companions;
        let name = Instance::read(rest.graph, wrapper)
            .and_then(|instance| rest.graph.str_of(instance.attribute("filename")?).map(str::to_owned));
        let Some(name) = name else {
            return Err(rest.error(Error::from(ValueError::new(ValueErrorKind::ArrayState, wrapper))));
        };
        if let Some(content) = self.companions.get(&name) {
            return Ok(*content);
        }
        let zipped = Instance::read(rest.graph, wrapper).is_some_and(|instance| instance.name == "ZNDArrayWrapper");
        let content = companion::read(self.directory, &name, zipped, rest.graph, rest.budget, self.inflation)
            .map_err(|error| rest.error(error))?;
        self.companions.insert(name, content);
        Ok(content)
    }
}

impl Host for Joblib<'_> {
    fn built(&mut self, rest: &mut Rest<'_>, object: NodeId) -> Result<Option<Payload>, PickleError> {
        match wrapper_class(rest.graph, object) {
            Some("NumpyArrayWrapper") => self.inline(rest, object).map(Some),
            Some("NDArrayWrapper" | "ZNDArrayWrapper") => self.companion(rest, object).map(Some),
            _ => Ok(None),
        }
    }
}

/// The name of one of joblib's wrapper classes, of joblib itself or of the copy in scikit-learn before 0.23.
pub(crate) fn wrapper_class(graph: &Graph, id: NodeId) -> Option<&str> {
    let call = Call::read(graph, id)?;
    let (module, name) = match call.name {
        "_reconstructor" | "__newobj__" => graph.global(call.argument(0)?)?,
        name => (call.module, name),
    };
    let module = module.strip_prefix("sklearn.externals.").unwrap_or(module);
    matches!(module, "joblib.numpy_pickle" | "joblib.numpy_pickle_compat").then_some(name)
}

/// A wrapper's description of the bytes that follow it.
struct ArrayLayout {
    /// The number of bytes; `None` for objects.
    length: Option<u64>,
    padded: bool,
}

impl ArrayLayout {
    fn read(graph: &Graph, wrapper: NodeId) -> Result<Self, ValueError> {
        let error = |kind| ValueError::new(kind, wrapper);
        let instance = Instance::read(graph, wrapper).ok_or(error(ValueErrorKind::ArrayState))?;
        let attribute = |name| instance.attribute(name).ok_or(error(ValueErrorKind::ArrayState));
        let dtype = DType::read(graph, attribute("dtype")?)?.ok_or(error(ValueErrorKind::DTypeState))?;
        let shape = read_shape(graph, attribute("shape")?).ok_or(error(ValueErrorKind::ArrayShape))?;
        // Absent before joblib 1.2, None when it wrote to a pipe.
        let alignment = instance.attribute("numpy_array_alignment_bytes");
        let padded = alignment.is_some_and(|alignment| *graph.node(alignment) != Node::None);
        if dtype.has_objects() {
            return Ok(Self { length: None, padded });
        }
        let itemsize = dtype.itemsize().ok_or(error(ValueErrorKind::ArrayShape))?;
        let length = count(&shape, itemsize, wrapper)?.checked_mul(itemsize);
        let length = length.and_then(|length| u64::try_from(length).ok());
        Ok(Self { length: Some(length.ok_or(error(ValueErrorKind::ArrayShape))?), padded })
    }
}
