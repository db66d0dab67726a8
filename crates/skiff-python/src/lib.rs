//! The extension module of the Python package `skiff`: `python/skiff/` is the public package, `_skiff.pyi` its types.
//!
//! Thin: inputs become tables ([`input`]), results become arrays ([`output`]), errors become exceptions ([`error`]), and
//! the library in between runs without the GIL. The only unsafe code borrows arrays for it ([`lent`]),
//! and takes those of Arrow ([`arrow`]).
#![deny(unsafe_code)]

mod arrow;
mod attribute;
mod blocks;
mod comparison;
mod compress;
mod convert;
mod custom;
mod dump;
mod encryption;
mod error;
mod export;
mod input;
mod inspection;
mod lent;
mod load;
mod model;
mod output;
mod running;
mod scan;
mod show;
mod signing;
mod slim;
mod source;
mod stored;
mod value;
mod verification;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: skiff_memory::LargePages = skiff_memory::LargePages;

/// The functions and classes that `skiff/__init__.py` re-exports.
#[pymodule]
mod _skiff {
    use std::path::PathBuf;

    use pyo3::exceptions::PyRuntimeWarning;
    use pyo3::prelude::*;
    use pyo3::types::{PyBytes, PyDict};

    #[pymodule_export]
    use crate::arrow::{ArrowArray, ArrowMethod};
    #[pymodule_export]
    use crate::dump::Dump;
    #[pymodule_export]
    use crate::encryption::Identity;
    #[pymodule_export]
    use crate::load::PyRebuilt;
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::source::Limits;
    #[pymodule_export]
    use crate::stored::StoredObject;

    /// Opens a model.
    ///
    /// Nothing in the file is executed, imported or downloaded, and scikit-learn is not needed.
    ///
    /// Parameters
    /// ----------
    /// source : str, PathLike, bytes or binary file
    ///     The model: a path, its bytes, or a file opened in binary mode.
    /// at : str, optional
    ///     The address of the estimator in a file that contains several objects: `[0]`, `['model']`.
    /// limits : Limits, optional
    ///     Limits on memory and size while reading.
    /// custom : dict, optional
    ///     Your own functions and classes that the model refers to, by full name: `{"mypkg.clean": clean}`.
    /// identity : Identity, str or PathLike, optional
    ///     Decrypts a file encrypted with age: an `Identity`, the text of a key, or the path of an identity file. The
    ///     file is decrypted in memory only.
    /// n_jobs : int, optional
    ///     The maximum number of threads; all cores by default.
    /// progress : bool or callable, optional
    ///     `True` for a progress bar, or a function that is called as `progress("read" or "predict", done, total)`.
    ///
    /// Returns
    /// -------
    /// Model
    ///     The fitted estimator, with the methods and fitted attributes of the original.
    ///
    /// Raises
    /// ------
    /// DamagedFileError
    ///     If the file is damaged, or not a model file.
    /// LimitExceededError
    ///     If reading it exceeds a limit.
    /// NotSupportedError
    ///     If it contains something that skiff does not support.
    /// WrongInputError
    ///     If there is no estimator at `at`, or an argument does not fit.
    /// UnreadableFileError
    ///     If the file cannot be read; an `OSError`.
    ///
    /// Examples
    /// --------
    /// >>> model = skiff.open("model.pkl")  # doctest: +SKIP
    /// >>> model.predict(X)  # doctest: +SKIP
    #[expect(clippy::needless_pass_by_value, reason = "strings from Python are owned")]
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

    /// Lists the content of a file, including estimators that skiff does not support.
    ///
    /// Parameters
    /// ----------
    /// source : str, PathLike, bytes or binary file
    ///     The model: a path, its bytes, or a file opened in binary mode.
    /// in_ : str, optional
    ///     A version of scikit-learn, `"scikit-learn==1.9.1"`: `plain_loading` says what loading the file there as it is
    ///     would do.
    /// limits : Limits, optional
    ///     Limits on memory and size while reading.
    /// identity : Identity, str or PathLike, optional
    ///     Decrypts a file encrypted with age: an `Identity`, the text of a key, or the path of an identity file. The
    ///     file is decrypted in memory only.
    ///
    /// Returns
    /// -------
    /// dict
    ///     `format`, `size`, `written_by` (the versions that wrote the file), `estimators` (each with its `address`,
    ///     `class`, `parameters`, fitted `attributes`, `methods` and nested estimators), `passport`, `unusual` and
    ///     `plain_loading`.
    ///
    /// Raises
    /// ------
    /// DamagedFileError
    ///     If the file is damaged, or not a model file.
    /// LimitExceededError
    ///     If reading it exceeds a limit.
    /// UnreadableFileError
    ///     If the file cannot be read; an `OSError`.
    #[pyfunction]
    #[pyo3(signature = (source, /, *, in_=None, limits=None, identity=None))]
    fn inspect<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        in_: Option<&str>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let version =
            in_.map(skiff::ScikitLearn::parse).transpose().map_err(pyo3::exceptions::PyValueError::new_err)?;
        let file = crate::source::read(py, source, limits.map(Bound::get), identity)?;
        let found = py.detach(|| {
            skiff::threads::install(None, || {
                let mut found = file.inspect();
                found.plain_loading = version.map(|version| file.plain_loading(&version));
                found
            })
        });
        crate::inspection::inspection(py, &found)
    }

    /// Compares two files, for `skiff.diff`.
    #[pyfunction]
    #[pyo3(signature = (first, second, /, *, at, limits, identity))]
    fn diff<'py>(
        py: Python<'py>,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
        at: Option<&str>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let read = |source| crate::source::read(py, source, limits.map(Bound::get), identity);
        let files = [read(first)?, read(second)?];
        let found = py.detach(|| skiff::diff(files.each_ref(), at));
        crate::comparison::comparison(py, &found.map_err(|error| crate::error::raise(py, &error))?)
    }

    /// Compares the bytes of `source` with their digest and its signature, and predicts for the recorded rows
    /// again, for `skiff.verify`.
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

    /// Converts a model file to another format, for `skiff.convert`.
    #[expect(clippy::needless_pass_by_value, clippy::too_many_arguments, reason = "named in Python, and owned")]
    #[pyfunction]
    #[pyo3(signature = (source, target, /, *, for_=None, compress=None, protocol=None, limits=None, identity=None, recipients=None))]
    fn convert<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        target: PathBuf,
        for_: Option<&str>,
        compress: Option<&Bound<'py, PyAny>>,
        protocol: Option<i64>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
        recipients: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<String>> {
        let recipients = crate::encryption::recipients(py, recipients)?;
        let scikit_learn = crate::convert::scikit_learn(py, for_)?;
        let options = skiff::ConvertOptions { protocol, recipients, scikit_learn, ..Default::default() };
        let file = || crate::source::read(py, source, limits.map(Bound::get), identity);
        crate::convert::convert(py, file, &target, compress, options)
    }

    /// Writes a smaller file for the same model, for `skiff.slim`.
    #[expect(clippy::needless_pass_by_value, clippy::too_many_arguments, reason = "named in Python, and owned")]
    #[pyfunction]
    #[pyo3(signature = (source, target, /, *, bits, prune_trees, max_depth, top_features, compress, protocol, limits, identity, recipients))]
    fn slim<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        target: PathBuf,
        bits: Option<u8>,
        prune_trees: Option<&Bound<'py, PyAny>>,
        max_depth: Option<usize>,
        top_features: Option<usize>,
        compress: Option<&Bound<'py, PyAny>>,
        protocol: Option<i64>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
        recipients: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let lossy = crate::slim::lossy(py, bits, prune_trees, max_depth, top_features)?;
        let recipients = crate::encryption::recipients(py, recipients)?;
        let options = skiff::ConvertOptions { protocol, recipients, ..Default::default() };
        let file = || crate::source::read(py, source, limits.map(Bound::get), identity);
        crate::slim::slim(py, file, &target, compress, &lossy, options)
    }

    /// Writes a folder for MLflow, for `skiff.mlflow.save_model`.
    #[expect(clippy::needless_pass_by_value, reason = "paths from Python are owned")]
    #[pyfunction]
    #[pyo3(signature = (source, folder, /, *, method, signature, limits=None, identity=None))]
    fn save_mlflow<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        folder: PathBuf,
        method: &str,
        signature: Vec<(String, String)>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<String>> {
        let file = || crate::source::read(py, source, limits.map(Bound::get), identity);
        crate::convert::save_mlflow(py, file, &folder, method, signature)
    }

    /// Exports a model, for `skiff.export`.
    #[expect(clippy::needless_pass_by_value, reason = "lists and paths from Python are owned")]
    #[pyfunction]
    #[pyo3(signature = (model, output, /, *, target, methods, float32, opset))]
    fn export<'py>(
        py: Python<'py>,
        model: &Bound<'py, Model>,
        output: Option<PathBuf>,
        target: Option<&str>,
        methods: Option<Vec<String>>,
        float32: bool,
        opset: Option<i64>,
    ) -> PyResult<(Option<Bound<'py, PyBytes>>, Vec<String>)> {
        let onnx = skiff::OnnxOptions { float32, opset };
        crate::export::export(py, model.get().parts(), output.as_deref(), target, methods.as_deref(), onnx)
    }

    /// Draws a tree or a composite estimator of a model or a file, for `skiff.export`; `None` for other targets.
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    #[expect(clippy::needless_pass_by_value, reason = "paths and strings from Python are owned")]
    #[expect(clippy::type_complexity, reason = "a tuple for Python")]
    #[pyfunction]
    #[pyo3(signature = (source, output, /, *, target, at, max_depth, limits, identity))]
    fn picture<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        output: Option<PathBuf>,
        target: Option<&str>,
        at: Option<String>,
        max_depth: Option<usize>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<(Option<Bound<'py, PyBytes>>, Vec<String>)>> {
        let limits = limits.map(Bound::get);
        let pictured = crate::export::Pictured { source, at: at.as_deref(), max_depth, limits, identity };
        crate::export::picture(py, &pictured, output.as_deref(), target)
    }

    /// The estimators that are exported to a target, and their methods, for `skiff.supported`.
    #[pyfunction]
    fn exported(target: &str) -> Option<Vec<(&'static str, Vec<&'static str>)>> {
        skiff::ExportTarget::of_name(target).map(|target| target.estimators().collect())
    }

    /// Reports what loading a file in Python would do, without loading it.
    ///
    /// Parameters
    /// ----------
    /// source : str, PathLike, bytes or binary file
    ///     A file, its bytes, or a folder.
    /// strict : bool, default=False
    ///     Whether to judge files of a folder that are not model files, too. By default, they are marked `passed_over`.
    /// limits : Limits, optional
    ///     Limits on memory and size while reading.
    /// identity : Identity, str or PathLike, optional
    ///     Decrypts a file encrypted with age: an `Identity`, the text of a key, or the path of an identity file. The
    ///     file is decrypted in memory only.
    /// progress : bool or callable, optional
    ///     `True` for a progress bar, or a function that is called as `progress("scan" or "read", done, total)`.
    ///
    /// Returns
    /// -------
    /// dict or list of dict
    ///     `verdict` is `model` if the file contains a model and nothing else, `unknown`, or `dangerous`; `findings` are the
    ///     reasons. For a folder, a list with one such `dict` for each file.
    ///
    /// Raises
    /// ------
    /// UnreadableFileError
    ///     If a file cannot be read; an `OSError`.
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

    /// Judges a file and writes its content as a new pickle, for `skiff.load`.
    #[expect(clippy::needless_pass_by_value, reason = "strings from Python are owned")]
    #[pyfunction]
    #[pyo3(signature = (source, /, *, trusted, at=None, target=None, limits=None, identity=None))]
    fn rebuild<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        trusted: Vec<String>,
        at: Option<String>,
        target: Option<String>,
        limits: Option<&Bound<'py, Limits>>,
        identity: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyRebuilt> {
        crate::load::rebuild(py, source, &trusted, at.as_deref(), target.as_deref(), limits.map(Bound::get), identity)
    }

    /// Signs a file or a folder, for `skiff.sign`.
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    #[expect(clippy::needless_pass_by_value, reason = "paths from Python are owned")]
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

    /// The supported estimators: the name, module and documentation of each, for `skiff.supported`.
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
