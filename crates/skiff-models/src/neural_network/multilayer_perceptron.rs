//! `BaseMultilayerPerceptron`: what the two perceptrons share.

use std::sync::Arc;

use skiff_plan::ValueId;
use skiff_plan::operators::{Affine, ArrayRule, Dtype, Elementwise, Function, Softmax, SparseRule};

use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::Lowering;

/// The layers of the network, whose shapes follow from each other.
#[derive(Debug)]
pub(super) struct MultilayerPerceptron {
    /// `coefs_`, each transposed, with `intercepts_`.
    layers: Vec<Arc<Affine>>,
    hidden: Activation,
    output: Activation,
}

/// A function of the sums of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activation {
    Identity,
    Exp,
    Logistic,
    Tanh,
    Relu,
    /// `relu` before 0.24, which clipped at the largest number as well.
    ClippedRelu,
    Softmax,
}

impl MultilayerPerceptron {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let hidden = Activation::read(fields, "activation")?;
        let output = Activation::read(fields, "out_activation_")?;
        let (coefs, intercepts) = (fields.list("coefs_")?, fields.list("intercepts_")?);
        fields.expect_len("intercepts_", intercepts.len(), coefs.len())?;
        if coefs.is_empty() {
            return Err(fields.damaged("coefs_", "there is no layer"));
        }
        let mut layers: Vec<Arc<Affine>> = Vec::with_capacity(coefs.len());
        for (index, (&coefs, &intercept)) in coefs.iter().zip(&intercepts).enumerate() {
            let (coef_path, path) = (format!("coefs_[{index}]"), format!("intercepts_[{index}]"));
            let (coef_path, path) = (fields.path_of(&coef_path), fields.path_of(&path));
            let numbers = fields.numbers_at(coefs, &coef_path)?;
            let precision = numbers.precision;
            let coef = numbers.into_matrix();
            let coef = coef.ok_or_else(|| fields.unexpected_at(coefs, &coef_path, "an array of two dimensions"))?;
            let length = |path: &str, expected, found| {
                ReadError::new(path.to_owned(), ReadErrorKind::Length { expected, found })
            };
            if let Some(before) = layers.last()
                && before.coef.rows != coef.rows
            {
                return Err(length(&coef_path, before.coef.rows, coef.rows));
            }
            let numbers = fields.numbers_at(intercept, &path)?;
            if numbers.shape != [coef.cols] {
                return Err(length(&path, coef.cols, numbers.data.len()));
            }
            let precision = precision.promote(numbers.precision);
            layers.push(Arc::new(Affine::new(coef.transposed(), numbers.data, precision)));
        }
        let perceptron = Self { layers, hidden, output };
        fields.expect_n_features("coefs_", perceptron.n_features())?;
        fields.expect_len("coefs_", perceptron.outputs(), fields.count("n_outputs_")?)?;
        fields.training_only(&[
            "_best_coefs",
            "_best_intercepts",
            "_coef_indptr",
            "_intercept_indptr",
            "_label_binarizer",
            "_no_improvement_count",
            "_optimizer",
            "_random_state",
            "alpha",
            "batch_size",
            "best_loss_",
            "best_validation_score_",
            "beta_1",
            "beta_2",
            "classes_",
            "early_stopping",
            "epsilon",
            "hidden_layer_sizes",
            "learning_rate",
            "learning_rate_init",
            "loss",
            "loss_",
            "loss_curve_",
            "max_fun",
            "max_iter",
            "momentum",
            "n_iter_",
            "n_iter_no_change",
            "n_layers_",
            "nesterovs_momentum",
            "power_t",
            "random_state",
            "shuffle",
            "solver",
            "t_",
            "tol",
            "validation_fraction",
            "validation_scores_",
            "verbose",
            "warm_start",
        ]);
        Ok(perceptron)
    }

    /// How many columns a row needs.
    pub(super) fn n_features(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.coef.cols)
    }

    /// How many numbers a row gets.
    pub(super) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.coef.rows)
    }

    /// `_forward_pass_fast`: the activations of the last layer.
    pub(super) fn forward(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, self.n_features());
        for (index, layer) in self.layers.iter().enumerate() {
            x = plan.push(layer, &[x]);
            let is_last = index + 1 == self.layers.len();
            x = if is_last { self.output.apply(x, plan) } else { self.hidden.apply(x, plan) };
        }
        x
    }
}

impl Activation {
    fn read(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        Ok(match fields.string(name)?.as_str() {
            "identity" => Self::Identity,
            "exp" => Self::Exp,
            "logistic" => Self::Logistic,
            "tanh" => Self::Tanh,
            "relu" if fields.before(0, 24) => Self::ClippedRelu,
            "relu" => Self::Relu,
            "softmax" => Self::Softmax,
            other => return Err(fields.unsupported(name, format!("`{other}`"))),
        })
    }

    fn apply(self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let function = match self {
            Self::Identity => return x,
            Self::Softmax => return plan.push(Softmax, &[x]),
            Self::Exp => Function::Exp,
            Self::Logistic => Function::Expit,
            Self::Tanh => Function::Tanh,
            Self::Relu => Function::Relu,
            Self::ClippedRelu => Function::Clip(0.0, f64::MAX),
        };
        plan.push(Elementwise { function }, &[x])
    }
}
