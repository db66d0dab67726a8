//! What a model is opened from: a path, bytes, or an open file.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyString, PyTuple};
use skiff::{File, Interrupt, Options};

use crate::running::Running;
use crate::{encryption, error};

/// What `skiff.open` accepts by default, and what a larger or smaller file may cost.
#[pyclass(frozen, module = "skiff", name = "Limits")]
#[derive(Debug, Default)]
pub struct Limits {
    pub(crate) inner: skiff::Limits,
}

#[pymethods]
impl Limits {
    /// Limits of one's own; what is not named stays as it is.
    #[new]
    #[pyo3(signature = (
        *, decompressed=None, ratio=None, nodes=None, depth=None, decoded=None, memo=None, array=None, answer=None,
        time=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "each is named in Python")]
    fn new(
        decompressed: Option<u64>,
        ratio: Option<u64>,
        nodes: Option<u64>,
        depth: Option<u32>,
        decoded: Option<u64>,
        memo: Option<u64>,
        array: Option<u64>,
        answer: Option<u64>,
        time: Option<f64>,
    ) -> PyResult<Self> {
        let mut inner = skiff::Limits::default();
        inner.decompressed = decompressed.unwrap_or(inner.decompressed);
        inner.ratio = ratio.unwrap_or(inner.ratio);
        inner.nodes = nodes.unwrap_or(inner.nodes);
        inner.depth = depth.unwrap_or(inner.depth);
        inner.decoded = decoded.unwrap_or(inner.decoded);
        inner.memo = memo.unwrap_or(inner.memo);
        inner.array = array.unwrap_or(inner.array);
        inner.answer = answer.unwrap_or(inner.answer);
        inner.time = match time.map(Duration::try_from_secs_f64) {
            None => None,
            Some(Ok(time)) => Some(time),
            Some(Err(_)) => return Err(PyValueError::new_err("expected `time` in seconds, none or more of them")),
        };
        Ok(Self { inner })
    }

    /// Bytes that decompression may bring forth.
    #[getter]
    fn decompressed(&self) -> u64 {
        self.inner.decompressed
    }

    /// Bytes that decompression may bring forth for each byte read.
    #[getter]
    fn ratio(&self) -> u64 {
        self.inner.ratio
    }

    /// Nodes of the object graph.
    #[getter]
    fn nodes(&self) -> u64 {
        self.inner.nodes
    }

    /// How deep values may nest.
    #[getter]
    fn depth(&self) -> u32 {
        self.inner.depth
    }

    /// Bytes that decoded text and numbers may take.
    #[getter]
    fn decoded(&self) -> u64 {
        self.inner.decoded
    }

    /// Values that one pickle may keep in its memo.
    #[getter]
    fn memo(&self) -> u64 {
        self.inner.memo
    }

    /// Bytes of one array, or of one byte string.
    #[getter]
    fn array(&self) -> u64 {
        self.inner.array
    }

    /// Bytes of one answer of the model.
    #[getter]
    fn answer(&self) -> u64 {
        self.inner.answer
    }

    /// Seconds that reading and checking may take; `None` for no end.
    #[getter]
    fn time(&self) -> Option<f64> {
        self.inner.time.map(|time| time.as_secs_f64())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, skiff::Limits { decompressed, ratio, nodes, depth, decoded, memo, array, answer, .. }) =
            (slf.py(), &slf.get().inner);
        let named = PyDict::new(py);
        for (name, value) in [
            ("decompressed", *decompressed),
            ("ratio", *ratio),
            ("nodes", *nodes),
            ("depth", u64::from(*depth)),
            ("decoded", *decoded),
            ("memo", *memo),
            ("array", *array),
            ("answer", *answer),
        ] {
            named.set_item(name, value)?;
        }
        named.set_item("time", slf.get().time())?;
        let restore = py.import(intern!(py, "skiff._estimator"))?.getattr(intern!(py, "restore_limits"))?;
        (restore, (named,)).into_pyobject(py)
    }

    fn __repr__(&self) -> String {
        let skiff::Limits { decompressed, ratio, nodes, depth, decoded, memo, array, answer, time, .. } = &self.inner;
        let time = time.map_or("None".to_owned(), |time| time.as_secs_f64().to_string());
        format!(
            "Limits(decompressed={decompressed}, ratio={ratio}, nodes={nodes}, depth={depth}, decoded={decoded}, \
             memo={memo}, array={array}, answer={answer}, time={time})"
        )
    }
}

/// Where a file comes from.
pub enum Source {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

/// What `source` is.
pub fn source(source: &Bound<'_, PyAny>) -> PyResult<Source> {
    Ok(match bytes_of(source)? {
        Some(bytes) => Source::Bytes(bytes),
        None => Source::Path(source.extract()?),
    })
}

/// Reads the file that `source` is, or names.
pub fn read(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    limits: Option<&Limits>,
    identity: Option<&Bound<'_, PyAny>>,
) -> PyResult<File> {
    read_running(py, source, limits, identity, &Running::default())
}

/// As [`read`], on as many threads and with the reports that `running` says.
pub fn read_running(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    limits: Option<&Limits>,
    identity: Option<&Bound<'_, PyAny>>,
    running: &Running,
) -> PyResult<File> {
    let mut options = options(py, limits, identity)?;
    let source = self::source(source)?;
    let interrupt = Interrupt::default();
    options.limits.interrupt = Some(interrupt.clone());
    let file = running.read(py, &interrupt, || match source {
        Source::Bytes(bytes) => File::read(bytes, &options),
        Source::Path(path) => File::open(path, &options),
    })?;
    file.map_err(|error| error::raise(py, &error))
}

/// Where a file object is, when it can be set back: it is then left after the pickle that was read of it, as Python's
/// loaders leave it.
pub fn position(source: &Bound<'_, PyAny>) -> Option<u64> {
    let py = source.py();
    let is_stream = source.hasattr(intern!(py, "read")).ok()? && source.hasattr(intern!(py, "seek")).ok()?;
    if !is_stream {
        return None;
    }
    source.call_method0(intern!(py, "tell")).ok()?.extract().ok()
}

/// Leaves a file object that was at `start` after the first pickle; where it cannot be, warns of the others.
pub fn leave(source: &Bound<'_, PyAny>, start: Option<u64>, file: &File) -> PyResult<()> {
    let py = source.py();
    if let (Some(start), Some(end)) = (start, file.stream_end()) {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        source.call_method1(intern!(py, "seek"), (start.saturating_add(end),))?;
        return Ok(());
    }
    let further = file.further_pickles();
    if further > 0 {
        let all = further.saturating_add(1);
        let message = format!(
            "the first of {all} pickles in a row is read, as Python's loaders do; for the next one, open the file in \
             Python and hand the same file object in again"
        );
        py.import(intern!(py, "warnings"))?.call_method1(intern!(py, "warn"), (message,))?;
    }
    Ok(())
}

/// How a file is opened.
pub fn options(py: Python<'_>, limits: Option<&Limits>, identity: Option<&Bound<'_, PyAny>>) -> PyResult<Options> {
    let limits = limits.map_or_else(skiff::Limits::default, |limits| limits.inner.clone());
    Ok(Options { limits, identity: encryption::identity(py, identity)?, ..Options::default() })
}

/// The bytes of what is no path.
pub fn bytes_of(source: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    let py = source.py();
    if let Ok(bytes) = source.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = source.cast::<PyByteArray>() {
        return Ok(Some(bytes.to_vec()));
    }
    if source.is_instance_of::<PyString>() || source.hasattr(intern!(py, "__fspath__"))? {
        return Ok(None);
    }
    let content = if source.hasattr(intern!(py, "read"))? {
        source.call_method0(intern!(py, "read"))?
    } else if source.hasattr(intern!(py, "tobytes"))? {
        // A memoryview.
        source.call_method0(intern!(py, "tobytes"))?
    } else {
        let found = source.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "expected a path, bytes, or a file opened for reading bytes, not {found}"
        )));
    };
    match content.cast::<PyBytes>() {
        Ok(bytes) => Ok(Some(bytes.as_bytes().to_vec())),
        Err(_) => Err(PyTypeError::new_err("the file must be opened for reading bytes: mode 'rb'")),
    }
}
