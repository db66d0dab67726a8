//! `sklearn.neural_network.MLPClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{BothSides, Elementwise, Function};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::multilayer_perceptron::MultilayerPerceptron;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, class};
use crate::preprocessing::LabelBinarizer;

pub(crate) const MLP_CLASSIFIER: Class = class! {
    /// Classification by a multi-layer perceptron, binary, multiclass and multilabel.
    ///
    /// # Reads
    /// `coefs_`, `intercepts_`, `activation`, `out_activation_`, `n_outputs_`; `_label_binarizer`, which holds the
    /// classes.
    /// # Predicts
    /// Each layer is `activation(X · coef + intercept)`, the last one `out_activation_` of it: the logistic function
    /// for two classes and for labels that exclude nothing, softmax for several classes. These are the probabilities.
    /// The class is the one of the greatest; of two classes the second where its probability is above ½; of multilabel
    /// targets every label above ½.
    /// # Older versions
    /// Since 0.24 a network that was fitted on `float32` is `float32`, and `relu` does not cut infinity to the largest
    /// number.
    paths: ["sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        "sklearn.neural_network.multilayer_perceptron.MLPClassifier",],
    read: MLPClassifier::read,
};

/// A fitted `MLPClassifier`.
#[derive(Debug)]
pub struct MLPClassifier {
    network: MultilayerPerceptron,
    binarizer: Arc<Model>,
}

impl MLPClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let network = MultilayerPerceptron::read(fields)?;
        let binarizer = fields.model("_label_binarizer")?;
        let labels = binarizer.downcast::<LabelBinarizer>();
        let labels = labels.ok_or_else(|| fields.unexpected("_label_binarizer", "a `LabelBinarizer`"))?;
        fields.expect_len("_label_binarizer", labels.outputs(), network.outputs())?;
        fields.training_only(&["classes_"]);
        Ok(Self { network, binarizer })
    }
}

impl MLPClassifier {
    fn labels(&self) -> &LabelBinarizer {
        self.binarizer.downcast().expect("checked when it was read")
    }

    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let outputs = self.network.forward(input, plan);
        match self.network.outputs() {
            1 => plan.push(BothSides::Complement, &[outputs]),
            _ => outputs,
        }
    }
}

impl Estimator for MLPClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let outputs = self.network.forward(input, plan);
                Ok(self.labels().labels_of(outputs, plan))
            }
            Method::PredictProba => Ok(Output::matrix(self.probabilities(input, plan))),
            Method::PredictLogProba => {
                let probabilities = self.probabilities(input, plan);
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.labels().classes()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.network.n_features())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("_label_binarizer".to_owned(), Arc::clone(&self.binarizer))]
    }
}
