//! Names of packages beside scikit-learn and numpy: pandas, pyarrow, scipy, joblib, LightGBM, XGBoost, CatBoost.

use super::{Call, Called, Made, State, is_plain};
use crate::call::bytes_of;
use crate::pyarrow;

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    match (module, name) {
        ("pandas" | "pandas._libs.missing", "NA") => true,
        // Splines hold it since scipy 1.17: numpy's own, with more arguments.
        ("scipy._lib.array_api_compat.numpy._aliases", "asarray") => true,
        _ => is_class(module, name),
    }
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "pandas.core.indexes.base" | "pandas.indexes.base" => name == "_new_Index",
        "pandas._libs.internals" => name == "_unpickle_block",
        "pandas._libs.arrays" => name == "__pyx_unpickle_NDArrayBacked",
        "pyarrow.lib" => matches!(name, "_restore_array" | "type_for_alias" | "py_buffer"),
        "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle" => {
            matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        "joblib.numpy_pickle_compat" | "sklearn.externals.joblib.numpy_pickle_compat" => {
            matches!(name, "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        _ => false,
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    let nothing = Ok(Made::of(State::Nothing));
    let own = Ok(Made::of(State::Own));
    Some(match (module, name) {
        ("pandas.core.indexes.base" | "pandas.indexes.base", "_new_Index") => match call.global(0) {
            Some((module, name)) if call.count() == 2 && is_pandas(module) && is_class(module, name) => nothing,
            _ => Err(""),
        },
        ("pandas" | "pandas.core.arrays.string_", "StringDtype") if call.count() <= 2 => {
            // What it imports for them is pandas' own choice.
            let is_missing = matches!(call.global(1), Some(("pandas._libs.missing" | "pandas", "NA")));
            let storage = call.argument(0).is_none() || matches!(call.text(0), Some("python" | "pyarrow"));
            let missing = call.argument(1).is_none_or(|id| is_plain(call.graph, id) || is_missing);
            if storage && missing { nothing } else { Err("") }
        }
        ("pandas._libs.internals", "_unpickle_block") if call.count() == 3 => nothing,
        ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked") => match call.global(0) {
            Some((module, name)) if is_pandas(module) && is_class(module, name) => own,
            _ => Err(""),
        },

        // pyarrow's arrays of text hold the names of columns since pandas 3. Their numbers are judged with the array.
        ("pyarrow.lib", "type_for_alias") if pyarrow::is_alias(call.graph, module, name, call.arguments) => nothing,
        ("pyarrow.lib", "py_buffer") if call.count() == 1 => {
            match call.argument(0).and_then(|id| bytes_of(call.graph, id)) {
                Some(_) => nothing,
                None => Err(""),
            }
        }
        ("pyarrow.lib", "_restore_array") if call.count() == 1 => nothing,
        _ => return None,
    })
}

/// Classes.
pub(super) fn is_class(module: &str, name: &str) -> bool {
    let list = CLASSES.iter().find(|(entry, _)| *entry == module).map(|(_, names)| *names);
    list.is_some_and(|names| names.contains(&name))
        || (module == "scipy.stats._continuous_distns" || module == "scipy.stats._discrete_distns")
            && name.ends_with("_gen")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || matches!(module.strip_prefix("scipy.sparse."), Some(rest) if is_sparse(rest, name))
}

pub(super) fn is_pandas(module: &str) -> bool {
    module == "pandas" || module.starts_with("pandas.")
}

fn is_sparse(module: &str, name: &str) -> bool {
    let format = module.trim_start_matches('_');
    ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"].contains(&format)
        && name.strip_prefix(format).is_some_and(|rest| matches!(rest, "_matrix" | "_array"))
}

/// Classes of packages beside scikit-learn, by module: made empty, then given a dict of attributes (pandas: a state of
/// its own).
const CLASSES: &[(&str, &[&str])] = &[
    ("catboost.core", &["CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor"]),
    ("lightgbm.basic", &["Booster"]),
    ("lightgbm.sklearn", &["LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor"]),
    (
        "pandas",
        &["Categorical", "CategoricalDtype", "CategoricalIndex", "Index", "RangeIndex", "Series", "StringDtype"],
    ),
    ("pandas.arrays", &["ArrowStringArray", "StringArray"]),
    ("pandas.core.arrays.categorical", &["Categorical"]),
    ("pandas.core.arrays.datetimes", &["DatetimeArray"]),
    ("pandas.core.arrays.string_", &["StringArray", "StringDtype"]),
    ("pandas.core.dtypes.dtypes", &["CategoricalDtype"]),
    ("pandas.core.frame", &["DataFrame"]),
    ("pandas.core.indexes.base", &["Index"]),
    ("pandas.core.indexes.category", &["CategoricalIndex"]),
    ("pandas.core.indexes.datetimes", &["DatetimeIndex"]),
    ("pandas.core.indexes.multi", &["MultiIndex"]),
    ("pandas.core.indexes.numeric", &["Float64Index", "Int64Index", "UInt64Index"]),
    ("pandas.core.indexes.range", &["RangeIndex"]),
    ("pandas.core.internals", &["BlockManager"]),
    ("pandas.core.internals.managers", &["BlockManager", "SingleBlockManager"]),
    ("pandas.core.series", &["Series"]),
    ("pandas.indexes.base", &["Index"]),
    ("scipy.interpolate._bsplines", &["BSpline", "_BSpline"]),
    ("scipy.stats._distn_infrastructure", &["rv_continuous_frozen", "rv_discrete_frozen", "rv_frozen"]),
    ("xgboost.core", &["Booster"]),
    (
        "xgboost.sklearn",
        &["XGBClassifier", "XGBModel", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor"],
    ),
];
