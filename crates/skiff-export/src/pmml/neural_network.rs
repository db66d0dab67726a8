//! `NeuralNetwork`: layers of neurons.

use super::expression::ExprId;
use super::names::Names;
use super::xml::{Xml, number};
use skiff_plan::value::Matrix;

/// A feedforward network.
#[derive(Debug)]
pub(super) struct NeuralNetwork {
    /// The fields of the inputs.
    pub fields: Vec<ExprId>,
    pub layers: Vec<NeuralLayer>,
}

/// One layer.
#[derive(Debug)]
pub(super) struct NeuralLayer {
    /// (neurons, neurons of the layer before).
    pub weights: Matrix<'static, f64>,
    pub biases: Vec<f64>,
    /// `rectifier`, `logistic`, `tanh` or `identity`.
    pub activation: &'static str,
    pub has_softmax: bool,
}

impl NeuralNetwork {
    #[expect(clippy::unused_self, reason = "as other models")]
    pub(super) fn attributes(&self) -> Vec<(&'static str, &'static str)> {
        vec![("activationFunction", "identity")]
    }

    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>, target: &str, categories: &[String]) {
        xml.open("NeuralInputs", &[]);
        for (at, field) in self.fields.iter().enumerate() {
            xml.open("NeuralInput", &[("id", &format!("0,{at}"))]);
            xml.open("DerivedField", &[("optype", "continuous"), ("dataType", "double")]);
            xml.empty("FieldRef", &[("field", names.of(*field))]);
            xml.close();
            xml.close();
        }
        xml.close();
        for (place, layer) in self.layers.iter().enumerate() {
            let mut attributes = vec![("activationFunction", layer.activation)];
            if layer.has_softmax {
                attributes.push(("normalizationMethod", "softmax"));
            }
            xml.open("NeuralLayer", &attributes);
            for (neuron, bias) in layer.biases.iter().enumerate() {
                let id = format!("{},{neuron}", place + 1);
                xml.open("Neuron", &[("id", &id), ("bias", &number(*bias))]);
                for (from, weight) in layer.weights.row(neuron).iter().enumerate() {
                    xml.empty("Con", &[("from", &format!("{place},{from}")), ("weight", &number(*weight))]);
                }
                xml.close();
            }
            xml.close();
        }
        xml.open("NeuralOutputs", &[]);
        let count = self.layers.last().map_or(0, |layer| layer.biases.len());
        for neuron in 0..count {
            xml.open("NeuralOutput", &[("outputNeuron", &format!("{},{neuron}", self.layers.len()))]);
            match categories.get(neuron) {
                Some(category) => {
                    xml.open("DerivedField", &[("optype", "categorical"), ("dataType", "string")]);
                    xml.empty("NormDiscrete", &[("field", target), ("value", category)]);
                }
                None => {
                    xml.open("DerivedField", &[("optype", "continuous"), ("dataType", "double")]);
                    xml.empty("FieldRef", &[("field", target)]);
                }
            }
            xml.close();
            xml.close();
        }
        xml.close();
    }
}
