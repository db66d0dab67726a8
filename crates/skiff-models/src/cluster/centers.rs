//! `cluster_centers_`: what `KMeans` and `MiniBatchKMeans` share.

use std::sync::Arc;

use crate::fields::{Fields, ReadError};
use crate::plan::{Lowering, Method, Output, Refusal, ValueId};
use crate::steps::{ArrayRule, CenterDistances, NearestCenter, SparseRule};
use crate::value::{Matrix, Precision};

/// The centres of the clusters.
#[derive(Debug)]
pub(crate) struct Centers {
    /// `cluster_centers_`, (n_clusters, n_features).
    centers: Arc<Matrix<'static, f64>>,
    /// Their dtype.
    precision: Precision,
    /// Before 0.23 dense rows were compared with centres of any dtype.
    any_dense: bool,
}

impl Centers {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = "cluster_centers_";
        let numbers = fields.numbers(name)?;
        let precision = numbers.precision;
        let centers = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
        if centers.rows == 0 {
            return Err(fields.damaged(name, "no centre"));
        }
        fields.expect_n_features(name, centers.cols)?;
        Ok(Self { centers: Arc::new(centers), precision, any_dense: fields.before(0, 23) })
    }

    pub(crate) fn count(&self) -> usize {
        self.centers.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.centers.cols
    }

    pub(crate) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.sparse(SparseRule::Accept);
        match method {
            Method::Predict => {
                let x = plan.check(input, rule, self.width());
                Ok(Output::column(plan.push(NearestCenter::new(&self.centers, self.precision, self.any_dense), &[x])))
            }
            Method::Transform => {
                let x = plan.check(input, rule, self.width());
                Ok(Output::matrix(plan.push(CenterDistances::new(&self.centers, self.precision), &[x])))
            }
            _ => plan.no_method(method),
        }
    }
}
