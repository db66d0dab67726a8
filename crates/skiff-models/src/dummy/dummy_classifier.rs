//! `sklearn.dummy.DummyClassifier`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::operators::{
    ClassDraw, ConstantRow, DrawClasses, DrawSparseLabels, Elementwise, Function, OneHot, Repeat, SelectColumns,
    Selection, SparseDraw, SparseRandom, TakeLabels, argmax,
};
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::check_rows;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};
use crate::random_source::RandomSource;

pub(crate) const DUMMY_CLASSIFIER: Class = class! {
    /// Labels that do not depend on the rows: the most frequent ones of the fit, constant ones, or drawn ones.
    ///
    /// # Reads
    /// `classes_`, `class_prior_`, `n_outputs_`; `strategy`, `constant` and `random_state` determine the predictions.
    /// # Predicts
    /// The most frequent class (`prior`, `most_frequent`), `constant`, or a class drawn by numpy's generator from
    /// `class_prior_` (`stratified`) or from all alike (`uniform`), for all rows of a call one after the other.
    /// Probabilities are `class_prior_` (`prior`), 1 for that class (`most_frequent`, `constant`, `stratified`), or all
    /// equal (`uniform`). Each call begins with the seed `random_state`, or with the state of a `RandomState` in the file,
    /// in which scikit-learn goes on from call to call.
    /// # Not supported
    /// What is drawn with `random_state=None`. `predict` where the labels of several outputs have different types.
    /// # Older versions
    /// Before 0.22, `output_2d_` recorded whether a single output is a column of two dimensions; of these, only probabilities
    /// and constants are supported. Before 0.21 the probabilities
    /// of `stratified` were integers. Before 0.20 the rows were validated.
    paths: ["sklearn.dummy.DummyClassifier"],
    read: DummyClassifier::read,
};

/// A fitted `DummyClassifier`.
#[derive(Debug)]
pub struct DummyClassifier {
    outputs: Vec<DummyOutput>,
    strategy: Strategy,
    /// `random_state`, where the strategy draws.
    random: RandomSource,
    /// Whether `random_state` is a seed.
    seeded: bool,
    /// Whether the only output has one dimension.
    flat: bool,
    sparse_output: bool,
    /// Whether drawn probabilities are integers.
    counts: bool,
    /// Whether the rows are validated, though they are not used.
    checks_rows: bool,
    /// Whether it is of before 0.18.
    is_first: bool,
}

/// One column of labels.
#[derive(Debug)]
struct DummyOutput {
    /// `classes_`.
    classes: Arc<Classes>,
    /// `class_prior_`, one for each class.
    priors: Vec<f64>,
    /// The number of the class that is always predicted.
    class: usize,
    /// That class, with its dtype in `predict`.
    label: Option<Classes>,
}

/// `strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    Prior,
    MostFrequent,
    Constant,
    Stratified,
    Uniform,
}

impl DummyClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let strategy = read_strategy(fields)?;
        let n_outputs = fields.count("n_outputs_")?;
        let classes = fields.classes_list("classes_")?;
        fields.expect_len("classes_", classes.len(), n_outputs)?;
        let priors = read_priors(fields, &classes)?;
        let constants = if strategy == Strategy::Constant { read_constants(fields, n_outputs)? } else { Vec::new() };
        let mut outputs = Vec::new();
        for (index, (classes, priors)) in classes.into_iter().zip(priors).enumerate() {
            let (class, label) = match constants.get(index) {
                None => (argmax(&priors), pick(&classes, argmax(&priors))),
                Some(constant) => {
                    let place =
                        (0..classes.len()).find(|&code| classes.get(code).is_some_and(|it| same(&it, constant)));
                    let class = place.ok_or_else(|| fields.damaged("constant", "it is not in `classes_`"))?;
                    (class, of_scalar(constant))
                }
            };
            outputs.push(DummyOutput { classes, priors, class, label });
        }
        let flat = !fields.bool_or("output_2d_", false)? && n_outputs == 1;
        let sparse_output = fields.bool_or("sparse_output_", false)?;
        let random = match strategy {
            Strategy::Stratified | Strategy::Uniform => RandomSource::read(fields, "random_state"),
            Strategy::Prior | Strategy::MostFrequent | Strategy::Constant => RandomSource::Unseeded,
        };
        let seeded = fields.scalar("random_state").is_ok();
        fields.training_only(&["constant", "n_classes_", "random_state", "strategy"]);
        let (counts, checks_rows) = (fields.before(0, 21), fields.before(0, 20));
        let is_first = fields.before(0, 18);
        Ok(Self { outputs, strategy, random, seeded, flat, sparse_output, counts, checks_rows, is_first })
    }

    /// Whether it is of before 0.22 and has one output in a list: half of that scikit-learn forgot to unpack it.
    fn is_nested(&self) -> bool {
        !self.flat && self.outputs.len() == 1
    }

    fn predict(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let method = Method::Predict;
        if self.sparse_output {
            return self.sparse_labels(input, plan);
        }
        if self.draws() {
            return self.drawn_labels(input, plan);
        }
        if self.is_nested() && self.strategy != Strategy::Constant {
            return plan
                .unsupported(method, "labels with two dimensions and one column: its version of scikit-learn raises");
        }
        let labels: Option<Vec<_>> = self.outputs.iter().map(|output| output.label.clone()).collect();
        let labels = labels.filter(|labels| labels.iter().zip(labels.iter().skip(1)).all(|(a, b)| one_dtype(a, b)));
        let Some(labels) = labels else {
            return plan.unsupported(method, "labels of different types");
        };
        let codes = ConstantRow::Ints(vec![0; labels.len()], IntKind::I64);
        let codes = plan.push(Repeat { row: codes }, &[input]);
        let classes = labels.into_iter().map(Arc::new).collect();
        let labels = plan.push(TakeLabels { classes }, &[codes]);
        Ok(if self.flat { Output::column(labels) } else { Output::matrix(labels) })
    }

    fn draws(&self) -> bool {
        matches!(self.strategy, Strategy::Stratified | Strategy::Uniform)
    }

    /// The numbers of classes that are drawn, a column for each output.
    fn drawn(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let random = self.random.start(method, plan)?;
        let draw = |output: &DummyOutput| match self.strategy {
            Strategy::Uniform => ClassDraw::Uniform(u64::try_from(output.classes.len()).unwrap_or(u64::MAX)),
            _ => ClassDraw::Weighted(output.priors.clone()),
        };
        let outputs = self.outputs.iter().map(draw).collect();
        Ok(plan.push(DrawClasses { random, outputs }, &[input]))
    }

    fn drawn_labels(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let classes: Arc<[Arc<Classes>]> = self.outputs.iter().map(|output| Arc::clone(&output.classes)).collect();
        let alike = |a: &Classes, b: &Classes| match (a, b) {
            (Classes::Objects(_), Classes::Objects(_)) => true,
            _ => one_dtype(a, b),
        };
        if classes.iter().zip(classes.iter().skip(1)).any(|(a, b)| !alike(a, b)) {
            return plan.unsupported(Method::Predict, "labels of different types");
        }
        let codes = self.drawn(Method::Predict, input, plan)?;
        let labels = plan.push(TakeLabels { classes }, &[codes]);
        Ok(if self.flat { Output::column(labels) } else { Output::matrix(labels) })
    }

    /// The labels of a fit whose labels were sparse: the most frequent one comes as its number, as in scikit-learn.
    fn sparse_labels(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let method = Method::Predict;
        let only =
            |label: i64| SparseDraw { labels: if label == 0 { Vec::new() } else { vec![(label, 1.0)] }, zero: 0.0 };
        let of_output = |output: &DummyOutput| match self.strategy {
            Strategy::Prior | Strategy::MostFrequent => Some(only(i64::try_from(output.class).ok()?)),
            Strategy::Constant => Some(only(output.classes.get(output.class)?.as_i64()?)),
            Strategy::Stratified | Strategy::Uniform => {
                let mut draw = SparseDraw { labels: Vec::new(), zero: 0.0 };
                for (code, &chance) in output.priors.iter().enumerate() {
                    match output.classes.get(code)?.as_i64()? {
                        0 => draw.zero = chance,
                        label => draw.labels.push((label, chance)),
                    }
                }
                Some(draw)
            }
        };
        let Some(outputs) = self.outputs.iter().map(of_output).collect::<Option<Vec<_>>>() else {
            return plan.unsupported(method, "sparse labels that are no integers");
        };
        if self.draws() && self.is_first {
            return plan.unsupported(method, "sparse labels drawn by a file of before 0.18, which drew others");
        }
        let random = match self.draws() {
            true => {
                let before = self.outputs.iter().map(|output| output.priors.clone()).collect();
                Some(SparseRandom { state: self.random.start(method, plan)?, restarts: self.seeded, before })
            }
            false => None,
        };
        Ok(Output::matrix(plan.push(DrawSparseLabels { outputs, random }, &[input])))
    }

    fn probabilities(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        if self.is_nested() && method == Method::PredictLogProba {
            return plan.unsupported(
                method,
                "labels with two dimensions and one column: its version of scikit-learn stacks them",
            );
        }
        let mut each = Vec::new();
        let dtype = match self.counts && method == Method::PredictProba {
            true => NumberType::Int(IntKind::I64),
            false => NumberType::Float(Precision::Double),
        };
        let drawn = if self.strategy == Strategy::Stratified { Some(self.drawn(method, input, plan)?) } else { None };
        for (number, output) in self.outputs.iter().enumerate() {
            let mut value = match drawn {
                Some(codes) => {
                    let code =
                        plan.push(SelectColumns { by: Selection::Places(vec![number]), series: false }, &[codes]);
                    plan.push(output.one_hot(dtype), &[code])
                }
                None => {
                    let row = ConstantRow::Floats(output.probabilities(self.strategy), Precision::Double);
                    plan.push(Repeat { row }, &[input])
                }
            };
            if method == Method::PredictLogProba {
                value = plan.push(Elementwise { function: Function::Log }, &[value]);
            }
            each.push(Output::matrix(value));
        }
        Ok(match each.pop() {
            Some(only) if self.flat => only,
            last => Output::List(each.into_iter().chain(last).collect()),
        })
    }
}

fn read_strategy(fields: &Fields<'_, '_>) -> Result<Strategy, ReadError> {
    // 0.22 and 0.23 resolved `strategy='warn'` into `_strategy`.
    let name = if fields.has("_strategy") { "_strategy" } else { "strategy" };
    match fields.string(name)?.as_str() {
        "prior" => Ok(Strategy::Prior),
        "most_frequent" => Ok(Strategy::MostFrequent),
        "constant" => Ok(Strategy::Constant),
        "stratified" => Ok(Strategy::Stratified),
        "uniform" => Ok(Strategy::Uniform),
        other => Err(fields.unsupported(name, format!("`{other}`"))),
    }
}

/// `class_prior_`: an array, or a list of one for each output.
fn read_priors(fields: &Fields<'_, '_>, classes: &[Arc<Classes>]) -> Result<Vec<Vec<f64>>, ReadError> {
    let node = fields.required("class_prior_")?;
    let nodes = fields.graph().items(node).map_or_else(|| vec![node], <[_]>::to_vec);
    fields.expect_len("class_prior_", nodes.len(), classes.len())?;
    let each = nodes.into_iter().zip(classes).map(|(node, classes)| {
        let priors = fields.numbers_at(node, &fields.path_of("class_prior_"))?.data;
        fields.expect_len("class_prior_", priors.len(), classes.len())?;
        if priors.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        Ok(priors)
    });
    each.collect()
}

/// `constant`: one label, or one for each output, in a list or an array. numpy converts them to one dtype.
fn read_constants(fields: &Fields<'_, '_>, n_outputs: usize) -> Result<Vec<Scalar>, ReadError> {
    let node = fields.required("constant")?;
    let path = fields.path_of("constant");
    let mut constants = if let Ok(scalar) = fields.scalar_at(node, &path) {
        vec![scalar]
    } else if let Some(items) = fields.graph().items(node) {
        items.iter().map(|&item| fields.scalar_at(item, &path)).collect::<Result<_, _>>()?
    } else {
        let array = fields.array("constant")?;
        if array.ndim() > 1 {
            return Err(fields.unsupported("constant", "an array of several dimensions"));
        }
        let classes = fields.classes("constant")?;
        (0..classes.len()).filter_map(|code| classes.get(code)).collect()
    };
    fields.expect_len("constant", constants.len(), n_outputs)?;
    if constants.iter().any(|constant| matches!(constant, Scalar::Float(_))) {
        for constant in &mut constants {
            if let Some(number) = constant.as_f64() {
                *constant = Scalar::Float(number);
            }
        }
    }
    Ok(constants)
}

/// `==` of a class and a constant.
fn same(class: &Scalar, constant: &Scalar) -> bool {
    match (class.as_f64(), constant.as_f64()) {
        (Some(class), Some(constant)) => class == constant,
        _ => class == constant,
    }
}

/// The class numbered `code` alone, with the dtype that `np.tile([class], …)` has.
fn pick(classes: &Classes, code: usize) -> Option<Classes> {
    Some(match classes {
        Classes::Ints(values, kind) => Classes::Ints(vec![*values.get(code)?], *kind),
        Classes::Floats(values, precision) => Classes::Floats(vec![*values.get(code)?], *precision),
        Classes::Strings(values) => Classes::Strings(vec![values.get(code)?.clone()]),
        Classes::Objects(values) => return of_scalar(values.get(code)?),
        Classes::Values(values, kind) => Classes::Values(vec![values.get(code)?.clone()], *kind),
    })
}

/// A single Python value, with its dtype in `np.tile`; `None` if that is not a plain one.
fn of_scalar(value: &Scalar) -> Option<Classes> {
    Some(match value {
        Scalar::Bool(value) => Classes::Ints(vec![i64::from(*value)], IntKind::Bool),
        Scalar::Int(value) => Classes::Ints(vec![*value], IntKind::I64),
        Scalar::Float(value) => Classes::Floats(vec![*value], Precision::Double),
        Scalar::Str(text) => Classes::Strings(vec![text.clone()]),
        _ => return None,
    })
}

/// Whether numpy combines both in one array without converting either.
fn one_dtype(a: &Classes, b: &Classes) -> bool {
    match (a, b) {
        (Classes::Ints(_, a), Classes::Ints(_, b)) => a == b,
        (Classes::Floats(_, a), Classes::Floats(_, b)) => a == b,
        (Classes::Strings(_), Classes::Strings(_)) => true,
        (Classes::Values(_, a), Classes::Values(_, b)) => a == b,
        _ => false,
    }
}

impl DummyOutput {
    /// A one in the column of the class that was drawn.
    fn one_hot(&self, dtype: NumberType) -> OneHot {
        let targets = (0..).take(self.classes.len()).chain([OneHot::NONE]).collect();
        OneHot { targets: vec![targets], width: self.classes.len(), dtype, sparse: false }
    }

    fn probabilities(&self, strategy: Strategy) -> Vec<f64> {
        let count = self.priors.len();
        match strategy {
            Strategy::Prior => self.priors.clone(),
            Strategy::Uniform => vec![1.0 / real(count); count],
            Strategy::MostFrequent | Strategy::Constant | Strategy::Stratified => {
                (0..count).map(|class| f64::from(u8::from(class == self.class))).collect()
            }
        }
    }
}

impl Estimator for DummyClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let input = if self.checks_rows { check_rows(input, plan) } else { input };
        match method {
            Method::Predict => self.predict(input, plan),
            Method::PredictProba | Method::PredictLogProba => self.probabilities(method, input, plan),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.outputs.iter().map(|output| Arc::clone(&output.classes)).collect()
    }
}
