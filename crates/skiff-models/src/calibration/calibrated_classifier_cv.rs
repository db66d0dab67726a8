//! `sklearn.calibration.CalibratedClassifierCV`.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::{
    Argmax, ArrayRule, BothSides, Calibrate, Concatenate, Dtype, Elementwise, Finite, Function, Layout, Sigmoid,
    Softmax, SparseRule, SumUp, TakeLabels, ToLogits,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, Rank, ValueId};

use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::response::{column, first_response};
use crate::model::{Class, Estimator, Model, class, delegates_rows};

pub(crate) const CALIBRATED_CLASSIFIER_CV: Class = class! {
    /// Calibrated probabilities from a classifier's scores, by functions that were fitted on other rows than the classifier.
    ///
    /// # Reads
    /// `calibrated_classifiers_`, each a fitted classifier, any supported one, with its calibrators: `a_` and `b_` of sigmoids,
    /// isotonic regressions, or `beta_` of a temperature; `classes_`.
    /// # Predicts
    /// Scores are `decision_function`, or probabilities if there is none. A sigmoid computes `expit(-(a * score + b))`,
    /// an isotonic regression its prediction, class by class: for two classes the probability of the second, the rest for the first; for
    /// more classes, normalized by their sum. A temperature computes `softmax(beta * logits)`, with the logarithms of probabilities.
    /// The result is the mean over `calibrated_classifiers_`; the label is the first class with the greatest probability.
    ///
    /// Whether scores of several columns are probabilities is decided by all rows of a call, as in scikit-learn.
    /// # Older versions
    /// `method='temperature'` is new in 1.8. Before 1.0 rows had to be numbers, and probabilities that are NaN became equal
    /// ones. Calibrators were called `calibrators_` before 0.24, the classifier `base_estimator` before 1.2.
    paths: ["sklearn.calibration.CalibratedClassifierCV"],
    training_only: ["base_estimator", "cv", "ensemble", "estimator", "method", "n_jobs"],
    read: CalibratedClassifierCV::read,
};

/// A fitted `CalibratedClassifierCV`.
#[derive(Debug)]
pub struct CalibratedClassifierCV {
    /// `calibrated_classifiers_`
    calibrated: Vec<Calibrated>,
    classes: Arc<Classes>,
    /// Before 1.0.
    checks_rows: bool,
}

/// `_CalibratedClassifier`
#[derive(Debug)]
struct Calibrated {
    model: Arc<Model>,
    calibrators: Calibrators,
}

#[derive(Debug)]
enum Calibrators {
    /// For each class of the classifier its index in `classes_`; and the calibrators.
    Each(Vec<usize>, Vec<Calibrator>),
    /// `beta_`
    Temperature(f64),
}

#[derive(Debug)]
enum Calibrator {
    Sigmoid(Sigmoid),
    /// An `IsotonicRegression`.
    Model(Arc<Model>),
}

impl CalibratedClassifierCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        let path = fields.path_of("calibrated_classifiers_");
        let each = fields.list("calibrated_classifiers_")?.into_iter().enumerate();
        let calibrated =
            each.map(|(index, node)| Calibrated::read(fields, node, &format!("{path}[{index}]"), &classes));
        let calibrated = calibrated.collect::<Result<Vec<_>, _>>()?;
        if calibrated.is_empty() {
            return Err(fields.damaged("calibrated_classifiers_", "no classifier"));
        }
        Ok(Self { calibrated, classes, checks_rows: fields.before(1, 0) })
    }

    /// The mean of the probabilities, (n_samples, n_classes).
    fn probabilities(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let x = match self.checks_rows {
            true => {
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(Finite::Any).sparse(SparseRule::Accept);
                plan.check(input, rule, None)
            }
            false => input,
        };
        let each = self.calibrated.iter();
        let each = each.map(|one| one.probabilities(self.classes.len(), self.checks_rows, x, plan));
        let each = each.collect::<Result<Vec<_>, _>>()?;
        let divisor = real(each.len());
        // Added to an array of `float64` that scikit-learn allocates.
        Ok(plan.push(SumUp { weights: Some(vec![1.0; each.len()]), divisor }, &each))
    }
}

impl Calibrated {
    fn read(fields: &Fields<'_, '_>, node: NodeId, path: &str, classes: &Classes) -> Result<Self, ReadError> {
        let is_one = |object: &Instance<'_>| object.is("sklearn.calibration._CalibratedClassifier");
        fields.object((node, path), "a `_CalibratedClassifier`", is_one, |fields| Self::read_fields(fields, classes))
    }

    fn read_fields(fields: &Fields<'_, '_>, classes: &Classes) -> Result<Self, ReadError> {
        fields.training_only(&["label_encoder_", "method"]);
        let model = fields.model(fields.first_of(&["estimator", "base_estimator"]).unwrap_or("estimator"))?;
        // Before 0.24 `classes` is a parameter, which may be `None` next to `classes_`.
        fields.training_only(&["classes", "classes_"]);
        if let Some(name) = fields.first_of(&["classes_", "classes"])
            && *fields.classes(name)? != *classes
        {
            return Err(fields.damaged(name, "its classes differ from `classes_`"));
        }
        let list = fields.first_of(&["calibrators", "calibrators_"]).unwrap_or("calibrators");
        let (nodes, list_path) = (fields.list(list)?, fields.path_of(list));
        if let &[only] = nodes.as_slice()
            && let Some(temperature) = read_temperature(fields, only, &format!("{list_path}[0]"))?
        {
            return Ok(Self { model, calibrators: Calibrators::Temperature(temperature) });
        }
        let calibrators = nodes.into_iter().enumerate().map(|(index, node)| {
            let path = format!("{list_path}[{index}]");
            match read_sigmoid(fields, node, &path)? {
                Some(sigmoid) => Ok(Calibrator::Sigmoid(sigmoid)),
                None => Ok(Calibrator::Model(fields.model_at(node, path)?)),
            }
        });
        let calibrators = calibrators.collect::<Result<Vec<_>, _>>()?;
        let places = match &model.estimator().classes()[..] {
            [own] => (0..own.len()).map(|code| own.get(code).and_then(|class| classes.position(&class))).collect(),
            _ => Some((0..classes.len()).collect::<Vec<_>>()),
        };
        let damaged = |what: &str| fields.damaged(list, what);
        let places = places.ok_or_else(|| damaged("the classifier has classes that are not in `classes_`"))?;
        // Of two classes only the second has a score.
        let places: Vec<usize> = places.into_iter().take(calibrators.len()).collect();
        let places = if classes.len() == 2 { places.into_iter().map(|place| place + 1).collect() } else { places };
        if places.len() != calibrators.len() || places.iter().any(|&place| place >= classes.len()) {
            return Err(damaged("the numbers of calibrators and scores differ"));
        }
        Ok(Self { model, calibrators: Calibrators::Each(places, calibrators) })
    }

    fn probabilities(
        &self,
        classes: usize,
        nan_becomes_equal: bool,
        x: ValueId,
        plan: &mut Lowering<'_>,
    ) -> Result<ValueId, Refusal> {
        let methods = [Method::DecisionFunction, Method::PredictProba];
        let (method, scores, rank) = first_response(&self.model, &methods, x, plan)?;
        let own = self.model.estimator().classes().first().map_or(classes, |own| own.len());
        let single = rank == Rank::One || (method == Method::PredictProba && own == 2);
        let scores = match method {
            Method::PredictProba if own == 2 => column(scores, 1, plan),
            _ => scores,
        };
        match &self.calibrators {
            &Calibrators::Temperature(beta) => {
                // `check_array` of `_convert_to_logits`
                let width = if single { 1 } else { own };
                let scores = plan.check(scores, ArrayRule::FLOATS.any_names(), width);
                let logits = match (single, method) {
                    (true, Method::PredictProba) => {
                        let both = plan.push(BothSides::Complement, &[scores]);
                        plan.push(ToLogits, &[both])
                    }
                    (true, _) => plan.push(BothSides::Negative, &[scores]),
                    (false, _) => plan.push(ToLogits, &[scores]),
                };
                let scaled = plan.push(Elementwise { function: Function::Multiply(beta) }, &[logits]);
                Ok(plan.push(Softmax, &[scaled]))
            }
            Calibrators::Each(places, calibrators) => {
                let mut parts = Vec::with_capacity(calibrators.len());
                for (index, calibrator) in calibrators.iter().enumerate() {
                    let score = if single { scores } else { column(scores, index, plan) };
                    parts.push(match calibrator {
                        Calibrator::Sigmoid(sigmoid) => plan.push(*sigmoid, &[score]),
                        Calibrator::Model(model) => plan.inner_value(model, Method::Predict, score)?,
                    });
                }
                let parts = plan.push(Concatenate { layout: Layout::Dense }, &parts);
                Ok(plan.push(Calibrate { places: places.clone(), classes, nan_becomes_equal }, &[parts]))
            }
        }
    }
}

/// The numbers `names` of the helper of class `class` at a node; `None` where it is of another class.
fn read_helper<const N: usize>(
    fields: &Fields<'_, '_>,
    node: NodeId,
    path: &str,
    class: &str,
    names: [&str; N],
) -> Result<Option<[f64; N]>, ReadError> {
    let is_one = |object: &Instance<'_>| object.is(class);
    if !fields.instance_at(node, path)?.as_ref().is_some_and(is_one) {
        return Ok(None);
    }
    let read = |helper: &Fields<'_, '_>| {
        let mut numbers = [0.0; N];
        for (number, name) in numbers.iter_mut().zip(names) {
            let value = match helper.scalar(name) {
                Ok(scalar) => scalar.as_f64(),
                Err(_) => helper.numbers(name)?.data.first().copied(),
            };
            *number = value.ok_or_else(|| helper.unexpected(name, "a number"))?;
        }
        Ok(numbers)
    };
    fields.object((node, path), "a calibrator", is_one, read).map(Some)
}

fn read_sigmoid(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Option<Sigmoid>, ReadError> {
    let numbers = read_helper(fields, node, path, "sklearn.calibration._SigmoidCalibration", ["a_", "b_"])?;
    Ok(numbers.map(|[a, b]| Sigmoid { a, b }))
}

fn read_temperature(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Option<f64>, ReadError> {
    let numbers = read_helper(fields, node, path, "sklearn.calibration._TemperatureScaling", ["beta_"])?;
    Ok(numbers.map(|[beta]| beta))
}

impl Estimator for CalibratedClassifierCV {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::PredictProba => Ok(Output::matrix(self.probabilities(input, plan)?)),
            Method::Predict => {
                let probabilities = self.probabilities(input, plan)?;
                let numbers = plan.push(Argmax, &[probabilities]);
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let mut all = Vec::new();
        for (index, one) in self.calibrated.iter().enumerate() {
            all.push((format!("calibrated_classifiers_[{index}].estimator"), Arc::clone(&one.model)));
            if let Calibrators::Each(_, calibrators) = &one.calibrators {
                for (place, calibrator) in calibrators.iter().enumerate() {
                    if let Calibrator::Model(model) = calibrator {
                        let name = format!("calibrated_classifiers_[{index}].calibrators[{place}]");
                        all.push((name, Arc::clone(model)));
                    }
                }
            }
        }
        all
    }

    delegates_rows!(self => self.calibrated.first().map(|one| &one.model));
}
