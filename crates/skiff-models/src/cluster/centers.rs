//! `cluster_centers_`: what `KMeans`, `MiniBatchKMeans` and `BisectingKMeans` share.

use std::sync::{Arc, OnceLock};

use skiff_plan::operators::{ArrayRule, CenterDistances, NearestCenter, SparseRule};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};

/// The centres of the clusters.
#[derive(Debug)]
pub(crate) struct Centers {
    /// `cluster_centers_`, (n_clusters, n_features).
    centers: Arc<Matrix<'static, f64>>,
    /// Their dtype.
    precision: Precision,
    /// Before 0.23 dense rows were compared with centres of any dtype.
    any_dense: bool,
    /// `predict` and `transform`, each computed on first use.
    nearest: OnceLock<Arc<NearestCenter>>,
    distances: OnceLock<Arc<CenterDistances>>,
}

impl Centers {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = "cluster_centers_";
        let numbers = fields.numbers(name)?;
        let precision = numbers.precision;
        let centers = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
        if centers.rows == 0 {
            return Err(fields.damaged(name, "no cluster center"));
        }
        fields.expect_n_features(name, centers.cols)?;
        let (nearest, distances) = (OnceLock::new(), OnceLock::new());
        let any_dense = fields.before(0, 23);
        Ok(Self { centers: Arc::new(centers), precision, any_dense, nearest, distances })
    }

    pub(crate) fn count(&self) -> usize {
        self.centers.rows
    }

    pub(crate) fn precision(&self) -> Precision {
        self.precision
    }

    pub(crate) fn width(&self) -> usize {
        self.centers.cols
    }

    pub(crate) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.half(Precision::Double).sparse(SparseRule::Accept);
        match method {
            Method::Predict => {
                let x = plan.check(input, rule, self.width());
                let nearest = || NearestCenter::new(&self.centers, self.precision, self.any_dense).into();
                Ok(Output::column(plan.push(self.nearest.get_or_init(nearest), &[x])))
            }
            Method::Transform => {
                let x = plan.check(input, rule, self.width());
                let distances = || CenterDistances::new(Matrix::clone(&self.centers), self.precision).into();
                Ok(Output::matrix(plan.push(self.distances.get_or_init(distances), &[x])))
            }
            _ => plan.no_method(method),
        }
    }
}
