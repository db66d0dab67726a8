//! Which of scipy's sparse classes an answer is of: by rows or by columns, matrix or array.

use pyo3::intern;
use pyo3::prelude::*;
use skiff::{Method, Params};
use skiff_models::Model as Typed;

use super::Model;

/// By what the elements of an answer are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// As those of the input.
    Input,
    Rows,
    Columns,
}

/// The class of an answer to sparse rows.
#[derive(Clone, Copy, Debug)]
struct Container {
    layout: Layout,
    /// Whether the answer to an array is an array, and not a matrix.
    keeps_arrays: bool,
}

impl Container {
    /// What most answer, whatever comes in: `csr_matrix`.
    const ROWS: Self = Self { layout: Layout::Rows, keeps_arrays: false };

    /// What `model` answers.
    fn of(model: &Typed, method: Method) -> Self {
        let keeps = |layout| Self { layout, keeps_arrays: true };
        let class = model.header().class.as_str();
        match class {
            _ if !matches!(method, Method::Transform | Method::InverseTransform) => Self::ROWS,
            "Binarizer" | "FunctionTransformer" | "MaxAbsScaler" | "RobustScaler" => keeps(Layout::Input),
            "PolynomialFeatures" | "SparseRandomProjection" => Self { layout: Layout::Input, keeps_arrays: false },
            "MissingIndicator" => Self { layout: Layout::Columns, keeps_arrays: false },
            // With an indicator, which has the inverse, it is put together of both.
            "SimpleImputer" if model.plan(Method::InverseTransform, &Params::default()).is_ok() => {
                Self { layout: Layout::Columns, keeps_arrays: false }
            }
            "QuantileTransformer" | "SimpleImputer" => keeps(Layout::Columns),
            "Normalizer" | "StandardScaler" => keeps(Layout::Rows),
            _ if model.class().starts_with("sklearn.feature_selection.") => match method {
                Method::InverseTransform => Self { layout: Layout::Columns, keeps_arrays: false },
                _ => keeps(Layout::Rows),
            },
            "Pipeline" => {
                let steps = model.estimator().inner().into_iter().map(|(_, step)| Self::of(&step, method));
                let start = keeps(Layout::Input);
                match method {
                    Method::Transform => steps.fold(start, Self::then),
                    _ => steps.rev().fold(start, Self::then),
                }
            }
            _ => Self::ROWS,
        }
    }

    /// What comes out of another one behind it.
    fn then(self, next: Self) -> Self {
        let layout = if next.layout == Layout::Input { self.layout } else { next.layout };
        Self { layout, keeps_arrays: self.keeps_arrays && next.keeps_arrays }
    }
}

impl Model {
    /// A sparse answer to `x`, in the class in which scikit-learn returns it.
    pub(super) fn in_sparse_class<'py>(
        &self,
        method: Method,
        answer: Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let container = Container::of(self.model.typed(), method);
        let format = x.getattr(intern!(py, "format")).and_then(|format| format.extract::<String>()).ok();
        let by_columns = match container.layout {
            Layout::Input => format.as_deref() == Some("csc"),
            Layout::Rows => false,
            Layout::Columns => true,
        };
        let answer = if by_columns { answer.call_method0(intern!(py, "tocsc"))? } else { answer };
        let sparse = py.import(intern!(py, "scipy.sparse"))?;
        let is_array = container.keeps_arrays
            && format.is_some()
            && !sparse.call_method1(intern!(py, "isspmatrix"), (x,))?.extract::<bool>()?;
        match is_array {
            true => sparse.call_method1(if by_columns { "csc_array" } else { "csr_array" }, (answer,)),
            false => Ok(answer),
        }
    }
}
