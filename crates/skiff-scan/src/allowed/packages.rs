//! Names of packages beside scikit-learn, numpy, scipy and pandas: pyarrow, joblib, LightGBM, XGBoost, CatBoost.

use skiff_files::pyarrow;

use super::call::{Call, Called};
use super::kind::{Kind, Sort};
use super::made::{Made, State};

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    (sort(module, name)? == Sort::Memory).then(|| Made::of(State::Form(MEMORY)))
}

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    is_class(module, name)
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        // Made empty, neither looks for its folder; called, both would.
        "joblib.memory" | "sklearn.externals.joblib.memory" => name == "Memory",
        "joblib._store_backends" | "sklearn.externals.joblib._store_backends" => name == "FileSystemStoreBackend",
        "pyarrow.lib" => matches!(name, "_restore_array" | "type_for_alias" | "py_buffer" | "chunked_array"),
        "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle" => {
            matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        "joblib.numpy_pickle_compat" | "sklearn.externals.joblib.numpy_pickle_compat" => {
            matches!(name, "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        _ => false,
    }
}

/// What objects of this name are.
pub(super) fn sort(module: &str, name: &str) -> Option<Sort> {
    match name {
        "Memory" | "FileSystemStoreBackend" => is_constructor(module, name).then_some(Sort::Memory),
        _ if module == "pyarrow.lib" => is_constructor(module, name).then_some(Sort::Arrow),
        _ => is_class(module, name).then_some(Sort::Estimator),
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    Some(match (module, name) {
        // pyarrow's arrays of text hold the names of columns since pandas 3. Their numbers are judged with the array.
        ("pyarrow.lib", "type_for_alias") if pyarrow::is_alias(call.graph(), module, name, call.arguments) => {
            Ok(Made::of(State::Nothing))
        }
        // Without a folder nothing is touched: what scikit-learn 0.17 and 0.18 have for no memory at all.
        ("sklearn.externals.joblib.memory", "Memory") => {
            call.makes(4, &[Kind::None, Kind::None, Kind::Plain, Kind::Plain], State::Nothing)
        }
        ("pyarrow.lib", "py_buffer") => call.makes(1, &[Kind::Or(&[Kind::Bytes, Kind::Buffer])], State::Nothing),
        ("pyarrow.lib", "_restore_array") => call.makes(1, &[ARRAY_DATA], State::Nothing),
        ("pyarrow.lib", "chunked_array") => call.makes(2, &[Kind::Each(&ARROW), ARROW], State::Nothing),
        _ => return None,
    })
}

const ARROW: Kind = Kind::Of(&[Sort::Arrow]);
/// Type, length, count of missing values, offset, buffers, children, dictionary.
const ARRAY_DATA: Kind = Kind::Tuple(&[
    ARROW,
    Kind::Int,
    Kind::Int,
    Kind::Int,
    Kind::Each(&Kind::Or(&[Kind::None, ARROW])),
    // Arrays of text have no children.
    Kind::Each(&Kind::Or(&[])),
    Kind::None,
]);

/// `joblib.Memory`, and where it keeps what it remembers. Loading one touches no file; fitting with it does.
const MEMORY: Kind = Kind::Keys(&[
    ("depth", Kind::Int),
    ("_name", Kind::Text),
    ("_verbose", Kind::Plain),
    ("verbose", Kind::Plain),
    ("mmap_mode", Kind::Plain),
    ("timestamp", Kind::Plain),
    ("bytes_limit", Kind::Plain),
    ("backend", Kind::Text),
    ("compress", Kind::Plain),
    ("backend_options", Kind::Attributes(&Kind::Data)),
    ("location", PATH),
    ("cachedir", PATH),
    ("store_backend", Kind::Or(&[Kind::None, Kind::Of(&[Sort::Memory])])),
]);
const PATH: Kind = Kind::Or(&[Kind::None, Kind::Text, Kind::Of(&[Sort::Text])]);

/// Classes.
pub(super) fn is_class(module: &str, name: &str) -> bool {
    let list = CLASSES.iter().find(|(entry, _)| *entry == module).map(|(_, names)| *names);
    list.is_some_and(|names| names.contains(&name))
}

/// Classes of packages beside scikit-learn, by module: made empty, then given a dict of attributes.
const CLASSES: &[(&str, &[&str])] = &[
    ("catboost.core", &["CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor"]),
    ("lightgbm.basic", &["Booster"]),
    ("lightgbm.sklearn", &["LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor"]),
    ("sklearn_pandas.dataframe_mapper", &["DataFrameMapper"]),
    ("sklearn_pandas.pipeline", &["TransformerPipeline"]),
    ("tpot.builtins.combine_dfs", &["CombineDFs"]),
    ("tpot.builtins.feature_transformers", &["CategoricalSelector", "ContinuousSelector"]),
    ("tpot.builtins.one_hot_encoder", &["OneHotEncoder"]),
    ("tpot.builtins.stacking_estimator", &["StackingEstimator"]),
    ("tpot.builtins.zero_count", &["ZeroCount"]),
    ("xgboost.core", &["Booster"]),
    (
        "xgboost.sklearn",
        &["XGBClassifier", "XGBModel", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor"],
    ),
];
