//! The sources of models: a path, bytes, or an open file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyString, PyTuple};
use skiff::{File, Interrupt, Options};

use crate::running::Running;
use crate::{encryption, error};

/// Limits on the memory and size of a file while reading.
///
/// Parameters
/// ----------
/// decompressed : int, optional
///     Bytes of decompressed data.
/// ratio : int, optional
///     Bytes of decompressed data per byte of the file.
/// nodes : int, optional
///     Nodes of the object graph.
/// depth : int, optional
///     Nesting depth of values.
/// decoded : int, optional
///     Bytes of decoded strings and numbers.
/// memo : int, optional
///     Values in the memo of one pickle.
/// array : int, optional
///     Bytes of one array or byte string.
/// answer : int, optional
///     Bytes of one result of the model.
/// time : float, optional
///     Seconds for reading and checking; unlimited by default.
///
/// Examples
/// --------
/// >>> skiff.open("model.pkl", limits=skiff.Limits(array=1 << 30))  # doctest: +SKIP
#[pyclass(frozen, module = "skiff", name = "Limits")]
#[derive(Debug, Default)]
pub struct Limits {
    pub(crate) inner: skiff::Limits,
}

#[pymethods]
impl Limits {
    /// Limits; those that are not given keep their defaults.
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
            Some(Err(_)) => return Err(PyValueError::new_err("expected `time` in seconds, 0 or more")),
        };
        Ok(Self { inner })
    }

    /// The limit on decompressed bytes.
    #[getter]
    fn decompressed(&self) -> u64 {
        self.inner.decompressed
    }

    /// The limit on decompressed bytes per byte read.
    #[getter]
    fn ratio(&self) -> u64 {
        self.inner.ratio
    }

    /// The limit on nodes of the object graph.
    #[getter]
    fn nodes(&self) -> u64 {
        self.inner.nodes
    }

    /// The limit on the nesting of values.
    #[getter]
    fn depth(&self) -> u32 {
        self.inner.depth
    }

    /// The limit on bytes of decoded text and numbers.
    #[getter]
    fn decoded(&self) -> u64 {
        self.inner.decoded
    }

    /// The limit on values in the memo of one pickle.
    #[getter]
    fn memo(&self) -> u64 {
        self.inner.memo
    }

    /// The limit on bytes of one array or byte string.
    #[getter]
    fn array(&self) -> u64 {
        self.inner.array
    }

    /// The limit on bytes of one result of the model.
    #[getter]
    fn answer(&self) -> u64 {
        self.inner.answer
    }

    /// The limit on seconds for reading and checking; `None` for no limit.
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

/// The source of a file.
pub enum Source {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

/// The kind of `source`.
pub fn source(source: &Bound<'_, PyAny>) -> PyResult<Source> {
    Ok(match bytes_of(source)? {
        Some(bytes) => Source::Bytes(bytes),
        None => {
            let path: PathBuf = source.extract()?;
            if is_in_registry(&path) {
                return Err(error::not_supported(
                    source.py(),
                    &format!(
                        "`{0}` is in a registry, which only the command opens: `skiff registry pull {0} FILE` writes it to a \
                         file",
                        path.display()
                    ),
                ));
            }
            Source::Path(path)
        }
    })
}

/// Whether a path is the address of a model in a registry: it has the scheme of an object store, or it is no file, names a
/// version and is in a folder that is a registry. `skiff-registry` decides the same; with its clients of object stores the
/// wheel would take much longer to build.
fn is_in_registry(path: &Path) -> bool {
    const SCHEMES: [&str; 8] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"];
    let Some(text) = path.to_str() else { return false };
    if text.split_once("://").is_some_and(|(scheme, _)| SCHEMES.contains(&scheme)) {
        return true;
    }
    let names_version = text.rsplit(['/', '\\']).next().is_some_and(|name| name.contains(['@', ':']));
    names_version && !path.exists() && path.parent().is_some_and(|folder| folder.join("skiff-registry.json").is_file())
}

/// Reads the file `source`.
pub fn read(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    limits: Option<&Limits>,
    identity: Option<&Bound<'_, PyAny>>,
) -> PyResult<File> {
    read_running(py, source, limits, identity, &Running::default())
}

/// Like [`read`], with the threads and progress of `running`.
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

/// The position of a seekable file object: it is then positioned after the pickle that was read, as by Python's
/// loaders.
pub fn position(source: &Bound<'_, PyAny>) -> Option<u64> {
    let py = source.py();
    let is_stream = source.hasattr(intern!(py, "read")).ok()? && source.hasattr(intern!(py, "seek")).ok()?;
    if !is_stream {
        return None;
    }
    source.call_method0(intern!(py, "tell")).ok()?.extract().ok()
}

/// Positions a file object that was at `start` after the first pickle; otherwise, warns of further pickles.
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
            "the first of {all} pickles is read, as by Python's loaders; for the next one, open the file in \
             Python and hand the same file object in again"
        );
        py.import(intern!(py, "warnings"))?.call_method1(intern!(py, "warn"), (message,))?;
    }
    Ok(())
}

/// The options of opening a file.
pub fn options(py: Python<'_>, limits: Option<&Limits>, identity: Option<&Bound<'_, PyAny>>) -> PyResult<Options> {
    let limits = limits.map_or_else(skiff::Limits::default, |limits| limits.inner.clone());
    Ok(Options { limits, identity: encryption::identity(py, identity)?, ..Options::default() })
}

/// The bytes of a source that is not a path.
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
