//! `_BaseHeterogeneousEnsemble`: named estimators of any kind on the same rows.

use std::sync::Arc;

use skiff_pickle::Node;

use crate::fields::{Fields, ReadError};
use crate::lowering::Header;
use crate::model::{Estimator, Model, NamesError, Takes};
use crate::names;

/// What an estimator says of the rows that it passes to a [`Heterogeneous`] ensemble within: written within its `impl`, as
/// `takes_rows_of!(self => self.stacking.estimators)`.
macro_rules! takes_rows_of {
    ($this:ident => $ensemble:expr) => {
        fn n_features_in(&$this) -> Option<usize> {
            $ensemble.n_features_in()
        }

        fn feature_names_in(&$this) -> Option<std::sync::Arc<[String]>> {
            $ensemble.feature_names_in()
        }

        fn takes(&$this) -> crate::model::Takes {
            $ensemble.takes()
        }

        fn takes_series(&$this) -> bool {
            $ensemble.takes_series()
        }

        fn selects_by_name(&$this) -> bool {
            $ensemble.selects_by_name()
        }
    };
}

pub(crate) use takes_rows_of;

/// The estimators that were not dropped.
#[derive(Debug)]
pub(crate) struct Heterogeneous {
    /// `estimators_`
    pub(crate) models: Vec<Arc<Model>>,
    /// Their names.
    pub(crate) names: Vec<String>,
    /// Their indices in `estimators`, including dropped ones.
    pub(crate) places: Vec<usize>,
}

impl Heterogeneous {
    /// Reads `estimators_`, and the names in `estimators`; entries with `'drop'`, or `None` before 0.24, have no estimator.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let models = fields.models("estimators_")?;
        let (mut names, mut places) = (Vec::new(), Vec::new());
        for (place, node) in fields.list("estimators")?.into_iter().enumerate() {
            let path = format!("{}[{place}]", fields.path_of("estimators"));
            let &[name, estimator] = fields.list_at(node, &path)?.as_slice() else {
                return Err(fields.unexpected_at(node, &path, "a pair of name and estimator"));
            };
            let dropped =
                fields.graph().str_of(estimator) == Some("drop") || *fields.graph().node(estimator) == Node::None;
            if !dropped {
                names.push(fields.scalar_at(name, &path)?.as_str().unwrap_or_default().to_owned());
                places.push(place);
            }
        }
        fields.expect_len("estimators_", models.len(), names.len())?;
        if models.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        fields.training_only(&["n_jobs", "named_estimators", "named_estimators_", "verbose"]);
        Ok(Self { models, names, places })
    }

    /// `weights` of those that were not dropped.
    pub(crate) fn read_weights(&self, fields: &Fields<'_, '_>) -> Result<Option<Vec<f64>>, ReadError> {
        let Some(node) = fields.optional("weights") else { return Ok(None) };
        let path = fields.path_of("weights");
        let all: Vec<f64> = match fields.graph().items(node) {
            Some(items) => {
                let weight = |&item| {
                    let weight = fields.scalar_at(item, &path)?.as_f64();
                    weight.ok_or_else(|| fields.unexpected_at(item, &path, "a number"))
                };
                items.iter().map(weight).collect::<Result<_, _>>()?
            }
            None => fields.vector("weights")?,
        };
        let own: Option<Vec<f64>> = self.places.iter().map(|&place| all.get(place).copied()).collect();
        own.map(Some).ok_or_else(|| fields.damaged("weights", "fewer than there are estimators"))
    }

    #[expect(clippy::indexing_slicing, reason = "one without estimators was refused as it was read")]
    fn first(&self) -> &dyn Estimator {
        self.models[0].estimator()
    }

    pub(crate) fn n_features_in(&self) -> Option<usize> {
        self.models.first()?.n_features_in()
    }

    /// `_check_feature_names_in`, with the number of features of the first estimator.
    pub(crate) fn check_names(&self, header: &Header, input: &[String]) -> Result<(), NamesError> {
        names::check(&Header { n_features_in: self.n_features_in(), ..header.clone() }, input)
    }

    pub(crate) fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.models.iter().find_map(|model| model.feature_names_in())
    }

    pub(crate) fn takes(&self) -> Takes {
        self.first().takes()
    }

    pub(crate) fn takes_series(&self) -> bool {
        self.first().takes_series()
    }

    pub(crate) fn selects_by_name(&self) -> bool {
        self.models.iter().any(|model| model.estimator().selects_by_name())
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.models.iter().enumerate();
        all.map(|(index, model)| (format!("estimators_[{index}]"), Arc::clone(model))).collect()
    }
}
