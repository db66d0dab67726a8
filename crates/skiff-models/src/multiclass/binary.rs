//! The binary classifiers of multiclass classifiers.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::{ArrayRule, Check, ConstantRow, Dtype, Finite, Repeat, SparseRule};
use skiff_plan::value::{IntKind, Precision};
use skiff_plan::{Method, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};
use crate::model::Model;
use crate::model::response::{binary_score, column};

/// One of `estimators_`.
#[derive(Debug)]
pub(super) enum Binary {
    Model(Arc<Model>),
    /// `_ConstantPredictor`, and its `y_`: in the training data the class occurred always or never.
    Constant(Constant),
}

/// A `_ConstantPredictor`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constant {
    value: i8,
    /// Whether it checks that there is a row at least: since 1.0.
    looks: bool,
}

impl Constant {
    fn answer(self, row: ConstantRow, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Any).finite(Finite::Any).sparse(SparseRule::Accept);
        let x = match self.looks {
            true => plan.push(Check::new(&plan.header().class, None, rule, None), &[input]),
            false => input,
        };
        plan.push(Repeat { row }, &[x])
    }
}

impl Binary {
    pub(super) fn read(fields: &Fields<'_, '_>, node: NodeId, path: String) -> Result<Self, ReadError> {
        let is_constant = |object: &Instance<'_>| object.is("sklearn.multiclass._ConstantPredictor");
        if !fields.instance_at(node, &path)?.as_ref().is_some_and(is_constant) {
            return fields.model_at(node, path).map(Self::Model);
        }
        let looks = !fields.before(1, 0);
        fields.object((node, &path), "a `_ConstantPredictor`", is_constant, |constant| {
            constant.training_only(&["feature_names_in_", "n_features_in_"]);
            match constant.numbers("y_")?.data[..] {
                [-1.0] => Ok(Self::Constant(Constant { value: -1, looks })),
                [0.0] => Ok(Self::Constant(Constant { value: 0, looks })),
                [1.0] => Ok(Self::Constant(Constant { value: 1, looks })),
                _ => Err(constant.unexpected("y_", "an array of one -1, 0 or 1")),
            }
        })
    }

    /// All of `estimators_`.
    pub(super) fn read_all(fields: &Fields<'_, '_>) -> Result<Vec<Self>, ReadError> {
        let path = fields.path_of("estimators_");
        let each = fields.list("estimators_")?.into_iter().enumerate();
        let each = each.map(|(index, node)| Self::read(fields, node, format!("{path}[{index}]")));
        let all = each.collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() { Err(fields.damaged("estimators_", "no estimator")) } else { Ok(all) }
    }

    pub(super) fn model(&self) -> Option<&Arc<Model>> {
        match self {
            Self::Model(model) => Some(model),
            Self::Constant(_) => None,
        }
    }

    /// `_predict_binary`
    pub(super) fn score(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        match self {
            Self::Model(model) => binary_score(model, input, plan),
            Self::Constant(constant) => {
                let row = ConstantRow::Floats(vec![f64::from(constant.value)], Precision::Double);
                Ok(constant.answer(row, input, plan))
            }
        }
    }

    /// `decision_function`, in which a constant is an integer.
    pub(super) fn decision(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        match self {
            Self::Model(model) => plan.inner_value(model, Method::DecisionFunction, input),
            Self::Constant(constant) => {
                let row = ConstantRow::Ints(vec![i64::from(constant.value)], IntKind::I64);
                Ok(constant.answer(row, input, plan))
            }
        }
    }

    /// The second column of `predict_proba`.
    pub(super) fn probability(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        match self {
            Self::Model(model) => {
                let both = plan.inner_value(model, Method::PredictProba, input)?;
                Ok(column(both, 1, plan))
            }
            Self::Constant(_) => self.score(input, plan),
        }
    }
}

/// The estimators within, with their paths.
pub(super) fn inner(all: &[Binary]) -> Vec<(String, Arc<Model>)> {
    let all = all.iter().enumerate();
    all.filter_map(|(index, one)| Some((format!("estimators_[{index}]"), Arc::clone(one.model()?)))).collect()
}
