//! `sklearn.preprocessing.FunctionTransformer`.

use skiff_pickle::{Node, NodeId};
use skiff_plan::custom::{Bound, Job};
use skiff_plan::operators::{ArrayRule, CallCustom, Dtype, SelectColumns, Selection, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Container, Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Frame, Model, NamesError, class};
use crate::names;
use crate::preprocessing::known_function::{Arguments, KnownFunction};

pub(crate) const FUNCTION_TRANSFORMER: Class = class! {
    /// A function on each number.
    ///
    /// # Reads
    /// `func` and `inverse_func`, by name, in every spelling that pickles have for them: functions of one number of numpy
    /// and `scipy.special`; `np.asarray` and `np.array`; `scipy.special.softmax` and `log_softmax` of rows;
    /// scikit-learn's `scale`, `minmax_scale`, `maxabs_scale`, `robust_scale`, `quantile_transform`, `normalize`,
    /// `binarize` and `add_dummy_feature`; `abs`. `kw_args`, `inv_kw_args`; `validate`, `accept_sparse`, `feature_names_out`.
    /// # Transforms
    /// `func(X)`; without `func` the rows as they are. `inverse_transform` applies `inverse_func`. The functions that
    /// scale look at all rows of a call, as scikit-learn's do.
    /// # Not supported
    /// Other functions, unless they are registered: their code is not in the file. `power_transform`, and
    /// `quantile_transform` of more rows than `subsample`.
    /// # Older versions
    /// `validate` was true by default before 0.22.
    paths: ["sklearn.preprocessing._function_transformer.FunctionTransformer"],
    read: FunctionTransformer::read,
};

/// A fitted `FunctionTransformer`.
#[derive(Debug)]
pub struct FunctionTransformer {
    /// `func` with `kw_args`.
    func: Func,
    /// `inverse_func` with `inv_kw_args`.
    inverse: Func,
    /// The input validation, where there is one.
    validate: Option<ArrayRule>,
    /// Whether `feature_names_out` is `'one-to-one'`.
    one_to_one: bool,
}

/// A function in the file.
#[derive(Debug)]
enum Func {
    /// `None`.
    Identity,
    Known(KnownFunction),
    /// User code.
    Custom(Bound),
    /// What it is, in words: an `inverse_func` that is not registered.
    Unknown(String),
}

impl FunctionTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let func = match read_func(fields, "func", "kw_args")? {
            (Func::Unknown(_), Some(node)) => Func::Custom(fields.custom_code("func", node, None)?),
            (func, _) => func,
        };
        let (inverse, _) = read_func(fields, "inverse_func", "inv_kw_args")?;
        let by_default = fields.before(0, 22);
        let validate = fields.bool_or("_validate", fields.bool_or("validate", by_default)?)?;
        let sparse = match fields.optional("accept_sparse") {
            Some(node) => !matches!(fields.graph().node(node), Node::Bool(false)),
            None => false,
        };
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric);
        let rule = if sparse { rule.sparse(SparseRule::Accept) } else { rule };
        let one_to_one = match fields.optional("feature_names_out") {
            Some(node) => fields.graph().str_of(node) == Some("one-to-one"),
            None => false,
        };
        fields.training_only(&["check_inverse", "pass_y", "validate"]);
        Ok(Self { func, inverse, validate: validate.then_some(rule), one_to_one })
    }
}

/// The function, and its node.
fn read_func(fields: &Fields<'_, '_>, name: &str, arguments: &str) -> Result<(Func, Option<NodeId>), ReadError> {
    let Some(node) = fields.optional(name) else {
        fields.training_only(&[arguments]);
        return Ok((Func::Identity, None));
    };
    let func = match fields.custom(node, &fields.path_of(name), fields.optional(arguments))? {
        Some(code) => Func::Custom(code),
        None => read_known(fields, node, arguments)?,
    };
    Ok((func, Some(node)))
}

/// A function that skiff knows.
fn read_known(fields: &Fields<'_, '_>, node: NodeId, arguments: &str) -> Result<Func, ReadError> {
    let arguments = Arguments::read(fields, arguments)?;
    Ok(match KnownFunction::read(fields, node, &arguments) {
        Some(Ok(known)) => Func::Known(known),
        Some(Err(what)) => Func::Unknown(what),
        None => Func::Unknown(skiff_files::describe(fields.graph(), node)),
    })
}

impl Estimator for FunctionTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let func = match method {
            Method::Transform => &self.func,
            Method::InverseTransform => &self.inverse,
            _ => return plan.no_method(method),
        };
        let x = match self.validate {
            // `inverse_transform` converts, but does not check the features.
            Some(rule) if method == Method::InverseTransform => plan.check(input, rule.any_names(), None),
            Some(rule) => plan.check(input, rule, None),
            None => input,
        };
        match func {
            // The same numbers as a DataFrame are another value.
            Func::Identity if self.one_to_one && plan.header().wraps_output() => {
                let all = SelectColumns { by: Selection::Others(Vec::new()), series: false };
                Ok(Output::matrix(plan.push(all, &[x])))
            }
            Func::Identity => Ok(Output::matrix(x)),
            Func::Known(function) => {
                let result = function.lower(x, plan);
                // Without `feature_names_out` it is not wrapped.
                if !self.one_to_one && result != x {
                    let keeps = self.validate.is_none() && matches!(function, KnownFunction::Elementwise(_));
                    plan.is_in(result, if keeps { plan.container(input) } else { Container::Array });
                }
                Ok(Output::matrix(result))
            }
            Func::Custom(code) => {
                let call = CallCustom { code: code.clone(), job: Job::Function, params: Vec::new() };
                Ok(Output::matrix(plan.push(call, &[x])))
            }
            Func::Unknown(what) => plan.unsupported(method, what.clone()),
        }
    }

    fn takes_series(&self) -> bool {
        matches!(self.func, Func::Custom(_))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        match self.one_to_one {
            true => names::one_to_one(header, input),
            false => Err(NamesError::no_method(header)),
        }
    }

    /// Without `feature_names_out` the result is not wrapped: numpy's functions of one number return a DataFrame for one.
    fn frame(&self, model: &Model, input: &Frame) -> Result<Frame, NamesError> {
        match &self.func {
            _ if self.one_to_one && model.header().wraps_output() => model.feature_names_out(None).map(Frame::Named),
            _ if self.validate.is_some() => Ok(Frame::Array),
            Func::Identity | Func::Known(KnownFunction::Elementwise(_)) => Ok(input.clone()),
            Func::Known(_) => Ok(Frame::Array),
            Func::Custom(_) | Func::Unknown(_) => Err(NamesError::no_method(model.header())),
        }
    }
}
