//! Clusterings whose clusters are what is nearest to their centres: `MeanShift`, `AffinityPropagation`, `Birch`.

use std::sync::Arc;

use skiff_files::{NdArray, Sparse};
use skiff_plan::kernels::brute_force::Points;
use skiff_plan::kernels::metric::Metric;
use skiff_plan::kernels::row_square;
use skiff_plan::operators::{
    Argmax, ArrayRule, CenterDistances, ConstantRow, Elementwise, Function, Repeat, SparseRule, TakeLabels,
};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;
use crate::neighbors::compared_by;

pub(crate) const AFFINITY_PROPAGATION: Class = class! {
    /// Clustering by messages between rows.
    ///
    /// # Reads
    /// `cluster_centers_`.
    /// # Predicts
    /// The number of the nearest centre, the first of equals; -1 where the fit found none. Centres of sparse rows are sparse.
    /// # Not supported
    /// `predict` of a model with `affinity='precomputed'`, which has none in scikit-learn either.
    /// # Older versions
    /// `cluster_centers_` has been the same since 0.17.
    paths: ["sklearn.cluster._affinity_propagation.AffinityPropagation", "sklearn.cluster.affinity_propagation_.AffinityPropagation"],
    training_only: ["affinity", "affinity_matrix_", "cluster_centers_indices_", "convergence_iter", "copy", "damping", "labels_", "max_iter", "n_iter_", "preference", "random_state", "verbose"],
    read: NearestOfCenters::read_affinity_propagation,
};

pub(crate) const MEAN_SHIFT: Class = class! {
    /// Clustering by the maxima of a density.
    ///
    /// # Reads
    /// `cluster_centers_`.
    /// # Predicts
    /// The number of the nearest centre, the first of equals.
    /// # Older versions
    /// `cluster_centers_` has been the same since 0.17.
    paths: ["sklearn.cluster._mean_shift.MeanShift", "sklearn.cluster.mean_shift_.MeanShift"],
    training_only: ["bandwidth", "bin_seeding", "cluster_all", "labels_", "max_iter", "min_bin_freq", "n_iter_", "n_jobs", "seeds"],
    read: NearestOfCenters::read_mean_shift,
};

pub(crate) const BIRCH: Class = class! {
    /// Clustering by a tree of subclusters.
    ///
    /// # Reads
    /// `subcluster_centers_`, `_subcluster_norms`, `subcluster_labels_`.
    /// # Predicts
    /// The label of the nearest subcluster, the first of equals.
    /// # Transforms
    /// The distance to each subcluster.
    /// # Older versions
    /// The attributes have been the same since 0.17.
    paths: ["sklearn.cluster._birch.Birch", "sklearn.cluster.birch.Birch"],
    training_only: ["_deprecated_fit", "_deprecated_partial_fit", "_n_features_out", "branching_factor", "compute_labels", "copy", "dummy_leaf_", "fit_", "labels_", "n_clusters", "partial_fit_", "root_", "threshold"],
    read: NearestOfCenters::read_birch,
};

/// The centres of clusters, and their labels.
#[derive(Debug)]
pub struct NearestOfCenters {
    /// None where the fit found no centre.
    distances: Option<Arc<CenterDistances>>,
    /// What the nearest is found by.
    compared: Option<Arc<CenterDistances>>,
    count: usize,
    width: usize,
    /// The labels of the centres, where they are not their numbers.
    labels: Option<Arc<Classes>>,
    /// Whether there is a prediction.
    predicts: bool,
    /// Whether there is a transform.
    transforms: bool,
    sparse: SparseRule,
}

impl NearestOfCenters {
    fn read_affinity_propagation(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        if fields.string("affinity")? == "precomputed" {
            return Ok(Self { predicts: false, ..Self::without_centers(fields) });
        }
        // Between 0.22 and 1.0 rows were validated, and sparse ones rejected.
        let refused = !fields.before(0, 22) && fields.before(1, 0);
        let sparse = if refused { SparseRule::Refuse } else { SparseRule::Accept };
        // Without any cluster the centres are an empty array of some shape; of sparse rows they are sparse.
        let is_empty = |array: NdArray| array.shape.first() == Some(&0);
        let node = fields.required("cluster_centers_")?;
        let has_no_row = |sparse: Sparse| sparse.shape.0 == 0;
        if NdArray::read(fields.graph(), node).is_ok_and(|array| array.is_some_and(is_empty))
            || Sparse::read(fields.graph(), node).is_ok_and(|sparse| sparse.is_some_and(has_no_row))
        {
            return Ok(Self { sparse, ..Self::without_centers(fields) });
        }
        Self::read(fields, "cluster_centers_", sparse, None)
    }

    fn read_mean_shift(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        // Before 0.24 rows were not converted before the search for the nearest center.
        let sparse = if fields.before(0, 24) { SparseRule::Accept } else { SparseRule::Refuse };
        Self::read(fields, "cluster_centers_", sparse, None)
    }

    fn read_birch(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        // They are given to the search; for centres of `float32` they were added up in it.
        let squares = fields.vector("_subcluster_norms")?;
        let centers = Self::read(fields, "subcluster_centers_", SparseRule::Accept, Some(squares))?;
        let labels = fields.ints("subcluster_labels_")?;
        fields.expect_len("subcluster_labels_", labels.len(), centers.count)?;
        let labels = Some(Arc::new(Classes::Ints(labels, IntKind::I64)));
        Ok(Self { labels, transforms: true, ..centers })
    }

    fn without_centers(fields: &Fields<'_, '_>) -> Self {
        let width = fields.header().n_features_in.unwrap_or(0);
        Self {
            distances: None,
            compared: None,
            count: 0,
            width,
            labels: None,
            predicts: true,
            transforms: false,
            sparse: SparseRule::Accept,
        }
    }

    fn read(
        fields: &Fields<'_, '_>,
        name: &str,
        sparse: SparseRule,
        squares: Option<Vec<f64>>,
    ) -> Result<Self, ReadError> {
        let (centers, precision) = fields.dense_matrix(name)?;
        if centers.rows == 0 {
            return Err(fields.damaged(name, "no cluster center"));
        }
        fields.expect_n_features(name, centers.cols)?;
        let (count, width) = (centers.rows, centers.cols);
        let mut points = Points::dense(centers, Metric::Euclidean, row_square::einsum);
        if let Some(squares) = squares {
            fields.expect_len("_subcluster_norms", squares.len(), count)?;
            points = points.with_squares(squares);
        }
        let distances = Arc::new(CenterDistances::to_points(points, precision));
        let compared = match fields.before(1, 1) {
            true => Arc::clone(&distances),
            false => Arc::new(distances.compared(compared_by(fields, precision))),
        };
        let (distances, compared) = (Some(distances), Some(compared));
        Ok(Self { distances, compared, count, width, labels: None, predicts: true, transforms: false, sparse })
    }
}

impl Estimator for NearestOfCenters {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict if !self.predicts => return plan.unsupported(method, "`affinity='precomputed'`"),
            Method::Transform if self.transforms => {}
            Method::Predict => {}
            _ => return plan.no_method(method),
        }
        let x = plan.check(input, ArrayRule::FLOATS.sparse(self.sparse), self.width);
        let (Some(distances), Some(compared)) = (&self.distances, &self.compared) else {
            let row = ConstantRow::Ints(vec![-1], IntKind::I64);
            return Ok(Output::column(plan.push(Repeat { row }, &[x])));
        };
        if method == Method::Transform {
            return Ok(Output::matrix(plan.push(distances, &[x])));
        }
        let distances = plan.push(compared, &[x]);
        let near = plan.push(Elementwise { function: Function::Negative }, &[distances]);
        let numbers = plan.push(Argmax, &[near]);
        Ok(Output::column(match &self.labels {
            Some(labels) => plan.push(TakeLabels::of(labels), &[numbers]),
            None => numbers,
        }))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        match self.transforms {
            true => Ok(names::class_prefix(header, self.count)),
            false => Err(NamesError::no_method(header)),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.width)
    }
}
