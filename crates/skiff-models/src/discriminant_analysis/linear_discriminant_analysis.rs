//! `sklearn.discriminant_analysis.LinearDiscriminantAnalysis`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, BothSides, Center, Dtype, Elementwise, Function, Project, Softmax};
use skiff_plan::value::{Classes, Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::linear_model::LinearClassifier;
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const LINEAR_DISCRIMINANT_ANALYSIS: Class = class! {
    /// Classification by Gaussians of one covariance, and the projection that separates their means.
    ///
    /// # Reads
    /// `coef_`, `intercept_`, `classes_`; to transform `scalings_`, and `xbar_` where `solver='svd'`.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only
    /// score is above 0. Probabilities are the softmax of the scores, or of two classes the logistic function of the
    /// score.
    /// # Transforms
    /// `(X - xbar_) · scalings_`, without `xbar_` where `solver='eigen'`; the first `n_components` columns of it.
    /// `solver='lsqr'` has no transform.
    /// # Older versions
    /// Before 0.21 probabilities were the logistic function of each score over their sum. Since 0.24
    /// `predict_log_proba` takes the smallest number for a probability of 0. `LDA`, until 0.18, is the same class.
    paths: ["sklearn.discriminant_analysis.LinearDiscriminantAnalysis", "sklearn.lda.LDA"],
    read: LinearDiscriminantAnalysis::read,
};

/// A fitted `LinearDiscriminantAnalysis`.
#[derive(Debug)]
pub struct LinearDiscriminantAnalysis {
    linear: LinearClassifier,
    projection: Option<Projection>,
    /// `_max_components`
    n_components: Option<usize>,
    /// Whether probabilities are one-versus-rest.
    one_versus_rest: bool,
    /// Whether logarithms are of no probability of 0.
    avoids_zero: bool,
}

/// What `transform` multiplies by.
#[derive(Debug)]
struct Projection {
    /// The transpose of the first columns of `scalings_`, (n_components, n_features).
    scalings: Arc<Matrix<'static, f64>>,
    precision: Precision,
    /// `xbar_`, where `solver='svd'`.
    xbar: Option<Vec<f64>>,
}

impl LinearDiscriminantAnalysis {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let linear = LinearClassifier::read(fields)?;
        let projection = match fields.string("solver")?.as_str() {
            "svd" => Some(Projection::read(fields, &linear, true)?),
            "eigen" => Some(Projection::read(fields, &linear, false)?),
            "lsqr" => None,
            other => return Err(fields.unsupported("solver", format!("`{other}`"))),
        };
        let n_components = match fields.has("_max_components") {
            true => Some(fields.count("_max_components")?),
            false => None,
        };
        let (one_versus_rest, avoids_zero) = (fields.before(0, 21), !fields.before(0, 24));
        fields.training_only(&[
            "_max_components",
            "n_components",
            "scalings_",
            "xbar_",
            "_n_features_out",
            "classes_",
            "coef_",
            "covariance_",
            "covariance_estimator",
            "explained_variance_ratio_",
            "intercept_",
            "means_",
            "priors",
            "priors_",
            "shrinkage",
            "store_covariance",
            "tol",
        ]);
        Ok(Self { linear, projection, n_components, one_versus_rest, avoids_zero })
    }
}

impl Projection {
    fn read(fields: &Fields<'_, '_>, linear: &LinearClassifier, centered: bool) -> Result<Self, ReadError> {
        let numbers = fields.numbers("scalings_")?;
        let mut precision = numbers.precision;
        let scalings = numbers.into_matrix();
        let scalings = scalings.ok_or_else(|| fields.unexpected("scalings_", "an array of two dimensions"))?;
        fields.expect_len("scalings_", scalings.rows, linear.n_features())?;
        // 0.17 has the parameter alone.
        let most = match fields.int_or_none("_max_components")? {
            Some(most) => Some(most),
            None => fields.int_or_none("n_components")?,
        };
        let most = most.map_or(Ok(scalings.cols), usize::try_from);
        let most = most.map_err(|_| fields.unexpected("_max_components", "a count"))?.min(scalings.cols);
        let scalings = Arc::new(scalings.transposed().slice_rows(0, most).into_owned());
        let xbar = match centered {
            true => {
                precision = precision.promote(fields.numbers("xbar_")?.precision);
                Some(fields.vector_of("xbar_", scalings.cols)?)
            }
            false => None,
        };
        Ok(Self { scalings, precision, xbar })
    }
}

impl LinearDiscriminantAnalysis {
    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        if self.one_versus_rest {
            return self.linear.one_versus_rest(input, plan);
        }
        let scores = self.linear.scores(input, plan);
        if !self.linear.is_binary() {
            return plan.push(Softmax, &[scores]);
        }
        let second = plan.push(Elementwise { function: Function::Expit }, &[scores]);
        plan.push(BothSides::Complement, &[second])
    }
}

impl Estimator for LinearDiscriminantAnalysis {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(self.linear.predict(input, plan)),
            Method::DecisionFunction => Ok(self.linear.decision_function(input, plan)),
            // The softmax of scores without a dimension for classes.
            Method::PredictProba | Method::PredictLogProba
                if self.linear.classes.len() == 1 && !self.one_versus_rest =>
            {
                plan.unsupported(method, "one class, for which scikit-learn raises")
            }
            Method::PredictProba => Ok(Output::matrix(self.probabilities(input, plan))),
            Method::PredictLogProba => {
                let mut probabilities = self.probabilities(input, plan);
                if self.avoids_zero {
                    probabilities = plan.push(Elementwise { function: Function::SmallestForZero }, &[probabilities]);
                }
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            Method::Transform => {
                let Some(Projection { scalings, precision, xbar }) = &self.projection else {
                    return plan.unsupported(method, "`solver='lsqr'`");
                };
                let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric), self.linear.n_features());
                let (components, precision) = (Arc::clone(scalings), *precision);
                Ok(Output::matrix(match xbar {
                    Some(xbar) => {
                        let center = Center::Rows(xbar.clone());
                        plan.push(Project::new(components, center, Vec::new(), precision), &[x])
                    }
                    None => {
                        let coef = Matrix::clone(&components);
                        plan.push(Affine::new(coef, Vec::new(), precision), &[x])
                    }
                }))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        match self.n_components {
            Some(count) => {
                names::check_count(count)?;
                Ok(names::class_prefix(header, count))
            }
            None => Err(NamesError::no_method(header)),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.linear.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.n_features())
    }
}
