//! `ClusteringModel`: the nearest of some centres.

use skiff_plan::value::Matrix;

use super::expression::ExprId;
use super::names::Names;
use super::xml::{Xml, number};

/// Centres, whose clusters are numbered from 0.
#[derive(Debug)]
pub(super) struct ClusteringModel {
    /// The fields of the features.
    pub fields: Vec<ExprId>,
    /// (n_clusters, n_features).
    pub centers: Matrix<'static, f64>,
}

impl ClusteringModel {
    #[expect(clippy::unused_self, reason = "as other models")]
    pub(super) fn attributes(&self) -> Vec<(&'static str, &'static str)> {
        vec![("modelClass", "centerBased")]
    }

    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>) {
        xml.open("ComparisonMeasure", &[("kind", "distance")]);
        xml.empty("squaredEuclidean", &[]);
        xml.close();
        for field in &self.fields {
            xml.empty("ClusteringField", &[("field", names.of(*field)), ("compareFunction", "absDiff")]);
        }
        for cluster in 0..self.centers.rows {
            xml.open("Cluster", &[("id", &cluster.to_string())]);
            let values: Vec<String> = self.centers.row(cluster).iter().map(|&value| number(value)).collect();
            xml.text("Array", &[("type", "real"), ("n", &values.len().to_string())], &values.join(" "));
            xml.close();
        }
    }
}
