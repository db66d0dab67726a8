//! `NearestNeighborModel`: the mean of the targets of the nearest points.

use std::rc::Rc;
use std::sync::Arc;

use skiff_plan::kernels::metric::Metric;
use skiff_plan::operators::{NeighborMeans, NeighborVotes, Search};
use skiff_plan::value::Matrix;

use super::expression::{ExprId, Scalar};
use super::model::{Body, Function, Model, Owner};
use super::names::Names;
use super::translation::{Translation, Value};
use super::xml::{Xml, number};
use crate::expand::Reason;
use crate::graph::DType;

/// Points with a number each, of which the nearest have a mean.
#[derive(Debug)]
pub(super) struct NearestNeighborModel {
    /// The fields of the features.
    pub fields: Vec<ExprId>,
    /// (n_samples_fit, n_features).
    pub points: Rc<Matrix<'static, f64>>,
    /// One for each point.
    pub targets: Vec<f64>,
    pub neighbors: String,
    pub measure: Measure,
}

/// How far points are from each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    Euclidean,
    SquaredEuclidean,
    CityBlock,
    Chebychev,
    Minkowski(f64),
}

/// A search whose neighbors are used: which points, and how many.
#[derive(Clone, Debug)]
pub(super) struct Neighbors {
    pub search: Arc<Search>,
    pub count: usize,
    pub x: Vec<Scalar>,
}

impl NearestNeighborModel {
    /// The model of a search, for points with these numbers.
    pub(super) fn new(neighbors: &Neighbors, fields: Vec<ExprId>, targets: Vec<f64>) -> Result<Self, Reason> {
        let (points, metric) = match &*neighbors.search {
            Search::Tree(tree, _) => (tree.points.clone(), &tree.metric),
            Search::Brute(points, _) => match points.to_matrix() {
                Some(matrix) => (matrix, &points.metric),
                None => return Err(Reason::new("PMML has no such metric")),
            },
            Search::Precomputed(..) => return Err(Reason::new("its rows are distances that were computed before")),
        };
        let measure = match metric {
            Metric::Euclidean => Measure::Euclidean,
            Metric::SquaredEuclidean => Measure::SquaredEuclidean,
            Metric::Manhattan => Measure::CityBlock,
            Metric::Chebyshev => Measure::Chebychev,
            Metric::Minkowski { p, weights: None } => Measure::Minkowski(*p),
            _ => return Err(Reason::new("PMML has no such metric")),
        };
        Ok(Self { fields, points: Rc::new(points), targets, neighbors: neighbors.count.to_string(), measure })
    }

    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>, target: &str) {
        let columns: Vec<String> = (0..self.fields.len()).map(|at| format!("x{at}")).collect();
        xml.open("TrainingInstances", &[("isTransformed", "true")]);
        xml.open("InstanceFields", &[]);
        xml.empty("InstanceField", &[("field", target), ("column", "y")]);
        for (field, column) in self.fields.iter().zip(&columns) {
            xml.empty("InstanceField", &[("field", names.of(*field)), ("column", column)]);
        }
        xml.close();
        xml.open("InlineTable", &[]);
        for (point, target) in self.points.iter_rows().zip(&self.targets) {
            xml.open("row", &[]);
            xml.named_text("y", &number(*target));
            for (column, value) in columns.iter().zip(point) {
                xml.named_text(column, &number(*value));
            }
            xml.close();
        }
        xml.close();
        xml.close();
        xml.open("ComparisonMeasure", &[("kind", "distance")]);
        match self.measure {
            Measure::Euclidean => xml.empty("euclidean", &[]),
            Measure::SquaredEuclidean => xml.empty("squaredEuclidean", &[]),
            Measure::CityBlock => xml.empty("cityBlock", &[]),
            Measure::Chebychev => xml.empty("chebychev", &[]),
            Measure::Minkowski(p) => xml.empty("minkowski", &[("p-parameter", &number(p))]),
        }
        xml.close();
        xml.open("KNNInputs", &[]);
        for field in &self.fields {
            xml.empty("KNNInput", &[("field", names.of(*field)), ("compareFunction", "absDiff")]);
        }
        xml.close();
    }
}

impl Translation {
    /// The means of the targets of neighbors.
    pub(super) fn neighbor_means(&mut self, means: &NeighborMeans, inputs: &[&Value]) -> Result<Value, Reason> {
        let neighbors = unweighted(inputs)?;
        let columns = (0..means.targets.cols).map(|column| {
            let targets = means.targets.iter_rows().map(|row| row[column]).collect();
            self.neighbors_segment(neighbors, targets)
        });
        Ok(Value::doubles(columns.collect::<Result<_, _>>()?))
    }

    /// How many neighbors each class has: a model of ones and zeros for each.
    pub(super) fn neighbor_votes(&mut self, votes: &NeighborVotes, inputs: &[&Value]) -> Result<Value, Reason> {
        let neighbors = unweighted(inputs)?;
        let key = (Arc::as_ptr(&votes.codes).cast::<u32>() as usize, format!("{} votes", neighbors.count));
        let columns = self.once(key, &neighbors.x, |this| {
            (0..votes.classes)
                .map(|class| {
                    let is_class = |&code: &u32| if code as usize == class { 1.0 } else { 0.0 };
                    let share = this.neighbors_segment(neighbors, votes.codes.iter().map(is_class).collect())?;
                    #[expect(clippy::cast_precision_loss, reason = "a number of neighbors")]
                    let count = Scalar::number(neighbors.count as f64);
                    let votes = this.expressions.arithmetic("*", share, count);
                    Ok(this.expressions.apply("rint", DType::F64, vec![votes]))
                })
                .collect()
        })?;
        Ok(Value::doubles(columns))
    }

    fn neighbors_segment(&mut self, neighbors: &Neighbors, targets: Vec<f64>) -> Result<Scalar, Reason> {
        let fields = self.fields(&neighbors.x);
        let body = Body::Neighbors(NearestNeighborModel::new(neighbors, fields, targets)?);
        let own = format!("target({})", self.segments.len() + 1);
        Ok(self.segment(Model {
            body,
            function: Function::Regression,
            outputs: Vec::new(),
            rescale: None,
            target: Owner::Own(own),
        }))
    }
}

/// The neighbors, if they all weigh the same.
pub(super) fn unweighted<'v>(inputs: &[&'v Value]) -> Result<&'v Neighbors, Reason> {
    match inputs {
        [Value::Neighbors(neighbors)] => Ok(neighbors),
        [_, _, ..] => Err(Reason::new("its neighbors weigh differently, and PMML has other weights")),
        _ => Err(Reason::new("it takes the nearest neighbors")),
    }
}
