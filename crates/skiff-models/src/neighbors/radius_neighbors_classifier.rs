//! `sklearn.neighbors.RadiusNeighborsClassifier`.

use std::sync::Arc;

use skiff_files::{DType, Scalar};
use skiff_plan::operators::{
    Argmax, ArgmaxOrOutlier, ClassMode, Concatenate, DivideByNonzeroRowSum, Layout, Outliers, RadiusVotes, Search,
    TakeLabels, VoteSum,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::class_outputs::{ClassOutput, read_outputs};
use super::neighbors_base::{Nearest, NeighborsBase, Weights, read_weights};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const RADIUS_NEIGHBORS_CLASSIFIER: Class = class! {
    /// Classification by the votes of the neighbours within a radius.
    ///
    /// # Reads
    /// What `NearestNeighbors` reads; `weights`, `_y`, `classes_`, `outlier_label_`.
    /// # Predicts
    /// The class with the most votes among the points within the radius, the first of equals; votes weigh the same, or
    /// 1 / distance. Probabilities are the votes over their sum. A row without neighbours gets `outlier_label_`, and is
    /// an error where that is `None`; the probability of the label is 1 where it is one of the classes, and all are 0
    /// where it is not. `radius_neighbors` and `radius_neighbors_graph` answer as well.
    /// # Not supported
    /// Callable weights and metrics; a call without rows.
    /// # Older versions
    /// Since 1.9 scikit-learn takes an `outlier_label` for the number of a class where it searches one output's arrays by
    /// brute force with uniform weights and a metric that is not Euclidean, and since 1.4 it takes rows with NaN for
    /// outliers there; skiff does the same, and takes every table but a DataFrame for such an array. `predict_proba` and `outlier_label_` are of 0.22; before, `outlier_label` was
    /// the label of every output.
    paths: [
        "sklearn.neighbors._classification.RadiusNeighborsClassifier",
        "sklearn.neighbors.classification.RadiusNeighborsClassifier",
    ],
    training_only: ["outlier_label"],
    read: RadiusNeighborsClassifier::read,
};

/// A fitted `RadiusNeighborsClassifier`.
#[derive(Debug)]
pub struct RadiusNeighborsClassifier {
    neighbors: NeighborsBase,
    by_distance: bool,
    outputs: Vec<RadiusOutput>,
    /// `outputs_2d_`
    several: bool,
    /// What `RadiusNeighborsClassMode` takes `outlier_label` for, where it may be used.
    class_mode: Option<Outliers>,
    /// Whether it answers as versions before 0.22.
    is_old: bool,
}

/// One output, and the label of its outliers.
#[derive(Debug)]
struct RadiusOutput {
    output: ClassOutput,
    /// The classes, and the outliers' label after them.
    labels: Arc<Classes>,
    outliers: Outliers,
}

impl RadiusNeighborsClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = NeighborsBase::read(fields)?;
        let by_distance = read_weights(fields)? == Weights::Distance;
        let (outputs, several) = read_outputs(fields, neighbors.points())?;
        let is_old = fields.before(0, 22);
        let labels = if is_old { read_old_label(fields, outputs.len())? } else { read_labels(fields, outputs.len())? };
        let outputs = outputs.into_iter().zip(labels).map(|(output, label)| RadiusOutput::new(fields, output, label));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let is_brute = matches!(&**neighbors.search(), Search::Brute(points, _) if !points.is_euclidean());
        let class_mode = match &outputs[..] {
            [only] if is_brute && !by_distance && !several && !fields.before(1, 4) => {
                class_mode(fields, &only.output.classes)
            }
            _ => None,
        };
        Ok(Self { neighbors, by_distance, outputs, several, class_mode, is_old })
    }

    /// The votes for the classes of each output.
    fn votes(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let found = match self.class_mode {
            Some(_) => self.neighbors.within_any_rows(method, input, plan),
            None => self.neighbors.within(method, input, plan, None, false),
        };
        let Nearest { distances, neighbors, .. } = found?;
        let mut inputs = vec![neighbors];
        if self.by_distance {
            inputs.push(distances);
        }
        if self.class_mode.is_some() {
            inputs.push(input);
        }
        let class_mode = |plan: &Lowering<'_>, outliers: Outliers| ClassMode {
            outliers,
            search: Arc::clone(self.neighbors.search()),
            check: self.neighbors.check(plan.header()),
        };
        let votes = |plan: &Lowering<'_>, output: &RadiusOutput| RadiusVotes {
            codes: Arc::clone(&output.output.codes),
            classes: output.output.classes.len(),
            by_distance: self.by_distance,
            sum: if self.is_old { VoteSum::Pairwise } else { VoteSum::InOrder },
            outliers: output.outliers,
            class_mode: self.class_mode.map(|outliers| class_mode(plan, outliers)),
        };
        let mut all = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            let votes = votes(plan, output);
            all.push(plan.push(votes, &inputs));
        }
        Ok(all)
    }
}

impl RadiusOutput {
    fn new(fields: &Fields<'_, '_>, output: ClassOutput, label: Option<Scalar>) -> Result<Self, ReadError> {
        let Some(label) = label else {
            let labels = Arc::clone(&output.classes);
            return Ok(Self { output, labels, outliers: Outliers::Refused });
        };
        let outliers = output.classes.position(&label).map_or(Outliers::None, Outliers::Class);
        let mut labels = Classes::clone(&output.classes);
        let is_alike = push(&mut labels, label);
        if !is_alike {
            return Err(fields.unsupported("outlier_label", "a label of another type than the classes"));
        }
        Ok(Self { output, labels: Arc::new(labels), outliers })
    }

    /// Whether there is a label for outliers.
    fn has_label(&self) -> bool {
        self.outliers != Outliers::Refused
    }
}

/// One more class, in the dtype of the others; false where that has no such value.
fn push(classes: &mut Classes, label: Scalar) -> bool {
    match (classes, label) {
        (Classes::Ints(values, _), label) if let Some(label) = label.as_i64() => values.push(label),
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "as numpy's assignment does")]
        (Classes::Ints(values, _), Scalar::Float(label)) if label.is_finite() => values.push(label as i64),
        (Classes::Floats(values, precision), label) if let Some(label) = label.as_f64() => {
            values.push(precision.round(label));
        }
        (Classes::Strings(values), Scalar::Str(label)) => values.push(label),
        (Classes::Objects(values) | Classes::Values(values, _), label) => values.push(label),
        _ => return false,
    }
    true
}

/// `outlier_label_`: a label for each output, or none.
fn read_labels(fields: &Fields<'_, '_>, outputs: usize) -> Result<Vec<Option<Scalar>>, ReadError> {
    let name = "outlier_label_";
    let Some(node) = fields.optional(name) else { return Ok(vec![None; outputs]) };
    let path = fields.path_of(name);
    let labels = match fields.graph().items(node) {
        Some(items) => items.iter().map(|&item| fields.scalar_at(item, &path)).collect::<Result<Vec<_>, _>>()?,
        None => {
            let scalars = fields.array_at(node, &path)?.to_scalars(fields.graph());
            scalars.map_err(|_| fields.unexpected(name, "a label for each output"))?
        }
    };
    fields.expect_len(name, labels.len(), outputs)?;
    Ok(labels.into_iter().map(Some).collect())
}

/// `outlier_label` before 0.22: the label of every output, cut to the length of the classes where they are text.
fn read_old_label(fields: &Fields<'_, '_>, outputs: usize) -> Result<Vec<Option<Scalar>>, ReadError> {
    if !fields.has("outlier_label") {
        return Ok(vec![None; outputs]);
    }
    let label = match fields.scalar("outlier_label")? {
        Scalar::Str(text) => match fields.array("classes_").map(|classes| classes.dtype) {
            Ok(DType::Str { chars, .. }) => Scalar::Str(text.chars().take(chars).collect()),
            // Python 2's texts are bytes.
            Ok(DType::Bytes { len }) => {
                let bytes = text.into_bytes().into_iter().take(len).collect();
                String::from_utf8(bytes).map_or_else(|error| Scalar::Bytes(error.into_bytes()), Scalar::Str)
            }
            _ => Scalar::Str(text),
        },
        other => other,
    };
    Ok(vec![Some(label); outputs])
}

/// What `RadiusNeighborsClassMode` takes `outlier_label` for: since 1.9 for the number of a class, before for a class that
/// is an integer; none where it takes no such classes.
fn class_mode(fields: &Fields<'_, '_>, classes: &Classes) -> Option<Outliers> {
    let Some(label) = fields.optional("outlier_label") else { return Some(Outliers::Refused) };
    let label = fields.scalar_at(label, "outlier_label").ok().and_then(|label| label.as_f64());
    let known: Vec<f64> = match fields.before(1, 9) {
        false => (0..classes.len()).map(real).collect(),
        true => (0..classes.len()).map(|class| Some(classes.get(class)?.as_f64()?.trunc())).collect::<Option<_>>()?,
    };
    // Of equal ones the last.
    let class = known.iter().rposition(|class| label == Some(*class));
    Some(class.map_or(Outliers::None, Outliers::Class))
}

impl Estimator for RadiusNeighborsClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let votes = self.votes(method, input, plan)?;
                let numbers: Vec<_> = votes
                    .into_iter()
                    .zip(&self.outputs)
                    .map(|(votes, output)| match output.has_label() {
                        true => plan.push(ArgmaxOrOutlier, &[votes]),
                        false => plan.push(Argmax, &[votes]),
                    })
                    .collect();
                let classes: Arc<[_]> = self.outputs.iter().map(|output| Arc::clone(&output.labels)).collect();
                if self.several {
                    let numbers = plan.push(Concatenate { layout: Layout::Dense }, &numbers);
                    return Ok(Output::matrix(plan.push(TakeLabels { classes }, &[numbers])));
                }
                Ok(Output::column(plan.push(TakeLabels { classes }, &numbers)))
            }
            Method::PredictProba if !self.is_old => {
                let votes = self.votes(method, input, plan)?;
                let shares = votes.into_iter().map(|votes| plan.push(DivideByNonzeroRowSum, &[votes]));
                let mut shares: Vec<_> = shares.map(Output::matrix).collect();
                Ok(if self.several { Output::List(shares) } else { shares.remove(0) })
            }
            _ => self.neighbors.lower_radius(method, input, plan, params),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.outputs.iter().map(|output| Arc::clone(&output.output.classes)).collect()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
