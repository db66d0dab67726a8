//! `sklearn.neighbors.NearestCentroid`.

use std::sync::Arc;

use skiff_plan::kernels::metric::Metric;
use skiff_plan::operators::{
    Argmax, Arithmetic, ArrayRule, CenterDistances, Columnwise, Dtype, Elementwise, Function, SparseRule, TakeLabels,
};
use skiff_plan::value::{Classes, Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::conversions::real;
use crate::discriminant_analysis::DiscriminantScores;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};
use crate::neighbors::compared_by;

pub(crate) const NEAREST_CENTROID: Class = class! {
    /// Classification by the nearest mean or median of the classes.
    ///
    /// # Reads
    /// `centroids_`, `classes_`, `metric`; since 1.6 `within_class_std_dev_` and `class_prior_`.
    /// # Predicts
    /// The class of the nearest centroid, the first of equals. Where `class_prior_` is not the same for all classes,
    /// the greatest of the scores `-d² + 2 log prior`, where d is the distance of the row from the centroid after both
    /// were divided by `within_class_std_dev_`; with `metric='euclidean'` these are what `decision_function` and the
    /// probabilities are computed from, as in discriminant analysis.
    /// # Not supported
    /// Metrics other than `euclidean` and `manhattan`, which versions before 1.5 had.
    /// # Older versions
    /// Probabilities and priors are of 1.6. A model that was converted from an older version has the priors, which are the
    /// same for all classes, and not the deviations: it predicts.
    paths: ["sklearn.neighbors._nearest_centroid.NearestCentroid", "sklearn.neighbors.nearest_centroid.NearestCentroid"],
    training_only: ["deviations_", "priors", "shrink_threshold", "within_class_std_dev_"],
    read: NearestCentroid::read,
};

/// A fitted `NearestCentroid`.
#[derive(Debug)]
pub struct NearestCentroid {
    /// What the nearest is found by.
    distances: Arc<CenterDistances>,
    n_features: usize,
    classes: Arc<Classes>,
    is_euclidean: bool,
    /// Since 1.6.
    discriminant: Option<Discriminant>,
}

/// The model of scores.
#[derive(Debug)]
struct Discriminant {
    /// `within_class_std_dev_`, with 1 for 0.
    deviations: Vec<f64>,
    /// To the centroids, divided by these.
    distances: Arc<CenterDistances>,
    /// `2 * log(class_prior_)`
    log_priors: Vec<f64>,
    /// Whether all priors are the same.
    is_uniform: bool,
    answers: DiscriminantScores,
}

impl NearestCentroid {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = fields.graph().str_of(fields.required("metric")?).unwrap_or("a function");
        let metric = match name {
            "euclidean" => Metric::Euclidean,
            "manhattan" => Metric::Manhattan,
            other => return Err(fields.unsupported("metric", format!("`{other}`"))),
        };
        let classes = fields.classes("classes_")?;
        let precision = fields.numbers("centroids_")?.precision;
        let centroids = fields.matrix("centroids_")?;
        fields.expect_n_features("centroids_", centroids.cols)?;
        fields.expect_len("centroids_", centroids.rows, classes.len())?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        let n_features = centroids.cols;
        let predicts_alone = !fields.has("within_class_std_dev_")
            && fields.has("class_prior_")
            && is_uniform(&fields.vector_of("class_prior_", centroids.rows)?);
        let discriminant = match fields.has("class_prior_") && !predicts_alone {
            true => Some(Discriminant::read(fields, &centroids, &metric)?),
            false => None,
        };
        let is_euclidean = metric == Metric::Euclidean;
        let distances = CenterDistances::with_metric(centroids, precision, metric);
        // Before, it was the smallest of `pairwise_distances`.
        let distances = match fields.before(1, 2) {
            true => distances,
            false => distances.compared(compared_by(fields, precision)),
        };
        let distances = Arc::new(distances);
        Ok(Self { distances, n_features, classes, is_euclidean, discriminant })
    }
}

/// `np.isclose(class_prior_, 1 / n_classes).all()`
fn is_uniform(priors: &[f64]) -> bool {
    let share = 1.0 / real(priors.len());
    priors.iter().all(|prior| (prior - share).abs() <= 1e-8 + 1e-5 * share.abs())
}

impl Discriminant {
    fn read(fields: &Fields<'_, '_>, centroids: &Matrix<'_, f64>, metric: &Metric) -> Result<Self, ReadError> {
        let priors = fields.vector_of("class_prior_", centroids.rows)?;
        let deviations = fields.vector_of("within_class_std_dev_", centroids.cols)?;
        let deviations: Vec<f64> = deviations.into_iter().map(|value| if value == 0.0 { 1.0 } else { value }).collect();
        let scaled = centroids.iter_rows().flat_map(|row| row.iter().zip(&deviations)).map(|(value, by)| value / by);
        let scaled = Matrix::new(centroids.rows, centroids.cols, scaled.collect::<Vec<_>>());
        let is_uniform = is_uniform(&priors);
        Ok(Self {
            deviations,
            distances: Arc::new(CenterDistances::with_metric(scaled, Precision::Double, metric.clone())),
            log_priors: priors.iter().map(|prior| 2.0 * prior.ln()).collect(),
            is_uniform,
            answers: DiscriminantScores::new(fields),
        })
    }

    /// `_decision_function`
    fn scores(&self, input: ValueId, plan: &mut Lowering<'_>, n_features: usize) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, n_features);
        let precision = Precision::Double;
        let by =
            |arithmetic, values: &[f64]| Columnwise { arithmetic, values: values.to_vec(), precision, cast: false };
        let scaled = plan.push(by(Arithmetic::Divide, &self.deviations), &[x]);
        let distances = plan.push(&self.distances, &[scaled]);
        let squares = plan.push(Elementwise { function: Function::Square }, &[distances]);
        let negative = plan.push(Elementwise { function: Function::Negative }, &[squares]);
        plan.push(by(Arithmetic::Add, &self.log_priors), &[negative])
    }
}

impl Estimator for NearestCentroid {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (&self.discriminant, method) {
            (Some(discriminant), Method::Predict) if !discriminant.is_uniform => {
                let scores = discriminant.scores(input, plan, self.n_features);
                discriminant.answers.lower(method, scores, &self.classes, plan)
            }
            (_, Method::Predict) => {
                let x = plan.check(input, ArrayRule::FLOATS.sparse(SparseRule::Accept), self.n_features);
                let distances = plan.push(&self.distances, &[x]);
                let near = plan.push(Elementwise { function: Function::Negative }, &[distances]);
                let numbers = plan.push(Argmax, &[near]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            (Some(discriminant), Method::DecisionFunction | Method::PredictProba | Method::PredictLogProba)
                if self.is_euclidean =>
            {
                let scores = discriminant.scores(input, plan, self.n_features);
                discriminant.answers.lower(method, scores, &self.classes, plan)
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }
}
