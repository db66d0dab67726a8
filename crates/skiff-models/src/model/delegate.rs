//! Estimators that pass their rows unchanged to a nested one.

/// The methods of [`Estimator`](super::Estimator) about the rows that it takes, delegated to another one: used within its
/// `impl`, as `delegates_rows!(self => self.models.first())`.
macro_rules! delegates_rows {
    ($this:ident => $inner:expr) => {
        fn n_features_in(&$this) -> Option<usize> {
            let inner: Option<&std::sync::Arc<crate::model::Model>> = $inner;
            inner?.n_features_in()
        }

        fn feature_names_in(&$this) -> Option<std::sync::Arc<[String]>> {
            let inner: Option<&std::sync::Arc<crate::model::Model>> = $inner;
            inner?.feature_names_in()
        }

        fn takes(&$this) -> crate::model::Takes {
            let inner: Option<&std::sync::Arc<crate::model::Model>> = $inner;
            inner.map_or(crate::model::Takes::Table, |inner| inner.estimator().takes())
        }

        fn takes_series(&$this) -> bool {
            let inner: Option<&std::sync::Arc<crate::model::Model>> = $inner;
            inner.is_some_and(|inner| inner.estimator().takes_series())
        }

        fn selects_by_name(&$this) -> bool {
            let inner: Option<&std::sync::Arc<crate::model::Model>> = $inner;
            inner.is_some_and(|inner| inner.estimator().selects_by_name())
        }
    };
}

pub(crate) use delegates_rows;
