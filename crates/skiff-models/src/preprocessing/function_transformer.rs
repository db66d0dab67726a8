//! `sklearn.preprocessing.FunctionTransformer`.

use skiff_files::Scalar;
use skiff_pickle::{Node, NodeId};
use skiff_plan::custom::{Bound, Job};
use skiff_plan::operators::{ArrayRule, CallCustom, Dtype, NumpyFunction, SparseRule, Ufunc};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const FUNCTION_TRANSFORMER: Class = class! {
    /// A function on each number.
    ///
    /// # Reads
    /// `func` and `inverse_func`, by name: numpy's and scipy's functions of one number with every name that pickles use
    /// for them; `kw_args`, `inv_kw_args`; `validate`, `accept_sparse`, `feature_names_out`.
    /// # Transforms
    /// `func(X)`; without `func` the rows as they are. `inverse_transform` applies `inverse_func`.
    /// # Not supported
    /// Other functions, unless they are registered: their code is not in the file.
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
    Known(NumpyFunction),
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
        None => read_known(fields, name, node, &read_arguments(fields, arguments)?)?,
    };
    Ok((func, Some(node)))
}

/// A function of numpy's or scipy's.
fn read_known(
    fields: &Fields<'_, '_>,
    name: &str,
    node: NodeId,
    arguments: &[(String, Option<Scalar>)],
) -> Result<Func, ReadError> {
    let graph = fields.graph();
    let (module, function) = match (graph.global(node), graph.object(node)) {
        (Some(global), _) => global,
        // `numpy.core._ufunc_reconstruct('numpy.core.umath', 'log1p')`, before numpy 1.20.
        (None, Some(object)) if graph.global(object.callable) == Some(("numpy.core", "_ufunc_reconstruct")) => {
            match graph.items(object.arguments).unwrap_or_default() {
                &[module, function] => match (graph.str_of(module), graph.str_of(function)) {
                    (Some(module), Some(function)) => (module, function),
                    _ => return Err(fields.unexpected(name, "a function")),
                },
                _ => return Err(fields.unexpected(name, "a function")),
            }
        }
        _ => return Ok(Func::Unknown(skiff_files::describe(graph, node))),
    };
    let unknown = || Func::Unknown(format!("the function `{module}.{function}`"));
    let package = module.split('.').next().unwrap_or_default();
    let known = match package {
        "numpy" => NumpyFunction::named(function).filter(|_| !matches!(function, "expit" | "logit")),
        "scipy" if module.starts_with("scipy.special") => NumpyFunction::named(function)
            .filter(|_| matches!(function, "expit" | "logit" | "log1p" | "expm1" | "exp2")),
        "builtins" | "__builtin__" => NumpyFunction::named(function).filter(|_| function == "abs"),
        _ => None,
    };
    Ok(match known.and_then(|known| with_arguments(known, arguments)) {
        Some(known) => Func::Known(known),
        None if known.is_some() => {
            let names: Vec<_> = arguments.iter().map(|(name, _)| name.as_str()).collect();
            Func::Unknown(format!("the function `{module}.{function}` with the arguments `{}`", names.join("`, `")))
        }
        None => unknown(),
    })
}

/// Keyword arguments: single values, or what they are in words.
fn read_arguments(fields: &Fields<'_, '_>, name: &str) -> Result<Vec<(String, Option<Scalar>)>, ReadError> {
    let Some(node) = fields.optional(name) else { return Ok(Vec::new()) };
    let Node::Dict(pairs) = fields.graph().node(node) else { return Err(fields.unexpected(name, "a dict")) };
    let graph = fields.graph();
    let argument = |&(key, value): &(NodeId, NodeId)| {
        let scalar = Scalar::read(graph, value).ok().flatten();
        (graph.str_of(key).unwrap_or("?").to_owned(), scalar)
    };
    Ok(pairs.iter().map(argument).collect())
}

fn with_arguments(function: NumpyFunction, arguments: &[(String, Option<Scalar>)]) -> Option<NumpyFunction> {
    let mut function = function;
    for (name, value) in arguments {
        let value = value.as_ref()?;
        match (&mut function, name.as_str()) {
            (NumpyFunction::Round { decimals }, "decimals") => *decimals = i32::try_from(value.as_i64()?).ok()?,
            (NumpyFunction::Clip { .. }, _) if *value == Scalar::None => {}
            (NumpyFunction::Clip { low, .. }, "a_min" | "min") => *low = value.as_f64()?,
            (NumpyFunction::Clip { high, .. }, "a_max" | "max") => *high = value.as_f64()?,
            _ => return None,
        }
    }
    match function {
        NumpyFunction::Round { decimals } if !(-300..=300).contains(&decimals) => None,
        NumpyFunction::Clip { low, high } if low.is_nan() || high.is_nan() => None,
        function => Some(function),
    }
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
            Func::Identity => Ok(Output::matrix(x)),
            Func::Known(function) => Ok(Output::matrix(plan.push(Ufunc { function: *function }, &[x]))),
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
}
