//! A class of estimators: its paths in scikit-learn, its documentation page, and its reader.

use crate::fields::{Fields, ReadError};
use crate::lowering::Header;
use crate::model::Estimator;

/// A class of estimators, of scikit-learn. Several classes may share a model: `Lasso` and `LassoCV` are both read
/// into a linear regressor. Written with [`class!`].
#[derive(Debug)]
pub struct Class {
    /// All class paths, the current one first, then those of older versions.
    pub paths: &'static [&'static str],
    page: &'static str,
    training_only: &'static [&'static str],
    read: fn(&Fields<'_, '_>) -> Result<Box<dyn Estimator>, ReadError>,
}

impl Class {
    /// For [`class!`].
    pub(crate) const fn new(
        paths: &'static [&'static str],
        page: &'static str,
        training_only: &'static [&'static str],
        read: fn(&Fields<'_, '_>) -> Result<Box<dyn Estimator>, ReadError>,
    ) -> Self {
        Self { paths, page, training_only, read }
    }

    /// The class name: `LogisticRegression`.
    pub fn name(&self) -> &'static str {
        self.paths.first().and_then(|path| path.rsplit('.').next()).unwrap_or_default()
    }

    /// The public module: `sklearn.linear_model`, `sklearn.feature_extraction.text`.
    pub fn module(&self) -> String {
        let parts = self.paths.first().map_or("", |path| path).split('.');
        let mut parts: Vec<_> = parts.take_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase())).collect();
        // Modules of files had no underscore before 0.22, and were not public either.
        if parts.first() == Some(&"sklearn") && parts.get(1) != Some(&"feature_extraction") {
            parts.truncate(2);
        }
        parts.join(".")
    }

    /// The class's page, as Markdown: what is read, what the methods compute, what is not supported, and how older
    /// versions differ.
    pub fn page(&self) -> String {
        let lines = self.page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Reads an estimator completely, including the check for unknown attributes.
    pub(crate) fn read(&self, fields: Fields<'_, '_>) -> Result<(Box<dyn Estimator>, Header), ReadError> {
        let estimator = self.read_model(&fields)?;
        Ok((estimator, fields.finish()?))
    }

    /// Reads the model, for a class of another package that has the same state.
    pub(crate) fn read_model(&self, fields: &Fields<'_, '_>) -> Result<Box<dyn Estimator>, ReadError> {
        fields.training_only(self.training_only);
        (self.read)(fields)
    }
}

/// Declares a class: its page as a doc comment, its paths, the attributes that matter for fitting only (where `read`
/// does not name them), and the function that reads its model.
///
/// ```ignore
/// pub(crate) const LASSO: Class = class! {
///     /// Linear regression with an L1 penalty.
///     ///
///     /// # Reads
///     /// `coef_`, `intercept_`.
///     /// # Predicts
///     /// `X · coef_ᵀ + intercept_`.
///     paths: ["sklearn.linear_model._coordinate_descent.Lasso", "sklearn.linear_model.coordinate_descent.Lasso"],
///     training_only: ["alpha", "tol"],
///     read: LinearRegressor::read,
/// };
/// ```
macro_rules! class {
    (
        $(#[doc = $line:literal])+
        paths: [$($path:expr),+ $(,)?],
        $(training_only: [$($name:literal),* $(,)?],)?
        read: $read:expr $(,)?
    ) => {
        $crate::model::Class::new(
            &[$($path),+],
            concat!($($line, "\n"),+),
            &[$($($name),*)?],
            |fields| {
                let model = $read(fields)?;
                Ok(Box::new(model))
            },
        )
    };
}

pub(crate) use class;
