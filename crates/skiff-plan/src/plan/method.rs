//! The methods of scikit-learn's estimators that skiff supports.

use std::fmt;
use std::str::FromStr;

/// Writes the list of methods once: the enum, its names, and the way back.
macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident = $name:literal,)*) => {
        /// A method of a fitted estimator, by scikit-learn's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Method {
            $($(#[$doc])* $method,)*
        }

        impl Method {
            /// Every method that skiff supports.
            pub const ALL: &'static [Self] = &[$(Self::$method,)*];

            /// scikit-learn's name of it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$method => $name,)*
                }
            }
        }
    };
}

methods! {
    /// Labels or values.
    Predict = "predict",
    /// A probability for each class.
    PredictProba = "predict_proba",
    /// The logarithm of the probabilities.
    PredictLogProba = "predict_log_proba",
    /// The logarithm of the joint probability of row and class (naive Bayes).
    PredictJointLogProba = "predict_joint_log_proba",
    /// Signed distances, votes, raw scores.
    DecisionFunction = "decision_function",
    /// The transformed rows.
    Transform = "transform",
    /// Back to what was transformed.
    InverseTransform = "inverse_transform",
    /// Scores of single rows: log-likelihoods, abnormality, …
    ScoreSamples = "score_samples",
    /// The leaf that each row ends in, for each tree.
    Apply = "apply",
    /// The nodes that each row passes, for each tree.
    DecisionPath = "decision_path",
    /// The distances and indices of the nearest neighbors.
    Kneighbors = "kneighbors",
    /// The graph of the nearest neighbours.
    KneighborsGraph = "kneighbors_graph",
    /// All neighbours within a radius.
    RadiusNeighbors = "radius_neighbors",
    /// Their graph.
    RadiusNeighborsGraph = "radius_neighbors_graph",
    /// `predict` after each stage of boosting.
    StagedPredict = "staged_predict",
    /// `predict_proba` after each stage of boosting.
    StagedPredictProba = "staged_predict_proba",
    /// `decision_function` after each stage of boosting.
    StagedDecisionFunction = "staged_decision_function",
    /// Squared Mahalanobis distances.
    Mahalanobis = "mahalanobis",
    /// Points drawn from what was fitted, one for each row of a table whose content does not matter.
    Sample = "sample",
    /// A step of Gibbs sampling.
    Gibbs = "gibbs",
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, UnknownMethod> {
        let known = Self::ALL.iter().find(|method| method.name() == name);
        known.copied().ok_or_else(|| UnknownMethod(name.to_owned()))
    }
}

/// A name that is not a method of an estimator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMethod(String);

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
        write!(f, "no method `{}`; the methods are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownMethod {}
