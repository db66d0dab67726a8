//! The extension module of the Python package `skiff`: `python/skiff/` is what users see, `_skiff.pyi` its types.
//!
//! Thin: inputs become tables ([`input`]), answers become arrays ([`output`]), errors become exceptions ([`error`]), and
//! the library in between works without the GIL. Nothing is unsafe but that arrays are lent to it ([`lent`]).
#![deny(unsafe_code)]

mod attribute;
mod blocks;
mod compress;
mod convert;
mod custom;
mod dump;
mod encryption;
mod error;
mod input;
mod inspection;
mod lent;
mod load;
mod model;
mod output;
mod part;
mod running;
mod scan;
mod show;
mod signing;
mod source;
mod value;
mod verification;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: skiff_memory::LargePages = skiff_memory::LargePages;

/// The functions and classes that `skiff/__init__.py` passes on.
#[pymodule]
mod _skiff {
    use std::path::PathBuf;

    use pyo3::exceptions::PyRuntimeWarning;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use crate::dump::Dump;
    #[pymodule_export]
    use crate::encryption::Identity;
    #[pymodule_export]
    use crate::load::PyRebuilt;
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::part::Part;
    #[pymodule_export]
    use crate::source::Limits;

    /// Opens the model in `source`: a path, bytes, or a file opened for reading bytes.
    ///
    /// Nothing in it is executed, imported or fetched, and scikit-learn is not needed. `at` is the address of the
    /// estimator in a file that holds several things: `[0]`, `['model']`. `limits` are what the file may cost.
    /// `custom` holds functions and classes of your own for those that the model names, by their full names:
    /// `{"mypkg.clean": clean}`. `n_jobs` is how many threads the model uses at most, all by default. `progress` is
    /// `True` for a bar, or is called as `progress("read" or "predict", done, total)` while work takes long. `identity` opens a file that is encrypted by age: an `Identity`, the text of a key, or
    /// the path of an identity file. It is opened in memory: its plain text reaches no disk.
    #[expect(clippy::needless_pass_by_value, reason = "what comes from Python as text comes owned")]
    #[pyfunction]
    #[pyo3(signature = (source, /, *, at=None, limits=None, custom=None, identity=None, n_jobs=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    fn open<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        at: Option<String>,
        limits: Option<&Bound<'py, Limits>>,
        custom: Option<&Bound<'py, PyDict>>,
        identity: Option<&Bound<'py, PyAny>>,
        n_jobs: Option<isize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Model> {
        let (at, limits) = (at.as_deref(), limits.map(Bound::get));
        crate::model::open(py, source, crate::model::Opening { at, limits, custom, identity, n_jobs, progress })
    }

    /// What is in the file `source`, estimators that skiff cannot run included.
    #[pyfunction]
    #[pyo3(signature = (source, /, *, limits=None, identity=None))]
    fn inspect<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let file = crate::source::read(py, source, limits.map(Bound::get), identity)?;
        let found = py.detach(|| skiff::threads::install(None, || file.inspect()));
        crate::inspection::inspection(py, &found)
    }

    /// Holds the bytes of `source` against their digest and its signature, and asks its model for the recorded rows
    /// again: what `skiff.verify` is made of.
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    #[pyfunction]
    #[pyo3(signature = (source, /, *, at, limits, custom, identity, key, certificate_chain, valid_at, signature))]
    fn verify<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        at: Option<String>,
        limits: Option<&Bound<'py, Limits>>,
        custom: Option<&Bound<'py, PyDict>>,
        identity: Option<&Bound<'py, PyAny>>,
        key: Option<PathBuf>,
        certificate_chain: Vec<PathBuf>,
        valid_at: Option<String>,
        signature: Option<PathBuf>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let options = skiff::Options { at, ..crate::source::options(py, limits.map(Bound::get), identity)? };
        let is_trusting = key.is_some() || !certificate_chain.is_empty();
        let trusting = crate::signing::Trusting { key, certificate_chain, valid_at, signature };
        crate::verification::verify(py, source, options, custom, is_trusting.then_some(&trusting))
    }

    /// Writes a model file as one of another kind: what `skiff.convert` is made of.
    #[expect(clippy::needless_pass_by_value, clippy::too_many_arguments, reason = "named in Python, and owned")]
    #[pyfunction]
    #[pyo3(signature = (source, target, /, *, compress=None, protocol=None, limits=None, identity=None, recipients=None))]
    fn convert<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        target: PathBuf,
        compress: Option<&Bound<'py, PyAny>>,
        protocol: Option<i64>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
        recipients: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<String>> {
        let recipients = crate::encryption::recipients(py, recipients)?;
        let options = skiff::ConvertOptions { protocol, recipients, ..Default::default() };
        let file = || crate::source::read(py, source, limits.map(Bound::get), identity);
        crate::convert::convert(py, file, &target, compress, options)
    }

    /// What loading the file `source` in Python would do, told without doing it: `model` when it holds a model and nothing
    /// else, `unknown`, or `dangerous`. Of a folder, a list of what each file in it would do.
    ///
    /// Without `strict`, files of a folder that are no model files at all are `passed_over`. `progress` is `True` for a bar,
    /// or is called as `progress("scan" or "read", done, total)`.
    #[pyfunction]
    #[pyo3(signature = (source, /, *, strict=false, limits=None, identity=None, progress=None))]
    fn scan<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        strict: bool,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        crate::scan::scan(py, source, strict, limits.map(Bound::get), identity, progress)
    }

    /// Judges a file and writes what it holds anew: what `skiff.load` is made of.
    #[expect(clippy::needless_pass_by_value, reason = "what comes from Python as text comes owned")]
    #[pyfunction]
    #[pyo3(signature = (source, /, *, trusted, at=None, limits=None, identity=None))]
    fn rebuild<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        trusted: Vec<String>,
        at: Option<String>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyRebuilt> {
        crate::load::rebuild(py, source, &trusted, at.as_deref(), limits.map(Bound::get), identity)
    }

    /// Signs a file or a folder: what `skiff.sign` is made of.
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    #[expect(clippy::needless_pass_by_value, reason = "what comes from Python as a path comes owned")]
    #[pyfunction]
    #[pyo3(signature = (model, /, *, key, password, certificates, signature, ignore, follow_links, extension))]
    fn sign(
        py: Python<'_>,
        model: PathBuf,
        key: PathBuf,
        password: Option<String>,
        certificates: Vec<PathBuf>,
        signature: Option<PathBuf>,
        ignore: Vec<String>,
        follow_links: bool,
        extension: bool,
    ) -> PyResult<PathBuf> {
        let arguments =
            crate::signing::Signing { key, password, certificates, signature, ignore, follow_links, extension };
        crate::signing::sign(py, &model, &arguments)
    }

    /// The estimators that skiff reads: the name, module and page of each. What `skiff.supported` is made of.
    #[pyfunction]
    fn supported() -> Vec<(&'static str, String, String)> {
        skiff::registry::classes().map(|class| (class.name(), class.module(), class.page())).collect()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if let Err(message) = skiff::threads::from_environment() {
            let warnings = module.py().import("warnings")?;
            warnings.call_method1("warn", (message, module.py().get_type::<PyRuntimeWarning>()))?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
