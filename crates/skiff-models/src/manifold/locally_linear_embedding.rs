//! `sklearn.manifold.LocallyLinearEmbedding`.

use std::collections::BTreeMap;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Barycenters, Dtype};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;

pub(crate) const LOCALLY_LINEAR_EMBEDDING: Class = class! {
    /// Coordinates that keep each row the barycenter of its neighbours.
    ///
    /// # Reads
    /// The `NearestNeighbors` in `nbrs_` with its rows, `embedding_`, `n_neighbors`, `reg`.
    /// # Transforms
    /// The barycenter of what `embedding_` has for the `n_neighbors` nearest rows of the fit, with the weights that make up
    /// the row itself: `w` with `G w = 1` over its sum, G being the products of their differences from the row, plus
    /// `reg` times its trace on the diagonal.
    /// # Not supported
    /// What `NearestNeighbors` does not support.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: [
        "sklearn.manifold._locally_linear.LocallyLinearEmbedding",
        "sklearn.manifold.locally_linear.LocallyLinearEmbedding",
    ],
    training_only: ["_n_features_out", "eigen_solver", "hessian_tol", "max_iter", "method", "modified_tol", "n_components", "n_jobs", "neighbors_algorithm", "random_state", "reconstruction_error_", "tol"],
    read: LocallyLinearEmbedding::read,
};

/// A fitted `LocallyLinearEmbedding`.
#[derive(Debug)]
pub struct LocallyLinearEmbedding {
    neighbors: Arc<Model>,
    /// `n_neighbors`
    count: i64,
    barycenters: Arc<Barycenters>,
}

impl LocallyLinearEmbedding {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = fields.model("nbrs_")?;
        let path = format!("{}._fit_X", fields.path_of("nbrs_"));
        let instance = fields.instance_at(neighbors.node(), &path)?;
        let rows = instance.and_then(|instance| instance.attribute("_fit_X"));
        let rows = rows.ok_or_else(|| fields.unexpected("nbrs_", "a `NearestNeighbors`"))?;
        let numbers = fields.numbers_at(rows, &path)?;
        let precision = numbers.precision;
        let points = numbers.into_matrix();
        let points =
            points.ok_or_else(|| fields.unexpected("nbrs_", "the neighbours of an array of two dimensions"))?;
        if neighbors.n_features_in() != Some(points.cols) {
            return Err(fields.damaged("nbrs_", "rows of another width than those that are searched"));
        }
        let embedding = fields.matrix("embedding_")?;
        fields.expect_len("embedding_", embedding.rows, points.rows)?;
        let barycenters = Barycenters { points, precision, embedding, regularization: fields.float("reg")? };
        Ok(Self { neighbors, count: fields.int("n_neighbors")?, barycenters: Arc::new(barycenters) })
    }
}

impl Estimator for LocallyLinearEmbedding {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double);
        let x = plan.check(input, rule, self.barycenters.points.cols);
        let params = BTreeMap::from([
            ("n_neighbors".to_owned(), Scalar::Int(self.count)),
            ("return_distance".to_owned(), Scalar::Bool(false)),
        ]);
        let neighbors = plan.inner(&self.neighbors, Method::Kneighbors, x, &Params::new(params))?;
        let neighbors = neighbors.value().expect("without distances there is one array");
        Ok(Output::matrix(plan.push(&self.barycenters, &[x, neighbors])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        let count = self.barycenters.embedding.cols;
        names::check_count(count)?;
        Ok(names::class_prefix(header, count))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.barycenters.points.cols)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("nbrs_".to_owned(), Arc::clone(&self.neighbors))]
    }
}
