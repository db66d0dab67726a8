//! `sklearn.ensemble.RandomTreesEmbedding`.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::forest::{lower_forest, read_forest};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, NamesError, class};
use crate::tree::{LeafValues, TreesModel, importances};

pub(crate) const RANDOM_TREES_EMBEDDING: Class = class! {
    /// An indicator of the leaf of each random tree that a row reaches.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`, and `one_hot_encoder_`.
    /// # Transforms
    /// The number of the leaf in each tree, encoded by `one_hot_encoder_`: a leaf that no training row reached is an error.
    /// # Not supported
    /// What `OneHotEncoder` does not support.
    /// # Older versions
    /// Before 1.6 no value could be missing. `get_feature_names_out` is new in 1.1.
    paths: ["sklearn.ensemble._forest.RandomTreesEmbedding", "sklearn.ensemble.forest.RandomTreesEmbedding"],
    read: RandomTreesEmbedding::read,
};

/// A fitted `RandomTreesEmbedding`.
#[derive(Debug)]
pub struct RandomTreesEmbedding {
    model: TreesModel,
    encoder: Arc<Model>,
    named: bool,
}

impl RandomTreesEmbedding {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let model = read_forest(fields, LeafValues::Raw)?;
        let encoder = fields.model("one_hot_encoder_")?;
        fields.expect_len("one_hot_encoder_", encoder.n_features_in().unwrap_or(0), model.trees.len())?;
        fields.training_only(&["_n_features_out", "sparse_output"]);
        Ok(Self { model, encoder, named: !fields.before(1, 1) })
    }
}

impl Estimator for RandomTreesEmbedding {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let leaves = self.model.leaves(input, plan);
                plan.inner(&self.encoder, method, leaves, params)
            }
            Method::Apply | Method::DecisionPath => lower_forest(&self.model, method, input, plan),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        if !self.named {
            return Err(NamesError::no_method(header));
        }
        crate::names::check(header, input)?;
        let trees: Vec<String> = (0..self.model.trees.len()).map(|tree| tree.to_string()).collect();
        let leaves = self.encoder.feature_names_out(Some(&trees))?;
        Ok(leaves.into_iter().map(|leaf| format!("randomtreesembedding_{leaf}")).collect())
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |forest: &Attributes<'_>| importances::of_ensemble(forest, self.model.shape.n_features, true);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("one_hot_encoder_".to_owned(), Arc::clone(&self.encoder))]
    }
}
