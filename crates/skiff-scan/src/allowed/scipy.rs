//! scipy's sparse matrices, splines and distributions.

use skiff_pickle::{Graph, Node, NodeId};

use super::form::Values;
use super::kind::{Kind, Sort};
use super::made::{Items, Made, State};

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    let state = match sort(module, name)? {
        Sort::Sparse if name.starts_with("dok") => return Some(Made::of(State::Form(SPARSE)).with(Items::Pairs)),
        Sort::Sparse => State::Form(SPARSE),
        Sort::Spline if name == "_BSpline" => State::Form(SPLINE),
        Sort::Spline => State::Form(Kind::Or(&[SPLINE, DELEGATING_SPLINE])),
        Sort::Distribution => State::Distribution,
        Sort::Frozen => State::Form(FROZEN),
        _ => return None,
    };
    Some(Made::of(state))
}

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    match module {
        // Splines hold it since scipy 1.17: numpy's own, with more arguments.
        "scipy._lib.array_api_compat.numpy._aliases" => name == "asarray",
        "scipy.special"
        | "scipy.special._logsumexp"
        | "scipy.special._special_ufuncs"
        | "scipy.special._ufuncs"
        | "scipy.special._ufuncs_cxx" => SPECIAL.binary_search(&name).is_ok(),
        _ => sort(module, name).is_some(),
    }
}

/// What objects of this class are.
pub(super) fn sort(module: &str, name: &str) -> Option<Sort> {
    match module.strip_prefix("scipy.")? {
        "interpolate._bsplines" => matches!(name, "BSpline" | "_BSpline").then_some(Sort::Spline),
        "stats._continuous_distns" | "stats._discrete_distns" => {
            let is_class =
                name.ends_with("_gen") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_class.then_some(Sort::Distribution)
        }
        "stats._distn_infrastructure" => {
            matches!(name, "rv_continuous_frozen" | "rv_discrete_frozen" | "rv_frozen").then_some(Sort::Frozen)
        }
        // By the names that each scipy exports.
        "sparse" => is_sparse(name.split_once('_')?.0, name).then_some(Sort::Sparse),
        rest => is_sparse(rest.strip_prefix("sparse.")?, name).then_some(Sort::Sparse),
    }
}

fn is_sparse(module: &str, name: &str) -> bool {
    let format = module.trim_start_matches('_');
    let is_format = |format| ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"].contains(&format);
    match name.split_once('_') {
        Some((found, "matrix")) => format == found && is_format(found),
        // All of them in one module, in scipy 1.8 to 1.10.
        Some((found, "array")) => (format == found || module == "_arrays") && is_format(found),
        _ => false,
    }
}

/// What scipy's distributions take for a state: a dict of attributes, and before scipy 1.6 what the class is made of with
/// a random state.
pub(crate) fn distribution(values: &Values<'_>, state: NodeId) -> Result<(), &'static str> {
    const NEVER: &str = "is given a state that scipy never wrote";
    match values.graph.node(state) {
        Node::Dict(pairs) if values.fits(state, DISTRIBUTION) => is_own_template(values.graph, pairs),
        // Two keys would be taken for a name and its value.
        Node::Tuple(parts) => match &**parts {
            &[parameters, random] => {
                let is_long = matches!(values.graph.node(parameters), Node::Dict(pairs) if pairs.len() > 2);
                let fits = values.fits(parameters, PARAMETERS) && values.fits(random, RANDOM);
                if is_long && fits { Ok(()) } else { Err(NEVER) }
            }
            _ => Err(NEVER),
        },
        _ => Err(NEVER),
    }
}

/// scipy runs this text when it makes a distribution: it must be exactly what scipy wrote for those parameters.
fn is_own_template(graph: &Graph, pairs: &[(NodeId, NodeId)]) -> Result<(), &'static str> {
    let values = |name: &str| -> Vec<NodeId> {
        pairs.iter().filter(|(key, _)| graph.name_of(*key) == Some(name)).map(|(_, value)| *value).collect()
    };
    let (templates, shapes) = (values("_parse_arg_template"), values("shapes"));
    if templates.is_empty() {
        return Ok(());
    }
    let ([template], [shapes]) = (&*templates, &*shapes) else { return Err(EXECUTED) };
    let names = match graph.node(*shapes) {
        Node::None => String::new(),
        _ => graph.str_of(*shapes).map(|text| format!("{text}, ")).ok_or(EXECUTED)?,
    };
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !names.is_empty() && !names.trim_end_matches(", ").split(", ").all(is_name) {
        return Err(EXECUTED);
    }
    let template = graph.str_of(*template).ok_or(EXECUTED)?;
    let own = [("loc=0, scale=1", "loc, scale"), ("loc=0", "loc, 1")].iter().any(|(taken, given)| {
        template
            == format!(
                "\ndef _parse_args(self, {names} {taken}):\n    return ({names}), {given}\n\n\
                 def _parse_args_rvs(self, {names} {taken}, size=None):\n    \
                 return self._argcheck_rvs({names} {given}, size=size)\n\n\
                 def _parse_args_stats(self, {names} {taken}, moments='mv'):\n    return ({names}), {given}, moments\n"
            )
    });
    if own { Ok(()) } else { Err(EXECUTED) }
}

pub(crate) const EXECUTED: &str = "brings along Python text that scipy executes, other than scipy's own";

const ARRAY: Kind = Kind::Of(&[Sort::Array]);
const RANDOM: Kind = Kind::Or(&[Kind::None, Kind::Int, Kind::Of(&[Sort::Random])]);
const NUMBER: Kind = Kind::Or(&[Kind::None, Kind::Number, ARRAY]);
const TEXT: Kind = Kind::Or(&[Kind::None, Kind::Text]);

const SPARSE: Kind = Kind::Keys(&[
    ("_shape", Kind::Each(&Kind::Number)),
    ("shape", Kind::Each(&Kind::Number)),
    ("maxprint", Kind::Int),
    ("data", ARRAY),
    ("indices", ARRAY),
    ("indptr", ARRAY),
    ("row", ARRAY),
    ("col", ARRAY),
    ("coords", Kind::Each(&ARRAY)),
    ("offsets", ARRAY),
    ("rows", ARRAY),
    ("dtype", Kind::Of(&[Sort::DType])),
    ("_dict", Kind::Data),
    ("blocksize", Kind::Each(&Kind::Number)),
    ("_has_sorted_indices", Kind::Number),
    ("_has_canonical_format", Kind::Number),
    ("has_canonical_format", Kind::Number),
    ("has_sorted_indices", Kind::Number),
    ("_dtype", Kind::Of(&[Sort::DType])),
    ("format", Kind::Text),
]);

const SPLINE: Kind = Kind::Keys(&[
    ("t", ARRAY),
    ("c", ARRAY),
    ("_t", ARRAY),
    ("_c", ARRAY),
    ("k", Kind::Number),
    ("axis", Kind::Number),
    ("extrapolate", Kind::Or(&[Kind::Number, Kind::Text])),
    ("_asarray", Kind::Name(is_as_array)),
    ("_delegate_to", Kind::None),
]);
/// Since scipy 1.18 a spline has another one that computes, and an empty array that tells which library it is of.
const DELEGATING_SPLINE: Kind = Kind::Tuple(&[Kind::Of(&[Sort::Spline]), ARRAY]);

fn is_as_array(module: &str, name: &str) -> bool {
    module == "scipy._lib.array_api_compat.numpy._aliases" && name == "asarray"
}

/// A distribution with its parameters.
const FROZEN: Kind = Kind::Keys(&[
    ("args", Kind::Each(&Kind::Data)),
    ("kwds", Kind::Attributes(&Kind::Data)),
    ("dist", Kind::Of(&[Sort::Distribution])),
    ("a", NUMBER),
    ("b", NUMBER),
]);

/// `rv_generic.__init__`
const PARAMETERS: Kind = Kind::Keys(&[
    ("momtype", Kind::Int),
    ("a", NUMBER),
    ("b", NUMBER),
    ("xtol", NUMBER),
    ("moment_tol", NUMBER),
    ("badvalue", NUMBER),
    ("inc", NUMBER),
    ("name", TEXT),
    ("longname", TEXT),
    ("shapes", TEXT),
    ("extradoc", TEXT),
    ("values", Kind::None),
    ("seed", RANDOM),
]);

/// `rv_continuous.__getstate__`, `rv_discrete.__getstate__`
const DISTRIBUTION: Kind = Kind::Keys(&[
    ("__doc__", TEXT),
    ("_ctor_param", PARAMETERS),
    ("_parse_arg_template", Kind::Text),
    ("_random_state", RANDOM),
    ("_rvs_size_warned", Kind::Bool),
    ("_rvs_uses_size_attribute", Kind::Bool),
    ("_stats_has_moments", Kind::Bool),
    ("_support", Kind::Each(&NUMBER)),
    ("a", NUMBER),
    ("b", NUMBER),
    ("badvalue", NUMBER),
    ("extradoc", TEXT),
    ("inc", NUMBER),
    ("longname", TEXT),
    ("moment_tol", NUMBER),
    ("moment_type", Kind::Int),
    ("name", TEXT),
    ("numargs", Kind::Int),
    ("shapes", TEXT),
    ("vecentropy", Kind::Of(&[Sort::Vectorized])),
    ("xtol", NUMBER),
]);

/// Functions of `scipy.special` that compute, element by element.
const SPECIAL: [&str; 124] = [
    "agm",
    "airy",
    "airye",
    "bdtr",
    "bdtrc",
    "bdtri",
    "bdtrik",
    "bdtrin",
    "bei",
    "beip",
    "ber",
    "berp",
    "besselpoly",
    "beta",
    "betainc",
    "betaincc",
    "betaincinv",
    "betaln",
    "binom",
    "boxcox",
    "boxcox1p",
    "btdtr",
    "btdtri",
    "cbrt",
    "chdtr",
    "chdtrc",
    "chdtri",
    "cosdg",
    "cosm1",
    "cotdg",
    "dawsn",
    "digamma",
    "ellipe",
    "ellipk",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfi",
    "erfinv",
    "exp1",
    "exp10",
    "exp2",
    "expi",
    "expit",
    "expm1",
    "expn",
    "exprel",
    "fdtr",
    "fdtrc",
    "fdtri",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammainccinv",
    "gammaincinv",
    "gammaln",
    "gammasgn",
    "gdtr",
    "gdtrc",
    "huber",
    "hyp0f1",
    "hyp1f1",
    "hyp2f1",
    "hyperu",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "inv_boxcox",
    "inv_boxcox1p",
    "iv",
    "ive",
    "j0",
    "j1",
    "jn",
    "jv",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kl_div",
    "kn",
    "kolmogi",
    "kolmogorov",
    "kv",
    "kve",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "loggamma",
    "logit",
    "logsumexp",
    "ndtr",
    "ndtri",
    "ndtri_exp",
    "owens_t",
    "poch",
    "powm1",
    "pseudo_huber",
    "psi",
    "radian",
    "rel_entr",
    "rgamma",
    "round",
    "sindg",
    "smirnov",
    "softmax",
    "spence",
    "stdtr",
    "stdtrit",
    "tandg",
    "voigt_profile",
    "wofz",
    "wrightomega",
    "xlog1py",
    "xlogy",
    "y0",
    "y1",
    "yn",
    "yv",
    "zetac",
];
