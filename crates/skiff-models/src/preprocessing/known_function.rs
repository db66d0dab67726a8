//! Functions that files name and skiff knows: those of numpy, scipy, scikit-learn and Python that people give to a
//! `FunctionTransformer`.

use skiff_files::Scalar;
use skiff_pickle::{Graph, Node, NodeId};
use skiff_plan::ValueId;
use skiff_plan::operators::{
    ArrayRule, Binarize, Check, Concatenate, ConstantRow, Dtype, Finite, Layout, Norm, Normalize, NumpyFunction,
    Package, RefuseSparse, Repeat, Rescale, Rescaling, Softmax, SparseRule, SubtractLogSumExp, Ufunc,
};
use skiff_plan::value::Precision;

use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;

/// A function, with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KnownFunction {
    /// Of one number.
    Elementwise(NumpyFunction),
    /// `np.asarray`, `np.array`: what comes in, as an array.
    Array,
    /// `scipy.special.softmax` and `log_softmax` of rows.
    Softmax {
        log: bool,
        /// The axis has to be given: by default all numbers have one sum.
        of_rows: bool,
    },
    /// `sklearn.preprocessing.add_dummy_feature`
    AddDummyFeature(f64),
    /// `sklearn.preprocessing.binarize`
    Binarize(f64),
    /// `sklearn.preprocessing.normalize` of rows.
    Normalize {
        norm: Norm,
        tiny: bool,
        /// What `'max'` means to the version.
        max: Norm,
    },
    /// `sklearn.preprocessing.scale` and its like.
    Rescale(Rescaling, bool),
}

/// Keyword arguments of a function: single values, lists of them, or what they are in words.
pub(super) struct Arguments(Vec<(String, Argument)>);

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    One(Scalar),
    Many(Vec<Scalar>),
    Other,
}

impl Arguments {
    /// The dict `name`.
    pub(super) fn read(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        let Some(node) = fields.optional(name) else { return Ok(Self(Vec::new())) };
        let Node::Dict(pairs) = fields.graph().node(node) else { return Err(fields.unexpected(name, "a dict")) };
        let graph = fields.graph();
        let argument = |&(key, value): &(NodeId, NodeId)| {
            (graph.str_of(key).unwrap_or("?").to_owned(), Argument::read(graph, value))
        };
        Ok(Self(pairs.iter().map(argument).collect()))
    }

    fn names(&self) -> String {
        self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("`, `")
    }
}

impl Argument {
    fn read(graph: &Graph, node: NodeId) -> Self {
        let scalar = |node| Scalar::read(graph, node).ok().flatten();
        if let Some(scalar) = scalar(node) {
            return Self::One(scalar);
        }
        let items = graph.items(node).map(|items| items.iter().map(|&item| scalar(item)).collect());
        items.flatten().map_or(Self::Other, Self::Many)
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::One(value) => value.as_f64(),
            _ => None,
        }
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Self::One(Scalar::Bool(value)) => Some(*value),
            Self::One(Scalar::Int(value @ (0 | 1))) => Some(*value == 1),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::One(value) => value.as_str(),
            _ => None,
        }
    }

    fn count(&self) -> Option<usize> {
        match self {
            Self::One(value) => value.as_i64().and_then(|value| usize::try_from(value).ok()),
            _ => None,
        }
    }

    fn pair(&self) -> Option<(f64, f64)> {
        match self {
            Self::Many(values) => match &values[..] {
                [first, second] => Some((first.as_f64()?, second.as_f64()?)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `axis`: whether it is that of rows.
    fn by_row(&self) -> Option<bool> {
        match self {
            Self::One(Scalar::Int(axis @ -2..=1)) => Some(matches!(axis, 1 | -1)),
            _ => None,
        }
    }

    fn is_none(&self) -> bool {
        *self == Self::One(Scalar::None)
    }
}

impl KnownFunction {
    /// The function at `node`. `None` for what is not known; an error, in words, for arguments that are not.
    pub(super) fn read(fields: &Fields<'_, '_>, node: NodeId, arguments: &Arguments) -> Option<Result<Self, String>> {
        let graph = fields.graph();
        let (module, name) = path(graph, node)?;
        let known = Self::named(fields, module, name)?;
        let with_arguments = arguments.0.iter().try_fold(known, |function, (name, value)| function.with(name, value));
        Some(with_arguments.and_then(Self::checked).ok_or_else(|| match arguments.0.is_empty() {
            true => format!("the function `{module}.{name}` without arguments"),
            false => format!("the function `{module}.{name}` with the arguments `{}`", arguments.names()),
        }))
    }

    /// The function of this name, with its arguments as they are by default.
    fn named(fields: &Fields<'_, '_>, module: &str, name: &str) -> Option<Self> {
        let package = module.split('.').next().unwrap_or_default();
        match (package, name) {
            ("numpy", "asarray" | "array" | "asanyarray" | "ascontiguousarray") => Some(Self::Array),
            ("builtins" | "__builtin__", "abs") => Some(Self::Elementwise(NumpyFunction::Absolute)),
            ("numpy", name) => NumpyFunction::named(Package::Numpy, name).map(Self::Elementwise),
            ("scipy", "softmax" | "log_softmax") if module.starts_with("scipy.special") => {
                Some(Self::Softmax { log: name == "log_softmax", of_rows: false })
            }
            ("scipy", name) if module.starts_with("scipy.special") => {
                NumpyFunction::named(Package::Special, name).map(Self::Elementwise)
            }
            ("sklearn", name) if module.starts_with("sklearn.preprocessing") => Self::of_preprocessing(fields, name),
            _ => None,
        }
    }

    fn of_preprocessing(fields: &Fields<'_, '_>, name: &str) -> Option<Self> {
        Some(match name {
            "add_dummy_feature" => Self::AddDummyFeature(1.0),
            "binarize" => Self::Binarize(0.0),
            "maxabs_scale" => Self::Rescale(Rescaling::MaxAbs, false),
            "minmax_scale" => Self::Rescale(Rescaling::Range(0.0, 1.0), false),
            "normalize" => {
                let max = if fields.before(0, 23) { Norm::SignedMaximum } else { Norm::Maximum };
                Self::Normalize { norm: Norm::Euclidean, tiny: !fields.before(1, 0), max }
            }
            "quantile_transform" => {
                let uniform_is_near = fields.before(0, 21);
                let method = Rescaling::Quantiles { count: 1000, subsample: 100_000, normal: false, uniform_is_near };
                Self::Rescale(method, false)
            }
            "robust_scale" => {
                let range = Some((25.0, 75.0));
                Self::Rescale(Rescaling::Robust { center: true, range, unit_variance: false }, false)
            }
            "scale" => Self::Rescale(Rescaling::Standard { mean: true, deviation: true }, false),
            _ => return None,
        })
    }

    /// The same, with an argument.
    fn with(self, name: &str, value: &Argument) -> Option<Self> {
        Some(match (self, name) {
            // They say how the same numbers are stored.
            (function @ (Self::Binarize(_) | Self::Normalize { .. } | Self::Rescale(..)), "copy") => function,
            (Self::Elementwise(function), _) => Self::Elementwise(with_argument(function, name, value)?),
            (Self::Softmax { log, .. }, "axis") => Self::Softmax { log, of_rows: value.by_row()? },
            (Self::AddDummyFeature(_), "value") => Self::AddDummyFeature(value.number()?),
            (Self::Binarize(_), "threshold") => Self::Binarize(value.number()?),
            (Self::Normalize { tiny, max, .. }, "norm") => {
                let norm = match value.text()? {
                    "l1" => Norm::Sum,
                    "l2" => Norm::Euclidean,
                    "max" => max,
                    _ => return None,
                };
                Self::Normalize { norm, tiny, max }
            }
            (function @ Self::Normalize { .. }, "axis") if value.by_row()? => function,
            (function @ Self::Normalize { .. }, "return_norm") if !value.flag()? => function,
            // Which scikit-learn takes as 0 or 1 alone.
            (Self::Rescale(method, _), "axis") if value.count().is_some() => Self::Rescale(method, value.by_row()?),
            (Self::Rescale(method, by_row), _) => Self::Rescale(rescaling_with(method, name, value)?, by_row),
            _ => return None,
        })
    }

    /// Whether the arguments are such as the function takes.
    fn checked(self) -> Option<Self> {
        let is_valid = match &self {
            Self::Elementwise(NumpyFunction::Round { decimals }) => (-300..=300).contains(decimals),
            Self::Elementwise(NumpyFunction::Clip { low, high }) => !low.is_nan() && !high.is_nan(),
            Self::Rescale(Rescaling::Range(low, high), _) => low < high,
            Self::Rescale(Rescaling::Robust { range: Some((low, high)), .. }, _) => {
                0.0 <= *low && low <= high && *high <= 100.0
            }
            Self::Rescale(Rescaling::Quantiles { count, subsample, .. }, _) => *count > 0 && count <= subsample,
            Self::Softmax { of_rows, .. } => *of_rows,
            _ => true,
        };
        is_valid.then_some(self)
    }

    /// Adds the operators of a call.
    pub(super) fn lower(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        // The validation within the function looks at no names, and at as many columns as come.
        let check = |rule: ArrayRule, plan: &mut Lowering<'_>| {
            plan.push(Check::new("the function", None, rule.any_names(), None), &[x])
        };
        match self {
            Self::Elementwise(function) => plan.push(Ufunc { function: *function }, &[x]),
            Self::Array => plan.push(Concatenate { layout: Layout::Any }, &[x]),
            Self::Softmax { log, .. } => {
                let x = check(ArrayRule::FLOATS.finite(Finite::Any), plan);
                if *log { plan.push(SubtractLogSumExp, &[x]) } else { plan.push(Softmax, &[x]) }
            }
            Self::AddDummyFeature(value) => {
                let x = check(ArrayRule::FLOATS.sparse(SparseRule::Accept), plan);
                let row = ConstantRow::Floats(vec![*value], Precision::Double);
                let dummy = plan.push(Repeat { row }, &[x]);
                plan.push(Concatenate { layout: Layout::Any }, &[dummy, x])
            }
            Self::Binarize(threshold) => {
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
                let mut x = check(rule, plan);
                if *threshold < 0.0 {
                    let message = "Cannot binarize a sparse matrix with threshold < 0";
                    x = plan.push(RefuseSparse { message }, &[x]);
                }
                plan.push(Binarize { threshold: *threshold }, &[x])
            }
            Self::Normalize { norm, tiny, .. } => {
                let x = check(ArrayRule::FLOATS.sparse(SparseRule::Accept), plan);
                plan.push(Normalize { norm: *norm, tiny: *tiny }, &[x])
            }
            Self::Rescale(method, by_row) => {
                let keeps_zeros = matches!(
                    method,
                    Rescaling::MaxAbs
                        | Rescaling::Standard { mean: false, .. }
                        | Rescaling::Robust { center: false, .. }
                );
                let sparse = if keeps_zeros { SparseRule::Accept } else { SparseRule::Refuse };
                let is_old = plan.header().before(0, 20);
                let sparse = match method {
                    Rescaling::Robust { .. } if is_old => SparseRule::Refuse,
                    _ => sparse,
                };
                let finite = if is_old { Finite::All } else { Finite::AllowNan };
                let x = check(ArrayRule::FLOATS.finite(finite).sparse(sparse), plan);
                plan.push(Rescale { method: *method, by_row: *by_row }, &[x])
            }
        }
    }
}

fn with_argument(function: NumpyFunction, name: &str, value: &Argument) -> Option<NumpyFunction> {
    let mut function = function;
    match (&mut function, name) {
        (NumpyFunction::Round { decimals }, "decimals") => *decimals = value.number().and_then(whole)?,
        (NumpyFunction::Clip { .. }, "a_min" | "min" | "a_max" | "max") if value.is_none() => {}
        (NumpyFunction::Clip { low, .. }, "a_min" | "min") => *low = value.number()?,
        (NumpyFunction::Clip { high, .. }, "a_max" | "max") => *high = value.number()?,
        (NumpyFunction::NanToNum { nan, .. }, "nan") => *nan = value.number()?,
        (NumpyFunction::NanToNum { .. }, "copy") => {}
        (NumpyFunction::NanToNum { .. }, "posinf" | "neginf") if value.is_none() => {}
        (NumpyFunction::NanToNum { positive, .. }, "posinf") => *positive = Some(value.number()?),
        (NumpyFunction::NanToNum { negative, .. }, "neginf") => *negative = Some(value.number()?),
        _ => return None,
    }
    Some(function)
}

#[expect(clippy::as_conversions, reason = "the number is compared with what becomes of it")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn whole(number: f64) -> Option<i32> {
    let whole = number as i32;
    (f64::from(whole) == number).then_some(whole)
}

fn rescaling_with(method: Rescaling, name: &str, value: &Argument) -> Option<Rescaling> {
    let mut method = method;
    match (&mut method, name) {
        (Rescaling::Standard { mean, .. }, "with_mean") => *mean = value.flag()?,
        (Rescaling::Standard { deviation, .. }, "with_std") => *deviation = value.flag()?,
        (Rescaling::Range(low, high), "feature_range") => (*low, *high) = value.pair()?,
        (Rescaling::Robust { center, .. }, "with_centering") => *center = value.flag()?,
        (Rescaling::Robust { range, .. }, "with_scaling") => *range = range.filter(|_| value.flag() == Some(true)),
        (Rescaling::Robust { range, .. }, "quantile_range") => {
            let given = value.pair()?;
            *range = range.map(|_| given);
        }
        (Rescaling::Robust { unit_variance, .. }, "unit_variance") => *unit_variance = value.flag()?,
        (Rescaling::Quantiles { count, .. }, "n_quantiles") => *count = value.count()?,
        (Rescaling::Quantiles { subsample, .. }, "subsample") => {
            *subsample = if value.is_none() { usize::MAX } else { value.count()? };
        }
        (Rescaling::Quantiles { normal, .. }, "output_distribution") => {
            *normal = match value.text()? {
                "normal" => true,
                "uniform" => false,
                _ => return None,
            };
        }
        // Draws from rows above `subsample`, which are refused, and zeros that sparse matrices leave out.
        (Rescaling::Quantiles { .. }, "random_state" | "ignore_implicit_zeros") => {}
        _ => return None,
    }
    Some(method)
}

/// numpy, where Python 2 named a ufunc by another module that has it.
fn ufunc_module(module: &str) -> &str {
    match module {
        "numpy.core.arrayprint" | "numpy.matlib" | "scipy.stats._discrete_distns" => "numpy",
        _ => module,
    }
}

/// The module and name of a function; `numpy.core._ufunc_reconstruct('numpy.core.umath', 'log1p')` is one, before numpy
/// 1.20.
fn path(graph: &Graph, node: NodeId) -> Option<(&str, &str)> {
    if let Some((module, name)) = graph.global(node) {
        return Some((ufunc_module(module), name));
    }
    let object = graph.object(node)?;
    match graph.items(object.arguments)? {
        &[module, function] if graph.global(object.callable) == Some(("numpy.core", "_ufunc_reconstruct")) => {
            Some((ufunc_module(graph.str_of(module)?), graph.str_of(function)?))
        }
        _ => None,
    }
}
