//! A model with what surrounds it: its target, its outputs, and the models in it.

use super::clustering_model::ClusteringModel;
use super::expression::ExprId;
use super::nearest_neighbor_model::NearestNeighborModel;
use super::neural_network::NeuralNetwork;
use super::regression_model::RegressionModel;
use super::support_vector_machine_model::SupportVectorMachineModel;
use super::tree_model::TreeModel;
use super::xml::{Xml, number};

/// A model with what surrounds it.
#[derive(Debug)]
pub(super) struct Model {
    pub body: Body,
    pub function: Function,
    pub outputs: Vec<OutputField>,
    /// What is added to a number that is predicted, and what it is multiplied by first.
    pub rescale: Option<(f64, f64)>,
    pub target: Owner,
}

/// Whose target a model predicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// That of the document.
    Document,
    /// None.
    Nobody,
    /// A number of its own, of this name: members that need a target.
    Own(String),
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Regression,
    Classification,
    Clustering,
}

/// An element of PMML that predicts.
#[derive(Debug)]
pub(super) enum Body {
    Clustering(ClusteringModel),
    Mining { method: &'static str, segments: Vec<Segment> },
    Neighbors(NearestNeighborModel),
    Neural(NeuralNetwork),
    Regression(RegressionModel),
    SupportVectors(SupportVectorMachineModel),
    Tree(TreeModel),
}

/// A member of an ensemble or of a chain.
#[derive(Debug)]
pub(super) struct Segment {
    pub model: Model,
    pub weight: Option<f64>,
}

/// A result besides the target.
#[derive(Debug)]
pub(super) struct OutputField {
    pub name: String,
    pub dtype: &'static str,
    pub feature: Feature,
    pub is_final: bool,
}

/// What an output field holds.
#[derive(Debug)]
pub(super) enum Feature {
    PredictedValue,
    /// The probability of the class of this number.
    Probability(usize),
    /// A field.
    Transformed(ExprId),
}

/// What a leaf has.
#[derive(Clone, Debug)]
pub(super) enum Score {
    Number(f64),
    /// The class of this number.
    Class(usize),
    /// The probabilities of all classes.
    Distribution(Vec<f64>),
}

impl Score {
    /// The attribute `score`.
    pub(super) fn text(&self, categories: &[String]) -> String {
        match self {
            Self::Number(value) => number(*value),
            Self::Class(class) => categories.get(*class).cloned().unwrap_or_default(),
            Self::Distribution(shares) => {
                categories.get(skiff_plan::operators::argmax(shares)).cloned().unwrap_or_default()
            }
        }
    }

    /// The elements `ScoreDistribution`.
    pub(super) fn write(&self, xml: &mut Xml<'_>, categories: &[String]) {
        let Self::Distribution(shares) = self else { return };
        for (category, share) in categories.iter().zip(shares) {
            let share = number(*share);
            xml.empty("ScoreDistribution", &[("value", category), ("recordCount", &share), ("probability", &share)]);
        }
    }
}

impl Model {
    /// The fields that it refers to itself, those of its members included.
    pub(super) fn fields(&self) -> Vec<ExprId> {
        let mut open = vec![self];
        let mut fields = Vec::new();
        while let Some(model) = open.pop() {
            fields.extend(model.outputs.iter().filter_map(|output| match output.feature {
                Feature::Transformed(id) => Some(id),
                _ => None,
            }));
            match &model.body {
                Body::Clustering(own) => fields.extend_from_slice(&own.fields),
                Body::Mining { segments, .. } => open.extend(segments.iter().map(|segment| &segment.model)),
                Body::Neighbors(own) => fields.extend_from_slice(&own.fields),
                Body::Neural(own) => fields.extend_from_slice(&own.fields),
                Body::Regression(own) => fields.extend(own.fields()),
                Body::SupportVectors(own) => fields.extend_from_slice(&own.fields),
                Body::Tree(own) => fields.extend(own.fields()),
            }
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The targets that members have of their own.
    pub(super) fn own_targets(&self) -> Vec<&str> {
        let (mut open, mut targets) = (vec![self], Vec::new());
        while let Some(model) = open.pop() {
            if let Owner::Own(name) = &model.target {
                targets.push(name.as_str());
            }
            if let Body::Mining { segments, .. } = &model.body {
                open.extend(segments.iter().map(|segment| &segment.model));
            }
        }
        targets
    }

    /// A model that is a member of another, and returns a number to those after it.
    pub(super) fn hidden(mut self, name: &str) -> Self {
        let (name, feature) = (name.to_owned(), Feature::PredictedValue);
        self.outputs.push(OutputField { name, dtype: "double", feature, is_final: false });
        if self.target == Owner::Document {
            self.target = Owner::Nobody;
        }
        self
    }

    /// The name of its element.
    pub(super) fn element(&self) -> &'static str {
        match &self.body {
            Body::Clustering(_) => "ClusteringModel",
            Body::Mining { .. } => "MiningModel",
            Body::Neighbors(_) => "NearestNeighborModel",
            Body::Neural(_) => "NeuralNetwork",
            Body::Regression(_) => "RegressionModel",
            Body::SupportVectors(_) => "SupportVectorMachineModel",
            Body::Tree(_) => "TreeModel",
        }
    }
}
