//! `SVC` and `NuSVC`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{
    Argmax, ConfidenceScale, Elementwise, Function, PairProbabilities, PairScores, PairVotes, TakeLabels,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::support_vector_machine::SupportVectorMachine;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, class};

pub(crate) const SVC: Class = class! {
    /// C-support vector classification on libsvm.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`, `_n_support`, `classes_`; the kernel with `_gamma`, `coef0` and
    /// `degree`; `_probA` and `_probB` where `probability=True`.
    /// # Predicts
    /// The class with the most votes of the decisions between each pair of classes, the first of equals; with
    /// `break_ties` the class of the greatest one-versus-rest score. Probabilities are Platt's, coupled as libsvm does it.
    /// Kernels: linear, poly, rbf, sigmoid, precomputed.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// `_n_support` was `n_support_` before 0.22, `_probA` and `_probB` were `probA_` and `probB_` before 0.23. Before
    /// 0.21 the confidences in one-versus-rest scores were scaled by the greatest one of the whole table, and 0.17 took
    /// them with the wrong sign.
    paths: ["sklearn.svm._classes.SVC", "sklearn.svm.classes.SVC"],
    read: SupportVectorClassifier::read,
};

pub(crate) const NU_SVC: Class = class! {
    /// Support vector classification on libsvm, with `nu` in place of `C`.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`, `_n_support`, `classes_`; the kernel with `_gamma`, `coef0` and
    /// `degree`; `_probA` and `_probB` where `probability=True`.
    /// # Predicts
    /// The class with the most votes of the decisions between each pair of classes, the first of equals; with
    /// `break_ties` the class of the greatest one-versus-rest score. Probabilities are Platt's, coupled as libsvm does it.
    /// Kernels: linear, poly, rbf, sigmoid, precomputed.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// `_n_support` was `n_support_` before 0.22, `_probA` and `_probB` were `probA_` and `probB_` before 0.23. Before
    /// 0.21 the confidences in one-versus-rest scores were scaled by the greatest one of the whole table, and 0.17 took
    /// them with the wrong sign.
    paths: ["sklearn.svm._classes.NuSVC", "sklearn.svm.classes.NuSVC"],
    read: SupportVectorClassifier::read,
};

/// A machine that decides between each pair of classes.
#[derive(Debug)]
struct SupportVectorClassifier {
    machine: SupportVectorMachine,
    /// `classes_`.
    classes: Arc<Classes>,
    /// `decision_function_shape`; before 0.19 `None` was the default, and meant one-versus-one.
    one_versus_rest: bool,
    /// `break_ties`, from 0.22.
    break_ties: bool,
    /// Where `probability=True`.
    sigmoids: Option<Sigmoids>,
    /// Of one-versus-rest scores.
    scale: ConfidenceScale,
    /// Whether the confidences of one-versus-rest scores have the wrong sign, as in 0.17.
    turned: bool,
}

/// `_probA` and `_probB`, one for each pair of classes.
#[derive(Clone, Debug)]
struct Sigmoids {
    slopes: Vec<f64>,
    offsets: Vec<f64>,
}

impl SupportVectorClassifier {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        if classes.len() < 2 {
            return Err(fields.damaged("classes_", "fewer than two classes"));
        }
        let machine = SupportVectorMachine::read(fields, Some(classes.len()))?;
        let one_versus_rest = match fields.string_or_none("decision_function_shape")?.as_deref() {
            Some("ovr") => true,
            Some("ovo") | None => false,
            Some(other) => return Err(fields.unsupported("decision_function_shape", format!("`{other}`"))),
        };
        let break_ties = fields.bool_or("break_ties", false)?;
        let sigmoids = read_sigmoids(fields, classes.len() * (classes.len() - 1) / 2)?;
        Ok(Self {
            machine,
            classes,
            one_versus_rest,
            break_ties,
            sigmoids,
            scale: if fields.before(0, 21) { ConfidenceScale::WholeTable } else { ConfidenceScale::Bounded },
            turned: fields.before(0, 18),
        })
    }

    fn pair_scores(&self) -> PairScores {
        PairScores { classes: self.classes.len(), scale: self.scale, turned: self.turned }
    }

    fn is_binary(&self) -> bool {
        self.classes.len() == 2
    }

    fn predict(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        if self.break_ties && !self.one_versus_rest {
            let what = "break_ties=True, which must be False when decision_function_shape is 'ovo'";
            return plan.unsupported(Method::Predict, what);
        }
        let decisions = self.machine.decisions(input, plan);
        let classes = self.classes.len();
        let numbers = if self.break_ties && !self.is_binary() {
            let scores = plan.push(self.pair_scores(), &[decisions]);
            plan.push(Argmax, &[scores])
        } else {
            plan.push(PairVotes { classes }, &[decisions])
        };
        Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
    }

    fn decision_function(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let decisions = self.machine.decisions(input, plan);
        if self.is_binary() {
            return Ok(Output::column(plan.push(Elementwise { function: Function::Negative }, &[decisions])));
        }
        if !self.one_versus_rest {
            return Ok(Output::matrix(decisions));
        }
        Ok(Output::matrix(plan.push(self.pair_scores(), &[decisions])))
    }

    fn probabilities(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let Some(Sigmoids { slopes, offsets }) = self.sigmoids.clone() else {
            return plan.no_method(method);
        };
        let decisions = self.machine.decisions(input, plan);
        let classes = self.classes.len();
        Ok(plan.push(PairProbabilities { classes, slopes, offsets }, &[decisions]))
    }
}

impl Estimator for SupportVectorClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => self.predict(input, plan),
            Method::DecisionFunction => self.decision_function(input, plan),
            Method::PredictProba => Ok(Output::matrix(self.probabilities(method, input, plan)?)),
            Method::PredictLogProba => {
                let probabilities = self.probabilities(method, input, plan)?;
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.machine.computed(true)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.machine.width())
    }
}

/// `_probA` and `_probB`, before 0.23 `probA_` and `probB_`; empty in a model fitted with `probability=False`.
fn read_sigmoids(fields: &Fields<'_, '_>, pairs: usize) -> Result<Option<Sigmoids>, ReadError> {
    let probability = match fields.scalar("probability")? {
        // 1.9's default.
        Scalar::Str(text) if text == "deprecated" => false,
        Scalar::Bool(value) => value,
        Scalar::Int(value) => value != 0,
        _ => return Err(fields.unexpected("probability", "a bool")),
    };
    let slopes = fields.first_of(&["_probA", "probA_"]).unwrap_or("_probA");
    let offsets = fields.first_of(&["_probB", "probB_"]).unwrap_or("_probB");
    // scikit-learn raises for these calls too: the parameter was set after the fit.
    if !probability || fields.vector(slopes)?.is_empty() {
        return Ok(None);
    }
    Ok(Some(Sigmoids { slopes: fields.vector_of(slopes, pairs)?, offsets: fields.vector_of(offsets, pairs)? }))
}
